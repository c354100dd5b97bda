"""peaks.find: lines that stand close, faint ones, none at all, and long spectra on a bent background."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError, peaks

AXIS = np.arange(300.0, 800.0, 1.0)


def gauss(axis, center, fwhm, height):
    return height * np.exp(-4 * np.log(2) * ((axis - center) / fwhm) ** 2)


def noisy(curve, snr, n=1, seed=0, axis=AXIS):
    return SpectrumSet(axis, curve + np.random.default_rng(seed).normal(0, 1 / snr, (n, axis.size)))


def test_lines_are_found_with_position_height_width_and_significance():
    curve = gauss(AXIS, 400, 12, 1) + gauss(AXIS, 520, 20, 0.5) + 2 + 0.002 * AXIS
    table = peaks.find(noisy(curve, 40))
    assert table["position"] == pytest.approx([400, 520], abs=0.5)
    assert table["height"] == pytest.approx([1, 0.5], abs=0.06)
    assert table["fwhm"] == pytest.approx([12, 20], abs=2)
    assert table["significance"][0] > table["significance"][1] > 10


def test_a_shoulder_is_a_peak_of_its_own():
    curve = gauss(AXIS, 500, 20, 1) + gauss(AXIS, 518, 20, 0.6)  # 0.9 widths apart: one maximum
    assert np.count_nonzero(np.diff(np.sign(np.diff(curve))) < 0) == 1
    table = peaks.find(noisy(curve, 60))
    assert table["position"] == pytest.approx([500, 518], abs=2)


def test_noise_alone_has_no_peaks():
    table = peaks.find(noisy(np.zeros(AXIS.size), 1, n=40))
    assert len(table) <= 1
    assert "position" in table
    assert peaks.find(SpectrumSet(AXIS, np.ones((1, AXIS.size))))["position"].size == 0


def test_the_number_of_lines_is_what_the_data_pay_for():
    curve = sum(gauss(AXIS, center, 15, height) for center, height in ((380, 1), (420, 0.7), (600, 0.4), (640, 0.9)))
    table = peaks.find(noisy(curve, 30, n=20))
    counts = np.bincount(table["spectrum"])
    assert np.mean(counts == 4) >= 0.9


def test_a_long_spectrum_on_fluorescence_is_searched_in_ranges():
    axis = np.arange(200.0, 1900.0, 1.0)
    curve = 20 * np.exp(-(((axis - 900) / 700) ** 2))
    truth = (450.0, 700.0, 716.0, 1100.0, 1602.0)
    for center in truth:
        curve = curve + gauss(axis, center, 10, 1)
    table = peaks.find(noisy(curve, 40, axis=axis))
    for center in truth:
        assert np.min(np.abs(table["position"] - center)) < 1
    assert len(table) <= 7


def test_a_range_limits_the_search_and_one_outside_is_a_sentence():
    spectra = noisy(gauss(AXIS, 400, 12, 1) + gauss(AXIS, 520, 20, 0.5), 40)
    assert peaks.find(spectra, within=(350, 450))["position"] == pytest.approx([400], abs=0.5)
    with pytest.raises(StudioError, match="too few to fit peaks"):
        peaks.find(spectra, within=(900, 950))


def test_a_strong_line_that_follows_no_profile_exactly_is_one_line_however_finely_it_is_sampled():
    for step, asymmetry in ((1.0, 0.08), (0.25, 0.05), (0.1, 0.05)):
        axis = np.arange(400.0, 600.0, step)
        sides = np.where(axis < 500, 1 + asymmetry, 1 - asymmetry)
        line = 1 / (1 + ((axis - 500) / (8 * sides)) ** 2)
        noise = np.random.default_rng(0).normal(0, 1 / 3000, axis.size)
        found = peaks.find(SpectrumSet.of(axis, 100 * (line + noise)))
        assert found["position"] == pytest.approx([500], abs=1.5)


def test_a_long_axis_of_few_points_without_a_line_has_no_peaks() -> None:
    axis = np.linspace(1900, 2900, 34)
    values = 100 + 0.01 * axis + np.random.default_rng(1).normal(0, 0.1, axis.size)
    assert len(peaks.find(SpectrumSet(axis, values[None].astype(np.float32)))) == 0
