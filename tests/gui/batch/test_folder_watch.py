"""*File > Watch folder…* opens files as they come, reads replaced ones again, and waits for a folder that is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ramanstudio.batch import watching
from ramanstudio.gui.batch import work
from ramanstudio.gui.batch.watch_dialog import WatchDialog
from tests.gui.batch.test_batch_window import BatchEngine
from tests.gui.driver import Starter, Window, write_spectra, write_spectrum


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are whole after a tenth of a second."""

    class Quick(watching.FolderWatcher):
        def __init__(self, folder: Path, **options: object) -> None:
            super().__init__(folder, settle_s=0.1, poll_s=0.05, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "FolderWatcher", Quick)


def begin(window: Window, folder: Path, out: Path | None = None, recipe: str = "Default") -> None:
    window.do("watch_folder")
    dialog = window.window.findChildren(WatchDialog)[-1]
    dialog.source.line.setText(str(folder))
    index = dialog.recipe.findText(recipe)
    dialog.recipe.setCurrentIndex(index)
    dialog.recipe.activated.emit(index)
    if out is not None:
        dialog.writes.setChecked(True)
        dialog.out.line.setText(str(out))
    dialog.start_button.click()
    window.wait_until(lambda: window.window.watch_bar.isVisible())


def test_files_are_opened_as_they_come_processed_and_read_again(start: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write_spectra(folder, 1)
    window = start(loader=lambda *_: BatchEngine())
    begin(window, folder, tmp_path / "out", "Routine")
    window.wait_until(lambda: len(window.rows()) == 1)
    write_spectrum(folder / "later.txt", seed=5)
    window.wait_until(lambda: len(window.rows()) == 2 and "2 files opened, 2 written" in bar(window))
    project = window.services.session.project
    assert [entry.recipe.name for entry in project.entries] == ["Routine", "Routine"]
    assert [entry.name for entry in window.services.session.selected] == ["later.txt"]
    assert len(list((tmp_path / "out").glob("*-processed.csv"))) == 2

    write_spectrum(folder / "later.txt", points=300, seed=6)
    window.wait_until(lambda: "1 read again" in bar(window))
    later = next(entry for entry in window.services.session.project.entries if entry.name == "later.txt")
    assert later.source is not None and later.source.points == 300 and later.recipe.name == "Routine"

    shutil.rmtree(folder)
    window.wait_until(lambda: "is not there" in bar(window))
    folder.mkdir()
    write_spectrum(folder / "back.txt", seed=7)
    window.wait_until(lambda: len(window.rows()) == 3)
    window.window.watch_bar.stop_button.click()
    window.wait_until(lambda: not window.window.watch_bar.isVisible())
    window.wait_settled()


def test_the_watch_ends_with_the_project(start: Starter, tmp_path: Path) -> None:
    write_spectra(tmp_path, 1)
    window = start()
    begin(window, tmp_path)
    window.wait_until(lambda: len(window.rows()) == 1)
    window.wait_until(lambda: window.rows()[0][1] != "")
    window.services.project_files.new()
    window.wait_until(lambda: not window.window.watch_bar.isVisible())
    assert window.rows() == []


def bar(window: Window) -> str:
    return window.window.watch_bar.sentence.text()
