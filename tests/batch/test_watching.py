"""Watching a folder: files are opened once they are whole, again when replaced, and a lost folder is waited for."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ramanstudio import batch
from ramanstudio.batch.watching import FolderWatcher
from ramanstudio.core.errors import StudioError
from tests.batch.test_processing import RECIPE, table, write
from tests.processing.test_steps import CountingDenoiser


class Clock:
    """Looks at a folder as if seconds had passed."""

    def __init__(self, watcher: FolderWatcher) -> None:
        self._watcher, self._now = watcher, 0.0

    def after(self, seconds: float) -> list[str]:
        """The names of files that are whole after so many seconds."""
        self._now += seconds
        return [file.name for file in self._watcher._look(self._now)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def clock(folder: Path, notes: list[str]) -> Iterator[Clock]:
    watcher = FolderWatcher(folder, settle_s=3, on_note=notes.append)
    yield Clock(watcher)
    watcher._end_observer()


def test_a_file_that_is_written_slowly_is_given_once_and_whole(folder: Path, clock: Clock) -> None:
    for number in range(10):
        with (folder / "slow.txt").open("a") as file:
            file.write(f"{number}\t{number}\n")
        assert clock.after(1) == []
    assert clock.after(1) == []
    assert clock.after(3) == ["slow.txt"]
    assert clock.after(10) == []


def test_an_empty_file_waits_for_its_content(folder: Path, clock: Clock) -> None:
    (folder / "new.txt").touch()
    assert clock.after(1) == clock.after(10) == []
    write(folder / "new.txt")
    assert clock.after(1) == []
    assert clock.after(3) == ["new.txt"]


def test_a_file_that_is_replaced_is_given_again(folder: Path, clock: Clock) -> None:
    write(folder / "quartz.txt", 1)
    assert clock.after(1) == []
    assert clock.after(3) == ["quartz.txt"]
    (folder / "quartz.txt").write_text("1\t2\n3\t4\n")
    assert clock.after(1) == []
    assert clock.after(3) == ["quartz.txt"]


def test_a_folder_that_disappears_and_returns_is_waited_for(folder: Path, clock: Clock, notes: list[str]) -> None:
    write(folder / "quartz.txt", 1)
    clock.after(0)
    assert clock.after(3) == ["quartz.txt"]
    shutil.move(folder, folder.with_name("away"))
    assert clock.after(1) == clock.after(1) == []
    assert len(notes) == 1 and "not there" in notes[0]
    shutil.move(folder.with_name("away"), folder)
    write(folder / "calcite.txt", 2)
    clock.after(1)
    assert clock.after(3) == ["calcite.txt"]
    assert notes[1].endswith("is back.")


def test_a_folder_that_does_not_exist_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no folder"):
        FolderWatcher(tmp_path / "nowhere")


def test_files_of_a_watched_folder_are_processed_as_they_come(folder: Path) -> None:
    write(folder / "quartz.txt", 1)
    (folder / "notes.txt").write_text("hello")
    options = {"engine": CountingDenoiser(), "settle_s": 0.0, "poll_s": 0.05, "idle_s": 0.5}
    results = []
    for result in batch.watch(folder, RECIPE, folder, **options):  # type: ignore[arg-type]
        results.append((result.file.name, result.error is None))
        if len(results) == 2:
            write(folder / "calcite.txt", 2)
    assert results == [("notes.txt", False), ("quartz.txt", True), ("calcite.txt", True)]
    assert [Path(row["file"]).name for row in table(folder / "results.csv")] == ["quartz.txt", "calcite.txt"]
    write(folder / "diamond.txt", 3)
    again = [(result.file.name, result.resumed) for result in batch.watch(folder, RECIPE, folder, **options)]  # type: ignore[arg-type]
    assert ("diamond.txt", False) in again and ("quartz.txt", True) in again


def test_a_watch_can_be_stopped(folder: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert list(batch.watch(folder, RECIPE, engine=CountingDenoiser(), stop=stop)) == []
