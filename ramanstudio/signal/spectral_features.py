"""Features of spectra that do not depend on their scale and background: lines above the baseline, and slopes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core import parallel
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.pca import unit_rows

Floats = NDArray[np.floating[Any]]

BASELINE_SAMPLES: Final = 256  # a baseline varies slowly: fitted on so few samples it takes a tenth of the time
STIFFNESS, ASYMMETRY = 1000.0, 0.01  # lambda and p on that coarse axis; of lambdas from 300 to 3000, the middle one
MAX_ITERATIONS, TOLERANCE = 12, 1e-2  # of the weights
MANY_ROWS, BLOCK = 128, 2048  # so many are fitted at once, in a fifth of the time; fewer are quicker one by one
SLOPE_SAMPLES, SLOPE_DEGREE = 15, 2  # window and degree of the Savitzky-Golay derivative


def baseline(axis: Floats, values: Floats) -> NDArray[np.float32]:
    """Return the baseline of `values` (N, B) at `axis` (B,) cm⁻¹ -> (N, B).

    Asymmetric least squares (Eilers and Boelens 2005) on BASELINE_SAMPLES to twice as many samples, interpolated.
    """
    from pybaselines import Baseline

    step = max(1, len(axis) // BASELINE_SAMPLES)
    whole = len(axis) // step * step
    coarse_axis = axis[:whole].reshape(-1, step).mean(axis=1)
    coarse = values[:, :whole].reshape(len(values), -1, step).mean(axis=2, dtype=np.float64)
    if len(values) >= MANY_ROWS and coarse.shape[1] >= 5:
        fitted = np.empty(values.shape, dtype=np.float32)
        for block in parallel.slices(len(values), BLOCK):
            for row, low in zip(fitted[block], _fit_rows(coarse[block]), strict=True):
                row[:] = np.interp(axis, coarse_axis, low)
        return fitted
    fit = Baseline(coarse_axis)
    options = {"lam": STIFFNESS, "p": ASYMMETRY, "max_iter": MAX_ITERATIONS, "tol": TOLERANCE}
    lows = (fit.asls(row, **options)[0] for row in coarse)
    return np.stack([np.interp(axis, coarse_axis, low) for low in lows]).astype(np.float32).reshape(values.shape)


def _fit_rows(rows: Floats) -> Floats:
    """Fit baselines to `rows` (N, M) as pybaselines' asls does to one, all at once -> (N, M).

    Where a row's weights change by less than TOLERANCE its baseline is final, and the others go on.
    """
    fitted = np.empty_like(rows)
    active = np.arange(len(rows))
    values = np.ascontiguousarray(rows.T)  # (M, N)
    weights = np.ones_like(values)
    for _ in range(MAX_ITERATIONS + 1):
        smooth = _whittaker(values, weights)
        fitted[active] = smooth.T
        changed = np.where(values > smooth, ASYMMETRY, 1 - ASYMMETRY)
        difference = np.linalg.norm(changed - weights, axis=0) / np.linalg.norm(weights, axis=0)
        going = difference >= TOLERANCE
        if not going.any():
            break
        active, values, weights = (np.compress(going, part, axis=-1) for part in (active, values, changed))
    return fitted


def _whittaker(values: Floats, weights: Floats) -> Floats:
    """Minimise sum w (v - z)² + STIFFNESS sum (second difference of z)² for each column of `values` (M, N) -> (M, N).

    By the LDL factors of the pentadiagonal matrix, sample by sample for all columns (Eilers 2003).
    """
    count, shape = len(values), values.shape
    diagonal, first, second = (STIFFNESS * band for band in _second_difference_bands(count))
    pivots = weights + diagonal[:, None]
    partial = weights * values
    lower_1, lower_2, scratch = np.empty(shape), np.empty(shape), np.empty(shape[1])
    below = np.empty(shape[1])
    for k in range(count):  # in place throughout: memory that is taken anew costs more than the arithmetic
        pivot, right = pivots[k], partial[k]
        if k >= 2:
            np.multiply(pivots[k - 2], second[k - 2], out=lower_2[k])
            np.multiply(lower_2[k], second[k - 2], out=scratch)
            pivot -= scratch
            np.multiply(lower_2[k], partial[k - 2], out=scratch)
            right -= scratch
        if k >= 1:
            if k >= 2:
                np.multiply(lower_1[k - 1], -second[k - 2], out=below)
                below += first[k - 1]
            else:
                below.fill(first[0])
            np.multiply(below, pivots[k - 1], out=lower_1[k])
            np.multiply(lower_1[k], below, out=scratch)
            pivot -= scratch
            np.multiply(lower_1[k], partial[k - 1], out=scratch)
            right -= scratch
        np.reciprocal(pivot, out=pivot)
    partial *= pivots
    for k in range(count - 2, -1, -1):
        np.multiply(lower_1[k + 1], partial[k + 1], out=scratch)
        partial[k] -= scratch
        if k <= count - 3:
            np.multiply(lower_2[k + 2], partial[k + 2], out=scratch)
            partial[k] -= scratch
    return partial


@lru_cache(maxsize=64)
def _second_difference_bands(count: int) -> tuple[Floats, Floats, Floats]:
    """The diagonal (M,) and the bands (M - 1,), (M - 2,) below it of D'D, D being the second difference."""
    difference = np.diff(np.eye(count), n=2, axis=0)
    square = difference.T @ difference
    return np.diag(square).copy(), np.diag(square, -1).copy(), np.diag(square, -2).copy()


def subtract_baseline(spectra: SpectrumSet) -> SpectrumSet:
    """Return `spectra` minus their baselines."""
    return spectra.with_values(spectra.values - baseline(spectra.axis, spectra.values))


def lines_and_slopes(axis: Floats, denoised: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the square root of the line heights, and the slopes, of `denoised` spectra (N, B): (N, B) each.

    Both are of unit length. The square root lets weak lines count beside a strong one; the slope shows shoulders and
    hardly depends on the baseline.
    """
    from scipy.signal import savgol_filter

    heights = np.sqrt(np.maximum(denoised - baseline(axis, denoised), 0))
    window = min(SLOPE_SAMPLES, (len(axis) - 1) // 2 * 2 + 1)
    with np.errstate(over="ignore"):  # it squares what its fits at the ends leave, and does not use that
        slopes = savgol_filter(denoised, window, SLOPE_DEGREE, deriv=1, axis=1)
    return unit_rows(heights), unit_rows(slopes)
