"""Apply networks to arrays: devices, batches, long spectra in pieces, and what to do when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ramanstudio.core import parallel
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.embedder import MIN_OVERLAP_CM, Embedder, scale_to_lines
from ramanstudio.mae.network import SpectrumAutoencoder, is_out_of_memory
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]
Result = TypeVar("Result")

MAX_POINTS = 2048  # samples at once: the longest that the network was trained on
MAX_SIGMA = 1e15  # noise beyond is not predicted: its square would be infinite in 32 bits
MIN_TOKENS = 16  # products of fewer rows round otherwise: such a batch is filled up with repeats of its spectra
OVERLAP = 128  # samples that two pieces of a long spectrum share
# On a CPU so few that what a batch needs stays in its cache (16 spectra of 1000 points; more take a tenth longer each).
TOKENS_PER_BATCH = {"cpu": 1024, "cuda": 131_072, "mps": 16_384}


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
    """Compute on the CPU with so many threads; by default one for each core.

    Each thread works on batches of its own. Threads inside an operator would wait for the slowest of them after each
    of hundreds of operators: beside another busy process they make a third of the spectra a second.
    """
    parallel.set_threads(threads)
    torch.set_num_threads(1)


@contextmanager
def threads_inside_operators() -> Iterator[None]:
    """Let torch use all threads inside its operators, for a training whose steps depend on each other."""
    torch.set_num_threads(parallel.threads())
    try:
        yield
    finally:
        torch.set_num_threads(1)


class Predictor:
    """Predicts the noise in spectra, and their features, with the networks of one model on one device."""

    def __init__(
        self, network: SpectrumAutoencoder, calibration: Calibration, device: str, embedder: Embedder | None = None
    ) -> None:
        self._network = network.to(device)
        self._embedder = embedder.to(device) if embedder is not None else None
        self._calibration = calibration
        self.device = device
        self.tokens_per_batch = TOKENS_PER_BATCH[device]

    @property
    def device_name(self) -> str:
        """The device as shown to a user: "CPU · 2 threads", "GPU · NVIDIA H200"."""
        if self.device == "cuda":
            return f"GPU · {torch.cuda.get_device_name()}"
        if self.device == "mps":
            return "GPU · Apple"
        threads = parallel.threads()
        return f"CPU · {threads} thread{'s' if threads != 1 else ''}"

    def noise(
        self, axis: NDArray[np.float64], values: Floats, sigma: Floats, progress: Progress = SILENT
    ) -> tuple[Floats, Floats]:
        """Predict the noise of each sample and the expected error without it, both (N, B), in the unit of the values.

        `axis` (B,) cm⁻¹, `values` (N, B), `sigma` (N,) the white noise; spectra whose sigma is zero have no noise.
        Raises StudioError when the computer's own memory is full, Cancelled when asked to stop.
        """
        noise, error = np.zeros_like(values), np.zeros_like(values)
        noisy = np.flatnonzero(sigma > 0)
        if len(axis) > MAX_POINTS:
            self._noise_of_long(axis, values, sigma, noisy, noise, error, progress)
            return noise, error

        def compute(rows: Rows) -> tuple[Floats, Floats]:
            return self._noise_of_batch(axis, values[rows], sigma[rows, None])

        for rows, result in self._batches(
            len(noisy), self._network.window_count(len(axis)), lambda index: compute(noisy[index]), progress
        ):
            noise[noisy[rows]], error[noisy[rows]] = result
        return noise, error

    def _noise_of_long(
        self,
        axis: NDArray[np.float64],
        values: Floats,
        sigma: Floats,
        noisy: Rows,
        noise: Floats,
        error: Floats,
        progress: Progress,
    ) -> None:
        """Fill in `noise` and `error` (N, B) of the `noisy` spectra, in pieces of MAX_POINTS that are cross-faded."""
        starts, weights = _piece_starts(len(axis)), _piece_weights(len(axis))
        total = np.zeros(len(axis), dtype=np.float32)
        for start, weight in zip(starts.tolist(), weights, strict=True):
            total[start : start + MAX_POINTS] += weight
        means = values[noisy].mean(axis=1, keepdims=True)
        shifts, offsets = axis.astype(np.float32), np.arange(MAX_POINTS)

        def compute(items: Rows) -> tuple[Floats, Floats]:
            index, piece = np.divmod(items, len(starts))
            samples = starts[piece][:, None] + offsets
            rows = noisy[index]
            return self._predict((values[rows[:, None], samples] - means[index]) / sigma[rows, None], shifts[samples])

        reported = _counting(progress, len(starts))
        for items, (item_noise, item_spread) in self._batches(
            len(noisy) * len(starts), self._network.window_count(MAX_POINTS), compute, reported
        ):
            for item, part_noise, part_spread in zip(items.tolist(), item_noise, item_spread, strict=True):
                index, piece = divmod(item, len(starts))
                inside = slice(int(starts[piece]), int(starts[piece]) + MAX_POINTS)
                noise[noisy[index], inside] += weights[piece] * part_noise
                error[noisy[index], inside] += weights[piece] * part_spread
        for row in noisy.tolist():
            spread = error[row] / total
            scale = np.float32(self._calibration.factor(np.sqrt(np.mean(spread**2, keepdims=True)))[0])
            noise[row] *= sigma[row] / total
            error[row] = spread * sigma[row] * scale

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
        row_in_set = np.concatenate([np.arange(len(values)) for _, values in sets])
        features = np.empty((len(owner), plan.features), dtype=np.float32)

        def compute(batch: Rows) -> Floats:
            rows = np.empty((len(batch), plan.samples), dtype=np.float32)
            measured = np.empty(rows.shape, dtype=bool)
            for number in np.unique(owner[batch]).tolist():
                members, (axis, values) = owner[batch] == number, sets[number]
                rows[members], measured[members] = resample_to_grid(plan, axis, values[row_in_set[batch[members]]])
            return self._features_of_batch(scale_to_lines(rows), measured)

        for batch, result in self._batches(len(owner), plan.tokens, compute, progress):
            features[batch] = result
        return features

    def _batches(
        self, count: int, tokens: int, compute: Callable[[Rows], Result], progress: Progress
    ) -> Iterator[tuple[Rows, Result]]:
        """Yield batches of the numbers below `count`, of `tokens` each, in order, with what `compute` returns of them.

        On a GPU one by one: smaller ones, or on the CPU, once its memory is full. On the CPU several at a time.
        """
        done = 0
        progress(0, count, "spectra")
        while done < count and self.device != "cpu":
            batch = np.arange(done, min(count, done + max(1, self.tokens_per_batch // tokens)))
            try:
                result = compute(batch)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self._reduce_memory(progress)
                continue
            yield batch, result
            done += len(batch)
            progress(done, count, "spectra")
        size = _cpu_batch_size(count - done, max(1, self.tokens_per_batch // tokens))
        batches = [np.arange(start, min(count, start + size)) for start in range(done, count, size)]
        try:
            for batch, result in parallel.map_ordered(compute, batches):
                yield batch, result
                progress(int(batch[-1]) + 1, count, "spectra")
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise StudioError(
                "The computer's memory is full.", remedy="Close other programs, or denoise fewer spectra at once."
            ) from error

    def _reduce_memory(self, progress: Progress) -> None:
        """Halve the batch; once a single spectrum would fill it, continue on the CPU."""
        torch.cuda.empty_cache()
        if self.tokens_per_batch > 2 * self._network.window_count(MAX_POINTS):
            self.tokens_per_batch //= 2
            return
        progress.warn("The GPU's memory is full, so the CPU goes on. Close other programs that use the GPU.")
        self.device = "cpu"
        self.tokens_per_batch = TOKENS_PER_BATCH["cpu"]
        self._network = self._network.to("cpu")
        self._embedder = self._embedder.to("cpu") if self._embedder is not None else None

    def _features_of_batch(self, rows: Floats, measured: NDArray[np.bool_]) -> Floats:
        """The features (n, D) of scaled `rows` (n, G), where `measured` (n, G)."""
        assert self._embedder is not None
        shared = measured[:1] if (measured == measured[0]).all() else measured
        mask = torch.from_numpy(shared.astype(np.float32)).to(self.device).expand(len(rows), -1)
        with torch.inference_mode():
            features: Floats = self._embedder(torch.from_numpy(rows).to(self.device), mask)[0].cpu().numpy()
        return features

    def _noise_of_batch(self, axis: NDArray[np.float64], values: Floats, sigma: Floats) -> tuple[Floats, Floats]:
        """Noise and expected error (n, B) of `values` (n, B), up to MAX_POINTS long, of white noise `sigma` (n, 1)."""
        # the network does not see an offset, but 32 bits would lose the noise on a large one
        samples = (values - values.mean(axis=1, keepdims=True)) / sigma
        noise, spread = self._predict(samples, axis.astype(np.float32)[None])
        scale = self._calibration.factor(np.sqrt(np.mean(spread**2, axis=1))).astype(np.float32)
        return noise * sigma, spread * sigma * scale[:, None]

    def _predict(self, samples: Floats, shifts: Floats) -> tuple[Floats, Floats]:
        """Noise and its standard deviation (n, B) of `samples` (n, B) in units of sigma; `shifts` (n, B) or (1, B)."""
        if max(-float(samples.min()), float(samples.max())) > MAX_SIGMA:
            samples = np.clip(samples, -MAX_SIGMA, MAX_SIGMA)
        count = len(samples)
        if count * self._network.window_count(samples.shape[1]) < MIN_TOKENS:
            rows = np.arange(MIN_TOKENS) % count
            samples, shifts = samples[rows], shifts[rows] if len(shifts) > 1 else shifts
        with torch.inference_mode():
            axis = torch.from_numpy(shifts).to(self.device).expand(len(samples), -1)
            noise, log_variance, _ = self._network(torch.from_numpy(samples).to(self.device), axis)
            return noise[:count].cpu().numpy(), torch.exp(log_variance[:count] / 2).cpu().numpy()


def _cpu_batch_size(count: int, largest: int) -> int:
    """How many of `count` spectra to compute at once: `largest`, or fewer so that four threads have some.

    The same for any number of threads, so that their results are equal to the last bit.
    """
    shared = max(-(-count // 4), min(8, -(-count // 2)), 1)
    return min(largest, shared)


def _counting(progress: Progress, n_pieces: int) -> Progress:
    """A progress of spectra for work that reports their pieces."""

    def report(done: int, total: int, note: str) -> None:
        progress(done // n_pieces, total // n_pieces, note)

    return Progress(report, progress.show, progress.warn)


def _piece_starts(points: int) -> Rows:
    """Where pieces of MAX_POINTS samples begin that cover `points` and overlap by OVERLAP or more."""
    count = -(-(points - OVERLAP) // (MAX_POINTS - OVERLAP))
    return np.linspace(0, points - MAX_POINTS, count).round().astype(np.intp)


def _piece_weights(points: int) -> Floats:
    """The weight of each sample of each piece (P, MAX_POINTS): one, falling to nothing towards a neighbour."""
    starts, inside = _piece_starts(points), np.arange(MAX_POINTS, dtype=np.float32)
    weights = np.ones((len(starts), MAX_POINTS), dtype=np.float32)
    weights[1:] = np.minimum(weights[1:], (inside + 1) / OVERLAP)
    weights[:-1] = np.minimum(weights[:-1], (MAX_POINTS - inside) / OVERLAP)
    return weights
