"""Train the embedder without labels: contrastive run on augmented spectra, and reconstruction of masked tokens."""

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
from ramanstudio.mae.augmentation import augment
from ramanstudio.mae.checkpoint import AveragedWeights
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig, stored_settings
from ramanstudio.mae.embedder import MIN_OVERLAP_CM, Embedder, embedder_input, scale_to_lines
from ramanstudio.mae.network import bf16_pays
from ramanstudio.signal.resampling import resample_to_grid

CHECKPOINT = "features-checkpoint.safetensors"  # beside that of the autoencoder
Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureCorpus:
    """Spectra on the grid: `rows` (N, G), what was `measured` (N, G), `group` and number of the `substance` (N,)."""

    rows: NDArray[np.float32]
    measured: NDArray[np.bool_]
    group: NDArray[np.str_]
    substance: Rows

    @property
    def counts(self) -> dict[str, int]:
        """The number of spectra of each group."""
        return {str(name): int(count) for name, count in zip(*np.unique(self.group, return_counts=True), strict=True)}

    def draw(self, random: np.random.Generator, n_spectra: int, n_groups: int) -> tuple[Rows, Rows]:
        """Draw about `n_spectra` of `n_groups`, and for each a partner: another spectrum of its substance, or itself.

        Few groups at a time, so that similar spectra must be distinguished; each weighs as the square root of its size.
        """
        counts = self.counts
        names, sizes = list(counts), np.array(list(counts.values()))
        weight = np.sqrt(sizes)
        chosen = random.choice(len(names), min(n_groups, len(names)), replace=False, p=weight / weight.sum())
        rows = np.flatnonzero(np.isin(self.group, [names[index] for index in chosen]))
        probability = np.array([counts[name] for name in self.group[rows]]) ** -0.5
        first = random.choice(rows, min(n_spectra, len(rows)), replace=False, p=probability / probability.sum())
        order = np.argsort(self.substance, kind="stable")
        starts = np.searchsorted(self.substance[order], self.substance[first])
        ends = np.searchsorted(self.substance[order], self.substance[first], side="right")
        return first, order[random.integers(starts, ends)]


def load_feature_corpus(
    paths: Sequence[Path], embedder_config: EmbedderConfig, config: FeaturePretrainingConfig
) -> FeatureCorpus:
    """Read every spectrum of HDF5 corpora, however noisy, onto the grid. Raises StudioError when there is none."""
    leave_out, paired = (
        [name for name in names.split(",") if name] for names in (config.leave_out, config.paired_groups)
    )
    rows, masks, groups = [], [], []
    substances: dict[tuple[str, ...], int] = {}
    substance = []
    for path in paths:
        for name, _, sample, axis, values in corpus.every_spectrum(path, leave_out):
            row, measured = resample_to_grid(embedder_config, axis, values[None])
            if measured.sum() * embedder_config.step_cm < MIN_OVERLAP_CM:
                continue
            rows.append(scale_to_lines(row)[0])
            masks.append(measured)
            groups.append(name)
            key = (name, sample) if name in paired else (name, str(path), str(len(rows)))
            substance.append(substances.setdefault(key, len(substances)))
    if not rows:
        raise StudioError(
            "None of the corpora holds a spectrum that features can be trained on.",
            remedy=f"Give spectra that cover {MIN_OVERLAP_CM:.0f} cm⁻¹ or more between {embedder_config.low_cm:.0f} and"
            f" {embedder_config.high_cm:.0f} cm⁻¹.",
        )
    return FeatureCorpus(np.stack(rows), np.stack(masks), np.array(groups), np.array(substance))


AugmentedBatch = tuple[Tensor, Tensor, Tensor, Tensor]


def draw_augmented_pair(
    random: np.random.Generator,
    embedder_config: EmbedderConfig,
    corpus: FeatureCorpus,
    config: FeaturePretrainingConfig,
) -> tuple[AugmentedBatch, AugmentedBatch]:
    """Augment a batch twice: each rows (N, G), measured (N, G), masked tokens (N, T), and clean rows (N, G)."""
    pair = corpus.draw(random, config.spectra_per_step, config.groups_per_step)
    simulated = np.flatnonzero(random.random(len(pair[0])) < config.simulated_share)
    axis = embedder_config.low_cm + embedder_config.step_cm * np.arange(embedder_config.samples)
    lines = corruption.simulated_lines(random, np.broadcast_to(axis, (len(simulated), embedder_config.samples)))
    augmented = []
    for chosen in pair:
        rows, measured = corpus.rows[chosen], corpus.measured[chosen].astype(np.float32)
        rows[simulated] = lines
        masked = random.random((len(rows), embedder_config.tokens)) < config.mask_ratio
        parts = (*augment(random, embedder_config, rows, measured), masked, rows)
        augmented.append(tuple(torch.from_numpy(np.ascontiguousarray(part)) for part in parts))
    return augmented[0], augmented[1]  # type: ignore[return-value]


def contrastive_loss(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the cross-entropy of finding the partner among all others, for unit vectors (N, D) and (N, D).

    InfoNCE (arXiv 1807.03748) in both directions (arXiv 2002.05709).
    """
    both = torch.cat([first, second])
    similarity = both @ both.T / temperature
    similarity.fill_diagonal_(-1e4)
    count = len(first)
    partner = torch.cat([torch.arange(count) + count, torch.arange(count)]).to(both.device)
    return functional.cross_entropy(similarity, partner)


def masked_loss(rebuilt: Tensor, batch: AugmentedBatch) -> Tensor:
    """Return the mean square error of the `rebuilt` spectra (N, G) in tokens that were masked but measured."""
    _, measured, masked, clean = batch
    counted = measured * masked.repeat_interleave(measured.shape[1] // masked.shape[1], dim=1)
    error = (rebuilt - embedder_input(clean, measured)[:, 0]).square() * counted
    return error.sum() / counted.sum().clamp(min=1)


class FeaturePretraining:
    """A training of an embedder, step by step: everything random follows from seed and step."""

    def __init__(
        self,
        config: FeaturePretrainingConfig,
        corpus: FeatureCorpus,
        embedder_config: EmbedderConfig,
        device: torch.device,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.corpus, self.embedder_config, self.device = config, corpus, embedder_config, device
        self.network = Embedder(embedder_config).to(device)
        self.averaged = AveragedWeights(self.network, config.average_over)
        self.optimizer = checkpoint.adam(self.network, config.learning_rate, config.weight_decay)
        self.bf16 = bf16_pays(device)
        self.step = 0

    def take_step(self) -> float:
        """Draw one batch and update the weights; return the loss."""
        config = self.config
        warm = min(1.0, (self.step + 1) / max(1, config.warmup_steps))
        cosine = (1 + math.cos(math.pi * min(1.0, self.step / config.steps))) / 2
        self.optimizer.param_groups[0]["lr"] = config.learning_rate * warm * (0.01 + 0.99 * cosine)
        pair = draw_augmented_pair(
            np.random.default_rng((config.seed, self.step)), self.embedder_config, self.corpus, config
        )
        loss = self._loss(*(tuple(part.to(self.device) for part in batch) for batch in pair))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.averaged.add(self.network, self.step)
        self.step += 1
        return float(loss.detach())

    def _loss(self, *pair: Any) -> Tensor:
        """The weighted sum of the contrastive loss and of the reconstruction of masked tokens."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            outputs = [self.network(*batch[:3]) for batch in pair]
        masked = [masked_loss(rebuilt, batch) for (_, rebuilt), batch in zip(outputs, pair, strict=True)]
        reconstruction = torch.stack(masked).mean()
        contrast = contrastive_loss(outputs[0][0], outputs[1][0], self.config.temperature)
        return self.config.contrastive_weight * contrast + self.config.reconstruction_weight * reconstruction

    def save(self, path: Path) -> None:
        """Write everything that is needed to resume."""
        note = {"step": str(self.step), "settings": self._settings}
        checkpoint.write(path, self.network, self.averaged, self.optimizer, note)

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint. Raises StudioError when it is of other settings, or damaged."""
        self.step = int(checkpoint.resume(path, self.network, self.averaged, self.optimizer, self._settings)["step"])

    @property
    def _settings(self) -> str:
        return f"({stored_settings(self.config)}, {stored_settings(self.embedder_config)})"

    def averaged_network(self) -> Embedder:
        """Return the network with its averaged weights, ready to use."""
        network = Embedder(self.embedder_config).to(self.device)
        network.load_state_dict(self.averaged.weights)
        return network.eval()


def train_embedder(
    config: FeaturePretrainingConfig,
    paths: Sequence[Path],
    progress: Progress = SILENT,
    embedder_config: EmbedderConfig | None = None,
    device: str = "cpu",
) -> tuple[Embedder, dict[str, int]]:
    """Train an embedder on HDF5 corpora; return it with averaged weights, and the number of spectra by group.

    Raises StudioError when the corpora hold nothing to train on, Cancelled when asked to stop.
    """
    embedder_config = embedder_config or EmbedderConfig()
    run = FeaturePretraining(
        config, load_feature_corpus(paths, embedder_config, config), embedder_config, torch.device(device)
    )
    while run.step < config.steps:
        progress(run.step, config.steps, f"loss {run.take_step():.3f}")
    return run.averaged_network(), run.corpus.counts


def pretrain_features(
    config: FeaturePretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress = SILENT,
    embedder_config: EmbedderConfig | None = None,
    device: str = "cpu",
) -> model_store.ModelCard:
    """Train an embedder for the model in the folder `out`, or resume a training that was stopped.

    A kill costs at most `config.checkpoint_every` steps. Raises StudioError when there is no model in `out`, the
    corpora hold nothing to train on or the checkpoint is of other settings; Cancelled when asked to stop.
    """
    model_store.read_card(out)
    embedder_config = embedder_config or EmbedderConfig()
    run = FeaturePretraining(
        config, load_feature_corpus(paths, embedder_config, config), embedder_config, torch.device(device)
    )
    if (out / CHECKPOINT).exists():
        run.resume(out / CHECKPOINT)
    started, first = time.monotonic(), run.step
    while run.step < config.steps:
        loss = run.take_step()
        left = format_duration((time.monotonic() - started) / (run.step - first) * (config.steps - run.step))
        progress(run.step, config.steps, f"loss {loss:.3f} · {left} left")
        if run.step % config.checkpoint_every == 0 or run.step == config.steps:
            run.save(out / CHECKPOINT)
    card = model_store.EmbedderCard(
        plan=embedder_config,
        parameters=sum(weight.numel() for weight in run.network.parameters()),
        steps=run.step,
        trained_on=run.corpus.counts,
    )
    return model_store.save_embedder(out, card, run.averaged.weights)
