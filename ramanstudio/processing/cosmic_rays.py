"""The step Cosmic rays: spikes are found, replaced by interpolation, and marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import Schema, flag, list_of, number, optional
from ramanstudio.processing.step import Context, State, StepResult
from ramanstudio.signal.cosmic_rays import count_spikes, find_cosmic_rays, interpolate


@dataclass(frozen=True, slots=True)
class RemoveCosmicRays:
    """Find cosmic rays automatically, and replace their points by interpolation.

    added, removed : (spectrum, Raman shift in cm⁻¹) of points that the user marked as a cosmic ray, or as a true line
    """

    automatic: bool = True
    added: tuple[tuple[int, float], ...] = ()
    removed: tuple[tuple[int, float], ...] = ()

    key: ClassVar[str] = "cosmic_rays"
    title: ClassVar[str] = "Cosmic rays"
    schema: ClassVar[Schema] = Schema(
        {
            "automatic": optional(flag(), True),
            "added": optional(list_of(list_of(number(), length=2)), ()),
            "removed": optional(list_of(list_of(number(), length=2)), ()),
        }
    )

    def apply(self, state: State, context: Context) -> StepResult:
        """Return spectra (N, B) whose spikes are interpolated; `replaced` (N, B) marks the points."""
        spectra = state.spectra
        mask = find_cosmic_rays(spectra) if self.automatic else np.zeros(spectra.values.shape, dtype=bool)
        for edits, marked in ((self.removed, False), (self.added, True)):
            for row, shift in edits:
                if 0 <= row < len(spectra):
                    nearest = int(np.argmin(np.abs(spectra.axis - shift)))
                    if marked:
                        mask[int(row), nearest] = True
                    else:
                        _clear_run(mask[int(row)], nearest)
        counts = count_spikes(mask)
        repaired = spectra.with_values(interpolate(spectra.axis, spectra.values, mask))
        total = int(counts.sum())
        where = f" in {int((counts > 0).sum())} spectra" if len(spectra) > 1 and total else ""
        return StepResult(
            replace(state, spectra=repaired),
            f"{total} found{where}" if total else "none found",
            {"cosmic_rays": total},
            {"replaced": mask, "count": counts},
        )


def _clear_run(row: NDArray[np.bool_], point: int) -> None:
    """Unmark the run of marked points that holds `point` or touches it."""
    for start in (point, point - 1, point + 1):
        if 0 <= start < len(row) and row[start]:
            low = high = start
            while low > 0 and row[low - 1]:
                low -= 1
            while high < len(row) - 1 and row[high + 1]:
                high += 1
            row[low : high + 1] = False
            return
