"""Novelty detection: a spectrum is unknown when it is far from all training spectra."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.classifiers import BLOCK, half_squared_distances
from ramanstudio.finetuning.cross_validation import Folds

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
MAX_REFERENCES: Final = 1000  # training spectra that others are compared with; more make a model large and slow
MARGIN: Final = 1.1  # of the largest distance seen, where too few were held out to estimate the quantile

SHIFT_SIGNIFICANCE: Final = 1e-3  # of a share of unknown spectra that chance does not explain
MIN_SHIFTED_SHARE: Final = 0.1  # unknown, from which on the whole set is said to differ


def describe_shift(n_unknown: int, n_spectra: int, false_unknown_rate: float) -> str:
    """Return a sentence where more of `n_spectra` are unknown than chance explains, with what to do; else "".

    By the binomial distribution with `false_unknown_rate`, the share of unknown ones among spectra like those learned.
    """
    from scipy.stats import binom

    if n_unknown < MIN_SHIFTED_SHARE * n_spectra or n_unknown < 2:
        return ""
    if binom.sf(n_unknown - 1, n_spectra, false_unknown_rate) > SHIFT_SIGNIFICANCE:
        return ""
    return (
        f"{n_unknown} of {n_spectra} spectra are unlike all training spectra ({100 * false_unknown_rate:.0f} % would be"
        " usual): another instrument, laser or range, or substances that were not learned. Calibrate both, or add about"
        " ten labelled spectra of these and train again."
    )


def choose_references(targets: IntArray, limit: int = MAX_REFERENCES) -> IntArray:
    """Return the indices of the training spectra to keep: all (N,), or equally many of each class `targets` (N,)."""
    if len(targets) <= limit:
        return np.arange(len(targets))
    rng = np.random.default_rng(0)
    classes = np.unique(targets)
    per_class = max(1, limit // len(classes))
    return np.sort(
        np.concatenate([rng.permutation(np.flatnonzero(targets == target))[:per_class] for target in classes])
    )


def nearest_distances(rows: FloatArray, references: FloatArray) -> NDArray[np.float64]:
    """Return the distance (M,) from each of `rows` (M, D) to the nearest of `references` (n, D)."""
    distances = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        distances[block] = np.sqrt(2 * half_squared_distances(rows[block], references).min(axis=1))
    return distances


def novelty_threshold(rows: FloatArray, targets: IntArray, folds: Folds, false_unknown_rate: float) -> float:
    """Return the distance beyond which a spectrum is unknown.

    It is the (1 - `false_unknown_rate`) quantile of the distances from the held-out labelled `rows` (N, D), of classes
    `targets` (N,), to their nearest training row; 1.1 times the largest where that many were not held out. If none can
    be held out, it is the largest of the distances between a spectrum and the nearest one of another class.
    """
    if not folds.tested.any():
        squares = half_squared_distances(rows, rows)
        squares[targets[:, None] == targets] = np.inf
        return float(np.sqrt(2 * squares.min(axis=1).max()))
    distances = np.concatenate([nearest_distances(rows[test], rows[train]) for train, test in folds.splits()])
    if len(distances) * false_unknown_rate < 1:
        return float(MARGIN * distances.max())
    return float(np.quantile(distances, 1 - false_unknown_rate))
