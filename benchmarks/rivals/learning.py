"""How the rivals that are networks learn from labels or without: epoch by epoch, chosen on what is held back.

Everything random follows from the seed and the epoch, so that a killed run goes on to the same weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ramanstudio.core.errors import StudioError
from ramanstudio.core.writing import atomic_write

Rows = NDArray[np.float32]
Labels = NDArray[Any]
Loss = Callable[[nn.Module, Tensor, Tensor | None], Tensor]  # network, rows (n, B), classes (n,) -> the loss
Vary = Callable[[Tensor], Tensor]  # rows (n, B) -> what another measurement would have given (n, B)

SPECTRA_A_BATCH = 512  # of inference
SAVE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """How a network is trained; the defaults are those of the public code of Ho et al. 2019.

    `fewest_steps` makes the epochs more where labels are few; `decay` multiplies the learning rate after each epoch;
    after `computing_s` seconds of the processor, all threads together, it ends wherever it is.
    """

    epochs: int = 30
    fewest_steps: int = 300
    spectra_per_step: int = 10
    learning_rate: float = 1e-3
    momentum: float = 0.5
    second_momentum: float = 0.999
    weight_decay: float = 0.0
    decay: float = 1.0
    patience: int = 5
    seed: int = 0
    computing_s: float = float("inf")


def chosen_device(name: str = "auto") -> torch.device:
    """`name`, or for "auto" an NVIDIA GPU where there is one, else the CPU. Raises StudioError when it is not there."""
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError) as error:
            raise StudioError(f"There is no device '{name}' here.", remedy="Give auto, cpu or cuda.") from error
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def half_precision(device: torch.device) -> torch.autocast:
    """bf16 on a GPU and on a CPU with matrix tiles, which it takes half the time; on others it does not pay."""
    with_tiles = bool(torch.cpu.get_capabilities().get("amx_bf16", False))
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or with_tiles)


@torch.inference_mode()
def network_output(network: Callable[[Tensor], Tensor], rows: Rows, device: torch.device) -> Rows:
    """What `network` says of `rows` (N, B) -> (N, K)."""
    if isinstance(network, nn.Module):
        network.eval()
    parts = []
    for batch in torch.split(torch.from_numpy(rows), SPECTRA_A_BATCH):
        with half_precision(device):
            parts.append(network(batch.to(device)).float().cpu())
    result: Rows = torch.cat(parts).numpy()
    return result


def accuracy(network: nn.Module, rows: Rows, classes: Labels, device: torch.device) -> float:
    """The share of `rows` (N, B) that `network` gives their class (N,)."""
    return float(np.mean(network_output(network, rows, device).argmax(axis=1) == classes))


def loss_of_classes(network: nn.Module, rows: Tensor, classes: Tensor | None) -> Tensor:
    """The cross entropy of what `network` says of `rows` (n, B)."""
    assert classes is not None
    return cross_entropy(network(rows).float(), classes)


class Learning:
    """A training that goes on where it was stopped; of the epochs, the one is kept that `judge` likes best."""

    def __init__(
        self,
        network: nn.Module,
        how: LearningPlan,
        rows: Rows,
        classes: Labels | None = None,
        judge: Callable[[], float] | None = None,
        vary: Vary | None = None,
        loss: Loss = loss_of_classes,
    ) -> None:
        self.network, self.how, self.judge, self.vary, self.loss = network, how, judge, vary, loss
        self.device = next(network.parameters()).device
        self.rows = torch.from_numpy(rows).to(self.device)
        self.classes = None if classes is None else torch.from_numpy(np.asarray(classes, np.int64)).to(self.device)
        betas = (how.momentum, how.second_momentum)
        rate, shrink = how.learning_rate, how.weight_decay
        fused = True if self.device.type == "cuda" else None
        self.optimizer = torch.optim.AdamW(network.parameters(), rate, betas, weight_decay=shrink, fused=fused)
        self.epochs = max(how.epochs, -(-how.fewest_steps * how.spectra_per_step // len(rows)))
        self.epoch, self.since, self.best = 0, 0, -1.0
        self.begun = time.process_time()
        self.best_weights: dict[str, Tensor] = {}

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or as many as show that nothing better comes, but never too few steps.

        Before those, the means that batch normalisation keeps are of no use and every epoch looks alike.
        """
        steps = self.epoch * len(self.rows) // self.how.spectra_per_step
        tired = self.judge is not None and self.since >= self.how.patience and steps >= self.how.fewest_steps
        return tired or self.epoch >= self.epochs or self.is_out_of_time

    @property
    def is_out_of_time(self) -> bool:
        """Whether it has computed as long as it may."""
        return time.process_time() - self.begun > self.how.computing_s

    def take_epoch(self) -> float:
        """One pass in a random order, judged if there is a judge; of epochs alike the last is kept. The mean loss."""
        torch.manual_seed(1_000_003 * self.how.seed + self.epoch)
        for group in self.optimizer.param_groups:
            group["lr"] = self.how.learning_rate * self.how.decay**self.epoch
        self.network.train()
        losses = []
        for batch in torch.randperm(len(self.rows)).to(self.device).split(self.how.spectra_per_step):
            if len(batch) > 1 or len(self.rows) == 1:  # a batch of one has no spread to be normalised by
                losses.append(self._take_step(batch))
        self.epoch += 1
        if self.judge is not None:
            right = self.judge()
            self.since = 0 if right > self.best else self.since + 1
            if right >= self.best:
                self.best = right
                self.best_weights = {name: part.detach().clone() for name, part in self.network.state_dict().items()}
        return float(torch.stack(losses).mean())

    def _take_step(self, batch: Tensor) -> Tensor:
        rows = self.rows[batch]
        if self.vary is not None:
            rows = self.vary(rows)
        with half_precision(self.device):
            loss = self.loss(self.network, rows, None if self.classes is None else self.classes[batch])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def run(self, checkpoint: Path | None = None, say: Callable[[str], None] = lambda _: None) -> nn.Module:
        """Train to the end, or go on from `checkpoint`, which is written about once a minute and at the end."""
        if checkpoint is not None and checkpoint.exists():
            self.resume(checkpoint)
        saved = time.monotonic()
        while not self.finished:
            loss = self.take_epoch()
            note = "" if self.judge is None else f" · right {self.best:.4f}"
            say(f"epoch {self.epoch} of {self.epochs} · loss {loss:.4f}{note}")
            if checkpoint is not None and (self.finished or time.monotonic() - saved > SAVE_EVERY_S):
                self.save(checkpoint)
                saved = time.monotonic()
        if self.best_weights:
            self.network.load_state_dict(self.best_weights)
        return self.network.eval()

    def save(self, path: Path) -> None:
        """Weights and what is needed to go on."""
        from safetensors.torch import save

        tensors = {f"network.{name}": part.contiguous() for name, part in self.network.state_dict().items()}
        tensors |= {f"best.{name}": part.contiguous() for name, part in self.best_weights.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
        note = {"epoch": str(self.epoch), "since": str(self.since), "best": repr(self.best)}
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, save(tensors, note))

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        note, tensors = read_tensors(path)
        self.epoch, self.since, self.best = int(note["epoch"]), int(note["since"]), float(note["best"])
        self.network.load_state_dict(under("network.", tensors))
        self.best_weights = {name: part.to(self.device) for name, part in under("best.", tensors).items()}
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in under("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose name begins with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The notes and the tensors of a safetensors file."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
