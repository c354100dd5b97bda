"""One batch that pretraining learns from: clean spectra, real and simulated, with what corrupts them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from ramanstudio.mae import corruption
from ramanstudio.mae.config import PretrainingConfig
from ramanstudio.mae.corpus import Corpus
from ramanstudio.signal.snr import noise_sigma

RAY_PRECISION = 10.0  # a cosmic ray's height need be known to a tenth: what it hit is lost anyhow


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """A batch in units of sigma: the corrupted `samples` (N, B) at `axis` (N, B) cm⁻¹, and what is to be found.

    `noise` (N, B) is what was added and can be found, `drift` (N, B) what was added and cannot; `weight` (N, B) is
    one over the local variance where that exceeds one.
    """

    samples: Tensor
    axis: Tensor
    noise: Tensor
    drift: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> TrainingBatch:
        return TrainingBatch(*(getattr(self, one.name).to(device) for one in fields(self)))


def draw_batch(random: np.random.Generator, real: Corpus, plan: PretrainingConfig, points: int) -> TrainingBatch:
    """A corrupted batch of `points` samples: real spectra and simulated ones, fluorescence, noise."""
    many = max(2, plan.samples_a_step // points)
    axis, clean, best = real.draw(random, many, points)
    simulated = random.random(many) >= plan.real_share
    clean[simulated] = corruption.simulated_lines(random, axis[simulated])
    best[simulated] = np.inf
    height = corruption.line_height(clean)
    clean = clean + height * corruption.fluorescence(random, axis)
    scale = corruption.noise_scale(random, clean, height, best)
    noise = scale * corruption.white_or_resampled(random, clean.shape)
    drift = corruption.drift(random, clean, height, scale)
    rays = corruption.cosmic_rays(random, scale.mean(axis=1, keepdims=True), points)
    # everything in units of the noise level that a reader of the corrupted spectra would measure
    raw = clean + noise + drift + rays
    sigma = np.maximum(noise_sigma(raw), 1e-6 * np.ptp(clean, axis=1) + 1e-9)[:, None]
    weight = 1 / np.maximum(1, (scale**2 + (rays / RAY_PRECISION) ** 2) / sigma**2)
    rows = ((raw - np.median(raw, axis=1, keepdims=True)) / sigma, axis, (noise + rays) / sigma, drift / sigma, weight)
    return TrainingBatch(*(torch.from_numpy(np.ascontiguousarray(row, dtype=np.float32)) for row in rows))
