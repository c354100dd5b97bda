from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.library.starter_library import starter_references
from ramanstudio.search.component_selection import ComponentSelector
from ramanstudio.search.mixture_ranges import MOST_POINTS
from ramanstudio.search.mixtures import Mixture, unmix

Floats = NDArray[np.float64]
AXIS = np.arange(200.0, 1600.0, 1.5)
REFERENCES = {
    reference.name: reference.spectrum
    for reference in starter_references()
    if reference.spectrum.axis[0] <= 200 and reference.spectrum.axis[-1] >= 1600
}
NAMES = sorted({*list(REFERENCES)[:26], "Ethanol", "Cyclohexane", "Paracetamol", "Polypropylene"})


def pure(name: str, shift: float = 0.0) -> Floats:
    """A reference over AXIS, with an area of 1."""
    values = np.interp(AXIS - shift, REFERENCES[name].axis, REFERENCES[name].values[0])
    return np.asarray(values / values.sum())


def mixed(shares: dict[str, float], snr: float = 40.0, shift: float = 0.0, seed: int = 0) -> tuple[Floats, float]:
    """A noisy mixture over fluorescence, and the standard deviation of its noise."""
    bands = sum(share * pure(name, shift) for name, share in shares.items()) / max(shares.values())
    position = np.linspace(0, 1, len(AXIS))
    sigma = float(np.max(bands)) / snr
    fluorescence = 8 * np.max(bands) * np.exp(-((position - 0.3) ** 2) / 0.5)
    return bands + fluorescence + np.random.default_rng(seed).normal(0, sigma, len(AXIS)), sigma


def unmixed(values: Floats, sigma: float) -> Mixture:
    return unmix(AXIS, values, sigma, [REFERENCES[name] for name in NAMES], NAMES)


def fractions(values: Floats, sigma: float) -> dict[str, float]:
    return {NAMES[component.reference]: component.fraction for component in unmixed(values, sigma).components}


@pytest.mark.parametrize(
    "shares",
    [
        {"Ethanol": 1.0},
        {"Ethanol": 0.7, "Cyclohexane": 0.3},
        {"Paracetamol": 0.5, "Polypropylene": 0.5},
        {"Paracetamol": 0.4, "Cyclohexane": 0.35, "Polypropylene": 0.25},
    ],
)
def test_components_and_their_fractions_are_found_under_fluorescence(shares: dict[str, float]) -> None:
    assert fractions(*mixed(shares)) == pytest.approx(shares, abs=0.1)


def test_components_moved_by_another_instrument_are_fractions() -> None:
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4}, shift=3.0)
    mixture = unmixed(values, sigma)
    assert {NAMES[component.reference] for component in mixture.components} == {"Ethanol", "Cyclohexane"}
    assert [component.shift_cm for component in mixture.components] == pytest.approx([3.0, 3.0], abs=1.0)


def test_noise_and_flat_spectra_have_no_components() -> None:
    noise = np.random.default_rng(1).normal(0, 1, len(AXIS))
    assert fractions(noise, 1.0) == {}
    assert fractions(np.full(len(AXIS), 3.0), 0.0) == {}


def test_components_are_sorted_add_up_to_one_and_their_curves_make_up_the_fit() -> None:
    values, sigma = mixed({"Ethanol": 0.3, "Cyclohexane": 0.7})
    mixture = unmixed(values, sigma)
    assert NAMES[mixture.components[0].reference] == "Cyclohexane"
    assert sum(component.fraction for component in mixture.components) == pytest.approx(1.0)
    assert mixture.fitted + mixture.residual == pytest.approx(values)
    assert np.std(mixture.residual) < 2 * sigma
    assert mixture.curves.shape == (2, len(AXIS))
    assert mixture.curves[0].max() > mixture.curves[1].max()


def test_the_stated_error_agrees_with_the_spread_of_repeats() -> None:
    shares = {"Ethanol": 0.5, "Cyclohexane": 0.5}
    errors, deviations = [], []
    for seed in range(6):
        values, sigma = mixed(shares, snr=15, seed=seed)
        mixture = unmix(AXIS, values, sigma, [REFERENCES[name] for name in shares], list(shares))
        errors.append(mixture.components[0].error)
        deviations.append(abs(mixture.components[0].fraction - 0.5))
    assert 0.0 < np.median(deviations) < 3 * np.median(errors) < 0.3


def test_of_two_references_of_one_substance_one_is_used() -> None:
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4})
    moved = REFERENCES["Ethanol"].with_axis(REFERENCES["Ethanol"].axis + 2, REFERENCES["Ethanol"].values)
    references = [REFERENCES["Ethanol"], moved, REFERENCES["Cyclohexane"]]
    components = unmix(AXIS, values, sigma, references, ["Ethanol", "Ethanol", "Cyclohexane"]).components
    assert sorted(component.reference // 2 for component in components) == [0, 1]


def test_references_are_compared_over_their_shared_range_and_short_ones_ignored() -> None:
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4})
    short = SpectrumSet.of(np.arange(300.0, 400.0), np.ones(100))
    ethanol = REFERENCES["Ethanol"]
    truncated = ethanol.with_axis(ethanol.axis[ethanol.axis < 1500], ethanol.values[:, ethanol.axis < 1500])
    mixture = unmix(
        AXIS, values, sigma, [short, truncated, REFERENCES["Cyclohexane"]], ["Short", "Ethanol", "Cyclohexane"]
    )
    assert [component.reference for component in mixture.components] == [1, 2]
    assert np.isfinite(mixture.residual).all(), "where only one reference was measured too"


def test_a_band_outside_the_shared_range_counts_as_unexplained_only_where_a_component_was_measured() -> None:
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4})
    short = [ref.with_axis(ref.axis[ref.axis < 1200], ref.values[:, ref.axis < 1200]) for ref in REFERENCES.values()]
    beyond = values + 3 * np.ptp(values) / (1 + ((AXIS - 1550) / 8) ** 2)
    mixture = unmix(AXIS, beyond, sigma, short, list(REFERENCES))
    whole = REFERENCES["Cyclohexane"]
    longer = [whole if name == "Cyclohexane" else ref for name, ref in zip(REFERENCES, short, strict=True)]
    with_long = unmix(AXIS, beyond, sigma, longer, list(REFERENCES))
    assert np.isnan(mixture.residual[AXIS > 1210]).all(), "no reference was measured there"
    assert with_long.components
    assert np.nanmax(with_long.residual[AXIS > 1500]) > np.ptp(values)
    assert with_long.explained < 0.5


def test_ranges_that_do_not_overlap_are_an_error_that_names_both() -> None:
    outside = SpectrumSet.of(np.arange(2800.0, 3200.0), np.random.default_rng(0).random(400))
    with pytest.raises(StudioError, match=r"200 to 1600 cm⁻¹.*2800 to 3199 cm⁻¹"):
        unmix(AXIS, np.ones(len(AXIS)), 1.0, [outside], ["outside"])
    with pytest.raises(StudioError, match="no references"):
        unmix(AXIS, np.ones(len(AXIS)), 1.0, [], [])


def test_thirty_candidates_on_a_fine_axis_are_few_numbers_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is bounded by the size of the problems: whatever the sampling, at most MOST_POINTS points are fitted."""
    assert len(NAMES) >= 25
    sizes = list[tuple[int, int]]()
    from_columns = ComponentSelector.from_columns

    def counted(columns: Floats, *arguments: Floats) -> ComponentSelector:
        sizes.append(columns.shape)
        return from_columns(columns, *arguments)

    monkeypatch.setattr(ComponentSelector, "from_columns", counted)
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4})
    fine = np.linspace(AXIS[0], AXIS[-1], 20 * len(AXIS))
    unmix(fine, np.interp(fine, AXIS, values), sigma, [REFERENCES[name] for name in NAMES], NAMES)
    assert max(points for points, _ in sizes) <= MOST_POINTS
    assert max(columns for _, columns in sizes) <= 5 * len(NAMES)
    assert len(sizes) <= 12


def test_points_that_are_not_numbers_are_ignored() -> None:
    values, sigma = mixed({"Ethanol": 0.6, "Cyclohexane": 0.4})
    values[100:120] = np.nan
    mixture = unmix(AXIS, values, sigma, [REFERENCES["Ethanol"], REFERENCES["Cyclohexane"]], ["Ethanol", "Cyclohexane"])
    assert [component.fraction for component in mixture.components] == pytest.approx([0.6, 0.4], abs=0.1)
    assert np.isnan(mixture.residual[100:120]).all()


def test_a_filler_whose_reference_ends_below_the_bands_of_the_polymer_is_found() -> None:
    references = {
        reference.name: reference.spectrum
        for reference in starter_references()
        if reference.name in {"Polyethylene", "Calcite", "Talc", "Quartz"}
    }
    axis = np.arange(200.0, 3200.0, 1.5)
    polymer, filler = (
        np.interp(axis, reference.axis, reference.values[0], left=0, right=0)
        for reference in (references["Polyethylene"], references["Calcite"])
    )
    assert references["Calcite"].axis[-1] < 1400  # the polymer's strongest bands lie near 2900
    values = polymer / polymer.sum() * 0.7 + filler / filler.sum() * 0.3
    sigma = float(values.max()) / 50
    values = values + np.random.default_rng(0).normal(0, sigma, len(axis))
    components = unmix(axis, values, sigma, list(references.values()), list(references)).components
    assert {list(references)[component.reference]: component.fraction for component in components} == pytest.approx(
        {"Polyethylene": 0.7, "Calcite": 0.3}, abs=0.1
    )


def test_a_substance_without_reference_has_no_components_rather_than_the_nearest() -> None:
    bands = sum(np.exp(-(((AXIS - centre) / 6) ** 2)) for centre in (333, 577, 741, 949, 1187, 1391, 1520))
    values = bands + np.random.default_rng(2).normal(0, 0.02, len(AXIS))
    mixture = unmixed(values, 0.02)
    assert mixture.components == ()
    assert mixture.explained < 0.7


def test_at_a_very_high_snr_the_bands_decide_and_not_the_ripple_between_them() -> None:
    values, sigma = mixed({"Ethanol": 0.7, "Cyclohexane": 0.3}, snr=20000)
    ripple = 0.004 * np.ptp(values) * np.sin(AXIS / 9)
    assert fractions(values + ripple, sigma) == pytest.approx({"Ethanol": 0.7, "Cyclohexane": 0.3}, abs=0.1)
