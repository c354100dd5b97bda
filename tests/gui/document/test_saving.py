"""Saving what one has and going on with it another day; nothing that was made by hand is lost without a question."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from ramanstudio.gui.common import dialogs
from ramanstudio.project import project_file
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra


def with_groups(window: Window) -> None:
    session = window.services.session
    members = Members.of_entries((entry.id, 1) for entry in session.project.entries)
    rows = np.eye(len(members), dtype=np.float32)
    groups = Groups.from_clustering(
        members, np.arange(len(members)) % 2, np.ones(len(members), dtype=np.float32), "k-means"
    )
    session.add_exploration(Exploration(members, rows, rows), groups)


def saved(window: Window, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: path)
    window.do("save_project")
    window.wait_until(lambda: "saved" in window.message)
    return path


def test_a_project_opens_as_it_was_saved(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = start(*write_spectra(tmp_path, 4))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 4)
    with_groups(window)
    window.services.session.edit_groups(lambda groups: groups.renamed(1, "calcite"), "Rename a group")
    path = saved(window, tmp_path / "work.ramanstudio", monkeypatch)
    assert window.window.windowTitle() == "work – RamanStudio"

    engine = SmoothingEngine()
    other = start(loader=lambda *_: engine)
    other.drop(path)
    assert other.drop_text == "Drop to open the project 'work'"
    other.wait_until(lambda: [state for _, state in other.rows()] == ["denoised"] * 4)
    other.wait_settled()
    assert engine.order == [], "what was denoised is not denoised again"
    assert other.snr == "6.0 → 12  ×2.0"
    groups = other.services.session.groups
    assert groups is not None
    assert groups.names() == ["Group 1", "calcite", "Group 1", "calcite"]


def test_closing_asks_only_when_work_of_the_user_would_be_lost(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    with_groups(window)
    assert not window.services.project_files.would_lose
    window.services.session.edit_groups(lambda groups: groups.renamed(0, "quartz"), "Rename a group")
    assert not window.window.close()
    (box,) = window.window.findChildren(QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    QApplication.processEvents()
    assert window.window.isVisible()
    saved(window, tmp_path / "work.ramanstudio", monkeypatch)
    assert not window.services.project_files.would_lose


def test_declining_to_save_closes_without_a_second_question(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    with_groups(window)
    window.services.session.edit_groups(lambda groups: groups.renamed(0, "quartz"), "Rename a group")
    window.window.close()
    (box,) = window.window.findChildren(QMessageBox)
    next(button for button in box.buttons() if button.text() == "Don't save").click()
    window.wait_until(lambda: not window.window.isVisible())


def test_a_damaged_project_is_reported_and_changes_nothing(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 2))
    (tmp_path / "broken.ramanstudio").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    window.wait_until(lambda: len(window.rows()) == 2)
    window.wait_settled()
    window.drop(tmp_path / "broken.ramanstudio")
    window.wait_until(lambda: "broken.ramanstudio" in window.message)
    assert len(window.rows()) == 2


def test_a_project_of_a_newer_version_opens_and_is_not_overwritten(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    path = saved(window, tmp_path / "work.ramanstudio", monkeypatch)
    with h5py.File(path, "a") as file:
        file.attrs["version"] = project_file.VERSION + 1
    other = start()
    other.drop(path)
    other.wait_until(lambda: len(other.rows()) == 2)
    assert "newer" in other.message
    asked: list[object] = []
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: asked.append(_))
    other.do("save_project")
    assert asked, "saving asks for another name"
    other.wait_settled()
