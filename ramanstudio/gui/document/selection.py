"""What is selected: entries, and of each all spectra or some. List, viewer, plane, map and tables show the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project, Result

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The ids of entries, and for those of which only some spectra are selected, their `rows`, increasing."""

    ids: tuple[int, ...] = ()
    rows: Mapping[int, Rows] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of_spectra(cls, project: Project, entry_ids: ArrayLike, rows: ArrayLike) -> Selection:
        """These spectra: row `rows[i]` of the entry `entry_ids[i]`; an entry of which all are there is whole."""
        chosen: dict[int, Rows] = {
            entry_id: np.unique(np.asarray(rows, dtype=np.int64)[places])
            for entry_id, places in Members(np.asarray(entry_ids, dtype=np.int64), np.asarray(rows)).by_entry()
        }
        entries = [entry for entry in project.entries if entry.id in chosen and entry.source is not None]
        some = {
            entry.id: chosen[entry.id]
            for entry in entries
            if entry.source is not None and len(chosen[entry.id]) < len(entry.source)
        }
        return cls(tuple(entry.id for entry in entries), MappingProxyType(some))

    def is_same(self, other: Selection) -> bool:
        """Whether both select the same spectra."""
        return (
            self.ids == other.ids
            and self.rows.keys() == other.rows.keys()
            and all(np.array_equal(rows, other.rows[entry_id]) for entry_id, rows in self.rows.items())
        )

    def of_those(self, there: Collection[int]) -> Selection:
        """What is left of it where only the entries `there` are left."""
        ids = tuple(entry_id for entry_id in self.ids if entry_id in there)
        if len(ids) == len(self.ids):
            return self
        return Selection(ids, MappingProxyType({one: rows for one, rows in self.rows.items() if one in there}))

    def rows_of(self, entry: Entry) -> Rows:
        """Which spectra of an entry are selected."""
        if entry.id not in self.ids or entry.source is None:
            return np.empty(0, dtype=np.int64)
        return self.rows.get(entry.id, np.arange(len(entry.source), dtype=np.int64))

    def part_of(self, entry: Entry) -> Entry:
        """An entry with none but its selected spectra; one of many is named by its number."""
        rows = self.rows.get(entry.id)
        if rows is None or entry.source is None:
            return entry
        name = f"{entry.name} · {rows[0] + 1}" if len(rows) == 1 else entry.name
        return replace(entry, name=name, source=entry.source[rows])

    def part_of_result(self, entry: Entry, result: Result) -> Result:
        """What was found for the selected spectra of an entry."""
        rows = self.rows.get(entry.id)
        if rows is None:
            return result
        denoised = None if result.denoised is None else result.denoised[rows]
        return replace(result, source=result.source[rows], denoised=denoised)

    def found(self, entries: Iterable[Entry], project: Project) -> list[tuple[Entry, Result]]:
        """Those of these entries that have a result, and it: both with none but the selected spectra."""
        pairs = [(entry, project.result(entry)) for entry in entries]
        return [
            (self.part_of(entry), self.part_of_result(entry, result)) for entry, result in pairs if result is not None
        ]

    def mask(self, members: Members) -> NDArray[np.bool_]:
        """Which of `members` are selected, (N,)."""
        whole = [entry_id for entry_id in self.ids if entry_id not in self.rows]
        mask: NDArray[np.bool_] = np.isin(members.entry_ids, whole)
        for entry_id, rows in self.rows.items():
            inside = members.entry_ids == entry_id
            mask |= inside & np.isin(members.rows, rows)
        return mask


def whole(ids: Iterable[int]) -> Selection:
    """All spectra of these entries."""
    return Selection(tuple(ids))
