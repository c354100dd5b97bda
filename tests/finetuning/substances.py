"""Spectra made up for the tests of teaching: substances of two lines each, under fluorescence and noise."""

from __future__ import annotations

import numpy as np

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.representations import FeatureExtractor

AXIS = np.linspace(300, 1700, 300)
LINES = {"talc": (680, 1050), "quartz": (465, 1160), "zircon": (1008, 440)}


def substance(name: str, many: int, seed: int, noise: float = 0.05, axis: np.ndarray = AXIS) -> np.ndarray:
    """`many` spectra (many, B) of one of LINES."""
    draw = np.random.default_rng(seed)
    first, second = LINES[name]
    clean = np.exp(-0.5 * ((axis - first) / 12) ** 2) + 0.5 * np.exp(-0.5 * ((axis - second) / 12) ** 2)
    background = draw.uniform(0, 2, (many, 1)) * np.exp(-axis / 900)
    return draw.uniform(0.5, 2, (many, 1)) * (clean + background + noise * draw.standard_normal((many, len(axis))))


def substances(many: int = 8, names: tuple[str, ...] = tuple(LINES), **how) -> tuple[SpectrumSet, np.ndarray]:
    """`many` spectra of each substance, and their names (N,)."""
    values = np.concatenate([substance(name, many, 7 * place + 1, **how) for place, name in enumerate(names)])
    return SpectrumSet.of(how.get("axis", AXIS), values), np.repeat(np.array(names, dtype=object), many)


def smooth(spectra: SpectrumSet, _: Progress) -> SpectrumSet:
    """Stands for a network that denoises."""
    kernel = np.hanning(9) / np.hanning(9).sum()
    return spectra.with_values([np.convolve(row, kernel, mode="same") for row in spectra.values])


def no_features(_: SpectrumSet, __: Progress) -> None:
    """Of a model that has none."""


SIGHT = FeatureExtractor("smoother", "fingerprint", smooth, no_features)
