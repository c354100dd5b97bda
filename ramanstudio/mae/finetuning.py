"""Learning the features anew on labelled spectra: views of each, cosine scores of the classes, and early stopping."""

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
from ramanstudio.mae.augmentation import view
from ramanstudio.mae.checkpoint import AveragedWeights
from ramanstudio.mae.embedder import Embedder, prepared
from ramanstudio.mae.network import is_out_of_memory
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]
Weights = Mapping[str, NDArray[Any]]

BATCH, SMALLEST_BATCH = 64, 8  # spectra of a step; fewer where memory is full
LEARNING_RATE, WEIGHT_DECAY, SCALE = 3e-4, 0.05, 16.0  # SCALE: of the cosines, as sharp as features are learned with
PATIENCE = 6  # epochs without a gain on the spectra apart
SEEN_AS_IS: Final = 0.5  # of the spectra of a step; the others are views


class DeviceMemoryFull(Exception):
    """Not even the smallest batch fits on the device."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """How far it is: the mean loss of the last epoch, and how many of the spectra apart were right (0 to 1)."""

    number: int
    loss: float
    accuracy: float


class Classifier(nn.Module):
    """An embedder, and a direction for each class that its features are compared with."""

    def __init__(self, embedder: Embedder, classes: int) -> None:
        super().__init__()
        self.embedder = embedder
        self.directions = nn.Parameter(torch.randn(classes, embedder.plan.features) / 10)

    def forward(self, rows: Tensor, measured: Tensor) -> Tensor:
        """`rows` (N, G), `measured` (N, G) -> scores (N, K)."""
        features = self.embedder(rows, measured)[0]
        scores: Tensor = SCALE * features @ functional.normalize(self.directions, dim=1).T
        return scores


class FeatureTuner:
    """The half of a model that gives features, as teaching sees it: learned anew, and read with new weights."""

    def __init__(self, embedder: Embedder, device: str) -> None:
        self._embedder, self._device = embedder, torch.device(device)

    def learn(
        self,
        axis: NDArray[np.float64],
        values: NDArray[np.float32],
        which: Places,
        apart: NDArray[np.bool_],
        epochs: int,
        seed: int = 0,
        kept: Path | None = None,
        progress: Progress = SILENT,
        show: Callable[[Epoch], None] = lambda _: None,
    ) -> dict[str, NDArray[np.float32]]:
        """The weights that name best the spectra set `apart` (n,) of `values` (n, B) with the classes `which` (n,).

        A run that was killed goes on from the file `kept`, and says so. Stopped after the first epoch, it gives the
        best so far; before, it raises Cancelled. Raises MemoryIsFull when the device has no room for the smallest
        batch.
        """
        rows, measured = resample_to_grid(self._embedder.plan, axis, values)
        run = _Run(deepcopy(self._embedder), prepared(rows), measured, which, apart, epochs, seed, self._device)
        if kept is not None and run.resume(kept):
            progress.warn(f"Learning from these labels was interrupted before: it goes on after epoch {run.epoch}.")
        try:
            while run.goes_on:
                progress(run.epoch, epochs, "epochs, learning the features anew")
                show(run.take_epoch(lambda: progress(run.epoch, epochs, "epochs, learning the features anew")))
                if kept is not None:
                    run.save(kept)
        except Cancelled:
            if not run.epoch:
                raise
        if kept is not None:
            kept.unlink(missing_ok=True)
        return {
            name.removeprefix("embedder."): weight.cpu().numpy()
            for name, weight in run.best.weights.items()
            if name.startswith("embedder.")
        }

    def features(self, axis: NDArray[np.float64], values: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
        """The features (N, D) of `values` (N, B) by learned weights. Raises ValueError when these do not fit."""
        network = deepcopy(self._embedder).to(self._device)
        try:
            network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
        except RuntimeError as error:
            raise ValueError("weights of another network") from error
        rows, measured = resample_to_grid(network.plan, axis, values)
        rows = prepared(rows)
        there = torch.from_numpy(measured.astype(np.float32)).to(self._device)
        found = []
        with torch.inference_mode():
            for start in range(0, len(rows), BATCH):
                some = torch.from_numpy(rows[start : start + BATCH]).to(self._device)
                found.append(network.eval()(some, there.expand(len(some), -1))[0].cpu().numpy())
        return np.concatenate(found).astype(np.float32)


class _Run:
    """A training that can be stopped after any epoch and taken up again; all that is random follows from the seed."""

    def __init__(
        self,
        embedder: Embedder,
        rows: NDArray[np.float32],
        measured: NDArray[np.bool_],
        which: Places,
        apart: NDArray[np.bool_],
        epochs: int,
        seed: int,
        device: torch.device,
    ) -> None:
        torch.manual_seed(seed)
        self.rows, self.measured, self.which = rows, measured.astype(np.float32), which
        self.learned, self.apart = np.flatnonzero(~apart), np.flatnonzero(apart)
        self.network = Classifier(embedder, int(which.max()) + 1).to(device)
        self.optimizer = checkpoint.adam(self.network, LEARNING_RATE, WEIGHT_DECAY)
        self.best = AveragedWeights(self.network, 1)
        self.epochs, self.seed, self.device, self.batch = epochs, seed, device, BATCH
        self.epoch, self.best_epoch, self.best_loss = 0, 0, math.inf
        content = hashlib.sha256(rows.tobytes() + which.tobytes() + apart.tobytes()).hexdigest()
        self.settings = repr((embedder.plan, epochs, seed, content))

    @property
    def goes_on(self) -> bool:
        return self.epoch < self.epochs and self.epoch - self.best_epoch <= PATIENCE

    def take_epoch(self, between: Callable[[], None]) -> Epoch:
        """Every spectrum once; `between` is called after each step. Keeps the weights that are best on those apart."""
        random = np.random.default_rng((self.seed, self.epoch))
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (0.02 + 0.98 * (1 + math.cos(math.pi * self.epoch / self.epochs)) / 2)
        order, losses, start = random.permutation(self.learned), list[float](), 0
        while start < len(order):
            some = order[start : start + self.batch]
            try:
                losses.append(self._step(random, some))
            except (MemoryError, RuntimeError) as trouble:
                self._make_do_with_less(trouble)
                continue
            start += len(some)
            between()
        loss, accuracy = self._judge()
        self.epoch += 1
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best.weights = {name: weight.detach().clone() for name, weight in self.network.state_dict().items()}
        return Epoch(self.epoch, float(np.mean(losses)), accuracy)

    def _step(self, random: np.random.Generator, some: Places) -> float:
        rows, measured = self.rows[some], np.broadcast_to(self.measured, (len(some), self.rows.shape[1]))
        seen, there = view(random, self.network.embedder.plan, rows, measured)
        as_is = random.random(len(some)) < SEEN_AS_IS
        seen[as_is], there = rows[as_is], np.where(as_is[:, None], measured, there)
        self.network.train()
        scores = self.network(self._tensor(seen), self._tensor(there))
        loss = functional.cross_entropy(
            scores, torch.from_numpy(self.which[some]).to(self.device), label_smoothing=0.05
        )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        return float(loss.detach())

    @torch.inference_mode()
    def _judge(self) -> tuple[float, float]:
        """Loss and accuracy on the spectra apart."""
        self.network.eval()
        there = self._tensor(self.measured[None])
        scores = torch.cat(
            [
                self.network(self._tensor(self.rows[some]), there.expand(len(some), -1))
                for some in np.array_split(self.apart, max(1, len(self.apart) // SMALLEST_BATCH))
            ]
        )
        true = torch.from_numpy(self.which[self.apart]).to(self.device)
        right = (scores.argmax(dim=1) == true).float().mean()
        return float(functional.cross_entropy(scores, true)), float(right)

    def _make_do_with_less(self, trouble: Exception) -> None:
        if not is_out_of_memory(trouble):
            raise trouble
        if self.batch <= SMALLEST_BATCH:
            raise DeviceMemoryFull from trouble
        self.batch //= 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _tensor(self, rows: Floats) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float32)).to(self.device)

    def save(self, path: Path) -> None:
        note = {"epoch": self.epoch, "best_epoch": self.best_epoch, "best_loss": self.best_loss}
        path.parent.mkdir(parents=True, exist_ok=True)
        words = {name: repr(value) for name, value in note.items()} | {"settings": self.settings}
        checkpoint.write(path, self.network, self.best, self.optimizer, words)

    def resume(self, path: Path) -> bool:
        """Go on from a file, where there is one; one that is damaged, or of other labels, is as good as none."""
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
