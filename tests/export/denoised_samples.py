"""Raw and denoised spectra to export, and reading back what was written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised


def denoised_sample(
    count: int = 1, source: str | Path = "quartz.txt", **table: np.ndarray
) -> tuple[SpectrumSet, Denoised]:
    """Raw spectra of one band, and their denoised ones."""
    random = np.random.default_rng(5)
    axis = np.linspace(100.25, 1200.75, 64)
    band = 800 * np.exp(-(((axis - 464) / 20) ** 2)) + np.arange(count)[:, None]
    raw = SpectrumSet(axis, band + random.normal(0, 9, band.shape), table, {"source": str(source)})
    error = np.full(band.shape, 3, dtype=np.float32)
    before, after = np.full(count, 80, dtype=np.float32), np.full(count, 240, dtype=np.float32)
    return raw, Denoised(raw.with_values(band), error, before, after)


def read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
