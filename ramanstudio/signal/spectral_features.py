"""What spectra look like to a classifier: their lines above the baseline, and their slope, whatever the scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.pca import unit_rows

Floats = NDArray[np.floating[Any]]

COARSE = 256  # samples that a baseline is fitted on; it varies slowly, and each fit is a tenth of the work
STIFFNESS, ASYMMETRY = 1000.0, 0.01  # of the baseline on that axis: of 300 to 3000, the middle one
SLOPE_SAMPLES, SLOPE_DEGREE = 15, 2  # window and degree of the Savitzky-Golay derivative


def baseline(axis: Floats, values: Floats) -> NDArray[np.float32]:
    """What lies under the lines of `values` (N, B) at `axis` (B,) cm⁻¹ -> (N, B).

    Asymmetric least squares (Eilers and Boelens 2005) on an axis of at most COARSE to twice as many samples.
    """
    from pybaselines import Baseline

    step = max(1, len(axis) // COARSE)
    whole = len(axis) // step * step
    places = axis[:whole].reshape(-1, step).mean(axis=1)
    means = values[:, :whole].reshape(len(values), -1, step).mean(axis=2, dtype=np.float64)
    fit = Baseline(places)
    under = np.empty(values.shape, dtype=np.float32)
    for row, mean in zip(under, means, strict=True):
        low = fit.asls(mean, lam=STIFFNESS, p=ASYMMETRY, max_iter=12, tol=1e-2)[0]
        row[:] = np.interp(axis, places, low)
    return under


def subtract_baseline(spectra: SpectrumSet) -> SpectrumSet:
    """`spectra` less what lies under their lines."""
    return spectra.with_values(spectra.values - baseline(spectra.axis, spectra.values))


def lines_and_slopes(axis: Floats, denoised: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two readings of `denoised` spectra (N, B), each of unit length: the root of the lines' heights, and the slope.

    The root lets weak lines speak beside a strong one; the slope sees shoulders and no baseline.
    """
    from scipy.signal import savgol_filter

    heights = np.sqrt(np.maximum(denoised - baseline(axis, denoised), 0))
    window = min(SLOPE_SAMPLES, (len(axis) - 1) // 2 * 2 + 1)
    return unit_rows(heights), unit_rows(savgol_filter(denoised, window, SLOPE_DEGREE, deriv=1, axis=1))
