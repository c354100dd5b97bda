"""*Export…*: what it would write is shown, what exists is asked about, and the choices are remembered."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox

from ramanstudio.gui.export.export_dialog import ExportDialog
from ramanstudio.processing.recipe import Recipe
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra


def dialog_of(window: Window) -> ExportDialog:
    window.do("export_spectra")
    return window.window.findChildren(ExportDialog)[-1]


def answer(window: Window, dialog: ExportDialog, text: str) -> str:
    """Press a button of the question that is shown, and return what it asked."""

    def shown() -> list[QMessageBox]:
        return [box for box in dialog.findChildren(QMessageBox) if box.isVisible()]

    window.wait_until(lambda: bool(shown()))
    (box,) = shown()
    asked = f"{box.text()} {box.informativeText()}"
    next(button for button in box.buttons() if button.text() == text).click()
    return asked


def test_exporting_twice_asks_and_the_choices_are_remembered(start: Starter, tmp_path: Path) -> None:
    out = tmp_path / "out"
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    window.do("select_all")
    dialog = dialog_of(window)
    assert dialog.choices.scope.currentText() == "Selected spectra (2 entries)"
    assert not dialog.choices.tables["groups"].isEnabled() and "Ctrl+3" in dialog.choices.tables["groups"].toolTip()
    dialog.choices.folder.setText(str(out))
    dialog.choices.pattern.setText("{number} {name} {content}")
    window.wait_until(lambda: "1 spectrum_0000 processed.csv" in dialog.choices.preview.text())
    dialog.export_button.click()
    window.wait_until(lambda: "saved in" in window.message)
    written = sorted(path.name for path in out.iterdir())
    files = ["1 spectrum_0000 processed.csv", "2 spectrum_0001 processed.csv"]
    assert written == [*files, "provenance.txt", "recipe.toml", "snr.csv"]
    header, *rows = (out / files[0]).read_text().splitlines()
    assert header == "Raman shift / cm-1,raw,processed,expected error" and len(rows) == 200
    assert [type(row.step) for row in Recipe.load(out / "recipe.toml").steps] == [
        type(row.step) for row in Recipe.default().steps
    ]
    (out / files[0]).write_text("mine")
    again = dialog_of(window)
    assert again.choices.folder.text() == str(out) and again.choices.pattern.text() == "{number} {name} {content}"
    again.export_button.click()
    assert "3 of 3 files exist in 'out' already." in answer(window, again, "Cancel")
    assert (out / files[0]).read_text() == "mine" and again.isVisible()
    again.export_button.click()
    answer(window, again, "Keep, and use new names")
    window.wait_until(lambda: (out / "1 spectrum_0000 processed-2.csv").exists())
    assert (out / files[0]).read_text() == "mine"
    window.wait_settled()
    third = dialog_of(window)
    third.export_button.click()
    answer(window, third, "Replace")
    window.wait_until(lambda: (out / files[0]).read_text() != "mine")
    window.wait_settled()
    assert not (out / "recipe-2.toml").exists(), "the same recipe is there already"


def test_what_nexus_requires_is_asked_for_and_becomes_metadata(start: Starter, tmp_path: Path) -> None:
    window = start(*write_spectra(tmp_path, 1))
    window.wait_settled()
    dialog = dialog_of(window)
    assert not dialog.required.isVisible()
    dialog.choices.format.setCurrentIndex(dialog.choices.format.findData("nxs"))
    assert {"sample", "date", "laser_nm", "scattering_configuration"} <= set(dialog.required.editors)
    dialog.choices.folder.setText(str(tmp_path / "out"))
    for key, text in {"sample": "sand", "date": "yesterday", "laser_nm": "532"}.items():
        dialog.required.editors[key].setText(text)  # type: ignore[union-attr]
    dialog.export_button.click()
    assert "'yesterday' is no date." in dialog.note.text()
    dialog.required.editors["date"].setText("2026-01-05 10:30")  # type: ignore[union-attr]
    dialog.export_button.click()
    window.wait_until(lambda: "saved in" in window.message)
    with h5py.File(tmp_path / "out" / "spectrum_0000-processed.nxs") as file:
        assert file["entry/sample/name"].asstr()[()] == "sand"
        assert file["entry/instrument/beam_incident/wavelength"][()] == 532.0
        assert file["entry/start_time"].asstr()[()] == "2026-01-05T10:30:00"
        assert "scattering_configuration" not in file["entry/instrument"]
    source = window.services.session.project.entries[0].source
    assert source is not None
    assert set(str(source.about["edited"]).split(", ")) == {"sample", "date", "laser_nm"}
    window.do("undo")
    assert "sample" not in window.services.session.project.entries[0].source.about  # type: ignore[union-attr]


def test_export_waits_for_recipes_that_are_being_applied(start: Starter, tmp_path: Path) -> None:
    engine = SmoothingEngine()
    engine.may_continue.clear()
    window = start(*write_spectra(tmp_path, 2), loader=lambda *_: engine)
    window.wait_until(lambda: len(window.rows()) == 2)
    window.do("select_all")
    dialog = dialog_of(window)
    dialog.choices.folder.setText(str(tmp_path / "out"))
    dialog.choices.contents["raw"].setChecked(False)
    window.wait_until(lambda: "still being applied to 2 of 2 entries" in dialog.note.text())
    dialog.export_button.click()
    assert dialog.export_button.text() == "Waiting…" and not (tmp_path / "out").exists()
    engine.may_continue.set()
    window.wait_until(lambda: "saved in" in window.message)
    columns = np.loadtxt(tmp_path / "out" / "spectrum_0001-processed.csv", delimiter=",", skiprows=1)
    assert columns.shape == (200, 3)


@pytest.mark.parametrize("scope", ["selected", "shown", "all"])
def test_selected_shown_or_all_spectra_are_exported(start: Starter, tmp_path: Path, scope: str) -> None:
    window = start(*write_spectra(tmp_path, 3))
    window.wait_settled()
    window.choose("spectrum_0001.txt")
    window.window.entries.filter_box.setText("0002")
    window.wait_until(lambda: len(window.rows()) == 1)
    dialog = dialog_of(window)
    dialog.choices.scope.setCurrentIndex(dialog.choices.scope.findData(scope))
    expected = {
        "selected": ["spectrum_0001.txt"],
        "shown": ["spectrum_0002.txt"],
        "all": [f"spectrum_000{n}.txt" for n in range(3)],
    }
    assert [item.entry.name for item in dialog.items()] == expected[scope]
    dialog.close()
