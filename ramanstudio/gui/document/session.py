"""Session: the only writer of the project. Views ask it for changes and redraw what is no longer the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, Signal

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.document.selection import Rows, Selection, whole
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import (
    Entry,
    Exploration,
    History,
    Identifications,
    Predictions,
    Project,
    Result,
)

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What reading one file gave: its sets, or the sentence and the remedy that say why there are none."""

    path: Path
    sets: tuple[SpectrumSet, ...] = ()
    problem: str = ""
    remedy: str = ""


class Session(QObject):
    """What is open and what is selected."""

    changed = Signal(object, object)  # the Project before, and now
    selection_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._next_id = 1
        self._selection = Selection()
        self._aligned: tuple[Groups, Groups] | None = None  # the project's groups, and those of what was explored
        self.group_edits = 0  # made by hand, undone or not; what the user would miss
        self._by_id = _ById()

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self._history.present

    @property
    def undo_title(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._history.undo_title

    @property
    def redo_title(self) -> str:
        """What redo would do again; empty where there is nothing."""
        return self._history.redo_title

    @property
    def selected(self) -> tuple[Entry, ...]:
        """The selected entries, in the order of the list."""
        index = self._by_id.of(self.project)
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
    def spectrum(self) -> int | None:
        """Which spectrum of the only selected entry is looked at alone; None where there are several."""
        some = list(self._selection.rows.values())
        return int(some[0][0]) if len(self._selection.ids) == 1 and some and len(some[0]) == 1 else None

    @property
    def found(self) -> list[tuple[Entry, Result]]:
        """The selected spectra that have a result: entries and results with none but these."""
        return self._selection.found(self.selected, self.project)

    def rows_of(self, entry: Entry) -> Rows:
        """Which spectra of an entry are selected."""
        return self._selection.rows_of(entry)

    def selected_mask(self, members: Members) -> NDArray[np.bool_]:
        """Which of `members` are selected, (N,)."""
        return self._selection.mask(members)

    @property
    def groups(self) -> Groups | None:
        """The groups of the spectra that were explored, in their order; None before any were found."""
        groups, explored = self.project.groups, self.project.exploration
        if groups is None or explored is None:
            return None
        if groups.members is explored.members:
            return groups
        if self._aligned is None or self._aligned[0] is not groups or self._aligned[1].members is not explored.members:
            self._aligned = (groups, groups.for_members(explored.members))
        return self._aligned[1]

    @property
    def selected_sets(self) -> list[Entry]:
        """The selected entries that hold a set, or belong to one."""
        return [entry for entry in self.selected if entry.is_set or entry.set_id]

    @property
    def uses_whole_set(self) -> bool:
        """Whether every selected set is to be denoised with what its spectra share."""
        sets = self.selected_sets
        return bool(sets) and all(entry.set_id for entry in sets)

    def entry(self, entry_id: int) -> Entry | None:
        """The entry of this id, or None where it is gone."""
        return self._by_id.of(self.project).get(entry_id)

    def open(self, project: Project) -> None:
        """Have this project in the place of what is open; its history begins here."""
        before = self.project
        self._history = History(project)
        self._next_id = 1 + max((max(entry.id, entry.set_id) for entry in project.entries), default=0)
        self._announce(before)

    def add(self, files: Sequence[Opened], what: str, key: object = None, whole: bool = False) -> list[Entry]:
        """Open what was read as one step; calls with the same `key` are one step together. The new entries.

        `whole`: what holds a set (a map, a series, repeats) is to be denoised with what its spectra share.
        """
        entries = [entry for opened in files for entry in self._numbered(opened, whole)]
        if entries:
            self._push(self.project.with_entries((*self.project.entries, *entries)), what, key)
        return entries

    def replace(self, entry_id: int, opened: Opened, whole: bool = False) -> None:
        """Put what was read again in the place of an entry (its file was read with a laser wavelength, say)."""
        entries: list[Entry] = []
        for entry in self.project.entries:
            if entry.id == entry_id:
                first, *more = self._numbered(opened, whole)
                entries += [replace(first, id=entry_id, set_id=entry_id if first.set_id else 0), *more]
            else:
                entries.append(entry)
        self._push(self.project.with_entries(entries), f"Read '{opened.path.name}' again")

    def remove(self, ids: Iterable[int]) -> None:
        """Take entries out of the list; their files stay where they are, and undo brings them back."""
        gone = frozenset(ids)
        count = sum(entry.id in gone for entry in self.project.entries)
        if count:
            self._push(self.project.without(gone), f"Remove {count} {'entry' if count == 1 else 'entries'}")

    def set_noise_region(self, ids: Iterable[int], region: tuple[float, float] | None) -> None:
        """Measure the noise of these entries between two shifts (cm⁻¹), or where the engine chooses."""
        chosen = frozenset(ids)
        entries = [
            replace(entry, noise_region=region) if entry.id in chosen and entry.noise_region != region else entry
            for entry in self.project.entries
        ]
        if any(new is not old for new, old in zip(entries, self.project.entries, strict=True)):
            self._push(self.project.with_entries(entries), "Move the noise region", ("noise region", chosen))

    def use_whole_set(self, ids: Iterable[int], on: bool) -> None:
        """Denoise these entries with what the spectra of each share, or each spectrum by itself."""
        chosen = frozenset(ids)

        def set_of(entry: Entry) -> int:
            if entry.id not in chosen or not (entry.is_set or entry.set_id):
                return entry.set_id
            return (entry.set_id or entry.id) if on else 0

        self._put_in_sets(set_of, "Denoise as a set" if on else "Denoise individually")

    def make_one_set(self, ids: Iterable[int]) -> None:
        """Denoise these entries, which share an axis, with what all their spectra have in common."""
        chosen, number = frozenset(ids), self._next_id
        self._next_id += 1
        self._put_in_sets(lambda entry: number if entry.id in chosen else entry.set_id, "Denoise as one set")

    def keep(self, found: Mapping[int, Result]) -> None:
        """Keep what the engine found; what belongs to an entry that is gone, or has changed since, is dropped."""
        index = self._by_id.of(self.project)
        there = ((key, one, index[key]) for key, one in found.items() if key in index)
        wanted = {key: one for key, one, now in there if (now.source, now.set_id) == (one.source, one.set_id)}
        if wanted:
            before = self.project
            self.changed.emit(before, self._history.add_results(wanted))

    def undo(self) -> None:
        """Take the last edit back."""
        self._step(self._history.undo)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._step(self._history.redo)

    def select(self, ids: Iterable[int]) -> None:
        """Look at these entries."""
        self._look_at(whole(ids))

    def select_spectra(self, entry_ids: ArrayLike, rows: ArrayLike) -> None:
        """Look at these spectra: row `rows[i]` of the entry `entry_ids[i]`."""
        self._look_at(Selection.of_spectra(self.project, entry_ids, rows))

    def look_at(self, spectrum: int | None) -> None:
        """Look at one spectrum of the selected set, or at all of them (None)."""
        ids = self._selection.ids
        if spectrum is None:
            self._look_at(whole(ids))
        elif len(ids) == 1:
            self._look_at(Selection.of_spectra(self.project, ids, [spectrum]))

    def add_exploration(self, explored: Exploration, groups: Groups | None = None) -> None:
        """Keep what was found about all spectra together, and the groups that go with it; no step to undo."""
        before = self.project
        self._history.add_exploration(explored, groups)
        self.changed.emit(before, self.project)

    def add_identifications(self, found: Mapping[int, Identifications]) -> None:
        """Keep what spectra were found to be; what belongs to an entry that is gone, or has changed, is dropped."""
        self._keep_there(self._history.add_identifications, found)

    def add_predictions(self, found: Mapping[int, Predictions]) -> None:
        """Keep what a taught model says of entries; likewise."""
        self._keep_there(self._history.add_predictions, found)

    def _keep_there(self, keep: Callable[[Mapping[int, Any]], Project], found: Mapping[int, Any]) -> None:
        index, before = self._by_id.of(self.project), self.project
        if there := {key: one for key, one in found.items() if key in index and index[key].source is one.source}:
            self.changed.emit(before, keep(there))

    def compare_within(self, region: Region | None) -> None:
        """Identify spectra by what lies in a region; None compares all."""
        if region != self.project.search_range:
            self._push(replace(self.project, search_range=region), "Compare another range", "within")

    def set_groups(self, groups: Groups | None, what: str) -> None:
        """Have these groups."""
        self._push(replace(self.project, groups=groups), what)

    def edit_groups(self, edit: Callable[[Groups], Groups], what: str) -> None:
        """Rename, merge, split, recolour or label groups; raises StudioError where that is refused."""
        groups = self.groups
        if groups is not None and (edited := edit(groups)) is not groups:
            self.group_edits += 1
            self.set_groups(edited, what)

    def _put_in_sets(self, set_of: Callable[[Entry], int], what: str) -> None:
        before = self.project.entries
        entries = [
            replace(entry, set_id=number) if (number := set_of(entry)) != entry.set_id else entry for entry in before
        ]
        if any(new is not old for new, old in zip(entries, before, strict=True)):
            self._push(self.project.with_entries(entries), what)

    def _numbered(self, opened: Opened, whole: bool) -> list[Entry]:
        entries = _entries_of(opened, self._next_id, whole)
        self._next_id += len(entries)
        return entries

    def _push(self, project: Project, what: str, key: object = None) -> None:
        before = self.project
        self._history.push(project, what, key)
        self._announce(before)

    def _step(self, step: Callable[[], Project]) -> None:
        before = self.project
        step()
        if self.project is not before:
            self._announce(before)

    def _announce(self, before: Project) -> None:
        kept = self._selection.of_those({entry.id for entry in self.project.entries})
        lost = kept is not self._selection
        self._selection = kept
        self.changed.emit(before, self.project)
        if lost:
            self.selection_changed.emit()

    def _look_at(self, selection: Selection) -> None:
        if not selection.is_same(self._selection):
            self._selection = selection
            self.selection_changed.emit()


class _ById:
    """The entries of a project by their id; asked at every chunk of thousands of results."""

    def __init__(self) -> None:
        self._index: dict[int, Entry] = {}
        self._of: tuple[Entry, ...] = ()

    def of(self, project: Project) -> dict[int, Entry]:
        if self._of is not project.entries:
            self._of = project.entries
            self._index = {entry.id: entry for entry in self._of}
        return self._index


def _entries_of(opened: Opened, first_id: int, whole: bool) -> list[Entry]:
    name = opened.path.name or str(opened.path)
    sources: Sequence[SpectrumSet | None] = opened.sets or (None,)
    entries = []
    for number, source in enumerate(sources):
        numbered = name if len(sources) == 1 else f"{name} · {number + 1}"
        entry = Entry(first_id + number, numbered, opened.path, source, opened.problem, opened.remedy)
        entries.append(replace(entry, set_id=entry.id) if whole and entry.is_set else entry)
    return entries
