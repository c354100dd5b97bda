"""Spectra unlike all that was learned from: the distance to the nearest of them, and from where on it is too far."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.classifiers import BLOCK, half_distances
from ramanstudio.finetuning.cross_validation import Folds

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]
MOST_KEPT: Final = 1000  # spectra that others are compared with; a model of more would be large and slow
BEYOND: Final = 1.1  # of the largest distance seen, where too few were held out to know how large it gets


def kept(which: Places, most: int = MOST_KEPT) -> Places:
    """The places of the spectra to keep: all, or as many of each class as there is room for."""
    if len(which) <= most:
        return np.arange(len(which))
    random = np.random.default_rng(0)
    each = max(1, most // len(np.unique(which)))
    return np.sort(
        np.concatenate([random.permutation(np.flatnonzero(which == one))[:each] for one in np.unique(which)])
    )


def distances(rows: Floats, others: Floats) -> NDArray[np.float64]:
    """From each of `rows` (M, D) to the nearest of `others` (n, D) -> (M,)."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        found[block] = np.sqrt(2 * half_distances(rows[block], others).min(axis=1))
    return found


def novelty_threshold(rows: Floats, which: Places, folds: Folds, share: float) -> float:
    """The distance beyond which a spectrum is unknown: `share` of the held-out labelled `rows` (n, D) lie beyond.

    Where none can be held out, no farther than the spectra of different classes lie from each other.
    """
    if not folds.tested.any():
        apart = half_distances(rows, rows)
        apart[which[:, None] == which] = np.inf
        return float(np.sqrt(2 * apart.min(axis=1).max()))
    near = np.concatenate([distances(rows[test], rows[learn]) for learn, test in folds.splits()])
    if len(near) * share < 1:
        return float(BEYOND * near.max())
    return float(np.quantile(near, 1 - share))
