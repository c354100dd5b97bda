"""Peaks that are drawn where there are none, and what becomes of the height and width of those that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.signal import find_peaks, peak_widths

from benchmarks.honesty.simulated import Lines

Floats = NDArray[np.floating[Any]]

SUPPORTED = 3.0  # a peak this many expected errors high is drawn as a fact
LOCAL_CM = 150.0  # what is broader counts as baseline, as in ramanstudio/signal/snr.py
REACH = 1.0  # full widths at half maximum from the centre of a line are still that line
NEAREST = 3  # samples; no line is narrower than this to a detector
FIT_WIDTHS, FIT_SAMPLES = 2.5, 10  # a line is fitted so far to either side, at least


def false_peaks(
    axis: Floats, denoised: Floats, expected_error: Floats, truth: Floats, lines: Lines
) -> NDArray[np.intp]:
    """The samples at which one denoised spectrum (B,) shows a peak that the truth (B,) has not.

    A peak is a local maximum; its height is its prominence within 150 cm⁻¹ (how far one has to come down on the higher
    side), its foot where it has half that height. It is false when that height is over three expected errors of the
    sample, when no line of the truth, however weak, has its centre within its own full width (or three samples) of the
    place, and when no peak of the truth under its foot is more than three expected errors high.
    """
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    window = int(LOCAL_CM / step) | 1
    tops, properties = find_peaks(denoised, prominence=0, wlen=window)
    high = properties["prominences"] > SUPPORTED * expected_error[tops]
    far = (np.abs(axis[tops, None] - lines.centre) > np.maximum(REACH * lines.width, NEAREST * step)).all(axis=1)
    suspects = tops[high & far]
    if not len(suspects):
        return suspects
    reach = np.maximum(peak_widths(denoised, suspects, 0.5, wlen=window)[0] / 2, NEAREST)
    true, properties = find_peaks(truth, prominence=0, wlen=window)
    near = np.abs(suspects[:, None] - true) <= reach[:, None]
    supported = near & (properties["prominences"] > SUPPORTED * expected_error[suspects][:, None])
    return suspects[~supported.any(axis=1)]


def with_false_peaks(
    axis: Floats, denoised: Floats, expected_error: Floats, truth: Floats, lines: tuple[Lines, ...]
) -> float:
    """How many spectra (N, B) in a hundred show a peak that is not there."""
    rows = zip(denoised, expected_error, truth, lines, strict=True)
    return float(100 * np.mean([len(false_peaks(axis, *row)) > 0 for row in rows]))


def line_on_slope(
    shift: Floats, height: float, centre: float, width: float, lorentz: float, level: float, slope: float
) -> Floats:
    """A Gauss-Lorentz line of `width` (full, at half maximum) on a straight baseline."""
    squared = ((shift - centre) / (width / 2)) ** 2
    profile = lorentz / (1 + squared) + (1 - lorentz) * np.exp(-np.log(2) * squared)
    line: Floats = height * profile + level + slope * (shift - centre)
    return line


@dataclass(frozen=True, slots=True)
class Bias:
    """By how much heights and widths of lines are off, in percent, median; `lost`: lines that no fit found, percent."""

    height: float
    width: float
    lost: float


def fitted(axis: Floats, values: Floats, centre: float, width: float) -> tuple[float, float] | None:
    """Height and full width at half maximum of the line near `centre` of one spectrum (B,); None where none is."""
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    inside = np.abs(axis - centre) <= max(FIT_WIDTHS * width, FIT_SAMPLES * step)
    shift, rows = axis[inside], values[inside].astype(float)
    level = float(np.median(rows[[0, 1, -2, -1]]))
    top = max(float(rows.max()) - level, 1e-9)
    try:
        fitted, _ = curve_fit(
            line_on_slope,
            shift,
            rows,
            p0=(top, centre, width, 0.5, level, 0.0),
            bounds=(
                (0, centre - width, 0.2 * width, 0, -np.inf, -np.inf),
                (np.inf, centre + width, 4 * width, 1, np.inf, np.inf),
            ),
        )
    except RuntimeError:  # it did not converge
        return None
    return float(fitted[0]), float(fitted[2])


def bias(axis: Floats, values: Floats, truth: Floats, lines: tuple[Lines, ...]) -> Bias:
    """How the lines of spectra (N, B) compare with those of the truth (N, B), both fitted the same way."""
    height, width, lost, n_lines = [], [], 0, 0
    for row, true, drawn in zip(values, truth, lines, strict=True):
        for centre, full in zip(drawn.centre, drawn.width, strict=True):
            n_lines += 1
            ours, right = (fitted(axis, rows, centre, full) for rows in (row, true))
            if ours is None or right is None:
                lost += 1
                continue
            height.append(ours[0] / right[0] - 1)
            width.append(ours[1] / right[1] - 1)
    if not height:
        return Bias(np.nan, np.nan, 100.0)
    return Bias(100 * float(np.median(height)), 100 * float(np.median(width)), 100 * lost / n_lines)
