"""Describe each substance that a spectrum may be of by numbers, from which the ranker computes probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import REPRESENTATIONS
from ramanstudio.search.shortlist import Shortlist

Floats = NDArray[np.floating[Any]]

N_CANDIDATES: Final = 20  # substances that are ranked
REFERENCES_OF_MEAN: Final = 4  # most similar references of a substance, whose mean is compared too
_COLUMNS: Final = len(REPRESENTATIONS) + 1  # similarities: of each representation, and of the embeddings
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.5, 0.5], dtype=np.float32)  # of these columns, to choose the candidates
_SECOND = (1, 2, len(REPRESENTATIONS))  # roots, slopes, embeddings: where the second-best reference counts too
_NO_SECOND = -0.2
_HIGHEST_SNR = 1000.0  # beyond which it says no more
_RIDGE = 0.05  # added to the diagonal before nearly equal references are weighed against each other
N_SIMILARITIES: Final = 2 * _COLUMNS  # the first features: of the best reference, and of the mean of several
N_RANKING_FEATURES: Final = 4 * _COLUMNS + len(_SECOND) + 3  # the first features, which rank candidates
N_FEATURES: Final = N_RANKING_FEATURES + 2 * _COLUMNS + 1  # with those used only for "none of these"


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Up to N_CANDIDATES substances: `names`, the `best` reference of each as an index into the shortlist (K,).

    `features` (K, N_FEATURES) has, by every representation: the similarity of the best reference; that of the mean of
    the most similar references, which has less of what is peculiar to one specimen; the similarity of that mean to the
    nearest other candidate's, which reveals confusable substances; the gap to the best candidate; by some
    representations the similarity of the second-best reference. Then the share of the spectrum that was compared, its
    signal-to-noise ratio, and its width. These N_RANKING_FEATURES are followed by what only decides whether it is none
    of the candidates: how similar the nearest references are to each other (specimens of some substances vary more),
    how similar their best mixture is, and how many they were. Candidates are not ranked by these, which reveal the
    substance: what the training data have much of would win in any library.
    """

    names: tuple[str, ...]
    best: NDArray[np.intp]
    features: NDArray[np.float32]


def find_candidates(
    shortlist: Shortlist, units: Sequence[NDArray[np.float32]], names: Sequence[str], snr: float, compared_cm: float
) -> Candidates:
    """Return the substances that a spectrum may be of, given its `shortlist` of R references and their `names` (R).

    `units` are the rows that were compared, of unit length, as `shortlist.compare` returns them; `snr` is the
    signal-to-noise ratio of the spectrum, `compared_cm` the width that may be compared.
    """
    if not len(shortlist.reference):
        return Candidates((), np.empty(0, dtype=np.intp), np.empty((0, N_FEATURES), dtype=np.float32))
    substances, substance = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    first, second = _two_best(shortlist.similarity, substance, len(substances))
    # sums, not products of matrices, whose library now and then flags an invalid value where there is none
    top = np.argsort(-(first * _WEIGHTS).sum(axis=1), kind="stable")[:N_CANDIDATES]
    members, starts = _nearest_of_each(shortlist, substance, top)
    best = members[starts]
    general = np.empty((len(top), 3), dtype=np.float32)
    general[:, 0] = shortlist.shared_cm[best] / max(compared_cm, 1.0)
    general[:, 1] = np.log1p(np.clip(snr, 0, _HIGHEST_SNR)) if np.isfinite(snr) else np.log1p(_HIGHEST_SNR)
    general[:, 2] = np.log(max(compared_cm, 1.0))
    of_means, of_spread = _group_features(shortlist, units, members, starts)
    gaps = np.hstack([first - first.max(axis=0), second[:, _SECOND]])[top]
    log_counts = np.log(np.diff([*starts, len(members)]))[:, None]
    features = np.hstack([first[top], of_means, gaps, general, of_spread, log_counts])
    return Candidates(tuple(substances[top].tolist()), best, features.astype(np.float32))


def _nearest_of_each(
    shortlist: Shortlist, substance: NDArray[np.intp], top: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The REFERENCES_OF_MEAN most similar references of each substance of `top` (K,), and where each starts (K,)."""
    rank = np.full(substance.max() + 1, len(top))
    rank[top] = np.arange(len(top))
    order = np.lexsort((-(shortlist.similarity * _WEIGHTS).sum(axis=1), rank[substance]))
    ranks = rank[substance[order]]
    starts = np.searchsorted(ranks, np.arange(len(top) + 1))
    kept = (np.arange(len(order)) - starts[ranks] < REFERENCES_OF_MEAN) & (ranks < len(top))
    return order[kept], np.searchsorted(ranks[kept], np.arange(len(top)))


def _group_features(
    shortlist: Shortlist, units: Sequence[NDArray[np.float32]], members: NDArray[np.intp], starts: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features of each substance's `members` together, by each of the `units` (C) -> two arrays (K, 2 C).

    The similarity of their mean to the query, and of that mean to its nearest rival; how similar they are to each
    other, and the similarity of their best mixture.
    """
    counts = np.diff([*starts, len(members)])
    membership = (np.repeat(np.arange(len(starts)), counts)[None] == np.arange(len(starts))[:, None]).astype(np.float32)
    products = np.stack([rows[members] @ rows[members].T for rows in units])
    similarity = shortlist.similarity[members].T
    sums = membership @ products @ membership.T
    squares = np.maximum(np.diagonal(sums, axis1=1, axis2=2), 1e-12)
    lengths = np.sqrt(squares)
    pairs = np.where(counts > 1, (squares - counts) / np.maximum(counts * (counts - 1), 1), _NO_SECOND)
    sums /= lengths[:, :, None] * lengths[:, None]
    sums[:, np.arange(len(starts)), np.arange(len(starts))] = _NO_SECOND
    of_means = np.concatenate([similarity @ membership.T / lengths, sums.max(axis=2)])
    of_spread = np.concatenate([pairs, _best_mixture(products, similarity, starts, counts)])
    return np.clip(of_means.T, -1, 1).astype(np.float32), np.clip(of_spread.T, -1, 1).astype(np.float32)


def _best_mixture(products: Floats, similarity: Floats, starts: NDArray[np.intp], counts: NDArray[np.intp]) -> Floats:
    """Similarity of the best linear mixture of each substance's references, by each representation -> (C, K).

    `products` (C, M, M) are those of the members with each other, `similarity` (C, M) those with the query. Ridge
    regression, as references may be nearly equal.
    """
    column = np.arange(REFERENCES_OF_MEAN)
    present = column < counts[:, None]
    index = np.where(present, starts[:, None] + column, 0)
    both = present[:, :, None] & present[:, None, :]
    normal = np.where(both, products[:, index[:, :, None], index[:, None, :]], 0)
    normal = normal + (1 + _RIDGE) * np.eye(REFERENCES_OF_MEAN) * ~both
    normal[..., column, column] += _RIDGE * present
    with_query = np.where(present, similarity[:, index], 0)
    weights = np.linalg.solve(normal, with_query[..., None])[..., 0]
    mixture: NDArray[np.floating[Any]] = np.sqrt(np.maximum((with_query * weights).sum(axis=2), 0))
    return mixture


def _two_best(
    similarity: Floats, substance: NDArray[np.intp], n_substances: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest and second highest of each column of `similarity` (R, C) for each substance -> two of (K, C)."""
    order = np.argsort(substance, kind="stable")
    rows, starts = similarity[order], np.searchsorted(substance[order], np.arange(n_substances))
    first = np.maximum.reduceat(rows, starts, axis=0)
    second = np.full_like(first, _NO_SECOND)
    for row, (start, stop) in enumerate(zip(starts, [*starts[1:], len(rows)], strict=True)):
        if stop - start > 1:
            second[row] = np.partition(rows[start:stop], -2, axis=0)[-2]
    return first, np.maximum(second, _NO_SECOND)


def stack_features(candidates: Sequence[Candidates]) -> NDArray[np.float32]:
    """Return the features of N spectra's candidates as one array (N, N_CANDIDATES, N_FEATURES), padded with NaN."""
    features = np.full((len(candidates), N_CANDIDATES, N_FEATURES), np.nan, dtype=np.float32)
    for rows, one_spectrum in zip(features, candidates, strict=True):
        rows[: len(one_spectrum.names)] = one_spectrum.features
    return features
