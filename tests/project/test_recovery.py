"""What a window that was killed had open comes back: entries, groups, and where each spectrum came from."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.process_lock import ProcessLock
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import registry
from ramanstudio.project import recovery
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Project
from ramanstudio.project.recovery import Recovered, RecoveryWriter, ViewState
from tests.gui.driver import write_spectra


def opened(*paths: Path) -> Project:
    entries = tuple(
        Entry(number, path.name, path, registry.read(path)[0], file_index=0) for number, path in enumerate(paths, 1)
    )
    return Project(entries)


def with_groups(project: Project) -> Project:
    members = Members.of_entries((entry.id, 1) for entry in project.entries)
    rows = np.eye(len(members), dtype=np.float32)
    labels = np.arange(len(members)) % 2
    groups = Groups.from_clustering(members, labels, np.ones(len(members), dtype=np.float32), "k-means")
    return replace(project, groups=groups.renamed(1, "calcite"), exploration=Exploration(members, rows, rows))


def killed(parent: Path, project: Project, **options: object) -> RecoveryWriter:
    """Write `project` as a window does that is killed afterwards."""
    writer = RecoveryWriter(parent)
    writer.write(project, **options)  # type: ignore[arg-type]
    writer.end(keep=True)
    return writer


def restored(parent: Path, moved_to: Path | None = None) -> Recovered:
    return recovery.recover(recovery.find_recoveries(parent)[0], moved_to=moved_to)


def test_groups_and_their_names_come_back_with_the_spectra_of_the_files(tmp_path: Path) -> None:
    project = with_groups(opened(*write_spectra(tmp_path, 4)))
    killed(tmp_path / "recovery", project, view=ViewState((2, 3), "explore"))
    found = recovery.find_recoveries(tmp_path / "recovery")
    assert [(item.n_entries, item.n_groups, item.view) for item in found] == [(4, 2, ViewState((2, 3), "explore"))]
    result = recovery.recover(found[0])
    assert (result.missing, result.changed) == ((), ())
    for before, after in zip(project.entries, result.project.entries, strict=True):
        assert before.source is not None and after.source is not None
        assert (before.id, before.name, before.path, before.file_index) == (
            after.id,
            after.name,
            after.path,
            after.file_index,
        )
        assert np.array_equal(before.source.values, after.source.values)
        assert before.source.about == after.source.about
    assert result.project.groups is not None and result.project.exploration is not None
    assert result.project.groups.names() == ["Group 1", "calcite", "Group 1", "calcite"]


def test_spectra_that_are_in_no_file_are_kept_and_written_once(tmp_path: Path) -> None:
    mean = SpectrumSet.of(np.arange(100.0), np.arange(100.0)).with_table(label=["mean"])
    project = Project((Entry(1, "mean", Path("mean"), mean),))
    writer = RecoveryWriter(tmp_path)
    writer.write(project)
    pack = writer.folder / "spectra-1.h5"
    written = pack.stat().st_mtime_ns
    writer.write(replace(project, search_range=None))
    assert pack.stat().st_mtime_ns == written
    writer.end(keep=True)
    source = restored(tmp_path).project.entries[0].source
    assert source is not None
    assert np.array_equal(source.values, mean.values)
    assert source.table["label"].tolist() == ["mean"]


def test_edited_metadata_come_back(tmp_path: Path) -> None:
    project = opened(*write_spectra(tmp_path, 1))
    entry = project.entries[0]
    assert entry.source is not None
    edited = replace(entry, source=entry.source.with_about(sample="quartz"))
    killed(tmp_path / "recovery", project.with_entries([edited]))
    source = restored(tmp_path / "recovery").project.entries[0].source
    assert source is not None and source.about["sample"] == "quartz"


def test_a_file_that_was_moved_is_looked_for_in_the_folder_that_the_user_says(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    project = with_groups(opened(*write_spectra(tmp_path / "day 1", 3)))
    killed(tmp_path / "recovery", project)
    (tmp_path / "day 1").rename(tmp_path / "archive")
    result = restored(tmp_path / "recovery")
    assert len(result.missing) == 3
    assert all("no longer in" in entry.problem for entry in result.project.entries)
    assert result.project.groups is not None, "groups wait for their spectra"
    moved = restored(tmp_path / "recovery", moved_to=tmp_path / "archive")
    assert moved.missing == ()
    assert all(entry.source is not None for entry in moved.project.entries)


def test_a_file_that_has_changed_since_is_opened_as_it_is_now_and_named(tmp_path: Path) -> None:
    (path,) = write_spectra(tmp_path, 1)
    killed(tmp_path / "recovery", opened(path))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1] + "1"]))
    result = restored(tmp_path / "recovery")
    assert result.changed == (path,)
    assert result.project.entries[0].source is not None


def test_a_window_that_was_closed_leaves_nothing(tmp_path: Path) -> None:
    writer = RecoveryWriter(tmp_path / "recovery")
    writer.write(opened(*write_spectra(tmp_path, 1)))
    writer.end(keep=False)
    assert recovery.find_recoveries(tmp_path / "recovery") == []
    assert list((tmp_path / "recovery").iterdir()) == []


def test_two_windows_do_not_overwrite_each_other_and_an_open_one_is_not_offered(tmp_path: Path) -> None:
    paths = write_spectra(tmp_path, 3)
    parent = tmp_path / "recovery"
    killed(parent, opened(*paths[:1]))
    killed(parent, opened(*paths[:2]))
    still_open = RecoveryWriter(parent)
    still_open.write(opened(*paths))
    assert [item.n_entries for item in recovery.find_recoveries(parent)] == [2, 1]
    still_open.end(keep=False)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom ramanstudio.core.process_lock import ProcessLock\n"
        f"lock = ProcessLock(Path({str(tmp_path)!r}))\nprint(lock.acquire(), flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "True\n"
        lock = ProcessLock(tmp_path)
        assert not lock.acquire()
        process.kill()
        process.wait()
        assert lock.acquire()
        lock.release()


@pytest.mark.parametrize("name", [recovery.EDITS, recovery.SUMMARY, recovery.COMPUTED])
def test_damaged_recovery_files_never_prevent_a_start(tmp_path: Path, name: str) -> None:
    parent = tmp_path / "recovery"
    folder = killed(parent, with_groups(opened(*write_spectra(tmp_path, 2)))).folder
    (folder / name).write_bytes(b"\0" * 50)
    found = recovery.find_recoveries(parent)
    if name == recovery.EDITS:
        with pytest.raises(recovery.StudioError, match=r"Could not read 'edits\.ramanstudio'"):
            recovery.recover(found[0])
    else:
        assert len(recovery.recover(found[0]).project.entries) == 2
