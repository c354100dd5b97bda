"""All metadata of the selected spectra are shown, searched, copied and edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QTreeWidgetItem

from ramanstudio.gui.spectrum.metadata_dialog import MetadataDialog
from tests.gui.driver import Starter, Window

HEADER = "#Acq. time (s)=\t10\n#Laser (nm)=\t532\n#Detector temperature=\t-75\n"


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    path = tmp_path / "a.txt"
    rows = "".join(f"{x}\t{100 + x % 7}\n" for x in range(200, 1800, 4))
    path.write_text(f"{HEADER}Raman shift (cm-1)\tCounts\n{rows}", encoding="utf-8")
    window = start(path)
    window.wait_until(lambda: window.rows() == [("a.txt", "denoised")])
    return window


def dialog_of(window: Window) -> MetadataDialog:
    window.do("all_metadata")
    (dialog,) = window.window.findChildren(MetadataDialog)
    return dialog


def rows(dialog: MetadataDialog) -> dict[str, QTreeWidgetItem]:
    groups = [dialog.tree.topLevelItem(index) for index in range(dialog.tree.topLevelItemCount())]
    items = [group.child(row) for group in groups for row in range(group.childCount())]
    return {item.text(0): item for item in items if not item.isHidden()}


def test_every_fact_of_the_file_is_there_and_found_by_a_word(window: Window) -> None:
    dialog = dialog_of(window)
    shown = rows(dialog)
    assert shown["Exposure time / s"].text(1) == "10" and shown["Laser wavelength / nm"].text(1) == "532"
    assert shown["detector temperature"].text(1) == "-75"
    dialog.search.setText("temperature")
    assert list(rows(dialog)) == ["detector temperature"]
    dialog.copy()
    assert "Exposure time\t10 s" in QGuiApplication.clipboard().text()


def test_an_edited_fact_is_marked_kept_with_the_result_and_undone(window: Window) -> None:
    dialog, session = dialog_of(window), window.services.session
    result = session.project.results[session.project.entries[0].id]
    rows(dialog)["Exposure time / s"].setText(1, "2,5")
    rows(dialog)["Sample"].setText(1, "quartz")
    entry = session.project.entries[0]
    assert entry.source is not None
    assert (entry.source.about["exposure_s"], entry.source.about["sample"]) == (2.5, "quartz")
    assert entry.source.about["edited"] == "exposure_s, sample"
    now = session.project.result(entry)
    assert now.denoised.expected_error is result.denoised.expected_error, "not denoised again"
    assert now.final.about["sample"] == "quartz" and now.denoised.spectra.about["exposure_s"] == 2.5
    assert rows(dialog)["Exposure time / s (edited)"].text(1) == "2.5"
    assert session.undo_title == "Edit sample"
    session.undo()
    session.undo()
    entry = session.project.entries[0]
    assert entry.source.about["exposure_s"] == 10
    assert not window.services.denoising.busy and window.services.denoising.is_processed(entry), "nothing starts again"
    assert "sample" not in session.project.result(entry).final.about


def test_what_is_no_number_is_refused_with_a_sentence(window: Window) -> None:
    dialog = dialog_of(window)
    rows(dialog)["Accumulations"].setText(1, "many")
    assert "'many' is no accumulations" in dialog.note.text()
    assert rows(dialog)["Accumulations"].text(1) == ""
    assert "edited" not in window.services.session.project.entries[0].source.about
