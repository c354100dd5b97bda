"""Measures of a band without a fit, above the straight line between its ends, with propagated errors."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.peaks.peak_table import PeakTable
from ramanstudio.peaks.preparation import prepare

Floats = NDArray[np.float64]

_ENDS: Final = 0.1  # of the points of a band, at each end, that the baseline is drawn through
_STEP: Final = 1e-3  # of a standard deviation, for the derivatives of the width


def measure(spectra: SpectrumSet, band: ShiftRange, expected_error: Any = None) -> PeakTable:
    """Measure a band of each spectrum without fitting.

    The baseline is the straight line through the mean of the outer tenth of the points at each end of the band.
    Position (centroid of what is above half of the height), height (a parabola through the highest point and its
    neighbours), width at half of the height (interpolated) and area (trapezoidal) are those of what is above it.

    Parameters
    ----------
    spectra : N spectra on B points
    band : (low, high) in cm⁻¹
    expected_error : standard deviation of the error of each point, a number, (N,) or (N, B); measured where None

    Returns
    -------
    PeakTable with a row for each spectrum and the columns spectrum, center, height, fwhm, area, each with its
    `*_error`, and significance (height over error). NaN where a band has no half height within its limits. Raises
    StudioError when fewer than eight points lie in the band.
    """
    prepared = prepare(spectra, band, expected_error)
    values, axis = prepared.values, prepared.axis
    weights = prepared.weights if prepared.weights.ndim == 2 else prepared.weights[:, None]
    sigma = np.broadcast_to(1 / np.where(weights > 0, weights, np.inf), values.shape)
    clean = (weights > 0).all(axis=1) if weights.shape[1] > 1 else np.ones(len(values), dtype=bool)
    measured = _measure(axis, values)
    errors = _errors(axis, values, sigma, measured)
    measured[~clean] = np.nan
    errors[:, 0] = np.hypot(errors[:, 0], prepared.axis_sd_cm)
    columns: dict[str, Any] = {"spectrum": np.arange(len(values))}
    for index, name in enumerate(("center", "height", "fwhm", "area")):
        columns[name], columns[f"{name}_error"] = measured[:, index], np.where(clean, errors[:, index], np.nan)
    with np.errstate(all="ignore"):
        columns["significance"] = columns["height"] / columns["height_error"]
    return PeakTable(columns, {"band": tuple(band), "baseline": "straight line between the ends of the band"})


def ratio(first: PeakTable, second: PeakTable, of: str = "area") -> tuple[Floats, Floats]:
    """Return the ratio of a measure of two bands and its standard error, (N,) each; the bands must not overlap.

    Raises StudioError when the tables differ in length.
    """
    if len(first) != len(second):
        raise StudioError("The two bands were measured on different spectra.", remedy="Measure both on the same.")
    a, b, error_a, error_b = first[of], second[of], first[f"{of}_error"], second[f"{of}_error"]
    with np.errstate(all="ignore"):
        value = a / b
        error = np.sqrt((error_a / b) ** 2 + (value * error_b / b) ** 2)
    return value, error


def _measure(axis: Floats, values: Floats) -> Floats:
    """Centroid, height, width and area of the band of each spectrum, (N, B) -> (N, 4)."""
    above = values - _line(axis, values)
    rows, n_points = np.arange(len(above)), above.shape[1]
    area = np.trapezoid(above, axis, axis=1)
    top = above.argmax(axis=1)
    inner = np.clip(top, 1, n_points - 2)
    left, middle, right = above[rows, inner - 1], above[rows, inner], above[rows, inner + 1]
    bend = left - 2 * middle + right
    with np.errstate(all="ignore"):
        vertex = middle - (right - left) ** 2 / (8 * bend)
    height = np.where((bend < 0) & (inner == top), vertex, above[rows, top])
    half = height / 2
    points = np.arange(n_points)
    below = above < half[:, None]
    before = np.where(below & (points < top[:, None]), points, -1).max(axis=1)
    after = np.where(below & (points > top[:, None]), points, n_points).min(axis=1)
    has_width = (height > 0) & (before >= 0) & (after < n_points)
    i, j = np.clip(before, 0, n_points - 2), np.clip(after, 1, n_points - 1)
    with np.errstate(all="ignore"):
        low = axis[i] + (half - above[rows, i]) / (above[rows, i + 1] - above[rows, i]) * (axis[i + 1] - axis[i])
        high = axis[j] - (half - above[rows, j]) / (above[rows, j - 1] - above[rows, j]) * (axis[j] - axis[j - 1])
        inside = (points > before[:, None]) & (points < after[:, None])
        weight = np.where(inside, np.maximum(above - half[:, None], 0), 0)
        center = (weight * axis).sum(axis=1) / weight.sum(axis=1)
    result = np.column_stack([center, height, high - low, area])
    result[np.ix_(~has_width, [0, 2])] = np.nan
    return result


def _line(axis: Floats, values: Floats) -> Floats:
    n_ends = max(1, round(_ENDS * values.shape[1]))
    x = axis[:n_ends].mean(), axis[-n_ends:].mean()
    first, last = values[:, :n_ends].mean(axis=1), values[:, -n_ends:].mean(axis=1)
    return np.asarray(first[:, None] + (last - first)[:, None] * (axis - x[0]) / (x[1] - x[0]))


def _errors(axis: Floats, values: Floats, sigma: Floats, measured: Floats) -> Floats:
    """Standard errors (N, 4): the derivative of each measure by each point, found by differences, times its error."""
    total = np.zeros_like(measured)
    for index in range(values.shape[1]):
        moved = values.copy()
        moved[:, index] += _STEP * sigma[:, index]
        total += ((_measure(axis, moved) - measured) / _STEP) ** 2
    return np.sqrt(total)
