"""What a search says of spectra whose substance is known, lacking, mixed up with fluorescence, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ramanstudio.core.ranges import Region
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.search.band_matching import compared, find_bands
from ramanstudio.search.fingerprints import GRID

AXIS = np.arange(150.0, 1800.0, 2.0)
SUBSTANCES = 30


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(threads=1)


def lines_of(number: int) -> list[tuple[float, float, float]]:
    """Place, height and width in cm⁻¹ of the lines of an invented substance."""
    random = np.random.default_rng(number)
    many = random.integers(5, 9)
    return list(
        zip(random.uniform(200, 1750, many), random.uniform(0.2, 1, many), random.uniform(6, 14, many), strict=True)
    )


def spectrum(
    number: int, axis: NDArray[Any] = AXIS, noise: float = 0.002, glow: float = 0.0, seed: int = 0
) -> SpectrumSet:
    """A measurement of an invented substance whose strongest line is one high."""
    random = np.random.default_rng(1000 * seed + number)
    values = sum(height / (1 + ((axis - place) / (width / 2)) ** 2) for place, height, width in lines_of(number))
    values = values / values.max() + glow * np.exp(-(((axis - 900) / 700) ** 2))
    return SpectrumSet.of(axis, values + noise * random.standard_normal(len(axis)))


@pytest.fixture(scope="module")
def shelf(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = tmp_path_factory.mktemp("shelf") / "invented.ramanlib"
    references = [Reference(f"Substance {number}", spectrum(number)) for number in range(SUBSTANCES)]
    return libraries.write(path, references, "Invented").with_fingerprints(engine)


def asked(engine: Engine, shelf: Library, numbers: Sequence[int], **how: Any) -> list[Any]:
    axis = how.get("axis", AXIS)
    rows = [spectrum(number, seed=1, **how).values[0] for number in numbers]
    return engine.identify(SpectrumSet.of(axis, np.stack(rows)), shelf)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"noise": 0.1},
        {"glow": 10.0, "noise": 0.03},
        {"axis": np.arange(151.3, 1200.0, 1.7)},
    ],
    ids=["clean", "noisy", "fluorescence", "another axis"],
)
def test_a_known_substance_comes_first_and_is_not_unknown(engine: Engine, shelf: Library, how: dict[str, Any]) -> None:
    numbers = range(0, SUBSTANCES, 3)
    answers = asked(engine, shelf, numbers, **how)
    right = [one.matches[0].name == f"Substance {number}" for one, number in zip(answers, numbers, strict=True)]
    assert np.mean(right) >= 0.9
    assert np.mean([one.unknown for one in answers]) <= 0.2


def test_what_the_library_lacks_is_unknown_with_the_nearest_named(engine: Engine, shelf: Library) -> None:
    answers = asked(engine, shelf, range(500, 510))
    assert np.mean([one.unknown for one in answers]) >= 0.8
    said = next(one for one in answers if one.unknown)
    assert said.matches[0].name in said.explanation
    assert "Search in other libraries" in said.explanation
    assert said.matches[0].probability < 0.5


@pytest.mark.parametrize("many", [1, 2, 4])
def test_in_a_library_of_very_few_what_it_lacks_is_unknown_too(engine: Engine, tmp_path: Path, many: int) -> None:
    references = [Reference(f"Substance {number}", spectrum(number)) for number in range(many)]
    few = libraries.write(tmp_path / "few.ramanlib", references, "Few").with_fingerprints(engine)
    assert all(answer.unknown for answer in asked(engine, few, range(20, 30)))
    known = asked(engine, few, range(many))
    assert [answer.matches[0].name for answer in known if not answer.unknown] == [f"Substance {n}" for n in range(many)]


def test_matches_are_told_with_chances_indices_and_gaps(engine: Engine, shelf: Library) -> None:
    answer = asked(engine, shelf, [4])[0]
    first, second = answer.matches[:2]
    assert len({one.name for one in answer.matches}) == len(answer.matches)
    assert sum(one.probability for one in answer.matches) <= 1 + 1e-5
    assert first.hqi > 900 > second.hqi
    assert first.euclid < 0.35 and first.pearson > 0.95
    assert first.gap == pytest.approx(first.score - second.score)
    assert str(shelf.names[first.reference]) == first.name
    strong = [place for place, height, _ in lines_of(4) if height > 0.5]
    assert all(min(abs(place - band) for band in first.matched) < 4 for place in strong)
    assert not first.missing and not first.extra
    assert second.missing or second.extra
    assert 1 <= answer.candidate_set_size <= len(answer.matches)


def test_what_lies_outside_of_the_region_does_not_count(engine: Engine, shelf: Library) -> None:
    """A strong foreign line makes another substance of it, unless it is left out."""
    values = spectrum(7, seed=1).values[0] + 3 * np.exp(-0.5 * ((AXIS - 1000) / 5) ** 2)
    spoilt = SpectrumSet.of(AXIS, values)
    region = Region(150, 1800, excluded=((960, 1040),))
    whole = engine.identify(spoilt, shelf)[0].matches[0]
    kept = engine.identify(spoilt, shelf, within=region)[0].matches[0]
    assert kept.name == "Substance 7"
    assert kept.hqi > 900 > whole.hqi
    assert not any(960 <= band <= 1040 for band in (*kept.matched, *kept.extra))


@pytest.mark.parametrize("values", [np.ones(len(AXIS)), np.full(len(AXIS), np.nan)], ids=["flat", "no numbers"])
def test_a_spectrum_with_nothing_to_compare_is_unknown_and_says_so(
    engine: Engine, shelf: Library, values: NDArray[Any]
) -> None:
    both = SpectrumSet.of(AXIS, np.stack([values, spectrum(3).values[0]]))
    nothing, known = engine.identify(both, shelf)
    assert nothing.unknown and not nothing.matches
    assert "nothing to compare" in nothing.explanation
    assert known.matches[0].name == "Substance 3"


def test_ranges_that_barely_overlap_are_told_with_both_ranges(engine: Engine, shelf: Library) -> None:
    axis = np.arange(1750.0, 3200.0, 2.0)
    answer = engine.identify(spectrum(3, axis), shelf)[0]
    assert answer.unknown
    assert "1752" in answer.explanation or "1751" in answer.explanation or "1753" in answer.explanation
    assert "3199" in answer.explanation or "3197" in answer.explanation
    assert re.search(r"share (46|48|50) cm⁻¹: .* It takes 150\. Measure or compare a wider range", answer.explanation)


def test_a_saturated_spectrum_is_identified_with_a_warning(engine: Engine, shelf: Library) -> None:
    one = spectrum(5, seed=1)
    full = SpectrumSet.of(AXIS, np.minimum(one.values, 0.45))
    assert "detector was full" in engine.identify(full, shelf)[0].explanation
    assert "detector" not in engine.identify(one, shelf)[0].explanation


def test_several_libraries_are_one_search(engine: Engine, shelf: Library, tmp_path: Path) -> None:
    other = libraries.write(tmp_path / "more.ramanlib", [Reference("Newcomer", spectrum(777))], "More")
    answer = engine.identify(spectrum(777, seed=1), [shelf, other])[0]
    assert (answer.matches[0].name, answer.matches[0].library) == ("Newcomer", 1)
    again = engine.identify(spectrum(8, seed=1), [shelf, other])[0]
    assert (again.matches[0].name, again.matches[0].library) == ("Substance 8", 0)


def test_bands_are_matched_missing_or_extra_within_what_both_have() -> None:
    def roots(*places: float) -> NDArray[Any]:
        return sum(np.exp(-0.5 * ((GRID.places - place) / 6) ** 2) for place in places)

    both = (GRID.places > 200) & (GRID.places < 2000)
    matched, missing, extra = compared(find_bands(roots(300, 700, 1500)), find_bands(roots(304, 900, 2500)), both)
    assert matched == pytest.approx((300,), abs=1)
    assert missing == pytest.approx((900,), abs=1)
    assert extra == pytest.approx((700, 1500), abs=1)


def test_a_substance_is_known_by_what_its_specimens_share(engine: Engine, tmp_path: Path) -> None:
    """Crystals lie as they like, which changes heights; a twin has the same lines 4 cm⁻¹ off."""

    def specimen(number: int, seed: int) -> SpectrumSet:
        random = np.random.default_rng(1000 * seed + number)
        lies = np.exp(random.normal(0, 0.8, 20))
        places = [(place + 4 * (number % 2), height) for place, height, _ in lines_of(number // 2)]
        values = sum(h * lies[k] / (1 + ((AXIS - place) / 5) ** 2) for k, (place, h) in enumerate(places))
        return SpectrumSet.of(AXIS, values / values.max() + 0.02 * random.standard_normal(len(AXIS)))

    numbers, seeds = range(24), range(1, 5)
    several = [Reference(f"Mineral {number}", specimen(number, seed)) for number in numbers for seed in seeds]
    library = libraries.write(tmp_path / "several.ramanlib", several, "Several").with_fingerprints(engine)
    asked = SpectrumSet.of(AXIS, np.stack([specimen(number, 9).values[0] for number in numbers]))
    answers = engine.identify(asked, library)
    right = [one.matches[0].name == f"Mineral {number}" for one, number in zip(answers, numbers, strict=True)]
    assert np.mean(right) >= 0.9


def test_noise_alone_is_unknown_and_says_so_even_over_a_short_range(engine: Engine, shelf: Library) -> None:
    random = np.random.default_rng(5)
    axis = np.linspace(924.0, 1667.0, 394)
    found = engine.identify(SpectrumSet.of(axis, random.normal(0, 1, (20, axis.size))), shelf)
    assert sum(one.unknown for one in found) >= 18
    faint = [one for one in found if "No line stands out of the noise" in one.explanation]
    assert not any("other libraries" in one.explanation for one in faint), "it is the spectrum that is wanting"
    assert len(faint) >= 15
    assert all(one.matches for one in faint), "the nearest are shown all the same"
