"""Exporting a figure: what is set in the dialog is what the file shows, and what the next figure begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QPushButton

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.figure.figure_dialog import FigureDialog
from tests.gui.driver import Starter, Window, write_spectra


def dialog_of(window: Window) -> FigureDialog:
    window.do("export_picture")
    window.wait_until(lambda: bool(window.window.findChildren(FigureDialog)))
    return window.window.findChildren(FigureDialog)[-1]


def editor(dialog: FigureDialog, name: str, kind: type) -> Any:
    return next(widget for widget in dialog.findChildren(kind) if widget.accessibleName() == name)


def check(dialog: FigureDialog, text: str) -> QCheckBox:
    return next(box for box in dialog.findChildren(QCheckBox) if box.text() == text)


def test_a_figure_is_previewed_and_exported_as_it_was_set(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    window.do("select_all")
    window.wait_until(lambda: window.window.actions_by_id["export_picture"].isEnabled())
    dialog = dialog_of(window)
    window.wait_until(lambda: not dialog._preview.pixmap().isNull())
    before = dialog._preview.pixmap().toImage()
    width, dpi = editor(dialog, "Width", QDoubleSpinBox), editor(dialog, "Resolution", QDoubleSpinBox)
    width.setValue(85)
    dpi.setValue(100)
    arrangement = editor(dialog, "Spectra", QComboBox)
    arrangement.setCurrentIndex(arrangement.findData("offset"))
    window.wait_until(lambda: dialog._preview.pixmap().toImage() != before)
    monkeypatch.setattr(dialogs, "ask_export", lambda *_: tmp_path / "figure.tif")
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Export…").click()
    window.wait_until(lambda: "figure.tif" in window.message, 60)
    with Image.open(tmp_path / "figure.tif") as image:
        assert image.width == pytest.approx(85 / 25.4 * 100, abs=1)

    again = dialog_of(window)
    assert again.options().width_mm == 85, "the next figure begins with the same style"
    again.close()
    window.wait_settled()


def test_a_range_that_cannot_be_read_is_explained_and_nothing_breaks(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 1))
    window.wait_settled()
    dialog = dialog_of(window)
    line = editor(dialog, "Raman shift", QLineEdit)
    line.setText("400 to 900")
    assert dialog.options().shift_range is None
    assert "is no range" in dialog._note.text()
    line.setText("900-400")
    assert dialog.options().shift_range == (400, 900)
    assert dialog._note.text() == ""
    assert not check(dialog, "Peak positions").isEnabled(), "they are looked for in the background"
    window.wait_until(check(dialog, "Peak positions").isEnabled, 60)
    assert any(abs(position - 600) < 10 for spectrum in dialog._spectra for position in spectrum.peaks)
    dialog.close()
    window.wait_settled()
