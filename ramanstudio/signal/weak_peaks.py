"""Raise the expected error at weak peaks that noise and drift alone can produce.

A network that has learned what lines look like claims a small error just where it has drawn one. But no weak peak can
be known better than the samples under it allow: their white noise averages out over its width, and what repeats of one
measurement differ by does not average out at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.snr import BLOCK, WIDEST_LINE_CM

Floats = NDArray[np.floating[Any]]

# Chosen on 4000 simulated spectra at each of SNR 3, 5 and 10 so that both models draw less than one false peak in a
# hundred spectra while hiding as few true lines as can be (benchmarks/EXPERIMENTS.md).
OF_WHITE = 0.85  # times the white noise of one sample, over the root of the samples under the peak
OF_DRIFT = 1.8  # times what repeats of one measurement differ by
# A peak counts as real at three expected errors. Those below two are left alone, and those that stand far above what
# noise and drift can produce keep the network's error; in between the error changes smoothly.
DETECTED = (2.0, 3.0)  # expected errors
CONFIRMED = (3.0, 4.5)  # times the height that noise and drift can produce
SHORTEST = 3  # samples; the narrowest window in which a peak is looked for


@dataclass(frozen=True, slots=True, eq=False)
class _PeakList:
    """Peaks of N spectra: `row` and `top` (K,), their `height` (K,) above the foot, their `width` (K,) in samples."""

    row: NDArray[np.intp]
    top: NDArray[np.intp]
    height: Floats
    width: Floats


def raise_error_at_weak_peaks(axis: Floats, denoised: Floats, error: Floats, sigma: Floats, drift: Floats) -> Floats:
    """Return the expected `error` (N, B) of `denoised` (N, B) on `axis` (B,) cm⁻¹, raised at weak peaks -> (N, B).

    `sigma` (N,) is the white noise of the raw spectra, `drift` (N,) what repeats differ by, all in one unit. The root
    mean square of each spectrum's error is calibrated and stays: more at some points is less at all others.
    """
    raised = np.empty_like(error)
    for start in range(0, len(error), BLOCK):
        block = slice(start, start + BLOCK)
        raised[block] = error[block] * _factor(axis, denoised[block], error[block], sigma[block], drift[block])
    before, after = (np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)) for rows in (error, raised))
    raised *= np.divide(before, after, out=np.ones_like(before), where=after > before)[:, None].astype(raised.dtype)
    return raised


def _factor(axis: Floats, denoised: Floats, error: Floats, sigma: Floats, drift: Floats) -> Floats:
    """The factor on the error of each sample (n, B): full over a weak peak's top, falling to 1 further out."""
    peaks = _find_peaks(axis, denoised, error)
    claimed = error[peaks.row, peaks.top]
    least = np.hypot(OF_WHITE * sigma[peaks.row] / np.sqrt(peaks.width), OF_DRIFT * drift[peaks.row])
    weak = np.flatnonzero((least > claimed) & (claimed > 0))
    row, top, width = peaks.row[weak], peaks.top[weak], peaks.width[weak]
    detected = _smoothstep(peaks.height[weak] / claimed[weak], DETECTED)
    confirmed = _smoothstep(peaks.height[weak] / least[weak], CONFIRMED)
    growth = np.log(least[weak] / claimed[weak]) * detected * (1 - confirmed)

    # full over the half width to either side of the top, falling to nothing over as much again
    reach = np.ceil(width).astype(np.intp)
    n_samples = 2 * reach + 1
    offset = np.arange(n_samples.sum()) - np.repeat(np.cumsum(n_samples) - n_samples + reach, n_samples)
    column = np.repeat(top, n_samples) + offset
    share = 1 - _smoothstep(np.abs(offset) / np.repeat(width / 2, n_samples), (1.0, 2.0))
    inside = (column >= 0) & (column < error.shape[1])
    log_factor = np.zeros_like(error)
    np.maximum.at(
        log_factor,
        (np.repeat(row, n_samples)[inside], column[inside]),
        (np.repeat(growth, n_samples) * share)[inside].astype(error.dtype),
    )
    factor: Floats = np.exp(log_factor)
    return factor


def _find_peaks(axis: Floats, denoised: Floats, error: Floats) -> _PeakList:
    """The local maxima of each spectrum (n, B) that stand DETECTED[0] expected errors or more above their feet.

    All spectra are searched as one long row, separated by infinite samples: a call for each takes ten times as long.
    """
    from scipy.signal import find_peaks, peak_widths

    n_spectra, points = denoised.shape
    window = max(SHORTEST, int(WIDEST_LINE_CM * (points - 1) / (axis[-1] - axis[0]))) | 1
    separated = np.full((n_spectra, points + 1), np.inf)
    separated[:, :-1] = denoised
    flat = separated.ravel()
    position, properties = find_peaks(flat, plateau_size=(None, window // 2), prominence=0, wlen=window)
    row, top = np.divmod(position, points + 1)
    high = np.flatnonzero(top < points)
    high = high[properties["prominences"][high] > DETECTED[0] * error[row[high], top[high]]]
    height, *feet = (properties[name][high] for name in ("prominences", "left_bases", "right_bases"))
    width = peak_widths(flat, position[high], 0.5, (height, *feet))[0]
    return _PeakList(row[high], top[high], height, np.maximum(width, 1))


def _smoothstep(values: Floats, between: tuple[float, float]) -> Floats:
    """0 below the first, 1 above the second of two values, with a smooth cubic in between."""
    share = np.clip((values - between[0]) / (between[1] - between[0]), 0, 1)
    smooth: Floats = share * share * (3 - 2 * share)
    return smooth
