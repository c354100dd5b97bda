"""What spectra were found to be, saved in a project and read again."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import h5py
import numpy as np
import pytest

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project import project_file
from ramanstudio.project.project import Entry, Identifications, Project
from ramanstudio.search.matches import Identification, Match


def match_of(name: str, chance: float, *bands: tuple[float, ...]) -> Match:
    return Match(name, chance, 0.9, 812.5, -0.1, 1.2, 0.25, 1, 4321, *bands)


def project_with(results: tuple[Identification | None, ...]) -> Project:
    source = SpectrumSet(np.linspace(200, 1800, 64), np.ones((len(results), 64), dtype=np.float32))
    entry = Entry(7, "map.txt", Path("map.txt"), source)
    identifications = Identifications(source, results, "what was asked", ("abc", "déf"))
    return Project((entry,), identifications=MappingProxyType({7: identifications}))


RESULTS = (
    Identification((match_of("Quartz α", 0.97, (464.25, 206.0), (), (988.0,)), match_of("Opal", 0.02)), False, 1),
    None,
    Identification((), True, 0, "The spectrum is flat."),
    Identification((match_of("Opal", 0.3, (), (1.0, 2.0, 3.0)),), True, 0, "Nothing is credible."),
)


@pytest.mark.parametrize("results", [RESULTS, (None, None), RESULTS[2:3]])
def test_identifications_survive_saving_and_opening(tmp_path: Path, results: tuple[Identification | None, ...]) -> None:
    project_file.save(project_with(results), tmp_path / "work.ramanstudio")
    project = project_file.load(tmp_path / "work.ramanstudio")
    (entry,) = project.entries
    identifications = project.identification(entry)
    assert identifications is not None
    assert identifications.results == results
    assert (identifications.query_key, identifications.libraries) == ("what was asked", ("abc", "déf"))


@pytest.mark.parametrize("name", ["rows", "verdicts", "names", "bands", "texts", "band_counts"])
def test_identifications_that_contradict_each_other_are_left_out_and_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "work.ramanstudio"
    project_file.save(project_with(RESULTS), path)
    with h5py.File(path, "r+") as file:
        group = file["identified/7"]
        short = group[name][()][:-1]
        del group[name]
        group[name] = short
    warnings: list[str] = []
    project = project_file.load(path, Progress(on_warning=warnings.append))
    assert project.identification(project.entries[0]) is None
    assert len(warnings) == 1
    assert "'work.ramanstudio' is damaged: the identifications of entry 7 could not be read" in warnings[0]


def test_identifications_of_a_file_that_was_read_again_are_dropped(tmp_path: Path) -> None:
    project = project_with(RESULTS)
    other = Entry(7, "map.txt", Path("map.txt"), SpectrumSet(np.linspace(200, 1800, 64), np.ones((4, 64))))
    assert project.with_entries([other]).identification(other) is None
