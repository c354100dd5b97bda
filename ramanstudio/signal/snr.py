"""Signal and noise of a spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

GAUSSIAN_MAD = 0.6745  # median absolute deviation of a normal distribution, in standard deviations
GAUSSIAN_MEAN_DEVIATION = 0.7979  # its mean absolute deviation, likewise
WIDEST_LINE_CM = 150.0  # what is broader counts as baseline
FEWEST_POINTS = 16  # a median over fewer second differences is off by a quarter or more
# Repeats of one measurement differ by more than white noise: DRIFT * SNR ** DRIFT_POWER standard deviations of it.
# Fitted to repeats of a mixture at three exposures and of polystyrene at four laser powers (SNR 5 to 500, two
# instruments); benchmarks/denoise.py shows the expected error it leads to beside the true one.
DRIFT, DRIFT_POWER = 0.115, 0.4
BLOCK = 2048  # spectra measured at once


def noise_sigma(values: Floats) -> NDArray[np.float32]:
    """Estimate the standard deviation of white noise in each spectrum, (N, B) -> (N,), in the unit of `values`.

    The median absolute deviation of the second difference, divided by 0.6745 √6 (v[i-1] - 2 v[i] + v[i+1] has variance
    6 sigma²). Lines and baseline hardly enter a second difference, and the median ignores those that do. Where more
    than half of the samples lie on a straight line (single photons, low counts, clipping at zero) the median is zero
    and the mean absolute deviation takes its place; 0 is left for spectra without any noise.
    """
    return _in_blocks(_noise_sigma, values)


def _noise_sigma(values: Floats) -> NDArray[np.float32]:
    curvature = np.diff(values, n=2, axis=1)
    curvature = np.abs(curvature - np.median(curvature, axis=1, keepdims=True))
    sigma: NDArray[np.float32] = (np.median(curvature, axis=1) / (GAUSSIAN_MAD * np.sqrt(6))).astype(np.float32)
    zero = sigma == 0
    if zero.any():
        sigma[zero] = curvature[zero].mean(axis=1) / (GAUSSIAN_MEAN_DEVIATION * np.sqrt(6))
    return sigma


def subtract_local_baseline(axis: Floats, values: Floats) -> Floats:
    """Subtract from `values` (N, B) their grey opening over 150 cm⁻¹ of `axis` (B,): lines stand on zero -> (N, B).

    A cubic is subtracted first, because an opening cannot follow a slope up to the ends.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    slopes = np.linalg.qr(np.vander(np.linspace(-1, 1, len(axis)), 4))[0]
    values = values - (values @ slopes) @ slopes.T
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    width = int(np.clip(WIDEST_LINE_CM / step, 3, max(3, len(axis) // 2)))
    opened: Floats = maximum_filter1d(minimum_filter1d(values, width, axis=1), width, axis=1)
    return values - opened


def signal_height(axis: Floats, denoised: Floats) -> NDArray[np.float32]:
    """Return the height of the strongest line above its local baseline, (B,), (N, B) -> (N,).

    Of denoised spectra: in raw ones the highest excursion of the noise would count as a line.
    """
    return _in_blocks(lambda rows: subtract_local_baseline(axis, rows).max(axis=1).astype(np.float32), denoised)


def _in_blocks(measure: Callable[[Floats], NDArray[np.float32]], values: Floats) -> NDArray[np.float32]:
    """Apply `measure` to blocks of `values` (N, B) -> (N,): at once, a large map needs six times its own memory."""
    if len(values) <= BLOCK:
        return measure(values)
    return np.concatenate([measure(values[start : start + BLOCK]) for start in range(0, len(values), BLOCK)])


def drift_between_repeats(signal: Floats, sigma: Floats) -> Floats:
    """Return how much repeats of one measurement are expected to differ beyond their white noise `sigma`.

    For any shape of `signal` and `sigma`, in their unit. Slow ripple and slight shifts: a single spectrum cannot tell
    them from signal, and no denoiser can remove them.
    """
    drift: Floats = DRIFT * sigma ** (1 - DRIFT_POWER) * signal**DRIFT_POWER
    return drift
