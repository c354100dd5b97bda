"""A residual 1-D U-Net of DeepeR's kind, trained on what our model is trained on, for as long as one says.

    python -m benchmarks.rivals.unet --corpus ../shared/data/corpus.h5 --minutes 80 --out unet.safetensors

Horgan et al. 2021 (DeepeR, Analytical Chemistry 93, 15850): a spectrum between 0 and 1 goes in and the clean one comes
out, by residual blocks of two convolutions of three samples with batch normalisation, learned with the mean absolute
error, Adam and one cycle of the learning rate. Ours: widths that come to about the weights of our own model, and the
clean spectrum on the scale of the noisy one, so that what comes out can be put back into the unit that came in.
"""

from __future__ import annotations

import argparse
import math
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import l1_loss, leaky_relu, pad

from ramanstudio.core.paths import user_data
from ramanstudio.core.writing import atomic_write
from ramanstudio.mae import corpus as corpora
from ramanstudio.mae.config import PretrainingConfig
from ramanstudio.mae.network import cpu_has_bf16
from ramanstudio.mae.pretraining import POINTS
from ramanstudio.mae.training_batch import draw_batch

WIDTHS = (32, 64, 128, 256)  # channels at full, half, quarter and eighth resolution
LEARNING_RATE = 1e-3
CHECKPOINT_EVERY_S = 60.0
LEAST_SPAN = 1e-3  # in sigma; a spectrum all of whose samples are equal has no scale from 0 to 1 to learn on
SAMPLES_PER_BATCH = 65_536  # of inference
LEFT_OUT = "exposure_mixture_01,power_series_a,minerals_raw_test"  # as in the training of the shipped models

Floats = NDArray[np.floating[Any]]


def default_file() -> Path:
    """Where the benchmark looks for the trained network: not in the project, which does not ship rivals."""
    return user_data() / "benchmarks" / "unet.safetensors"


class ResidualBlock(nn.Module):
    """Two convolutions of three samples beside a skip, (N, C, B) -> (N, C', B)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(before, after, 3, padding=1, bias=False)
        self.second = nn.Conv1d(after, after, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm1d(after), nn.BatchNorm1d(after)])
        self.skip: nn.Module = nn.Identity() if before == after else nn.Conv1d(before, after, 1)

    def forward(self, values: Tensor) -> Tensor:
        inner = leaky_relu(self.norms[0](self.first(values)), 0.2)
        return leaky_relu(self.norms[1](self.second(inner)) + self.skip(values), 0.2)


class ResidualUNet(nn.Module):
    """Spectra between 0 and 1 (N, B) -> clean spectra (N, B); B is a multiple of 8."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        steps = list(pairwise(widths))
        self.down = nn.ModuleList([ResidualBlock(1, widths[0]), *(ResidualBlock(*step) for step in steps)])
        self.bottom = ResidualBlock(widths[-1], widths[-1])
        self.up = nn.ModuleList(nn.ConvTranspose1d(wide, narrow, 2, stride=2) for narrow, wide in reversed(steps))
        self.join = nn.ModuleList(ResidualBlock(2 * narrow, narrow) for narrow, _ in reversed(steps))
        self.last = nn.Conv1d(widths[0], 1, 1)
        self.deepest = 2 ** len(steps)

    def forward(self, spectra: Tensor) -> Tensor:
        values, kept = self.down[0](spectra[:, None]), []
        for block in self.down[1:]:
            kept.append(values)
            values = block(nn.functional.max_pool1d(values, 2))
        values = self.bottom(values)
        for widen, block, beside in zip(self.up, self.join, reversed(kept), strict=True):
            values = block(torch.cat([widen(values), beside], dim=1))
        clean: Tensor = self.last(values)[:, 0]
        return clean


def between_0_and_1(samples: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest value and the range (N, 1) of each spectrum (N, B)."""
    low, high = samples.amin(dim=1, keepdim=True), samples.amax(dim=1, keepdim=True)
    return low, (high - low).clamp_min(1e-12)


@torch.inference_mode()
def denoise(network: ResidualUNet, values: Floats) -> Floats:
    """What the network makes of `values` (N, B) -> (N, B) in their unit."""
    rows = torch.from_numpy(np.array(values, dtype=np.float32))
    points = rows.shape[1]
    clean = []
    for batch in torch.split(rows, max(1, SAMPLES_PER_BATCH // points)):
        low, span = between_0_and_1(batch)
        padded = pad((batch - low) / span, (0, -points % network.deepest), mode="replicate")
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bf16()):
            predicted = network(padded)
        clean.append(predicted[:, :points].float() * span + low)
    result: Floats = torch.cat(clean).numpy()
    return result


class Training:
    """A run of so many minutes that can be killed and taken up again from its last checkpoint."""

    def __init__(self, real: corpora.Corpus, plan: PretrainingConfig, seconds: float) -> None:
        torch.manual_seed(plan.seed)
        self.real, self.plan, self.seconds = real, plan, seconds
        self.network = ResidualUNet()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE)
        self.step, self.spectra_seen, self.spent_s = 0, 0, 0.0

    def take_step(self) -> float:
        """One batch, drawn as for our own model, one update; returns the mean absolute error."""
        begun = time.process_time()
        random = np.random.default_rng((self.plan.seed, self.step))
        example = draw_batch(random, self.real, self.plan, int(random.choice(POINTS)))
        samples, clean = example.samples, example.samples - example.noise
        low, span = between_0_and_1(samples)
        usual = span[:, 0] > LEAST_SPAN
        samples, clean, low, span = samples[usual], clean[usual], low[usual], span[usual]
        for group in self.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * self._cycle()
        self.network.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=cpu_has_bf16()):
            predicted = self.network((samples - low) / span)
        loss = l1_loss(predicted.float(), (clean - low) / span)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.spectra_seen += len(samples)
        self.spent_s += time.process_time() - begun
        return float(loss.detach())

    def _cycle(self) -> float:
        """One cycle (Smith 2018) over the time there is: up for three tenths of it, then down to nearly nothing."""
        done = min(1.0, self.spent_s / self.seconds)
        if done < 0.3:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * done / 0.3)) / 2
        return 1e-4 + (1 - 1e-4) * (1 + math.cos(math.pi * (done - 0.3) / 0.7)) / 2

    def save(self, path: Path) -> None:
        """Weights and what is needed to go on."""
        from safetensors.torch import save

        tensors = {f"network.{name}": weight for name, weight in self.network.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
        note = {"step": self.step, "spectra_seen": self.spectra_seen, "spent_s": self.spent_s, "seconds": self.seconds}
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, save(tensors, {name: str(value) for name, value in note.items()}))

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote; the time there is may have grown."""
        note, tensors = _read(path)
        self.step, self.spectra_seen = int(note["step"]), int(note["spectra_seen"])
        self.spent_s = float(note["spent_s"])
        self.network.load_state_dict(_under("network.", tensors))
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def load(path: Path) -> tuple[ResidualUNet, dict[str, str]]:
    """A trained network, and how it was trained: step, spectra_seen, spent_s and seconds as text."""
    note, tensors = _read(path)
    network = ResidualUNet()
    network.load_state_dict(_under("network.", tensors))
    return network.eval(), note


def train(run: Training, out: Path) -> None:
    """Go on until the time is spent; a checkpoint a minute, and a line on how far it is."""
    saved, mean = run.spent_s, 0.0
    while run.spent_s < run.seconds:
        mean += 0.02 * (run.take_step() - mean)
        if run.spent_s - saved > CHECKPOINT_EVERY_S or run.spent_s >= run.seconds:
            saved = run.spent_s
            run.save(out)
            left = (run.seconds - run.spent_s) / 60
            print(f"step {run.step} · {run.spectra_seen} spectra · error {mean:.4f} · {left:.0f} min left", flush=True)


def main() -> None:
    """Train, or go on where a run into the same file stopped."""
    ask = argparse.ArgumentParser(description="Train the U-Net that the denoising benchmark holds us against.")
    ask.add_argument("--corpus", type=Path, nargs="+", required=True)
    ask.add_argument("--minutes", type=float, required=True, help="of computing, whatever else the machine does")
    ask.add_argument("--out", type=Path, default=default_file())
    ask.add_argument("--leave-out", default=LEFT_OUT, help="groups of the corpus, with commas")
    ask.add_argument("--threads", type=int, default=1)
    arguments = ask.parse_args()
    torch.set_num_threads(arguments.threads)
    real, _apart = corpora.load(arguments.corpus, tuple(name for name in arguments.leave_out.split(",") if name))
    run = Training(real, PretrainingConfig(), 60 * arguments.minutes)
    if arguments.out.exists():
        run.resume(arguments.out)
    train(run, arguments.out)


if __name__ == "__main__":
    main()
