"""Pretraining: spectra are corrupted, some windows hidden; the network learns what was noise and what lay there."""

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
from ramanstudio.mae.config import NetworkConfig, PretrainingConfig
from ramanstudio.mae.distributed import ProcessGroup, team
from ramanstudio.mae.loss_curve import LOSS_CURVE, LossCurve
from ramanstudio.mae.network import SpectrumAutoencoder, bf16_pays, detrend
from ramanstudio.mae.training_batch import TrainingBatch, draw_batch

POINTS = (320, 512, 768, 1024, 1536, 2048)  # lengths of the training spectra; one for each step
VARIANCE_WEIGHT, HIDDEN_WEIGHT = 0.1, 0.3
DESCRIPTION = (
    "Spectrum masked autoencoder (after arXiv 2504.16130): denoises Raman spectra on any axis, self-supervised on"
    " real spectra of high signal-to-noise ratio and on simulated ones."
)


def pretraining_loss(
    network: SpectrumAutoencoder, example: TrainingBatch, visible: Tensor | None = None, shared: Any = None
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch, and its parts: squared error of the noise, its predicted spread, and hidden windows.

    `shared` is the network as the processes of a team call it.
    """
    noise, log_variance, signal = (shared or network)(example.samples, example.axis, visible)
    error = (noise - example.noise) * example.weight.sqrt()
    spread = log_variance + example.weight.log()
    left = error.detach() - example.drift * example.weight.sqrt()
    likelihood = (left**2 * torch.exp(-spread) + spread) / 2
    if visible is None:
        loss = (error**2).mean() + VARIANCE_WEIGHT * likelihood.mean()
        return loss, {"noise": float((error.detach() ** 2).mean())}
    hidden = network.masked_samples(visible, example.samples.shape[1]).to(noise.device)
    clean = torch.asinh(detrend(example.samples - example.noise))
    rebuilt = huber_loss(signal[:, hidden], clean[:, hidden]) if hidden.any() else signal.sum() * 0
    loss = (error**2)[:, ~hidden].mean() + VARIANCE_WEIGHT * likelihood[:, ~hidden].mean() + HIDDEN_WEIGHT * rebuilt
    return loss, {"hidden": float(rebuilt.detach())}


class Pretraining:
    """A run that can be stopped at any step and taken up again: all that is random follows from seed, step and rank."""

    def __init__(
        self, network_plan: NetworkConfig, plan: PretrainingConfig, real: corpora.Corpus, team: ProcessGroup
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.real, self.team, self.device = plan, real, team, team.device
        device = team.device
        self.network = SpectrumAutoencoder(network_plan).to(device)
        self.shared = team.shared(self.network)
        self.optimizer = checkpoint.adam(self.network, plan.learning_rate, plan.weight_decay, betas=(0.9, 0.98))
        self.averaged = AveragedWeights(self.network, plan.average_over)
        self.step = 0
        self.spectra_seen = 0
        self.bf16 = bf16_pays(device)

    def take_step(self) -> dict[str, float]:
        """One batch, one update; returns the parts of the loss."""
        plan = self.plan
        # every process takes spectra of one length, so that none waits for another
        points = int(np.random.default_rng((plan.seed, self.step)).choice(POINTS))
        random = np.random.default_rng((plan.seed, self.step, 1 + self.team.rank))
        example = draw_batch(random, self.real, plan, points).to(self.device)
        visible = None
        if random.random() < plan.hiding_steps:
            choice = torch.Generator().manual_seed(int(random.integers(2**31)))
            visible = self.network.random_mask(self.network.window_count(points), plan.hidden_share, choice).to(
                self.device
            )
        for group in self.optimizer.param_groups:
            group["lr"] = plan.learning_rate * self._schedule()
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss, parts = pretraining_loss(self.network, example, visible, self.shared)
        if not torch.isfinite(loss):
            raise StudioError("Training diverged.", remedy="Lower the learning rate and start again.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.averaged.add(self.network, self.step)
        self.step += 1
        self.spectra_seen += len(example.samples) * self.team.size
        return {"loss": float(loss.detach()), **parts}

    def _schedule(self) -> float:
        """Linear warm-up, then a cosine to a hundredth."""
        if self.step < self.plan.warmup_steps:
            return (self.step + 1) / self.plan.warmup_steps
        done = (self.step - self.plan.warmup_steps) / max(1, self.plan.steps - self.plan.warmup_steps)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, done))) / 2

    def save(self, path: Path) -> None:
        """Everything that is needed to go on."""
        note = {"step": str(self.step), "spectra_seen": str(self.spectra_seen), "settings": repr(self.plan)}
        checkpoint.write(path, self.network, self.averaged, self.optimizer, note)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint. Raises StudioError when it is of another plan or network, or damaged."""
        note = checkpoint.resume(path, self.network, self.averaged, self.optimizer, repr(self.plan))
        self.step, self.spectra_seen = int(note["step"]), int(note["spectra_seen"])


def _rms(rows: Tensor) -> Tensor:
    return rows.square().mean(dim=1).sqrt()


@torch.inference_mode()
def validate(network: SpectrumAutoencoder, real: corpora.Corpus, plan: PretrainingConfig) -> dict[str, float]:
    """Amplitude gain by raw SNR, and the predicted over the true error, on batches that are always the same."""
    random = np.random.default_rng(20250416)
    rows = []
    device = next(network.parameters()).device
    for _ in range(6):
        example = draw_batch(random, real, plan, 1024).to(device)
        noise, log_variance, _ = network(example.samples, example.axis)
        before, after = (_rms(example.noise), _rms(noise - example.noise))
        claimed = log_variance.exp().mean(dim=1).sqrt() / _rms(noise - example.noise - example.drift)
        signal = np.percentile((example.samples - example.noise).cpu(), 99.7, axis=1)
        noisy = (before > 0.1).cpu().numpy()
        rows.append(np.stack([signal, (before / after).cpu(), claimed.cpu()])[:, noisy])
    snr, gain, honesty = np.concatenate(rows, axis=1)
    bands = {"SNR below 5": snr < 5, "SNR 5 to 30": (snr >= 5) & (snr < 30), "SNR over 30": snr >= 30}
    figures = {f"validation gain, {name}": float(np.median(gain[band])) for name, band in bands.items() if band.any()}
    return {
        **figures,
        "validation spectra made worse, %": float(100 * np.mean(gain < 0.9886)),  # 0.1 dB
        "validation expected error / true error": float(np.median(honesty)),
    }


def measure_calibration(
    network: SpectrumAutoencoder, real: corpora.Corpus, plan: PretrainingConfig, batches: int = 24
) -> Calibration:
    """How far the errors that a network claims are to be trusted, on batches that are always the same."""
    random = np.random.default_rng(20260101)
    device = next(network.parameters()).device
    points = (POINTS[batch % len(POINTS)] for batch in range(batches))
    return calibrate(network, (draw_batch(random, real, plan, one).to(device) for one in points))


def pretrain(
    plan: PretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress = SILENT,
    network_plan: NetworkConfig | None = None,
    device: str = "cpu",
) -> model_store.ModelCard:
    """Pretrain a model on HDF5 corpora into the folder `out`, or go on where a run into it stopped.

    Started by torchrun, its processes share the work: each draws batches of its own, and gradients are averaged.

    Writes card.json, weights.safetensors (averaged over the last steps) and loss.csv at every checkpoint, so that
    a kill costs at most `plan.checkpoint_every` steps. Shows the rows of the loss curve so far. Raises StudioError
    when the corpora hold nothing to learn from, when the checkpoint does not suit or `out` cannot be written, and
    Cancelled when asked to stop.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with team(device) as us:
            return _pretrain(plan, paths, out, progress if us.leads else SILENT, network_plan or NetworkConfig(), us)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write '{error.filename or out}': {reason}.",
            remedy="Choose a folder that may be written, on a disk with room; the same command then goes on.",
        ) from error


def _pretrain(
    plan: PretrainingConfig,
    paths: Sequence[Path],
    out: Path,
    progress: Progress,
    network_plan: NetworkConfig,
    us: ProcessGroup,
) -> model_store.ModelCard:
    real, apart = corpora.load(paths, tuple(name for name in plan.leave_out.split(",") if name))
    run = Pretraining(network_plan, plan, real, us)
    curve = LossCurve(out / LOSS_CURVE)
    if (out / CHECKPOINT).exists():
        run.resume(out / CHECKPOINT)
        curve.keep_until(run.step)
    started, first = time.monotonic(), run.step
    card = None
    while run.step < plan.steps:
        parts = run.take_step()
        curve.add(run.step, parts)
        a_step = (time.monotonic() - started) / (run.step - first)
        left = format_duration(a_step * (plan.steps - run.step))
        progress(run.step, plan.steps, f"loss {curve.mean('loss'):.3f} · {left} left")
        if us.leads and (run.step % plan.checkpoint_every == 0 or run.step == plan.steps):
            progress.show(curve.write(run.step))
            card = _keep(run, apart if apart.groups else real, out)
            # last, as a run that is taken up here makes none of the others again
            run.save(out / CHECKPOINT)
    if us.size > 1:
        torch.distributed.barrier()  # until the last files are written
    return card or model_store.read_card(out)


def _keep(run: Pretraining, apart: corpora.Corpus, out: Path) -> model_store.ModelCard:
    network = SpectrumAutoencoder(run.network.plan).to(run.device)
    network.load_state_dict(run.averaged.weights)
    metrics = validate(network.eval(), apart, run.plan)
    card = model_store.ModelCard(
        name=out.name,
        description=DESCRIPTION,
        network=network.plan,
        parameters=sum(weight.numel() for weight in network.parameters()),
        steps=run.step,
        spectra_seen=run.spectra_seen,
        trained_on=run.real.counts,
        error_scale=1 / metrics["validation expected error / true error"],
        metrics=metrics,
        calibration=measure_calibration(network, apart, run.plan),
        cite="RRUFF spectra: Lafuente et al. 2015.",
        software=f"RamanStudio {__version__}, torch {torch.__version__}",
    )
    return model_store.save(out, card, run.averaged.weights)
