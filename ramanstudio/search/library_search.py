"""Search libraries: shortlist references for each query, rank their substances, and describe the best matches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.library.library import Library
from ramanstudio.search.band_matching import TOLERANCE_CM, Bands, find_bands, match_bands
from ramanstudio.search.candidate_features import (
    Candidates,
    NumberedNames,
    Substances,
    find_candidates,
    numbered_names,
    stack_features,
)
from ramanstudio.search.fingerprints import AS_MEASURED, GRID, Fingerprints, are_valid, measured_samples
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.ranker import UNKNOWN_THRESHOLD, Ranker, load_ranker
from ramanstudio.search.shortlist import FEWEST_CM, Shortlist, compare, compared_samples, correlation, preselect
from ramanstudio.signal.blas_threads import single_threaded_blas

BATCH_SIZE: Final = 128  # spectra between two progress reports
MOST_THREADS: Final = 2
MANY_SPECTRA: Final = 200
MATCHES_WITH_BANDS: Final = 3  # matches of each spectrum whose bands are compared, where there are many spectra
LITTLE_SHARED: Final = 0.5  # of the range of a spectrum, below which the result says so


@dataclass(frozen=True, slots=True, eq=False)
class ComparedQuery:
    """A query with the `compared` samples of the grid (G,), its shortlist, and the candidates from it."""

    query: Mapping[str, NDArray[Any]]
    compared: NDArray[np.bool_]
    shortlist: Shortlist
    candidates: Candidates


@dataclass(frozen=True, slots=True, eq=False)
class _Report:
    """How matches are described: how many, how many with bands; `bands` caches those of references.

    Bands match within `tolerance_cm`.
    """

    libraries: Sequence[Library]
    top: int
    with_bands: int
    tolerance_cm: float = TOLERANCE_CM
    bands: dict[tuple[int, int], Bands] = field(default_factory=dict)

    def bands_of(self, library: int, reference: int) -> Bands:
        """The bands of a reference."""
        key = library, reference
        if key not in self.bands:
            self.bands[key] = find_bands(self.libraries[library].fingerprints["roots"][reference])
        return self.bands[key]


def search(
    queries: Fingerprints,
    libraries: Sequence[Library],
    top: int = 10,
    within: Region | None = None,
    progress: Progress = SILENT,
    axis_uncertainty_cm: float = 0.0,
) -> list[Identification]:
    """Identify N spectra by their fingerprints; those of the `libraries` must be by the same model.

    Returns up to `top` matches for each. The ± of a calibrated axis widens the tolerance between matching bands.
    Raises Cancelled when asked to stop, StudioError when the ranker's weights are damaged.
    """
    for library in libraries:
        _require_fingerprints(library, queries["features"].shape[1])
    n_queries = len(queries["first"])
    report = _Report(libraries, top, top if n_queries <= MANY_SPECTRA else MATCHES_WITH_BANDS,
                     float(np.hypot(TOLERANCE_CM, axis_uncertainty_cm)))  # fmt: skip
    ranker = load_ranker()

    def search_batch(start: int) -> list[Identification]:
        rows = {name: array[start : start + BATCH_SIZE] for name, array in queries.items()}
        batch = compare_queries(rows, libraries, within)
        probabilities = ranker.probabilities(stack_features([query.candidates for query in batch]))
        return [_result(query, row, ranker, report) for query, row in zip(batch, probabilities, strict=True)]

    results = list[Identification]()
    progress(0, n_queries, "spectra identified")
    with single_threaded_blas():
        for batch in _map_in_threads(search_batch, range(0, n_queries, BATCH_SIZE)):
            results += batch
            progress(len(results), n_queries, "spectra identified")
    return results


def _map_in_threads(
    search_batch: Callable[[int], list[Identification]], starts: Sequence[int]
) -> Iterator[list[Identification]]:
    """The results of `search_batch` for each of `starts`, in order; several at once."""
    n_threads = min(MOST_THREADS, os.cpu_count() or 1, len(starts))
    if n_threads <= 1:
        yield from map(search_batch, starts)
        return
    executor = ThreadPoolExecutor(n_threads, "search")
    try:
        yield from executor.map(search_batch, starts)
    finally:
        executor.shutdown(cancel_futures=True)


_libraries_with_valid_fingerprints = WeakSet[Library]()


def _require_fingerprints(library: Library, n_features: int) -> None:
    """Raise StudioError when the fingerprints of a library are damaged; a library is checked once."""
    if library in _libraries_with_valid_fingerprints and library.fingerprints["features"].shape[1] == n_features:
        return
    if not are_valid(library.fingerprints, len(library), n_features):
        raise StudioError(
            f"The library '{library.title}' is damaged: its fingerprints cannot be used.",
            remedy="Use a copy of it, or build it again.",
        )
    _libraries_with_valid_fingerprints.add(library)


def compare_queries(
    queries: Fingerprints,
    libraries: Sequence[Library],
    within: Region | None = None,
    excluded: NDArray[np.bool_] | None = None,
) -> list[ComparedQuery]:
    """Shortlist references for each of Q queries and describe the candidates.

    `excluded` (Q, N), for one library only, are the references that a query must not see: a benchmark leaves out the
    query's own specimen.
    """
    compared = compared_samples(queries, within)
    fingerprints = [library.fingerprints for library in libraries]
    substances = _substances(libraries)
    preselected = [preselect(queries, compared, library, excluded) for library in fingerprints]
    results = []
    for row in range(len(compared)):
        query = {name: array[row] for name, array in queries.items()}
        shortlist, rows = compare(query, compared[row], fingerprints, [indices[row] for indices in preselected])
        compared_cm = float(compared[row].sum() * GRID.step_cm)
        candidates = find_candidates(shortlist, rows, substances, float(query["snr"]), compared_cm)
        results.append(ComparedQuery(query, compared[row], shortlist, candidates))
    return results


_names_by_library = WeakKeyDictionary[Library, NumberedNames]()


def _substances(libraries: Sequence[Library]) -> Substances:
    """The substances of the libraries, numbered; the names of each library are sorted once."""
    for library in libraries:
        if library not in _names_by_library:
            _names_by_library[library] = numbered_names(library.names)
    return Substances([_names_by_library[library] for library in libraries])


def _result(
    query: ComparedQuery, probabilities: NDArray[np.float32], ranker: Ranker, report: _Report
) -> Identification:
    """The identification of one query by the `probabilities` (K + 1,) of its candidates and of none of them."""
    if not query.candidates.names:
        return Identification((), True, 0, _why_no_match(query, report.libraries))
    none = float(probabilities[-1])
    probabilities = probabilities[: len(query.candidates.names)]
    order = np.argsort(-probabilities, kind="stable")
    scores = probabilities[order] / max(1 - none, 1e-6)
    set_size = int(np.searchsorted(np.cumsum(scores), ranker.candidate_set_mass) + 1)
    top = order[: report.top]
    pearson = _pearson(query, top, report)
    query_bands = find_bands(query.query["roots"]) if report.with_bands else None
    matches = []
    for rank, candidate in enumerate(top.tolist()):
        gap = float(scores[rank] - (scores[rank + 1] if rank + 1 < len(scores) else 0))
        numbers = float(probabilities[candidate]), float(scores[rank]), float(pearson[rank]), gap
        bands = query_bands if rank < report.with_bands else None
        matches.append(_match(query, candidate, numbers, report, bands))
    unknown = none >= UNKNOWN_THRESHOLD
    explanation = _why_unknown(matches[0], none) if unknown else _little_shared(query, int(order[0]))
    return Identification(tuple(matches), unknown, min(set_size, len(order)), explanation)


def _pearson(query: ComparedQuery, candidates: NDArray[np.intp], report: _Report) -> NDArray[np.float32]:
    """Pearson's r of the spectrum as measured with the best reference of each of the `candidates` (K,) -> (K,)."""
    inside = np.flatnonzero(query.compared)
    span = slice(inside[0], inside[-1] + 1)
    best = query.candidates.best[candidates]
    library, reference = query.shortlist.library[best], query.shortlist.reference[best]
    pearson = np.zeros(len(best), dtype=np.float32)
    for number in np.unique(library).tolist():
        fingerprints, which = report.libraries[number].fingerprints, library == number
        rows = fingerprints[AS_MEASURED][reference[which], span]
        both = query.compared[span] & measured_samples(fingerprints, reference[which], span)
        pearson[which] = correlation(query.query[AS_MEASURED][span], rows, both)
    return pearson


def _match(
    query: ComparedQuery,
    candidate: int,
    numbers: tuple[float, float, float, float],
    report: _Report,
    query_bands: Bands | None,
) -> Match:
    """The match of a candidate whose probability, score, Pearson's r and gap are `numbers`; with bands if given."""
    probability, score, pearson, gap = numbers
    best = int(query.candidates.best[candidate])
    library, reference = int(query.shortlist.library[best]), int(query.shortlist.reference[best])
    r = max(float(query.shortlist.similarity[best, 0]), 0.0)
    bands: tuple[tuple[float, ...], ...] = ((), (), ())
    if query_bands is not None:
        fingerprints = report.libraries[library].fingerprints
        first, last = int(fingerprints["first"][reference]), int(fingerprints["last"][reference])
        bands = match_bands(
            query_bands, report.bands_of(library, reference), query.compared, first, last, report.tolerance_cm
        )
    name, euclid = query.candidates.names[candidate], float(np.sqrt(2 - 2 * r))
    return Match(name, probability, score, 1000 * r**2, pearson, euclid, gap, library, reference, *bands)


def _why_no_match(query: ComparedQuery, libraries: Sequence[Library]) -> str:
    if query.query["first"] >= query.query["last"]:
        return (
            "There is nothing to compare: the spectrum is flat, has too few points, or contains values that are not"
            " numbers."
        )
    shifts = GRID.centres_cm[query.compared]
    if not len(shifts):
        return "No part of the spectrum lies in the compared region. Widen the region."
    ends = [(library.fingerprints["first"], library.fingerprints["last"]) for library in libraries if len(library)]
    if not ends:
        return "No library is selected. Select one."
    first, last = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    counts = np.concatenate([[0], np.cumsum(query.compared)])  # compared samples below each sample
    shared = float(np.max(counts[np.maximum(first, last)] - counts[first])) * GRID.step_cm
    low, high = float(GRID.centres_cm[first.min()]), float(GRID.centres_cm[last.max() - 1])
    return (
        f"The libraries, {low:.0f}–{high:.0f} cm⁻¹, share {shared:.0f} cm⁻¹ of the compared"
        f" {shifts[0]:.0f}–{shifts[-1]:.0f} cm⁻¹; at least {FEWEST_CM:.0f} are needed. Measure or compare a wider"
        " range, or select another library."
    )


def _why_unknown(best: Match, none: float) -> str:
    return (
        f"No match is credible: the nearest is {best.name} (HQI {best.hqi:.0f}); the probability that the substance is"
        f" not in these libraries is {100 * none:.0f} %."
    )


def _little_shared(query: ComparedQuery, candidate: int) -> str:
    shared = float(query.shortlist.shared_cm[query.candidates.best[candidate]])
    whole = float(query.compared.sum() * GRID.step_cm)
    if shared >= LITTLE_SHARED * whole:
        return ""
    return f"The best match was compared over only {shared:.0f} cm⁻¹ of {whole:.0f} cm⁻¹."
