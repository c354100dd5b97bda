"""A save or export that fails is a sentence, and nothing in memory is lost."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from ramanstudio.core import writing
from ramanstudio.export.export_plan import ExportOptions, plan_export
from ramanstudio.export.figure_options import FigureOptions
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document.exporting import figure_spectra
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.library import starter_library
from tests.gui.driver import Starter, Window, write_spectra
from tests.gui.identify.sample_libraries import ComparingEngine, starter_subset, write_library, write_sample


def fill_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the disk is full when a file is synchronised to it."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "_synchronise", fail)


@pytest.fixture
def window(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Window:
    """Two spectra, denoised and identified."""
    substances = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: substances)
    write_library()
    files = write_sample(tmp_path, "stone", {"quartz": 1.0}), write_sample(tmp_path, "spar", {"calcite": 1.0})
    window = start(*files, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_identify")
    window.wait_until(lambda: isinstance(window.window.tabs.page("identify"), IdentifyPage))
    window.wait_until(lambda: len(window.services.session.project.identifications) == 2)
    window.wait_settled()
    window.do("select_all")
    return window


EXPORTS: dict[str, Callable[[Window, Path], object]] = {
    "spectra": lambda window, folder: window.services.exporting.write(
        plan_export(window.services.exporting.items("all"), ExportOptions(), folder), []
    ),
    "figure": lambda window, folder: window.services.exporting.figure(
        folder / "figure.png", figure_spectra(window.services.exporting.denoised), FigureOptions()
    ),
    "identifications": lambda window, folder: window.services.exporting.identified(
        folder / "matches.csv", window.services.libraries.all
    ),
    "library": lambda window, folder: window.services.libraries.export(
        window.services.libraries.all[0], folder / "copy.ramanlib"
    ),
    "project": lambda window, folder: window.services.project_files.save(folder / "work.ramanstudio"),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_on_a_full_disk_an_export_is_a_sentence_and_can_be_repeated(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    project = window.services.session.project
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with monkeypatch.context() as full:
        fill_disk(full)
        EXPORTS[kind](window, tmp_path)
        window.wait_until(lambda: "the disk is full" in window.message)
        window.wait_settled()
    assert "unexpected" not in window.message
    assert window.services.session.project is project
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before, "nothing half-written is left"
    EXPORTS[kind](window, tmp_path)
    window.wait_until(lambda: "saved" in window.message)


def test_a_project_that_could_not_be_saved_is_still_there_to_save(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    path = tmp_path / "work.ramanstudio"
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: path)
    window.do("save_project")
    window.wait_until(lambda: "was saved" in window.message)
    saved = path.read_bytes()
    window.services.session.remove([window.services.session.project.entries[0].id])
    assert window.services.project_files.would_lose
    with monkeypatch.context() as full:
        fill_disk(full)
        window.do("save_project")
        window.wait_until(lambda: "the disk is full" in window.message)
    assert window.services.project_files.would_lose
    assert path.read_bytes() == saved
    assert len(window.rows()) == 1


def test_an_edit_of_a_library_that_cannot_be_written_leaves_it_as_it_was(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = window.services.libraries.all[0]
    with monkeypatch.context() as full:
        fill_disk(full)
        window.services.libraries.edit(
            library, lambda now, progress: now.titled("Another title", progress), "Renaming the library"
        )
        window.wait_until(lambda: "the disk is full" in window.message)
    assert window.services.libraries.all[0] is library
    assert library.spectrum(0).points > 0
