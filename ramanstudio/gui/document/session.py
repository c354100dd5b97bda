"""Session: the only writer of the project. Views call it to make changes, and redraw what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, Signal

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.selection import Rows, Selection, whole_entries
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.history import History
from ramanstudio.project.metadata_edits import same_measurement
from ramanstudio.project.project import (
    DEFAULT_RECIPE,
    Entry,
    Exploration,
    Identifications,
    LabelOffset,
    Predictions,
    Project,
    Result,
    label_offset,
)
from ramanstudio.project.replacing import with_replaced, with_sources

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.processing.recipe import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class OpenedFile:
    """The result of reading one file: its sets, or the problem, its remedy and its `kind`.

    The kind is "not spectra" or "needs laser"; empty for files that could not be read.
    """

    path: Path
    sets: tuple[SpectrumSet, ...] = ()
    problem: str = ""
    remedy: str = ""
    kind: str = ""


class Session(QObject):
    """The open project, its history, and what is selected."""

    changed = Signal(object, object)  # the Project before, and now
    selection_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._next_id = 1
        self._selection = Selection()
        self._aligned: tuple[Groups, Groups] | None = (
            None  # the project's groups, and the same for the explored members
        )
        self.group_edits = 0  # made by the user, undone or not; closing would lose them
        self._index = _EntryIndex()

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self._history.present

    @property
    def undo_title(self) -> str:
        """The title of the edit that undo would take back; empty where there is none."""
        return self._history.undo_title

    @property
    def redo_title(self) -> str:
        """The title of the edit that redo would make again; empty where there is none."""
        return self._history.redo_title

    @property
    def edits(self) -> tuple[tuple[str, ...], int]:
        """The titles of all edits that undo and redo can reach, oldest first, and how many of them are made now."""
        return self._history.edits

    @property
    def selected(self) -> tuple[Entry, ...]:
        """The selected entries, in the order of the list."""
        index = self._index.of(self.project)
        return tuple(index[entry_id] for entry_id in self._selection.ids if entry_id in index)

    @property
    def selected_ids(self) -> tuple[int, ...]:
        """The ids of the selected entries."""
        return self._selection.ids

    @property
    def selection(self) -> Selection:
        """Which entries are selected, and which of their spectra."""
        return self._selection

    @property
    def single_row(self) -> int | None:
        """The row of the only selected spectrum of a set; None where more is selected."""
        rows = list(self._selection.rows.values())
        return int(rows[0][0]) if len(self._selection.ids) == 1 and rows and len(rows[0]) == 1 else None

    @property
    def selected_results(self) -> list[tuple[Entry, Result]]:
        """The selected entries that have a result, with it; both restricted to the selected spectra."""
        return self._selection.results(self.selected, self.project)

    def rows_of(self, entry: Entry) -> Rows:
        """The rows (n,) of an entry's selected spectra."""
        return self._selection.rows_of(entry)

    def selected_mask(self, members: Members) -> NDArray[np.bool_]:
        """Which of `members` are selected, (N,)."""
        return self._selection.mask(members)

    @property
    def groups(self) -> Groups | None:
        """The groups of the explored spectra, in their order; None before there are any."""
        groups, exploration = self.project.groups, self.project.exploration
        if groups is None or exploration is None:
            return None
        members, aligned = exploration.members, self._aligned
        if groups.members is members:
            return groups
        if aligned is None or aligned[0] is not groups or aligned[1].members is not members:
            self._aligned = aligned = (groups, groups.for_members(members))
        # groups of other spectra, of a map that was closed say, would leave only outliers
        return aligned[1] if not groups.groups or aligned[1].counts.any() else None

    @property
    def selected_sets(self) -> list[Entry]:
        """The selected entries that hold a set of spectra, or belong to one."""
        return [entry for entry in self.selected if entry.is_set or entry.set_id]

    @property
    def denoises_as_sets(self) -> bool:
        """Whether every selected set is to be denoised as a set."""
        sets = self.selected_sets
        return bool(sets) and all(entry.set_id for entry in sets)

    def entry(self, entry_id: int) -> Entry | None:
        """The entry of this id, or None where it is gone."""
        return self._index.of(self.project).get(entry_id)

    def open(self, project: Project) -> None:
        """Replace the open project; the history starts anew."""
        before = self.project
        self._history = History(project)
        self._next_id = 1 + max((max(entry.id, entry.set_id) for entry in project.entries), default=0)
        self._announce(before)

    def add(self, files: Sequence[OpenedFile], title: str, key: object = None, as_sets: bool = False) -> list[Entry]:
        """Add files as one edit, and return the new entries; calls with the same `key` are one edit together.

        `as_sets`: sets (a map, a series, repeats) are to be denoised as a set.
        """
        entries = [entry for file in files for entry in self._new_entries(file, as_sets)]
        if entries:
            self._push(self.project.with_entries((*self.project.entries, *entries)), title, key)
        return entries

    def add_computed(
        self,
        name: str,
        spectra: SpectrumSet,
        recipe: Recipe = DEFAULT_RECIPE,
        standard_error: NDArray[np.float32] | None = None,
    ) -> Entry:
        """Add spectra that were computed from others, as one edit; returns their entry.

        `standard_error` (N, B) is that of means.
        """
        folder = next((entry.path.parent for entry in self.selected), Path())
        path = folder / name.replace("/", "÷")
        entry = Entry(self._next_id, name, path, spectra, recipe=recipe, standard_error=standard_error)
        self._next_id += 1
        self._push(self.project.with_entries((*self.project.entries, entry)), f"Add {name}")
        return entry

    def replace(
        self, entry_id: int, file: OpenedFile, as_sets: bool = False, title: str = "", key: object = None
    ) -> None:
        """Replace an entry by its file that was read again; calls with the same `key` are one edit together."""
        if self.entry(entry_id) is not None:  # it may have been removed while its file was read
            project = with_replaced(self.project, entry_id, self._new_entries(file, as_sets))
            self._push(project, title or f"Read '{file.path.name}' again", key)

    def replace_sources(
        self, sources: Mapping[int, SpectrumSet], title: str, key: object = None, keep_results: bool = False
    ) -> None:
        """Replace the spectra of entries by id, as one edit; `keep_results` where only their metadata differ."""
        project = with_sources(self.project, sources, keep_results)
        if project is not self.project:
            self._push(project, title, key)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove entries from the list; their files stay, and undo brings them back."""
        removed = frozenset(ids)
        count = sum(entry.id in removed for entry in self.project.entries)
        if count:
            self._push(self.project.without(removed), f"Remove {count} {'entry' if count == 1 else 'entries'}")

    def set_noise_region(self, ids: Iterable[int], region: tuple[float, float] | None) -> None:
        """Measure the noise of these entries between two Raman shifts in cm⁻¹; None where the engine chooses."""
        chosen = frozenset(ids)
        entries = [
            replace(entry, noise_region=region) if entry.id in chosen and entry.noise_region != region else entry
            for entry in self.project.entries
        ]
        if any(new is not old for new, old in zip(entries, self.project.entries, strict=True)):
            self._push(self.project.with_entries(entries), "Move the noise region", ("noise region", chosen))

    def move_peak_label(self, entry_id: int, row: int, shift: float, by: tuple[float, float] | None) -> None:
        """Move the label of the peak at `shift` by so many cm⁻¹ and heights of the spectrum; None puts it back."""
        entry = self.entry(entry_id)
        if entry is not None:
            earlier = label_offset(entry.label_offsets, row, shift)
            others = tuple(item for item in entry.label_offsets if item is not earlier)
            moved = () if by is None else (LabelOffset(row, shift, *by),)
            self._set_label_offsets(entry, (*others, *moved), "Move a peak label")

    def reset_peak_labels(self, entry_id: int, row: int) -> None:
        """Put the labels of a spectrum back to where the program puts them."""
        entry = self.entry(entry_id)
        if entry is not None:
            others = tuple(item for item in entry.label_offsets if item.row != row)
            if len(others) < len(entry.label_offsets):
                self._set_label_offsets(entry, others, "Reset the peak labels")

    def _set_label_offsets(self, entry: Entry, offsets: tuple[LabelOffset, ...], title: str) -> None:
        moved = replace(entry, label_offsets=offsets)
        entries = (moved if other is entry else other for other in self.project.entries)
        self._push(self.project.with_entries(entries), title)

    def set_denoising_as_sets(self, ids: Iterable[int], on: bool) -> None:
        """Denoise the sets among these entries as sets, or each spectrum individually."""
        chosen = frozenset(ids)

        def set_id(entry: Entry) -> int:
            if entry.id not in chosen or not (entry.is_set or entry.set_id):
                return entry.set_id
            return (entry.set_id or entry.id) if on else 0

        self._assign_sets(set_id, "Denoise as a set" if on else "Denoise individually")

    def edit_recipes(
        self, ids: Iterable[int], edit: Callable[[Recipe], Recipe], title: str, key: object = None
    ) -> None:
        """Apply `edit` to the recipes of these entries as one edit; edits with the same `key` become one.

        Entries that shared a recipe share the edited one.
        """
        chosen = frozenset(ids)
        edited: dict[Recipe, Recipe] = {}
        entries = []
        for entry in self.project.entries:
            if entry.id in chosen and entry.source is not None:
                recipe = edited.get(entry.recipe)
                if recipe is None:
                    recipe = edited[entry.recipe] = edit(entry.recipe)
                entry = entry if recipe == entry.recipe else replace(entry, recipe=recipe)
            entries.append(entry)
        if any(new is not old for new, old in zip(entries, self.project.entries, strict=True)):
            self._push(self.project.with_entries(entries), title, key)

    def join_into_set(self, ids: Iterable[int]) -> None:
        """Denoise these entries, which share an axis, as one set."""
        chosen, set_id = frozenset(ids), self._next_id
        self._next_id += 1
        self._assign_sets(lambda entry: set_id if entry.id in chosen else entry.set_id, "Denoise as one set")

    def add_results(self, results: Mapping[int, Result]) -> None:
        """Add results by entry id; those of entries that are gone, or have changed since, are dropped."""
        index, before = self._index.of(self.project), self.project
        current = {
            entry_id: result
            for entry_id, result in results.items()
            if (entry := index.get(entry_id)) is not None
            and same_measurement(entry.source, result.source)
            and entry.set_id == result.set_id
        }
        if current:
            self.changed.emit(before, self._history.add_results(current))

    def undo(self) -> None:
        """Undo the last edit."""
        self._step(self._history.undo)

    def redo(self) -> None:
        """Redo the edit that was undone last."""
        self._step(self._history.redo)

    def go_to_edit(self, n_edits: int) -> None:
        """Undo or redo until `n_edits` of the edits are made."""
        self._step(lambda: self._history.go_to(n_edits))

    def select(self, ids: Iterable[int]) -> None:
        """Select these entries."""
        self._set_selection(whole_entries(ids))

    def select_spectra(self, entry_ids: ArrayLike, rows: ArrayLike) -> None:
        """Select spectra by `entry_ids` (N,) and `rows` (N,) in these entries."""
        self._set_selection(Selection.from_spectra(self.project, entry_ids, rows))

    def select_spectrum(self, row: int | None) -> None:
        """Select one spectrum of the selected set, or all of them (None)."""
        ids = self._selection.ids
        if row is None:
            self._set_selection(whole_entries(ids))
        elif len(ids) == 1:
            self._set_selection(Selection.from_spectra(self.project, ids, [row]))

    def add_exploration(self, exploration: Exploration, groups: Groups | None = None) -> None:
        """Set the exploration of the spectra, and groups that go with it; no edit that could be undone."""
        before = self.project
        self._history.add_exploration(exploration, groups)
        self.changed.emit(before, self.project)

    def add_identifications(self, identifications: Mapping[int, Identifications]) -> None:
        """Add identifications by entry id; those of entries that are gone, or have changed, are dropped."""
        self._add_current(self._history.add_identifications, identifications)

    def add_predictions(self, predictions: Mapping[int, Predictions]) -> None:
        """Add predictions of a fine-tuned model by entry id; those of entries that are gone are dropped."""
        self._add_current(self._history.add_predictions, predictions)

    def _add_current(self, add: Callable[[Mapping[int, Any]], Project], values: Mapping[int, Any]) -> None:
        """Add the values whose entry is there and still has the same spectra."""
        index, before = self._index.of(self.project), self.project
        current = {
            key: value
            for key, value in values.items()
            if key in index and same_measurement(index[key].source, value.source)
        }
        if current:
            self.changed.emit(before, add(current))

    def compare_within(self, region: Region | None) -> None:
        """Compare only a region when spectra are identified; None compares all."""
        if region != self.project.search_range:
            self._push(replace(self.project, search_range=region), "Compare another range", "within")

    def set_groups(self, groups: Groups | None, title: str) -> None:
        """Replace the groups."""
        self._push(replace(self.project, groups=groups), title)

    def edit_groups(self, edit: Callable[[Groups], Groups], title: str) -> None:
        """Apply `edit` to the groups (rename, merge, split, recolour, label); raises StudioError where it does."""
        groups = self.groups
        if groups is not None and (edited := edit(groups)) is not groups:
            self.group_edits += 1
            self.set_groups(edited, title)

    def _assign_sets(self, set_id: Callable[[Entry], int], title: str) -> None:
        """Give each entry the set that `set_id` says, as one edit."""
        before = self.project.entries
        entries = [replace(entry, set_id=new) if (new := set_id(entry)) != entry.set_id else entry for entry in before]
        if any(new is not old for new, old in zip(entries, before, strict=True)):
            self._push(self.project.with_entries(entries), title)

    def _new_entries(self, file: OpenedFile, as_sets: bool) -> list[Entry]:
        entries = _entries_of(file, self._next_id, as_sets)
        self._next_id += len(entries)
        return entries

    def _push(self, project: Project, title: str, key: object = None) -> None:
        before = self.project
        self._history.push(project, title, key)
        self._announce(before)

    def _step(self, step: Callable[[], Project]) -> None:
        before = self.project
        step()
        if self.project is not before:
            self._announce(before)

    def _announce(self, before: Project) -> None:
        selection = self._selection.restricted_to({entry.id for entry in self.project.entries})
        has_changed = selection is not self._selection
        self._selection = selection
        self.changed.emit(before, self.project)
        if has_changed:
            self.selection_changed.emit()

    def _set_selection(self, selection: Selection) -> None:
        if not selection.is_same(self._selection):
            self._selection = selection
            self.selection_changed.emit()


class _EntryIndex:
    """The entries of a project by id, kept because it is needed at every chunk of thousands of results."""

    def __init__(self) -> None:
        self._by_id: dict[int, Entry] = {}
        self._entries: tuple[Entry, ...] = ()

    def of(self, project: Project) -> dict[int, Entry]:
        if self._entries is not project.entries:
            self._entries = project.entries
            self._by_id = {entry.id: entry for entry in self._entries}
        return self._by_id


def _part_names(sources: Sequence[SpectrumSet | None]) -> list[str]:
    """Return what tells the sets of a file apart: the file in an archive, the sheet or the title; else their number."""
    for key in ("file_in_archive", "sheet", "title"):
        names = [str(source.about.get(key, "")) for source in sources if source is not None]
        if len(set(names)) == len(sources) and all(names):
            return names
    return [str(index + 1) for index in range(len(sources))]


def _entries_of(file: OpenedFile, first_id: int, as_sets: bool) -> list[Entry]:
    name = file.path.name or str(file.path)
    sources: Sequence[SpectrumSet | None] = file.sets or (None,)
    entries = []
    parts = _part_names(sources)
    for index, source in enumerate(sources):
        title = name if len(sources) == 1 else f"{name} · {parts[index]}"
        file_index = None if source is None else index
        entry = Entry(first_id + index, title, file.path, source, file.problem, file.remedy, file_index=file_index)
        entries.append(replace(entry, set_id=entry.id) if as_sets and entry.is_set else entry)
    return entries
