"""Shortlist references for a query: a rough comparison with all of them, then all representations of a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.ranges import Region
from ramanstudio.search.fingerprints import COARSE, GRID, REPRESENTATIONS, Fingerprints, measured_samples

Floats = NDArray[np.floating[Any]]

BY_BANDS, BY_FEATURES = 96, 32  # references of each library that are compared in full with a spectrum
FEWEST_CM: Final = 150.0  # that a spectrum and a reference must share
REFERENCES_PER_BLOCK: Final = 8192
_EXCLUDED: Final = -2.0  # below any similarity
_LEAST_POWER: Final = 1e-9  # of rows that vary


@dataclass(frozen=True, slots=True, eq=False)
class Shortlist:
    """References that a query was compared with in full.

    `library` and `reference` (R,) are their indices, `similarity` (R, C) the correlation of each of the C
    representations, embeddings last, `shared_cm` (R,) the width of the range that was compared.
    """

    library: NDArray[np.intp]
    reference: NDArray[np.intp]
    similarity: NDArray[np.float32]
    shared_cm: NDArray[np.float32]


def compared_samples(queries: Fingerprints, within: Region | None) -> NDArray[np.bool_]:
    """Return the samples of the grid where each of N spectra was measured and is to be compared, (N, G)."""
    compared = measured_samples(queries, np.arange(len(queries["first"])))
    if within is not None:
        compared &= within.contains(GRID.centres_cm)
    return compared


def preselect(
    queries: Fingerprints,
    compared: NDArray[np.bool_],
    library: Fingerprints,
    excluded: NDArray[np.bool_] | None = None,
) -> list[NDArray[np.intp]]:
    """Return for each of Q queries the references of a library that are roughly similar, by bands or by embedding.

    `compared` (Q, G) are the samples to compare; `excluded` (Q, N) are the references a query must not see.
    """
    n_references = len(library["first"])
    by_bands = np.empty((len(compared), n_references), dtype=np.float32)
    for start in range(0, n_references, REFERENCES_PER_BLOCK):
        block = slice(start, min(start + REFERENCES_PER_BLOCK, n_references))
        by_bands[:, block] = _rough_similarity(queries["rough"], compared, library, block)
    if excluded is not None:
        by_bands[excluded] = _EXCLUDED
    by_features = np.asarray(queries["features"]) @ np.asarray(library["features"]).T
    by_features[by_bands <= _EXCLUDED] = _EXCLUDED
    return [
        np.union1d(_highest(bands, BY_BANDS), _highest(features, BY_FEATURES))
        for bands, features in zip(by_bands, by_features, strict=True)
    ]


def _rough_similarity(
    rough: Floats, compared: NDArray[np.bool_], library: Fingerprints, block: slice
) -> NDArray[np.float32]:
    """Cosine of rough fingerprints where both were measured, reduced where that is little of the query -> (Q, n)."""
    weight = compared.reshape(len(compared), -1, COARSE).mean(axis=2, dtype=np.float32)
    queries = rough * weight
    references = np.asarray(library["rough"][block])
    first, last = library["first"][block] // COARSE, library["last"][block] // COARSE
    energy = _range_sums(np.square(queries), first, last) * (weight @ np.square(references).T)
    shared = _range_sums(weight, first, last)
    cosine = (queries @ references.T) / np.sqrt(np.maximum(energy, 1e-12))
    share = shared / np.maximum(weight.sum(axis=1, keepdims=True), 1)
    cosine = np.where(cosine > 0, cosine * np.sqrt(share), cosine)
    similarity: NDArray[np.float32] = np.where(shared * COARSE * GRID.step_cm >= FEWEST_CM, cosine, _EXCLUDED)
    return similarity.astype(np.float32)


def _range_sums(rows: Floats, first: NDArray[Any], last: NDArray[Any]) -> NDArray[np.float32]:
    """Sums of `rows` (Q, G) from `first` to `last` (n,) -> (Q, n)."""
    sums = np.concatenate([np.zeros((len(rows), 1), dtype=np.float32), np.cumsum(rows, axis=1)], axis=1)
    between: NDArray[np.float32] = np.maximum(sums[:, np.maximum(first, last)] - sums[:, first], 0)
    return between


def _highest(row: Floats, n: int) -> NDArray[np.intp]:
    """Indices of the `n` highest of `row` (R,) that are not excluded."""
    highest = np.argpartition(-row, n)[:n] if n < len(row) else np.arange(len(row))
    return highest[row[highest] > _EXCLUDED]


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRows:
    """The rows of R references that were compared with a query.

    `centred` (C, R, n) are those of each of REPRESENTATIONS at the n samples of the query's range, less their means
    over what both were measured at, and zero elsewhere; `scales` (C, R) bring them to unit length. `embeddings` (R, D)
    have unit length.
    """

    centred: NDArray[np.float32]
    scales: NDArray[np.float32]
    embeddings: NDArray[np.float32]

    def units(
        self, index: NDArray[np.intp], present: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return rows (C, M, n) and embeddings (M, D) of unit length of the references `index` (M,).

        They are zero where they are not `present` (M,).
        """
        rows: NDArray[np.float32] = self.centred.take(index, axis=1)
        rows *= (self.scales.take(index, axis=1) * present)[..., None]
        return rows, self.embeddings.take(index, axis=0) * present[:, None]


def compare(
    query: Mapping[str, NDArray[Any]],
    compared: NDArray[np.bool_],
    libraries: Sequence[Fingerprints],
    preselected: Sequence[NDArray[np.intp]],
) -> tuple[Shortlist, ComparedRows]:
    """Compare the fingerprint of one `query` with the references `preselected` in each library, by all representations.

    Returns the shortlist of R references and their rows. Arrays are changed in place here and in what is called: this
    is what a search spends most of its time on.
    """
    samples = np.flatnonzero(compared)
    span = slice(samples[0], samples[-1] + 1) if len(samples) else slice(0, 0)
    indices = list(zip(libraries, preselected, strict=True))
    first, last = (np.concatenate([library[end][rows] for library, rows in indices]) for end in ("first", "last"))
    shared = _SharedSamples.between(compared[span], first - span.start, last - span.start)
    rows = np.empty((len(REPRESENTATIONS), len(first), span.stop - span.start), dtype=np.float32)
    for name, of_representation in zip(REPRESENTATIONS, rows, strict=True):
        begin = 0
        for library, index in indices:
            _to_single(library[name][index, span], of_representation[begin : begin + len(index)])
            begin += len(index)
    scales = _centre(rows, shared)
    values = np.stack([query[name][span] for name in REPRESENTATIONS]).astype(np.float32)
    embeddings = np.concatenate([library["features"][index] for library, index in indices]).astype(np.float32)
    similarity = np.concatenate([_correlation(values, rows, scales, shared), [embeddings @ query["features"]]])
    library_index = np.repeat(np.arange(len(preselected)), [len(index) for index in preselected])
    shared_cm = (shared.counts * GRID.step_cm).astype(np.float32)
    shortlist = Shortlist(
        library_index, np.concatenate(preselected), np.ascontiguousarray(similarity.T, dtype=np.float32), shared_cm
    )
    return shortlist, ComparedRows(rows, scales, embeddings)


_SINGLES: Final = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float32)  # of every half


def _to_single(halves: NDArray[np.float16], singles: NDArray[np.float32]) -> None:
    """Convert float16 to float32, by a table: it takes two thirds of the time of `astype`."""
    _SINGLES.take(halves.view(np.uint16), out=singles, mode="clip")


def correlation(query: Floats, references: Floats, compared: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return Pearson's r (R,) of `query` (n,) with `references` (R, n) over the `compared` samples (R, n).

    It is 0 where one of the two is constant.
    """
    shared = _SharedSamples.where(compared)
    rows = references.astype(np.float32)[None]
    r: NDArray[np.float32] = _correlation(query.astype(np.float32)[None], rows, _centre(rows, shared), shared)[0]
    return r


@dataclass(frozen=True, slots=True, eq=False)
class _SharedSamples:
    """Which of n samples of a query are compared with each of R references.

    `counts` (R,) says how many; the references `partial` (P,) lack some, which `weights` (P, n) are 0 for, else 1.
    With `has_gaps`, the query itself lacks samples within its range.
    """

    n_samples: int
    counts: NDArray[np.intp]
    partial: NDArray[np.intp]
    weights: NDArray[np.float32]
    has_gaps: bool

    @classmethod
    def between(cls, compared: NDArray[np.bool_], first: NDArray[Any], last: NDArray[Any]) -> _SharedSamples:
        """The `compared` samples (n,) between `first` and `last` (R,), which may lie outside."""
        n_samples, has_gaps = len(compared), not compared.all()
        partial = np.arange(len(first)) if has_gaps else np.flatnonzero((first > 0) | (last < n_samples))
        counts = np.full(len(first), n_samples)
        samples = np.arange(n_samples)
        inside = (samples >= first[partial, None]) & (samples < last[partial, None])
        if has_gaps:
            inside &= compared
        counts[partial] = inside.sum(axis=1)
        return cls(n_samples, counts, partial, inside.astype(np.float32), has_gaps)

    @classmethod
    def where(cls, compared: NDArray[np.bool_]) -> _SharedSamples:
        """The samples where `compared` (R, n) is true."""
        weights = compared.astype(np.float32)
        return cls(compared.shape[1], compared.sum(axis=1), np.arange(len(compared)), weights, True)

    def clear_others(self, rows: NDArray[np.float32]) -> None:
        """Set `rows` (C, R, n) to zero, in place, where they are not compared."""
        if len(self.partial) == rows.shape[1]:
            rows *= self.weights
        elif len(self.partial):
            rows[:, self.partial] *= self.weights


def _centre(rows: NDArray[np.float32], shared: _SharedSamples) -> NDArray[np.float32]:
    """Subtract from `rows` (C, R, n), in place, their means over the shared samples; zero elsewhere.

    Returns the factors (C, R) that bring them to unit length, 0 for constant rows. Without gaps in the query the rows
    are zero beforehand where the reference was not measured.
    """
    with np.errstate(invalid="ignore", over="ignore"):  # fingerprints of a damaged library
        if shared.has_gaps:
            shared.clear_others(rows)
        rows -= (rows.sum(axis=2) / np.maximum(shared.counts, 1)).astype(np.float32)[..., None]
        shared.clear_others(rows)
        power = np.einsum("crg,crg->cr", rows, rows)
    finite = np.isfinite(power)
    if not finite.all():
        rows[~finite] = 0
        power[~finite] = 0
    scales: NDArray[np.float32] = np.where(power > _LEAST_POWER, 1 / np.sqrt(np.maximum(power, _LEAST_POWER)), 0)
    return scales


def _correlation(
    query: NDArray[np.float32], centred: NDArray[np.float32], scales: NDArray[np.float32], shared: _SharedSamples
) -> NDArray[np.float32]:
    """Pearson's r of the rows of a `query` (C, n) with `centred` rows (C, R, n) -> (C, R)."""
    squares, sums = np.einsum("cn,cn->c", query, query), query.sum(axis=1)
    power = np.repeat((squares - np.square(sums) / max(shared.n_samples, 1))[:, None], centred.shape[1], axis=1)
    if len(shared.partial):
        both = np.concatenate([np.square(query), query]) @ shared.weights.T
        squares, sums = both[: len(query)], both[len(query) :]
        counts = np.maximum(shared.counts[shared.partial], 1)
        power[:, shared.partial] = squares - np.square(sums) / counts
    length = np.sqrt(np.maximum(power, _LEAST_POWER))
    products = np.matmul(centred, query[..., None])[..., 0]
    r: NDArray[np.float32] = np.where(power > _LEAST_POWER, products * scales / length, 0)
    return np.clip(r, -1, 1).astype(np.float32, copy=False)
