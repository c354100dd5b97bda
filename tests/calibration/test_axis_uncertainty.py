"""The uncertainty of a calibrated axis reaches positions of peaks, formulas, Identify and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio import peaks
from ramanstudio.core.axis_uncertainty import AXIS_UNCERTAINTY, axis_sd_cm
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.peak_table import peak_rows
from ramanstudio.peaks import templates
from ramanstudio.processing import Recipe
from ramanstudio.processing.calibration import Shift
from ramanstudio.processing.stages import like_processed

AXIS = np.arange(450.0, 600.0, 0.5)
U_CM = 0.98


@pytest.fixture(scope="module")
def spectra():
    rng = np.random.default_rng(0)
    line = 100 / (1 + ((AXIS - 520.6) / 2) ** 2)
    return SpectrumSet.of(AXIS, line + rng.normal(0, 1, len(AXIS)), laser_nm=532.0)


def test_errors_of_positions_hold_the_uncertainty_of_the_axis(spectra):
    calibrated = spectra.with_about(**{AXIS_UNCERTAINTY: U_CM})
    start = {"center": [520.0], "fwhm": [4.0]}
    for find in (
        lambda given: peaks.fit(given, "lorentz", start)["center_error"],
        lambda given: peaks.find(given, profile="lorentz", significance=10)["position_error"],
        lambda given: peaks.fit_series(given, "lorentz", start)["center_error"],
        lambda given: peaks.measure(given, (500.0, 540.0))["center_error"],
    ):
        alone, together = float(find(spectra)[0]), float(find(calibrated)[0])
        assert 0 < alone < 0.2
        assert together == pytest.approx(np.hypot(alone, U_CM / 1.96), rel=1e-3)
    assert peaks.fit(calibrated, "lorentz", start).about["axis_sd_cm"] == pytest.approx(0.5)


def test_a_quantity_from_a_position_is_as_uncertain_as_the_axis(spectra):
    template = templates.load("silicon")
    alone, calibrated = (
        {each.quantity.expression[0]: each for each in templates.apply(template, given).quantities}
        for given in (spectra, spectra.with_about(**{AXIS_UNCERTAINTY: U_CM}))
    )
    for first, slope in (("S", 1.0), ("-", 434.0)):  # the line at 25 °C, and the stress in MPa
        assert calibrated[first].value == pytest.approx(alone[first].value)
        assert calibrated[first].error[0] == pytest.approx(np.hypot(alone[first].error[0], slope * U_CM / 1.96))


def test_tables_have_a_column_for_the_axis_only_where_it_is_known(spectra):
    calibrated = spectra.with_about(**{AXIS_UNCERTAINTY: U_CM})
    start = {"center": [520.0], "fwhm": [4.0]}
    plain = [(Path("a"), spectra, peaks.fit(spectra, "lorentz", start))]
    both = [*plain, (Path("b"), calibrated, peaks.fit(calibrated, "lorentz", start))]
    assert "axis_error" not in next(iter(peak_rows(plain)))
    header, first, second = peak_rows(both)
    assert header[-1] == "axis_error"
    assert (first[-1], second[-1]) == ("", "0.5")


def test_spectra_beside_the_processed_ones_carry_the_uncertainty_too(spectra, tmp_path):
    from benchmarks.simulated_axes import Distortion, spectrum_of
    from ramanstudio import calibration

    standard = spectrum_of(calibration.find_substance("silicon"), np.random.default_rng(1), 60.0,
                           Distortion(4.0, 0, 0, 150, 3300))  # fmt: skip
    calibration.calibrate(standard, "silicon", name="A").save(tmp_path / "a.toml")
    processed = Recipe.of(Shift(profile=str(tmp_path / "a.toml"))).apply(standard)
    beside = like_processed(standard, processed)
    assert axis_sd_cm(beside.about) == axis_sd_cm(processed.spectra.about) > 0
