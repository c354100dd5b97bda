"""Describe each substance that a spectrum may be of by numbers, from which the ranker computes probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import REPRESENTATIONS
from ramanstudio.search.shortlist import ComparedRows, Shortlist

Floats = NDArray[np.floating[Any]]
NumberedNames = tuple[tuple[str, ...], NDArray[np.intp]]  # distinct names in order, and their number by reference

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
    shortlist: Shortlist, rows: ComparedRows, substances: Substances, snr: float, compared_cm: float
) -> Candidates:
    """Return the substances that a spectrum may be of, given its `shortlist` of references and their `rows`.

    `snr` is the signal-to-noise ratio of the spectrum, `compared_cm` the width that may be compared.
    """
    if not len(shortlist.reference):
        return Candidates((), np.empty(0, dtype=np.intp), np.empty((0, N_FEATURES), dtype=np.float32))
    numbers, substance = np.unique(substances.numbers(shortlist), return_inverse=True)
    first, second = _two_best(shortlist.similarity, substance, len(numbers))
    # sums, not products of matrices, whose library now and then flags an invalid value where there is none
    top = np.argsort(-(first * _WEIGHTS).sum(axis=1), kind="stable")[:N_CANDIDATES]
    members, present = _nearest_of_each(shortlist, substance, top)
    best = members[:, 0]
    general = np.empty((len(top), 3), dtype=np.float32)
    general[:, 0] = shortlist.shared_cm[best] / max(compared_cm, 1.0)
    general[:, 1] = np.log1p(np.clip(snr, 0, _HIGHEST_SNR)) if np.isfinite(snr) else np.log1p(_HIGHEST_SNR)
    general[:, 2] = np.log(max(compared_cm, 1.0))
    of_means, of_spread = _group_features(shortlist, rows, members, present)
    gaps = np.hstack([first - first.max(axis=0), second[:, _SECOND]])[top]
    log_counts = np.log(present.sum(axis=1))[:, None]
    features = np.hstack([first[top], of_means, gaps, general, of_spread, log_counts])
    return Candidates(substances.names(numbers[top]), best, features.astype(np.float32))


class Substances:
    """The substances of the references of several libraries as numbers, in the order of their names."""

    def __init__(self, libraries: Sequence[NumberedNames]) -> None:
        self._ends = np.cumsum([0, *(len(numbers) for _, numbers in libraries)])
        if len(libraries) == 1:
            self._names, self._numbers = libraries[0]
            return
        self._names = tuple(sorted({name for names, _ in libraries for name in names}))
        position = {name: number for number, name in enumerate(self._names)}
        joined = [np.array([position[name] for name in names], dtype=np.intp)[numbers] for names, numbers in libraries]
        self._numbers = np.concatenate(joined) if joined else np.zeros(0, dtype=np.intp)

    def numbers(self, shortlist: Shortlist) -> NDArray[np.intp]:
        """Return the number of the substance of each reference (R,)."""
        numbers: NDArray[np.intp] = self._numbers[self._ends[shortlist.library] + shortlist.reference]
        return numbers

    def names(self, numbers: NDArray[np.intp]) -> tuple[str, ...]:
        """Return the names of substances (K,)."""
        return tuple(self._names[number] for number in numbers.tolist())


def numbered_names(names: NDArray[Any]) -> NumberedNames:
    """Return the distinct names of references (R,) in order, and the number of each reference's name (R,)."""
    texts = [str(name) for name in names]
    distinct = tuple(sorted(set(texts)))
    position = {name: number for number, name in enumerate(distinct)}
    return distinct, np.array([position[name] for name in texts], dtype=np.intp)


def _nearest_of_each(
    shortlist: Shortlist, substance: NDArray[np.intp], top: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The most similar references of each substance of `top` (K,), the best first -> (K, REFERENCES_OF_MEAN).

    Beside their indices, which of them are `present`: a substance may have fewer.
    """
    rank = np.full(substance.max() + 1, len(top))
    rank[top] = np.arange(len(top))
    order = np.lexsort((-(shortlist.similarity * _WEIGHTS).sum(axis=1), rank[substance]))
    starts = np.searchsorted(rank[substance[order]], np.arange(len(top) + 1))
    index = starts[:-1, None] + np.arange(REFERENCES_OF_MEAN)
    present = index < starts[1:, None]
    return order[np.where(present, index, starts[:-1, None])], present


def _group_features(
    shortlist: Shortlist, rows: ComparedRows, members: NDArray[np.intp], present: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features of the `members` (K, M) of each substance together, by each representation (C) -> two arrays (K, 2 C).

    The similarity of their mean to the query, and of that mean to its nearest rival; how similar they are to each
    other, and the similarity of their best mixture.
    """
    n_substances = len(members)
    within, between = [], []
    for units in rows.units(members.ravel(), present.ravel()):
        units = units.reshape(-1, *members.shape, units.shape[-1])
        within.append(units @ units.swapaxes(2, 3))
        sums = units.sum(axis=2)
        between.append(sums @ sums.swapaxes(1, 2))
    of_pairs, of_sums = np.concatenate(within), np.concatenate(between)
    counts = present.sum(axis=1)
    similarity = np.where(present, shortlist.similarity.T[:, members], 0)
    squares = np.maximum(np.diagonal(of_sums, axis1=1, axis2=2), 1e-12)
    lengths = np.sqrt(squares)
    pairs = np.where(counts > 1, (squares - counts) / np.maximum(counts * (counts - 1), 1), _NO_SECOND)
    of_sums /= lengths[:, :, None] * lengths[:, None]
    of_sums[:, np.arange(n_substances), np.arange(n_substances)] = _NO_SECOND
    of_means = np.concatenate([similarity.sum(axis=2) / lengths, of_sums.max(axis=2)])
    of_spread = np.concatenate([pairs, _best_mixture(of_pairs, similarity, present)])
    return np.clip(of_means.T, -1, 1).astype(np.float32), np.clip(of_spread.T, -1, 1).astype(np.float32)


def _best_mixture(within: Floats, similarity: Floats, present: NDArray[np.bool_]) -> Floats:
    """Similarity of the best linear mixture of each substance's references, by each representation -> (C, K).

    `within` (C, K, M, M) are the products of the references with each other, `similarity` (C, K, M) those with the
    query, both zero where they are not `present` (K, M). Ridge regression, as references may be nearly equal.
    """
    diagonal = np.where(present, _RIDGE, 1 + _RIDGE).astype(np.float64)
    normal = within + diagonal[:, :, None] * np.eye(REFERENCES_OF_MEAN)
    weights = np.linalg.solve(normal, similarity[..., None].astype(np.float64))[..., 0]
    mixture: NDArray[np.floating[Any]] = np.sqrt(np.maximum((similarity * weights).sum(axis=2), 0))
    return mixture


def _two_best(
    similarity: Floats, substance: NDArray[np.intp], n_substances: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest and second highest of each column of `similarity` (R, C) for each substance -> two of (K, C)."""
    order = np.argsort(substance, kind="stable")
    rows, starts = similarity[order], np.searchsorted(substance[order], np.arange(n_substances))
    first = np.maximum.reduceat(rows, starts, axis=0)
    is_first = rows == first[substance[order]]
    position = np.where(is_first, np.arange(len(rows))[:, None], len(rows))
    rows[np.minimum.reduceat(position, starts, axis=0), np.arange(rows.shape[1])] = _NO_SECOND
    return first, np.maximum(np.maximum.reduceat(rows, starts, axis=0), _NO_SECOND)


def stack_features(candidates: Sequence[Candidates]) -> NDArray[np.float32]:
    """Return the features of N spectra's candidates as one array (N, N_CANDIDATES, N_FEATURES), padded with NaN."""
    features = np.full((len(candidates), N_CANDIDATES, N_FEATURES), np.nan, dtype=np.float32)
    for rows, one_spectrum in zip(features, candidates, strict=True):
        rows[: len(one_spectrum.names)] = one_spectrum.features
    return features
