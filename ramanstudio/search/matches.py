"""The result of a library search: matches with calibrated probabilities, or that the substance is unknown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A substance that a spectrum may be of, represented by its most similar reference.

    `probability` includes that of "none of these"; `score` is the share among the candidates alone, which ranks, and
    `gap` its distance to the next. The classic indices are computed over the range that both spectra share: `hqi`, the
    hit quality index, is 1000 r² for a positive correlation r of both without their baselines, else 0; `euclid` is the
    distance of the two scaled to unit length; `pearson` is r of both as measured. Where the explanation says so, `hqi`
    and `euclid` are those of the denoised spectrum (see classic_index). `reference` is the index within the
    library with index `library`. Bands in cm⁻¹: `matched` in both; `missing` from the spectrum; `extra` in the
    spectrum only.
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
