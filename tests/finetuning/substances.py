"""Made-up spectra for the tests of fine-tuning: substances of two bands each, with fluorescence and noise."""

from __future__ import annotations

import numpy as np

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.representations import FeatureExtractor

AXIS = np.linspace(300, 1700, 300)
LINES = {"talc": (680, 1050), "quartz": (465, 1160), "zircon": (1008, 440)}


def substance(name: str, count: int, seed: int, noise: float = 0.05, axis: np.ndarray = AXIS) -> np.ndarray:
    """Return `count` spectra (count, B) of one of LINES."""
    rng = np.random.default_rng(seed)
    first, second = LINES[name]
    bands = np.exp(-0.5 * ((axis - first) / 12) ** 2) + 0.5 * np.exp(-0.5 * ((axis - second) / 12) ** 2)
    background = rng.uniform(0, 2, (count, 1)) * np.exp(-axis / 900)
    return rng.uniform(0.5, 2, (count, 1)) * (bands + background + noise * rng.standard_normal((count, len(axis))))


def substances(count: int = 8, names: tuple[str, ...] = tuple(LINES), **options) -> tuple[SpectrumSet, np.ndarray]:
    """Return `count` spectra of each substance, and their names (N,)."""
    values = np.concatenate([substance(name, count, 7 * number + 1, **options) for number, name in enumerate(names)])
    return SpectrumSet.of(options.get("axis", AXIS), values), np.repeat(np.array(names, dtype=object), count)


def first_labels(names: np.ndarray, per_class: int) -> np.ndarray:
    """Return the first `per_class` labels of each class; the others are blank."""
    labels = np.full(len(names), "", dtype=object)
    for name in np.unique(names.astype(str)):
        labels[np.flatnonzero(names == name)[:per_class]] = name
    return labels


def mixtures(count: int = 40, levels: int = 0) -> tuple[SpectrumSet, np.ndarray]:
    """Return mixtures of talc and quartz, and the share of quartz (N,), 0 to 1, at so many `levels` or at random."""
    rng = np.random.default_rng(3)
    share = np.linspace(0, 1, levels)[np.arange(count) % levels] if levels else rng.random(count)
    (talc, _), (quartz, _) = (substances(1, names=(name,), noise=0) for name in ("talc", "quartz"))
    pure = [spectra.values[0] / np.ptp(spectra.values[0]) for spectra in (talc, quartz)]
    values = (1 - share)[:, None] * pure[0] + share[:, None] * pure[1]
    return SpectrumSet.of(AXIS, values + 0.02 * rng.standard_normal(values.shape)), share


def smooth(spectra: SpectrumSet, _: Progress) -> SpectrumSet:
    """Stand in for a denoising network."""
    kernel = np.hanning(9) / np.hanning(9).sum()
    return spectra.with_values([np.convolve(row, kernel, mode="same") for row in spectra.values])


def no_features(_: SpectrumSet, __: Progress) -> None:
    """Stand in for a model without features."""


EXTRACTOR = FeatureExtractor("smoother", "fingerprint", smooth, no_features)
