"""Augmentation: spectra as another instrument, laser or exposure would have measured the same substance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.mae import corruption
from ramanstudio.mae.config import EmbedderConfig

Floats = NDArray[np.floating[Any]]
MIN_LENGTH_CM = 350.0  # of an augmented spectrum


def augment(
    random: np.random.Generator, config: EmbedderConfig, rows: Floats, measured: Floats
) -> tuple[Floats, Floats]:
    """Broaden, shift, tilt, add noise to and crop `rows` (N, G), `measured` (N, G) -> the same two, augmented."""
    n_spectra, points = rows.shape
    moved = _blur_and_shift(random, config, rows, measured)
    axis = np.broadcast_to(np.linspace(0.0, 1.0, points), rows.shape)
    bend = np.sin(2 * np.pi * (axis * random.uniform(0.3, 1.5, (n_spectra, 1)) + random.random((n_spectra, 1))))
    height = corruption.line_height(moved)
    moved = moved * (1 + random.uniform(0, 0.4, (n_spectra, 1)) * bend) + height * corruption.fluorescence(random, axis)
    snr = np.exp(random.uniform(np.log(3), np.log(120), (n_spectra, 1)))
    noise = height / snr * random.standard_normal(rows.shape, dtype=np.float32)
    kept = _crop(random, config, measured)
    return ((moved + noise) * kept).astype(np.float32), kept


def _blur_and_shift(random: np.random.Generator, config: EmbedderConfig, rows: Floats, measured: Floats) -> Floats:
    """Broaden lines by up to 6 cm⁻¹ (standard deviation) and shift them by up to 4 cm⁻¹, in Fourier space."""
    n_spectra, points = rows.shape
    frequency = np.fft.rfftfreq(2 * points)
    blur = random.uniform(0, 6, (n_spectra, 1)) / config.step_cm * (random.random((n_spectra, 1)) < 0.7)
    shift = random.uniform(-4, 4, (n_spectra, 1)) / config.step_cm
    response = np.exp(-2 * (np.pi * frequency * blur) ** 2 - 2j * np.pi * frequency * shift)
    mean = (rows * measured).sum(axis=1, keepdims=True) / np.maximum(measured.sum(axis=1, keepdims=True), 1)
    centred = np.where(measured > 0, rows - mean, 0)
    moved: Floats = np.fft.irfft(np.fft.rfft(centred, 2 * points, axis=1) * response, axis=1)[:, :points]
    return moved.astype(np.float32)


def _crop(random: np.random.Generator, config: EmbedderConfig, measured: Floats) -> Floats:
    """Keep a random range of what was `measured` (N, G), in half of the spectra."""
    kept = measured.copy()
    shortest = int(MIN_LENGTH_CM / config.step_cm)
    for row in np.flatnonzero(random.random(len(measured)) < 0.5):
        inside = np.flatnonzero(measured[row])
        if len(inside) > shortest:
            length = random.integers(shortest, len(inside) + 1)
            start = inside[0] + random.integers(len(inside) - length + 1)
            kept[row, :start] = 0
            kept[row, start + length :] = 0
    return kept
