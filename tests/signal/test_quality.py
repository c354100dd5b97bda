"""Checks of measured spectra: what is wrong is said, and nothing is said of a good spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.quality import CHECKS, check_quality

AXIS = np.linspace(200.0, 1800.0, 801)
RANDOM = np.random.default_rng(0)


def good(n: int = 1, height: float = 200.0, seed: int = 0) -> np.ndarray:
    lines = height / (1 + ((AXIS - 1000) / 8) ** 2) + 0.4 * height / (1 + ((AXIS - 500) / 12) ** 2)
    return lines + 100 + np.random.default_rng(seed).normal(0, 4, (n, len(AXIS)))


def codes(values: np.ndarray, axis: np.ndarray = AXIS) -> list[tuple[str, ...]]:
    spectra = SpectrumSet(axis, np.atleast_2d(values))
    quality = check_quality(spectra)
    return [quality.codes(index) for index in range(len(spectra))]


def test_nothing_is_said_of_good_spectra() -> None:
    assert set(codes(good(200))) <= {(), ("line_or_spike",)} and codes(good(200)).count(()) > 195


def test_a_trace_at_the_top_of_the_detector_is_saturated_and_not_clean() -> None:
    assert codes(np.full(801, 65535.0)) == [("saturated",)]
    clipped = np.minimum(np.round(good()[0] * 300), 65535)
    quality = check_quality(SpectrumSet(AXIS, clipped[None]))
    assert quality.codes(0) == ("saturated",) and (clipped == 65535).sum() == quality.values["saturated"][0]
    assert "cut off" in quality.findings(0)[0].sentence
    assert codes(np.minimum(good()[0], 200)) == [("saturated",)]  # a detector of another full scale
    counts = RANDOM.poisson(2, (20, 801))  # the highest count several times side by side is chance
    assert not any("saturated" in found for found in codes(counts))


def test_a_flat_trace_below_the_top_is_flat() -> None:
    assert codes(np.zeros(801)) == [("flat",)]


def test_a_cosmic_ray_is_counted_and_no_reason_for_other_findings() -> None:
    values = good(3)
    values[1, 300:302] += (3000, 2000)
    quality = check_quality(SpectrumSet(AXIS, values))
    assert [quality.codes(index) for index in range(3)] == [(), ("cosmic_rays",), ()]
    assert quality.findings(1)[0].sentence == "1 cosmic ray."
    assert quality.sentences()[0].sentence == "1 of 3 spectra hold cosmic rays."


@pytest.mark.parametrize(("first", "is_pixels"), [(0.0, True), (1.0, True), (200.0, False)])
def test_an_axis_that_counts_pixels_is_reported(first: float, is_pixels: bool) -> None:
    axis = first + np.arange(1024.0)
    values = 300 / (1 + ((axis - 700) / 8) ** 2) + RANDOM.normal(0, 4, axis.shape)
    assert ("pixel_axis" in codes(values, axis)[0]) == is_pixels


def test_strong_fluorescence_says_how_strong() -> None:
    background = 2400 * np.exp(-AXIS / 900)
    quality = check_quality(SpectrumSet(AXIS, good() + background))
    assert quality.codes(0) == ("fluorescence",)
    assert quality.values["fluorescence"][0] == pytest.approx(np.ptp(background) / 200, rel=0.2)
    assert "times as high as the strongest line" in quality.findings(0)[0].sentence


def test_noise_alone_is_told_from_a_weak_line() -> None:
    noise = RANDOM.normal(100, 4, (200, 801))
    assert codes(noise).count(("only_noise",)) > 190
    weak = 4 * 3 / (1 + ((AXIS - 1000) / 8) ** 2)
    assert codes(noise + weak).count(("only_noise",)) < 20


def test_points_without_a_number_are_counted_and_short_spectra_are_no_error() -> None:
    values = good(2)
    values[1, :7] = np.nan
    quality = check_quality(SpectrumSet(AXIS, values))
    assert quality.codes(1) == ("no_numbers",) and "7 points" in quality.findings(1)[0].sentence
    assert codes(np.arange(8.0), np.arange(300.0, 308.0)) == [()]


def test_every_check_has_a_code_and_sentences() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.sentence(2.0).endswith((".", "?"))
        assert check.of_set.format(count=1, total=2, value=3.0).endswith((".", "?"))
