"""The batches of pretraining: clean spectra, real and simulated, and what corrupts them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from ramanstudio.mae import corruption
from ramanstudio.mae.config import PretrainingConfig
from ramanstudio.mae.corpus import Corpus
from ramanstudio.signal.snr import noise_sigma

RAY_PRECISION = 10.0  # a cosmic ray's height need only be known to a tenth: what it hit is lost anyhow


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """A batch in units of sigma: corrupted `samples` (N, B) at `axis` (N, B) cm⁻¹, and the targets.

    `noise` (N, B) was added and is to be predicted, `drift` (N, B) was added and cannot be; `weight` (N, B) is one over
    the local variance where that exceeds one.
    """

    samples: Tensor
    axis: Tensor
    noise: Tensor
    drift: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> TrainingBatch:
        """Return the batch on `device`."""
        return TrainingBatch(*(getattr(self, field.name).to(device) for field in fields(self)))


def draw_batch(random: np.random.Generator, corpus: Corpus, config: PretrainingConfig, points: int) -> TrainingBatch:
    """Draw a batch of spectra with `points` samples, real and simulated, and add fluorescence, noise and drift."""
    n_spectra = max(2, config.samples_per_step // points)
    axis, clean, best_snr = corpus.draw(random, n_spectra, points)
    simulated = random.random(n_spectra) >= config.real_share
    clean[simulated] = corruption.simulated_lines(random, axis[simulated])
    best_snr[simulated] = np.inf
    height = corruption.line_height(clean)
    clean = clean + height * corruption.fluorescence(random, axis)
    scale = corruption.noise_scale(random, clean, height, best_snr)
    noise = scale * corruption.white_or_resampled(random, clean.shape)
    drift = corruption.drift(random, clean, height, scale)
    rays = corruption.cosmic_rays(random, scale.mean(axis=1, keepdims=True), points)
    # everything in units of the noise that would be measured in the corrupted spectra
    raw = clean + noise + drift + rays
    sigma = np.maximum(noise_sigma(raw), 1e-6 * np.ptp(clean, axis=1) + 1e-9)[:, None]
    weight = 1 / np.maximum(1, (scale**2 + (rays / RAY_PRECISION) ** 2) / sigma**2)
    rows = ((raw - np.median(raw, axis=1, keepdims=True)) / sigma, axis, (noise + rays) / sigma, drift / sigma, weight)
    return TrainingBatch(*(torch.from_numpy(np.ascontiguousarray(row, dtype=np.float32)) for row in rows))
