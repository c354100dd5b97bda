"""Relative intensity: standards, fitted response, what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio import calibration
from ramanstudio.calibration.intensity import find_intensity_standard
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

AXIS = np.arange(100.0, 3700.0, 2.0)


def response(axis):
    """How a detector loses sensitivity towards the near infrared, with a slow ripple."""
    return np.exp(-(((axis - 900) / 1800) ** 2)) * (1 + 0.05 * np.sin(axis / 250))


def measured(key, snr, seed=0):
    standard = find_intensity_standard(key)
    true = standard.intensity(AXIS)
    values = true * response(AXIS)
    rng = np.random.default_rng(seed)
    return SpectrumSet.of(AXIS, values + rng.normal(0, values.max() / snr, len(AXIS)), laser_nm=standard.laser_nm)


@pytest.mark.parametrize("key", ["srm2241", "srm2242a", "srm2246a"])
def test_a_standard_gives_the_response_to_one_per_cent_where_it_is_certified(key):
    profile = calibration.calibrate_intensity(measured(key, 100.0), key)
    low, high = profile.range_cm
    certified = find_intensity_standard(key).valid_cm
    assert (low, high) == pytest.approx((certified[0], min(certified[1], AXIS[-1])), abs=5)
    inside = (low <= AXIS) & (high >= AXIS)
    product = (profile.factors(AXIS) * response(AXIS))[inside]
    strong = response(AXIS)[inside] > 0.1
    error = product[strong] / np.mean(product[strong]) - 1
    assert np.sqrt(np.mean(error**2)) < 0.01


def test_outside_the_certified_range_nothing_is_corrected_and_the_metadata_say_so():
    profile = calibration.calibrate_intensity(measured("srm2241", 200.0), "SRM 2241")
    spectra = SpectrumSet.of(AXIS, np.ones_like(AXIS), laser_nm=785)
    corrected = profile.apply(spectra)
    outside = profile.range_cm[0] > AXIS
    assert np.ptp(corrected.values[0][outside]) == 0
    assert "as measured outside" in corrected.about["intensity_corrected_cm"]


def test_the_noise_of_the_standard_does_not_enter_the_correction():
    profile = calibration.calibrate_intensity(measured("srm2242a", 30.0), "srm2242a")
    factors = profile.factors(AXIS)[100:1500]
    assert np.abs(np.diff(factors, n=2)).max() < 0.002


def test_another_laser_and_a_dark_or_saturated_standard_are_refused():
    with pytest.raises(StudioError, match="certified for 785 nm"):
        calibration.calibrate_intensity(measured("srm2242a", 50.0), "srm2241")
    dark = measured("srm2241", 50.0)
    with pytest.raises(StudioError, match="not positive"):
        calibration.calibrate_intensity(dark.with_values(dark.values - dark.values.mean()), "srm2241")
    with pytest.raises(StudioError, match="saturated"):
        calibration.calibrate_intensity(dark.with_values(np.minimum(dark.values, np.median(dark.values))), "srm2241")


def test_a_profile_and_a_certificate_come_from_files(tmp_path):
    certificate = tmp_path / "lamp.csv"
    certificate.write_text("# nm\n" + "\n".join(f"{nm}, {1 + (nm - 700) / 500:.4f}" for nm in range(700, 1200, 10)))
    spectra = SpectrumSet.of(AXIS, 1 + AXIS / 5000, laser_nm=785.0)
    profile = calibration.calibrate_intensity(spectra, certificate)
    assert len(profile.factor) > 20
    path = tmp_path / "intensity.toml"
    profile.save(path)
    assert calibration.load_profile(path).hash == profile.hash
    path.write_text(path.read_text().replace("factor = [", "factor = [-1,", 1))
    with pytest.raises(StudioError, match="damaged"):
        calibration.load_profile(path)
    with pytest.raises(StudioError, match="srm2241"):
        calibration.calibrate_intensity(spectra, "srm9999")


def test_the_profile_whose_metadata_fit_is_chosen_when_it_is_the_only_one(tmp_path):
    spectra = measured("srm2241", 100.0).with_about(instrument="A", grating="600")
    from ramanstudio.calibration.profile_files import store

    profile = calibration.calibrate_intensity(spectra, "srm2241", name="A")
    store(profile, tmp_path)
    (tmp_path / "broken.toml").write_text("no profile")
    stored, problems = calibration.stored_profiles(tmp_path)
    assert [entry.profile.name for entry in stored] == ["A"]
    assert len(problems) == 1
    kind = calibration.IntensityProfile
    assert calibration.fitting_profile(spectra, stored, kind) is stored[0]
    assert calibration.fitting_profile(spectra.with_about(grating="1200"), stored, kind) is None
    store(profile, tmp_path)
    assert calibration.fitting_profile(spectra, calibration.stored_profiles(tmp_path)[0], kind) is None
