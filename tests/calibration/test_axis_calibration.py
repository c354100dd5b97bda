"""Axes of instruments corrected with the spectra of standards."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.simulated_axes import Distortion, random_distortion, spectrum_of
from ramanstudio import calibration
from ramanstudio.calibration.curve import fit_curve
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

RANGE = (150.0, 3300.0)


def simulated(substance, distortion, snr=50.0, seed=0, **options):
    rng = np.random.default_rng(seed)
    return spectrum_of(calibration.find_substance(substance), rng, snr, distortion, **options)


@pytest.mark.parametrize(("substance", "laser_nm"), [("polystyrene", 532.0), ("neon", 532.0), ("neon", 785.0)])
def test_an_axis_that_is_displaced_stretched_and_bent_is_put_right(substance, laser_nm):
    distortion = Distortion(-42.0, 0.025, 4.0, *RANGE)
    spectra = simulated(substance, distortion, laser_nm=laser_nm)
    profile = calibration.calibrate(spectra, substance)
    low, high = profile.curve.range_cm
    true = np.linspace(*RANGE, 2000)
    shown = distortion.shown(true)
    inside = (shown > low) & (shown < high)
    error = profile.corrected(shown, laser_nm) - true
    assert np.abs(distortion.shown(true) - true)[inside].max() > 20
    assert np.sqrt(np.mean(error[inside] ** 2)) < 0.4


def test_the_silicon_line_comes_to_its_place_and_follows_temperature():
    spectra = simulated("silicon", Distortion(-2.0, 0, 0, *RANGE))
    profile = calibration.calibrate(spectra, "silicon")
    assert profile.curve.degree == 0
    assert profile.curve.correction_cm[0] == pytest.approx(2.0, abs=0.1)
    warm = calibration.calibrate(spectra, "silicon", temperature_c=70.0)
    assert warm.curve.correction_cm[0] == pytest.approx(2.0 - 50 * 0.022, abs=0.1)
    assert "520 cm⁻¹ only" in profile.sentence()


def test_lamp_then_silicon_corrects_the_wavelength_axis_and_the_laser():
    distortion = Distortion(-6.0, 0.004, 0.5, *RANGE)
    lamp = calibration.calibrate(simulated("neon", distortion, 300.0, laser_nm=785.0), "neon")
    # the laser is off by 3 cm⁻¹ beside the axis, and silicon's file states another value of it
    silicon = simulated("silicon", dataclasses.replace(distortion, offset_cm=-3.0), laser_nm=785.0)
    moved = 1e7 / 785.0 - 1e7 / 785.05
    silicon = silicon.with_axis(silicon.axis - moved, silicon.values).with_about(laser_nm=785.05)
    profile = calibration.calibrate(silicon, "silicon", after=lamp)
    assert profile.substances == ("neon", "silicon")
    calcite = simulated("calcite", dataclasses.replace(distortion, offset_cm=-3.0), laser_nm=785.0)
    checked = calibration.verify(profile, calcite, "calcite", tolerance_cm=0.5)
    assert checked.passed
    assert checked.after_cm < 0.3 < checked.before_cm


def test_lamp_wavelengths_are_taken_in_vacuum_and_an_axis_made_with_air_is_recognised():
    vacuum = calibration.calibrate(simulated("neon", None, 200.0, laser_nm=532.0), "neon")
    assert abs(float(np.ptp(vacuum.curve.correction_cm))) < 0.2
    assert vacuum.convention == "vacuum"
    neon = calibration.find_substance("neon")
    in_air = dataclasses.replace(neon, kind="shift", lines=tuple(
        zip(neon.shifts(532.0, in_air=True).tolist(), neon.strengths.tolist(), strict=True)))  # fmt: skip
    rng = np.random.default_rng(1)
    visible = tuple((shift, strength) for shift, strength in in_air.lines if 200 < shift < 3250)
    spectra = spectrum_of(dataclasses.replace(in_air, lines=visible), rng, 200.0, laser_nm=532.0)
    profile = calibration.calibrate(spectra, "neon")
    assert profile.convention == "air"
    low, high = profile.curve.correction_cm[0], profile.curve.correction_cm[-1]
    assert low - high == pytest.approx(2.8e-4 * float(np.ptp(profile.curve.axis_cm)), abs=0.15)


@pytest.mark.parametrize(("measured", "chosen"), [("calcite", "polystyrene"), ("polystyrene", "silicon"),
                                                  ("silicon", "cyclohexane"), ("neon", "acetaminophen")])  # fmt: skip
def test_the_wrong_substance_is_refused_with_a_sentence(measured, chosen):
    with pytest.raises(StudioError, match="not a spectrum of") as refused:
        calibration.calibrate(simulated(measured, None, laser_nm=785.0), chosen)
    assert refused.value.remedy


def test_quartz_is_not_taken_for_silicon_whose_one_line_lies_near():
    axis = np.arange(150.0, 1200.0)
    quartz = sum(h / (1 + ((axis - c) / w) ** 2) for c, w, h in ((464, 4, 100), (206, 12, 30), (128, 4, 25)))
    with pytest.raises(StudioError, match="not a spectrum of"):
        calibration.calibrate(
            SpectrumSet.of(axis, quartz + np.random.default_rng(2).normal(0, 0.5, axis.size)), "silicon"
        )


def test_no_line_and_a_saturated_line_are_refused():
    rng = np.random.default_rng(0)
    flat = SpectrumSet.of(np.arange(100.0, 2000.0), rng.normal(size=1900))
    with pytest.raises(StudioError, match="no line"):
        calibration.calibrate(flat, "silicon")
    silicon = simulated("silicon", None, 500.0)
    cut = silicon.with_values(np.minimum(silicon.values, np.percentile(silicon.values, 99.8)))
    with pytest.raises(StudioError, match="saturated"):
        calibration.calibrate(cut, "silicon")


def test_the_number_of_parameters_is_what_the_lines_support():
    offset = calibration.calibrate(simulated("polystyrene", Distortion(5.0, 0, 0, *RANGE)), "polystyrene")
    assert offset.curve.degree == 0
    stretched = calibration.calibrate(simulated("polystyrene", Distortion(5.0, 0.01, 0, *RANGE)), "polystyrene")
    assert stretched.curve.degree == 1
    bent = calibration.calibrate(simulated("neon", Distortion(5.0, 0.01, 5.0, *RANGE), laser_nm=532.0), "neon")
    assert bent.curve.degree >= 3


def test_one_line_matched_wrongly_is_left_out_even_where_it_hides_in_the_scatter_it_makes():
    rng = np.random.default_rng(2)
    x = np.linspace(150, 2400, 15)
    correction = -2 - 1e-3 * x + rng.normal(0, 0.1, 15)
    correction[7] += 1.9
    sd, line_sd = np.full(15, 0.1), np.full(15, 0.02)
    curve, used = fit_curve(x, correction, sd, line_sd, 4)
    assert np.flatnonzero(~used).tolist() == [7]
    assert np.abs(curve.correction(x) - (-2 - 1e-3 * x)).max() < 0.2
    for seed in range(5):  # no line of mere scatter is
        scattered = np.random.default_rng(seed).normal(0, 0.6, 15)
        assert fit_curve(x, scattered, sd, line_sd, 4)[1].sum() >= 14


def test_random_axes_are_recognised_within_the_stated_uncertainty():
    rng = np.random.default_rng(5)
    neon = calibration.find_substance("neon")
    for _ in range(3):
        distortion = random_distortion(rng, *RANGE)
        spectra = spectrum_of(neon, rng, 20.0, distortion, laser_nm=532.0)
        profile = calibration.calibrate(spectra, neon)
        true = np.linspace(*RANGE, 500)
        shown = distortion.shown(true)
        error = np.abs(profile.corrected(shown, 532.0) - true)
        allowed = profile.uncertainty(shown, 532.0)
        known = np.isfinite(allowed)
        assert known.mean() > 0.4
        assert np.mean(error[known] < 2 * allowed[known]) > 0.9
