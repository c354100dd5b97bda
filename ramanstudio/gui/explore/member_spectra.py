"""The spectra of an exploration: names, denoised intensities, and values derived from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project, Result

MAX_AVERAGED: Final = 5000  # spectra that a mean is taken of while the user waits
_MIN_BAND_SAMPLES: Final = 9  # of a band on a coarse axis

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class MeanSpectrum:
    """Mean and standard deviation (B,) of `n_spectra` at `axis` (B,) in cm⁻¹."""

    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    n_spectra: int


@dataclass(frozen=True, slots=True, eq=False)
class EntryMembers:
    """The members of one entry: their positions among all members (n,), and their rows in the entry (n,)."""

    entry: Entry
    result: Result | None
    members: NDArray[np.intp]
    rows: NDArray[np.int64]


class MemberSpectra:
    """Looks up the spectra of N `members` in a project; they may have been closed, or not be denoised any more."""

    def __init__(self, project: Project, members: Members) -> None:
        self.project, self.members = project, members
        self._entries = {entry.id: entry for entry in project.entries}

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.members)

    @cached_property
    def open(self) -> NDArray[np.bool_]:
        """Which members are still open (N,)."""
        return np.isin(self.members.entry_ids, list(self._entries))

    @cached_property
    def parts(self) -> Sequence[EntryMembers]:
        """The members, entry by entry; those of closed entries are left out."""
        return [
            EntryMembers(entry, self.project.result(entry), positions, self.members.rows[positions])
            for entry_id, positions in self.members.by_entry()
            if (entry := self._entries.get(entry_id)) is not None
        ]

    @cached_property
    def unit(self) -> str:
        """The unit of the intensities; arbitrary units where they differ."""
        sources = [part.entry.source for part in self.parts if part.entry.source]
        units = {str(source.about.get("intensity_unit", "a.u.")) for source in sources}
        return units.pop() if len(units) == 1 else "a.u."

    def entry(self, index: int) -> Entry | None:
        """Return the entry of a member; None where it has been closed."""
        return self._entries.get(int(self.members.entry_ids[index]))

    def name(self, index: int) -> str:
        """Return the name of a member: its entry, and its number there."""
        entry = self.entry(index)
        if entry is None:
            return ""
        numbered = entry.source is not None and len(entry.source) > 1
        return f"{entry.name} · {int(self.members.rows[index]) + 1}" if numbered else entry.name

    def spectrum(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float32]] | None:
        """Return axis and denoised intensities of a member, both (B,); None where it is not denoised."""
        entry = self.entry(index)
        result = self.project.result(entry) if entry is not None else None
        if result is None or result.denoised is None:
            return None
        spectra = result.denoised.spectra
        return spectra.axis, spectra.values[int(self.members.rows[index])]

    def values_from(self, compute: Callable[[Entry, Result, NDArray[np.int64]], Numbers | None]) -> NDArray[np.float64]:
        """Return a value of each member (N,): `compute(entry, result, rows)` gives those (n,) of one entry, or None.

        NaN where there is none.
        """
        values = np.full(len(self.members), np.nan)
        for part in self.parts:
            if part.result is not None and (computed := compute(part.entry, part.result, part.rows)) is not None:
                values[part.members] = computed
        return values

    def mean(self, selected: NDArray[np.bool_]) -> MeanSpectrum | None:
        """Average the selected members (N,), at most MAX_AVERAGED; of several axes on the one that most have."""
        indices = np.flatnonzero(selected & self.open)
        if len(indices) > MAX_AVERAGED:
            indices = indices[np.linspace(0, len(indices) - 1, MAX_AVERAGED).astype(int)]
        by_axis: dict[tuple[int, float, float], list[tuple[NDArray[np.float64], NDArray[np.float32]]]] = {}
        for entry_id, positions in self.members[indices].by_entry():
            result = self.project.result(self._entries[entry_id])
            if result is None or result.denoised is None:
                continue
            spectra = result.denoised.spectra
            key = (spectra.axis.size, float(spectra.axis[0]), float(spectra.axis[-1]))
            rows = self.members.rows[indices[positions]]
            by_axis.setdefault(key, []).append((spectra.axis, spectra.values[rows]))
        if not by_axis:
            return None
        blocks = max(by_axis.values(), key=lambda blocks: sum(len(values) for _, values in blocks))
        values = np.concatenate([values for _, values in blocks])
        return MeanSpectrum(blocks[0][0], values.mean(axis=0), values.std(axis=0), len(values))


def band_height(result: Result, rows: NDArray[np.int64], low_cm: float, high_cm: float) -> Numbers | None:
    """Return the mean height (N,) of `rows` (N,) from `low_cm` to `high_cm` above the line between its ends.

    None where the band is not on the axis.
    """
    if result.denoised is None:
        return None
    axis, values = result.denoised.spectra.axis, result.denoised.spectra.values
    if low_cm < axis[0] or high_cm > axis[-1] or high_cm <= low_cm:
        return None
    n_inside = int(np.searchsorted(axis, high_cm) - np.searchsorted(axis, low_cm))
    shifts = np.linspace(low_cm, high_cm, max(_MIN_BAND_SAMPLES, n_inside))
    left = np.clip(np.searchsorted(axis, shifts, side="right") - 1, 0, axis.size - 2)
    first, last = int(left[0]), int(left[-1]) + 2
    block = values[rows, first:last] if len(rows) < len(values) else values[:, first:last][rows]
    weight = ((shifts - axis[left]) / (axis[left + 1] - axis[left])).astype(np.float32)
    heights = block[:, left - first] * (1 - weight) + block[:, left + 1 - first] * weight
    above: Numbers = heights.mean(axis=1) - (heights[:, 0] + heights[:, -1]) / 2
    return above
