"""The embedder: spectra on a regular grid in, feature vectors of unit length out."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.corruption import line_height
from ramanstudio.mae.network import TransformerLayer, fast_asinh, rotation_of

Floats = NDArray[np.floating[Any]]
BASELINE_SAMPLES = 32.0  # standard deviation of the mean that counts as baseline: 80 cm⁻¹, wider than a line
SLOPE_SAMPLES = 1.6  # of the one that a slope is taken of: 4 cm⁻¹, as narrow as a line
MIN_OVERLAP_CM = 300.0  # with the grid; what covers less says too little of a substance
PIECE = 128  # samples that are smoothed by one product
MASKED_SCORE = -1e4  # added to a score of attention


def scale_to_lines(rows: Floats) -> NDArray[np.float32]:
    """Scale `rows` (N, G) as the network was trained on them: their strong lines about one high."""
    scaled: NDArray[np.float32] = (rows / line_height(rows)).astype(np.float32)
    return scaled


@lru_cache(maxsize=8)
def _gaussian_band(deviation: float) -> tuple[int, NDArray[np.float32]]:
    """How far a Gaussian reaches, and a matrix (PIECE + 2 reach, PIECE) that convolves a piece with it."""
    reach = math.ceil(3 * deviation)
    offset = np.arange(PIECE + 2 * reach)[:, None] - reach - np.arange(PIECE)
    weights = np.where(np.abs(offset) <= reach, np.exp(-0.5 * (offset / deviation) ** 2), 0)
    return reach, weights.astype(np.float32)


def _smooth(rows: Tensor, deviation: float) -> Tensor:
    """Convolve `rows` (N, G) with a Gaussian, piece by piece as one matrix product: a tenth of conv1d's time."""
    reach, band = _gaussian_band(deviation)
    count = -(-rows.shape[1] // PIECE)
    padded = functional.pad(rows, (reach, reach + count * PIECE - rows.shape[1]))
    smooth = padded.unfold(1, PIECE + 2 * reach, PIECE) @ torch.from_numpy(band).to(rows)
    return smooth.flatten(1)[:, : rows.shape[1]]


def _local_mean(rows: Tensor, measured: Tensor, deviation: float) -> Tensor:
    """The Gaussian mean of `rows` (N, G) over what was `measured` (N, G)."""
    shared = measured[:1] if measured.stride(0) == 0 else measured  # one mask for all
    return _smooth(rows * shared, deviation) / _smooth(shared, deviation).clamp(min=1e-6)


def embedder_input(rows: Tensor, measured: Tensor) -> Tensor:
    """Return `rows` (N, G) above their baseline, and their slopes, each of unit RMS and asinh -> (N, 2, G)."""
    above = (rows - _local_mean(rows, measured, BASELINE_SAMPLES)) * measured
    smooth = _local_mean(rows, measured, SLOPE_SAMPLES) * measured
    inside = functional.pad(measured, (1, 1))
    slope = functional.pad(smooth, (1, 1))
    slope = (slope[:, 2:] - slope[:, :-2]) * inside[:, 2:] * inside[:, :-2]
    stacked = torch.stack([above, slope], dim=1)
    power = stacked.square().sum(dim=-1, keepdim=True) / measured.sum(dim=-1)[:, None, None].clamp(min=1)
    return fast_asinh(stacked / (power.sqrt() + 1e-12))


class Embedder(nn.Module):
    """A transformer over tokens of a spectrum on a grid, pooled by attention to a vector of unit length.

    The names of its layers are those in the weights files.
    """

    def __init__(self, plan: EmbedderConfig) -> None:
        super().__init__()
        self.plan = plan
        width = plan.width
        self.embed = nn.Linear(3 * plan.token, width)
        self.place = nn.Parameter(0.02 * torch.randn(plan.tokens, width))
        self.unseen = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(TransformerLayer(width, plan.heads) for _ in range(plan.layers))
        self.after = nn.LayerNorm(width)
        self.attend = nn.Linear(width, plan.heads)
        self.project = nn.Linear(plan.heads * width, plan.features)
        self.foretell = nn.Linear(width, plan.token)

    def forward(self, rows: Tensor, measured: Tensor, masked: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return features (N, D) of unit length, and the reconstructed spectra above their baseline (N, G).

        `rows` (N, G), `measured` (N, G) zeros and ones. Tokens that are `masked` (N, T) are not seen.
        """
        plan = self.plan
        n_spectra = len(rows)
        channels = torch.cat([embedder_input(rows, measured), measured[:, None]], dim=1)
        tokens = channels.view(n_spectra, 3, plan.tokens, plan.token).transpose(1, 2).flatten(2)
        absent = measured.view(n_spectra, plan.tokens, plan.token).mean(dim=-1) < 0.5
        absent = absent & ~absent.all(dim=1, keepdim=True)  # a spectrum beside the grid still gets a vector
        used = (~absent).any(dim=0).nonzero()[:, 0]  # only the columns that some spectrum of the batch has
        tokens, absent = self.embed(tokens[:, used]), absent[:, used]
        unpooled = absent
        if masked is not None:
            masked = masked[:, used] & ~(masked[:, used] | absent).all(dim=1, keepdim=True)
            tokens = torch.where(masked[..., None], self.unseen.to(tokens.dtype), tokens)
            unpooled = absent | masked
        tokens = tokens + self.place[used]
        bias = torch.zeros_like(absent, dtype=torch.float32).masked_fill(absent, MASKED_SCORE)
        rotation = rotation_of(used, plan.width // plan.heads // 2)
        for block in self.blocks:
            tokens = block(tokens, rotation, bias[:, None, None])
        tokens = self.after(tokens)
        weight = self.attend(tokens).float().masked_fill(unpooled[..., None], MASKED_SCORE).softmax(dim=1)
        pooled = torch.einsum("nth,ntw->nhw", weight, tokens.float()).flatten(1)
        rebuilt = torch.zeros(n_spectra, plan.tokens, plan.token, device=rows.device)
        rebuilt = rebuilt.index_copy(1, used, self.foretell(tokens).float())
        return functional.normalize(self.project(pooled).float(), dim=-1), rebuilt.flatten(1)
