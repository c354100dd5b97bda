"""The library window: what is on the shelf, and every edit of it, as hands do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtWidgets import QInputDialog, QMessageBox

from ramanstudio.core import paths
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.libraries.add_dialog import NamingDialog
from ramanstudio.gui.libraries.library_window import LibraryWindow
from ramanstudio.library import library, starter_library
from tests.gui.driver import Starter, Window
from tests.gui.identify.sample_libraries import ComparingEngine, a_file, a_library, of_the_starter, reference


class Desk:
    """The library window over the main one."""

    def __init__(self, window: Window) -> None:
        self.window = window
        window.do("libraries")
        self.shelf = window.window.findChildren(LibraryWindow)[0]
        self.parts = self.shelf.parts
        self.wait()

    def wait(self) -> None:
        self.window.wait_settled()
        self.window.wait_until(lambda: not self.shelf._soon.isActive())

    def libraries(self) -> list[str]:
        return [self.parts.shelf.item(row).text() for row in range(self.parts.shelf.count())]

    def names(self) -> list[str]:
        model = self.shelf.model
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def turn_to(self, title: str) -> None:
        rows = [row for row, text in enumerate(self.libraries()) if text.startswith(f"{title}\n")]
        self.parts.shelf.setCurrentRow(rows[0])
        self.wait()

    def choose(self, *names: str) -> None:
        flags = QItemSelectionModel.SelectionFlag
        model = self.parts.table.selectionModel()
        model.clearSelection()
        for row, name in enumerate(self.names()):
            if name in names:
                model.select(self.shelf.model.index(row, 0), flags.Select | flags.Rows)
        self.wait()


@pytest.fixture
def desk(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    some = of_the_starter()
    monkeypatch.setattr(starter_library, "starter_references", lambda: some)
    a_library("Stones", ["quartz", "calcite"])
    a_library("Pigments", ["anatase", "barite"])
    window = start(a_file(tmp_path, "stone", {"quartz": 1.0}), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    made = Desk(window)
    yield made
    made.shelf.close()


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (text, True))


def test_it_shows_what_is_on_the_shelf_and_its_spectra(desk: Desk) -> None:
    assert desk.libraries() == ["Pigments\n2 references", "Stones\n2 references", "Starter library\n3 references"]
    desk.turn_to("Stones")
    assert desk.names() == ["calcite", "quartz"]
    assert desk.parts.strip.names == ["calcite"]
    assert "laser 532 nm" in desk.parts.facts.text()
    assert "150 to 1,850 cm⁻¹" in desk.parts.facts.text()
    desk.choose("calcite", "quartz")
    assert set(desk.parts.strip.names) == {"calcite", "quartz"}
    desk.parts.search.setText("QUA")
    assert desk.names() == ["quartz"]


def test_the_starter_library_stays_as_it_is(desk: Desk) -> None:
    desk.turn_to("Starter library")
    assert not any(button.isEnabled() for button in desk.parts.edits)
    assert desk.parts.export.isEnabled()
    assert "stays as it is" in desk.parts.remove.toolTip()


def test_references_are_renamed_and_removed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.turn_to("Stones")
    desk.choose("calcite")
    answer(monkeypatch, "aragonite")
    desk.parts.rename.click()
    desk.window.wait_until(lambda: desk.names() == ["aragonite", "quartz"])
    desk.choose("quartz")
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    desk.parts.remove.click()
    desk.window.wait_until(lambda: desk.names() == ["aragonite"])
    on_disk = library.open(paths.user_libraries() / "Stones.ramanlib")
    assert list(on_disk.names) == ["aragonite"]


def test_the_selected_spectra_become_references(desk: Desk) -> None:
    desk.turn_to("Stones")
    desk.parts.add.click()
    dialog = desk.shelf.findChildren(NamingDialog)[0]
    assert dialog.where.currentText() == "Stones"
    dialog.substance.setText("rose quartz")
    dialog.group.setText("minerals")
    dialog.accept()
    desk.window.wait_until(lambda: "rose quartz" in desk.names())
    added = library.open(paths.user_libraries() / "Stones.ramanlib")
    assert list(added.names) == ["quartz", "calcite", "rose quartz"]
    assert added.spectrum(2).points == 851
    assert added.sources[2] == "stone.txt"


def test_libraries_are_merged_renamed_exported_and_removed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "All")
    desk.parts.merge.click()
    desk.window.wait_until(lambda: "All\n7 references" in desk.libraries())
    assert desk.names()[:2] == sorted(desk.names(), key=str.casefold)[:2], "the new one is shown"
    answer(monkeypatch, "Everything")
    desk.parts.retitle.click()
    desk.window.wait_until(lambda: "Everything\n7 references" in desk.libraries())
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "copy.ramanlib")
    desk.parts.export.click()
    desk.window.wait_until(lambda: (tmp_path / "copy.ramanlib").is_file())
    assert len(library.open(tmp_path / "copy.ramanlib")) == 7
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    desk.parts.take_off.click()
    desk.window.wait_until(lambda: len(desk.libraries()) == 3)
    assert not (paths.user_libraries() / "All.ramanlib").exists()


def test_copies_of_one_spectrum_are_found_whatever_they_are_called(desk: Desk) -> None:
    twice = [reference("quartz"), reference("calcite"), reference("quartz")]
    library.write(paths.user_libraries() / "Twice.ramanlib", twice, "Twice")
    desk.window.studio.libraries.load_again()
    desk.window.wait_until(lambda: "Twice\n3 references" in desk.libraries())
    desk.turn_to("Twice")
    desk.parts.duplicates.click()
    desk.window.wait_until(lambda: desk.names() == ["quartz", "quartz"])
    desk.parts.duplicates.click()
    assert len(desk.names()) == 3


def test_what_cannot_be_opened_stands_on_the_shelf_and_can_be_removed(desk: Desk, asked: list[str]) -> None:
    broken = paths.user_libraries() / "broken.ramanlib"
    broken.write_bytes(b"\x89HDF\r\n\x1a\n" + b"cut short")
    desk.window.studio.libraries.load_again()
    desk.window.wait_until(lambda: "broken.ramanlib\ncould not be opened" in desk.libraries())
    assert "broken.ramanlib" in desk.parts.problem.text()
    desk.turn_to("broken.ramanlib")
    assert [button.isEnabled() for button in desk.parts.edits] == [False, False, False, True]
    assert not desk.parts.export.isEnabled()
    desk.parts.take_off.click()
    desk.window.wait_until(lambda: not broken.exists() and len(desk.libraries()) == 3)
    assert "broken.ramanlib" in asked[0]
    assert not desk.parts.problem.text()
    desk.turn_to("Stones")
    assert desk.names() == ["calcite", "quartz"]


def test_a_library_is_made_of_a_folder(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Salts"
    (folder / "sulphates").mkdir(parents=True)
    a_file(folder / "sulphates", "barite", {"barite": 1.0})
    (folder / "notes.txt").write_text("no spectrum", encoding="utf-8")
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: folder)
    desk.parts.from_folder.click()
    desk.window.wait_until(lambda: "Salts\n1 reference" in desk.libraries())
    assert desk.names() == ["barite"]
    assert desk.shelf.chosen is not None
    assert list(desk.shelf.chosen.groups) == ["sulphates"]
    assert "1 of" in desk.window.message


def test_an_edit_is_refused_where_the_file_has_changed_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.turn_to("Stones")
    path = paths.user_libraries() / "Stones.ramanlib"
    library.open(path).removed(np.array([0]))  # somebody else, on the command line
    desk.choose("calcite")
    answer(monkeypatch, "aragonite")
    desk.parts.rename.click()
    desk.window.wait_until(lambda: "has changed meanwhile" in desk.window.message)
    assert list(library.open(path).names) == ["calcite"]
