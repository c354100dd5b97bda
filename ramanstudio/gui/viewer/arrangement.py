"""How several spectra are drawn together: each scaled, one above the other, or as measured. Free of Qt.

Only what is drawn changes; the data, the recipe and what is exported stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ramanstudio.gui.viewer.displayed_spectra import DisplayedSpectrum, DisplayOptions, FloatArray, logarithm

MAX_COLOURED: Final = 200  # spectra that are drawn in the colours of a scale; more drown each other
_TALLEST: Final = 12.0  # heights of one spectrum that an automatic offset fills
_AUTOMATIC_PERCENT: Final = 110.0  # of its height that a spectrum stands above the next, where there is space
_LOW_PERCENTILE: Final = 1.0  # of a spectrum that stands on its line


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Spectra as they are drawn, the options to draw them with, and the same spectra without their offset."""

    drawn: list[DisplayedSpectrum]
    options: DisplayOptions
    without_offset: list[DisplayedSpectrum]


def arranged(items: Sequence[DisplayedSpectrum], options: DisplayOptions) -> Arrangement:
    """Return several spectra scaled and offset as the options say; with an offset each is one curve, the first on top.

    That curve is the denoised spectrum where denoised spectra are shown and it is known, else the raw one.
    """
    n_spectra = len(items)
    if n_spectra <= MAX_COLOURED:
        items = [replace(item, position=rank / max(1, n_spectra - 1)) for rank, item in enumerate(items)]
    scaled = [scaled_spectrum(item, options) for item in items] if options.scaling else list(items)
    if not options.offset:
        return Arrangement(scaled, options, scaled)
    single = [_single_curve(item, options) for item in scaled]
    lifts = offsets([_drawn(item.raw, options.log) for item in single], options.offset_percent)
    lifted = [replace(item, raw=_lifted(item.raw, lift, options.log)) for item, lift in zip(single, lifts, strict=True)]
    shown = options.raw or options.denoised
    only_curve = replace(options, raw=shown, denoised=False, band=False, residual=False)
    return Arrangement(lifted, only_curve, scaled)


def scaled_spectrum(item: DisplayedSpectrum, options: DisplayOptions) -> DisplayedSpectrum:
    """Return a spectrum divided by its maximum, its mean ("area") or its mean within a band.

    It is measured on the denoised spectrum where that is known, so that a cosmic ray does not count; a spectrum whose
    quantity is zero or negative, or unknown, stays as it is.
    """
    values = np.asarray(item.raw if item.denoised is None else item.denoised, np.float64)
    divisor = _divisor(np.asarray(item.axis, np.float64), values, options)
    if not (np.isfinite(divisor) and divisor > 0):
        return item
    return replace(
        item,
        raw=item.raw / divisor,
        denoised=None if item.denoised is None else item.denoised / divisor,
        expected_error=None if item.expected_error is None else item.expected_error / divisor,
    )


def _divisor(axis: FloatArray, values: FloatArray, options: DisplayOptions) -> float:
    finite = np.isfinite(values)
    if options.scaling == "band":
        finite &= (axis >= options.scaling_band[0]) & (axis <= options.scaling_band[1])
    if not finite.any():
        return np.nan
    if options.scaling == "maximum":
        return float(values[finite].max())
    if options.scaling == "area" and finite.sum() > 1:
        shifts = axis[finite]
        return float(np.trapezoid(values[finite], shifts) / (shifts[-1] - shifts[0]))
    return float(values[finite].mean())


def offsets(curves: Sequence[FloatArray], percent: float = 0.0) -> list[float]:
    """Return what is added to each curve (B,) so that the first stands on top and the last on zero.

    They are `percent` of the typical height of a curve apart; 0 chooses it by how many there are.
    """
    feet, heights = [], []
    for curve in curves:
        finite = curve[np.isfinite(curve)]
        foot = float(np.percentile(finite, _LOW_PERCENTILE)) if finite.size else 0.0
        feet.append(foot)
        heights.append(float(finite.max()) - foot if finite.size else 0.0)
    height = float(np.median([height for height in heights if height > 0] or [1.0]))
    step = height * (percent or automatic_percent(len(curves))) / 100.0
    return [(len(curves) - 1 - rank) * step - foot for rank, foot in enumerate(feet)]


def automatic_percent(n_spectra: int) -> float:
    """Return the offset in percent of the height of a spectrum with which so many spectra fill the plot."""
    return min(_AUTOMATIC_PERCENT, 100.0 * _TALLEST / max(1, n_spectra))


def _single_curve(item: DisplayedSpectrum, options: DisplayOptions) -> DisplayedSpectrum:
    if options.denoised and item.denoised is not None:
        return replace(item, raw=item.denoised, denoised=None, expected_error=None)
    return replace(item, denoised=None, expected_error=None, replaced=None)


def _drawn(values: FloatArray, log: bool) -> FloatArray:
    return logarithm(values) if log else np.asarray(values, np.float64)


def _lifted(values: FloatArray, lift: float, log: bool) -> FloatArray:
    """Return values (B,) that are drawn higher by `lift`, which is in decades where intensities are logarithmic."""
    return np.asarray(values, np.float64) * 10.0**lift if log else np.asarray(values, np.float64) + lift
