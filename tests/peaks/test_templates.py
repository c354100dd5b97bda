"""Templates: those that come with the program, what they compute, when they do not apply, and the user's own."""

from dataclasses import replace

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError
from ramanstudio.core import paths
from ramanstudio.peaks import Parameter, templates
from ramanstudio.peaks.profiles import evaluate, profile
from ramanstudio.peaks.quantity import Quantity


def spectrum(axis, lines, snr=200.0, n=1):
    """Lorentzian `lines` (center, fwhm, height) with noise."""
    center, fwhm, height = np.array(lines).T
    curve = (evaluate(profile("lorentz"), axis, center[None], fwhm[None], np.zeros((1, len(lines), 0)))[0]).T @ height
    noise = np.random.default_rng(0).normal(0, height.max() / snr, (n, axis.size))
    return SpectrumSet(axis, curve + noise)


@pytest.mark.parametrize("path", templates.available(), ids=lambda path: path.stem)
def test_every_template_that_comes_with_the_program_has_a_reference_and_says_when_it_does_not_apply(path):
    template = templates.read(path)
    assert "doi:" in template.reference
    assert template.not_for
    assert template.quantities
    names = {peak.name for peak in template.model.peaks}
    assert all(quantity.names() <= names for quantity in template.quantities)
    assert all(template.within[0] < peak.center.value < template.within[1] for peak in template.model.peaks)


def test_carbon_gives_the_ratio_and_the_temperatures_of_its_bands():
    axis = np.arange(950.0, 1850.0, 1.5)
    lines = [(1350, 60, 0.6), (1580, 25, 1.0), (1618, 15, 0.2)]
    fit = templates.apply(templates.load("carbon"), spectrum(axis, lines))
    values = {item.quantity.name: item for item in fit.quantities}
    assert abs(values["I(D)/I(G)"].value[0] - 0.6) < 5 * values["I(D)/I(G)"].error[0]
    area = 60 * 0.6 / (60 * 0.6 + 25 + 15 * 0.2)
    assert values["R2"].value[0] == pytest.approx(area, abs=0.05)
    temperature = values["temperature, Beyssac 2002"]
    assert temperature.value[0] == pytest.approx(641 - 445 * area, abs=25)
    assert temperature.error[0] >= 50  # that of the thermometer


def test_silicon_takes_the_temperature_out_of_the_stress():
    axis = np.arange(490.0, 560.0, 0.5)
    hot = spectrum(axis, [(520.5 - 0.022 * 100, 4, 1.0)])
    template = templates.load("silicon")
    assert templates.load("Silicon, crystallinity").key == "silicon-crystallinity"
    cold = templates.apply(template, hot).quantity_table()
    right = templates.apply(template, hot, variables={"temperature_k": 398.15}).quantity_table()
    name = "stress (uniaxial, in (100)) / MPa"
    assert right[name][0] == pytest.approx(0, abs=40)
    assert cold[name][0] == pytest.approx(434 * 2.2, abs=40)


def test_the_error_of_a_ratio_is_its_scatter():
    axis = np.arange(1250.0, 1420.0, 1.0)
    spectra = spectrum(axis, [(1332.4, 5, 1.0)], snr=20.0, n=200)
    fit = templates.apply(templates.load("diamond"), spectra)
    stress = next(item for item in fit.quantities if item.quantity.name.startswith("stress"))
    assert np.std(stress.value) == pytest.approx(np.median(stress.error), rel=0.2)


def test_a_template_outside_of_the_measured_range_is_a_sentence():
    with pytest.raises(StudioError, match=r"'Diamond' needs 1290 to 1380 cm⁻¹, these spectra span 200 to 900 cm⁻¹"):
        templates.apply(templates.load("diamond"), spectrum(np.arange(200.0, 901.0), [(500, 10, 1)]))
    with pytest.raises(StudioError, match=r"no template 'gold'.*carbon"):
        templates.load("gold")


def test_peaks_that_are_optional_may_lie_outside():
    axis = np.arange(1450.0, 2850.0, 2.0)
    fit = templates.apply(templates.load("graphene"), spectrum(axis, [(1583, 14, 1), (2680, 30, 2)]))
    assert fit.table["name"].tolist() == ["G", "2D"]
    assert "I(D)/I(G)" not in fit.quantity_table()
    assert fit.quantity_table()["I(2D)/I(G)"][0] == pytest.approx(2, rel=0.1)


def test_a_formula_that_needs_a_peak_that_is_not_there_does_not_hold():
    axis = np.arange(950.0, 1850.0, 1.5)
    fit = templates.apply(templates.load("carbon"), spectrum(axis, [(1580, 25, 1.0)], snr=100))
    width = next(item for item in fit.quantities if "(D2)" in item.quantity.name)
    assert not width.is_valid[0]


def test_a_template_of_the_user_is_written_and_read_again():
    template = templates.load("carbon")
    own = replace(template, title="My carbon", model=template.model.with_peak(1, fwhm=Parameter(70.0, 20.0, 200.0)))
    path = templates.write(paths.user_data() / "peaks" / "mine.toml", own)
    again = templates.load("mine")
    assert path.is_file()
    assert (again.title, again.model, again.quantities) == ("My carbon", own.model, own.quantities)


@pytest.mark.parametrize("expression", ["__import__('os')", "D1.height.real", "D1.height(2)", "[1]", "D1.depth", "1 +"])
def test_a_formula_is_sums_and_products_of_peaks_and_nothing_else(expression):
    with pytest.raises(StudioError, match="is not a formula of peaks"):
        Quantity("x", expression).parsed()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("title = 3", "'title' is 3"),
        ("no toml", "is not a TOML file"),
        ('title="x"\nrange_cm=[1,2]\n[[peak]]\nname="a"\ncenter_cm=[3,2,1]\nfwhm_cm=[1,2,3]', "not in order"),
    ],
)
def test_a_damaged_template_is_a_sentence(tmp_path, content, sentence):
    (tmp_path / "bad.toml").write_text(content)
    with pytest.raises(StudioError, match=sentence):
        templates.read(tmp_path / "bad.toml")


def test_peaks_become_a_template_with_their_locks_limits_and_ties():
    from ramanstudio.peaks import Peak, PeakModel, Tie

    peaks = (
        Peak(Parameter(520.0, 515.0, 525.0), Parameter(5.0, locked=True), "Si"),
        Peak(Parameter(700.0), Parameter(8.0)),
        Peak(Parameter(700.3), Parameter(8.0)),
    )
    model = PeakModel(peaks, "lorentz", "flat", (Tie("distance", 1, 0, 180.0), Tie("ratio", 2, 1, 0.5)))
    path = templates.keep(templates.of_model("My wafer!", model, (480.0, 740.0)))
    assert templates.is_own(path) and path in templates.available()
    again = templates.load("my-wafer")
    assert [peak.name for peak in again.model.peaks] == ["Si", "p700", "p700_2"]
    assert (again.model.ties, again.model.profile, again.model.baseline) == (model.ties, "lorentz", "flat")
    si = again.model.peaks[0]
    assert (si.center, si.fwhm.locked, si.center.locked) == (Parameter(520.0, 515.0, 525.0), True, False)
    with pytest.raises(StudioError, match="comes with the program"):
        templates.keep(replace(again, title="Carbon"))


def test_strain_and_doping_of_graphene_are_for_a_single_layer_only():
    axis = np.arange(1250.0, 2850.0, 2.0)
    for width, holds in ((30, True), (80, False)):
        fit = templates.apply(templates.load("graphene"), spectrum(axis, [(1583, 14, 1), (2690, width, 1)]))
        valid = {item.quantity.name.split(" ")[0]: bool(item.is_valid[0]) for item in fit.quantities}
        assert (valid["strain"], valid["shift"], valid["width"]) == (holds, holds, True)
