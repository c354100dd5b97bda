"""What a map shows: a number for each spectrum, of its intensities, or of how it lies to the others."""

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
_NEAR: Final = 64  # points to either side of a band that its noise is measured on
_ALIKE: Final = 1e-6  # numbers that differ by less, relatively, differ by rounding
_ROWS: Final = 8192  # worked on at once, so that a large map needs no second copy of itself

Floats = NDArray[np.floating[Any]]
Needs = Literal["", "band", "bands", "three bands", "denoised", "groups", "explored", "identified", "classes", "values"]


@dataclass(frozen=True, slots=True)
class Channel:
    """One thing that a map can show, what it needs for it, and whether its numbers are `signed` or `categories`."""

    key: str
    name: str
    help: str
    needs: Needs = ""


CHANNELS: Final = (
    Channel("total", "Total intensity", "The area under the whole spectrum"),
    Channel("area", "Band area", "The area of a band above the straight line between its ends", "band"),
    Channel("ratio", "Band ratio", "The area of the first band over that of the second", "bands"),
    Channel("peak", "Peak position", "Where the highest point of a band lies, in cm⁻¹; blank without a peak", "band"),
    Channel("rgb", "Three bands as colours", "The areas of up to three bands as red, green and blue", "three bands"),
    Channel("snr_before", "SNR before", "Signal over noise of the raw spectrum", "denoised"),
    Channel("snr_after", "SNR after", "Signal over expected error of the denoised spectrum", "denoised"),
    Channel("gain", "SNR gain", "SNR after over SNR before", "denoised"),
    Channel("group", "Group", "The group that each spectrum belongs to", "groups"),
    Channel("substance", "Substance", "What each spectrum was identified as; the most common come first", "identified"),
    Channel("class", "Class by a taught model", "What a taught model says each spectrum is", "classes"),
    Channel("value", "Value by a taught model", "The quantity that a taught model finds in each spectrum", "values"),
    Channel(
        "distance",
        "Distance to the selection",
        "How unlike the selected spectra each one is: 0 is the same",
        "explored",
    ),
)


def channel(key: str) -> Channel:
    """The channel of this key."""
    return next(one for one in CHANNELS if one.key == key)


def measured_rows(values: Floats) -> NDArray[np.bool_]:
    """Which spectra (N, B) were measured (N,): what an interrupted map or series lacks is zero throughout in files."""
    return np.asarray(values.any(axis=1))


def total(axis: Floats, values: Floats) -> NDArray[np.float64]:
    """The area under each spectrum, (B,), (N, B) -> (N,)."""
    return _weighed(values, _trapezoid(axis))


def band_area(axis: Floats, values: Floats, band: ShiftRange) -> NDArray[np.float64]:
    """The area of `band` (low, high) in cm⁻¹ above the straight line between its ends, (B,), (N, B) -> (N,).

    NaN where fewer than three points of the axis lie within.
    """
    inside = _inside(axis, band)
    if inside.stop - inside.start < 3:
        return np.full(len(values), np.nan)
    shifts = np.asarray(axis[inside], dtype=np.float64)
    weights = _trapezoid(shifts)
    # under the line lies the mean of both ends times the width: a sum too, so all is one product
    weights[[0, -1]] -= (shifts[-1] - shifts[0]) / 2
    return _weighed(values[:, inside], weights)


def band_ratio(axis: Floats, values: Floats, first: ShiftRange, second: ShiftRange) -> NDArray[np.float64]:
    """The area of one band over that of another, (N,); NaN where the second has none."""
    above, below = band_area(axis, values, first), band_area(axis, values, second)
    known = np.isfinite(below) & (below > 0)
    ratio: NDArray[np.float64] = np.divide(above, below, out=np.full(len(values), np.nan), where=known)
    return ratio


def peak_position(axis: Floats, values: Floats, band: ShiftRange, error: Floats | None = None) -> NDArray[np.float64]:
    """Where in `band` each spectrum is highest above the line between the band's ends, in cm⁻¹, (N,).

    The vertex of the parabola through the highest point and its neighbours. NaN where the peak does not stand out by
    three times `error`, (N, B) or one number each (N,); without it the noise of the spectra is taken.
    """
    inside = _inside(axis, band)
    found = np.full(len(values), np.nan)
    if inside.stop - inside.start < 3:
        return found
    shifts = np.asarray(axis[inside], dtype=np.float64)
    share = (shifts - shifts[0]) / (shifts[-1] - shifts[0])
    for start in range(0, len(values), _ROWS):
        some = slice(start, start + _ROWS)
        part = np.asarray(values[some, inside], dtype=np.float64)
        part = part - part[:, :1] - (part[:, -1:] - part[:, :1]) * share
        top = np.clip(np.nan_to_num(part, nan=-np.inf).argmax(axis=1), 1, part.shape[1] - 2)
        row = np.arange(len(part))
        noise = _noise_at(values[some], None if error is None else error[some], top + inside.start)
        with np.errstate(invalid="ignore"):
            stands_out = part[row, top] > ABOVE_NOISE * noise
        found[some] = np.where(stands_out, _vertex(shifts, part, row, top), np.nan)
    return found


def distance(features: Floats, selected: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How unlike the mean of the `selected` (N,) each of `features` (N, D) is: 1 - cosine; NaN without a selection."""
    if not selected.any():
        return np.full(len(features), np.nan)
    middle = features[selected].mean(axis=0)
    lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(middle)
    return np.asarray(1 - (features @ middle) / np.maximum(lengths, 1e-12), dtype=np.float64)


def colour_limits(numbers: Floats, percentiles: ShiftRange = (2.0, 98.0)) -> tuple[float, float]:
    """The numbers between which colours are spread; NaN where there is none."""
    known = numbers[np.isfinite(numbers)]
    if not known.size:
        return np.nan, np.nan
    low, high = np.percentile(known, percentiles).tolist()
    flat = high - low <= _ALIKE * max(abs(low), abs(high))
    return (low - 0.5, high + 0.5) if flat else (low, high)


def waterfall_image(
    series: SpectrumSeries, axis: Floats, values: Floats, columns: int = 1200
) -> tuple[NDArray[np.float32], ShiftRange]:
    """Spectra of a series as rows of a picture, at evenly spaced shifts, each the nearest sample; and the shifts' ends.

    -> (n, C) with C at most `columns`, (low, high) in cm⁻¹.
    """
    count = min(columns, len(axis))
    shifts = np.linspace(axis[0], axis[-1], count)
    nearest = np.clip(np.searchsorted(axis, shifts), 1, len(axis) - 1)
    nearest -= shifts - axis[nearest - 1] < axis[nearest] - shifts
    return np.asarray(values[series.rows][:, nearest], dtype=np.float32), (float(axis[0]), float(axis[-1]))


def strongest_bands(axis: Floats, mean: Floats, most: int = 3, reach_cm: float = 20.0) -> Sequence[ShiftRange]:
    """Bands around the highest lines of a mean spectrum (B,), apart from each other; a first guess to drag from."""
    heights = np.where(np.isfinite(mean), mean, np.nanmin(mean) if np.isfinite(mean).any() else 0.0)
    span = float(axis[-1] - axis[0])
    reach = min(reach_cm, span / 8)
    left, right = (np.interp(axis + aside, axis, heights) for aside in (-2 * reach, 2 * reach))
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
    return slice(int(np.searchsorted(axis, band[0])), int(np.searchsorted(axis, band[1], side="right")))


def _trapezoid(axis: Floats) -> NDArray[np.float64]:
    """Weights (B,) whose sum with intensities is the area under them."""
    steps = np.diff(np.asarray(axis, dtype=np.float64))
    return np.concatenate([steps, [0.0]]) / 2 + np.concatenate([[0.0], steps]) / 2


def _weighed(values: Floats, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.empty(len(values), dtype=np.float64)
    for start in range(0, len(values), _ROWS):
        found[start : start + _ROWS] = values[start : start + _ROWS].astype(np.float64) @ weights
    return found


def _noise_at(values: Floats, error: Floats | None, top: NDArray[np.intp]) -> Floats:
    if error is None:
        near = max(0, int(top[0]) - _NEAR) if len(top) else 0
        return noise_sigma(np.nan_to_num(values[:, near : near + 2 * _NEAR]))
    return error if error.ndim == 1 else error[np.arange(len(error)), top]


def _vertex(shifts: Floats, part: Floats, row: NDArray[np.intp], top: NDArray[np.intp]) -> NDArray[np.float64]:
    before, at, after = part[row, top - 1], part[row, top], part[row, top + 1]
    bend = before - 2 * at + after
    aside = np.divide(before - after, 2 * bend, out=np.zeros_like(at), where=bend < 0)
    step = (shifts[top + 1] - shifts[top - 1]) / 2
    return np.asarray(shifts[top] + np.clip(aside, -1, 1) * step, dtype=np.float64)
