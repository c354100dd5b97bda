"""How many of the open spectra are identified as which substance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Identifications, Project

if TYPE_CHECKING:
    from ramanstudio.search.matches import Identification


@dataclass(frozen=True, slots=True)
class SubstanceCount:
    """A substance, and how many spectra were identified as it."""

    name: str
    count: int

    @property
    def is_unknown(self) -> bool:
        """Whether these are the spectra that no reference fits."""
        return self.name == UNKNOWN


class SubstanceCounts:
    """Counts spectra by substance; only entries with new identifications are counted again."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[Identifications, dict[str, list[int]]]] = {}
        self._rows: dict[str, list[tuple[int, list[int]]]] = {}
        self.done = 0
        self.total = 0

    def count(self, project: Project, is_current: Callable[[Entry], bool]) -> None:
        """Count the open spectra; identifications of an earlier query do not count."""
        before, self._rows, self.done, self.total = self._counted, {}, 0, 0
        self._counted = {}
        for entry in project.entries:
            if entry.source is None:
                continue
            self.total += len(entry.source)
            identifications = project.identification(entry)
            if identifications is None or not is_current(entry):
                continue
            counted = before.get(entry.id)
            rows = counted[1] if counted and counted[0] is identifications else _rows_by_substance(identifications)
            self._counted[entry.id] = (identifications, rows)
            for name, of_substance in rows.items():
                self._rows.setdefault(name, []).append((entry.id, of_substance))
                self.done += len(of_substance)

    @property
    def substances(self) -> list[SubstanceCount]:
        """The substances, most common first, unknown last."""
        counts = [SubstanceCount(name, sum(len(rows) for _, rows in pairs)) for name, pairs in self._rows.items()]
        return sorted(counts, key=lambda count: (count.is_unknown, -count.count, count.name))

    def members_of(self, name: str) -> Members:
        """The spectra that were identified as a substance."""
        pairs = self._rows.get(name, [])
        ids = [np.full(len(of_entry), entry_id, dtype=np.int64) for entry_id, of_entry in pairs]
        rows = [np.array(of_entry, dtype=np.int64) for _, of_entry in pairs]
        empty = [np.empty(0, dtype=np.int64)]
        return Members(np.concatenate(ids or empty), np.concatenate(rows or empty))


@lru_cache(maxsize=8)
def substances_of(identifications: Identifications) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The substances of one entry, most common first, unknown last, and the index of each spectrum's substance (N,).

    NaN where a spectrum has not been identified yet.
    """
    rows = _rows_by_substance(identifications)
    names = tuple(sorted(rows, key=lambda name: (name == UNKNOWN, -len(rows[name]), name)))
    labels = np.full(len(identifications.results), np.nan)
    for index, name in enumerate(names):
        labels[rows[name]] = index
    return names, labels


def substance_of(identification: Identification | None) -> str:
    """The substance of a spectrum, or `unknown`; empty where it has not been identified yet."""
    if identification is None:
        return ""
    is_unknown = identification.unknown or not identification.matches
    return UNKNOWN if is_unknown else identification.matches[0].name


def _rows_by_substance(identifications: Identifications) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, identification in enumerate(identifications.results):
        if identification is not None:
            rows.setdefault(substance_of(identification), []).append(row)
    return rows
