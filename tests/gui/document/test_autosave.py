"""Nothing that was done is lost when the program is killed: it is offered at the next start, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document import autosave
from tests.gui.document.test_saving import with_groups
from tests.gui.driver import Starter, Window, write_spectra


@pytest.fixture(autouse=True)
def saves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosave, "DELAY_MS", 1)


def killed(window: Window) -> None:
    """Leave behind what a killed window leaves: its files, and a free lock."""
    window.wait_settled()
    window.window.end_in_order()
    window.services.autosave.end()


def test_a_killed_session_is_offered_and_restored(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 4))
    window.wait_settled()
    with_groups(window)
    window.services.session.edit_groups(lambda groups: groups.renamed(1, "calcite"), "Rename a group")
    killed(window)

    again = start()
    bar = again.window.recovery_bar
    again.wait_until(bar.isVisible)
    assert "did not close properly" in bar.sentence.text()
    assert "4 entries and 2 groups" in bar.sentence.text()
    bar.restore_button.click()
    again.wait_until(lambda: [state for _, state in again.rows()] == ["denoised"] * 4)
    groups = again.services.session.groups
    assert groups is not None and "calcite" in groups.names()
    assert not bar.isVisible()
    assert again.window.windowTitle() == "Untitled* – RamanStudio", "it is not saved as a project yet"


def test_a_session_that_was_closed_is_not_offered(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    window.window.close()
    window.services.autosave.end()
    again = start()
    again.wait_settled()
    assert not again.window.recovery_bar.isVisible()


def test_a_discarded_session_is_not_offered_again(start: Starter, tmp_path: Path) -> None:
    killed(start(*write_spectra(tmp_path, 2)))
    again = start()
    again.wait_until(again.window.recovery_bar.isVisible)
    again.window.recovery_bar.discard_button.click()
    assert not again.window.recovery_bar.isVisible()
    third = start()
    third.wait_settled()
    assert not third.window.recovery_bar.isVisible()


def test_a_restored_session_survives_the_next_kill(start: Starter, tmp_path: Path) -> None:
    killed(start(*write_spectra(tmp_path, 3)))
    again = start()
    again.wait_until(again.window.recovery_bar.isVisible)
    again.window.recovery_bar.restore_button.click()
    again.wait_until(lambda: len(again.rows()) == 3)
    killed(again)
    third = start()
    third.wait_until(third.window.recovery_bar.isVisible)
    assert "3 entries" in third.window.recovery_bar.sentence.text()


def test_moved_files_are_asked_for_once(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "day 1").mkdir()
    killed(start(*write_spectra(tmp_path / "day 1", 3)))
    (tmp_path / "day 1").rename(tmp_path / "archive")
    monkeypatch.setattr(dialogs, "ask_folder", lambda *_: tmp_path / "archive")
    again = start()
    again.wait_until(again.window.recovery_bar.isVisible)
    again.window.recovery_bar.restore_button.click()
    again.wait_until(lambda: bool(again.window.findChildren(QMessageBox)))
    (box,) = again.window.findChildren(QMessageBox)
    assert box.text() == "3 files are not where they were."
    next(button for button in box.buttons() if button.text() == "Choose folder…").click()
    again.wait_until(lambda: [state for _, state in again.rows()] == ["denoised"] * 3)
    assert not [box for box in again.window.findChildren(QMessageBox) if box.isVisible()]


def test_a_new_project_closes_what_is_open(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    window.do("close_project")
    assert window.rows() == []


def test_the_history_goes_back_to_any_change(start: Starter, tmp_path: Path) -> None:
    from ramanstudio.gui.shell.history_dialog import HistoryDialog

    window = start(*write_spectra(tmp_path, 3))
    window.wait_settled()
    session = window.services.session
    for entry in session.project.entries:
        session.remove([entry.id])
    window.do("history")
    (dialog,) = window.window.findChildren(HistoryDialog)
    texts = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert texts == ["As it was opened", "Open files", "Remove 1 entry", "Remove 1 entry", "Remove 1 entry"]
    dialog.list.itemClicked.emit(dialog.list.item(2))
    assert len(window.rows()) == 2
    assert dialog.list.item(4).text() == "Remove 1 entry (undone)"
    dialog.close()
