"""Pretrain the autoencoder: it learns to predict the noise of corrupted spectra, and masked windows."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress, format_duration
from ramanstudio.core.version import __version__
from ramanstudio.mae import checkpoint, model_store
from ramanstudio.mae import corpus as corpora
from ramanstudio.mae.calibration import Calibration, calibrate
from ramanstudio.mae.checkpoint import CHECKPOINT, AveragedWeights
from ramanstudio.mae.config import NetworkConfig, PretrainingConfig, stored_settings
from ramanstudio.mae.distributed import ProcessGroup, process_group
from ramanstudio.mae.loss_curve import LOSS_CURVE, LossCurve
from ramanstudio.mae.network import SpectrumAutoencoder, bf16_pays, detrend
from ramanstudio.mae.training_batch import TrainingBatch, draw_batch

POINTS = (320, 512, 768, 1024, 1536, 2048)  # lengths of the training spectra; one for each step
VARIANCE_WEIGHT, MASKED_WEIGHT = 0.1, 0.3
METHOD = "Spectrum masked autoencoder (after arXiv 2504.16130): denoises Raman spectra on any axis."


def pretraining_loss(
    network: SpectrumAutoencoder, batch: TrainingBatch, visible: Tensor | None = None, shared: Any = None
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of a batch and its parts: squared error of the noise, its likelihood, and masked windows.

    `visible` (V,) are the windows that are not masked; `shared` is the network wrapped for several processes.
    """
    noise, log_variance, signal = (shared or network)(batch.samples, batch.axis, visible)
    error = (noise - batch.noise) * batch.weight.sqrt()
    log_spread = log_variance + batch.weight.log()
    residual = error.detach() - batch.drift * batch.weight.sqrt()
    likelihood = (residual**2 * torch.exp(-log_spread) + log_spread) / 2
    if visible is None:
        loss = (error**2).mean() + VARIANCE_WEIGHT * likelihood.mean()
        return loss, {"noise": float((error.detach() ** 2).mean())}
    masked = network.masked_samples(visible, batch.samples.shape[1]).to(noise.device)
    clean = torch.asinh(detrend(batch.samples - batch.noise))
    rebuilt = huber_loss(signal[:, masked], clean[:, masked]) if masked.any() else signal.sum() * 0
    loss = (error**2)[:, ~masked].mean() + VARIANCE_WEIGHT * likelihood[:, ~masked].mean() + MASKED_WEIGHT * rebuilt
    return loss, {"hidden": float(rebuilt.detach())}  # the name of the column in loss.csv


class Pretraining:
    """A run that can be stopped at any step and resumed: everything random follows from seed, step and rank."""

    def __init__(
        self, network_config: NetworkConfig, config: PretrainingConfig, corpus: corpora.Corpus, group: ProcessGroup
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.corpus, self.group, self.device = config, corpus, group, group.device
        self.network = SpectrumAutoencoder(network_config).to(group.device)
        self.shared = group.wrap(self.network)
        self.optimizer = checkpoint.adam(self.network, config.learning_rate, config.weight_decay, betas=(0.9, 0.98))
        self.averaged = AveragedWeights(self.network, config.average_over)
        self.step = 0
        self.spectra_seen = 0
        self.bf16 = bf16_pays(group.device)

    def take_step(self) -> dict[str, float]:
        """Draw one batch and update the weights; return the parts of the loss."""
        config = self.config
        # every process takes spectra of one length, so that none waits for another
        points = int(np.random.default_rng((config.seed, self.step)).choice(POINTS))
        random = np.random.default_rng((config.seed, self.step, 1 + self.group.rank))
        batch = draw_batch(random, self.corpus, config, points).to(self.device)
        visible = None
        if random.random() < config.masking_probability:
            generator = torch.Generator().manual_seed(int(random.integers(2**31)))
            n_windows = self.network.window_count(points)
            visible = self.network.random_mask(n_windows, config.mask_ratio, generator).to(self.device)
        for parameters in self.optimizer.param_groups:
            parameters["lr"] = config.learning_rate * self._schedule()
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss, parts = pretraining_loss(self.network, batch, visible, self.shared)
        if not torch.isfinite(loss):
            raise StudioError("Training diverged.", remedy="Lower the learning rate and start again.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.averaged.add(self.network, self.step)
        self.step += 1
        self.spectra_seen += len(batch.samples) * self.group.size
        return {"loss": float(loss.detach()), **parts}

    def _schedule(self) -> float:
        """The factor on the learning rate: linear warm-up, then a cosine decay to a hundredth."""
        if self.step < self.config.warmup_steps:
            return (self.step + 1) / self.config.warmup_steps
        done = (self.step - self.config.warmup_steps) / max(1, self.config.steps - self.config.warmup_steps)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, done))) / 2

    def save(self, path: Path) -> None:
        """Write everything that is needed to resume."""
        settings = stored_settings(self.config)
        note = {"step": str(self.step), "spectra_seen": str(self.spectra_seen), "settings": settings}
        checkpoint.write(path, self.network, self.averaged, self.optimizer, note)

    def resume(self, path: Path) -> None:
        """Resume from a checkpoint. Raises StudioError when it is of another configuration, or damaged."""
        settings = stored_settings(self.config)
        note = checkpoint.resume(path, self.network, self.averaged, self.optimizer, settings)
        self.step, self.spectra_seen = int(note["step"]), int(note["spectra_seen"])


def _root_mean_square(rows: Tensor) -> Tensor:
    """The root mean square of each of `rows` (N, B) -> (N,)."""
    return rows.square().mean(dim=1).sqrt()


@torch.inference_mode()
def validate(network: SpectrumAutoencoder, corpus: corpora.Corpus, config: PretrainingConfig) -> dict[str, float]:
    """Return the gain in amplitude by raw SNR, and the expected over the true error, on batches that never change."""
    random = np.random.default_rng(20250416)
    rows = []
    device = next(network.parameters()).device
    for _ in range(6):
        batch = draw_batch(random, corpus, config, 1024).to(device)
        noise, log_variance, _ = network(batch.samples, batch.axis)
        before, after = (_root_mean_square(batch.noise), _root_mean_square(noise - batch.noise))
        claimed = log_variance.exp().mean(dim=1).sqrt() / _root_mean_square(noise - batch.noise - batch.drift)
        signal = np.percentile((batch.samples - batch.noise).cpu(), 99.7, axis=1)
        noisy = (before > 0.1).cpu().numpy()
        rows.append(np.stack([signal, (before / after).cpu(), claimed.cpu()])[:, noisy])
    snr, gain, ratio = np.concatenate(rows, axis=1)
    ranges = {"SNR below 5": snr < 5, "SNR 5 to 30": (snr >= 5) & (snr < 30), "SNR over 30": snr >= 30}
    gains = {
        f"validation gain, {name}": float(np.median(gain[inside])) for name, inside in ranges.items() if inside.any()
    }
    return {
        **gains,
        "validation spectra made worse, %": float(100 * np.mean(gain < 0.9886)),  # 0.1 dB
        "validation expected error / true error": float(np.median(ratio)),
    }


def measure_calibration(
    network: SpectrumAutoencoder, corpus: corpora.Corpus, config: PretrainingConfig, batches: int = 24
) -> Calibration:
    """Calibrate the expected error of a network on batches that never change."""
    random = np.random.default_rng(20260101)
    device = next(network.parameters()).device
    lengths = (POINTS[batch % len(POINTS)] for batch in range(batches))
    return calibrate(network, (draw_batch(random, corpus, config, points).to(device) for points in lengths))


def pretrain(
    config: PretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress = SILENT,
    network_config: NetworkConfig | None = None,
    device: str = "cpu",
) -> model_store.ModelCard:
    """Pretrain a model on HDF5 corpora into the folder `out`, or resume the run that was stopped there.

    Started by torchrun, its processes share the work: each draws batches of its own, and gradients are averaged.

    Writes card.json, weights.safetensors (averaged over the last steps) and loss.csv at every checkpoint, so that
    a kill costs at most `config.checkpoint_every` steps. Shows the rows of the loss curve so far. Raises StudioError
    when the corpora hold nothing to train on, when the checkpoint is of other settings or `out` cannot be written, and
    Cancelled when asked to stop.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with process_group(device) as group:
            reported = progress if group.is_main else SILENT
            return _pretrain(config, paths, out, reported, network_config or NetworkConfig(), group)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write '{error.filename or out}': {reason}.",
            remedy="Choose a folder that may be written, on a disk with room; the same command then resumes.",
        ) from error


def _pretrain(
    config: PretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress,
    network_config: NetworkConfig,
    group: ProcessGroup,
) -> model_store.ModelCard:
    training, validation = corpora.load(paths, tuple(name for name in config.leave_out.split(",") if name))
    run = Pretraining(network_config, config, training, group)
    curve = LossCurve(out / LOSS_CURVE)
    if (out / CHECKPOINT).exists():
        run.resume(out / CHECKPOINT)
        curve.keep_until(run.step)
    started, first = time.monotonic(), run.step
    card = None
    while run.step < config.steps:
        parts = run.take_step()
        curve.add(run.step, parts)
        step_seconds = (time.monotonic() - started) / (run.step - first)
        left = format_duration(step_seconds * (config.steps - run.step))
        progress(run.step, config.steps, f"loss {curve.mean('loss'):.3f} · {left} left")
        if group.is_main and (run.step % config.checkpoint_every == 0 or run.step == config.steps):
            progress.show(curve.write(run.step))
            card = _save_model(run, validation if validation.groups else training, out)
            # last, as a run that resumes here writes none of the others again
            run.save(out / CHECKPOINT)
    if group.size > 1:
        torch.distributed.barrier()  # until the last files are written
    return card or model_store.read_card(out)


def _describe_training(run: Pretraining) -> str:
    """What the model is and what it was trained on; of licence and sources nothing is known here."""
    n_spectra, share = sum(run.corpus.counts.values()), run.config.real_share
    real = f"{n_spectra:,} spectra of {len(run.corpus.counts)} groups of the given corpora"
    sources = real if share == 1 else "simulated spectra" if share == 0 else f"{real} and on simulated ones"
    return f"{METHOD} Pretrained without labels on {sources}."


def _save_model(run: Pretraining, validation: corpora.Corpus, out: Path) -> model_store.ModelCard:
    """Write the model with its averaged weights, validated and calibrated; return its card."""
    network = SpectrumAutoencoder(run.network.plan).to(run.device)
    network.load_state_dict(run.averaged.weights)
    metrics = validate(network.eval(), validation, run.config)
    card = model_store.ModelCard(
        name=out.name,
        description=_describe_training(run),
        network=network.plan,
        parameters=sum(weight.numel() for weight in network.parameters()),
        steps=run.step,
        spectra_seen=run.spectra_seen,
        trained_on=run.corpus.counts,
        error_scale=1 / metrics["validation expected error / true error"],
        metrics=metrics,
        calibration=measure_calibration(network, validation, run.config),
        software=f"RamanStudio {__version__}, torch {torch.__version__}",
    )
    return model_store.save(out, card, run.averaged.weights)
