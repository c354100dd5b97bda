"""Fine-tune the embedder on labelled spectra: augmentation, cosine scores of the classes, and early stopping."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Cancelled, Progress
from ramanstudio.mae import checkpoint
from ramanstudio.mae.augmentation import augment
from ramanstudio.mae.checkpoint import AveragedWeights
from ramanstudio.mae.config import stored_settings
from ramanstudio.mae.embedder import Embedder, scale_to_lines
from ramanstudio.mae.network import is_out_of_memory
from ramanstudio.mae.predictor import threads_inside_operators
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]
Weights = Mapping[str, NDArray[Any]]

BATCH, MIN_BATCH = 64, 8  # spectra of a step; fewer where memory is full
LEARNING_RATE, WEIGHT_DECAY = 3e-4, 0.05
COSINE_SCALE = 16.0  # about the inverse of the temperature of pretraining
PATIENCE = 6  # epochs without a gain on the validation spectra
UNAUGMENTED_SHARE: Final = 0.5  # of the spectra of a step


class DeviceMemoryFull(Exception):
    """Not even the smallest batch fits on the device."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The result of an epoch: the mean loss, and the accuracy on the validation spectra (0 to 1)."""

    number: int
    loss: float
    accuracy: float


class CosineClassifier(nn.Module):
    """An embedder with a direction in feature space for each class."""

    def __init__(self, embedder: Embedder, classes: int) -> None:
        super().__init__()
        self.embedder = embedder
        self.directions = nn.Parameter(torch.randn(classes, embedder.plan.features) / 10)

    def forward(self, rows: Tensor, measured: Tensor) -> Tensor:
        """Return the scaled cosines of the features of `rows` (N, G), `measured` (N, G), with each class -> (N, K)."""
        features = self.embedder(rows, measured)[0]
        scores: Tensor = COSINE_SCALE * features @ functional.normalize(self.directions, dim=1).T
        return scores


class FeatureTuner:
    """Trains copies of a model's embedder on labelled spectra, and computes features with their weights."""

    def __init__(self, embedder: Embedder, device: str) -> None:
        self._embedder, self._device = embedder, torch.device(device)

    def learn(
        self,
        axis: NDArray[np.float64],
        values: NDArray[np.float32],
        labels: Indices,
        validation: NDArray[np.bool_],
        epochs: int,
        seed: int = 0,
        checkpoint_path: Path | None = None,
        progress: Progress = SILENT,
        show: Callable[[Epoch], None] = lambda _: None,
    ) -> dict[str, NDArray[np.float32]]:
        """Return the weights of the smallest validation loss, trained on `values` (N, B) with classes `labels` (N,).

        `validation` (N,) are the spectra that are not trained on. A run that was killed resumes from the file
        `checkpoint_path`, with a warning. Stopped after the first epoch it returns the best weights so far; before, it
        raises Cancelled. Raises DeviceMemoryFull when the device has no room for the smallest batch.
        """
        rows, measured = resample_to_grid(self._embedder.plan, axis, values)
        run = _TuningRun(
            deepcopy(self._embedder), scale_to_lines(rows), measured, labels, validation, epochs, seed, self._device
        )
        if checkpoint_path is not None and run.resume(checkpoint_path):
            progress.warn(f"Training on these labels was interrupted: it resumes after epoch {run.epoch}.")
        try:
            with threads_inside_operators():
                while not run.is_finished:
                    progress(run.epoch, epochs, "epochs of fine-tuning the features")
                    show(run.take_epoch(lambda: progress(run.epoch, epochs, "epochs of fine-tuning the features")))
                    if checkpoint_path is not None:
                        run.save(checkpoint_path)
        except Cancelled:
            if not run.epoch:
                raise
        if checkpoint_path is not None:
            checkpoint_path.unlink(missing_ok=True)
        return {
            name.removeprefix("embedder."): weight.cpu().numpy()
            for name, weight in run.best.weights.items()
            if name.startswith("embedder.")
        }

    def features(self, axis: NDArray[np.float64], values: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
        """Return the features (N, D) of `values` (N, B) with `weights`. Raises ValueError when these do not fit."""
        network = deepcopy(self._embedder).to(self._device)
        try:
            network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
        except RuntimeError as error:
            raise ValueError("weights of another network") from error
        rows, measured = resample_to_grid(network.plan, axis, values)
        rows = scale_to_lines(rows)
        mask = torch.from_numpy(measured.astype(np.float32)).to(self._device)
        features = []
        with torch.inference_mode():
            for start in range(0, len(rows), BATCH):
                batch = torch.from_numpy(rows[start : start + BATCH]).to(self._device)
                features.append(network.eval()(batch, mask.expand(len(batch), -1))[0].cpu().numpy())
        return np.concatenate(features).astype(np.float32)


class _TuningRun:
    """A training that can be stopped after any epoch and resumed; everything random follows from the seed."""

    def __init__(
        self,
        embedder: Embedder,
        rows: NDArray[np.float32],
        measured: NDArray[np.bool_],
        labels: Indices,
        validation: NDArray[np.bool_],
        epochs: int,
        seed: int,
        device: torch.device,
    ) -> None:
        torch.manual_seed(seed)
        self.rows, self.measured, self.labels = rows, measured.astype(np.float32), labels
        self.training, self.validation = np.flatnonzero(~validation), np.flatnonzero(validation)
        self.network = CosineClassifier(embedder, int(labels.max()) + 1).to(device)
        self.optimizer = checkpoint.adam(self.network, LEARNING_RATE, WEIGHT_DECAY)
        self.best = AveragedWeights(self.network, 1)
        self.epochs, self.seed, self.device, self.batch = epochs, seed, device, BATCH
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        content = hashlib.sha256(rows.tobytes() + labels.tobytes() + validation.tobytes()).hexdigest()
        self.settings = f"({stored_settings(embedder.plan)}, {epochs!r}, {seed!r}, {content!r})"

    @property
    def is_finished(self) -> bool:
        """Whether all epochs are done, or the validation loss has not fallen for PATIENCE epochs."""
        return self.epoch >= self.epochs or self.epoch - self.best_epoch > PATIENCE

    def take_epoch(self, after_step: Callable[[], None]) -> Epoch:
        """Train on every spectrum once and keep the weights of the smallest validation loss."""
        random = np.random.default_rng((self.seed, self.epoch))
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (0.02 + 0.98 * (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2)
        order, losses, start = random.permutation(self.training), list[float](), 0
        while start < len(order):
            batch = order[start : start + self.batch]
            try:
                losses.append(self._step(random, batch))
            except (MemoryError, RuntimeError) as trouble:
                self._reduce_batch(trouble)
                continue
            start += len(batch)
            after_step()
        loss, accuracy = self._validate()
        self.epoch += 1
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best.weights = {name: weight.detach().clone() for name, weight in self.network.state_dict().items()}
        return Epoch(self.epoch, float(np.mean(losses)), accuracy)

    def _step(self, random: np.random.Generator, batch: Indices) -> float:
        """Update the weights on the spectra numbered `batch`; return the loss."""
        rows, measured = self.rows[batch], np.broadcast_to(self.measured, (len(batch), self.rows.shape[1]))
        augmented, mask = augment(random, self.network.embedder.plan, rows, measured)
        unchanged = random.random(len(batch)) < UNAUGMENTED_SHARE
        augmented[unchanged], mask = rows[unchanged], np.where(unchanged[:, None], measured, mask)
        self.network.train()
        scores = self.network(self._tensor(augmented), self._tensor(mask))
        loss = functional.cross_entropy(
            scores, torch.from_numpy(self.labels[batch]).to(self.device), label_smoothing=0.05
        )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    @torch.inference_mode()
    def _validate(self) -> tuple[float, float]:
        """Loss and accuracy on the validation spectra."""
        self.network.eval()
        mask = self._tensor(self.measured[None])
        scores = torch.cat(
            [
                self.network(self._tensor(self.rows[batch]), mask.expand(len(batch), -1))
                for batch in np.array_split(self.validation, max(1, len(self.validation) // MIN_BATCH))
            ]
        )
        true = torch.from_numpy(self.labels[self.validation]).to(self.device)
        accuracy = (scores.argmax(dim=1) == true).float().mean()
        return float(functional.cross_entropy(scores, true)), float(accuracy)

    def _reduce_batch(self, trouble: Exception) -> None:
        """Halve the batch after running out of memory; raises DeviceMemoryFull when it is the smallest already."""
        if not is_out_of_memory(trouble):
            raise trouble
        if self.batch <= MIN_BATCH:
            raise DeviceMemoryFull from trouble
        self.batch //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _tensor(self, rows: Floats) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32)).to(self.device)

    def save(self, path: Path) -> None:
        """Write everything that is needed to resume."""
        note = {"epoch": self.epoch, "best_epoch": self.best_epoch, "best_loss": self.best_loss}
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = {name: repr(value) for name, value in note.items()} | {"settings": self.settings}
        checkpoint.write(path, self.network, self.best, self.optimizer, texts)

    def resume(self, path: Path) -> bool:
        """Resume from a file, if there is one; one that is damaged or of other labels is deleted."""
        if not path.exists():
            return False
        try:
            note = checkpoint.resume(path, self.network, self.best, self.optimizer, self.settings)
        except StudioError:
            path.unlink()
            return False
        self.epoch, self.best_epoch = int(note["epoch"]), int(note["best_epoch"])
        self.best_loss = float(note["best_loss"])
        return True
