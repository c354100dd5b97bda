"""The fit of one spectrum with its curves, in ranges where it is long."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError, peaks
from ramanstudio.peaks.spectrum_fit import fit_spectrum, model_of

AXIS = np.arange(200.0, 1800.0, 1.0)
TRUTH = ((500.0, 10.0, 1.0), (520.0, 14.0, 0.6), (1100.0, 20.0, 0.8), (1160.0, 8.0, 2.0))


def spectrum():
    curve = sum(height / (1 + (2 * (AXIS - center) / fwhm) ** 2) for center, fwhm, height in TRUTH)
    bent = 5 * np.exp(-(((AXIS - 900) / 900) ** 2))
    return SpectrumSet(AXIS, (curve + bent + np.random.default_rng(0).normal(0, 0.01, AXIS.size))[None])


def test_a_long_spectrum_is_fitted_in_ranges_that_do_not_reach_into_each_other():
    model = peaks.PeakModel.of([line[0] + 1 for line in TRUTH], [line[1] for line in TRUTH], "lorentz")
    fit = fit_spectrum(spectrum(), model)
    assert fit.table["center"] == pytest.approx([line[0] for line in TRUTH], abs=0.3)
    assert [len(part.peaks) for part in fit.ranges] == [2, 1, 1]
    for part in fit.ranges:
        measured = np.interp(part.axis, AXIS, spectrum().values[0])
        assert part.fit + part.residual == pytest.approx(measured, abs=1e-6)
        assert part.baseline + part.peaks.sum(axis=0) == pytest.approx(part.fit, abs=1e-9)
        assert np.std(part.residual) < 0.03
    assert fit.model.peaks[0].center.value == pytest.approx(fit.table["center"][0])


def test_only_the_peaks_in_a_range_are_fitted():
    model = peaks.PeakModel.of([line[0] for line in TRUTH], [line[1] for line in TRUTH], "lorentz")
    fit = fit_spectrum(spectrum(), model, within=(450, 570))
    assert fit.table["peak"].tolist() == [0, 1]
    with pytest.raises(StudioError, match="no peak between 700 and 800"):
        fit_spectrum(spectrum(), model, within=(700, 800))
    with pytest.raises(StudioError, match="no peak to fit"):
        fit_spectrum(spectrum(), peaks.PeakModel(()))


def test_found_peaks_are_a_model_with_their_shapes():
    found = peaks.find(spectrum(), within=(450, 570))
    model = model_of(found, "pseudo-voigt")
    assert [peak.center.value for peak in model.peaks] == found["position"].tolist()
    assert model.peaks[0].shapes["eta"].value == found["eta"][0]
