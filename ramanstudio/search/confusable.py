"""Confusable substances: those whose references are as similar as two specimens of one substance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import GRID, FingerprintedLibrary, Fingerprints, measured_samples
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.shortlist import FEWEST_CM, correlation

Floats = NDArray[np.floating[Any]]

# Median correlation of two specimens of one RRUFF species (benchmarks/EXPERIMENTS.md): used where a library has one
# specimen of each substance.
TYPICAL_CORRELATION: Final = 0.89
LEAST_CORRELATION: Final = 0.7  # specimens of some substances have little in common; these are confused with nothing
MOST_REFERENCES: Final = 12  # of a substance
MOST_NAMED: Final = 4  # substances of one sentence


@dataclass(frozen=True, slots=True, eq=False)
class SubstanceReferences:
    """The references of one substance.

    `roots` (R, G) are from their fingerprints, `measured` (R, G) says where each was measured, `specimens` (R,) of
    which specimen each is; an empty name is a specimen of its own.
    """

    roots: Floats
    measured: NDArray[np.bool_]
    specimens: tuple[str, ...]

    @classmethod
    def from_fingerprints(
        cls, fingerprints: Fingerprints, samples: NDArray[Any], which: NDArray[np.intp]
    ) -> SubstanceReferences:
        """Take the references with indices `which` (M,), at most MOST_REFERENCES; `samples` (N,) are those of all."""
        which = which[:MOST_REFERENCES]
        roots = np.asarray(fingerprints["roots"][which], np.float32)
        return cls(roots, measured_samples(fingerprints, which), tuple(map(str, samples[which])))

    def correlation_with(self, other: SubstanceReferences, compared: NDArray[np.bool_]) -> Floats:
        """Return the correlation of each of these references with each of the `other` over `compared` (G,) -> (R, S).

        It is NaN where two share less than FEWEST_CM.
        """
        correlations = np.full((len(self.specimens), len(other.specimens)), np.nan)
        for row, (roots, measured) in enumerate(zip(self.roots, self.measured, strict=True)):
            both = other.measured & measured & compared
            enough = both.sum(axis=1) * GRID.step_cm >= FEWEST_CM
            correlations[row, enough] = correlation(roots, other.roots[enough], both[enough])
        return correlations

    def specimen_correlation(self, compared: NDArray[np.bool_]) -> float:
        """Return the median correlation of two of its specimens over `compared` (G,); NaN where it has one."""
        pairs = [
            (first, second)
            for first, second in combinations(range(len(self.specimens)), 2)
            if not self.specimens[first] or self.specimens[first] != self.specimens[second]
        ]
        index = tuple(np.array(pairs, np.intp).reshape(-1, 2).T)
        return _median(self.correlation_with(self, compared)[index])


def are_confusable(first: SubstanceReferences, second: SubstanceReferences, compared: NDArray[np.bool_]) -> bool:
    """Tell whether two substances are as similar as specimens of one of them over `compared` (G,)."""
    known = [substance.specimen_correlation(compared) for substance in (first, second)]
    known = [value for value in known if np.isfinite(value)]
    threshold = max(float(np.mean(known)) if known else TYPICAL_CORRELATION, LEAST_CORRELATION)
    return _median(first.correlation_with(second, compared)) >= threshold  # False for NaN: too little is shared


def _median(values: Floats) -> float:
    """The median of the finite `values`; NaN where there is none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def confusable_notes(
    results: Sequence[Identification], libraries: Sequence[FingerprintedLibrary], compared: NDArray[np.bool_]
) -> list[str]:
    """Return for each of N results a sentence that names the candidates confusable with the best match, or "".

    `compared` (N, G) are the samples at which each spectrum was compared.
    """
    references = dict[tuple[int, str], SubstanceReferences]()
    known = dict[tuple[Any, ...], bool]()

    def references_of(match: Match) -> SubstanceReferences:
        key = (match.library, match.name)
        if key not in references:
            library = libraries[match.library]
            which = np.flatnonzero(library.names == match.name)
            references[key] = SubstanceReferences.from_fingerprints(library.fingerprints, library.samples, which)
        return references[key]

    def confusable(best: Match, other: Match, samples: NDArray[np.bool_]) -> bool:
        key = (best.library, best.name, other.library, other.name, samples.tobytes())
        if key not in known:
            known[key] = are_confusable(references_of(best), references_of(other), samples)
        return known[key]

    return [_note(result, samples, confusable) for result, samples in zip(results, compared, strict=True)]


def _note(
    result: Identification,
    compared: NDArray[np.bool_],
    confusable: Callable[[Match, Match, NDArray[np.bool_]], bool],
) -> str:
    if result.unknown or not result.matches:
        return ""
    best, *others = result.matches[: min(result.candidate_set_size, MOST_NAMED)] or result.matches[:1]
    names = [other.name for other in others if confusable(best, other, compared)]
    if not names:
        return ""
    listed = ", ".join([best.name, *names[:-1]])
    return f"{listed} or {names[-1]}: their references are as similar as two specimens of one substance."
