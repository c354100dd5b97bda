"""Simulate what a spectrometer adds to a spectrum: lines, fluorescence, noise, drift and cosmic rays, all at random.

All functions work on N spectra of B samples at once: `axis` (N, B) in cm⁻¹, intensities (N, B).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.snr import drift_between_repeats

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator

LOWEST_SNR, HIGHEST_SNR = 0.7, 600.0


def _log_uniform(random: Random, low: float, high: float, size: Any = None) -> Any:
    """Random numbers whose logarithm is uniform between those of `low` and `high`."""
    return np.exp(random.uniform(np.log(low), np.log(high), size))


def simulated_lines(random: Random, axis: Floats) -> Floats:
    """Simulate spectra as sums of pseudo-Voigt lines, sharp to broad, the highest point at 1 -> (N, B) float32.

    The widths span those fitted to minerals (3 cm⁻¹) and to glasses and polymers (over 100 cm⁻¹); none is sharper
    than two samples, as the spectrometer's slit would leave it.
    """
    rows = np.empty(axis.shape, dtype=np.float32)
    for row, shifts in zip(rows, axis.astype(np.float32), strict=True):
        count = int(_log_uniform(random, 1.5, 60))
        span, step = shifts[-1] - shifts[0], (shifts[-1] - shifts[0]) / (len(shifts) - 1)
        centre = random.uniform(shifts[0] - 0.02 * span, shifts[-1] + 0.02 * span, (count, 1)).astype(np.float32)
        typical = _log_uniform(random, 4, 40)
        width = np.maximum(typical * _log_uniform(random, 0.4, 2.5, (count, 1)), 2 * step).astype(np.float32)
        broad = random.random((count, 1)) < 0.08
        width = np.where(broad, width * random.uniform(3, 8), width)
        height = (random.random((count, 1)) ** random.uniform(1, 5)).astype(np.float32)
        lorentz = random.random((count, 1)).astype(np.float32)
        squared = ((shifts - centre) / (width / 2)) ** 2
        profile = lorentz / (1 + squared) + (1 - lorentz) * np.exp(-np.float32(np.log(2)) * squared)
        row[:] = height[:, 0] @ profile
        row /= row.max() + 1e-6
    return rows


def fluorescence(random: Random, axis: Floats) -> Floats:
    """Simulate a broad smooth background, from none to thirty times the strongest line -> (N, B) float32."""
    n_spectra, n_humps = axis.shape[0], 3
    position = (axis - axis[:, :1]) / (axis[:, -1:] - axis[:, :1])
    centre = random.uniform(-0.5, 1.5, (n_spectra, n_humps, 1))
    width = random.uniform(0.2, 1.2, (n_spectra, n_humps, 1))
    height = random.random((n_spectra, n_humps, 1)) ** 2
    humps = (height * np.exp(-0.5 * ((position[:, None] - centre) / width) ** 2)).sum(axis=1)
    slope = random.normal(0, 0.3, (n_spectra, 1)) * position + random.uniform(0, 1, (n_spectra, 1))
    strength = _log_uniform(random, 0.03, 30, (n_spectra, 1)) * (random.random((n_spectra, 1)) < 0.75)
    background: Floats = (strength * np.maximum(humps + slope, 0)).astype(np.float32)
    return background


def line_height(values: Floats) -> Floats:
    """Return the height of the strong lines of `values` (N, B): percentile 99.7 above percentile 20 -> (N, 1)."""
    points = values.shape[1]
    positions = [share * (points - 1) for share in (0.2, 0.997)]
    ranks = [rank for position in positions for rank in (int(position), min(int(position) + 1, points - 1))]
    ordered = np.partition(values, sorted(set(ranks)), axis=1)  # np.percentile takes five times as long
    low, high = (
        ordered[:, below] + (position - below) * (ordered[:, above] - ordered[:, below])
        for position, below, above in zip(positions, ranks[::2], ranks[1::2], strict=True)
    )
    height: Floats = np.maximum(high - low, 1e-6)[:, None]
    return height


def noise_scale(random: Random, clean: Floats, height: Floats, best_snr: Floats) -> Floats:
    """Return the standard deviation of each sample's noise (N, B): random signal-to-noise ratio, read and shot noise.

    `height` (N, 1) is the signal; `best_snr` (N, 1) bounds the ratio of spectra that have noise of their own. One in
    fifty spectra has no noise at all.
    """
    n_spectra = len(clean)
    upper = np.clip(best_snr, LOWEST_SNR * 1.5, HIGHEST_SNR)
    snr = np.exp(random.uniform(np.log(LOWEST_SNR), np.log(upper)))
    shot = random.random((n_spectra, 1)) * (random.random((n_spectra, 1)) < 0.6)
    level = clean - clean.min(axis=1, keepdims=True)
    level = level / (level.mean(axis=1, keepdims=True) + 1e-9)
    noisy = random.random((n_spectra, 1)) >= 0.02
    scale: Floats = (noisy * height / snr * np.sqrt(1 - shot + shot * level)).astype(np.float32)
    return scale


def white_or_resampled(random: Random, shape: tuple[int, int]) -> Floats:
    """Draw standard normal noise (N, B): white or, in one spectrum of six, correlated as resampling leaves it."""
    noise = random.standard_normal(shape, dtype=np.float32)
    for row in np.flatnonzero(random.random(shape[0]) < 1 / 6):
        coarser = random.uniform(1.05, 4.0)
        knots = np.arange(int(shape[1] / coarser) + 3)
        position = np.arange(shape[1]) / coarser + random.random()
        noise[row] = np.interp(position, knots, random.standard_normal(len(knots)))
    return noise


def drift(random: Random, clean: Floats, height: Floats, scale: Floats) -> Floats:
    """Simulate what differs between repeats beside white noise -> (N, B).

    A slow ripple, and in half of the spectra a slight shift of the lines. `height` (N, 1) is the signal and `scale`
    (N, B) the noise. No denoiser can remove it, so it counts in the expected error only.
    """
    n_spectra, points = clean.shape
    ripple = np.empty(clean.shape, dtype=np.float32)
    for row in ripple:
        spacing = _log_uniform(random, 6, 100)
        knots = np.arange(int(points / spacing) + 3)
        row[:] = np.interp(np.arange(points) / spacing + random.random(), knots, random.standard_normal(len(knots)))
    shifted = np.gradient(clean, axis=1)
    shifted /= np.sqrt(np.mean(shifted**2, axis=1, keepdims=True)) + 1e-12
    share = random.random((n_spectra, 1)) * (random.random((n_spectra, 1)) < 0.5)
    sign = np.where(random.random((n_spectra, 1)) < 0.5, -1, 1)
    noise = np.sqrt(np.mean(scale**2, axis=1, keepdims=True))
    size = drift_between_repeats(height, noise) * random.lognormal(0, 0.35, (n_spectra, 1))
    drift: Floats = (size * (np.sqrt(1 - share) * ripple + np.sqrt(share) * sign * shifted)).astype(np.float32)
    return drift


def cosmic_rays(random: Random, sigma: Floats, points: int) -> Floats:
    """Simulate spikes of one to three samples, 5 to 1000 `sigma` (N, 1) high, in a quarter of the spectra -> (N, B)."""
    rays = np.zeros((len(sigma), points), dtype=np.float32)
    for row in np.flatnonzero(random.random(len(sigma)) < 0.25):
        for _ in range(random.integers(1, 5)):
            spread = np.array([_log_uniform(random, 1e-3, 0.6), 1.0, _log_uniform(random, 1e-3, 0.6)])
            centre = random.integers(1, points - 1)
            rays[row, centre - 1 : centre + 2] += spread * sigma[row] * _log_uniform(random, 5, 1000)
    return rays
