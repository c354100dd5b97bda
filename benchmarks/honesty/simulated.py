"""Spectra whose truth is known to the last digit: Voigt lines on a smooth fluorescence, under noise.

Written apart from what the model is trained on (`ramanstudio/mae/corruption.py`), with other profiles, widths, numbers
of lines and fluorescence; only the drift between repeats is the same, because that is measured and not made up.
The signal-to-noise ratio is the height of the strongest line (of all lines together) above the fluorescence, over the
root mean square of the noise that is added; drift does not count in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.mae.corruption import drift

Floats = NDArray[np.float64]

AXIS = np.linspace(200.0, 3200.0, 1000)  # cm⁻¹
NARROWEST_CM, WIDEST_CM = 7.0, 45.0  # full widths at half maximum
FEWEST_LINES, MOST_LINES = 3, 25
WEAKEST = 0.05  # times the strongest line
SIGMAS_IN_FWHM = 2.3548


@dataclass(frozen=True, slots=True)
class Lines:
    """Voigt lines: centre and full width at half maximum, both (n,) cm⁻¹, height (n,), Lorentzian share (n,)."""

    centre: Floats
    width: Floats
    height: Floats
    lorentz: Floats

    def on(self, axis: Floats) -> Floats:
        """Their sum at each point of an `axis` (B,) -> (B,).

        The widths of both parts that give the full width wanted: Olivero and Longbothum 1977,
        width = 0.5346 l + √(0.2166 l² + g²) with l the Lorentzian and g the Gaussian full width.
        """
        lorentzian = self.lorentz * self.width
        gaussian = np.sqrt(np.maximum((self.width - 0.5346 * lorentzian) ** 2 - 0.2166 * lorentzian**2, 1e-6))
        sigma, gamma = gaussian[:, None] / SIGMAS_IN_FWHM, lorentzian[:, None] / 2
        profile = voigt_profile(axis - self.centre[:, None], sigma, gamma) / voigt_profile(0, sigma, gamma)
        summed: Floats = self.height @ profile
        return summed


@dataclass(frozen=True, slots=True)
class Simulated:
    """Noisy spectra `raw` (N, B), what they would be without noise and drift, `truth` (N, B), and their lines."""

    raw: SpectrumSet
    truth: Floats
    lines: tuple[Lines, ...]


def crowd(random: np.random.Generator) -> Lines:
    """A number of lines at random places, the strongest of height one, most of them weak."""
    n_lines = int(random.integers(FEWEST_LINES, MOST_LINES + 1))
    height = np.exp(random.uniform(np.log(WEAKEST), 0, n_lines))
    return Lines(
        random.uniform(AXIS[0], AXIS[-1], n_lines),
        np.exp(random.uniform(np.log(NARROWEST_CM), np.log(WIDEST_CM), n_lines)),
        height / height.max(),
        random.random(n_lines),
    )


def isolated(random: np.random.Generator, width_cm: float, n_lines: int = 5) -> Lines:
    """Lines of one width and of height one, too far apart to touch."""
    spacing = (AXIS[-1] - AXIS[0]) / n_lines
    centre = AXIS[0] + spacing * (np.arange(n_lines) + 0.5) + random.uniform(-0.08, 0.08, n_lines) * spacing
    return Lines(centre, np.full(n_lines, width_cm), np.ones(n_lines), random.random(n_lines))


def fluorescence(random: np.random.Generator) -> Floats:
    """One broad hump over a constant, a tenth to ten times the strongest line -> (B,)."""
    abscissa = np.linspace(-1, 1, len(AXIS))
    strength = np.exp(random.uniform(np.log(0.1), np.log(10)))
    hump = np.exp(-0.5 * ((abscissa - random.uniform(-1.5, 1.5)) / random.uniform(0.5, 1.5)) ** 2)
    background: Floats = strength * (hump + random.random())
    return background


def noise_level(random: np.random.Generator, truth: Floats, sigma: float) -> Floats:
    """The standard deviation of each sample's noise (B,): read noise, and in two of five spectra shot noise too."""
    shot = 0.5 * random.random() * (random.random() < 0.4)
    level = np.sqrt(1 - shot + shot * truth / truth.mean())
    scale: Floats = sigma * level / np.sqrt(np.mean(level**2))
    return scale


def simulate(seed: int, n_spectra: int, snr: float, drifting: bool, width_cm: float | None = None) -> Simulated:
    """Spectra at one signal-to-noise ratio, with the drift between repeats or without.

    Crowded with lines of many widths, or with isolated ones of `width_cm`.
    """
    random = np.random.default_rng(seed)
    lines = tuple(crowd(random) if width_cm is None else isolated(random, width_cm) for _ in range(n_spectra))
    pure = np.stack([line.on(AXIS) for line in lines])
    height = pure.max(axis=1, keepdims=True)
    truth = pure + height * np.stack([fluorescence(random) for _ in lines])
    scale = np.stack([noise_level(random, row, float(top) / snr) for row, top in zip(truth, height[:, 0], strict=True)])
    raw = truth + scale * random.standard_normal(truth.shape)
    if drifting:
        raw += drift(random, truth, height, scale)
    return Simulated(SpectrumSet.of(AXIS, raw), truth, lines)
