"""What speaks for each substance that a spectrum may be of: numbers that a judge weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import READINGS
from ramanstudio.search.shortlist import Shortlist

Floats = NDArray[np.floating[Any]]

CANDIDATES: Final = 20  # substances that are weighed against each other
_WEIGHTS = np.array([1.0, 1.0, 1.0, 0.5, 0.5], dtype=np.float32)  # of READINGS and features, for who is a candidate
_SECOND = (1, 2, len(READINGS))  # roots, slopes, features: those of the second reference count too
_NO_SECOND = -0.2
_SNR_MOST = 1000.0  # what is clearer says no more
TOGETHER: Final = 4  # references of a substance, the most alike, whose mean is compared as well
_STEADY = 0.05  # of one, added to the diagonal before references that are all but equal are weighed against each other
LIKENESSES: Final = 2 * (len(READINGS) + 1)  # numbers that come first: of the best reference, of the mean of several
WEIGHED: Final = 4 * (len(READINGS) + 1) + len(_SECOND) + 3  # numbers that candidates are weighed by
NUMBERS: Final = WEIGHED + 2 * (len(READINGS) + 1) + 1  # and with those that only tell whether it is any of them


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Up to CANDIDATES substances by `names`, the `best` of the references of each as places in the list of them.

    `evidence` (K, D), by every reading: likeness of the best reference; that of the mean of the nearest ones, which has
    less of what is peculiar to one specimen; how like that mean is to the nearest other candidate's, which tells twins;
    how far the first is from the best of all; by some, the second reference's likeness. Then how much of the spectrum
    was compared, its signal-to-noise ratio, and how long it is. These WEIGHED numbers are followed by what only tells
    whether it is any of the candidates: how like the nearest references are to each other, as specimens of some
    substances vary more than those of others; how like the best mixture of them is; and how many they were. Candidates
    are not weighed by these, which tell who is who: what rruff has much of would win in a user's library too.
    """

    names: tuple[str, ...]
    best: NDArray[np.intp]
    evidence: NDArray[np.float32]


def candidates(
    listed: Shortlist, rows: Sequence[NDArray[np.float32]], names: Sequence[str], snr: float, looked_cm: float
) -> Candidates:
    """The substances that a spectrum may be of: `listed` references (R), whose substances have `names` (R).

    `rows` are the fingerprints of the references that were compared, of unit length; `snr` is that of the spectrum,
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
    together, varied = _together(listed, rows, members, starts)
    alone = np.hstack([first - first.max(axis=0), second[:, _SECOND]])[top]
    many = np.log(np.diff([*starts, len(members)]))[:, None]
    evidence = np.hstack([first[top], together, alone, rest, varied, many])
    return Candidates(tuple(kinds[top].tolist()), best, evidence.astype(np.float32))


def _nearest_of_each(
    listed: Shortlist, of: NDArray[np.intp], top: NDArray[np.intp]
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
    listed: Shortlist, rows: Sequence[NDArray[np.float32]], members: NDArray[np.intp], starts: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each substance's `members` say together, by each of the `rows` (C) -> two of (K, 2 C).

    How like their mean is, and how like that is to its nearest rival; how like they are to each other, and how like
    the best mixture of them is.
    """
    many = np.diff([*starts, len(members)])
    share = (np.repeat(np.arange(len(starts)), many)[None] == np.arange(len(starts))[:, None]).astype(np.float32)
    alike, likeness = np.stack([row[members] @ row[members].T for row in rows]), listed.likeness[members].T
    among = share @ alike @ share.T
    square = np.maximum(np.diagonal(among, axis1=1, axis2=2), 1e-12)
    length = np.sqrt(square)
    pairs = np.where(many > 1, (square - many) / np.maximum(many * (many - 1), 1), _NO_SECOND)
    among /= length[:, :, None] * length[:, None]
    among[:, np.arange(len(starts)), np.arange(len(starts))] = _NO_SECOND
    together = np.concatenate([likeness @ share.T / length, among.max(axis=2)])
    varied = np.concatenate([pairs, _mixed(alike, likeness, starts, many)])
    return np.clip(together.T, -1, 1).astype(np.float32), np.clip(varied.T, -1, 1).astype(np.float32)


def _mixed(alike: Floats, likeness: Floats, starts: NDArray[np.intp], many: NDArray[np.intp]) -> Floats:
    """How like the best mixture of each substance's references is, by each reading -> (C, K).

    The references are `alike` (C, M, M) and have `likeness` (C, M). Least squares, held back a little where references
    are all but equal.
    """
    place = np.arange(TOGETHER)
    there = place < many[:, None]
    at = np.where(there, starts[:, None] + place, 0)
    both = there[:, :, None] & there[:, None, :]
    products = np.where(both, alike[:, at[:, :, None], at[:, None, :]], 0) + (1 + _STEADY) * np.eye(TOGETHER) * ~both
    products[..., place, place] += _STEADY * there
    own = np.where(there, likeness[:, at], 0)
    weights = np.linalg.solve(products, own[..., None])[..., 0]
    mixed: NDArray[np.floating[Any]] = np.sqrt(np.maximum((own * weights).sum(axis=2), 0))
    return mixed


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
