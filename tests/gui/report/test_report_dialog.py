"""*Report…* writes what is selected, and remembers who writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.report.report_dialog import ReportDialog
from tests.gui.driver import Starter, Window, write_spectra


def dialog_of(window: Window) -> ReportDialog:
    window.do("report")
    return window.window.findChildren(ReportDialog)[-1]


def press(dialog: ReportDialog, text: str) -> None:
    next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_a_report_of_the_selection_is_written(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    window.do("select_all")
    dialog = dialog_of(window)
    dialog.lines["title"].setText("Two spectra")
    dialog.lines["author"].setText("A. Author")
    out = tmp_path / f"report{suffix}"
    monkeypatch.setattr(dialogs, "ask_export", lambda *_: out)
    press(dialog, "Save report…")
    window.wait_until(lambda: "The report was saved" in window.message, 120)
    content = out.read_bytes()
    if suffix == ".pdf":
        assert content.startswith(b"%PDF") and b"/Font" in content and b"/ToUnicode" in content
    else:
        page = content.decode()
        assert "Two spectra" in page and page.count("<h2") == 2 and "spectrum_0001.txt" in page
    assert dialog_of(window).lines["author"].text() == "A. Author"


def test_the_template_can_be_copied_and_is_used_then(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(*write_spectra(tmp_path, 1))
    window.wait_settled()
    dialog = dialog_of(window)
    monkeypatch.setattr(dialogs, "ask_export", lambda *_: tmp_path / "mine.j2")
    press(dialog, "Copy template…")
    assert dialog.lines["template"].text() == str(tmp_path / "mine.j2")
    assert "{% for subject in subjects %}" in (tmp_path / "mine.j2").read_text()
    dialog.close()
