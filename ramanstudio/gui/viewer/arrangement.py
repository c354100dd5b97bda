"""How several spectra are drawn together: each scaled, one above the other, or as measured. Free of Qt.

Only what is drawn changes; the data, the recipe and what is exported stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ramanstudio.gui.viewer.displayed_spectra import DisplayedSpectrum, DisplayOptions, FloatArray, logarithm

FEW: Final = 20  # spectra of which nothing is cut off at the top or bottom
_TALLEST: Final = 12.0  # heights of one spectrum that an automatic offset fills
_AUTOMATIC_PERCENT: Final = 110.0  # of its height that a spectrum stands above the next, where there is space
_LEAST_SHARE: Final = 0.01  # of the maximum, that is still a signal to scale to
_LOW_PERCENTILE: Final = 1.0  # of a spectrum that stands on its line


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Spectra as they are drawn, the options to draw them with, and the same spectra without their offset.

    `limits` are the heights, logarithms where intensities are logarithmic, that the plot need not reach beyond: some
    outlier would flatten all others.
    """

    drawn: list[DisplayedSpectrum]
    options: DisplayOptions
    without_offset: list[DisplayedSpectrum]
    limits: tuple[float, float] | None = None


def arranged(items: Sequence[DisplayedSpectrum], options: DisplayOptions) -> Arrangement:
    """Return several spectra scaled and offset as the options say; with an offset each is one curve, the first on top.

    That curve is the denoised spectrum where denoised spectra are shown and it is known, else the raw one.
    """
    items = [replace(item, position=rank / max(1, len(items) - 1)) for rank, item in enumerate(items)]
    scaled = [scaled_spectrum(item, options) for item in items] if options.scaling else list(items)
    if not options.offset:
        curves = [_drawn(item.raw if item.denoised is None else item.denoised, options.log) for item in scaled]
        return Arrangement(scaled, options, scaled, None if len(items) <= FEW else _limits(curves))
    single = [_single_curve(item, options) for item in scaled]
    curves = [_drawn(item.raw, options.log) for item in single]
    lifts = offsets(curves, options.offset_percent)
    lifted = [replace(item, raw=_lifted(item.raw, lift, options.log)) for item, lift in zip(single, lifts, strict=True)]
    shown = options.raw or options.denoised
    only_curve = replace(options, raw=shown, denoised=False, band=False, residual=False)
    height = _typical_height(curves)
    highest = max(float(np.nanmax(curve + lift, initial=-np.inf)) for curve, lift in zip(curves, lifts, strict=True))
    top = lifts[0] + _foot(curves[0])
    return Arrangement(lifted, only_curve, scaled, (-0.5 * height, min(highest, top + 3 * height)))


def scaled_spectrum(item: DisplayedSpectrum, options: DisplayOptions) -> DisplayedSpectrum:
    """Return a spectrum divided by its maximum, its mean ("area") or its mean within a band.

    It is measured on the denoised spectrum where that is known, so that a cosmic ray does not count. What has nothing
    in the band is scaled to its maximum, and named so; what has no positive value stays as it is.
    """
    values = np.asarray(item.raw if item.denoised is None else item.denoised, np.float64)
    axis = np.asarray(item.axis, np.float64)
    divisor, highest = _divisor(axis, values, options), _divisor(axis, values, replace(options, scaling="maximum"))
    if not (np.isfinite(highest) and highest > 0):
        return item
    if not divisor > _LEAST_SHARE * highest:
        item, divisor = replace(item, name=f"{item.name} (to its maximum)"), highest
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
    step = _typical_height(curves) * (percent or automatic_percent(len(curves))) / 100.0
    return [(len(curves) - 1 - rank) * step - _foot(curve) for rank, curve in enumerate(curves)]


def _foot(curve: FloatArray) -> float:
    finite = curve[np.isfinite(curve)]
    return float(np.percentile(finite, _LOW_PERCENTILE)) if finite.size else 0.0


def _typical_height(curves: Sequence[FloatArray]) -> float:
    heights = [float(np.nanmax(curve, initial=-np.inf)) - _foot(curve) for curve in curves]
    return float(np.median([height for height in heights if height > 0] or [1.0]))


def _limits(curves: Sequence[FloatArray]) -> tuple[float, float]:
    """Return the heights between which all but a few outliers of many curves lie."""
    lows = [float(curve[finite].min()) for curve in curves if (finite := np.isfinite(curve)).any()] or [0.0]
    highs = [float(curve[finite].max()) for curve in curves if (finite := np.isfinite(curve)).any()] or [1.0]
    return float(np.percentile(lows, 4)), float(np.percentile(highs, 96))


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
