"""The groups beside the plane: what each is, named, merged, split, coloured, deleted and taken away by the user."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.theme import load_theme
from ramanstudio.gui.explore.colour_picker import ColourPicker
from ramanstudio.gui.explore.group_delegate import MARGIN, ROW_HEIGHT
from ramanstudio.gui.explore.group_model import OUTLIERS
from ramanstudio.gui.explore.groups_panel import GroupsPanel
from tests.gui.driver import SmoothingEngine, Starter, Window

LINES = (600.0, 1000.0, 1400.0)  # cm⁻¹, one a substance
SIZES = (12, 10, 8)  # spectra of each


class ComparingEngine(SmoothingEngine):
    """Finds spectra alike whose intensities are."""

    def compare(self, denoised: Sequence[SpectrumSet], progress: Any = None, known: Sequence[Any] = ()) -> Any:
        rows = np.concatenate([one.values[:, ::4] for one in denoised]).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return SimpleNamespace(features=rows, coordinates=rows, range_cm=None)


def write_three_substances(path: Path) -> Path:
    random = np.random.default_rng(3)
    axis = np.linspace(200.0, 1800.0, 200)
    lines = np.repeat(LINES, SIZES)[:, None]
    values = 100 * np.exp(-(((axis - lines) / 15) ** 2)) + random.normal(0, 3, (len(lines), 200))
    with h5py.File(path, "w") as file:
        group = file.create_group("three")
        group["axis"], group["values"] = axis, values
        group["x"], group["y"] = np.arange(len(lines)) * 2.0, np.zeros(len(lines))
    return path


@pytest.fixture
def explored(start: Starter, tmp_path: Path) -> Window:
    """Three substances in one file, explored."""
    window = start(write_three_substances(tmp_path / "three.h5"), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    window.wait_settled()
    return window


def panel_of(window: Window) -> GroupsPanel:
    return window.window.groups


def names(window: Window) -> list[str]:
    model = panel_of(window).model
    return [model.index(row).data() for row in range(model.rowCount())]


def sizes(window: Window) -> list[int]:
    model = panel_of(window).model
    return [model.summary(row).count for row in range(model.rowCount())]


def click(window: Window, row: int, ctrl: bool = False) -> None:
    groups = panel_of(window).list
    place = groups.visualRect(groups.model().index(row, 0)).center()
    keys = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(groups.viewport(), Qt.MouseButton.LeftButton, keys, place)
    QApplication.processEvents()


def selected(window: Window) -> list[int]:
    session = window.services.session
    return [int(row) for entry in session.selected for row in session.rows_of(entry)]


def probability_text(window: Window) -> str:
    return panel_of(window)._probability.text().replace("\u00a0", " ")


def undo(window: Window) -> str:
    """Take the last step back; what the menu called it."""
    window.wait_until(
        lambda: window.window.actions_by_id["undo"].text() == f"Undo: {lowered(window.services.session.undo_title)}"
    )
    words = window.window.actions_by_id["undo"].text()
    window.do("undo")
    return words


def lowered(words: str) -> str:
    return words[:1].lower() + words[1:]


def test_groups_are_listed_with_size_and_the_bands_that_set_them_apart(explored: Window) -> None:
    panel = panel_of(explored)
    explored.wait_until(lambda: bool(explored.services.exploring.group_summaries))
    assert names(explored) == ["Group 1", "Group 2", "Group 3"]
    assert sizes(explored) == list(SIZES)
    assert panel.form.summary.text().startswith("3 groups in 30 spectra · silhouette\u00a00.")
    assert "closer" in panel.form.summary.toolTip()
    for row, (line, size) in enumerate(zip(LINES, SIZES, strict=True)):
        shown = panel.model.summary(row)
        assert shown.size_text == f"{size} · {100 * size / 30:.0f} %"
        strongest = max(shown.portrait.bands, key=lambda band: band.effect)  # type: ignore[union-attr]
        assert abs(strongest.shift_cm - line) < 20
        assert shown.bands_text().startswith("▲ ")
        assert shown.bands_text().endswith(" cm⁻¹")
        assert f"{size} spectra" in panel.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)


def test_clicking_a_group_selects_its_spectra_everywhere(explored: Window) -> None:
    assert panel_of(explored).chosen == (), "a file that was opened is looked at, not chosen"
    click(explored, 1)
    assert selected(explored) == list(range(12, 22))
    assert explored.window.metadata_panel._scope.text() == "median of 10 spectra"
    click(explored, 2, ctrl=True)
    assert selected(explored) == list(range(12, 30))
    assert panel_of(explored).chosen == (1, 2)


def test_spectra_selected_elsewhere_are_counted_in_the_groups(explored: Window) -> None:
    panel, session = panel_of(explored), explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 8, np.arange(22, 30))
    assert panel.chosen == (2,)
    session.select_spectra([entry.id] * 5, [0, 1, 2, 12, 13])
    assert panel.chosen == ()
    assert [panel.model.summary(row).selected_text for row in range(3)] == ["3 of 12", "2 of 10", "0 of 8"]
    assert panel._probability.text().startswith("5 spectra selected")


def test_a_group_is_renamed_in_the_list(explored: Window) -> None:
    panel = panel_of(explored)
    click(explored, 0)
    explored.do("rename_group")
    editor = panel.list.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "Group 1"
    editor.selectAll()
    QTest.keyClicks(editor, "calcite")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert names(explored) == ["calcite", "Group 2", "Group 3"]
    assert panel.name.itemText(0) == "calcite"
    assert undo(explored) == "Undo: rename 'Group 1'"
    assert names(explored) == ["Group 1", "Group 2", "Group 3"]


@pytest.mark.parametrize(("typed", "sentence"), [("Group 2", "There is already a group 'Group 2'"), (" ", "needs a")])
def test_an_invalid_name_is_refused_with_a_message(explored: Window, typed: str, sentence: str) -> None:
    model = panel_of(explored).model
    assert not model.setData(model.index(0), typed)
    explored.wait_until(lambda: sentence in explored.message)
    assert names(explored) == ["Group 1", "Group 2", "Group 3"]


def test_groups_are_merged_and_split(explored: Window) -> None:
    click(explored, 0)
    click(explored, 2, ctrl=True)
    explored.do("merge_groups")
    assert sizes(explored) == [20, 10]
    assert panel_of(explored).chosen == (0,), "the merged group is the one that is chosen"
    explored.do("split_group")
    explored.wait_until(lambda: len(sizes(explored)) == 3)
    assert sorted(sizes(explored)) == sorted(SIZES)
    assert names(explored) == ["Group 1", "Group 2", "Group 1 · 2"]
    assert undo(explored) == "Undo: split 'Group 1'"
    assert undo(explored) == "Undo: merge 2 groups"
    assert sizes(explored) == list(SIZES)


def test_a_group_is_recoloured(explored: Window) -> None:
    click(explored, 1)
    explored.do("recolour_group")
    (menu,) = panel_of(explored).findChildren(ColourPicker)
    menu._buttons[5].click()
    QApplication.processEvents()
    groups = explored.services.session.groups
    assert groups is not None
    assert [group.colour for group in groups.groups] == [0, 5, 2]
    assert undo(explored) == "Undo: colour 'Group 2'"


def test_selected_spectra_are_put_into_a_named_group(explored: Window) -> None:
    panel, session = panel_of(explored), explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 4, [0, 1, 12, 13])
    explored.do("label_selected")
    assert panel.name.hasFocus()
    QTest.keyClicks(panel.name.lineEdit(), "aragonite")
    QTest.keyClick(panel.name.lineEdit(), Qt.Key.Key_Return)
    assert names(explored) == ["Group 1", "Group 2", "Group 3", "aragonite"]
    assert sizes(explored) == [10, 8, 8, 4]
    assert panel.chosen == (3,)
    assert "median probability 1.00 · 0 uncertain" in probability_text(explored), "what the user says is certain"
    session.select_spectra([entry.id], [29])
    panel.name_selected("aragonite")
    assert sizes(explored) == [10, 8, 7, 5]
    assert undo(explored) == "Undo: name 1 spectrum 'aragonite'"


def test_del_in_the_group_list_deletes_a_group_and_no_file(explored: Window) -> None:
    panel = panel_of(explored)
    click(explored, 1)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Delete)
    QApplication.processEvents()
    assert len(explored.rows()) == 1
    assert names(explored) == ["Group 1", "Group 3", OUTLIERS]
    assert sizes(explored) == [12, 8, 10]
    assert panel.form.summary.text().startswith("2 groups in 30 spectra, 10 outliers")
    assert "no group" in panel.model.index(2).data(Qt.ItemDataRole.ToolTipRole)
    assert panel.list.chosen == [2], "its spectra are still selected"
    assert panel.chosen == (), "outliers are no group to be renamed or merged"
    assert not panel.model.setData(panel.model.index(2), "x")
    assert undo(explored) == "Undo: delete 'Group 2'"
    assert names(explored) == ["Group 1", "Group 2", "Group 3"]
    assert panel.chosen == (1,)


def test_ctrl_a_chooses_all_groups(explored: Window) -> None:
    panel = panel_of(explored)
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert panel.chosen == (0, 1, 2)
    QTest.keyClick(panel.list, Qt.Key.Key_Home)
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.chosen == (1,)
    assert selected(explored) == list(range(12, 22))


def test_uncertain_spectra_of_the_selection_can_be_selected(explored: Window) -> None:
    panel, session = panel_of(explored), explored.services.session
    groups = session.groups
    assert groups is not None
    probabilities = np.linspace(0.2, 1, 12).tolist() + [0.1] * 18
    session.set_groups(
        type(groups)(groups.members, groups.labels, np.array(probabilities, np.float32), groups.groups, groups.method),
        "Find",
    )
    click(explored, 0)
    assert probability_text(explored) == "12 spectra selected\nmedian probability 0.60 · 5 uncertain (< 0.5)"
    explored.do("select_uncertain")
    assert selected(explored) == [0, 1, 2, 3, 4]
    assert panel._uncertain_button.text() == "Select 5 uncertain"


def test_method_and_number_of_groups_can_be_chosen(explored: Window) -> None:
    panel = panel_of(explored)
    ways = panel.form.method
    said = set()
    for row in range(ways.count()):
        ways.setCurrentIndex(row)
        said.add(panel.form.help.text())
    assert len(said) == ways.count() == 4
    assert all(said)
    ways.setCurrentIndex(ways.findData("density"))
    assert not panel.form.number.isEnabled(), "it says itself how many there are"
    ways.setCurrentIndex(ways.findData("k-means"))
    panel.form.number.setValue(2)
    QTest.mouseClick(panel.form.button, Qt.MouseButton.LeftButton)
    assert panel.form.button.text() == "Finding…"
    assert not panel.form.button.isEnabled()
    explored.wait_until(lambda: len(sizes(explored)) == 2)
    explored.wait_until(panel.form.button.isEnabled)
    assert undo(explored) == "Undo: find groups"
    assert sizes(explored) == list(SIZES)


def test_groups_are_exported_with_their_means(
    explored: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = panel_of(explored).model
    model.setData(model.index(0), "calcite")
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: tmp_path / "out-groups.csv")
    explored.do("export_groups")
    explored.wait_until(lambda: "saved" in explored.message)
    assert "3 groups of 30 spectra" in explored.message
    with (tmp_path / "out-groups.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["group"] for row in rows] == ["calcite"] * 12 + ["Group 2"] * 10 + ["Group 3"] * 8
    assert [float(row["x"]) for row in rows] == [2.0 * row for row in range(30)]
    assert rows[0]["SNR before"] == "6"
    with (tmp_path / "out-groups-means.csv").open(encoding="utf-8", newline="") as file:
        header, *means = csv.reader(file)
    assert header[1:3] == ["calcite mean", "calcite spread"]
    columns = np.array(means, dtype=float).T
    assert abs(columns[0][columns[1].argmax()] - LINES[0]) < 20


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_shows_the_markers_of_the_plot(explored: Window, theme: str) -> None:
    explored.do(f"theme_{theme}")
    groups = panel_of(explored).list
    picture = groups.viewport().grab().toImage()
    for row in range(3):
        mark = picture.pixelColor(QPoint(MARGIN + 6, row * ROW_HEIGHT + 16))
        assert mark.name().upper() == load_theme(theme).category(row).upper()  # type: ignore[arg-type]


def test_without_groups_the_panel_says_why(start: Starter) -> None:
    window = start()
    panel = panel_of(window)
    assert not panel.list.isVisibleTo(panel)
    assert panel.form.summary.text()
    assert not panel.form.button.isEnabled()
    assert not window.window.actions_by_id["merge_groups"].isEnabled()


def test_spectra_that_were_not_compared_cannot_be_named(explored: Window) -> None:
    explored.services.session.select([])
    panel_of(explored).name_selected("calcite")
    explored.wait_until(lambda: "None of the selected spectra" in explored.message)
    assert len(names(explored)) == 3


def test_every_widget_has_an_accessible_name(explored: Window) -> None:
    panel = panel_of(explored)
    for part in (panel.list, panel.name, panel.form.method, panel.form.number, *panel._edit_buttons):
        assert part.accessibleName()
        assert part.toolTip() or part.whatsThis() or part.currentText()  # type: ignore[union-attr]


def test_tab_moves_in_reading_order(explored: Window) -> None:
    panel = panel_of(explored)
    click(explored, 0)
    explored.wait_until(explored.window.actions_by_id["rename_group"].isEnabled)
    panel.form.method.setFocus()
    walked = []
    for _ in range(9):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        walked.append(QApplication.focusWidget())
    enabled = [tool for tool in panel._edit_buttons if tool.isEnabled()]
    assert walked[:3] == [panel.form.number, panel.form.button, panel.list]
    assert walked[3 : 3 + len(enabled)] == enabled
    assert walked[3 + len(enabled)] in (panel.name, panel.name.lineEdit())


def test_nothing_is_clipped_in_a_narrow_panel(explored: Window) -> None:
    panel = panel_of(explored)
    click(explored, 0)
    content = panel.widget()
    assert content.minimumSizeHint().width() <= panel.minimumWidth()


def test_choosing_no_group_keeps_the_selection(explored: Window) -> None:
    click(explored, 0)
    click(explored, 0, ctrl=True)
    assert panel_of(explored).chosen == ()
    assert selected(explored) == list(range(12))
