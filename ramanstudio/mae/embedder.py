"""The network that says what a spectrum is of: spectra on one grid in, vectors of unit length out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.corruption import line_height
from ramanstudio.mae.network import TransformerLayer

Floats = NDArray[np.floating[Any]]
BASELINE_SAMPLES = 32.0  # standard deviation of the mean that counts as baseline: 80 cm⁻¹, wider than a line
SMOOTH_SAMPLES = 1.6  # of the one that a slope is taken of: 4 cm⁻¹, as narrow as a line
FEWEST_CM = 300.0  # what covers less of the grid says too little of a substance
NEVER = -1e4  # added to a score of attention


def prepared(rows: Floats) -> NDArray[np.float32]:
    """`rows` (N, G) on the scale that the network learned on: their strong lines about one high."""
    scaled: NDArray[np.float32] = (rows / line_height(rows)).astype(np.float32)
    return scaled


def _bell(deviation: float, like: Tensor) -> Tensor:
    reach = math.ceil(3 * deviation)
    place = torch.arange(-reach, reach + 1, device=like.device, dtype=like.dtype)
    return torch.exp(-0.5 * (place / deviation) ** 2)[None, None]


def _local_mean(rows: Tensor, measured: Tensor, deviation: float) -> Tensor:
    """The mean of `rows` (N, G) over a Gaussian window of what was `measured` (N, G)."""
    bell = _bell(deviation, rows)
    reach = bell.shape[-1] // 2
    total = functional.conv1d((rows * measured)[:, None], bell, padding=reach)
    weight = functional.conv1d(measured[:, None], bell, padding=reach)
    return (total / weight.clamp(min=1e-6))[:, 0]


def readings(rows: Tensor, measured: Tensor) -> Tensor:
    """Two readings of `rows` (N, G) -> (N, 2, G): above the baseline, and the slope, each of unit RMS, asinh."""
    above = (rows - _local_mean(rows, measured, BASELINE_SAMPLES)) * measured
    smooth = _local_mean(rows, measured, SMOOTH_SAMPLES) * measured
    both = functional.pad(measured, (1, 1))
    slope = functional.pad(smooth, (1, 1))
    slope = (slope[:, 2:] - slope[:, :-2]) * both[:, 2:] * both[:, :-2]
    stacked = torch.stack([above, slope], dim=1)
    power = stacked.square().sum(dim=-1, keepdim=True) / measured.sum(dim=-1)[:, None, None].clamp(min=1)
    return torch.asinh(stacked / (power.sqrt() + 1e-12))


class Embedder(nn.Module):
    """A transformer over tokens of a spectrum on a grid, pooled by attention to a vector of unit length."""

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

    def forward(self, rows: Tensor, measured: Tensor, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`rows` (N, G), `measured` (N, G) zeros and ones -> features (N, D), and the first reading foretold (N, G).

        What is in tokens that are `hidden` (N, T) is not looked at.
        """
        plan = self.plan
        many = len(rows)
        views = torch.cat([readings(rows, measured), measured[:, None]], dim=1)
        tokens = views.view(many, 3, plan.tokens, plan.token).transpose(1, 2).flatten(2)
        absent = measured.view(many, plan.tokens, plan.token).mean(dim=-1) < 0.5
        absent = absent & ~absent.all(dim=1, keepdim=True)  # a spectrum beside the grid still gets an answer
        seen = (~absent).any(dim=0).nonzero()[:, 0]  # only the columns that some spectrum of the batch has
        tokens, absent = self.embed(tokens[:, seen]), absent[:, seen]
        unpooled = absent
        if hidden is not None:
            hidden = hidden[:, seen] & ~(hidden[:, seen] | absent).all(dim=1, keepdim=True)
            tokens = torch.where(hidden[..., None], self.unseen.to(tokens.dtype), tokens)
            unpooled = absent | hidden
        tokens = tokens + self.place[seen]
        blind = torch.zeros_like(absent, dtype=torch.float32).masked_fill(absent, NEVER)
        for block in self.blocks:
            tokens = block(tokens, seen, blind[:, None, None])
        tokens = self.after(tokens)
        weight = self.attend(tokens).float().masked_fill(unpooled[..., None], NEVER).softmax(dim=1)
        pooled = torch.einsum("nth,ntw->nhw", weight, tokens.float()).flatten(1)
        foretold = torch.zeros(many, plan.tokens, plan.token, device=rows.device)
        foretold = foretold.index_copy(1, seen, self.foretell(tokens).float())
        return functional.normalize(self.project(pooled).float(), dim=-1), foretold.flatten(1)
