"""Maps and series: the same peaks in every spectrum, bad fits started again from their neighbours."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, peaks
from ramanstudio.peaks.series import fit_series

AXIS = np.arange(400.0, 700.0, 1.0)


def drifting(n=60, shift=1.0, snr=60.0):
    """A line that moves by `shift` cm⁻¹ from spectrum to spectrum."""
    centers = 480.0 + shift * np.arange(n)
    values = 1 / (1 + ((AXIS - centers[:, None]) / 5) ** 2) + np.random.default_rng(0).normal(0, 1 / snr, (n, 300))
    return SpectrumSet(AXIS, values, {"z": np.arange(n, dtype=float)}), centers


def test_a_line_that_moves_is_followed_through_a_series():
    spectra, centers = drifting()
    start = {"center": [480.0], "fwhm": [10.0]}
    alone = peaks.fit(spectra, "lorentz", start)
    followed = fit_series(spectra, "lorentz", start)
    assert np.mean(np.abs(alone["center"] - centers) < 1) < 0.7
    assert np.mean(np.abs(followed["center"] - centers) < 1) > 0.95


def test_a_spectrum_with_something_else_is_flagged_and_the_others_are_as_before():
    spectra, _ = drifting(shift=0.0)
    values = spectra.values.copy()
    values[7] += np.sin(AXIS / 3)
    start = {"center": [482.0], "fwhm": [9.0]}
    table = fit_series(spectra.with_values(values), "lorentz", start)
    assert table["flag"][7] != ""
    assert np.mean(table["flag"] == "") > 0.9
    plain = peaks.fit(spectra, "lorentz", start)
    kept = np.arange(60) != 7
    assert table["center"][kept] == pytest.approx(plain["center"][kept], abs=0.02)


def test_ties_limits_and_locks_of_a_model_hold_in_every_spectrum_of_a_series():
    spectra, centers = drifting(n=30, snr=100.0)
    second = 0.5 / (1 + ((AXIS - centers[:30, None] - 40) / 5) ** 2)
    model = peaks.PeakModel(
        (
            peaks.Peak(peaks.Parameter(480.0), peaks.Parameter(10.0, 8.0, 12.0)),
            peaks.Peak(peaks.Parameter(520.0), peaks.Parameter(10.0)),
        ),
        "lorentz",
        ties=(peaks.Tie("distance", 1, 0, 40.0), peaks.Tie("width", 1, 0), peaks.Tie("ratio", 1, 0, 0.5)),
    )
    table = fit_series(spectra.with_values(spectra.values + second), start=model)
    found = {name: table[name].reshape(-1, 2) for name in ("center", "fwhm", "height")}
    assert np.mean(np.abs(found["center"][:, 0] - centers[:30]) < 1) > 0.95
    assert found["center"][:, 1] - found["center"][:, 0] == pytest.approx(np.full(30, 40.0))
    assert found["height"][:, 1] == pytest.approx(0.5 * found["height"][:, 0])
    assert found["fwhm"][:, 1] == pytest.approx(found["fwhm"][:, 0], rel=0.05)
    assert np.all((found["fwhm"][:, 0] > 7.9) & (found["fwhm"][:, 0] < 12.1))
