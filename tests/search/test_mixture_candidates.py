from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.search.fingerprints import fingerprints
from ramanstudio.search.mixture_candidates import mixture_candidates
from ramanstudio.signal.spectral_features import subtract_baseline

AXIS = np.arange(200.0, 1400.0, 2.0)


@dataclass(frozen=True)
class Shelf:
    """A library as far as the candidates need it."""

    names: NDArray[Any]
    fingerprints: dict[str, NDArray[Any]]

    @classmethod
    def of(cls, spectra: dict[str, SpectrumSet]) -> Shelf:
        together = stacked(list(spectra.values()))
        return cls(np.array(list(spectra)), fingerprints(together, together, subtract_baseline(together)))


def lines_at(*places: float) -> NDArray[np.float64]:
    return np.sum([np.exp(-(((AXIS - place) / 8) ** 2)) for place in places], axis=0)


def many_substances() -> dict[str, SpectrumSet]:
    """Two hundred substances of six lines each."""
    random = np.random.default_rng(3)
    return {f"substance {one}": SpectrumSet.of(AXIS, lines_at(*random.uniform(250, 1350, 6))) for one in range(200)}


def test_the_weak_part_of_a_mixture_is_among_the_candidates_although_others_are_more_like_the_whole() -> None:
    spectra = many_substances()
    strong = spectra["substance 7"].values[0]
    # Twenty that look like the strong part, each with a line more: all are more like the mixture than its weak part.
    for one in range(20):
        spectra[f"like 7, {one}"] = SpectrumSet.of(AXIS, strong + 0.3 * lines_at(260 + 50 * one))
    noise = np.random.default_rng(0).normal(0, 0.02, len(AXIS))
    slope = 3 + 2 * np.linspace(0, 1, len(AXIS)) ** 2
    mixture = SpectrumSet.of(AXIS, strong + 0.15 * spectra["substance 50"].values[0] + slope + noise)
    shelf = Shelf.of(spectra)
    names = [str(shelf.names[one]) for _, one in mixture_candidates(mixture, 0.02, [shelf], many=15)]
    assert {"substance 7", "substance 50"} <= set(names)
    assert len(names) == len(set(names)) == 15
    alone = np.argsort([-np.corrcoef(mixture.values[0], one.values[0])[0, 1] for one in spectra.values()])
    assert list(spectra)[alone[0]].startswith("like 7")


def test_candidates_come_from_all_libraries_and_each_says_which() -> None:
    spectra = many_substances()
    first = Shelf.of(dict(list(spectra.items())[:100]))
    second = Shelf.of(dict(list(spectra.items())[100:]))
    mixture = SpectrumSet.of(AXIS, spectra["substance 7"].values[0] + spectra["substance 150"].values[0])
    found = mixture_candidates(mixture, 0.01, [first, second])
    assert (0, 7) in found
    assert (1, 50) in found


def test_of_one_substance_no_more_references_come_than_were_asked_for() -> None:
    one = SpectrumSet.of(AXIS, lines_at(400, 900))
    together = stacked([one, one, one])
    shelf = Shelf(np.array(["Quartz"] * 3), fingerprints(together, together, subtract_baseline(together)))
    assert len(mixture_candidates(one, 0.01, [shelf], each=2)) == 2


def test_a_spectrum_that_no_reference_covers_is_a_sentence() -> None:
    far = SpectrumSet.of(np.arange(2800.0, 3300.0), np.random.default_rng(0).random(500))
    with pytest.raises(StudioError, match="No reference covers this spectrum, 2800 to 3299 cm⁻¹"):
        mixture_candidates(far, 0.1, [Shelf.of(many_substances())])
    with pytest.raises(StudioError, match="too little can be compared"):
        mixture_candidates(SpectrumSet.of([10.0, 20.0], [1.0, 2.0]), 0.1, [Shelf.of(many_substances())])
    with pytest.raises(StudioError, match="The spectrum is flat"):
        mixture_candidates(SpectrumSet.of(AXIS, np.full(AXIS.size, 3.0)), 0.1, [Shelf.of(many_substances())])
