"""What a spectrometer does to a spectrum: lines, fluorescence, noise. Arrays in, arrays out, all at random from a seed.

Everything works on N spectra of B samples at once: `axis` (N, B) in cm⁻¹, intensities (N, B).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.signal.snr import drift_between_repeats

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator

LOWEST_SNR, HIGHEST_SNR = 0.7, 600.0


def _between(random: Random, low: float, high: float, size: Any = None) -> Any:
    """Numbers whose logarithm is uniform between those of `low` and `high`."""
    return np.exp(random.uniform(np.log(low), np.log(high), size))


def simulated_lines(random: Random, axis: Floats) -> Floats:
    """Spectra as sums of pseudo-Voigt lines, sharp to broad, the strongest near 1 -> (N, B) float32.

    The widths span those fitted to minerals (3 cm⁻¹) and to glasses and polymers (over 100 cm⁻¹); none is sharper
    than two samples, as the spectrometer's slit would leave it.
    """
    rows = np.empty(axis.shape, dtype=np.float32)
    for row, shifts in zip(rows, axis.astype(np.float32), strict=True):
        count = int(_between(random, 1.5, 60))
        span, step = shifts[-1] - shifts[0], (shifts[-1] - shifts[0]) / (len(shifts) - 1)
        centre = random.uniform(shifts[0] - 0.02 * span, shifts[-1] + 0.02 * span, (count, 1)).astype(np.float32)
        typical = _between(random, 4, 40)
        width = np.maximum(typical * _between(random, 0.4, 2.5, (count, 1)), 2 * step).astype(np.float32)
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
    """A broad smooth background, from none to thirty times the strongest line -> (N, B) float32."""
    many, count = axis.shape[0], 3
    place = (axis - axis[:, :1]) / (axis[:, -1:] - axis[:, :1])
    centre = random.uniform(-0.5, 1.5, (many, count, 1))
    width = random.uniform(0.2, 1.2, (many, count, 1))
    height = random.random((many, count, 1)) ** 2
    humps = (height * np.exp(-0.5 * ((place[:, None] - centre) / width) ** 2)).sum(axis=1)
    slope = random.normal(0, 0.3, (many, 1)) * place + random.uniform(0, 1, (many, 1))
    strength = _between(random, 0.03, 30, (many, 1)) * (random.random((many, 1)) < 0.75)
    background: Floats = (strength * np.maximum(humps + slope, 0)).astype(np.float32)
    return background


def line_height(values: Floats) -> Floats:
    """How high the strong lines of `values` (N, B) stand over their own low level -> (N, 1)."""
    low, high = np.percentile(values, [20, 99.7], axis=1)
    height: Floats = np.maximum(high - low, 1e-6)[:, None]
    return height


def noise_scale(random: Random, clean: Floats, height: Floats, best_snr: Floats) -> Floats:
    """The standard deviation of each sample's noise (N, B): a signal-to-noise ratio at random, read and shot noise.

    `height` (N, 1) is the signal; `best_snr` (N, 1) bounds the ratio for targets that are not free of noise themselves.
    One in fifty spectra has no noise at all.
    """
    many = len(clean)
    upper = np.clip(best_snr, LOWEST_SNR * 1.5, HIGHEST_SNR)
    snr = np.exp(random.uniform(np.log(LOWEST_SNR), np.log(upper)))
    shot = random.random((many, 1)) * (random.random((many, 1)) < 0.6)
    level = clean - clean.min(axis=1, keepdims=True)
    level = level / (level.mean(axis=1, keepdims=True) + 1e-9)
    noisy = random.random((many, 1)) >= 0.02
    scale: Floats = (noisy * height / snr * np.sqrt(1 - shot + shot * level)).astype(np.float32)
    return scale


def white_or_resampled(random: Random, shape: tuple[int, int]) -> Floats:
    """Standard normal noise (N, B), white or, in one spectrum of six, as vendor software leaves it after resampling."""
    noise = random.standard_normal(shape, dtype=np.float32)
    for row in np.flatnonzero(random.random(shape[0]) < 1 / 6):
        coarser = random.uniform(1.05, 4.0)
        knots = np.arange(int(shape[1] / coarser) + 3)
        place = np.arange(shape[1]) / coarser + random.random()
        noise[row] = np.interp(place, knots, random.standard_normal(len(knots)))
    return noise


def drift(random: Random, clean: Floats, height: Floats, scale: Floats) -> Floats:
    """What differs from repeat to repeat beside white noise -> (N, B).

    A slow ripple, and in half of the spectra a slight shift of the lines. `height` (N, 1) is the signal and `scale`
    (N, B) the noise; no denoiser can remove it, so it counts in the expected error alone.
    """
    many, points = clean.shape
    slow = np.empty(clean.shape, dtype=np.float32)
    for row in slow:
        spacing = _between(random, 6, 100)
        knots = np.arange(int(points / spacing) + 3)
        row[:] = np.interp(np.arange(points) / spacing + random.random(), knots, random.standard_normal(len(knots)))
    shifted = np.gradient(clean, axis=1)
    shifted /= np.sqrt(np.mean(shifted**2, axis=1, keepdims=True)) + 1e-12
    share = random.random((many, 1)) * (random.random((many, 1)) < 0.5)
    sign = np.where(random.random((many, 1)) < 0.5, -1, 1)
    noise = np.sqrt(np.mean(scale**2, axis=1, keepdims=True))
    size = drift_between_repeats(height, noise) * random.lognormal(0, 0.35, (many, 1))
    both: Floats = (size * (np.sqrt(1 - share) * slow + np.sqrt(share) * sign * shifted)).astype(np.float32)
    return both


def cosmic_rays(random: Random, sigma: Floats, points: int) -> Floats:
    """Spikes of one to three samples, in a quarter of the spectra, five to a thousand `sigma` (N, 1) high -> (N, B)."""
    rays = np.zeros((len(sigma), points), dtype=np.float32)
    for row in np.flatnonzero(random.random(len(sigma)) < 0.25):
        for _ in range(random.integers(1, 5)):
            spread = np.array([_between(random, 1e-3, 0.6), 1.0, _between(random, 1e-3, 0.6)])
            at = random.integers(1, points - 1)
            rays[row, at - 1 : at + 2] += spread * sigma[row] * _between(random, 5, 1000)
    return rays
