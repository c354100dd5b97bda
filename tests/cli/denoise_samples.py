"""A stand-in for the engine that denoises without a model, spectra as files, and reading tables."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised, apply_to_finite, is_finite, warn_non_finite


class Smoother:
    """Stands for the engine where the model does not matter: a moving mean, and a refusal of NaN."""

    card = SimpleNamespace(name="smoother")
    device_name = "CPU · 1 thread"

    def denoise(self, spectra: SpectrumSet) -> Denoised | StudioError:
        if not is_finite(spectra).any():
            return StudioError("The spectrum holds values that are not numbers.", remedy="Crop the range.")
        return apply_to_finite(spectra, self._smoothed)

    def _smoothed(self, spectra: SpectrumSet) -> Denoised:
        kernel = np.ones(5) / 5
        smooth = np.array([np.convolve(row, kernel, mode="same") for row in spectra.values])
        ratio = np.full(len(spectra), 4, dtype=np.float32)
        return Denoised(spectra.with_values(smooth), np.ones_like(spectra.values), ratio, 2 * ratio)

    def denoise_each(
        self, sets: Sequence[SpectrumSet], progress: Progress | None = None, together: Sequence[int] = ()
    ) -> list[Denoised | StudioError]:
        results = []
        for index, spectra in enumerate(sets):
            (progress or SILENT)(index, len(sets))
            warn_non_finite([spectra], progress or SILENT)
            results.append(self.denoise(spectra))
            (progress or SILENT).show((index, results[-1]))
        return results


def write_spectrum(path: Path, height: float = 100.0, bad: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    axis = np.linspace(200, 1800, 200)
    values = height * np.exp(-(((axis - 1000) / 12) ** 2)) + np.random.default_rng(3).normal(0, 3, axis.shape)
    lines = [f"{shift:.2f}\t{value:.3f}" for shift, value in zip(axis, values, strict=True)]
    if bad:
        lines[50] = f"{axis[50]:.2f}\tnan"
    path.write_text("\n".join(lines) + "\n")
    return path


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
