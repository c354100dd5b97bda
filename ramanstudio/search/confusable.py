"""Twins: substances whose references are as alike as two specimens of one, so that no spectrum tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import GRID
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.shortlist import FEWEST_CM, Prints, correlation

Floats = NDArray[np.floating[Any]]

# Of rruff's species with several specimens these are, in the middle, so alike (benchmarks/EXPERIMENTS.md): what counts
# where a library has one specimen of each.
TYPICAL: Final = 0.89
LEAST: Final = 0.7  # some specimens of a substance have little in common; nothing is their twin
MOST_REFERENCES: Final = 12  # of a substance
MOST_NAMED: Final = 4  # substances of one sentence


class Prepared(Protocol):
    """A library whose prints were made."""

    @property
    def names(self) -> NDArray[Any]: ...
    @property
    def samples(self) -> NDArray[Any]: ...
    @property
    def fingerprints(self) -> Prints: ...


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
    def of(cls, fingerprints: Prints, samples: NDArray[Any], which: NDArray[np.intp]) -> SubstanceReferences:
        """Some references of a library by their prints."""
        which, along = which[:MOST_REFERENCES], np.arange(GRID.samples)
        measured = (along >= fingerprints["first"][which, None]) & (along < fingerprints["last"][which, None])
        return cls(np.asarray(fingerprints["roots"][which], np.float32), measured, tuple(map(str, samples[which])))

    def likeness(self, other: SubstanceReferences, looked: NDArray[np.bool_]) -> Floats:
        """Correlation of each of these references with each of the `other` (R, S), NaN where they share too little of
        what is looked at."""
        found = np.full((len(self.specimens), len(other.specimens)), np.nan)
        for row, (roots, measured) in enumerate(zip(self.roots, self.measured, strict=True)):
            both = other.measured & measured & looked
            enough = both.sum(axis=1) * GRID.step_cm >= FEWEST_CM
            found[row, enough] = correlation(roots, other.roots[enough], both[enough])
        return found

    def own(self, looked: NDArray[np.bool_]) -> float:
        """How alike two of its specimens are, in the middle; NaN where it has one."""
        pairs = [
            (one, other)
            for one, other in combinations(range(len(self.specimens)), 2)
            if not self.specimens[one] or self.specimens[one] != self.specimens[other]
        ]
        return _middle(self.likeness(self, looked)[tuple(np.array(pairs, np.intp).reshape(-1, 2).T)])


def are_confusable(one: SubstanceReferences, other: SubstanceReferences, looked: NDArray[np.bool_]) -> bool:
    """Whether two substances are as alike as specimens of one of them are, where is `looked` (G,)."""
    own = [alike for alike in (one.own(looked), other.own(looked)) if np.isfinite(alike)]
    within = float(np.mean(own)) if own else TYPICAL
    return _middle(one.likeness(other, looked)) >= max(within, LEAST)  # never where they share too little: NaN


def _middle(alike: Floats) -> float:
    known = alike[np.isfinite(alike)]
    return float(np.median(known)) if len(known) else float("nan")


def confusable_notes(
    answers: Sequence[Identification], libraries: Sequence[Prepared], looked: NDArray[np.bool_]
) -> list[str]:
    """For each of N answers, a sentence that names the twins of the best match among the candidates; empty where there
    are none. `looked` (N, G) is where each spectrum was compared."""
    kin = dict[tuple[int, str], SubstanceReferences]()
    known = dict[tuple[Any, ...], bool]()

    def kin_of(match: Match) -> SubstanceReferences:
        key = (match.library, match.name)
        if key not in kin:
            library = libraries[match.library]
            which = np.flatnonzero(library.names == match.name)
            kin[key] = SubstanceReferences.of(library.fingerprints, library.samples, which)
        return kin[key]

    def twins(best: Match, other: Match, where: NDArray[np.bool_]) -> bool:
        key = (best.library, best.name, other.library, other.name, where.tobytes())
        if key not in known:
            known[key] = are_confusable(kin_of(best), kin_of(other), where)
        return known[key]

    return [_sentence(answer, where, twins) for answer, where in zip(answers, looked, strict=True)]


def _sentence(
    answer: Identification, looked: NDArray[np.bool_], twins: Callable[[Match, Match, NDArray[np.bool_]], bool]
) -> str:
    if answer.unknown or not answer.matches:
        return ""
    best, *others = answer.matches[: min(answer.candidate_set_size, MOST_NAMED)] or answer.matches[:1]
    names = [other.name for other in others if twins(best, other, looked)]
    if not names:
        return ""
    named = ", ".join([best.name, *names[:-1]])
    return f"{named} or {names[-1]}: their references are as alike as two specimens of one substance."
