"""Apply networks to arrays: devices, batches, long spectra in pieces, and what to do when memory runs out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.embedder import MIN_OVERLAP_CM, Embedder, scale_to_lines
from ramanstudio.mae.network import SpectrumAutoencoder, is_out_of_memory
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.float32]

MAX_POINTS = 2048  # samples at once: the longest that the network was trained on
OVERLAP = 128  # samples that two pieces of a long spectrum share
SAMPLES_PER_BATCH = {"cpu": 32_768, "cuda": 2_097_152, "mps": 262_144}  # on a CPU, a tenth of a second between cancels


def choose_device(wish: str) -> str:
    """Return the device for "auto", "cpu", "cuda" or "mps". Raises StudioError when the computer has no such device."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return next(device for device, present in available.items() if present)
    if not available.get(wish, False):
        present = ", ".join(device for device, is_present in available.items() if is_present)
        raise StudioError(f"There is no device '{wish}' on this computer.", remedy=f"Use auto, or one of: {present}.")
    return wish


def set_threads(threads: int | None) -> None:
    """Compute on the CPU with so many threads; by default one for each core."""
    torch.set_num_threads(threads or os.cpu_count() or 1)


class Predictor:
    """Predicts the noise in spectra, and their features, with the networks of one model on one device."""

    def __init__(
        self, network: SpectrumAutoencoder, calibration: Calibration, device: str, embedder: Embedder | None = None
    ) -> None:
        self._network = network.to(device)
        self._embedder = embedder.to(device) if embedder is not None else None
        self._calibration = calibration
        self.device = device
        self.samples_per_batch = SAMPLES_PER_BATCH[device]

    @property
    def device_name(self) -> str:
        """The device as shown to a user: "CPU · 2 threads", "GPU · NVIDIA H200"."""
        if self.device == "cuda":
            return f"GPU · {torch.cuda.get_device_name()}"
        if self.device == "mps":
            return "GPU · Apple"
        threads = torch.get_num_threads()
        return f"CPU · {threads} thread{'s' if threads != 1 else ''}"

    def noise(
        self, axis: NDArray[np.float64], values: Floats, sigma: Floats, progress: Progress = SILENT
    ) -> tuple[Floats, Floats]:
        """Predict the noise of each sample and the expected error without it, both (N, B), in the unit of the values.

        `axis` (B,) cm⁻¹, `values` (N, B), `sigma` (N,) the white noise; spectra whose sigma is zero have no noise.
        Raises StudioError when the computer's own memory is full, Cancelled when asked to stop.
        """
        noise, error = np.zeros_like(values), np.zeros_like(values)

        def find(some: NDArray[np.intp]) -> None:
            noise[some], error[some] = self._noise_of_batch(axis, values[some], sigma[some, None])

        self._in_batches(np.flatnonzero(sigma > 0), min(len(axis), MAX_POINTS), find, progress)
        return noise, error

    def has_features(self, axis: NDArray[np.float64]) -> bool:
        """Return whether the model can compute features of spectra on such an axis (B,) cm⁻¹."""
        return self._embedder is not None and self._embedder.plan.overlap_cm(axis) >= MIN_OVERLAP_CM

    @property
    def embedder(self) -> Embedder | None:
        """The network for features; None where the model has none."""
        return self._embedder

    def require_features(self, axis: NDArray[np.float64]) -> EmbedderConfig:
        """Return the embedder's size. Raises StudioError when spectra on such an axis (B,) cm⁻¹ have no features."""
        if self._embedder is None:
            raise StudioError(
                "This model has no embedder.", remedy="Use smae-base, or train an embedder for your model."
            )
        plan = self._embedder.plan
        if not self.has_features(axis):
            raise StudioError(
                f"Only {max(plan.overlap_cm(axis), 0):.0f} cm⁻¹ of these spectra lie between {plan.low_cm:.0f} and"
                f" {plan.high_cm:.0f} cm⁻¹, which the features are computed from.",
                remedy=f"At least {MIN_OVERLAP_CM:.0f} cm⁻¹ are needed.",
            )
        return plan

    def features(self, axis: NDArray[np.float64], values: Floats, progress: Progress = SILENT) -> Floats:
        """Return the features of `values` (N, B) at `axis` (B,) cm⁻¹, rows of unit length (N, D).

        Raises StudioError when they have no features or the computer's own memory is full; Cancelled when asked to
        stop.
        """
        return self.features_of([(axis, values)], progress)

    def features_of(self, sets: Sequence[tuple[NDArray[np.float64], Floats]], progress: Progress = SILENT) -> Floats:
        """Return the features of several sets of axis and values, in order (N, D): one batch may hold many axes.

        Thousands of spectra that each have an axis of their own take no longer than on a shared one.
        """
        plan = next(self.require_features(axis) for axis, _ in sets)
        owner = np.repeat(np.arange(len(sets)), [len(values) for _, values in sets])
        place = np.concatenate([np.arange(len(values)) for _, values in sets])
        found = np.empty((len(owner), plan.features), dtype=np.float32)

        def find(some: NDArray[np.intp]) -> None:
            rows = np.empty((len(some), plan.samples), dtype=np.float32)
            measured = np.empty(rows.shape, dtype=bool)
            for number in np.unique(owner[some]).tolist():
                mine, (axis, values) = owner[some] == number, sets[number]
                rows[mine], measured[mine] = resample_to_grid(plan, axis, values[place[some[mine]]])
            found[some] = self._features_of_batch(scale_to_lines(rows), measured)

        self._in_batches(np.arange(len(owner)), plan.samples, find, progress)
        return found

    def _in_batches(
        self, rows: NDArray[np.intp], points: int, find: Callable[[NDArray[np.intp]], None], progress: Progress
    ) -> None:
        """Call `find` with a few of `rows` at a time; fewer, or on the CPU, where the device's memory is full."""
        done = 0
        progress(0, len(rows), "spectra")
        while done < len(rows):
            some = rows[done : done + max(1, self.samples_per_batch // points)]
            try:
                find(some)
            except (MemoryError, RuntimeError) as trouble:
                if not is_out_of_memory(trouble):
                    raise
                self._make_do_with_less(progress)
                continue
            done += len(some)
            progress(done, len(rows), "spectra")

    def _make_do_with_less(self, progress: Progress) -> None:
        """Halve the batch; once that would no longer fill it with one spectrum, go on with the CPU."""
        if self.device == "cpu":
            raise StudioError(
                "The computer's memory is full.", remedy="Close other programs, or denoise fewer spectra at once."
            )
        torch.cuda.empty_cache()
        if self.samples_per_batch > 2 * MAX_POINTS:
            self.samples_per_batch //= 2
            return
        progress.warn("The GPU's memory is full, so the CPU goes on. Close other programs that use the GPU.")
        self.device = "cpu"
        self.samples_per_batch = SAMPLES_PER_BATCH["cpu"]
        self._network = self._network.to("cpu")
        self._embedder = self._embedder.to("cpu") if self._embedder is not None else None

    def _features_of_batch(self, rows: Floats, measured: NDArray[np.bool_]) -> Floats:
        assert self._embedder is not None
        there = torch.from_numpy(measured.astype(np.float32)).to(self.device)
        with torch.inference_mode():
            features: Floats = self._embedder(torch.from_numpy(rows).to(self.device), there)[0].cpu().numpy()
        return features

    def _noise_of_batch(self, axis: NDArray[np.float64], values: Floats, sigma: Floats) -> tuple[Any, Any]:
        """Noise and expected error (n, B) of a few spectra; long ones in pieces that are cross-faded."""
        # the network does not see an offset, but 32 bits would lose the noise on a large one
        samples = torch.from_numpy((values - values.mean(axis=1, keepdims=True)) / sigma).to(self.device)
        shifts = torch.from_numpy(axis.astype(np.float32)).to(self.device)
        total = torch.zeros_like(samples), torch.zeros_like(samples)
        weights = torch.zeros(len(axis), device=self.device)
        for piece in _pieces(len(axis)):
            weight = _fading(piece, len(axis)).to(self.device)
            with torch.inference_mode():
                noise, log_variance, _ = self._network(
                    samples[:, piece], shifts[piece].expand(len(samples), -1).contiguous()
                )
            total[0][:, piece] += weight * noise
            total[1][:, piece] += weight * torch.exp(log_variance / 2)
            weights[piece] += weight
        noise, spread = ((part / weights).cpu().numpy() for part in total)
        scale = self._calibration.factor(np.sqrt(np.mean(spread**2, axis=1))).astype(np.float32)
        return noise * sigma, spread * sigma * scale[:, None]


def _pieces(points: int) -> list[slice]:
    """Slices of at most MAX_POINTS samples that cover `points` and overlap by OVERLAP or more."""
    if points <= MAX_POINTS:
        return [slice(0, points)]
    count = -(-(points - OVERLAP) // (MAX_POINTS - OVERLAP))
    starts = np.linspace(0, points - MAX_POINTS, count).round().astype(int)
    return [slice(int(start), int(start) + MAX_POINTS) for start in starts]


def _fading(piece: slice, points: int) -> torch.Tensor:
    """The weight of each sample of a piece: one, falling to nothing over the overlap with a neighbour."""
    inside = torch.arange(piece.start, piece.stop)
    weight = torch.ones(len(inside))
    if piece.start > 0:
        weight = torch.minimum(weight, (inside - piece.start + 1) / OVERLAP)
    if piece.stop < points:
        weight = torch.minimum(weight, (piece.stop - inside) / OVERLAP)
    return weight.clamp(max=1)
