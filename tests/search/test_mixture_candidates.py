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
class References:
    """A library as far as the candidates need it."""

    names: NDArray[Any]
    fingerprints: dict[str, NDArray[Any]]

    @classmethod
    def from_spectra(cls, spectra: dict[str, SpectrumSet]) -> References:
        joint = stacked(list(spectra.values()))
        return cls(np.array(list(spectra)), fingerprints(joint, joint, subtract_baseline(joint)))


def bands_at(*centres: float) -> NDArray[np.float64]:
    return np.sum([np.exp(-(((AXIS - centre) / 8) ** 2)) for centre in centres], axis=0)


def two_hundred_substances() -> dict[str, SpectrumSet]:
    """Substances of six bands each."""
    random = np.random.default_rng(3)
    return {f"substance {n}": SpectrumSet.of(AXIS, bands_at(*random.uniform(250, 1350, 6))) for n in range(200)}


def test_a_weak_component_is_a_candidate_although_others_are_more_similar_to_the_whole_spectrum() -> None:
    spectra = two_hundred_substances()
    strong = spectra["substance 7"].values[0]
    # twenty similar to the strong component with one band more: each is more similar to the mixture than the weak one
    for number in range(20):
        spectra[f"like 7, {number}"] = SpectrumSet.of(AXIS, strong + 0.3 * bands_at(260 + 50 * number))
    noise = np.random.default_rng(0).normal(0, 0.02, len(AXIS))
    slope = 3 + 2 * np.linspace(0, 1, len(AXIS)) ** 2
    mixture = SpectrumSet.of(AXIS, strong + 0.15 * spectra["substance 50"].values[0] + slope + noise)
    library = References.from_spectra(spectra)
    candidates = mixture_candidates(mixture, 0.02, [library], n_substances=15)
    names = [str(library.names[reference]) for _, reference in candidates]
    assert {"substance 7", "substance 50"} <= set(names)
    assert len(names) == len(set(names)) == 15
    order = np.argsort([-np.corrcoef(mixture.values[0], other.values[0])[0, 1] for other in spectra.values()])
    assert list(spectra)[order[0]].startswith("like 7")


def test_candidates_come_from_all_libraries_and_each_has_the_index_of_its_library() -> None:
    spectra = two_hundred_substances()
    first = References.from_spectra(dict(list(spectra.items())[:100]))
    second = References.from_spectra(dict(list(spectra.items())[100:]))
    mixture = SpectrumSet.of(AXIS, spectra["substance 7"].values[0] + spectra["substance 150"].values[0])
    candidates = mixture_candidates(mixture, 0.01, [first, second])
    assert (0, 7) in candidates
    assert (1, 50) in candidates


def test_the_number_of_references_of_one_substance_is_limited() -> None:
    spectrum = SpectrumSet.of(AXIS, bands_at(400, 900))
    three = stacked([spectrum, spectrum, spectrum])
    library = References(np.array(["Quartz"] * 3), fingerprints(three, three, subtract_baseline(three)))
    assert len(mixture_candidates(spectrum, 0.01, [library], each=2)) == 2


def test_a_spectrum_that_cannot_be_compared_is_an_error_that_says_why() -> None:
    library = References.from_spectra(two_hundred_substances())
    outside = SpectrumSet.of(np.arange(2800.0, 3300.0), np.random.default_rng(0).random(500))
    with pytest.raises(StudioError, match="No reference covers this spectrum, 2800 to 3299 cm⁻¹"):
        mixture_candidates(outside, 0.1, [library])
    with pytest.raises(StudioError, match="Too little of the spectrum, 10 to 20 cm⁻¹, can be compared"):
        mixture_candidates(SpectrumSet.of([10.0, 20.0], [1.0, 2.0]), 0.1, [library])
    with pytest.raises(StudioError, match="The spectrum is flat"):
        mixture_candidates(SpectrumSet.of(AXIS, np.full(AXIS.size, 3.0)), 0.1, [library])
