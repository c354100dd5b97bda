"""How many of the open spectra are of which substance. Knows no Qt."""

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
class Counted:
    """A substance, and how many spectra are of it."""

    name: str
    count: int

    @property
    def is_unknown(self) -> bool:
        """Whether these are the spectra that nothing fits."""
        return self.name == UNKNOWN


class Tally:
    """Counts anew only the entries about which something has been found since."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[Identifications, dict[str, list[int]]]] = {}
        self._rows: dict[str, list[tuple[int, list[int]]]] = {}
        self.done = 0
        self.total = 0

    def count(self, project: Project, is_current: Callable[[Entry], bool]) -> None:
        """Count what is open; answers to an older question do not count."""
        counted, self._rows, self.done, self.total = self._counted, {}, 0, 0
        self._counted = {}
        for entry in project.entries:
            if entry.source is None:
                continue
            self.total += len(entry.source)
            identified = project.identification(entry)
            if identified is None or not is_current(entry):
                continue
            held = counted.get(entry.id)
            rows = held[1] if held is not None and held[0] is identified else _by_name(identified)
            self._counted[entry.id] = (identified, rows)
            for name, some in rows.items():
                self._rows.setdefault(name, []).append((entry.id, some))
                self.done += len(some)

    @property
    def substances(self) -> list[Counted]:
        """The substances, most common first, what is unknown last."""
        found = [Counted(name, sum(len(some) for _, some in pieces)) for name, pieces in self._rows.items()]
        return sorted(found, key=lambda one: (one.is_unknown, -one.count, one.name))

    def members_of(self, name: str) -> Members:
        """Which spectra are of a substance."""
        pieces = self._rows.get(name, [])
        ids = [np.full(len(some), entry_id, dtype=np.int64) for entry_id, some in pieces]
        rows = [np.array(some, dtype=np.int64) for _, some in pieces]
        empty = [np.empty(0, dtype=np.int64)]
        return Members(np.concatenate(ids or empty), np.concatenate(rows or empty))


@lru_cache(maxsize=8)
def substances_of(identified: Identifications) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The substances of one entry, most common first, what is unknown last, and for each spectrum (N,) which it is.

    NaN where nobody has asked yet.
    """
    rows = _by_name(identified)
    names = tuple(sorted(rows, key=lambda name: (name == UNKNOWN, -len(rows[name]), name)))
    labels = np.full(len(identified.results), np.nan)
    for place, name in enumerate(names):
        labels[rows[name]] = place
    return names, labels


def substance_of(found: Identification | None) -> str:
    """What a spectrum is, in a word: a substance, `unknown`, or nothing while nobody has asked."""
    if found is None:
        return ""
    return UNKNOWN if found.unknown or not found.matches else found.matches[0].name


def _by_name(identified: Identifications) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row, found in enumerate(identified.results):
        if found is not None:
            rows.setdefault(substance_of(found), []).append(row)
    return rows
