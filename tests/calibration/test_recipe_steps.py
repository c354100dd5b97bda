"""Profiles in recipes: the steps Raman shift calibration and Intensity correction."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulated_axes import Distortion, spectrum_of
from ramanstudio import calibration
from ramanstudio.batch.computing import apply_to_sets
from ramanstudio.calibration.profile_files import store
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.processing import Recipe
from ramanstudio.processing.calibration import CorrectIntensity, Shift


def test_a_recipe_applies_a_saved_profile_to_the_axis_and_says_so(tmp_path):
    rng = np.random.default_rng(1)
    spectra = spectrum_of(calibration.find_substance("polystyrene"), rng, 60.0, Distortion(8.0, 0, 0, 150, 3300))
    profile = calibration.calibrate(spectra, "polystyrene", name="A")
    profile.save(tmp_path / "a.toml")
    processed = Recipe.of(Shift(profile=str(tmp_path / "a.toml"))).apply(spectra)
    assert np.allclose(processed.spectra.axis, profile.apply(spectra).axis, atol=1e-2)
    assert processed.spectra.about["calibration"] == "A"
    assert processed.spectra.about["axis_uncertainty_cm"] > 0


def test_a_recipe_applies_a_saved_intensity_profile(tmp_path):
    axis = np.arange(150.0, 3000.0, 3.0)
    standard = calibration.intensity_standards()["srm2241"]
    spectra = SpectrumSet.of(axis, standard.intensity(axis) * np.exp(-axis / 2000), laser_nm=785.0)
    calibration.calibrate_intensity(spectra, "srm2241").save(tmp_path / "i.toml")
    corrected = Recipe.of(CorrectIntensity(str(tmp_path / "i.toml"))).apply(spectra).spectra.values[0]
    ratio = (corrected / standard.intensity(axis))[axis > 250]
    assert np.std(ratio) / np.mean(ratio) < 0.01


def test_a_recipe_chooses_the_only_saved_profile_that_fits(tmp_path, monkeypatch):
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path))
    rng = np.random.default_rng(1)
    spectra = spectrum_of(calibration.find_substance("silicon"), rng, 60.0, Distortion(8.0, 0, 0, 150, 3300))
    spectra = spectra.with_about(instrument="A")
    recipe = Recipe.of(Shift(profile="automatic"))
    with pytest.raises(StudioError, match="No saved calibration profile"):
        recipe.apply(spectra)
    store(calibration.calibrate(spectra, "silicon", name="A, silicon"))
    processed = recipe.apply(spectra)
    assert "A, silicon" in processed.records[0]["summary"]
    for about, sentence in (
        ({"laser_nm": 633.0}, "was measured with 532 nm"),
        ({"instrument": ""}, "do not state their instrument"),
    ):
        with pytest.raises(StudioError, match=sentence):
            recipe.apply(spectra.with_about(**about))
    store(calibration.calibrate(spectra.with_about(grating="600"), "silicon", name="600"))
    with pytest.raises(StudioError, match="2 saved profiles fit these spectra: '600', 'A, silicon'"):
        recipe.apply(spectra)
    chosen = recipe.apply(spectra.with_about(grating="1200"))
    assert "'A, silicon', automatic" in chosen.records[0]["summary"]


def test_an_intensity_profile_of_another_grating_is_used_with_a_warning_but_never_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path))
    axis = np.arange(150.0, 3000.0, 3.0)
    glass = calibration.intensity_standards()["srm2241"].intensity(axis)
    spectra = SpectrumSet.of(axis, glass, laser_nm=785.0, instrument="A", grating="600")
    path = store(calibration.calibrate_intensity(spectra, "srm2241", name="I"))
    assert "'I', automatic" in Recipe.of(CorrectIntensity("automatic")).apply(spectra).records[0]["summary"]
    other = spectra.with_about(grating="1200")
    with pytest.raises(StudioError, match=r"another grating \(600, not 1200\)"):
        Recipe.of(CorrectIntensity("automatic")).apply(other)
    processed = Recipe.of(CorrectIntensity(str(path))).apply(other)
    assert "Warning: The profile was measured with another grating" in processed.records[0]["summary"]


def test_a_batch_of_singles_on_one_axis_keeps_gratings_and_lasers_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path))
    rng = np.random.default_rng(1)
    measured = [
        spectrum_of(calibration.find_substance("silicon"), rng, 60.0, Distortion(8.0, 0, 0, 150, 3300)).with_about(
            instrument="A", **about
        )
        for about in ({"grating": "600"}, {"grating": "1200"}, {"grating": "600", "laser_nm": 633.0})
    ]
    path = store(calibration.calibrate(measured[0], "silicon", name="600"))
    pairs = [spectra for spectra in measured for _ in range(2)]

    def apply(recipe):
        return apply_to_sets(pairs, recipe, None, stack=True)[1::2]

    right, other_grating, other_laser = apply(Recipe.of(Shift(profile="automatic")))
    assert "'600', automatic" in right.records[0]["summary"]
    assert "another grating" in str(other_grating)
    assert "was measured with 532 nm" in str(other_laser)
    right, other_grating, other_laser = apply(Recipe.of(Shift(profile=str(path))))
    assert "Warning" in other_grating.records[0]["summary"]
    assert "another grating" not in right.records[0]["summary"]
    assert "laser of 532 nm, these spectra with 633 nm" in str(other_laser)
