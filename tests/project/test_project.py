"""Projects, and the history that steps through them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.history import History
from ramanstudio.project.project import Entry, Exploration, Project, Result, look_like_repeats


def entry(number: int, source: SpectrumSet | None = None) -> Entry:
    return Entry(number, f"{number}.txt", Path(f"/{number}.txt"), source)


def spectra() -> SpectrumSet:
    return SpectrumSet.of(np.arange(10.0), np.ones(10))


def test_undo_and_redo_step_through_the_edits() -> None:
    history = History()
    history.push(Project((entry(1),)), "Open files")
    history.push(Project((entry(1), entry(2))), "Open files")
    assert history.undo_title == "Open files"
    assert len(history.undo().entries) == 1
    assert history.redo_title == "Open files"
    assert len(history.undo().entries) == 0
    assert len(history.undo().entries) == 0  # there is nothing before the beginning
    assert len(history.redo().entries) == 1


def test_an_edit_after_undo_discards_the_redo_steps() -> None:
    history = History()
    history.push(Project((entry(1),)), "Open files")
    history.undo()
    history.push(Project((entry(2),)), "Open files")
    assert history.redo_title == ""
    assert [item.id for item in history.redo().entries] == [2]


def test_edits_with_the_same_key_are_one_undo_step() -> None:
    history = History()
    for count in (1, 2, 3):
        history.push(Project(tuple(entry(number) for number in range(count))), "Open files", key=("open", 1))
    assert len(history.present.entries) == 3
    assert len(history.undo().entries) == 0


def test_results_survive_undo_and_are_no_undo_step() -> None:
    source = spectra()
    history = History()
    history.push(Project((entry(1, source),)), "Open files")
    history.push(history.present.without([1]), "Remove 1 entry")
    history.add_results({1: Result(source, problem="too short")})
    project = history.undo()
    result = project.result(project.entries[0])
    assert result is not None
    assert result.problem == "too short"


def test_results_of_a_file_that_was_read_again_are_dropped() -> None:
    project = Project((entry(1, spectra()),)).with_results({1: Result(spectra())})
    assert project.result(project.entries[0]) is None


def test_a_thousand_edits_share_their_arrays() -> None:
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


def test_four_spectra_or_more_are_a_set() -> None:
    def of(count: int) -> Entry:
        return entry(1, SpectrumSet.of(np.arange(10.0), np.ones((count, 10))))

    assert [of(count).is_set for count in (1, 3, 4, 200)] == [False, False, True, True]
    assert not entry(1).is_set


def test_entries_look_like_repeats_on_one_axis_unless_they_are_one_set() -> None:
    files = [entry(number, spectra()) for number in range(4)]
    assert look_like_repeats(files)
    assert not look_like_repeats(files[:3])
    assert not look_like_repeats([*files, entry(5, SpectrumSet.of(np.arange(11.0), np.ones(11)))])
    assert not look_like_repeats([replace(item, set_id=9) for item in files])
    assert look_like_repeats([*(replace(item, set_id=9) for item in files), entry(5, spectra())])


def test_entries_are_expanded_to_whole_sets() -> None:
    whole = replace(entry(4, spectra()), set_id=4)
    project = Project((*(replace(entry(number, spectra()), set_id=9) for number in range(3)), whole, entry(5)))
    assert [item.id for item in project.expanded_to_sets([project.entries[1], project.entries[4]])] == [0, 1, 2, 5]
    assert [item.id for item in project.expanded_to_sets([whole])] == [4]


def test_undo_keeps_the_exploration_and_reverts_the_groups() -> None:
    history = History()
    members = Members.of_entries([(1, 3)])
    explored = Exploration(members, np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32))
    groups = Groups.from_clustering(members, np.array([0, 0, 1]), np.ones(3, dtype=np.float32))
    history.push(replace(history.present, groups=groups), "Find groups")
    history.push(replace(history.present, groups=groups.renamed(0, "quartz")), "Rename a group")
    history.add_exploration(explored, None)
    assert history.undo_title == "Rename a group"
    before = history.undo()
    assert before.exploration is explored
    assert before.groups is groups
    again = history.redo()
    assert again.groups is not None
    assert again.groups.groups[0].name == "quartz"
