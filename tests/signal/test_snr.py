"""Signal and noise, measured on spectra whose signal and noise are known."""

import numpy as np
import pytest

from ramanstudio.signal import snr
from ramanstudio.signal.snr import noise_sigma, signal_height

AXIS = np.linspace(200, 1800, 1000)


def lines(*centres, height=100.0, width=8.0):
    return sum(height * np.exp(-0.5 * ((AXIS - centre) / width) ** 2) for centre in centres)


@pytest.mark.parametrize("sigma", [0.01, 3.0, 500.0])
def test_the_noise_is_found_under_lines_and_fluorescence(sigma):
    random = np.random.default_rng(0)
    clean = lines(400, 900, 1300, height=100 * sigma) + 1000 * sigma * np.exp(-AXIS / 700)
    estimate = noise_sigma(clean + random.normal(0, sigma, (50, 1000)))
    assert np.median(estimate) == pytest.approx(sigma, rel=0.05)


def test_a_cosmic_ray_does_not_count_as_noise():
    raw = np.random.default_rng(1).normal(0, 1, (20, 1000))
    raw[:, 500] += 1e5
    assert np.median(noise_sigma(raw)) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize(
    ("measured", "sigma"),
    [
        (lambda random: random.poisson(0.1, (20, 1000)).astype(float), 0.1**0.5),  # single photons
        (lambda random: np.round(random.normal(0, 0.3, (20, 1000))), 0.31),  # counts without parts
        (lambda random: np.maximum(random.normal(-3, 3, (20, 1000)), 0), 0.79),  # clipped at zero by other software
    ],
)
def test_noise_that_leaves_most_samples_alone_is_found_too(measured, sigma):
    estimate = noise_sigma(measured(np.random.default_rng(2)) + lines(500))
    assert sigma / 2 < np.median(estimate) < 2 * sigma


def test_a_straight_line_has_no_noise():
    assert np.array_equal(noise_sigma(np.stack([np.full(1000, 7.0), np.arange(1000.0)])), [0, 0])


def test_the_signal_is_the_strongest_line_over_its_own_baseline():
    sloping = 5000 - 2 * AXIS
    height = signal_height(AXIS, (lines(500) + lines(1200, height=40) + sloping)[None])
    assert height[0] == pytest.approx(100, rel=0.05)


def test_fluorescence_alone_is_no_signal():
    hump = 1000 * np.exp(-0.5 * ((AXIS - 1000) / 900) ** 2)
    assert signal_height(AXIS, hump[None])[0] < 20


def test_a_large_map_is_measured_in_blocks_that_say_the_same(monkeypatch):
    axis = np.linspace(200, 1800, 300)
    values = np.random.default_rng(8).normal(0, 1, (50, 300)) + 9 * np.exp(-0.5 * ((axis - 900) / 20) ** 2)
    whole = snr.noise_sigma(values), snr.signal_height(axis, values)
    monkeypatch.setattr(snr, "BLOCK", 7)
    assert np.array_equal(snr.noise_sigma(values), whole[0])
    assert np.allclose(snr.signal_height(axis, values), whole[1])
