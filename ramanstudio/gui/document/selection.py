"""What is selected: entries, and of each all spectra or some. Lists, plots, maps and tables share the selection."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.processing.stages import select_rows
from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project, Result

Rows = NDArray[np.int64]  # (n,) numbers of spectra in their set


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The ids of the selected entries, and the `rows` (n,), increasing, of those selected in part."""

    ids: tuple[int, ...] = ()
    rows: Mapping[int, Rows] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_spectra(cls, project: Project, entry_ids: ArrayLike, rows: ArrayLike) -> Selection:
        """Select spectra by `entry_ids` (N,) and `rows` (N,) in these entries."""
        rows_by_entry: dict[int, Rows] = {
            entry_id: np.unique(np.asarray(rows, dtype=np.int64)[positions])
            for entry_id, positions in Members(np.asarray(entry_ids, dtype=np.int64), np.asarray(rows)).by_entry()
        }
        entries = [entry for entry in project.entries if entry.id in rows_by_entry and entry.source is not None]
        partial = {
            entry.id: rows_by_entry[entry.id]
            for entry in entries
            if entry.source is not None and len(rows_by_entry[entry.id]) < len(entry.source)
        }
        return cls(tuple(entry.id for entry in entries), MappingProxyType(partial))

    def is_same(self, other: Selection) -> bool:
        """Whether both select the same spectra."""
        return (
            self.ids == other.ids
            and self.rows.keys() == other.rows.keys()
            and all(np.array_equal(rows, other.rows[entry_id]) for entry_id, rows in self.rows.items())
        )

    def restricted_to(self, entry_ids: Collection[int]) -> Selection:
        """The selection without the entries that are not in `entry_ids`; itself where all are."""
        ids = tuple(entry_id for entry_id in self.ids if entry_id in entry_ids)
        if len(ids) == len(self.ids):
            return self
        return Selection(ids, MappingProxyType({key: rows for key, rows in self.rows.items() if key in entry_ids}))

    def rows_of(self, entry: Entry) -> Rows:
        """The rows (n,) of an entry's selected spectra."""
        if entry.id not in self.ids or entry.source is None:
            return np.empty(0, dtype=np.int64)
        return self.rows.get(entry.id, np.arange(len(entry.source), dtype=np.int64))

    def restrict_entry(self, entry: Entry) -> Entry:
        """An entry with only its selected spectra; a single one of a set has its number in the name."""
        rows = self.rows.get(entry.id)
        if rows is None or entry.source is None:
            return entry
        name = f"{entry.name} · {rows[0] + 1}" if len(rows) == 1 else entry.name
        return replace(entry, name=name, source=entry.source[rows])

    def restrict_result(self, entry: Entry, result: Result) -> Result:
        """The result of an entry for only its selected spectra."""
        rows = self.rows.get(entry.id)
        if rows is None:
            return result
        denoised = None if result.denoised is None else result.denoised[rows]
        processed = None if result.processed is None else select_rows(result.processed, rows)
        return replace(result, source=result.source[rows], denoised=denoised, processed=processed)

    def results(self, entries: Iterable[Entry], project: Project) -> list[tuple[Entry, Result]]:
        """The entries that have a result, with it; both restricted to the selected spectra."""
        pairs = [(entry, project.result(entry)) for entry in entries]
        return [
            (self.restrict_entry(entry), self.restrict_result(entry, result))
            for entry, result in pairs
            if result is not None
        ]

    def mask(self, members: Members) -> NDArray[np.bool_]:
        """Which of `members` are selected, (N,)."""
        whole_ids = [entry_id for entry_id in self.ids if entry_id not in self.rows]
        mask: NDArray[np.bool_] = np.isin(members.entry_ids, whole_ids)
        for entry_id, rows in self.rows.items():
            inside = members.entry_ids == entry_id
            mask |= inside & np.isin(members.rows, rows)
        return mask


def whole_entries(ids: Iterable[int]) -> Selection:
    """Select all spectra of these entries."""
    return Selection(tuple(ids))
