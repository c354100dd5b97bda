"""Positions of peaks against libraries: the reference with these lines comes first."""

import numpy as np
import pytest

from ramanstudio import SpectrumSet, StudioError
from ramanstudio.library import library
from ramanstudio.library.library import Reference
from ramanstudio.peaks.matching import match_positions

AXIS = np.arange(150.0, 1300.0, 1.0)
LINES = {"calcite": (281, 712, 1086), "quartz": (206, 464), "rutile": (447, 610), "dolomite": (300, 724, 1098)}


@pytest.fixture
def minerals(tmp_path):
    def reference(name):
        values = sum(100 / (1 + ((AXIS - place) / 4) ** 2) for place in LINES[name])
        return Reference(name, SpectrumSet(AXIS, values[None]), sample=name)

    return library.write(tmp_path / "minerals.ramanlib", [reference(name) for name in LINES], "Minerals")


def test_the_reference_with_the_lines_of_the_spectrum_comes_first(minerals):
    best, *_ = match_positions([280.5, 711.0, 1087.0], [minerals])
    assert best.name == "calcite"
    assert best.score == pytest.approx(1)
    assert (best.matched, best.missing) == ((280.5, 711.0, 1087.0), ())


def test_lines_that_are_missing_count_against_a_reference_unless_they_were_not_measured(minerals):
    def score(**options):
        matches = {match.name: match for match in match_positions([463.0], [minerals], **options)}
        return matches["quartz"].score

    assert score() < 0.75 < score(within=(300, 1300))


def test_without_peaks_or_libraries_it_is_a_sentence(minerals):
    with pytest.raises(StudioError, match="no peak to match"):
        match_positions([], [minerals])
    with pytest.raises(StudioError, match="no library to match with"):
        match_positions([500.0], [])
    assert match_positions([1250.0], [minerals]) == []
