"""What speaks for each substance that a spectrum may be of: numbers that a judge weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis.prints import READINGS
from ramanstudio.analysis.shortlist import Listed

Floats = NDArray[np.floating[Any]]

CANDIDATES: Final = 24  # substances that are weighed against each other
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.5, 0.5], dtype=np.float32)  # of READINGS and features, for who is a candidate
_SECOND = (1, 2, len(READINGS))  # roots, slopes, features: those of the second reference count too
_NO_SECOND = -0.2
_SNR_MOST = 1000.0  # what is clearer says no more
TOGETHER: Final = 4  # references of a substance, the most alike, whose mean is compared as well
NUMBERS: Final = 4 * (len(READINGS) + 1) + len(_SECOND) + 3  # that speak for a candidate


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Up to CANDIDATES substances by `names`, the `best` of the references of each as places in the list of them.

    `evidence` (K, D): likeness by each reading, how far that is from the best of all, the second reference's likeness,
    that of the mean of the nearest references, which has less of what is peculiar to one specimen, and how like that
    mean is to the nearest other candidate's, which tells twins; then how much of the spectrum was compared, its
    signal-to-noise ratio, and how long it is.
    """

    names: tuple[str, ...]
    best: NDArray[np.intp]
    evidence: NDArray[np.float32]


def candidates(
    listed: Listed, rows: Sequence[NDArray[np.float32]], names: Sequence[str], snr: float, looked_cm: float
) -> Candidates:
    """The substances that a spectrum may be of: `listed` references (R), whose substances have `names` (R).

    `rows` are the prints of the references that were compared, of unit length; `snr` is that of the spectrum,
    `looked_cm` how much of it may be compared.
    """
    if not len(listed.reference):
        return Candidates((), np.empty(0, dtype=np.intp), np.empty((0, NUMBERS), dtype=np.float32))
    kinds, of = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    first, second = _two_best(listed.likeness, of, len(kinds))
    # sums, not products of matrices, whose library flags an invalid value now and then where there is none
    top = np.argsort(-(first * _WEIGHTS).sum(axis=1), kind="stable")[:CANDIDATES]
    members, starts = _nearest_of_each(listed, of, top)
    best = members[starts]
    rest = np.empty((len(top), 3), dtype=np.float32)
    rest[:, 0] = listed.shared_cm[best] / max(looked_cm, 1.0)
    rest[:, 1] = np.log1p(np.clip(snr, 0, _SNR_MOST)) if np.isfinite(snr) else np.log1p(_SNR_MOST)
    rest[:, 2] = np.log(max(looked_cm, 1.0))
    alone = np.hstack([first, first - first.max(axis=0), second[:, _SECOND]])[top]
    evidence = np.hstack([alone, _together(listed, rows, members, starts), rest])
    return Candidates(tuple(kinds[top].tolist()), best, evidence.astype(np.float32))


def _nearest_of_each(
    listed: Listed, of: NDArray[np.intp], top: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The TOGETHER most alike references of each substance of `top` (K,), and where those of each start (K,)."""
    place = np.full(of.max() + 1, len(top))
    place[top] = np.arange(len(top))
    order = np.lexsort((-(listed.likeness * _WEIGHTS).sum(axis=1), place[of]))
    places = place[of[order]]
    starts = np.searchsorted(places, np.arange(len(top) + 1))
    kept = (np.arange(len(order)) - starts[places] < TOGETHER) & (places < len(top))
    return order[kept], np.searchsorted(places[kept], np.arange(len(top)))


def _together(
    listed: Listed, rows: Sequence[NDArray[np.float32]], members: NDArray[np.intp], starts: NDArray[np.intp]
) -> NDArray[np.float32]:
    """By each of the `rows`: how like the mean of each substance's `members` is, and how like its nearest rival."""
    share = np.zeros((len(starts), len(members)), dtype=np.float32)
    share[np.repeat(np.arange(len(starts)), np.diff([*starts, len(members)])), np.arange(len(members))] = 1
    likeness, rivals = [], []
    for column, row in enumerate(rows):
        sums = share @ row[members]
        length = np.maximum(np.sqrt(np.einsum("kg,kg->k", sums, sums)), 1e-6)
        likeness.append(share @ listed.likeness[members, column] / length)
        among = (sums @ sums.T) / np.outer(length, length)
        np.fill_diagonal(among, _NO_SECOND)
        rivals.append(among.max(axis=1))
    found: NDArray[np.float32] = np.clip(np.stack([*likeness, *rivals], axis=1), -1, 1).astype(np.float32)
    return found


def _two_best(likeness: Floats, of: NDArray[np.intp], kinds: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The highest and the second highest of each column of `likeness` (R, C) for each substance -> two of (K, C)."""
    order = np.argsort(of, kind="stable")
    rows, starts = likeness[order], np.searchsorted(of[order], np.arange(kinds))
    first = np.maximum.reduceat(rows, starts, axis=0)
    second = np.full_like(first, _NO_SECOND)
    for kind, (start, stop) in enumerate(zip(starts, [*starts[1:], len(rows)], strict=True)):
        if stop - start > 1:
            second[kind] = np.partition(rows[start:stop], -2, axis=0)[-2]
    return first, np.maximum(second, _NO_SECOND)


def side_by_side(found: Sequence[Candidates]) -> NDArray[np.float32]:
    """The evidence of N spectra in one array (N, CANDIDATES, D); NaN where one has fewer candidates."""
    rows = np.full((len(found), CANDIDATES, NUMBERS), np.nan, dtype=np.float32)
    for row, one in zip(rows, found, strict=True):
        row[: len(one.names)] = one.evidence
    return rows
