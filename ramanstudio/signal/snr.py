"""Signal and noise of a spectrum, in the words a spectroscopist checks them by."""

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
# instruments); benchmarks/denoise.py shows what is claimed with it beside what is true.
DRIFT, DRIFT_POWER = 0.115, 0.4
BLOCK = 2048  # spectra that are measured at once


def noise_sigma(values: Floats) -> NDArray[np.float32]:
    """The standard deviation of one sample's noise, (N, B) -> (N,).

    The median absolute deviation of the second difference, over 0.6745 √6 (the variance of v[i-1] - 2 v[i] + v[i+1]
    is 6 sigma²); lines and baseline hardly enter a second difference, and the median leaves out those that do.
    Where more than half of the samples lie on a straight line (single photons, few counts, clipped at zero) the
    median says nothing, and the mean absolute deviation speaks for it; zero is left for spectra without any noise.
    """
    return _in_blocks(_noise_sigma, values)


def _noise_sigma(values: Floats) -> NDArray[np.float32]:
    curvature = np.diff(values, n=2, axis=1)
    curvature = np.abs(curvature - np.median(curvature, axis=1, keepdims=True))
    sigma: NDArray[np.float32] = (np.median(curvature, axis=1) / (GAUSSIAN_MAD * np.sqrt(6))).astype(np.float32)
    silent = sigma == 0
    if silent.any():
        sigma[silent] = curvature[silent].mean(axis=1) / (GAUSSIAN_MEAN_DEVIATION * np.sqrt(6))
    return sigma


def subtract_local_baseline(axis: Floats, values: Floats) -> Floats:
    """`values` (N, B) less their grey opening over 150 cm⁻¹ of `axis` (B,): lines stand on zero -> (N, B).

    A cubic is taken out first, because an opening cannot follow a slope up to the very ends.
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    slopes = np.linalg.qr(np.vander(np.linspace(-1, 1, len(axis)), 4))[0]
    values = values - (values @ slopes) @ slopes.T
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    width = int(np.clip(WIDEST_LINE_CM / step, 3, max(3, len(axis) // 2)))
    opened: Floats = maximum_filter1d(minimum_filter1d(values, width, axis=1), width, axis=1)
    return values - opened


def signal_height(axis: Floats, denoised: Floats) -> NDArray[np.float32]:
    """The height of the strongest line above its local baseline, (B,), (N, B) -> (N,).

    Ask it of denoised spectra: on raw ones the highest excursion of the noise would count as a line.
    """
    return _in_blocks(lambda rows: subtract_local_baseline(axis, rows).max(axis=1).astype(np.float32), denoised)


def _in_blocks(measure: Callable[[Floats], NDArray[np.float32]], values: Floats) -> NDArray[np.float32]:
    """What `measure` says of each row of `values` (N, B) -> (N,): a large map needs six times its own memory else."""
    if len(values) <= BLOCK:
        return measure(values)
    return np.concatenate([measure(values[start : start + BLOCK]) for start in range(0, len(values), BLOCK)])


def drift_between_repeats(signal: Floats, sigma: Floats) -> Floats:
    """By how much repeats of one measurement may be expected to differ beyond their white noise `sigma`.

    Slow ripple, slight shifts: one spectrum cannot tell it from signal, and no denoiser can remove it.
    """
    drift: Floats = DRIFT * sigma ** (1 - DRIFT_POWER) * signal**DRIFT_POWER
    return drift
