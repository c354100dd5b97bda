"""Weak peaks that noise and drift can draw by themselves: there an error is claimed that says so.

A network that has learned what lines look like claims little error just where it has drawn one. But no weak peak can be
known better than the samples under it allow, whatever was learned: their white noise averages out over its width, and
what repeats of one measurement differ by does not average out at all.
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
# A peak is drawn as a fact at three expected errors. Those below two are not looked at, and those that stand far above
# what noise and drift can draw keep what the network claims; between, the claim changes without a step.
DRAWN = (2.0, 3.0)  # expected errors
BORNE_OUT = (3.0, 4.5)  # times what noise and drift can draw
SHORTEST = 3  # samples; no peak is looked for within less


@dataclass(frozen=True, slots=True, eq=False)
class _Peaks:
    """Peaks of many spectra: `row` and `top` (K,) say where; `height` (K,) over the foot, `width` (K,) in samples."""

    row: NDArray[np.intp]
    top: NDArray[np.intp]
    height: Floats
    width: Floats


def raise_error_at_weak_peaks(axis: Floats, denoised: Floats, error: Floats, sigma: Floats, drift: Floats) -> Floats:
    """The expected `error` (N, B) of `denoised` (N, B) on `axis` (B,) cm⁻¹, no smaller at weak peaks than is known.

    `sigma` (N,) is the white noise there was, `drift` (N,) what repeats differ by, all in one unit. The root mean
    square of each spectrum's error stays, as that is calibrated: more at some points is less at all others.
    """
    claimed = np.empty_like(error)
    for start in range(0, len(error), BLOCK):
        some = slice(start, start + BLOCK)
        claimed[some] = error[some] * _factor(axis, denoised[some], error[some], sigma[some], drift[some])
    was, now = (np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)) for rows in (error, claimed))
    claimed *= np.divide(was, now, out=np.ones_like(was), where=now > was)[:, None].astype(claimed.dtype)
    return claimed


def _factor(axis: Floats, denoised: Floats, error: Floats, sigma: Floats, drift: Floats) -> Floats:
    """By how much the claim of each sample (n, B) grows: at the top of a weak peak in full, further out by less."""
    peaks = _peaks(axis, denoised, error)
    claim = error[peaks.row, peaks.top]
    least = np.hypot(OF_WHITE * sigma[peaks.row] / np.sqrt(peaks.width), OF_DRIFT * drift[peaks.row])
    weak = np.flatnonzero((least > claim) & (claim > 0))
    row, top, width = peaks.row[weak], peaks.top[weak], peaks.width[weak]
    drawn = _rising(peaks.height[weak] / claim[weak], DRAWN)
    borne_out = _rising(peaks.height[weak] / least[weak], BORNE_OUT)
    growth = np.log(least[weak] / claim[weak]) * drawn * (1 - borne_out)

    # in full over the half width to either side of the top, down to nothing over as much again
    reach = np.ceil(width).astype(np.intp)
    many = 2 * reach + 1
    away = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many + reach, many)
    at = np.repeat(top, many) + away
    share = 1 - _rising(np.abs(away) / np.repeat(width / 2, many), (1.0, 2.0))
    inside = (at >= 0) & (at < error.shape[1])
    grown = np.zeros_like(error)
    np.maximum.at(
        grown, (np.repeat(row, many)[inside], at[inside]), (np.repeat(growth, many) * share)[inside].astype(error.dtype)
    )
    factor: Floats = np.exp(grown)
    return factor


def _peaks(axis: Floats, denoised: Floats, error: Floats) -> _Peaks:
    """The local maxima of each spectrum (n, B) that stand DRAWN[0] expected errors or more over their feet.

    All spectra are looked through as one long row, in which walls part them: a call for each takes ten times as long.
    """
    from scipy.signal import find_peaks, peak_widths

    many, points = denoised.shape
    window = max(SHORTEST, int(WIDEST_LINE_CM * (points - 1) / (axis[-1] - axis[0]))) | 1
    walled = np.full((many, points + 1), np.inf)
    walled[:, :-1] = denoised
    flat = walled.ravel()
    place, told = find_peaks(flat, plateau_size=(None, window // 2), prominence=0, wlen=window)
    row, top = np.divmod(place, points + 1)
    high = np.flatnonzero(top < points)
    high = high[told["prominences"][high] > DRAWN[0] * error[row[high], top[high]]]
    height, *feet = (told[name][high] for name in ("prominences", "left_bases", "right_bases"))
    width = peak_widths(flat, place[high], 0.5, (height, *feet))[0]
    return _Peaks(row[high], top[high], height, np.maximum(width, 1))


def _rising(values: Floats, between: tuple[float, float]) -> Floats:
    """From nought below the first to one above the second of two values, without a step or a bend."""
    along = np.clip((values - between[0]) / (between[1] - between[0]), 0, 1)
    smooth: Floats = along * along * (3 - 2 * along)
    return smooth
