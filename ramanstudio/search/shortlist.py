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


def compare(
    query: Mapping[str, NDArray[Any]],
    compared: NDArray[np.bool_],
    libraries: Sequence[Fingerprints],
    preselected: Sequence[NDArray[np.intp]],
) -> tuple[Shortlist, list[NDArray[np.float32]]]:
    """Compare the fingerprint of one `query` with the references `preselected` in each library, by all representations.

    Returns the shortlist of R references and the rows that were compared: of each representation (R, G) and the
    embeddings (R, D), of unit length over what query and reference were both measured at.
    """
    samples = np.flatnonzero(compared)
    span = slice(samples[0], samples[-1] + 1) if len(samples) else slice(0, 0)
    weights, rows = [], []
    for library, indices in zip(libraries, preselected, strict=True):
        weights.append((compared[span] & measured_samples(library, indices, span)).astype(np.float32))
        representations = [_unit_rows(library[name][indices, span], weights[-1]) for name in REPRESENTATIONS]
        rows.append([*representations, np.asarray(library["features"][indices], dtype=np.float32)])
    weight = np.concatenate(weights)
    units = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    similarity = [
        _correlation(query[name][span], unit, weight) for name, unit in zip(REPRESENTATIONS, units, strict=False)
    ]
    similarity.append(units[-1] @ query["features"])
    library_index = np.repeat(np.arange(len(preselected)), [len(indices) for indices in preselected])
    shared_cm = (weight.sum(axis=1) * GRID.step_cm).astype(np.float32)
    stacked = np.stack(similarity, axis=1).astype(np.float32)
    if not np.isfinite(stacked).all():  # fingerprints of a damaged library
        stacked = np.nan_to_num(stacked, nan=0, posinf=0, neginf=0)
        units = [np.nan_to_num(rows, nan=0, posinf=0, neginf=0) for rows in units]
    return Shortlist(library_index, np.concatenate(preselected), stacked, shared_cm), units


def correlation(query: Floats, references: Floats, compared: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return Pearson's r (R,) of `query` (G,) with `references` (R, G) over the `compared` samples (R, G).

    It is 0 where one of the two is constant.
    """
    weight = compared.astype(np.float32)
    return _correlation(query, _unit_rows(references, weight), weight)


def _unit_rows(references: Floats, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """`references` (R, G) less their means, of unit length, where `weight` (R, G) is 1, else 0; constant rows are 0."""
    rows: NDArray[np.float32] = references.astype(np.float32)
    rows *= weight  # in place, here and below: this is what a search spends most of its time on
    rows -= rows.sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1)
    rows *= weight
    power = np.einsum("rg,rg->r", rows, rows)[:, None]
    rows *= np.where(power > _LEAST_POWER, 1 / np.sqrt(np.maximum(power, _LEAST_POWER)), 0)
    return rows


def _correlation(query: Floats, units: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pearson's r of `query` (G,) with `units` (R, G), each centred and of unit length over its `weight` -> (R,)."""
    values = query.astype(np.float32)
    squares, sums, counts = (weight @ np.stack([np.square(values), values, np.ones_like(values)], axis=1)).T
    power = squares - np.square(sums) / np.maximum(counts, 1)
    r: NDArray[np.float32] = np.where(
        power > _LEAST_POWER, units @ values / np.sqrt(np.maximum(power, _LEAST_POWER)), 0
    )
    return np.clip(r, -1, 1)
