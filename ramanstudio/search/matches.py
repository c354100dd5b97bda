"""What a search in libraries answers: matches with a chance that means what it says, or that it is unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A substance that a spectrum may be of, by that of its references which is most like it.

    `probability` counts the chance that it is none of the libraries' substances against all of them; `score` is what
    ranks, `gap` by how much it is above the next. Beside them the classic indices, both spectra without their baselines
    and over the range they share: `hqi` = 1000 r² for a positive correlation r, else 0; `euclid` is the distance of the
    two brought to unit length; `pearson` is r of both as they were measured. `reference` counts within the library
    numbered `library`. Bands in cm⁻¹: `matched` of both; `missing` of the reference only; `extra` of the spectrum only.
    """

    name: str
    probability: float
    score: float
    hqi: float
    pearson: float
    euclid: float
    gap: float
    library: int
    reference: int
    matched: tuple[float, ...] = ()
    missing: tuple[float, ...] = ()
    extra: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Identification:
    """The result of a search for one spectrum: `matches`, best first, one per substance, or `unknown`.

    The first `candidate_set_size` matches are the 90 % candidate set: they contain the true substance nine times in
    ten when the libraries have it. `explanation` says why the spectrum is unknown or what limits the result; it is
    empty when there is nothing to add.
    """

    matches: tuple[Match, ...]
    unknown: bool
    candidate_set_size: int
    explanation: str = ""
