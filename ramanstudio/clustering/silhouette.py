"""How far apart groups lie, for each spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

ENOUGH = 4000  # spectra, of all groups alike, that the others are held against
FEWEST = 20  # of a group that are
BLOCK = 4096  # spectra at once


def silhouette_widths(rows: Floats, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much better each of `rows` (N, K) lies in its group than in the next nearest, from -1 to 1 -> (N,).

    (Distance to the next group - to the own) over the larger (Rousseeuw 1987), from at most ENOUGH spectra drawn by
    chance. 0 for one that is alone in its group, NaN for outliers (-1) and where there is but one group.
    """
    rows = np.asarray(rows, dtype=np.float32)
    count = int(labels.max(initial=-1)) + 1
    width = np.full(len(rows), np.nan, dtype=np.float32)
    if count < 2:
        return width
    drawn = _drawn(labels, count)
    member = np.zeros((len(drawn), count), dtype=np.float32)
    member[np.arange(len(drawn)), labels[drawn]] = 1
    sizes = member.sum(axis=0)
    is_drawn = np.zeros(len(rows), dtype=bool)
    is_drawn[drawn] = True
    for some in np.array_split(np.flatnonzero(labels >= 0), max(1, len(rows) // BLOCK)):
        total = _distances(rows[some], rows[drawn]) @ member
        width[some] = widths(total, sizes, labels[some], is_drawn[some])
    return width


def widths(total: Floats, sizes: Floats, labels: NDArray[np.int64], counted: NDArray[np.bool_]) -> Floats:
    """The silhouettes (N,) of spectra whose distances to all of each group add up to `total` (N, K).

    `sizes` (K,) of the groups, `labels` (N,) of the spectra, and whether each is `counted` (N,) in the size of its own.
    """
    each = np.arange(len(labels))
    others = sizes[labels] - counted  # of its group, without itself
    own = total[each, labels] / np.maximum(others, 1)
    mean = total / np.maximum(sizes, 1)
    mean[each, labels] = np.inf
    other = mean.min(axis=1)
    found: Floats = np.where(others > 0, (other - own) / np.maximum(np.maximum(own, other), 1e-12), 0)
    return found


def _drawn(labels: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """Some spectra of each group, of none fewer than FEWEST where it has as many."""
    random, most = np.random.default_rng(0), max(FEWEST, ENOUGH // count)
    return np.concatenate([random.permutation(np.flatnonzero(labels == group))[:most] for group in range(count)])


def _distances(rows: Floats, others: Floats) -> Floats:
    squares = np.einsum("ij,ij->i", rows, rows)[:, None] + np.einsum("ij,ij->i", others, others)
    apart: Floats = np.sqrt(np.maximum(squares - 2 * rows @ others.T, 0))
    return apart
