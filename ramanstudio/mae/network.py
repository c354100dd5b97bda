"""The spectrum autoencoder: tensors in, tensors out. It knows no file, no unit but sigma and cm⁻¹, and no device."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ramanstudio.mae.config import NetworkConfig

HEADS = 4  # noise, log variance, signal, cosmic ray
RARE = -6.0  # the logit of a sample hit by a cosmic ray before anything is known
TREND_DEGREE = 6
SMOOTHING = 9  # samples; what is left above such a mean keeps its noise readable on the flank of a strong peak
WIDE_SMOOTHING = 49  # samples; wider than most lines
RAY_REACH = 3  # samples; what a cosmic ray hit is no wider than five, so these neighbours stand beside it
PLACE_SCALES_CM = (8.0, 20.0, 50.0, 125.0, 320.0, 800.0, 2000.0, 5000.0)


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies in bf16 itself; elsewhere it is emulated, and slower than 32 bits."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def bf16_pays(device: torch.device) -> bool:
    """Whether training in bf16 is faster on `device`: on a GPU, and on a CPU that has it."""
    return device.type == "cuda" or (device.type == "cpu" and cpu_has_bf16())


def fast_asinh(samples: Tensor) -> Tensor:
    """asinh of `samples`: small values as they are, large ones as logarithms; in this form four times torch's speed."""
    size = samples.abs()
    return torch.copysign(torch.log(size + torch.sqrt(size * size + 1)), samples)


def detrend(samples: Tensor) -> Tensor:
    """`samples` (N, B) less their least-squares polynomial, so that fluorescence does not use up the asinh range."""
    place = torch.linspace(-1, 1, samples.shape[1], dtype=torch.float64, device="cpu")
    powers = torch.stack([place**degree for degree in range(TREND_DEGREE + 1)], dim=1)
    basis = torch.linalg.qr(powers).Q.to(samples)
    trend: Tensor = (samples @ basis) @ basis.T
    return samples - trend


def input_channels(samples: Tensor) -> Tensor:
    """Four readings of `samples` (N, B) in units of sigma -> (N, 4, B).

    The whole, above a short mean, curvature, and above a mean wider than most lines. asinh keeps small values as they
    are and bends large ones to logarithms; the others still resolve one sigma on top of a peak of a thousand.
    """
    inner = functional.pad(samples[:, None], (1, 1), mode="replicate")[:, 0]
    curvature = (inner[:, 2:] - 2 * samples + inner[:, :-2]) / math.sqrt(6)
    short, wide = (
        functional.avg_pool1d(samples[:, None], width, 1, width // 2, count_include_pad=False)[:, 0]
        for width in (SMOOTHING, WIDE_SMOOTHING)
    )
    return fast_asinh(torch.stack([detrend(samples), samples - short, curvature, samples - wide], dim=1))


def above_neighbours(samples: Tensor) -> Tensor:
    """How far each of `samples` (N, B) stands above the mean of the two that are RAY_REACH away."""
    wide = functional.pad(samples[:, None], (RAY_REACH, RAY_REACH), mode="replicate")[:, 0]
    return samples - (wide[:, 2 * RAY_REACH :] + wide[:, : -2 * RAY_REACH]) / 2


def rotary_encoding(heads: Tensor, place: Tensor) -> Tensor:
    """Rotary position code (arXiv 2104.09864): `heads` (N, H, T, D) turned by the token's `place` (T,)."""
    half = heads.shape[-1] // 2
    rates = 30.0 ** (-torch.arange(half, device=heads.device, dtype=torch.float32) / half)
    angle = place[:, None].to(torch.float32) * rates
    cosine, sine = angle.cos().to(heads.dtype), angle.sin().to(heads.dtype)
    first, second = heads[..., :half], heads[..., half:]
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


def attention(query: Tensor, key: Tensor, value: Tensor, blind: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention, (N, H, T, D) each -> (N, H, T, D); `blind` is added to the scores."""
    if query.device.type != "cpu" or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, None if blind is None else blind.to(query))
    with torch.autocast("cpu", enabled=False):  # its backward pass is five times slower in bf16 than in 32 bits
        return functional.scaled_dot_product_attention(query.float(), key.float(), value.float(), blind)


class TransformerLayer(nn.Module):
    """One transformer layer: tokens (N, T, width) and their place (T,) -> tokens (N, T, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.before_mixing = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor, place: Tensor, blind: Tensor | None = None) -> Tensor:
        many, count, width = tokens.shape
        heads = self.query_key_value(self.before_attention(tokens)).view(many, count, 3, self.heads, -1)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        seen = attention(rotary_encoding(query, place), rotary_encoding(key, place), value, blind)
        tokens = tokens + self.join(seen.transpose(1, 2).reshape(many, count, width))
        # SiLU for GELU: a quarter of the whole network's time on a CPU was the error function
        mixed: Tensor = tokens + self.narrow(functional.silu(self.widen(self.before_mixing(tokens))))
        return mixed


class SpectrumAutoencoder(nn.Module):
    """A masked autoencoder over overlapping windows of a spectrum on any axis.

    Each token is a window of samples with its place in cm⁻¹ and its sampling step. For every sample it gives the
    noise in units of sigma, the logarithm of the variance of what that leaves, and, for windows that were hidden,
    the signal itself (asinh of sigma units). A cosmic ray is a thousand sigma as often as ten, so of that the network
    gives only how surely it is one; how high it stands is read off its neighbours.
    """

    taper: Tensor

    def __init__(self, plan: NetworkConfig) -> None:
        super().__init__()
        self.plan = plan
        width = plan.width
        self.embed = nn.Linear(4 * plan.window, width)
        self.embed_place = nn.Linear(2 * len(PLACE_SCALES_CM) + 1, width)
        self.encoder = nn.ModuleList(TransformerLayer(width, plan.heads) for _ in range(plan.encoder_layers))
        self.after_encoder = nn.LayerNorm(width)
        self.hidden_token = nn.Parameter(torch.zeros(width))
        self.decoder = nn.ModuleList(TransformerLayer(width, plan.heads) for _ in range(plan.decoder_layers))
        self.after_decoder = nn.LayerNorm(width)
        self.head = nn.Linear(width, HEADS * plan.window)
        self.register_buffer("taper", torch.hann_window(plan.window, periodic=True) + 1e-3, persistent=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.head.bias[-plan.window :], RARE)
        nn.init.normal_(self.hidden_token, std=0.02)

    def window_count(self, samples: int) -> int:
        """How many windows cover `samples` points, each point at least twice."""
        return math.ceil(samples / self.plan.stride) + 1

    def windows(self, samples: Tensor) -> Tensor:
        """Cut `samples` (N, C, B) in overlapping windows (N, T, C, W); the ends are mirrored to fill the outer ones."""
        window, stride = self.plan.window, self.plan.stride
        length = samples.shape[-1]
        lead = window - stride
        tail = (self.window_count(length) - 1) * stride + window - lead - length
        padded = functional.pad(samples, (lead, tail), mode="reflect")
        return padded.unfold(-1, window, stride).transpose(1, 2)

    def fold(self, windows: Tensor, samples: int) -> Tensor:
        """Overlap-add `windows` (..., T, W) with Hann weights -> (..., B); undo_title `windows` exactly."""
        stride = self.plan.stride
        *lead_shape, count, window = windows.shape
        taper = self.taper.to(windows.dtype)
        size = (count - 1) * stride + window
        total, weight = windows.new_zeros(*lead_shape, size), windows.new_zeros(size)
        # the windows' pieces of one stride each: a few sums of whole rows, five times the speed of functional.fold
        for start in range(0, window, stride):
            piece = slice(start, start + stride)
            there = slice(start, start + count * stride)
            total[..., there] += (windows[..., piece] * taper[piece]).flatten(-2)
            weight[there] += taper[piece].repeat(count)
        lead = window - stride
        whole: Tensor = (total / weight)[..., lead : lead + samples]
        return whole

    def random_mask(self, count: int, share: float, random: torch.Generator) -> Tensor:
        """Which of `count` windows stay visible when runs of one to six, `share` of all, are hidden -> (V,) sorted."""
        hidden = torch.zeros(count, dtype=torch.bool)
        while hidden.sum() < round(share * count):
            start = int(torch.randint(count, (1,), generator=random))
            hidden[start : start + int(torch.randint(1, 7, (1,), generator=random))] = True
        visible = (~hidden).nonzero()[:, 0]
        return visible if len(visible) else torch.arange(1)

    def masked_samples(self, visible: Tensor, samples: int) -> Tensor:
        """Which samples (B,) no visible window has seen, nor read through its neighbours."""
        # the mirrored ends count where they came from
        position = torch.arange(samples, dtype=torch.float32)[None, None]
        seen = torch.zeros(1, samples)
        seen[:, self.windows(position)[0, visible.cpu()].long().flatten()] = 1
        return functional.max_pool1d(seen, SMOOTHING, 1, SMOOTHING // 2)[0] == 0

    def encode(self, samples: Tensor, axis: Tensor, visible: Tensor) -> Tensor:
        """Tokens (N, V, width) of the visible windows of `samples` (N, B), in units of sigma, at `axis` (N, B) cm⁻¹."""
        tokens = self.embed(self.windows(input_channels(samples))[:, visible].flatten(2))
        tokens = tokens + self.embed_place(self._place(axis))[:, visible]
        for block in self.encoder:
            tokens = block(tokens, visible)
        normal: Tensor = self.after_encoder(tokens)
        return normal

    def rebuild(self, tokens: Tensor, axis: Tensor, visible: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Noise, log variance, signal, logit of a cosmic ray, each (N, B), from the visible tokens (N, V, width)."""
        count = self.window_count(axis.shape[1])
        if len(visible) < count:
            everywhere = self.hidden_token + self.embed_place(self._place(axis))
            tokens = everywhere.to(tokens.dtype).index_copy(1, visible, tokens)
        place = torch.arange(count, device=tokens.device)
        for block in self.decoder:
            tokens = block(tokens, place)
        rows = self.head(self.after_decoder(tokens)).float().unflatten(-1, (HEADS, self.plan.window)).movedim(2, 0)
        noise, log_variance, signal, ray = self.fold(rows, axis.shape[1])
        return noise, log_variance.clamp(-12, 12), signal, ray

    def forward(self, samples: Tensor, axis: Tensor, visible: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """`samples` (N, B) in units of sigma, `axis` (N, B) in cm⁻¹ -> noise, log variance, signal, each (N, B)."""
        if visible is None:
            visible = torch.arange(self.window_count(samples.shape[1]), device=samples.device)
        noise, log_variance, signal, ray = self.rebuild(self.encode(samples, axis, visible), axis, visible)
        return noise + ray.sigmoid() * above_neighbours(samples), log_variance, signal

    def _place(self, axis: Tensor) -> Tensor:
        """Sines and cosines of each window's centre at several scales and its sampling step -> (N, T, features)."""
        count, window, stride = self.window_count(axis.shape[1]), self.plan.window, self.plan.stride
        left = torch.arange(count, device=axis.device) * stride - (window - stride)
        first = left.clamp(0, axis.shape[1] - 2)
        last = (left + window - 1).clamp(max=axis.shape[1] - 1).clamp(min=1)
        centre = (axis[:, first] + axis[:, last]) / 2
        step = (axis[:, last] - axis[:, first]) / (last - first)
        scales = torch.tensor(PLACE_SCALES_CM, device=axis.device, dtype=axis.dtype)
        angle = (2 * math.pi) * centre[..., None] / scales
        return torch.cat([angle.sin(), angle.cos(), step[..., None].clamp(min=1e-3).log()], dim=-1).float()


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device was full; only CUDA has an exception of its own for it."""
    said = str(error)
    full = "out of memory" in said or "can't allocate memory" in said  # MPS, and a CPU
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or full
