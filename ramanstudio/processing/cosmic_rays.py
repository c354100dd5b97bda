"""The step Cosmic rays: spikes are found, replaced by interpolation, and marked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import Schema, flag, list_of, number, optional
from ramanstudio.processing.gaps import interpolation_error
from ramanstudio.processing.step import Context, State, StepResult
from ramanstudio.signal.cosmic_rays import classify_spikes, count_spikes, interpolate


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
        """Return spectra whose spikes are interpolated; `replaced` (N, B) marks the points, `doubtful` what may be one.

        The error of replaced points is that of interpolation.
        """
        spectra = state.spectra
        shape = spectra.values.shape
        if self.automatic:
            found = classify_spikes(spectra)
            mask, doubtful = found.spikes.copy(), found.doubtful.copy()
        else:
            mask, doubtful = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
        for edits, marked in ((self.removed, False), (self.added, True)):
            for row, shift in edits:
                if 0 <= row < len(spectra):
                    nearest = int(np.argmin(np.abs(spectra.axis - shift)))
                    _clear_run(doubtful[int(row)], nearest)
                    if marked:
                        mask[int(row), nearest] = True
                    else:
                        _clear_run(mask[int(row)], nearest)
        counts, doubtful_counts = count_spikes(mask), count_spikes(doubtful)
        repaired = spectra.with_values(interpolate(spectra.axis, spectra.values, mask))
        error = state.expected_error
        if mask.any():
            error = np.where(mask, np.maximum(error, interpolation_error(repaired.values, mask)), error)
        return StepResult(
            replace(state, spectra=repaired, expected_error=error, replaced=mask, doubtful=doubtful),
            _summary(counts, doubtful_counts),
            {
                "cosmic_rays": int(counts.sum()),
                "points_replaced": int(mask.sum()),
                "doubtful": int(doubtful_counts.sum()),
            },
            {"replaced": mask, "doubtful": doubtful, "count": counts, "doubtful_count": doubtful_counts},
        )


def _summary(counts: NDArray[np.int64], doubtful: NDArray[np.int64]) -> str:
    """A few words for N spectra: "3 found in 2 spectra, 1 line or spike?"."""
    total, unclear = int(counts.sum()), int(doubtful.sum())
    where = f" in {int((counts > 0).sum())} spectra" if len(counts) > 1 and total else ""
    return (f"{total} found{where}" if total else "none found") + (f", {unclear} line or spike?" if unclear else "")


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
