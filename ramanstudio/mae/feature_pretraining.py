"""Learning features without a label: two corrupted views of one substance belong together, those of others apart."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress, format_duration
from ramanstudio.mae import checkpoint, corpus, corruption, model_store
from ramanstudio.mae.augmentation import view
from ramanstudio.mae.checkpoint import AveragedWeights
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig
from ramanstudio.mae.embedder import FEWEST_CM, Embedder, prepared, readings
from ramanstudio.mae.network import bf16_pays
from ramanstudio.signal.resampling import resample_to_grid

CHECKPOINT = "features-checkpoint.safetensors"  # beside that of the half that denoises
Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureCorpus:
    """Spectra on the grid: `rows` (N, G), what was `measured` of each (N, G), the group, and the substance (N,)."""

    rows: NDArray[np.float32]
    measured: NDArray[np.bool_]
    group: NDArray[np.str_]
    substance: Rows

    @property
    def counts(self) -> dict[str, int]:
        return {str(name): int(count) for name, count in zip(*np.unique(self.group, return_counts=True), strict=True)}

    def draw(self, random: np.random.Generator, many: int, groups: int) -> tuple[Rows, Rows]:
        """About `many` spectra of a few `groups`, and for each a twin: another of its substance, or itself.

        Few groups at a time, so that a spectrum is told from its likes; each counts by the square root of its size.
        """
        counts = self.counts
        names, sizes = list(counts), np.array(list(counts.values()))
        weight = np.sqrt(sizes)
        few = random.choice(len(names), min(groups, len(names)), replace=False, p=weight / weight.sum())
        rows = np.flatnonzero(np.isin(self.group, [names[one] for one in few]))
        chance = np.array([counts[name] for name in self.group[rows]]) ** -0.5
        first = random.choice(rows, min(many, len(rows)), replace=False, p=chance / chance.sum())
        order = np.argsort(self.substance, kind="stable")
        starts = np.searchsorted(self.substance[order], self.substance[first])
        ends = np.searchsorted(self.substance[order], self.substance[first], side="right")
        return first, order[random.integers(starts, ends)]


def load_feature_corpus(paths: Sequence[Path], plan: EmbedderConfig, how: FeaturePretrainingConfig) -> FeatureCorpus:
    """Every spectrum of HDF5 corpora, however noisy, on the grid. Raises StudioError when there is none."""
    leave_out, twins = ([name for name in names.split(",") if name] for names in (how.leave_out, how.twins))
    rows, masks, groups = [], [], []
    substances: dict[tuple[str, ...], int] = {}
    substance = []
    for path in paths:
        for name, _, sample, axis, values in corpus.every_spectrum(path, leave_out):
            row, measured = resample_to_grid(plan, axis, values[None])
            if measured.sum() * plan.step_cm < FEWEST_CM:
                continue
            rows.append(prepared(row)[0])
            masks.append(measured)
            groups.append(name)
            key = (name, sample) if name in twins else (name, str(path), str(len(rows)))
            substance.append(substances.setdefault(key, len(substances)))
    if not rows:
        raise StudioError(
            "None of the corpora holds a spectrum that features can be learned from.",
            remedy=f"Give spectra that cover {FEWEST_CM:.0f} cm⁻¹ or more between {plan.low_cm:.0f} and"
            f" {plan.high_cm:.0f} cm⁻¹.",
        )
    return FeatureCorpus(np.stack(rows), np.stack(masks), np.array(groups), np.array(substance))


View = tuple[Tensor, Tensor, Tensor, Tensor]


def draw_augmented_pair(
    random: np.random.Generator, plan: EmbedderConfig, real: FeatureCorpus, how: FeaturePretrainingConfig
) -> tuple[View, View]:
    """Two views of a batch, each rows (N, G), measured (N, G), hidden tokens (N, T), and clean rows (N, G)."""
    pair = real.draw(random, how.spectra_a_step, how.groups_a_step)
    simulated = np.flatnonzero(random.random(len(pair[0])) < how.simulated_share)
    axis = plan.low_cm + plan.step_cm * np.arange(plan.samples)
    lines = corruption.simulated_lines(random, np.broadcast_to(axis, (len(simulated), plan.samples)))
    views = []
    for chosen in pair:
        rows, measured = real.rows[chosen], real.measured[chosen].astype(np.float32)
        rows[simulated] = lines
        hidden = random.random((len(rows), plan.tokens)) < how.hidden_share
        parts = (*view(random, plan, rows, measured), hidden, rows)
        views.append(tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in parts))
    return views[0], views[1]  # type: ignore[return-value]


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """How badly each view finds its twin among all others (InfoNCE, arXiv 1807.03748; both ways, arXiv 2002.05709)."""
    both = torch.cat([first, second])
    likeness = both @ both.T / temperature
    likeness.fill_diagonal_(-1e4)
    many = len(first)
    twin = torch.cat([torch.arange(many) + many, torch.arange(many)]).to(both.device)
    return functional.cross_entropy(likeness, twin)


def masked_loss(foretold: Tensor, view: View) -> Tensor:
    """The mean square error of what was foretold of the tokens that were hidden but measured, the clean ones."""
    _, measured, hidden, clean = view
    asked = measured * hidden.repeat_interleave(measured.shape[1] // hidden.shape[1], dim=1)
    wrong = (foretold - readings(clean, measured)[:, 0]).square() * asked
    return wrong.sum() / asked.sum().clamp(min=1)


class FeaturePretraining:
    """A training of an embedder that can be taken step by step."""

    def __init__(
        self, how: FeaturePretrainingConfig, real: FeatureCorpus, plan: EmbedderConfig, device: torch.device
    ) -> None:
        torch.manual_seed(how.seed)
        self.how, self.real, self.plan, self.device = how, real, plan, device
        self.network = Embedder(plan).to(device)
        self.averaged = AveragedWeights(self.network, how.average_over)
        self.optimizer = checkpoint.adam(self.network, how.learning_rate, how.weight_decay)
        self.bf16 = bf16_pays(device)
        self.step = 0

    def take_step(self) -> float:
        """One batch, one update; returns the loss."""
        how = self.how
        warm = min(1.0, (self.step + 1) / max(1, how.warmup_steps))
        cosine = (1 + math.cos(math.pi * min(1.0, self.step / how.steps))) / 2
        self.optimizer.param_groups[0]["lr"] = how.learning_rate * warm * (0.01 + 0.99 * cosine)
        views = draw_augmented_pair(np.random.default_rng((how.seed, self.step)), self.plan, self.real, how)
        loss = self._loss(*(tuple(part.to(self.device) for part in view) for view in views))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.averaged.add(self.network, self.step)
        self.step += 1
        return float(loss.detach())

    def _loss(self, *views: Any) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            found = [self.network(*view[:3]) for view in views]
        hiding = torch.stack(
            [masked_loss(foretold, view) for (_, foretold), view in zip(found, views, strict=True)]
        ).mean()
        together = contrastive_loss(found[0][0], found[1][0], self.how.temperature)
        return self.how.views_weight * together + self.how.hiding_weight * hiding

    def save(self, path: Path) -> None:
        """Everything that is needed to go on."""
        note = {"step": str(self.step), "settings": repr((self.how, self.plan))}
        checkpoint.write(path, self.network, self.averaged, self.optimizer, note)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint. Raises StudioError when it is of other settings, or damaged."""
        settings = repr((self.how, self.plan))
        self.step = int(checkpoint.resume(path, self.network, self.averaged, self.optimizer, settings)["step"])

    def learned(self) -> Embedder:
        """The network with its averaged weights, ready to use."""
        network = Embedder(self.plan).to(self.device)
        network.load_state_dict(self.averaged.weights)
        return network.eval()


def train_embedder(
    how: FeaturePretrainingConfig,
    paths: Sequence[Path],
    progress: Progress = SILENT,
    plan: EmbedderConfig | None = None,
    device: str = "cpu",
) -> tuple[Embedder, dict[str, int]]:
    """An embedder trained on HDF5 corpora, its weights averaged over the last steps, and what it learned from.

    Raises StudioError when the corpora hold nothing to learn from, Cancelled when asked to stop.
    """
    plan = plan or EmbedderConfig()
    learning = FeaturePretraining(how, load_feature_corpus(paths, plan, how), plan, torch.device(device))
    while learning.step < how.steps:
        progress(learning.step, how.steps, f"loss {learning.take_step():.3f}")
    return learning.learned(), learning.real.counts


def pretrain_features(
    how: FeaturePretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress = SILENT,
    plan: EmbedderConfig | None = None,
    device: str = "cpu",
) -> model_store.ModelCard:
    """Train the half of the model in the folder `out` that gives features, or go on where that stopped.

    A kill costs at most `how.checkpoint_every` steps. Raises StudioError when there is no model in `out`, the corpora
    hold nothing to learn from or the checkpoint does not suit; Cancelled when asked to stop.
    """
    model_store.read_card(out)
    plan = plan or EmbedderConfig()
    learning = FeaturePretraining(how, load_feature_corpus(paths, plan, how), plan, torch.device(device))
    if (out / CHECKPOINT).exists():
        learning.resume(out / CHECKPOINT)
    started, first = time.monotonic(), learning.step
    while learning.step < how.steps:
        loss = learning.take_step()
        left = format_duration((time.monotonic() - started) / (learning.step - first) * (how.steps - learning.step))
        progress(learning.step, how.steps, f"loss {loss:.3f} · {left} left")
        if learning.step % how.checkpoint_every == 0 or learning.step == how.steps:
            learning.save(out / CHECKPOINT)
    note = model_store.EmbedderCard(
        plan=plan,
        parameters=sum(weight.numel() for weight in learning.network.parameters()),
        steps=learning.step,
        trained_on=learning.real.counts,
    )
    return model_store.save_embedder(out, note, learning.averaged.weights)
