"""The hit quality index where it contradicts the probability: computed from clean bands, with the reason."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.classic_index import disagrees, fluorescence_to_bands, reconcile_hqi
from ramanstudio.search.fingerprints import fingerprints
from ramanstudio.search.matches import Identification, Match
from ramanstudio.search.shortlist import compared_samples

AXIS = np.linspace(150.0, 1850.0, 851)


def bands(*shifts: float) -> np.ndarray:
    return np.asarray(np.sum([1 / (1 + ((AXIS - shift) / 6) ** 2) for shift in shifts], axis=0))


QUARTZ, CALCITE = bands(206, 464, 1160), bands(282, 712, 1086)
GLOW = 40 * np.exp(-(((AXIS - 900) / 900) ** 2))


def one(values: np.ndarray) -> SpectrumSet:
    return SpectrumSet.of(AXIS, values[None])


def library_of(*references: np.ndarray) -> Any:
    spectra = SpectrumSet.of(AXIS, np.stack(references))
    return SimpleNamespace(fingerprints=fingerprints(spectra, spectra, spectra))


def identification(probability: float, hqi: float, second_hqi: float = 60.0) -> Identification:
    matches = (
        Match("quartz", probability, probability, hqi, 0.1, 1.2, 0.5, 0, 0),
        Match("calcite", 0.005, 0.005, second_hqi, 0.1, 1.3, 0.0, 0, 1),
    )
    return Identification(matches, False, 1, "")


def reconciled(result: Identification, measured: np.ndarray) -> Identification:
    spectrum, clean = one(measured), one(QUARTZ)  # a denoiser and a baseline leave the bands
    query = fingerprints(spectrum, clean, clean)
    row = {"roots": query["roots"][0]}
    return reconcile_hqi(result, spectrum, row, compared_samples(query, None)[0], [library_of(QUARTZ, CALCITE)])


def test_under_fluorescence_hqi_is_that_of_the_clean_bands_and_the_note_says_so() -> None:
    measured = QUARTZ + GLOW + np.random.default_rng(0).normal(0, 0.3, AXIS.size)
    result = reconciled(identification(0.82, 119.0), measured)
    best, second = result.matches
    assert best.hqi > 950 > 100 > second.hqi
    assert best.probability == 0.82 and best.euclid < 0.3
    assert result.explanation.startswith("Fluorescence ")
    assert "(HQI 119)" in result.explanation
    assert "denoised, baseline-corrected spectrum" in result.explanation


def test_hqi_is_1000_times_the_square_of_r() -> None:
    spectrum, clean = one(QUARTZ), one(QUARTZ + CALCITE)
    query = fingerprints(spectrum, clean, clean)
    compared = compared_samples(query, None)[0]
    libraries = [library_of(QUARTZ, CALCITE)]
    result = reconcile_hqi(identification(0.82, 1.0, 0.5), spectrum, {"roots": query["roots"][0]}, compared, libraries)
    for match in result.matches:
        r = 1 - match.euclid**2 / 2  # the distance of unit vectors is √(2 − 2 r)
        assert 0.2 < r < 0.9
        assert match.hqi == pytest.approx(1000 * r**2, abs=1e-6)


def test_without_fluorescence_the_note_names_the_noise() -> None:
    measured = QUARTZ + np.random.default_rng(0).normal(0, 0.5, AXIS.size)
    result = reconciled(identification(0.82, 119.0), measured)
    assert result.matches[0].hqi > 950
    assert result.explanation.startswith("Noise in the measured spectrum")


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (identification(0.82, 119.0), True),
        (identification(0.82, 700.0), False),
        (identification(0.82, 700.0, second_hqi=760.0), True),
        (identification(0.3, 119.0), False),
        (replace(identification(0.82, 119.0), unknown=True), False),
        (Identification((), True, 0, "flat"), False),
    ],
)
def test_index_and_probability_disagree_only_when_a_likely_match_has_a_low_index(
    result: Identification, expected: bool
) -> None:
    assert disagrees(result) is expected


def test_results_that_agree_are_left_as_they_are() -> None:
    result = identification(0.97, 930.0)
    assert reconciled(result, QUARTZ) is result


def test_fluorescence_is_measured_in_heights_of_the_strongest_band() -> None:
    assert fluorescence_to_bands(one(QUARTZ)) < 1
    assert 10 < fluorescence_to_bands(one(QUARTZ + GLOW)) < 60
    assert fluorescence_to_bands(one(np.ones(AXIS.size))) == 0.0
