"""*How it came about…* says where an entry comes from and what was done with it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from ramanstudio.gui.export.provenance_dialog import ProvenanceDialog
from tests.gui.driver import Starter, write_spectrum


def test_an_entry_says_how_it_came_about(start: Starter, tmp_path: Path) -> None:
    file = write_spectrum(tmp_path / "a <b>.txt")
    window = start(file)
    window.wait_settled()
    window.choose(file.name)
    session = window.services.session
    source = session.project.entries[0].source
    assert source is not None
    session.replace_sources({1: source.with_about(sample="sand", edited="sample")}, "Edit", keep_results=True)
    window.do("provenance")
    window.wait_until(lambda: bool(window.window.findChildren(ProvenanceDialog)))
    dialog = window.window.findChildren(ProvenanceDialog)[-1]
    page = dialog.browser.toPlainText()
    assert hashlib.sha256(file.read_bytes()).hexdigest() in page and "a <b>.txt" in page
    for part in ("Sample\nsand", "1. Cosmic rays", "2. Denoise", "Program\nRamanStudio", "Model\ntest"):
        assert part in page, part
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy").click()
    assert "  Sample: sand" in QGuiApplication.clipboard().text()
    dialog.close()


def test_what_was_computed_has_no_file_and_says_so(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "a.txt"))
    window.wait_settled()
    session = window.services.session
    source = session.project.entries[0].source
    assert source is not None
    about = {key: value for key, value in source.about.items() if key != "source"}
    entry = session.add_computed("Mean", source.with_metadata(about))
    session.select([entry.id])
    window.do("provenance")
    window.wait_until(lambda: bool(window.window.findChildren(ProvenanceDialog)))
    dialog = window.window.findChildren(ProvenanceDialog)[-1]
    assert "these spectra were computed in the program" in dialog.text
    dialog.close()
