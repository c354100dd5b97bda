"""Train the network that draws baselines: python tools/train_baseline.py CORPUS.h5 [--minutes 60] [--check baseline.h5]

Sees simulated spectra only: measured and simulated lines on measured and simulated backgrounds (tools/
simulated_backgrounds.py). The error of the baseline itself is minimised, through the penalised spline. What --check
holds (known baselines, ../shared/data/truth/baseline.h5) is left out of training by species and by source of the
background, and measured each five minutes. A run that was stopped goes on from its checkpoint. Writes
weights.safetensors and card.json into models/processing/baseline.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ramanstudio.signal import learned_baseline, penalised_spline  # noqa: E402
from ramanstudio.signal.learned_baseline import CHANNELS, CONSTANTS, FEATURES, GRID, MODEL, PATCH  # noqa: E402
from ramanstudio.signal.snr import noise_sigma  # noqa: E402
from tools.simulated_backgrounds import LOW_SNR, Simulated, Simulator  # noqa: E402

Floats = NDArray[np.floating[Any]]

BATCH: Final = 32
AXES: Final = 2  # on which the spectra of a batch lie
RATE: Final = 2e-3
WARM_UP: Final = 200  # steps
AVERAGING: Final = 0.998  # of the weights that are kept, per step
AREA_SHARE: Final = 0.45  # of the loss
UNCERTAINTY_SHARE: Final = 0.05
LOW_SNR_IMPORTANCE: Final = 3.0  # of spectra with much noise, against the others
COVERED: Final = 0.83  # of the true baseline within the stated uncertainty


class Block(nn.Module):
    """x + convolution(relu(convolution(relu(x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, padding=1)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, rows: Tensor) -> Tensor:
        """(N, C, L) -> (N, C, L)."""
        return rows + self.second(torch.relu(self.first(torch.relu(rows))))


class BaselineNetwork(nn.Module):
    """The network that `learned_baseline.run_network` evaluates."""

    def __init__(self) -> None:
        super().__init__()
        last = len(CHANNELS) - 1
        self.stem = nn.Linear(PATCH * FEATURES + CONSTANTS, CHANNELS[0])
        self.enter = nn.ModuleList([Block(channels) for channels in CHANNELS])
        self.leave = nn.ModuleList([Block(channels) for channels in CHANNELS[:-1]])
        self.down = nn.ModuleDict(
            {str(level): nn.Linear(2 * CHANNELS[level - 1], CHANNELS[level]) for level in range(1, last + 1)}
        )
        self.up = nn.ModuleDict(
            {str(level): nn.Linear(CHANNELS[level + 1], 2 * CHANNELS[level]) for level in range(last)}
        )
        self.whole = nn.Linear(CHANNELS[-1], 3)
        self.local = nn.Linear(CHANNELS[1], 2)
        self.cells = nn.Linear(CHANNELS[0], 3 * PATCH + 1)
        for head in (self.whole, self.local, self.cells):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
        with torch.no_grad():
            self.cells.bias[2 : 3 * PATCH : 3] = -1.0
            self.cells.bias[3 * PATCH] = -5.0
            self.whole.bias[:] = torch.tensor([-4.0, 3.0, 0.0])

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, P, C) -> numbers of cells (N, P, 3 * PATCH + 1), local stiffness (N, K, 2), of the whole (N, 3)."""
        rows = _blocked(self.enter[0], self.stem(inputs))
        skipped = []
        last = len(CHANNELS) - 1
        for level in range(1, last + 1):
            skipped.append(rows)
            rows = self.down[str(level)](rows.reshape(len(rows), rows.shape[1] // 2, -1))
            rows = _blocked(self.enter[level], rows)
        whole = self.whole(rows.mean(dim=1))
        local = whole
        for level in range(last - 1, -1, -1):
            rows = self.up[str(level)](rows).reshape(len(rows), rows.shape[1] * 2, -1) + skipped[level]
            rows = _blocked(self.leave[level], rows)
            if level == 1:
                local = self.local(torch.relu(rows))
        return self.cells(torch.relu(rows)), local, whole

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights as numpy applies them: rows times matrix, taps of a convolution first."""
        arrays = {}
        for name, value in self.state_dict().items():
            array = value.detach().numpy().astype(np.float32)
            if name.endswith("weight"):
                array = array.transpose(2, 1, 0) if array.ndim == 3 else array.T
            arrays[name] = np.ascontiguousarray(array)
        return arrays


def _blocked(block: nn.Module, rows: Tensor) -> Tensor:
    mixed: Tensor = block(rows.transpose(1, 2)).transpose(1, 2)
    return mixed


class Spline(nn.Module):
    """The penalised spline of `penalised_spline.fit`, through which the error of the baseline flows back."""

    def __init__(self) -> None:
        super().__init__()
        size = penalised_spline.N_COEFFICIENTS
        splines = torch.from_numpy(penalised_spline.basis(penalised_spline.cell_centres(GRID)))
        self.splines = splines
        self.products = (splines[:, :, None] * splines[:, None, :]).reshape(GRID, size * size).float()
        self.penalties = []
        for order in (2, 3, 4):
            differences = torch.diff(torch.eye(size, dtype=torch.float64), n=order, dim=0)
            products = differences[:, :, None] * differences[:, None, :]
            self.penalties.append(products.reshape(size - order, size * size))
        self.penalties[-1] = self.penalties[-1].sum(dim=0, keepdim=True)
        self.ridge = penalised_spline.RIDGE * torch.eye(size, dtype=torch.float64)

    def forward(self, values: Tensor, weights: Tensor, stiffness: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Values and weights (N, G), 64 bit λ of the differences -> the spline on the grid, (N, G)."""
        size = self.splines.shape[1]
        system = (weights @ self.products).double()
        for penalty, products in zip(stiffness, self.penalties, strict=True):
            system = system + penalty @ products
        lower = torch.linalg.cholesky(system.reshape(-1, size, size) + self.ridge)
        right = (weights.double() * values) @ self.splines
        return torch.cholesky_solve(right[:, :, None], lower)[:, :, 0] @ self.splines.T


def loss_of(network: BaselineNetwork, spline: Spline, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the loss, and the error of each baseline in units of its strongest line."""
    cells, local, whole = network(batch["inputs"])
    flat = cells[:, :, : 3 * PATCH].reshape(len(cells), GRID, 3)
    low, high = learned_baseline.STIFFNESS_LIMITS
    offsets = flat[:, :, 1].clamp(*learned_baseline.OFFSET_LIMITS).sinh() * batch["sigma"][:, None]
    offsets = offsets + torch.sigmoid(flat[:, :, 2].clamp(-12, 12)) * batch["heights"]
    weights = torch.sigmoid(flat[:, :, 0].clamp(-12, 12)) + 1e-5
    logarithms = (
        local[:, 1:-1, 0] + whole[:, :1],
        (local[:, 1:-2, 1] + local[:, 2:-1, 1]) / 2 + whole[:, 1:2],
        whole[:, 2:],
    )
    second, third, fourth = (logarithm.double().clamp(low, high).exp() for logarithm in logarithms)
    curve = spline(batch["values"].double() - offsets.double(), weights, (second, third, fourth))
    error = (curve - batch["baseline"].double()).float()
    scaled = error / batch["line"][:, None]
    rms = (scaled**2).mean(dim=1).add(1e-10).sqrt()
    area = (scaled.abs() * batch["band_weights"]).sum(dim=1)
    log_error = cells[:, :, 3 * PATCH].clamp(-20, 3)
    true = error.detach().abs().reshape(len(error), -1, PATCH).mean(dim=2) + 1e-7
    likelihood = (true / log_error.exp() + log_error).mean()
    of_spectrum = (rms + 8e-4).log() + AREA_SHARE * (area + 4e-3).log()
    loss = (of_spectrum * batch["importance"]).sum() / batch["importance"].sum() + UNCERTAINTY_SHARE * likelihood
    return loss, rms.detach()


def batch_of(drawn: list[Simulated], rng: np.random.Generator) -> dict[str, Tensor]:
    """Put simulated spectra on the grid; their noise is known or, half of the time, estimated."""
    columns: dict[str, list[Floats]] = {}
    for part in drawn:
        estimated = np.maximum(noise_sigma(part.values.astype(np.float32)), 1e-7)
        sigma = np.where(rng.random(len(part.sigma)) < 0.6, estimated, part.sigma)
        spectra = learned_baseline.grid_spectra(part.axis, part.values, sigma)
        scale = spectra.scale[:, None]
        lines = np.maximum(learned_baseline.to_grid(part.axis, part.lines), 0)
        band = np.where(lines > 0.02 * lines.max(axis=1, keepdims=True), 1 / (lines + 0.03), 0)
        columns_of_part = {
            "inputs": spectra.inputs,
            "values": spectra.values,
            "heights": spectra.heights,
            "sigma": spectra.sigma,
            "baseline": (learned_baseline.to_grid(part.axis, part.baseline) - spectra.minimum[:, None]) / scale,
            "line": 1 / spectra.scale,
            "importance": np.where(part.sigma > 1 / LOW_SNR[1], LOW_SNR_IMPORTANCE, 1.0),
            "band_weights": band / GRID,
        }
        for name, array in columns_of_part.items():
            columns.setdefault(name, []).append(array)
    return {name: torch.from_numpy(np.concatenate(arrays).astype(np.float32)) for name, arrays in columns.items()}


def known_baselines(path: Path, each: int = 1) -> list[tuple[Floats, Floats, Floats, float, float]]:
    """Return (axis, values, baseline, strongest line, SNR) of the measured spectra of a file with known baselines."""
    import h5py

    with h5py.File(path) as file:
        part = file["measured"]
        offsets, snr = part["offsets"][:], part["snr"][:]
        arrays = [part[name][:].astype(np.float64) for name in ("axis", "values", "baseline", "lines")]
    spectra = []
    for index in range(0, len(snr), each):
        axis, values, baseline, lines = (array[offsets[index] : offsets[index + 1]] for array in arrays)
        spectra.append((axis, values, baseline, float(lines.max()), float(snr[index])))
    return spectra


def excluded_names(path: Path | None) -> frozenset[str]:
    """Return the species and sources of backgrounds in a file with known baselines."""
    import h5py

    if path is None:
        return frozenset()
    with h5py.File(path) as file:
        return frozenset(
            str(name) for column in ("species", "background_id") for name in file["measured"][column].asstr()[:]
        )


def measure(arrays: dict[str, NDArray[np.float32]], spectra: list[Any]) -> tuple[str, Floats]:
    """Return the median RMSE in % of the strongest line by SNR as text, and |error| / uncertainty of all points."""
    errors: dict[float, list[float]] = {}
    ratios = []
    for axis, values, baseline, line, snr in spectra:
        sigma = noise_sigma(values[None].astype(np.float32))
        curve, uncertainty = learned_baseline.draw_baselines(axis, values[None], sigma, arrays)
        errors.setdefault(snr, []).append(100 * float(np.sqrt(np.mean((curve[0] - baseline) ** 2))) / line)
        ratios.append((np.abs(curve[0] - baseline) / np.maximum(uncertainty[0], 1e-12))[:: max(1, len(axis) // 200)])
    text = ", ".join(f"SNR {snr:g}: {np.median(rmse):.2f} %" for snr, rmse in sorted(errors.items(), reverse=True))
    return text, np.concatenate(ratios)


def train(corpus: Path, check: Path | None, minutes: float, seed: int, checkpoint: Path) -> None:
    """Train, and write the model."""
    torch.set_num_threads(1)  # a step is too small for more
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    excluded = excluded_names(check)
    simulator = Simulator(corpus, excluded, rng)
    print(simulator, flush=True)
    spectra = known_baselines(check) if check else []
    network, spline = BaselineNetwork(), Spline()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-3, betas=(0.9, 0.98))
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    step, spent, history = 0, 0.0, []
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        averaged, step, spent = state["averaged"], state["step"], state["spent"]
        rng = np.random.default_rng(seed + step)
        simulator._rng = rng
        print(f"goes on from step {step}, {spent / 60:.0f} minutes", flush=True)
    started, saved, checked = time.time() - spent, time.time(), time.time()
    while (elapsed := time.time() - started) < 60 * minutes:
        share = elapsed / (60 * minutes)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * (0.505 + 0.5 * math.cos(math.pi * share))
        batch = batch_of([simulator.draw(BATCH // AXES) for _ in range(AXES)], rng)
        loss, rms = loss_of(network, spline, batch)
        optimiser.zero_grad()
        if torch.isfinite(loss):
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
        decay = min(AVERAGING, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value, 1 - decay)
        step += 1
        history.append((loss.item(), rms.median().item()))
        if step % 200 == 0:
            recent = np.array(history[-200:]).mean(axis=0)
            print(f"step {step}, {elapsed / 60:.1f} min: loss {recent[0]:.3f}, rms {100 * recent[1]:.2f} %", flush=True)
        if time.time() - saved > 60:
            _save(checkpoint, network, optimiser, averaged, step, elapsed)
            saved = time.time()
        if spectra and time.time() - checked > 300:
            print(measure(_arrays(averaged), spectra[::4])[0], flush=True)
            checked = time.time()
    _save(checkpoint, network, optimiser, averaged, step, time.time() - started)
    write_model(_arrays(averaged), spectra, simulator, step, seed)


def _arrays(averaged: dict[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    network = BaselineNetwork()
    network.load_state_dict(averaged)
    return {**network.arrays(), "error_scale": np.ones(1, dtype=np.float32)}


def _save(path: Path, network: nn.Module, optimiser: Any, averaged: Any, step: int, spent: float) -> None:
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "averaged": averaged}
    draft = path.with_suffix(".draft")
    torch.save({**state, "step": step, "spent": spent}, draft)
    draft.replace(path)


def write_model(arrays: dict[str, Any], spectra: list[Any], simulator: Simulator, step: int, seed: int) -> None:
    """Set the scale of the uncertainty on fresh simulated spectra, and write weights and card."""
    from safetensors.numpy import save

    ratios = []
    for _ in range(60):
        part = simulator.draw(8)
        sigma = noise_sigma(part.values.astype(np.float32))
        curve, uncertainty = learned_baseline.draw_baselines(part.axis, part.values, sigma, arrays)
        ratios.append((np.abs(curve - part.baseline) / np.maximum(uncertainty, 1e-12))[:, ::10].ravel())
    arrays["error_scale"] = np.array([np.quantile(np.concatenate(ratios), COVERED)], dtype=np.float32)
    text, held = measure(arrays, spectra) if spectra else ("", np.zeros(1))
    content = save(arrays)
    folder = ROOT / "models" / "processing" / MODEL
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.safetensors").write_bytes(content)
    card = {
        "name": MODEL,
        "description": "Weights, offsets and stiffness of a penalised spline that draws the baseline of a spectrum.",
        "parameters": int(sum(array.size for array in arrays.values())),
        "trained_on": f"simulated spectra: {simulator}, and simulated lines and backgrounds",
        "steps": step,
        "spectra_per_step": BATCH,
        "seed": seed,
        "median_error": text,
        "points_within_uncertainty": round(float((held <= 1).mean()), 3),
        "sha256": hashlib.sha256(content).hexdigest(),
        "licence": "MIT",
        "cite": "RRUFF: Lafuente et al. 2015; microplastics: CC-BY-4.0",
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{folder}: {len(content) / 1e6:.2f} MB, {text}, within uncertainty {(held <= 1).mean():.2f}", flush=True)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--check", type=Path, help="HDF5 file with known baselines")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--checkpoint", type=Path, default=Path("baseline-checkpoint.pt"))
    arguments = parser.parse_args()
    train(arguments.corpus, arguments.check, arguments.minutes, arguments.seed, arguments.checkpoint)


if __name__ == "__main__":
    main()
