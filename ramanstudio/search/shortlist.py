"""Which references deserve a closer look: a rough comparison with all of them, and then the readings of a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import Region
from ramanstudio.search.fingerprints import COARSE, GRID, READINGS

Floats = NDArray[np.floating[Any]]
Prints = Mapping[str, NDArray[Any]]

BY_LINES, BY_FEATURES = 96, 32  # references of each library that are compared in full for a spectrum
FEWEST_CM: Final = 150.0  # that a spectrum and a reference must have in common
BLOCK: Final = 8192  # references at once
_NOT: Final = -2.0  # below any likeness
_FLAT: Final = 1e-9  # power of what does not vary


@dataclass(frozen=True, slots=True, eq=False)
class Shortlist:
    """References that one spectrum was compared with in full.

    `library` and `reference` (R,) number them, `likeness` (R, READINGS + 1) has the correlation of each reading and of
    the features, `shared_cm` (R,) how much of a range was compared.
    """

    library: NDArray[np.intp]
    reference: NDArray[np.intp]
    likeness: NDArray[np.float32]
    shared_cm: NDArray[np.float32]

    def __getitem__(self, which: NDArray[Any]) -> Shortlist:
        return Shortlist(self.library[which], self.reference[which], self.likeness[which], self.shared_cm[which])


def looked_at(fingerprints: Prints, within: Region | None) -> NDArray[np.bool_]:
    """The samples of the grid where each of N spectra was measured and may be compared, (N, G)."""
    places = np.arange(GRID.samples)
    inside = (places >= fingerprints["first"][:, None]) & (places < fingerprints["last"][:, None])
    if within is not None:
        inside &= within.contains(GRID.places)
    return inside


def nearest(
    queries: Prints, looked: NDArray[np.bool_], library: Prints, apart: NDArray[np.bool_] | None = None
) -> list[NDArray[np.intp]]:
    """For each query the references of a library that are roughly like it, by lines or by features.

    Not among those that it is to be kept `apart` (Q, N) from.
    """
    many = len(library["first"])
    lines = np.empty((len(looked), many), dtype=np.float32)
    for start in range(0, many, BLOCK):
        stop = min(start + BLOCK, many)
        lines[:, start:stop] = _roughly(queries["rough"], looked, library, slice(start, stop))
    if apart is not None:
        lines[apart] = _NOT
    found = [_best(row, BY_LINES) for row in lines]
    features = np.asarray(queries["features"]) @ np.asarray(library["features"]).T
    features[lines <= _NOT] = _NOT
    return [np.union1d(some, _best(row, BY_FEATURES)) for some, row in zip(found, features, strict=True)]


def _roughly(rough: Floats, looked: NDArray[np.bool_], library: Prints, block: slice) -> NDArray[np.float32]:
    """Cosine of the rough prints over what was measured of both, less where that is little of the query -> (Q, n)."""
    ours = looked.reshape(len(looked), -1, COARSE).mean(axis=2, dtype=np.float32)
    queries = rough * ours
    theirs = np.asarray(library["rough"][block])
    first, last = library["first"][block] // COARSE, library["last"][block] // COARSE
    energy = _between(np.square(queries), first, last) * (ours @ np.square(theirs).T)
    shared = _between(ours, first, last)
    cosine = (queries @ theirs.T) / np.sqrt(np.maximum(energy, 1e-12))
    share = shared / np.maximum(ours.sum(axis=1, keepdims=True), 1)
    cosine = np.where(cosine > 0, cosine * np.sqrt(share), cosine)
    likeness: NDArray[np.float32] = np.where(shared * COARSE * GRID.step_cm >= FEWEST_CM, cosine, _NOT)
    return likeness.astype(np.float32)


def _between(rows: Floats, first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.float32]:
    """Sums of `rows` (Q, G) from `first` to `last` (n,) -> (Q, n)."""
    sums = np.concatenate([np.zeros((len(rows), 1), dtype=np.float32), np.cumsum(rows, axis=1)], axis=1)
    between: NDArray[np.float32] = np.maximum(sums[:, np.maximum(first, last)] - sums[:, first], 0)
    return between


def _best(row: Floats, many: int) -> NDArray[np.intp]:
    """Where the `many` highest of `row` (n,) are that count at all."""
    best = np.argpartition(-row, many)[:many] if many < len(row) else np.arange(len(row))
    return best[row[best] > _NOT]


def listed(
    query: Mapping[str, NDArray[Any]],
    looked: NDArray[np.bool_],
    libraries: Sequence[Prints],
    near: Sequence[NDArray[np.intp]],
) -> tuple[Shortlist, list[NDArray[np.float32]]]:
    """Compare the prints of one `query` with the references that are `near` in each library, by all readings.

    Beside the list, the prints that were compared: of each reading and of the features (R, ...), of unit length over
    what both were measured at.
    """
    places = np.flatnonzero(looked)
    span = slice(places[0], places[-1] + 1) if len(places) else slice(0, 0)
    along = np.arange(GRID.samples)[span]
    both, rows = [], []
    for library, some in zip(libraries, near, strict=True):
        inside = (along >= library["first"][some, None]) & (along < library["last"][some, None])
        both.append((looked[span] & inside).astype(np.float32))
        readings = [_unit(library[name][some, span], both[-1]) for name in READINGS]
        rows.append([*readings, np.asarray(library["features"][some], dtype=np.float32)])
    shared = np.concatenate(both)
    joined = [np.concatenate(one) for one in zip(*rows, strict=True)]
    likeness = [_along(query[name][span], one, shared) for name, one in zip(READINGS, joined, strict=False)]
    likeness.append(joined[-1] @ query["features"])
    numbers = np.repeat(np.arange(len(near)), [len(some) for some in near])
    shared_cm = (shared.sum(axis=1) * GRID.step_cm).astype(np.float32)
    return Shortlist(numbers, np.concatenate(near), np.stack(likeness, axis=1).astype(np.float32), shared_cm), joined


def correlation(query: Floats, references: Floats, both: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Pearson's r of `query` (G,) with `references` (R, G) where `both` (R, G) were measured; 0 where one is flat."""
    weight = both.astype(np.float32)
    return _along(query, _unit(references, weight), weight)


def _unit(references: Floats, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """`references` (R, G) about their means, of unit length, where `weight` (R, G) is one, else 0; 0 where flat."""
    rows: NDArray[np.float32] = references.astype(np.float32)
    rows *= weight  # in place, here and below: this is what a search spends most of its time on
    rows -= rows.sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1)
    rows *= weight
    power = np.einsum("rg,rg->r", rows, rows)[:, None]
    rows *= np.where(power > _FLAT, 1 / np.sqrt(np.maximum(power, _FLAT)), 0)
    return rows


def _along(query: Floats, units: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson's r of `query` (G,) with `units` (R, G), each about its mean and of unit length over its `weight`."""
    own = query.astype(np.float32)
    squares, sums, many = (weight @ np.stack([np.square(own), own, np.ones_like(own)], axis=1)).T
    power = squares - np.square(sums) / np.maximum(many, 1)
    r: NDArray[np.float32] = np.where(power > _FLAT, units @ own / np.sqrt(np.maximum(power, _FLAT)), 0)
    return np.clip(r, -1, 1)
