"""Pretraining: spectra are corrupted, some windows hidden; the network learns what was noise and what lay there."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from ramanstudio import __version__
from ramanstudio.analysis.snr import noise_sigma
from ramanstudio.errors import StudioError
from ramanstudio.mae import corpus as corpora
from ramanstudio.mae import corruption, zoo
from ramanstudio.mae.network import SpectrumAutoencoder, cpu_has_bf16, detrended
from ramanstudio.mae.plan import NetworkPlan, PretrainPlan
from ramanstudio.paths import replace_atomically
from ramanstudio.progress import SILENT, Progress

CHECKPOINT = "checkpoint.safetensors"
LOSS_CURVE = "loss.csv"
POINTS = (320, 512, 768, 1024, 1536, 2048)  # lengths of the training spectra; one for each step
VARIANCE_WEIGHT, HIDDEN_WEIGHT = 0.1, 0.3
RAY_PRECISION = 10.0  # a cosmic ray's height need be known to a tenth: what it hit is lost anyhow
DESCRIPTION = (
    "Spectrum masked autoencoder (after arXiv 2504.16130): denoises Raman spectra on any axis, self-supervised on"
    " real spectra of high signal-to-noise ratio and on simulated ones."
)


@dataclass(frozen=True, slots=True)
class Example:
    """A batch in units of sigma: the corrupted `samples` (N, B) at `axis` (N, B) cm⁻¹, and what is to be found.

    `noise` (N, B) is what was added and can be found, `drift` (N, B) what was added and cannot; `weight` (N, B) is
    one over the local variance where that exceeds one.
    """

    samples: Tensor
    axis: Tensor
    noise: Tensor
    drift: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> Example:
        return Example(*(getattr(self, one.name).to(device) for one in fields(self)))


def draw_example(random: np.random.Generator, real: corpora.Corpus, plan: PretrainPlan, points: int) -> Example:
    """A corrupted batch of `points` samples: real spectra and simulated ones, fluorescence, noise."""
    many = max(2, plan.samples_a_step // points)
    axis, clean, best = real.draw(random, many, points)
    simulated = random.random(many) >= plan.real_share
    clean[simulated] = corruption.simulated_lines(random, axis[simulated])
    best[simulated] = np.inf
    height = corruption.line_height(clean)
    clean = clean + height * corruption.fluorescence(random, axis)
    scale = corruption.noise_scale(random, clean, height, best)
    noise = scale * corruption.white_or_resampled(random, clean.shape)
    drift = corruption.drift(random, clean, height, scale)
    rays = corruption.cosmic_rays(random, scale.mean(axis=1, keepdims=True), points)
    # everything in units of the noise level that a reader of the corrupted spectra would measure
    raw = clean + noise + drift + rays
    sigma = np.maximum(noise_sigma(raw), 1e-6 * np.ptp(clean, axis=1) + 1e-9)[:, None]
    weight = 1 / np.maximum(1, (scale**2 + (rays / RAY_PRECISION) ** 2) / sigma**2)
    rows = ((raw - np.median(raw, axis=1, keepdims=True)) / sigma, axis, (noise + rays) / sigma, drift / sigma, weight)
    return Example(*(torch.from_numpy(np.ascontiguousarray(row, dtype=np.float32)) for row in rows))


def loss_of(
    network: SpectrumAutoencoder, example: Example, visible: Tensor | None = None
) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch, and its parts: squared error of the noise, its predicted spread, and hidden windows."""
    noise, log_variance, signal = network(example.samples, example.axis, visible)
    error = (noise - example.noise) * example.weight.sqrt()
    spread = log_variance + example.weight.log()
    left = error.detach() - example.drift * example.weight.sqrt()
    likelihood = (left**2 * torch.exp(-spread) + spread) / 2
    if visible is None:
        loss = (error**2).mean() + VARIANCE_WEIGHT * likelihood.mean()
        return loss, {"noise": float((error.detach() ** 2).mean())}
    hidden = network.hidden_samples(visible, example.samples.shape[1]).to(noise.device)
    clean = torch.asinh(detrended(example.samples - example.noise))
    rebuilt = huber_loss(signal[:, hidden], clean[:, hidden]) if hidden.any() else signal.sum() * 0
    loss = (error**2)[:, ~hidden].mean() + VARIANCE_WEIGHT * likelihood[:, ~hidden].mean() + HIDDEN_WEIGHT * rebuilt
    return loss, {"hidden": float(rebuilt.detach())}


class Pretraining:
    """A run that can be stopped at any step and taken up again: everything random is a function of seed and step."""

    def __init__(
        self, network_plan: NetworkPlan, plan: PretrainPlan, real: corpora.Corpus, device: torch.device
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.real, self.device = plan, real, device
        self.network = SpectrumAutoencoder(network_plan).to(device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay, betas=(0.9, 0.98)
        )
        self.averaged = {name: weight.detach().clone() for name, weight in self.network.state_dict().items()}
        self.step = 0
        self.spectra_seen = 0
        # bf16 where it is native: elsewhere it is emulated and slower than 32 bits
        self.bf16 = device.type == "cuda" or (device.type == "cpu" and cpu_has_bf16())

    def take_step(self) -> dict[str, float]:
        """One batch, one update; returns the parts of the loss."""
        plan = self.plan
        random = np.random.default_rng((plan.seed, self.step))
        points = int(random.choice(POINTS))
        example = draw_example(random, self.real, plan, points).to(self.device)
        visible = None
        if random.random() < plan.hiding_steps:
            choice = torch.Generator().manual_seed(int(random.integers(2**31)))
            visible = self.network.hide(self.network.window_count(points), plan.hidden_share, choice).to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = plan.learning_rate * self._schedule()
        self.network.train()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss, parts = loss_of(self.network, example, visible)
        if not torch.isfinite(loss):
            raise StudioError("Training diverged.", remedy="Lower the learning rate and start again.")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self._average()
        self.step += 1
        self.spectra_seen += len(example.samples)
        return {"loss": float(loss.detach()), **parts}

    def _schedule(self) -> float:
        """Linear warm-up, then a cosine to a hundredth."""
        if self.step < self.plan.warmup_steps:
            return (self.step + 1) / self.plan.warmup_steps
        done = (self.step - self.plan.warmup_steps) / max(1, self.plan.steps - self.plan.warmup_steps)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, done))) / 2

    def _average(self) -> None:
        # a short memory at first, so that the random start is forgotten
        keep = min(1 - 1 / self.plan.average_over, (1 + self.step) / (10 + self.step))
        for name, weight in self.network.state_dict().items():
            self.averaged[name].lerp_(weight, 1 - keep)

    def save(self, path: Path) -> None:
        """Everything that is needed to go on, as safetensors."""
        from safetensors.torch import save

        tensors = {f"network.{name}": weight for name, weight in self.network.state_dict().items()}
        tensors |= {f"averaged.{name}": weight for name, weight in self.averaged.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
        note = {"step": str(self.step), "spectra_seen": str(self.spectra_seen), "plan": repr(self.plan)}
        replace_atomically(path, save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, note))

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint. Raises StudioError when it is of another plan or network, or damaged."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                note = file.metadata() or {}
                tensors = {name: file.get_tensor(name).to(self.device) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise StudioError(f"The checkpoint '{path}' is damaged.", remedy="Delete it to start again.") from error
        if note.get("plan") != repr(self.plan) or not self._fits(_under("network.", tensors)):
            raise StudioError(
                f"The checkpoint '{path}' was made with other settings.",
                remedy="Give the same settings, or delete it to start again.",
            )
        self.step, self.spectra_seen = int(note["step"]), int(note["spectra_seen"])
        self.network.load_state_dict(_under("network.", tensors))
        self.averaged = _under("averaged.", tensors)
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in _under("optimizer.", tensors).items():
            index, key = name.split(".", 1)
            state.setdefault(int(index), {})[key] = tensor.cpu() if key == "step" else tensor
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})

    def _fits(self, weights: dict[str, Tensor]) -> bool:
        """Whether `weights` are those of a network built like this one."""
        own = {name: weight.shape for name, weight in self.network.state_dict().items()}
        return own == {name: weight.shape for name, weight in weights.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _rms(rows: Tensor) -> Tensor:
    return rows.square().mean(dim=1).sqrt()


@torch.inference_mode()
def validate(network: SpectrumAutoencoder, real: corpora.Corpus, plan: PretrainPlan) -> dict[str, float]:
    """Amplitude gain by raw SNR, and the predicted over the true error, on batches that are always the same."""
    random = np.random.default_rng(20250416)
    rows = []
    device = next(network.parameters()).device
    for _ in range(6):
        example = draw_example(random, real, plan, 1024).to(device)
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


def pretrain(
    plan: PretrainPlan,
    paths: Sequence[Path],
    out: Path,
    progress: Progress = SILENT,
    network_plan: NetworkPlan | None = None,
    device: str = "cpu",
) -> zoo.ModelCard:
    """Pretrain a model on HDF5 corpora into the folder `out`, or go on where a run into it stopped.

    Writes card.json, weights.safetensors (averaged over the last steps) and loss.csv at every checkpoint, so that
    a kill costs at most `plan.checkpoint_every` steps. Shows the rows of the loss curve so far. Raises StudioError
    when the corpora hold nothing to learn from, when the checkpoint does not suit or `out` cannot be written, and
    Cancelled when asked to stop.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        return _pretrain(plan, paths, out, progress, network_plan or NetworkPlan(), torch.device(device))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write '{error.filename or out}': {reason}.",
            remedy="Choose a folder that may be written, on a disk with room; the same command then goes on.",
        ) from error


def _pretrain(
    plan: PretrainPlan,
    paths: Sequence[Path],
    out: Path,
    progress: Progress,
    network_plan: NetworkPlan,
    device: torch.device,
) -> zoo.ModelCard:
    real, apart = corpora.load(paths, tuple(name for name in plan.leave_out.split(",") if name))
    run = Pretraining(network_plan, plan, real, device)
    curve = _LossCurve(out / LOSS_CURVE)
    if (out / CHECKPOINT).exists():
        run.resume(out / CHECKPOINT)
        curve.keep_until(run.step)
    started, first = time.monotonic(), run.step
    card = None
    while run.step < plan.steps:
        parts = run.take_step()
        curve.add(run.step, parts)
        a_step = (time.monotonic() - started) / (run.step - first)
        left = a_step * (plan.steps - run.step) / 60
        progress(run.step, plan.steps, f"loss {curve.mean('loss'):.3f} · {left:.0f} min left")
        if run.step % plan.checkpoint_every == 0 or run.step == plan.steps:
            progress.show(curve.write(run.step))
            card = _keep(run, apart if apart.groups else real, out)
            # last, as a run that is taken up here makes none of the others again
            run.save(out / CHECKPOINT)
    return card or zoo.read_card(out)


def _keep(run: Pretraining, apart: corpora.Corpus, out: Path) -> zoo.ModelCard:
    network = SpectrumAutoencoder(run.network.plan).to(run.device)
    network.load_state_dict(run.averaged)
    metrics = validate(network.eval(), apart, run.plan)
    card = zoo.ModelCard(
        name=out.name,
        description=DESCRIPTION,
        network=network.plan,
        parameters=sum(weight.numel() for weight in network.parameters()),
        steps=run.step,
        spectra_seen=run.spectra_seen,
        trained_on=run.real.counts,
        error_scale=1 / metrics["validation expected error / true error"],
        metrics=metrics,
        cite="RRUFF spectra: Lafuente et al. 2015.",
        software=f"RamanStudio {__version__}, torch {torch.__version__}",
    )
    return zoo.save(out, card, run.averaged)


class _LossCurve:
    """The loss by step in loss.csv: a row every fifty steps and at each checkpoint, the mean since the row before."""

    EVERY = 50

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, float]] = []
        self._recent: dict[str, list[float]] = {}

    def add(self, step: int, parts: dict[str, float]) -> None:
        for name, value in parts.items():
            self._recent.setdefault(name, []).append(value)
        if step % self.EVERY == 0:
            self._close_row(step)

    def _close_row(self, step: int) -> None:
        if self._recent:
            self._rows.append({"step": step, **{name: self.mean(name) for name in ("loss", "noise", "hidden")}})
            self._recent = {}

    def mean(self, name: str) -> float:
        """The mean of the steps since the last row, or that row's."""
        recent = self._recent.get(name)
        if recent:
            return float(np.mean(recent))
        return self._rows[-1][name] if self._rows else math.nan

    def keep_until(self, step: int) -> None:
        """Take up an earlier curve, less the rows that will be made again."""
        if self._path.exists():
            with self._path.open(newline="") as file:
                rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
            self._rows = [{**row, "step": int(row["step"])} for row in rows if row["step"] <= step]

    def write(self, step: int) -> list[dict[str, float]]:
        """Write the curve up to `step`; returns its rows."""
        self._close_row(step)
        text = io.StringIO()
        writer = csv.DictWriter(text, ["step", "loss", "noise", "hidden"])
        writer.writeheader()
        writer.writerows(self._rows)
        replace_atomically(self._path, text.getvalue())
        return list(self._rows)
