"""Silhouette widths: how much nearer each spectrum is to its own group than to the next."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

SAMPLE: Final = 4000  # spectra, equally many of each group, that the others are compared with
MIN_OF_GROUP: Final = 20  # of them of each group
BLOCK: Final = 4096  # spectra at once


def silhouette_widths(rows: Floats, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the silhouette width of each of `rows` (N, K), from -1 to 1 -> (N,).

    (Distance to the nearest other group - to the own) over the larger (Rousseeuw 1987), estimated from at most SAMPLE
    random spectra. 0 for a spectrum that is alone in its group, NaN for outliers (-1) and when there is one group.
    """
    rows = np.asarray(rows, dtype=np.float32)
    count = int(labels.max(initial=-1)) + 1
    widths = np.full(len(rows), np.nan, dtype=np.float32)
    if count < 2:
        return widths
    drawn = _draw_sample(labels, count)
    membership = np.zeros((len(drawn), count), dtype=np.float32)
    membership[np.arange(len(drawn)), labels[drawn]] = 1
    sizes = membership.sum(axis=0)
    is_drawn = np.zeros(len(rows), dtype=bool)
    is_drawn[drawn] = True
    for block in np.array_split(np.flatnonzero(labels >= 0), max(1, len(rows) // BLOCK)):
        sums = _distances(rows[block], rows[drawn]) @ membership
        widths[block] = widths_from_sums(sums, sizes, labels[block], is_drawn[block])
    return widths


def widths_from_sums(sums: Floats, sizes: Floats, labels: NDArray[np.int64], counted: NDArray[np.bool_]) -> Floats:
    """Return the silhouette widths (N,) of spectra from the `sums` (N, K) of their distances to each group.

    `sizes` (K,) of the groups, `labels` (N,) of the spectra, and whether each is itself `counted` (N,) in its group.
    """
    index = np.arange(len(labels))
    n_others = sizes[labels] - counted  # of its group, without itself
    own = sums[index, labels] / np.maximum(n_others, 1)
    mean = sums / np.maximum(sizes, 1)
    mean[index, labels] = np.inf
    nearest = mean.min(axis=1)
    widths: Floats = np.where(n_others > 0, (nearest - own) / np.maximum(np.maximum(own, nearest), 1e-12), 0)
    return widths


def _draw_sample(labels: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Random spectra of each group, at least MIN_OF_GROUP where it has as many."""
    random, size = np.random.default_rng(0), max(MIN_OF_GROUP, SAMPLE // count)
    return np.concatenate([random.permutation(np.flatnonzero(labels == group))[:size] for group in range(count)])


def _distances(rows: Floats, others: Floats) -> Floats:
    """Euclidean distances of `rows` (N, K) to `others` (M, K) -> (N, M)."""
    squares = np.einsum("ij,ij->i", rows, rows)[:, None] + np.einsum("ij,ij->i", others, others)
    distances: Floats = np.sqrt(np.maximum(squares - 2 * rows @ others.T, 0))
    return distances
