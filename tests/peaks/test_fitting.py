"""peaks.fit: the numbers of other programs, errors that hold, ties and limits, and what cannot be fitted."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError, peaks
from ramanstudio.peaks.profiles import evaluate, profile

AXIS = np.arange(400.0, 700.0, 0.75)
CENTERS, WIDTHS, HEIGHTS = np.array([480.0, 520.0, 610.0]), np.array([12.0, 18.0, 9.0]), np.array([1.0, 0.6, 0.8])
SHAPES = {"lorentz_share": 0.4, "eta": 0.4, "inverse_q": 0.2, "asymmetry": 0.25}


def lines(kind="lorentz", n=1, snr=50.0, seed=0, heights=HEIGHTS, centers=CENTERS):
    row = profile(kind)
    shapes = np.broadcast_to([SHAPES[shape.name] for shape in row.shapes], (1, 3, len(row.shapes)))
    curve = (evaluate(row, AXIS, centers[None], WIDTHS[None], shapes)[0] * heights[:, None]).sum(axis=0)
    noise = np.random.default_rng(seed).normal(0, 1 / snr, (n, AXIS.size))
    return SpectrumSet(AXIS, curve + 0.3 + 0.001 * (AXIS - 400) + noise)


def start(n=1, offset=2.0):
    return {
        "spectrum": np.repeat(np.arange(n), 3),
        "center": np.tile(CENTERS + offset, n),
        "fwhm": np.tile(WIDTHS * 1.3, n),
    }


@pytest.mark.parametrize("kind", ["lorentz", "gauss", "pseudo-voigt", "voigt", "bwf", "split-pseudo-voigt"])
def test_every_profile_recovers_what_a_spectrum_was_made_of(kind):
    table = peaks.fit(lines(kind, snr=300.0), kind, start())
    for name, truth in (("center", CENTERS), ("fwhm", WIDTHS), ("height", HEIGHTS)):
        assert np.all(np.abs(table[name] - truth) < 4.5 * table[f"{name}_error"]), name
        assert np.all(table[f"{name}_error"] < 0.1 * WIDTHS)
    for shape in profile(kind).shapes:
        assert np.all(np.abs(table[shape.name] - SHAPES[shape.name]) < 4.5 * table[f"{shape.name}_error"])
    assert table["reduced_chi2"] == pytest.approx(1, abs=0.3)


def test_values_and_errors_are_those_of_lmfit():
    models = pytest.importorskip("lmfit.models")
    spectra = lines(snr=100.0)
    model = models.LinearModel()
    for index in range(3):
        model += models.LorentzianModel(prefix=f"p{index}_")
    guess = {"slope": 0.0, "intercept": 0.3}
    for index in range(3):
        guess |= {f"p{index}_center": CENTERS[index] + 2, f"p{index}_sigma": WIDTHS[index] / 2}
        guess |= {f"p{index}_amplitude": HEIGHTS[index] * WIDTHS[index] * np.pi / 2}
    result = model.fit(spectra.values[0].astype(float), x=AXIS, **guess)
    table = peaks.fit(spectra, "lorentz", start())
    for index in range(3):
        for name, theirs in (("center", "center"), ("fwhm", "fwhm"), ("area", "amplitude")):
            parameter = result.params[f"p{index}_{theirs}"]
            assert table[name][index] == pytest.approx(parameter.value, abs=0.05 * parameter.stderr)
            assert table[f"{name}_error"][index] == pytest.approx(parameter.stderr, rel=0.03)


@pytest.mark.parametrize("kind", ["lorentz", "pseudo-voigt"])
def test_two_thirds_of_the_truth_lie_within_one_standard_error(kind):
    table = peaks.fit(lines(kind, n=300, snr=15.0), kind, start(300))
    area = profile(kind).area(WIDTHS, np.full((3, 1), SHAPES["eta"])) * HEIGHTS
    for name, truth in (("center", CENTERS), ("fwhm", WIDTHS), ("area", area)):
        within = np.abs(table[name] - np.tile(truth, 300)) < table[f"{name}_error"]
        assert 0.62 < within.mean() < 0.75, name


def test_errors_hold_where_neighbouring_points_share_their_noise():
    rng = np.random.default_rng(1)
    clean = lines(snr=1e9).values
    white = rng.normal(0, 0.05, (200, AXIS.size + 4))
    correlated = np.stack([white[:, lag : lag + AXIS.size] for lag in range(5)]).mean(axis=0)
    table = peaks.fit(SpectrumSet(AXIS, clean + correlated), "lorentz", start(200))
    within = np.abs(table["center"] - np.tile(CENTERS, 200)) < table["center_error"]
    assert 0.6 < within.mean() < 0.77


def test_a_line_that_is_not_there_has_no_significance_but_an_error():
    table = peaks.fit(lines(heights=np.array([1.0, 0.0, 0.8])), "pseudo-voigt", start())
    assert table["significance"][1] < 3 < table["significance"][0]
    assert np.all(np.isfinite(table["center_error"]) & (table["center_error"] > 0) & (table["area_error"] > 0))
    assert table["flag"][1] == "below three standard errors"


def test_widths_distances_and_heights_can_be_tied_and_centres_locked():
    model = peaks.PeakModel.of(
        CENTERS + 1,
        12.0,
        "lorentz",
        ties=(
            peaks.Tie("width", 1, 0, 1.5),
            peaks.Tie("distance", 2, 1, 90.0),
            peaks.Tie("ratio", 1, 0, 0.6),
        ),
    ).with_peak(0, center=peaks.Parameter(480.0, locked=True))
    table = peaks.fit(lines(n=3), start=model)
    first = table.of(0)
    assert first["center"][0] == 480.0
    assert first["center_error"][0] == 0
    assert first["fwhm"][1] == pytest.approx(1.5 * first["fwhm"][0], rel=1e-3)
    assert first["center"][2] - first["center"][1] == pytest.approx(90.0)
    assert first["height"][1] == pytest.approx(0.6 * first["height"][0])
    assert first["height"] == pytest.approx(HEIGHTS, abs=0.1)


def test_a_parameter_stays_within_its_limits():
    model = peaks.PeakModel.of(CENTERS, WIDTHS, "lorentz").with_peak(
        1, center=peaks.Parameter(515.0, low=512.0, high=516.0)
    )
    table = peaks.fit(lines(), start=model)
    assert table["center"][1] == pytest.approx(516.0)
    assert table["center_error"][1] > 0
    assert table["flag"][1] == "at a limit"


def test_points_without_a_number_are_left_out():
    values = lines(n=2).values.copy()
    values[1, 100:110] = np.nan
    table = peaks.fit(SpectrumSet(AXIS, values), "lorentz", start(2))
    assert np.all(np.abs(table["center"] - np.tile(CENTERS, 2)) < 5 * table["center_error"])
    assert not table.problems


def test_a_spectrum_without_numbers_is_a_sentence_and_the_others_are_fitted():
    values = lines(n=2).values.copy()
    values[0] = np.nan
    table = peaks.fit(SpectrumSet(AXIS, values), "lorentz", start(2))
    assert set(table["spectrum"]) == {1}
    assert "Spectrum 1 has 0 points for 11 parameters." in str(table.problems[0])


def test_an_expected_error_weights_the_points():
    spectra = lines(snr=50.0)
    table = peaks.fit(spectra, "lorentz", start(), expected_error=np.full(spectra.values.shape, 0.02))
    once = peaks.fit(spectra, "lorentz", start(), expected_error=0.02)
    assert table["center"] == pytest.approx(once["center"])
    doubled = peaks.fit(spectra, "lorentz", start(), expected_error=0.04)
    assert doubled["center_error"] == pytest.approx(2 * once["center_error"], rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"within": (2000, 2100)}, "0 points between 2000 and 2100 cm⁻¹"),
        ({"baseline": "wavy"}, "no baseline 'wavy'"),
        ({"start": {"height": [1.0]}}, "no column 'center'"),
        ({"start": 520.0}, "not a table of peaks"),
        ({"start": {"center": [500.0], "spectrum": [7]}}, "spectrum 7 where there are 1 spectra"),
        ({"start": {"center": np.linspace(410, 690, 100)}}, "400 points for 402 parameters"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(arguments, sentence):
    with pytest.raises(StudioError, match=sentence):
        peaks.fit(lines(), "pseudo-voigt", **{"start": start(), **arguments})


def test_a_table_is_written_as_csv(tmp_path):
    table = peaks.fit(lines(), "lorentz", start())
    text = table.to_csv(tmp_path / "peaks.csv").read_text().splitlines()
    assert text[0].startswith("spectrum,peak,center,center_error,fwhm,fwhm_error,height,height_error,area,area_error")
    assert len(text) == 4
    assert float(text[1].split(",")[2]) == pytest.approx(480, abs=1)


def test_a_fit_may_start_from_what_was_found_or_from_nothing():
    spectra = lines(n=2, snr=100.0)
    found = peaks.find(spectra)
    table = peaks.fit(spectra, "lorentz", found)
    alone = peaks.fit(spectra, "lorentz")
    for result in (table, alone):
        assert result["center"] == pytest.approx(np.tile(CENTERS, 2), abs=0.3)


def test_several_sets_are_counted_through():
    table = peaks.fit([lines(n=2), lines(n=1, seed=4)], "lorentz", start(3))
    assert table["spectrum"].tolist() == [0] * 3 + [1] * 3 + [2] * 3


def test_every_peak_has_a_finite_error_even_where_the_model_is_wrong():
    broad = lines(snr=200.0).values + 0.3 * np.sin(AXIS / 9)  # correlated residuals: errors were zero, once
    table = peaks.fit(SpectrumSet(AXIS, broad), "gauss", {"center": [480.0, 482.0, 560.0, 610.0], "fwhm": [9.0] * 4})
    for name in ("center", "fwhm", "height", "area"):
        assert np.all(np.isfinite(table[f"{name}_error"]) & (table[f"{name}_error"] > 0))


def test_a_saturated_top_is_noted():
    cut = np.minimum(lines(snr=300.0).values, 1.34)
    table = peaks.fit(SpectrumSet(AXIS, cut), "lorentz", start())
    assert table["flag"].tolist() == ["saturated: the top is cut off", "", ""]


def test_nothing_is_less_certain_than_its_limits():
    table = peaks.fit(SpectrumSet(AXIS, np.full((1, AXIS.size), 5.0)), "voigt", {"center": [500.0], "fwhm": [10.0]})
    assert table["center_error"][0] < 30


def test_the_error_of_a_subtracted_baseline_is_alike_over_a_line_and_widens_its_area():
    axis = np.arange(400.0, 600.0)
    rng = np.random.default_rng(3)
    n = 300
    line = 1 / (1 + ((axis - 500) / 8) ** 2)
    under = rng.normal(0, 0.1, (n, 1)) * np.exp(-4 * np.log(2) * ((axis - 500) / 24) ** 2)
    noise = rng.normal(0, 0.02, (n, axis.size))
    spectra = SpectrumSet(axis, line + under + noise)
    smooth = np.broadcast_to(0.1 * np.exp(-4 * np.log(2) * ((axis - 500) / 60) ** 2), (n, axis.size))
    start = {"center": [500.0], "fwhm": [16.0]}
    total = np.hypot(0.02, smooth)
    area = 8 * np.pi

    def coverage(**options):
        table = peaks.fit(spectra, "lorentz", start, expected_error=total, **options)
        return np.mean(np.abs(table["area"] - area) < table["area_error"])

    assert coverage() < 0.45
    assert 0.55 < coverage(baseline_error=smooth) < 0.85
