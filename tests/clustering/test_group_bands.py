"""The bands that distinguish a group: lines that it alone has, or lacks."""

import numpy as np
import pytest

from ramanstudio.clustering import group_bands

AXIS = np.linspace(200, 1800, 800)


def line(shift, height=100.0):
    return height * np.exp(-0.5 * ((AXIS - shift) / 8) ** 2)


def two_groups(random, each=30):
    """Spectra that share a line at 1001; the first have one at 640, the others at 1450; fluorescence differs."""
    glow = random.uniform(0, 500, (2 * each, 1)) * np.exp(-(((AXIS - 900) / 900) ** 2))
    clean = line(1001) + np.repeat([line(640, 60), line(1450, 60)], each, axis=0)
    values = random.uniform(0.5, 2, (2 * each, 1)) * clean + glow + random.normal(0, 1, (2 * each, 800))
    return values.astype(np.float32), np.repeat([0, 1], each)


def test_bands_that_a_group_has_and_lacks_differ_in_the_sign_of_their_effect():
    values, labels = two_groups(np.random.default_rng(0))
    bands = sorted(group_bands.distinguishing_bands(AXIS, values, labels, 0, most=2), key=lambda band: band.shift_cm)
    assert [band.shift_cm for band in bands] == pytest.approx([640, 1450], abs=4)
    assert [np.sign(band.effect) for band in bands] == [1, -1]
    other = group_bands.distinguishing_bands(AXIS, values, labels, 1, most=2)
    assert {np.sign(band.effect) for band in other if abs(band.shift_cm - 640) < 5} == {-1}


def test_groups_of_one_substance_have_no_distinguishing_bands():
    values = line(1001) + np.random.default_rng(1).normal(0, 1, (60, 800))
    assert group_bands.distinguishing_bands(AXIS, values, np.repeat([0, 1], 30), 0) == ()


def test_a_single_group_an_empty_group_and_flat_spectra_have_no_bands():
    values, labels = two_groups(np.random.default_rng(2))
    assert group_bands.distinguishing_bands(AXIS, values, np.zeros(60, int), 0) == ()
    assert group_bands.distinguishing_bands(AXIS, values, labels, 7) == ()
    flat = np.ones((10, 800), np.float32)
    assert group_bands.distinguishing_bands(AXIS, flat, np.repeat([0, 1], 5), 0) == ()


def test_mean_and_deviation_ignore_outliers(monkeypatch):
    monkeypatch.setattr(group_bands, "BLOCK", 7)
    random = np.random.default_rng(3)
    values = (1e4 + random.normal(0, 1, (50, 20))).astype(np.float32)
    labels = random.integers(-1, 3, 50)
    mean, spread = group_bands.mean_and_deviation(values, labels, 4)
    for group in range(3):
        assert mean[group] == pytest.approx(values[labels == group].mean(axis=0), rel=1e-6)
        assert spread[group] == pytest.approx(values[labels == group].std(axis=0, dtype=float), rel=1e-3)
    assert np.all(mean[3] == 0)
    assert np.all(spread[3] == 0)
