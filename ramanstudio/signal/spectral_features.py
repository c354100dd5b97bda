"""Features of spectra that do not depend on their scale and background: lines above the baseline, and slopes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.pca import unit_rows

Floats = NDArray[np.floating[Any]]

BASELINE_SAMPLES: Final = 256  # a baseline varies slowly: fitted on so few samples it takes a tenth of the time
STIFFNESS, ASYMMETRY = 1000.0, 0.01  # lambda and p on that coarse axis; of lambdas from 300 to 3000, the middle one
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
    fit = Baseline(coarse_axis)
    fitted = np.empty(values.shape, dtype=np.float32)
    for row, coarse_row in zip(fitted, coarse, strict=True):
        coarse_baseline = fit.asls(coarse_row, lam=STIFFNESS, p=ASYMMETRY, max_iter=12, tol=1e-2)[0]
        row[:] = np.interp(axis, coarse_axis, coarse_baseline)
    return fitted


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
    return unit_rows(heights), unit_rows(savgol_filter(denoised, window, SLOPE_DEGREE, deriv=1, axis=1))
