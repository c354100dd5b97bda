"""Measures of a band without a fit: values, errors that hold, ratios."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError, peaks

AXIS = np.arange(400.0, 600.0, 1.0)
LINE = np.exp(-4 * np.log(2) * ((AXIS - 500) / 20) ** 2) + 3 + 0.01 * AXIS


def test_position_height_width_and_area_above_the_line_between_the_ends():
    table = peaks.measure(SpectrumSet(AXIS, LINE[None]), (440, 560), expected_error=0.01)
    assert table["center"][0] == pytest.approx(500, abs=0.01)
    assert table["height"][0] == pytest.approx(1, abs=0.01)
    assert table["fwhm"][0] == pytest.approx(20, abs=0.2)
    assert table["area"][0] == pytest.approx(20 * np.sqrt(np.pi / np.log(2)) / 2, rel=0.01)


@pytest.mark.parametrize("name", ["center", "fwhm", "area"])
def test_the_errors_are_the_scatter_of_repeats(name):
    noisy = LINE + np.random.default_rng(0).normal(0, 0.02, (150, AXIS.size))
    table = peaks.measure(SpectrumSet(AXIS, noisy), (440, 560), expected_error=0.02)
    assert np.std(table[name]) == pytest.approx(np.median(table[f"{name}_error"]), rel=0.3)


def test_the_ratio_of_two_bands_has_the_errors_of_both():
    both = LINE + 0.5 * np.exp(-4 * np.log(2) * ((AXIS - 430) / 12) ** 2)
    spectra = SpectrumSet(AXIS, both + np.random.default_rng(1).normal(0, 0.01, (100, AXIS.size)))
    value, error = peaks.ratio(peaks.measure(spectra, (408, 452)), peaks.measure(spectra, (455, 560)), of="area")
    assert np.mean(value) == pytest.approx(0.5 * 12 / 20, rel=0.05)
    assert np.std(value) == pytest.approx(np.median(error), rel=0.3)


def test_a_band_without_points_is_a_sentence_and_one_with_a_gap_has_no_value():
    with pytest.raises(StudioError, match="0 points between 900 and 950"):
        peaks.measure(SpectrumSet(AXIS, LINE[None]), (900, 950))
    gap = LINE.copy()
    gap[100] = np.nan
    table = peaks.measure(SpectrumSet(AXIS, np.stack([LINE, gap])), (440, 560))
    assert np.isfinite(table["area"][0])
    assert np.isnan(table["area"][1])
