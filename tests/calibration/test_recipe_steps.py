"""Profiles in recipes: the steps Raman shift calibration and Intensity correction."""

from __future__ import annotations

import numpy as np

from benchmarks.simulated_axes import Distortion, spectrum_of
from ramanstudio import calibration
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
