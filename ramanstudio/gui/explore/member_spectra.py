"""The spectra that lie in the plane: what each is called, what it looks like, what is known of it. Knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project, Result

MOST_MEANT: Final = 5000  # spectra that a mean is taken of while one waits
_SAMPLES: Final = 9  # of a band on an axis that is coarser than that

Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """Mean and standard deviation of `count` spectra at `axis` (B,)."""

    axis: NDArray[np.float64]
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    count: int


class MemberSpectra:
    """Looks up what a project has of `members` (N of them), which may be gone or not denoised any more."""

    def __init__(self, project: Project, members: Members) -> None:
        self.project, self.members = project, members
        self._entries = {entry.id: entry for entry in project.entries}

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Which members are still open (N,)."""
        return np.isin(self.members.entry_ids, list(self._entries))

    @cached_property
    def parts(self) -> Sequence[tuple[Entry, Result | None, NDArray[np.intp], NDArray[np.int64]]]:
        """Entry by entry: its result, where its spectra stand among the members, and which of its rows they are."""
        found = []
        for entry_id, places in self.members.by_entry():
            if (entry := self._entries.get(entry_id)) is not None:
                found.append((entry, self.project.result(entry), places, self.members.rows[places]))
        return found

    @cached_property
    def unit(self) -> str:
        """The unit of all intensities; arbitrary where they differ."""
        units = {str(entry.source.about.get("intensity_unit", "a.u.")) for entry, *_ in self.parts if entry.source}
        return units.pop() if len(units) == 1 else "a.u."

    def entry(self, index: int) -> Entry | None:
        """The entry of a member; None where it is gone."""
        return self._entries.get(int(self.members.entry_ids[index]))

    def name(self, index: int) -> str:
        """What a member is called: its entry, and its number there."""
        entry = self.entry(index)
        if entry is None:
            return ""
        many = entry.source is not None and len(entry.source) > 1
        return f"{entry.name} · {int(self.members.rows[index]) + 1}" if many else entry.name

    def spectrum(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float32]] | None:
        """Axis and denoised intensities of a member, both (B,); None where there are none."""
        entry = self.entry(index)
        result = self.project.result(entry) if entry is not None else None
        if result is None or result.denoised is None:
            return None
        spectra = result.denoised.spectra
        return spectra.axis, spectra.values[int(self.members.rows[index])]

    def numbers(self, of: Callable[[Entry, Result, NDArray[np.int64]], Numbers | None]) -> NDArray[np.float64]:
        """A number of each member (N,): `of(entry, result, rows)` gives those of one entry; NaN where it gives none."""
        values = np.full(len(self.members), np.nan)
        for entry, result, places, rows in self.parts:
            if result is not None and (found := of(entry, result, rows)) is not None:
                values[places] = found
        return values

    def mean(self, chosen: NDArray[np.bool_]) -> Mean | None:
        """What the chosen members (N,) look like together; of thousands some, and of many axes the one most have."""
        indices = np.flatnonzero(chosen & self.there)
        if len(indices) > MOST_MEANT:
            indices = indices[np.linspace(0, len(indices) - 1, MOST_MEANT).astype(int)]
        by_axis: dict[tuple[int, float, float], list[tuple[NDArray[np.float64], NDArray[np.float32]]]] = {}
        for entry_id, places in self.members[indices].by_entry():
            entry = self._entries[entry_id]
            result = self.project.result(entry)
            if result is None or result.denoised is None:
                continue
            spectra = result.denoised.spectra
            key = (spectra.axis.size, float(spectra.axis[0]), float(spectra.axis[-1]))
            by_axis.setdefault(key, []).append((spectra.axis, spectra.values[self.members.rows[indices[places]]]))
        if not by_axis:
            return None
        parts = max(by_axis.values(), key=lambda parts: sum(len(values) for _, values in parts))
        values = np.concatenate([values for _, values in parts])
        return Mean(parts[0][0], values.mean(axis=0), values.std(axis=0), len(values))


def height_of_band(result: Result, rows: NDArray[np.int64], low_cm: float, high_cm: float) -> Numbers | None:
    """Mean intensity from `low_cm` to `high_cm` above the straight line between both ends (n,); None off the axis."""
    if result.denoised is None:
        return None
    axis, values = result.denoised.spectra.axis, result.denoised.spectra.values
    if low_cm < axis[0] or high_cm > axis[-1] or high_cm <= low_cm:
        return None
    inside = int(np.searchsorted(axis, high_cm) - np.searchsorted(axis, low_cm))
    shifts = np.linspace(low_cm, high_cm, max(_SAMPLES, inside))
    left = np.clip(np.searchsorted(axis, shifts, side="right") - 1, 0, axis.size - 2)
    first, last = int(left[0]), int(left[-1]) + 2
    block = values[rows, first:last] if len(rows) < len(values) else values[:, first:last][rows]
    share = ((shifts - axis[left]) / (axis[left + 1] - axis[left])).astype(np.float32)
    heights = block[:, left - first] * (1 - share) + block[:, left + 1 - first] * share
    above: Numbers = heights.mean(axis=1) - (heights[:, 0] + heights[:, -1]) / 2
    return above
