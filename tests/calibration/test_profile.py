"""Calibration profiles as values and as files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.simulated_axes import Distortion, spectrum_of
from ramanstudio import calibration
from ramanstudio.calibration import Profile
from ramanstudio.core.errors import StudioError


@pytest.fixture(scope="module")
def standard():
    rng = np.random.default_rng(3)
    spectra = spectrum_of(
        calibration.find_substance("polystyrene"), rng, 80.0, Distortion(3.0, 0.002, 0, 150, 3300), laser_nm=785.0
    )
    return spectra.with_about(instrument="Spectrometer A", grating="600", date="2026-11-01")


@pytest.fixture(scope="module")
def profile(standard):
    return calibration.calibrate(standard, "polystyrene", name="A, 785 nm")


def test_a_profile_comes_back_from_its_file_with_the_same_hash(profile, tmp_path):
    path = tmp_path / "a.toml"
    profile.save(path)
    again = Profile.load(path)
    assert again.hash == profile.hash
    assert again.name == "A, 785 nm"
    assert again.instrument == "Spectrometer A"
    assert len({again, Profile.load(path)}) == 1
    axis = np.linspace(200, 3200, 50)
    assert np.allclose(again.corrected(axis), profile.corrected(axis), atol=1e-3)
    assert "cm⁻¹" in path.read_text(encoding="utf-8")


def test_applying_says_by_which_profile_how_sure_and_where_it_is_known(profile, standard):
    corrected = profile.apply(standard)
    assert np.array_equal(corrected.values, standard.values)
    assert np.all(np.diff(corrected.axis) > 0)
    assert corrected.about["calibration"] == "A, 785 nm"
    assert 0 < corrected.about["axis_uncertainty_cm"] < 2
    assert "only" in corrected.about["calibration_warning"]
    error = corrected.axis[np.argmax(standard.values[0])] - 1001.4
    assert abs(error) < 1.0


def test_correcting_a_corrected_axis_again_is_warned_about(profile, standard):
    once = profile.apply(standard)
    assert not any("before" in sentence for sentence in profile.warnings(standard))
    assert "was corrected before, by 'A, 785 nm'" in profile.apply(once).about["calibration_warning"]


def test_another_laser_is_refused_and_another_grating_is_warned_about(profile, standard):
    with pytest.raises(StudioError, match="785 nm"):
        profile.apply(standard.with_about(laser_nm=532.0))
    assert any("grating" in sentence for sentence in profile.warnings(standard.with_about(grating="1200")))


def test_a_file_with_another_value_of_the_same_laser_is_corrected_on_the_wavelength_axis(profile, standard):
    other = 785.1
    moved = 1e7 / 785.0 - 1e7 / other
    same = standard.with_axis(standard.axis - moved, standard.values).with_about(laser_nm=other)
    assert np.allclose(profile.apply(same).axis, profile.apply(standard).axis, atol=1e-6)


@pytest.mark.parametrize("damage", [
    lambda text: text[: len(text) // 2],
    lambda text: text.replace("version = 1", "version = 99", 1),
    lambda text: text.replace('kind = "raman shift axis"', 'kind = "recipe"'),
    lambda text: text.replace("shown_cm = ", "shown_cm = \"x\" #", 1),
    lambda text: text.replace("degree = ", "degree = 1000", 1),
    lambda _text: "\x00\xff",
])  # fmt: skip
def test_a_damaged_profile_is_refused_with_a_sentence(profile, tmp_path, damage):
    path = tmp_path / "damaged.toml"
    path.write_text(damage(profile.to_text()), encoding="utf-8")
    with pytest.raises(StudioError, match=r"damaged\.toml"):
        Profile.load(path)


def test_a_falling_correction_is_refused(profile, tmp_path):
    axis = profile.curve.axis_cm
    falling = dataclasses.replace(profile.curve, correction_cm=tuple(-2 * x for x in axis))
    path = tmp_path / "falling.toml"
    path.write_text(dataclasses.replace(profile, curve=falling).to_text(), encoding="utf-8")
    with pytest.raises(StudioError, match="rising"):
        Profile.load(path)


def test_verifying_tells_drift_and_advises_against_a_correction_that_worsens(profile, standard):
    good = calibration.verify(profile, standard, "polystyrene")
    assert good.passed
    assert not good.worsens
    kept = profile.with_check(good.check())
    assert kept.hash == profile.hash
    assert kept.checks[0].passed
    drifted = standard.with_axis(standard.axis + 2.5, standard.values)
    later = calibration.verify(profile, drifted, "polystyrene")
    assert not later.passed
    assert later.offset_cm == pytest.approx(2.5, abs=0.3)
    right = standard.with_axis(profile.corrected(standard.axis), standard.values)
    worse = calibration.verify(profile, right, "polystyrene")
    assert worse.worsens
    assert "makes it worse" in worse.sentence()
