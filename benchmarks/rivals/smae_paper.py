"""The masked autoencoder of the SMAE paper (arXiv 2504.16130), with its decoder put right; for comparison only.

A spectrum, scaled to mean 0 and standard deviation 1, is cut in patches beside one another. A random half of them goes
through the encoder with a token for the whole; a decoder of one layer rebuilds the hidden ones from what it gives, by
the mean square error. Sizes, position code, corruption and rates are those of the paper and its public code, but for
one thing: that code puts the encoded patches back at places counted with the token of the whole in front, so that every
one is rebuilt beside its own place. Here they go back where they came from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, pad

NOISE = (0.01, 0.05)  # standard deviation of what is added, on spectra between 0 and 1
DROPPED = 0.1  # share of points set to zero
SCALED = (0.9, 1.1)  # what each point is multiplied by
WIDEST_BLUR = 5  # points


@dataclass(frozen=True, slots=True)
class SmaePlan:
    """The size of the network, as published; lengths in points of the spectrum."""

    patch: int = 100
    width: int = 256
    depth: int = 8
    heads: int = 8
    decoder_depth: int = 1
    inner_width: int = 256
    mask_ratio: float = 0.5
    dropout: float = 0.1  # when it learns classes; none when it rebuilds


def standard(spectra: Tensor) -> Tensor:
    """Each of `spectra` (N, B) less its mean, over its standard deviation."""
    centred = spectra - spectra.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).sqrt().clamp_min(1e-6)


def position_codes(count: int, width: int) -> Tensor:
    """Sines and cosines of the places 0 to `count` - 1 (count, width), as of arXiv 1706.03762, halves side by side."""
    rates = 10_000.0 ** (-torch.arange(width // 2, dtype=torch.float64) / (width / 2))
    angle = torch.arange(count, dtype=torch.float64)[:, None] * rates
    return torch.cat([angle.sin(), angle.cos()], dim=1).float()


def varied(spectra: Tensor) -> Tensor:
    """`spectra` (n, B) between 0 and 1 as the paper corrupts them to learn from, each kind with even odds."""
    n_spectra = len(spectra)
    chance = torch.rand(4, n_spectra, 1, device=spectra.device)
    deviation = torch.empty(n_spectra, 1, device=spectra.device).uniform_(*NOISE)
    noisy = (spectra + deviation * torch.randn_like(spectra)).clamp(0, 1)
    width = int(torch.randint(1, WIDEST_BLUR + 1, (1,)))
    blurred = avg_pool1d(pad(spectra[:, None], ((width - 1) // 2, width // 2), mode="replicate"), width, 1)[:, 0]
    rows = torch.where(chance[0] < 0.5, torch.where(chance[1] < 0.5, blurred, noisy), spectra)
    rows = torch.where((chance[2] < 0.5) & (torch.rand_like(rows) < DROPPED), torch.zeros_like(rows), rows)
    scaled = (rows * torch.empty_like(rows).uniform_(*SCALED)).clamp(0, 1)
    return torch.where(chance[3] < 0.5, scaled, rows)


def layers(plan: SmaePlan, depth: int, dropout: float) -> nn.ModuleList:
    """Transformer layers, normalised before each of their halves."""
    return nn.ModuleList(
        nn.TransformerEncoderLayer(
            plan.width, plan.heads, plan.inner_width, dropout, "gelu", batch_first=True, norm_first=True
        )
        for _ in range(depth)
    )


class SmaeEncoder(nn.Module):
    """Spectra (N, B) -> a token of the whole and one of each patch that is seen (N, 1 + V, width)."""

    position_code: Tensor

    def __init__(self, points: int, plan: SmaePlan, dropout: float = 0.0) -> None:
        super().__init__()
        self.plan = plan
        self.patches = points // plan.patch
        self.embed = nn.Linear(plan.patch, plan.width)
        self.whole = nn.Parameter(0.02 * torch.randn(plan.width))
        self.layers = layers(plan, plan.depth, dropout)
        self.after = nn.LayerNorm(plan.width)
        self.register_buffer("position_code", position_codes(self.patches, plan.width), persistent=False)

    def patched(self, spectra: Tensor) -> Tensor:
        """The standard `spectra` (N, B) in patches (N, T, P); what does not fill the last patch is left out."""
        whole = self.patches * self.plan.patch
        return standard(spectra)[:, :whole].unflatten(1, (self.patches, self.plan.patch))

    def forward(self, spectra: Tensor, seen: Tensor | None = None) -> Tensor:
        """`seen` (N, V) says which patches of each spectrum are looked at; None is all."""
        tokens = self.embed(self.patched(spectra)) + self.position_code
        if seen is not None:
            tokens = taken(tokens, seen)
        tokens = torch.cat([self.whole.to(tokens.dtype).expand(len(tokens), 1, -1), tokens], dim=1)
        for layer in self.layers:
            tokens = layer(tokens)
        normal: Tensor = self.after(tokens)
        return normal

    def features(self, spectra: Tensor) -> Tensor:
        """The mean over all patches (N, width), which is what is clustered."""
        return self(spectra)[:, 1:].mean(dim=1)


def taken(tokens: Tensor, which: Tensor) -> Tensor:
    """The rows `which` (N, V) of `tokens` (N, T, D) -> (N, V, D)."""
    return tokens.gather(1, which[..., None].expand(-1, -1, tokens.shape[-1]))


class SmaePaper(nn.Module):
    """The autoencoder: spectra (N, B) and which patches are seen -> every patch rebuilt (N, T, P)."""

    position_code: Tensor

    def __init__(self, points: int, plan: SmaePlan | None = None) -> None:
        super().__init__()
        plan = plan or SmaePlan()
        self.plan = plan
        self.encoder = SmaeEncoder(points, plan)
        self.enter = nn.Linear(plan.width, plan.width)
        self.hidden = nn.Parameter(0.02 * torch.randn(plan.width))
        self.decoder = layers(plan, plan.decoder_depth, 0.0)
        self.after = nn.LayerNorm(plan.width)
        self.head = nn.Linear(plan.width, plan.patch)
        self.register_buffer("position_code", position_codes(self.encoder.patches, plan.width), persistent=False)

    def draw(self, n_spectra: int, device: torch.device) -> tuple[Tensor, int]:
        """A random order of the patches for each of `n_spectra` spectra (N, T), and how many of its first are seen."""
        count = self.encoder.patches
        order = torch.rand(n_spectra, count, device=device).argsort(dim=1)
        return order, max(1, math.floor(count * (1 - self.plan.mask_ratio)))

    def put_back(self, tokens: Tensor, order: Tensor) -> Tensor:
        """Patches seen (N, V, D) at their places among hidden ones (N, T, D); the token of the whole is not counted."""
        missing = self.hidden.to(tokens.dtype).expand(len(tokens), order.shape[1] - tokens.shape[1], -1)
        return taken(torch.cat([tokens, missing], dim=1), order.argsort(dim=1))

    def forward(self, spectra: Tensor, order: Tensor, seen: int) -> Tensor:
        """The first `seen` patches of `order` (N, T) are looked at."""
        tokens = self.enter(self.encoder(spectra, order[:, :seen]))
        rebuilt = torch.cat([tokens[:, :1], self.put_back(tokens[:, 1:], order) + self.position_code], dim=1)
        for layer in self.decoder:
            rebuilt = layer(rebuilt)
        patches: Tensor = self.head(self.after(rebuilt[:, 1:]))
        return patches


def loss_of_hidden(network: nn.Module, spectra: Tensor, _: Tensor | None) -> Tensor:
    """The mean square error of the patches of `spectra` (n, B) that were hidden."""
    assert isinstance(network, SmaePaper)
    order, seen = network.draw(len(spectra), spectra.device)
    wrong = network(spectra, order, seen).float() - network.encoder.patched(spectra)
    return taken(wrong, order[:, seen:]).square().mean()


class SmaeClassifier(nn.Module):
    """The encoder with a linear layer on its token of the whole: spectra (N, B) -> scores of the classes (N, K)."""

    def __init__(self, points: int, classes: int, plan: SmaePlan | None = None) -> None:
        super().__init__()
        plan = plan or SmaePlan()
        self.encoder = SmaeEncoder(points, plan, plan.dropout)
        self.head = nn.Linear(plan.width, classes)

    def forward(self, spectra: Tensor) -> Tensor:
        scores: Tensor = self.head(self.encoder(spectra)[:, 0])
        return scores
