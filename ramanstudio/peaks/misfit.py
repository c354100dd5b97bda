"""How far lines follow their profile: a deviation of a strong line from it is no evidence of another line."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.peaks.matched_filter import candidates
from ramanstudio.peaks.preparation import Prepared
from ramanstudio.signal.snr import subtract_local_baseline

Floats = NDArray[np.float64]

# Lines are not known to follow a profile better than this, of the local height, nor a baseline, of the strongest line.
_MISFIT, _FLOOR = 0.015, 1e-3
FIRST_SIGNIFICANCE: Final = 6.0  # standard deviations of a filtered spectrum from which a peak is there at first
_POINTS_OF_LINE: Final = 5.0  # over which a deviation from a profile is independent from point to point
_ROWS_FOR_WIDTH: Final = 64


def with_misfit(prepared: Prepared) -> Prepared:
    """The spectra weighted so that a deviation from the profile of a strong line does not count as another line."""
    height = np.maximum(subtract_local_baseline(prepared.axis, prepared.values), 0.0)
    weights = prepared.weights if prepared.weights.ndim == 2 else prepared.weights[:, None]
    unknown = np.hypot(_MISFIT * height, _FLOOR * height.max(axis=1, keepdims=True)) * _misfit_correlation(
        prepared, height
    )
    enlarged = weights / np.sqrt(1 + (unknown * weights) ** 2)
    alike = prepared.weights.ndim == 1 and bool((enlarged > 0.9 * weights).all())
    return prepared if alike else replace(prepared, weights=enlarged)


def _misfit_correlation(prepared: Prepared, height: Floats) -> float:
    """By how much more a deviation from a profile counts at each point, since it is alike over a good part of a line.

    More points in a line are no more evidence against its profile; the strongest lines say how many a line has.
    """
    step = float(np.median(np.diff(prepared.axis)))
    rows = np.linspace(0, len(height) - 1, min(len(height), _ROWS_FOR_WIDTH)).astype(np.intp)
    smallest = 1e-3 * height[rows].max(axis=1, keepdims=True) + 1e-300
    strongest_lines = candidates(height[rows] / smallest, step, FIRST_SIGNIFICANCE, 1)
    widths = [line.fwhm / step for lines in strongest_lines for line in lines]
    return float(np.sqrt(max(1.0, np.median(widths) / _POINTS_OF_LINE))) if widths else 1.0


def weighted_heights(prepared: Prepared) -> Floats:
    """The spectra in standard deviations (N, B); those with unequal weights without their baseline."""
    if prepared.weights.ndim == 1:
        return prepared.values * prepared.weights[:, None]
    return subtract_local_baseline(prepared.axis, prepared.values) * prepared.weights
