"""Automatic baselines: close to the truth, of any scale, and a classic method where the model is missing."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import learned_baseline
from ramanstudio.signal.baseline import automatic_baseline, extended_range_baseline

AXIS = np.linspace(200, 1400, 900)
SNR = 50


def lines(axis, centres=(420, 640, 655, 980, 1150), width=9.0):
    shapes = [1 / (1 + ((axis - centre) / width) ** 2) for centre in centres]
    return np.sum(shapes * np.array([[0.4], [1.0], [0.5], [0.7], [0.2]]), axis=0)


def fluorescent(axis=AXIS, snr=SNR, seed=0):
    """(spectra, true baselines) on four kinds of background, three times as high as the strongest line."""
    place = (axis - axis[0]) / np.ptp(axis)
    backgrounds = np.array(
        [np.exp(-3 * place), 1 - (2 * place - 0.8) ** 2, 1 / (1 + np.exp(-8 * (place - 0.5))), 0.3 + 0.5 * place]
    )
    truth = 3 * backgrounds + 0.2
    noise = np.random.default_rng(seed).normal(0, 1 / snr, truth.shape) if snr else 0.0
    return SpectrumSet(axis, truth + lines(axis) + noise), truth


def rms_error(baseline, truth):
    return np.sqrt(np.mean((baseline - truth) ** 2, axis=1))


def test_the_baseline_is_close_to_the_truth_and_closer_than_the_classic_one():
    spectra, truth = fluorescent()
    error = rms_error(automatic_baseline(spectra).values, truth)
    assert (error < 0.025).all()
    assert np.median(error) < 0.6 * np.median(rms_error(extended_range_baseline(spectra).values, truth))


def test_without_noise_the_baseline_stays_within_one_percent_of_the_strongest_line():
    spectra, truth = fluorescent(snr=None)
    assert np.median(rms_error(automatic_baseline(spectra).values, truth)) < 0.01


def test_the_stated_uncertainty_holds_most_of_the_truth():
    held = []
    for seed in range(4):
        spectra, truth = fluorescent(seed=seed)
        baseline = automatic_baseline(spectra)
        assert (baseline.uncertainty > 0).all()
        held.append(np.abs(baseline.values - truth) <= baseline.uncertainty)
    assert 0.65 < np.mean(held) <= 0.995


def test_scale_and_offset_of_the_intensities_carry_over():
    spectra, _ = fluorescent()
    moved = SpectrumSet(AXIS, spectra.values.astype(np.float64) * 4096 + 8192)
    plain, scaled = automatic_baseline(spectra), automatic_baseline(moved)
    assert np.allclose(scaled.values, plain.values * 4096 + 8192, atol=4096 * 2e-3)
    assert np.allclose(scaled.uncertainty, plain.uncertainty * 4096, rtol=0.02)


def test_each_spectrum_gets_the_same_baseline_alone_as_in_a_large_set(monkeypatch):
    spectra, _ = fluorescent()
    monkeypatch.setattr(learned_baseline, "BLOCK", 3)
    together = automatic_baseline(SpectrumSet(AXIS, np.tile(spectra.values, (2, 1))))
    alone = automatic_baseline(SpectrumSet(AXIS, spectra.values[2:3]))
    assert np.allclose(together.values[2], alone.values[0], atol=1e-4)
    assert np.allclose(together.values[6], alone.values[0], atol=1e-4)


@pytest.mark.parametrize("points", [120, 300, 3000])
def test_coarse_and_fine_axes_and_uneven_steps(points):
    axis = np.sort(np.unique(np.linspace(200**0.5, 1400**0.5, points) ** 2))
    spectra, truth = fluorescent(axis)
    assert np.median(rms_error(automatic_baseline(spectra).values, truth)) < 0.05


def test_without_the_model_the_classic_method_takes_its_place(monkeypatch):
    spectra, _ = fluorescent()
    monkeypatch.setattr(learned_baseline, "model_weights", lambda: None)
    assert np.array_equal(automatic_baseline(spectra).values, extended_range_baseline(spectra).values)


def test_a_damaged_model_file_counts_as_missing(tmp_path, monkeypatch):
    from ramanstudio.core import paths

    folder = tmp_path / "models" / "processing" / learned_baseline.MODEL
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"no weights")
    monkeypatch.setattr(paths, "bundled_path", lambda *parts: tmp_path.joinpath(*parts))
    learned_baseline.model_weights.cache_clear()
    try:
        assert learned_baseline.model_weights() is None
    finally:
        learned_baseline.model_weights.cache_clear()


def test_a_flat_spectrum_is_its_own_baseline():
    baseline = automatic_baseline(SpectrumSet(AXIS, np.full((1, len(AXIS)), 7.0)))
    assert np.allclose(baseline.values, 7.0)
    assert np.isfinite(baseline.uncertainty).all()


def test_few_points_get_the_classic_baseline_and_too_few_a_sentence():
    axis = np.linspace(200, 400, 60)
    spectra = SpectrumSet(axis, (1 + axis / 400)[None])
    assert np.abs(automatic_baseline(spectra).values - spectra.values).max() < 0.05
    with pytest.raises(StudioError, match="too few"):
        automatic_baseline(SpectrumSet(axis[:10], spectra.values[:, :10]))


def test_points_without_a_number_are_refused():
    values = np.ones((1, len(AXIS)))
    values[0, 5] = np.nan
    with pytest.raises(StudioError, match="without a number"):
        automatic_baseline(SpectrumSet(AXIS, values))
