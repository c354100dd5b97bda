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
