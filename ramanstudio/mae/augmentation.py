"""Corrupted views of a spectrum: what another instrument, laser or exposure would have made of the same substance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.mae import corruption
from ramanstudio.mae.config import EmbedderConfig

Floats = NDArray[np.floating[Any]]
BLURS = 6
SHORTEST_CM = 350.0  # a view is at least so long


def view(random: np.random.Generator, plan: EmbedderConfig, rows: Floats, measured: Floats) -> tuple[Floats, Floats]:
    """A view of each of `rows` (N, G), `measured` (N, G) -> the same two: broadened, shifted, bent, noisy, cropped."""
    many, points = rows.shape
    moved = _blurred_and_shifted(random, plan, rows, measured)
    axis = np.broadcast_to(np.linspace(0.0, 1.0, points), rows.shape)
    bend = np.sin(2 * np.pi * (axis * random.uniform(0.3, 1.5, (many, 1)) + random.random((many, 1))))
    height = corruption.line_height(moved)
    moved = moved * (1 + random.uniform(0, 0.4, (many, 1)) * bend) + height * corruption.fluorescence(random, axis)
    snr = np.exp(random.uniform(np.log(3), np.log(120), (many, 1)))
    noise = height / snr * random.standard_normal(rows.shape, dtype=np.float32)
    kept = _cropped(random, plan, measured)
    return ((moved + noise) * kept).astype(np.float32), kept


def _blurred_and_shifted(random: np.random.Generator, plan: EmbedderConfig, rows: Floats, measured: Floats) -> Floats:
    """Lines up to 6 cm⁻¹ (standard deviation) broader and up to 4 cm⁻¹ away, by way of the Fourier transform."""
    many, points = rows.shape
    frequency = np.fft.rfftfreq(2 * points)
    blur = random.uniform(0, 6, (many, 1)) / plan.step_cm * (random.random((many, 1)) < 0.7)
    shift = random.uniform(-4, 4, (many, 1)) / plan.step_cm
    response = np.exp(-2 * (np.pi * frequency * blur) ** 2 - 2j * np.pi * frequency * shift)
    mean = (rows * measured).sum(axis=1, keepdims=True) / np.maximum(measured.sum(axis=1, keepdims=True), 1)
    whole = np.where(measured > 0, rows - mean, 0)
    moved: Floats = np.fft.irfft(np.fft.rfft(whole, 2 * points, axis=1) * response, axis=1)[:, :points]
    return moved.astype(np.float32)


def _cropped(random: np.random.Generator, plan: EmbedderConfig, measured: Floats) -> Floats:
    """A random range of what was `measured`, in half of the spectra."""
    kept = measured.copy()
    shortest = int(SHORTEST_CM / plan.step_cm)
    for row in np.flatnonzero(random.random(len(measured)) < 0.5):
        inside = np.flatnonzero(measured[row])
        if len(inside) > shortest:
            length = random.integers(shortest, len(inside) + 1)
            start = inside[0] + random.integers(len(inside) - length + 1)
            kept[row, :start] = 0
            kept[row, start + length :] = 0
    return kept
