"""What a map can show: for each spectrum one number, computed from its intensities or known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import ShiftRange
from ramanstudio.signal.map_grid import SpectrumSeries
from ramanstudio.signal.snr import noise_sigma

ABOVE_NOISE: Final = 3.0  # standard deviations by which a peak must stand out
_NOISE_REACH: Final = 64  # points to either side of a band that its noise is measured on
_ROUNDING: Final = 1e-6  # a relative difference below this is rounding
_BLOCK: Final = 8192  # spectra at once, so that a large map needs no second copy of itself

Floats = NDArray[np.floating[Any]]
Needs = Literal["", "band", "bands", "three bands", "denoised", "groups", "explored", "identified", "classes", "values"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One quantity that a map can show: `key` in files, `name` and `help` in the window, and the data it `needs`."""

    key: str
    name: str
    help: str
    needs: Needs = ""


CHANNELS: Final = (
    Channel("total", "Total intensity", "The area under the whole spectrum"),
    Channel("area", "Band area", "The area of a band above the straight line between its ends", "band"),
    Channel("ratio", "Band ratio", "The area of the first band over that of the second", "bands"),
    Channel("peak", "Peak position", "The Raman shift of the highest point in a band; blank without a peak", "band"),
    Channel(
        "fit_position",
        "Fitted position",
        "The position of one pseudo-Voigt line fitted in a band on a straight baseline; blank below three errors",
        "band",
    ),
    Channel("fit_error", "Position error", "The standard error of the fitted position", "band"),
    Channel("fit_width", "Fitted width", "The full width at half maximum of the fitted line", "band"),
    Channel("fit_height", "Fitted height", "The height of the fitted line above its baseline", "band"),
    Channel("fit_area", "Fitted area", "The area of the fitted line", "band"),
    Channel("rgb", "Three bands as colours", "The areas of up to three bands as red, green and blue", "three bands"),
    Channel("snr_before", "SNR before", "Signal over noise of the raw spectrum", "denoised"),
    Channel("snr_after", "SNR after", "Signal over expected error of the denoised spectrum", "denoised"),
    Channel("gain", "SNR gain", "SNR after over SNR before", "denoised"),
    Channel("group", "Group", "The group that each spectrum belongs to", "groups"),
    Channel(
        "substance",
        "Substance",
        "The substance that each spectrum was identified as; the most common first",
        "identified",
    ),
    Channel("class", "Class by fine-tuned model", "The class that a fine-tuned model predicts", "classes"),
    Channel("value", "Value by fine-tuned model", "The value that a fine-tuned model predicts", "values"),
    Channel(
        "distance",
        "Distance to the selection",
        "Cosine distance of each spectrum from the mean of the selected ones; 0 is identical",
        "explored",
    ),
)


def channel(key: str) -> Channel:
    """Return the channel of this key."""
    return next(channel for channel in CHANNELS if channel.key == key)


def measured_rows(values: Floats) -> NDArray[np.bool_]:
    """Return which spectra (N, B) were measured (N,): files of interrupted maps hold zeros for the rest."""
    return np.asarray(values.any(axis=1))


def total(axis: Floats, values: Floats) -> NDArray[np.float64]:
    """Return the area under each spectrum, (B,), (N, B) -> (N,)."""
    return _weighted_sum(values, _trapezoid(axis))


def band_area(axis: Floats, values: Floats, band: ShiftRange) -> NDArray[np.float64]:
    """Return the area of `band` (low, high) in cm⁻¹ above the straight line between its ends, (B,), (N, B) -> (N,).

    NaN where fewer than three points of the axis lie within.
    """
    inside = _inside(axis, band)
    if inside.stop - inside.start < 3:
        return np.full(len(values), np.nan)
    shifts = np.asarray(axis[inside], dtype=np.float64)
    weights = _trapezoid(shifts)
    # the area under the line, the mean of both ends times the width, is a weighted sum too: all in one product
    weights[[0, -1]] -= (shifts[-1] - shifts[0]) / 2
    return _weighted_sum(values[:, inside], weights)


def band_ratio(axis: Floats, values: Floats, first: ShiftRange, second: ShiftRange) -> NDArray[np.float64]:
    """Return the area of one band divided by that of another, (N,); NaN where the second is not positive."""
    above, below = band_area(axis, values, first), band_area(axis, values, second)
    known = np.isfinite(below) & (below > 0)
    ratio: NDArray[np.float64] = np.divide(above, below, out=np.full(len(values), np.nan), where=known)
    return ratio


def peak_position(axis: Floats, values: Floats, band: ShiftRange, error: Floats | None = None) -> NDArray[np.float64]:
    """Return the Raman shift in `band` where each spectrum is highest above the line between its ends, in cm⁻¹ (N,).

    The vertex of the parabola through the highest point and its neighbours. NaN where the peak is lower than three
    times `error`, (N, B) or (N,); without it, than three times the noise of the spectrum.
    """
    inside = _inside(axis, band)
    position = np.full(len(values), np.nan)
    if inside.stop - inside.start < 3:
        return position
    shifts = np.asarray(axis[inside], dtype=np.float64)
    share = (shifts - shifts[0]) / (shifts[-1] - shifts[0])
    for start in range(0, len(values), _BLOCK):
        block = slice(start, start + _BLOCK)
        heights = np.asarray(values[block, inside], dtype=np.float64)
        heights = heights - heights[:, :1] - (heights[:, -1:] - heights[:, :1]) * share
        top = np.clip(np.nan_to_num(heights, nan=-np.inf).argmax(axis=1), 1, heights.shape[1] - 2)
        row = np.arange(len(heights))
        noise = _noise_at(values[block], None if error is None else error[block], top + inside.start)
        with np.errstate(invalid="ignore"):
            stands_out = heights[row, top] > ABOVE_NOISE * noise
        position[block] = np.where(stands_out, _vertex(shifts, heights, row, top), np.nan)
    return position


def distance(features: Floats, selected: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the cosine distance of each of `features` (N, D) from the mean of the `selected` (N,) -> (N,).

    NaN without a selection.
    """
    if not selected.any():
        return np.full(len(features), np.nan)
    mean = features[selected].mean(axis=0)
    lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(mean)
    return np.asarray(1 - (features @ mean) / np.maximum(lengths, 1e-12), dtype=np.float64)


def colour_limits(numbers: Floats, percentiles: ShiftRange = (2.0, 98.0)) -> tuple[float, float]:
    """Return what the ends of a colour scale for `numbers` (N,) stand for; NaN when no number is finite."""
    known = numbers[np.isfinite(numbers)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.percentile(known, percentiles).tolist()
    flat = high - low <= _ROUNDING * max(abs(low), abs(high))
    return (low - 0.5, high + 0.5) if flat else (low, high)


def waterfall_image(
    series: SpectrumSeries, axis: Floats, values: Floats, columns: int = 1200
) -> tuple[NDArray[np.float32], ShiftRange]:
    """Return the spectra of a series as rows of an image, and the range of its columns.

    (N, C) with C at most `columns`, at evenly spaced shifts, each the nearest sample; (low, high) in cm⁻¹.
    """
    count = min(columns, len(axis))
    shifts = np.linspace(axis[0], axis[-1], count)
    nearest = np.clip(np.searchsorted(axis, shifts), 1, len(axis) - 1)
    nearest -= shifts - axis[nearest - 1] < axis[nearest] - shifts
    return np.asarray(values[series.rows][:, nearest], dtype=np.float32), (float(axis[0]), float(axis[-1]))


def strongest_bands(axis: Floats, mean: Floats, most: int = 3, reach_cm: float = 20.0) -> Sequence[ShiftRange]:
    """Return bands around the highest lines of a mean spectrum (B,), not overlapping: a first guess for the user."""
    heights = np.where(np.isfinite(mean), mean, np.nanmin(mean) if np.isfinite(mean).any() else 0.0)
    span = float(axis[-1] - axis[0])
    reach = min(reach_cm, span / 8)
    left, right = (np.interp(axis + offset, axis, heights) for offset in (-2 * reach, 2 * reach))
    above = np.array(heights - np.maximum(left, right), dtype=np.float64)
    above[(axis < axis[0] + reach) | (axis > axis[-1] - reach)] = -np.inf
    bands = []
    for _ in range(most):
        if not np.isfinite(above).any():
            break
        centre = float(axis[int(above.argmax())])
        bands.append((round(centre - reach, 1), round(centre + reach, 1)))
        above[np.abs(axis - centre) < 2.5 * reach] = -np.inf
    return bands


def _inside(axis: Floats, band: ShiftRange) -> slice:
    """The samples of `axis` inside `band`."""
    return slice(int(np.searchsorted(axis, band[0])), int(np.searchsorted(axis, band[1], side="right")))


def _trapezoid(axis: Floats) -> NDArray[np.float64]:
    """Weights (B,) of the trapezoidal rule: their product with intensities is the area."""
    steps = np.diff(np.asarray(axis, dtype=np.float64))
    return np.concatenate([steps, [0.0]]) / 2 + np.concatenate([[0.0], steps]) / 2


def _weighted_sum(values: Floats, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` (N, B) times `weights` (B,) -> (N,), in blocks."""
    sums = np.empty(len(values), dtype=np.float64)
    for start in range(0, len(values), _BLOCK):
        sums[start : start + _BLOCK] = values[start : start + _BLOCK].astype(np.float64) @ weights
    return sums


def _noise_at(values: Floats, error: Floats | None, top: NDArray[np.intp]) -> Floats:
    """The `error` at the sample `top` (N,) of each spectrum, or the noise of the spectra around the first -> (N,)."""
    if error is None:
        first = max(0, int(top[0]) - _NOISE_REACH) if len(top) else 0
        return noise_sigma(np.nan_to_num(values[:, first : first + 2 * _NOISE_REACH]))
    return error if error.ndim == 1 else error[np.arange(len(error)), top]


def _vertex(shifts: Floats, heights: Floats, row: NDArray[np.intp], top: NDArray[np.intp]) -> NDArray[np.float64]:
    """The vertex of the parabola through the samples around `top` (N,) of each row of `heights` (N, B), in cm⁻¹."""
    before, at, after = heights[row, top - 1], heights[row, top], heights[row, top + 1]
    bend = before - 2 * at + after
    offset = np.divide(before - after, 2 * bend, out=np.zeros_like(at), where=bend < 0)
    step = (shifts[top + 1] - shifts[top - 1]) / 2
    return np.asarray(shifts[top] + np.clip(offset, -1, 1) * step, dtype=np.float64)
