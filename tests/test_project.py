"""Projects, and the history that steps through them."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np

from ramanstudio.project import Entry, History, Project, Result
from ramanstudio.spectra import SpectrumSet


def entry(number: int, source: SpectrumSet | None = None) -> Entry:
    return Entry(number, f"{number}.txt", Path(f"/{number}.txt"), source)


def spectra() -> SpectrumSet:
    return SpectrumSet.of(np.arange(10.0), np.ones(10))


def test_undo_and_redo_step_through_the_edits() -> None:
    history = History()
    history.push(Project((entry(1),)), "Open files")
    history.push(Project((entry(1), entry(2))), "Open files")
    assert history.undoes == "Open files"
    assert len(history.undo().entries) == 1
    assert history.redoes == "Open files"
    assert len(history.undo().entries) == 0
    assert len(history.undo().entries) == 0  # there is nothing before the beginning
    assert len(history.redo().entries) == 1


def test_an_edit_after_undo_forgets_what_was_undone() -> None:
    history = History()
    history.push(Project((entry(1),)), "Open files")
    history.undo()
    history.push(Project((entry(2),)), "Open files")
    assert history.redoes == ""
    assert [one.id for one in history.redo().entries] == [2]


def test_the_batches_of_one_drop_are_one_step() -> None:
    history = History()
    for count in (1, 2, 3):
        history.push(Project(tuple(entry(number) for number in range(count))), "Open files", key=("open", 1))
    assert len(history.present.entries) == 3
    assert len(history.undo().entries) == 0


def test_results_survive_undo_and_are_no_step_of_their_own() -> None:
    source = spectra()
    history = History()
    history.push(Project((entry(1, source),)), "Open files")
    history.push(history.present.without([1]), "Remove 1 entry")
    history.keep({1: Result(source, problem="too short")})
    project = history.undo()
    found = project.result(project.entries[0])
    assert found is not None
    assert found.problem == "too short"


def test_a_result_is_not_that_of_an_entry_which_was_read_again() -> None:
    project = Project((entry(1, spectra()),)).with_results({1: Result(spectra())})
    assert project.result(project.entries[0]) is None


def test_a_thousand_edits_share_their_arrays_and_take_next_to_no_memory() -> None:
    big = SpectrumSet.of(np.arange(1000.0), np.zeros((20_000, 1000)))
    history = History(depth=2000)
    tracemalloc.start()
    try:
        for number in range(1000):
            history.push(Project((entry(1, big), entry(number + 2))), "Edit")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 20_000_000, "one copy of the set alone is 80 MB"
    for _ in range(999):
        history.undo()
    assert history.present.entries[0].source is big
