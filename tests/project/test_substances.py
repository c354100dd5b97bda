"""Substances are listed most common first, and spectra without any last."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.project import Entry, Identifications, Project
from ramanstudio.project.substances import SubstanceCounts, substances_of
from ramanstudio.search.matches import Identification, Match

NAMES = ("quartz", "calcite", "", "calcite", "", "", "albite", None, "calcite")  # "" is unknown, None not searched yet
SOURCE = SpectrumSet(np.linspace(200, 1800, 9), np.ones((len(NAMES), 9)))


def identification(name: str | None) -> Identification | None:
    if name is None:
        return None
    match = Match(name, 0.9, 0.9, 900.0, 0.9, 0.1, 0.5, 0, 0, (), (), ())
    return Identification((match,) if name else (), not name, len(name) and 1)


def identifications() -> Identifications:
    return Identifications(SOURCE, tuple(map(identification, NAMES)))


def test_the_substances_of_a_map_are_in_the_order_of_their_number_and_unknown_is_last() -> None:
    names, labels = substances_of(identifications())
    assert names == ("calcite", "albite", "quartz", UNKNOWN)
    np.testing.assert_array_equal(labels, [2, 0, 3, 0, 3, 3, 1, np.nan, 0])


def test_the_substances_of_a_project_are_counted_in_the_same_order() -> None:
    entry = Entry(7, "map", Path("map.wdf"), SOURCE)
    counts = SubstanceCounts()
    counts.count(Project((entry,), identifications=MappingProxyType({7: identifications()})), lambda _: True)
    counted = [(substance.name, substance.count) for substance in counts.substances]
    assert counted == [("calcite", 3), ("albite", 1), ("quartz", 1), (UNKNOWN, 3)]
    assert (counts.done, counts.total) == (8, 9)
    np.testing.assert_array_equal(counts.members_of("calcite").rows, [1, 3, 8])
