"""The spectrum autoencoder (after SMAE, arXiv 2504.16130): tensors in, tensors out, in units of sigma and cm⁻¹."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ramanstudio.mae.config import NetworkConfig

OUTPUTS = 4  # noise, log variance, signal, cosmic ray
RAY_LOGIT = -6.0  # of a sample hit by a cosmic ray, before training
TREND_DEGREE = 6
SMOOTHING = 9  # samples; above such a mean the noise is visible even on the flank of a strong peak
WIDE_SMOOTHING = 49  # samples; wider than most lines
RAY_REACH = 3  # samples; a cosmic ray is no wider than five, so these neighbours lie outside it
POSITION_SCALES_CM = (8.0, 20.0, 50.0, 125.0, 320.0, 800.0, 2000.0, 5000.0)


def cpu_has_bf16() -> bool:
    """Return whether this CPU has bf16 instructions; without them it is emulated, and slower than 32 bits."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def bf16_pays(device: torch.device) -> bool:
    """Return whether training in bf16 is faster on `device`: on a GPU, and on a CPU that has the instructions."""
    return device.type == "cuda" or (device.type == "cpu" and cpu_has_bf16())


def fast_asinh(samples: Tensor) -> Tensor:
    """Return asinh of `samples`: linear for small values, logarithmic for large ones; four times as fast as torch's."""
    size = samples.abs()
    return torch.copysign(torch.log(size + torch.sqrt(size * size + 1)), samples)


@lru_cache(maxsize=64)
def _trend_basis(points: int) -> NDArray[np.float32]:
    """Orthonormal polynomials (B, TREND_DEGREE + 1) of `points` samples; as numpy, because a tensor is of one mode."""
    powers = np.linspace(-1, 1, points)[:, None] ** np.arange(TREND_DEGREE + 1)
    return np.ascontiguousarray(np.linalg.qr(powers)[0], dtype=np.float32)


def detrend(samples: Tensor) -> Tensor:
    """Subtract from `samples` (N, B) their least-squares polynomial: fluorescence would use up the range of asinh.

    Row by row: a product of so few columns is rounded in another way for another N, and a spectrum must not depend on
    which others are computed with it.
    """
    basis = torch.from_numpy(_trend_basis(samples.shape[1]).T).to(samples)
    coefficients = (samples[:, None] * basis).sum(dim=2)
    trend: Tensor = (coefficients[:, :, None] * basis).sum(dim=1)
    return samples - trend


def input_channels(samples: Tensor) -> Tensor:
    """Return the four input channels of `samples` (N, B) in units of sigma -> (N, 4, B).

    The spectrum without its trend, above a short moving mean, its curvature, and above a mean wider than most lines,
    all as asinh. The last three resolve one sigma on top of a peak of a thousand.
    """
    padded = functional.pad(samples[:, None], (1, 1), mode="replicate")[:, 0]
    curvature = (padded[:, 2:] - 2 * samples + padded[:, :-2]) / math.sqrt(6)
    short, wide = (
        functional.avg_pool1d(samples[:, None], width, 1, width // 2, count_include_pad=False)[:, 0]
        for width in (SMOOTHING, WIDE_SMOOTHING)
    )
    return fast_asinh(torch.stack([detrend(samples), samples - short, curvature, samples - wide], dim=1))


def above_neighbours(samples: Tensor) -> Tensor:
    """Return how far each of `samples` (N, B) stands above the mean of the two that are RAY_REACH away."""
    padded = functional.pad(samples[:, None], (RAY_REACH, RAY_REACH), mode="replicate")[:, 0]
    return samples - (padded[:, 2 * RAY_REACH :] + padded[:, : -2 * RAY_REACH]) / 2


def rotation_of(position: Tensor, half: int) -> tuple[Tensor, Tensor]:
    """Return cosine and sine (T, D / 2) of the angles by which heads are rotated at each `position` (T,)."""
    rates = 30.0 ** (-torch.arange(half, device=position.device, dtype=torch.float32) / half)
    angle = position[:, None].to(torch.float32) * rates
    return angle.cos(), angle.sin()


def rotate(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate `heads` (..., T, D) by the positions of their tokens (RoPE, arXiv 2104.09864)."""
    cosine, sine = (part.to(heads.dtype) for part in rotation)
    first, second = heads.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


def attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention, (N, H, T, D) each -> (N, H, T, D); `bias` is added to the scores."""
    if query.device.type != "cpu" or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, None if bias is None else bias.to(query))
    with torch.autocast("cpu", enabled=False):  # its backward pass is five times slower in bf16 than in 32 bits
        return functional.scaled_dot_product_attention(query.float(), key.float(), value.float(), bias)


class TransformerLayer(nn.Module):
    """One transformer layer: tokens (N, T, width) and their positions (T,) -> tokens (N, T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.before_mixing = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor, rotation: tuple[Tensor, Tensor], bias: Tensor | None = None) -> Tensor:
        """Attend and mix `tokens` (N, T, width), rotated by position; `bias` is added to the attention scores."""
        n_spectra, count, width = tokens.shape
        heads = self.query_key_value(self.before_attention(tokens)).view(n_spectra, count, 3, self.heads, -1)
        heads = heads.permute(2, 0, 3, 1, 4)
        query, key = rotate(heads[:2], rotation)
        attended = attention(query, key, heads[2], bias).transpose(1, 2).reshape(n_spectra, count, width)
        in_place = not torch.is_grad_enabled()  # memory that is not taken anew is a tenth of the time
        attended = self.join(attended)
        tokens = attended.add_(tokens) if in_place else tokens + attended
        # SiLU instead of GELU: the error function took a quarter of the whole network's time on a CPU
        mixed = self.narrow(functional.silu(self.widen(self.before_mixing(tokens)), inplace=in_place))
        result: Tensor = mixed.add_(tokens) if in_place else tokens + mixed
        return result


class SpectrumAutoencoder(nn.Module):
    """A masked autoencoder over overlapping windows of a spectrum on any axis.

    Each token is a window of samples with its position in cm⁻¹ and its sampling step. For every sample it predicts the
    noise in units of sigma, the logarithm of the variance of the error, and, for masked windows, the signal itself
    (asinh of sigma units). A cosmic ray is a thousand sigma high as often as ten, so the network predicts only the
    probability of one; its height is measured against its neighbours. The names of the layers are those in the weights
    files.
    """

    taper: Tensor

    def __init__(self, plan: NetworkConfig) -> None:
        super().__init__()
        self.plan = plan
        width = plan.width
        self.embed = nn.Linear(4 * plan.window, width)
        self.embed_place = nn.Linear(2 * len(POSITION_SCALES_CM) + 1, width)
        self.encoder = nn.ModuleList(TransformerLayer(width, plan.heads) for _ in range(plan.encoder_layers))
        self.after_encoder = nn.LayerNorm(width)
        self.hidden_token = nn.Parameter(torch.zeros(width))
        self.decoder = nn.ModuleList(TransformerLayer(width, plan.heads) for _ in range(plan.decoder_layers))
        self.after_decoder = nn.LayerNorm(width)
        self.head = nn.Linear(width, OUTPUTS * plan.window)
        self.register_buffer("taper", torch.hann_window(plan.window, periodic=True) + 1e-3, persistent=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.head.bias[-plan.window :], RAY_LOGIT)
        nn.init.normal_(self.hidden_token, std=0.02)

    def window_count(self, samples: int) -> int:
        """Return how many windows cover `samples` samples, each sample at least twice."""
        return math.ceil(samples / self.plan.stride) + 1

    def windows(self, samples: Tensor) -> Tensor:
        """Cut `samples` (N, C, B) into overlapping windows (N, T, C, W), mirrored beyond the ends."""
        window, stride = self.plan.window, self.plan.stride
        length = samples.shape[-1]
        lead = window - stride
        tail = (self.window_count(length) - 1) * stride + window - lead - length
        padded = functional.pad(samples, (lead, tail), mode="reflect")
        return padded.unfold(-1, window, stride).transpose(1, 2)

    def fold(self, windows: Tensor, samples: int) -> Tensor:
        """Overlap-add `windows` (..., T, W) with Hann weights -> (..., B): the exact inverse of `windows`."""
        stride = self.plan.stride
        *lead_shape, count, window = windows.shape
        taper = self.taper.to(windows.dtype)
        size = (count - 1) * stride + window
        total, weight = windows.new_zeros(*lead_shape, size), windows.new_zeros(size)
        # stride by stride: a few sums of whole rows, five times as fast as functional.fold
        for start in range(0, window, stride):
            piece = slice(start, start + stride)
            target = slice(start, start + count * stride)
            total[..., target] += (windows[..., piece] * taper[piece]).flatten(-2)
            weight[target] += taper[piece].repeat(count)
        lead = window - stride
        whole: Tensor = (total / weight)[..., lead : lead + samples]
        return whole

    def random_mask(self, count: int, ratio: float, random: torch.Generator) -> Tensor:
        """Mask random runs of one to six of `count` windows, `ratio` of all; return the visible ones (V,), sorted."""
        masked = torch.zeros(count, dtype=torch.bool)
        while masked.sum() < round(ratio * count):
            start = int(torch.randint(count, (1,), generator=random))
            masked[start : start + int(torch.randint(1, 7, (1,), generator=random))] = True
        visible = (~masked).nonzero()[:, 0]
        return visible if len(visible) else torch.arange(1)

    def masked_samples(self, visible: Tensor, samples: int) -> Tensor:
        """Return which samples (B,) no visible window contains, not even through a moving mean over its neighbours."""
        # mirrored samples count where they came from
        position = torch.arange(samples, dtype=torch.float32)[None, None]
        seen = torch.zeros(1, samples)
        seen[:, self.windows(position)[0, visible.cpu()].long().flatten()] = 1
        return functional.max_pool1d(seen, SMOOTHING, 1, SMOOTHING // 2)[0] == 0

    def encode(self, samples: Tensor, axis: Tensor, visible: Tensor) -> Tensor:
        """Encode the visible windows of `samples` (N, B), in units of sigma, at `axis` (N, B) cm⁻¹ -> (N, V, width)."""
        tokens = self.embed(self.windows(input_channels(samples))[:, visible].flatten(2))
        tokens = tokens + self.embed_place(self._position(axis))[:, visible]
        rotation = rotation_of(visible, self.plan.width // self.plan.heads // 2)
        for block in self.encoder:
            tokens = block(tokens, rotation)
        normal: Tensor = self.after_encoder(tokens)
        return normal

    def rebuild(self, tokens: Tensor, axis: Tensor, visible: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return noise, log variance, signal and logit of a cosmic ray, (N, B), of visible tokens (N, V, width)."""
        count = self.window_count(axis.shape[1])
        if len(visible) < count:
            masked = self.hidden_token + self.embed_place(self._position(axis))
            tokens = masked.to(tokens.dtype).expand(len(tokens), -1, -1).index_copy(1, visible, tokens)
        rotation = rotation_of(torch.arange(count, device=tokens.device), self.plan.width // self.plan.heads // 2)
        for block in self.decoder:
            tokens = block(tokens, rotation)
        rows = self.head(self.after_decoder(tokens)).float().unflatten(-1, (OUTPUTS, self.plan.window)).movedim(2, 0)
        noise, log_variance, signal, ray = self.fold(rows, axis.shape[1])
        return noise, log_variance.clamp(-12, 12), signal, ray

    def forward(self, samples: Tensor, axis: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Map `samples` (N, B) in sigma at `axis` (N, B) cm⁻¹ to noise, log variance and signal, each (N, B)."""
        if visible is None:
            visible = torch.arange(self.window_count(samples.shape[1]), device=samples.device)
        noise, log_variance, signal, ray = self.rebuild(self.encode(samples, axis, visible), axis, visible)
        return noise + ray.sigmoid() * above_neighbours(samples), log_variance, signal

    def _position(self, axis: Tensor) -> Tensor:
        """Sines and cosines of each window's centre at several scales, and its sampling step -> (N, T, F)."""
        if axis.stride(0) == 0:  # one axis for all
            axis = axis[:1]
        count, window, stride = self.window_count(axis.shape[1]), self.plan.window, self.plan.stride
        left = torch.arange(count, device=axis.device) * stride - (window - stride)
        first = left.clamp(0, axis.shape[1] - 2)
        last = (left + window - 1).clamp(max=axis.shape[1] - 1).clamp(min=1)
        centre = (axis[:, first] + axis[:, last]) / 2
        step = (axis[:, last] - axis[:, first]) / (last - first)
        scales = torch.tensor(POSITION_SCALES_CM, device=axis.device, dtype=axis.dtype)
        angle = (2 * math.pi) * centre[..., None] / scales
        return torch.cat([angle.sin(), angle.cos(), step[..., None].clamp(min=1e-3).log()], dim=-1).float()


def is_out_of_memory(error: Exception) -> bool:
    """Return whether `error` means that a device is out of memory; only CUDA has its own exception for it."""
    message = str(error)
    full = "out of memory" in message or "can't allocate memory" in message  # MPS, and a CPU
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or full
