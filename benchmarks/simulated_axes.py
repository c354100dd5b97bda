"""Spectra of standards on axes whose error is known: what the calibration benchmark and its tests are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.calibration.substances import Substance
from ramanstudio.core.spectra import SpectrumSet

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Distortion:
    """How an axis is wrong: shown = true + offset + scale (true - middle) + bend T3, T3 from -1 to 1 over the range."""

    offset_cm: float
    scale: float
    bend_cm: float
    low_cm: float
    high_cm: float

    def shown(self, true: Floats) -> Floats:
        """Return where the wrong axis shows true positions (K,)."""
        unit = (2 * true - self.low_cm - self.high_cm) / (self.high_cm - self.low_cm)
        cubic = 4 * unit**3 - 3 * unit
        return true + self.offset_cm + self.scale * true + self.bend_cm * cubic


def random_distortion(rng: np.random.Generator, low_cm: float, high_cm: float) -> Distortion:
    """Draw an offset within ± 50 cm⁻¹, a scale within ± 3 % and a cubic within ± 5 cm⁻¹."""
    return Distortion(*(float(rng.uniform(-limit, limit)) for limit in (50, 0.03, 5)), low_cm, high_cm)


def spectrum_of(
    substance: Substance,
    rng: np.random.Generator,
    snr: float = 20.0,
    distortion: Distortion | None = None,
    low_cm: float = 150.0,
    high_cm: float = 3300.0,
    step_cm: float = 1.5,
    laser_nm: float = 532.0,
    line_sd_cm: float | Floats = 0.0,
) -> SpectrumSet:
    """Simulate one spectrum of a substance with white noise of 1/`snr` of its strongest line, on a wrong axis.

    Lines are pseudo-Voigt, 5 to 10 cm⁻¹ wide (lamps 2.5 to 4, C-H stretches 2.5 times as wide), relative intensities
    vary by a factor of up to 1.5, the background is a slope. `line_sd_cm` displaces each line at random.
    """
    distortion = distortion or Distortion(0, 0, 0, low_cm, high_cm)
    true = np.arange(low_cm, high_cm, step_cm)
    values = rng.uniform(0, 1) + rng.uniform(-0.5, 0.5) * (true - low_cm) / (high_cm - low_cm)
    positions = substance.shifts(laser_nm) + rng.normal(0, 1, len(substance.lines)) * line_sd_cm
    strengths = substance.strengths * np.exp(rng.uniform(-0.4, 0.4, len(positions)))
    inside = (positions > low_cm) & (positions < high_cm)
    strengths = strengths / max(strengths[inside].max(initial=0.0), 1e-9)
    width = rng.uniform(2.5, 4.0) if substance.is_lamp else rng.uniform(5.0, 10.0)
    share = rng.uniform(0.2, 0.9)
    for position, strength in zip(positions, strengths, strict=True):
        fwhm = 2.5 * width if position > 2700 and not substance.is_lamp else width
        u = (true - position) / max(fwhm, 1.5 * step_cm)
        values = values + strength * (share / (1 + 4 * u**2) + (1 - share) * np.exp(-2.772588722 * u**2))
    values = values + rng.normal(0, 1 / snr, len(true))
    return SpectrumSet.of(distortion.shown(true), values, laser_nm=laser_nm)
