"""Identifying spectra whose substance is known, missing from the library, under fluorescence, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.search.band_matching import find_bands, match_bands
from ramanstudio.search.fingerprints import GRID
from ramanstudio.search.library_search import BATCH_SIZE, search
from ramanstudio.search.matches import Identification

AXIS = np.arange(150.0, 1800.0, 2.0)
SUBSTANCES = 30


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(threads=1)


def bands_of(number: int) -> list[tuple[float, float, float]]:
    """Position, height and width in cm⁻¹ of the bands of an invented substance."""
    random = np.random.default_rng(number)
    n_bands = random.integers(5, 9)
    positions, heights = random.uniform(200, 1750, n_bands), random.uniform(0.2, 1, n_bands)
    return list(zip(positions, heights, random.uniform(6, 14, n_bands), strict=True))


def spectrum(
    number: int, axis: NDArray[Any] = AXIS, noise: float = 0.002, fluorescence: float = 0.0, seed: int = 0
) -> SpectrumSet:
    """A measurement of an invented substance whose strongest band has height 1."""
    random = np.random.default_rng(1000 * seed + number)
    values = sum(height / (1 + ((axis - centre) / (width / 2)) ** 2) for centre, height, width in bands_of(number))
    values = values / values.max() + fluorescence * np.exp(-(((axis - 900) / 700) ** 2))
    return SpectrumSet.of(axis, values + noise * random.standard_normal(len(axis)))


@pytest.fixture(scope="module")
def library(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = tmp_path_factory.mktemp("libraries") / "invented.ramanlib"
    references = [Reference(f"Substance {number}", spectrum(number)) for number in range(SUBSTANCES)]
    return libraries.write(path, references, "Invented").with_fingerprints(engine)


def identify_substances(
    engine: Engine, library: Library, numbers: Sequence[int], **measurement: Any
) -> list[Identification]:
    axis = measurement.get("axis", AXIS)
    rows = [spectrum(number, seed=1, **measurement).values[0] for number in numbers]
    return engine.identify(SpectrumSet.of(axis, np.stack(rows)), library)


@pytest.mark.parametrize(
    "measurement",
    [
        {},
        {"noise": 0.1},
        {"fluorescence": 10.0, "noise": 0.03},
        {"axis": np.arange(151.3, 1200.0, 1.7)},
    ],
    ids=["clean", "noisy", "fluorescence", "another axis"],
)
def test_a_known_substance_ranks_first_and_is_not_unknown(
    engine: Engine, library: Library, measurement: dict[str, Any]
) -> None:
    numbers = range(0, SUBSTANCES, 3)
    results = identify_substances(engine, library, numbers, **measurement)
    names = [result.matches[0].name for result in results]
    assert np.mean([name == f"Substance {number}" for name, number in zip(names, numbers, strict=True)]) >= 0.9
    assert np.mean([result.unknown for result in results]) <= 0.2


def test_a_substance_missing_from_the_library_is_unknown_and_the_nearest_is_named(
    engine: Engine, library: Library
) -> None:
    results = identify_substances(engine, library, range(500, 510))
    assert np.mean([result.unknown for result in results]) >= 0.8
    unknown = next(result for result in results if result.unknown)
    assert unknown.matches[0].name in unknown.explanation
    assert "Search other libraries" in unknown.explanation
    assert unknown.matches[0].probability < 0.5


@pytest.mark.parametrize("n_references", [1, 2, 4])
def test_in_a_very_small_library_missing_substances_are_unknown_too(
    engine: Engine, tmp_path: Path, n_references: int
) -> None:
    references = [Reference(f"Substance {number}", spectrum(number)) for number in range(n_references)]
    small = libraries.write(tmp_path / "small.ramanlib", references, "Small").with_fingerprints(engine)
    assert all(result.unknown for result in identify_substances(engine, small, range(20, 30)))
    known = identify_substances(engine, small, range(n_references))
    names = [result.matches[0].name for result in known if not result.unknown]
    assert names == [f"Substance {number}" for number in range(n_references)]


def test_matches_have_probabilities_indices_and_gaps(engine: Engine, library: Library) -> None:
    result = identify_substances(engine, library, [4])[0]
    first, second = result.matches[:2]
    assert len({match.name for match in result.matches}) == len(result.matches)
    assert sum(match.probability for match in result.matches) <= 1 + 1e-5
    assert first.hqi > 900 > second.hqi
    assert first.euclid < 0.35 and first.pearson > 0.95
    for match in result.matches:  # HQI is 1000 r², and the distance of unit vectors √(2 − 2 r)
        assert match.hqi == pytest.approx(1000 * (1 - match.euclid**2 / 2) ** 2, abs=0.01)
    assert 1 < first.hqi < 999.9, "r is neither 0 nor 1, which are their own squares"
    assert first.gap == pytest.approx(first.score - second.score)
    assert str(library.names[first.reference]) == first.name
    strong = [centre for centre, height, _ in bands_of(4) if height > 0.5]
    assert all(min(abs(centre - band) for band in first.matched) < 4 for centre in strong)
    assert not first.missing and not first.extra
    assert second.missing or second.extra
    assert 1 <= result.candidate_set_size <= len(result.matches)


def test_excluding_a_range_ignores_a_foreign_band_in_it(engine: Engine, library: Library) -> None:
    """With a strong foreign band the spectrum is matched to another substance, unless that band is excluded."""
    values = spectrum(7, seed=1).values[0] + 3 * np.exp(-0.5 * ((AXIS - 1000) / 5) ** 2)
    contaminated = SpectrumSet.of(AXIS, values)
    region = Region(150, 1800, excluded=((960, 1040),))
    without_region = engine.identify(contaminated, library)[0].matches[0]
    within_region = engine.identify(contaminated, library, within=region)[0].matches[0]
    assert within_region.name == "Substance 7"
    assert within_region.hqi > 900 > without_region.hqi
    assert not any(960 <= band <= 1040 for band in (*within_region.matched, *within_region.extra))


@pytest.mark.parametrize("values", [np.ones(len(AXIS)), np.full(len(AXIS), np.nan)], ids=["flat", "no numbers"])
def test_a_spectrum_with_nothing_to_compare_is_unknown_and_says_so(
    engine: Engine, library: Library, values: NDArray[Any]
) -> None:
    both = SpectrumSet.of(AXIS, np.stack([values, spectrum(3).values[0]]))
    nothing, known = engine.identify(both, library)
    assert nothing.unknown and not nothing.matches
    assert "nothing to compare" in nothing.explanation
    assert known.matches[0].name == "Substance 3"


@pytest.mark.parametrize("factor", [3e38, 1e38, 1e20, 1e-20, 1e-38, 1e-41], ids=lambda factor: f"{factor:g}")
def test_spectra_of_any_scale_are_identified_alike(engine: Engine, library: Library, factor: float) -> None:
    values = spectrum(6, seed=1).values[0].astype(np.float64)
    three = SpectrumSet.of(AXIS, np.stack([values, values * factor, -values * factor]))
    plain, scaled, inverted = engine.identify(three, library)
    assert scaled.matches[0].name == plain.matches[0].name == "Substance 6"
    assert scaled.matches[0].probability == pytest.approx(plain.matches[0].probability, abs=0.02)
    assert inverted.matches


@pytest.mark.parametrize(
    "axis",
    [
        np.linspace(-1e300, 1e300, 400),
        np.geomspace(100, 1e300, 400),
        500 + 1e-12 * np.arange(400),
        np.linspace(1e6, 2e6, 400),
    ],
    ids=["both ways", "far out", "no width", "outside"],
)
def test_an_impossible_axis_gives_a_result_that_says_why(engine: Engine, library: Library, axis: NDArray[Any]) -> None:
    (result,) = engine.identify(SpectrumSet.of(axis, np.sin(np.arange(400.0))), library)
    assert result.unknown
    assert 20 < len(result.explanation) < 300


def test_no_spectra_and_identical_spectra_are_identified(engine: Engine, library: Library) -> None:
    same = spectrum(9, seed=1).values
    assert engine.identify(SpectrumSet(AXIS, np.zeros((0, AXIS.size))), library) == []
    results = engine.identify(SpectrumSet(AXIS, np.repeat(same, 4, axis=0)), library)
    assert {result.matches[0].name for result in results} == {"Substance 9"}
    assert len(set(results)) == 1


def test_many_spectra_give_the_results_of_each_alone(engine: Engine, library: Library) -> None:
    """Batches are searched in several threads; order and results stay."""
    rows = np.concatenate([spectrum(number, seed=1).values for number in range(SUBSTANCES)])
    many = engine.compute_fingerprints([SpectrumSet.of(AXIS, rows)])
    repeated = {name: np.resize(array, (BATCH_SIZE * 3 + 7, *array.shape[1:])) for name, array in many.items()}
    reports = list[int]()
    results = search(repeated, [library], progress=Progress(lambda done, *_: reports.append(done)))
    assert reports[0] == 0 and reports[-1] == len(results) == len(repeated["first"])
    assert reports == sorted(reports)
    alone = [search({name: array[:1] for name, array in repeated.items()}, [library])[0]]
    assert results[0].matches[0].name == results[SUBSTANCES].matches[0].name == alone[0].matches[0].name
    assert results[0].matches[0].probability == pytest.approx(alone[0].matches[0].probability, abs=1e-6)
    names = [result.matches[0].name for result in results[:SUBSTANCES]]
    assert sum(name == f"Substance {number}" for number, name in enumerate(names)) >= 0.9 * SUBSTANCES


def test_a_search_can_be_cancelled_between_batches(engine: Engine, library: Library) -> None:
    one = engine.compute_fingerprints([spectrum(1)])
    many = {name: np.resize(array, (BATCH_SIZE * 4, *array.shape[1:])) for name, array in one.items()}
    reports = list[int]()
    progress = Progress(lambda done, *_: reports.append(done), is_cancelled=lambda: len(reports) >= 2)
    with pytest.raises(Cancelled):
        search(many, [library], progress=progress)
    assert len(reports) <= 3


def test_a_library_with_damaged_fingerprints_is_named(engine: Engine, library: Library, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.ramanlib"
    damaged.write_bytes(library.path.read_bytes())
    with h5py.File(damaged, "a") as file:
        file["prints/rough"][3, 5] = np.nan
    with pytest.raises(StudioError, match=r"library 'Invented' is damaged: its fingerprints"):
        engine.identify(spectrum(1), libraries.open(damaged))


def test_when_ranges_hardly_overlap_the_result_names_both(engine: Engine, library: Library) -> None:
    axis = np.arange(1750.0, 3200.0, 2.0)
    result = engine.identify(spectrum(3, axis), library)[0]
    assert result.unknown
    assert re.search(r"175[123]–31(97|99) cm⁻¹", result.explanation)
    assert re.search(
        r"share (46|48|50) cm⁻¹ .* at least 150 are needed\. Measure or compare a wider range", result.explanation
    )


def test_a_saturated_spectrum_is_identified_with_a_warning(engine: Engine, library: Library) -> None:
    clean = spectrum(5, seed=1)
    saturated = SpectrumSet.of(AXIS, np.minimum(clean.values, 0.45))
    assert "detector was saturated" in engine.identify(saturated, library)[0].explanation
    assert "detector" not in engine.identify(clean, library)[0].explanation


def test_several_libraries_are_searched_as_one(engine: Engine, library: Library, tmp_path: Path) -> None:
    other = libraries.write(tmp_path / "more.ramanlib", [Reference("Newcomer", spectrum(777))], "More")
    match = engine.identify(spectrum(777, seed=1), [library, other])[0].matches[0]
    assert (match.name, match.library) == ("Newcomer", 1)
    match = engine.identify(spectrum(8, seed=1), [library, other])[0].matches[0]
    assert (match.name, match.library) == ("Substance 8", 0)


def test_bands_are_matched_missing_or_extra_within_the_shared_range() -> None:
    def roots(*centres: float) -> NDArray[Any]:
        return sum(np.exp(-0.5 * ((GRID.centres_cm - centre) / 6) ** 2) for centre in centres)

    shared = (GRID.centres_cm > 200) & (GRID.centres_cm < 2000)
    query, reference = find_bands(roots(300, 700, 1500)), find_bands(roots(304, 900, 2500))
    matched, missing, extra = match_bands(query, reference, shared, 0, GRID.samples)
    assert matched == pytest.approx((300,), abs=1)
    assert missing == pytest.approx((900,), abs=1)
    assert extra == pytest.approx((700, 1500), abs=1)
    assert match_bands(query, reference, shared, 0, GRID.samples, tolerance_cm=3.0)[0] == ()


def test_an_uncertain_axis_widens_the_tolerance_between_bands_and_is_said(engine: Engine, library: Library) -> None:
    measured = spectrum(3)
    moved = measured.with_axis(measured.axis + 9.0, measured.values)
    exact, loose = (
        engine.identify(moved.with_about(axis_uncertainty_cm=axis_cm), library)[0] for axis_cm in (0.3, 8.0)
    )
    matched = [{match.name: match.matched for match in result.matches}["Substance 3"] for result in (exact, loose)]
    assert len(matched[1]) > len(matched[0])
    assert "known to ± 8.0 cm⁻¹ only" in loose.explanation
    assert "known to" not in exact.explanation


def test_a_substance_is_recognised_by_what_its_specimens_share(engine: Engine, tmp_path: Path) -> None:
    """The orientation of crystals changes heights; every other substance has the same bands moved by 4 cm⁻¹."""

    def specimen(number: int, seed: int) -> SpectrumSet:
        random = np.random.default_rng(1000 * seed + number)
        factors = np.exp(random.normal(0, 0.8, 20))
        bands = [(centre + 4 * (number % 2), height) for centre, height, _ in bands_of(number // 2)]
        values = sum(h * factors[k] / (1 + ((AXIS - centre) / 5) ** 2) for k, (centre, h) in enumerate(bands))
        return SpectrumSet.of(AXIS, values / values.max() + 0.02 * random.standard_normal(len(AXIS)))

    numbers, seeds = range(24), range(1, 5)
    references = [Reference(f"Mineral {number}", specimen(number, seed)) for number in numbers for seed in seeds]
    library = libraries.write(tmp_path / "specimens.ramanlib", references, "Specimens").with_fingerprints(engine)
    queries = SpectrumSet.of(AXIS, np.stack([specimen(number, 9).values[0] for number in numbers]))
    names = [result.matches[0].name for result in engine.identify(queries, library)]
    assert np.mean([name == f"Mineral {number}" for name, number in zip(names, numbers, strict=True)]) >= 0.9


def test_noise_alone_is_unknown_and_says_so_even_over_a_short_range(engine: Engine, library: Library) -> None:
    random = np.random.default_rng(5)
    axis = np.linspace(924.0, 1667.0, 394)
    results = engine.identify(SpectrumSet.of(axis, random.normal(0, 1, (20, axis.size))), library)
    assert sum(result.unknown for result in results) >= 18
    too_noisy = [result for result in results if "No band stands out from the noise" in result.explanation]
    assert not any("other libraries" in result.explanation for result in too_noisy), "the spectrum is at fault"
    assert len(too_noisy) >= 15
    assert all(result.matches for result in too_noisy), "the nearest are shown all the same"
