"""The library window: the libraries it lists, and every edit of them, as a user makes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QInputDialog, QMessageBox

from ramanstudio.core import paths
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.libraries.add_dialog import AddReferencesDialog
from ramanstudio.gui.libraries.library_window import LibraryWindow
from ramanstudio.library import library, starter_library
from tests.gui.driver import Starter, Window
from tests.gui.identify.sample_libraries import ComparingEngine, reference, starter_subset, write_library, write_sample


class LibraryWindowDriver:
    """The library window over the main one."""

    def __init__(self, window: Window) -> None:
        self.window = window
        window.do("libraries")
        self.dialog = window.window.findChildren(LibraryWindow)[0]
        self.widgets = self.dialog.widgets
        self.wait()

    def wait(self) -> None:
        self.window.wait_settled()
        self.window.wait_until(lambda: not self.dialog._spectra_timer.isActive())

    def libraries(self) -> list[str]:
        return [self.widgets.libraries.item(row).text() for row in range(self.widgets.libraries.count())]

    def names(self) -> list[str]:
        model = self.dialog.model
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def select_library(self, title: str) -> None:
        rows = [row for row, text in enumerate(self.libraries()) if text.startswith(f"{title}\n")]
        self.widgets.libraries.setCurrentRow(rows[0])
        self.wait()

    def select_references(self, *names: str) -> None:
        flags = QItemSelectionModel.SelectionFlag
        model = self.widgets.table.selectionModel()
        model.clearSelection()
        for row, name in enumerate(self.names()):
            if name in names:
                model.select(self.dialog.model.index(row, 0), flags.Select | flags.Rows)
        self.wait()


@pytest.fixture
def library_window(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibraryWindowDriver]:
    some = starter_subset()
    monkeypatch.setattr(starter_library, "starter_references", lambda: some)
    write_library("Stones", ["quartz", "calcite"])
    write_library("Pigments", ["anatase", "barite"])
    window = start(write_sample(tmp_path, "stone", {"quartz": 1.0}), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    driver = LibraryWindowDriver(window)
    yield driver
    driver.dialog.close()


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (text, True))


def test_libraries_and_their_references_are_listed_with_spectra(library_window: LibraryWindowDriver) -> None:
    assert library_window.libraries() == [
        "Pigments\n2 references",
        "Stones\n2 references",
        "Starter library\n3 references",
    ]
    library_window.select_library("Stones")
    assert library_window.names() == ["calcite", "quartz"]
    assert library_window.widgets.strip.names == ["calcite"]
    assert "laser 532 nm" in library_window.widgets.details.text()
    assert "150 to 1850 cm⁻¹" in library_window.widgets.details.text()
    library_window.select_references("calcite", "quartz")
    assert set(library_window.widgets.strip.names) == {"calcite", "quartz"}
    library_window.widgets.search.setText("QUA")
    assert library_window.names() == ["quartz"]


def test_the_starter_library_cannot_be_edited(library_window: LibraryWindowDriver) -> None:
    library_window.select_library("Starter library")
    assert not any(button.isEnabled() for button in library_window.widgets.editing_buttons)
    assert library_window.widgets.export.isEnabled()
    assert "cannot be edited" in library_window.widgets.remove_references.toolTip()


def test_references_are_renamed_and_removed(
    library_window: LibraryWindowDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_window.select_library("Stones")
    library_window.select_references("calcite")
    answer(monkeypatch, "aragonite")
    library_window.widgets.rename_references.click()
    library_window.window.wait_until(lambda: library_window.names() == ["aragonite", "quartz"])
    library_window.select_references("quartz")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    library_window.widgets.remove_references.click()
    library_window.window.wait_until(lambda: library_window.names() == ["aragonite"])
    on_disk = library.open(paths.user_libraries() / "Stones.ramanlib")
    assert list(on_disk.names) == ["aragonite"]


def test_selected_spectra_are_added_as_references(library_window: LibraryWindowDriver) -> None:
    library_window.select_library("Stones")
    library_window.widgets.add_selected.click()
    dialog = library_window.dialog.findChildren(AddReferencesDialog)[0]
    assert dialog.library.currentText() == "Stones"
    dialog.substance.setText("rose quartz")
    dialog.group.setText("minerals")
    dialog.accept()
    library_window.window.wait_until(lambda: "rose quartz" in library_window.names())
    added = library.open(paths.user_libraries() / "Stones.ramanlib")
    assert list(added.names) == ["quartz", "calcite", "rose quartz"]
    assert added.spectrum(2).points == 851
    assert added.sources[2] == "stone.txt"


def test_libraries_are_merged_renamed_exported_and_deleted(
    library_window: LibraryWindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "All")
    library_window.widgets.merge.click()
    library_window.window.wait_until(lambda: "All\n7 references" in library_window.libraries())
    assert library_window.names()[:2] == sorted(library_window.names(), key=str.casefold)[:2], "the new one is shown"
    answer(monkeypatch, "Everything")
    library_window.widgets.rename_library.click()
    library_window.window.wait_until(lambda: "Everything\n7 references" in library_window.libraries())
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "copy.ramanlib")
    library_window.widgets.export.click()
    library_window.window.wait_until(lambda: (tmp_path / "copy.ramanlib").is_file())
    assert len(library.open(tmp_path / "copy.ramanlib")) == 7
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    library_window.widgets.delete.click()
    library_window.window.wait_until(lambda: len(library_window.libraries()) == 3)
    assert not (paths.user_libraries() / "All.ramanlib").exists()


def test_duplicates_are_listed_whatever_their_names(library_window: LibraryWindowDriver) -> None:
    twice = [reference("quartz"), reference("calcite"), reference("quartz")]
    library.write(paths.user_libraries() / "Twice.ramanlib", twice, "Twice")
    library_window.window.services.libraries.reload()
    library_window.window.wait_until(lambda: "Twice\n3 references" in library_window.libraries())
    library_window.select_library("Twice")
    library_window.widgets.duplicates.click()
    library_window.window.wait_until(lambda: library_window.names() == ["quartz", "quartz"])
    library_window.widgets.duplicates.click()
    assert len(library_window.names()) == 3


def test_a_file_that_cannot_be_opened_is_listed_and_can_be_deleted(
    library_window: LibraryWindowDriver, asked: list[str]
) -> None:
    broken = paths.user_libraries() / "broken.ramanlib"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + b"cut short")
    library_window.window.services.libraries.reload()
    library_window.window.wait_until(lambda: "broken.ramanlib\ncould not be opened" in library_window.libraries())
    assert "broken.ramanlib" in library_window.widgets.problem.text()
    library_window.select_library("broken.ramanlib")
    assert [button.isEnabled() for button in library_window.widgets.editing_buttons] == [False, False, False, True]
    assert not library_window.widgets.export.isEnabled()
    library_window.widgets.delete.click()
    library_window.window.wait_until(lambda: not broken.exists() and len(library_window.libraries()) == 3)
    assert "broken.ramanlib" in asked[0]
    assert not library_window.widgets.problem.text()
    library_window.select_library("Stones")
    assert library_window.names() == ["calcite", "quartz"]


def test_a_library_is_created_from_a_folder(
    library_window: LibraryWindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Salts"
    (folder / "sulphates").mkdir(parents=True)
    write_sample(folder / "sulphates", "barite", {"barite": 1.0})
    (folder / "notes.txt").write_text("no spectrum", encoding="utf-8")
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: folder)
    library_window.widgets.create_from_folder.click()
    library_window.window.wait_until(lambda: "Salts\n1 reference" in library_window.libraries())
    assert library_window.names() == ["barite"]
    assert library_window.dialog.library is not None
    assert list(library_window.dialog.library.groups) == ["sulphates"]
    assert "1 of" in library_window.window.message


def test_an_edit_is_refused_when_another_program_has_changed_the_file(
    library_window: LibraryWindowDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    library_window.select_library("Stones")
    path = paths.user_libraries() / "Stones.ramanlib"
    library.open(path).removed(np.array([0]))  # somebody else, on the command line
    library_window.select_references("calcite")
    answer(monkeypatch, "aragonite")
    library_window.widgets.rename_references.click()
    library_window.window.wait_until(lambda: "was changed in the meantime" in library_window.window.message)
    assert list(library.open(path).names) == ["calcite"]
