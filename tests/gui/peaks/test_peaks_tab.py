"""The Peaks tab: find, label, fit, edit and export, as a user does."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from ramanstudio.core.label_layout import spread
from ramanstudio.gui.peaks.peak_model import COLUMNS, parse_parameter
from ramanstudio.peaks import Parameter
from tests.gui.driver import Starter, Window

AXIS = np.arange(400.0, 1000.0, 1.0)
CENTER, WIDTH = (column.key for column in COLUMNS[1:3])


def write_lines(path: Path) -> Path:
    values = 20 + np.random.default_rng(0).normal(0, 1, AXIS.size)
    for center, height in ((520.0, 100.0), (700.0, 60.0)):
        values += height / (1 + ((AXIS - center) / 6) ** 2)
    np.savetxt(path, np.column_stack([AXIS, values]), fmt="%.3f")
    return path


@pytest.fixture
def window(start: Starter, tmp_path: Path) -> Window:
    opened = start(write_lines(tmp_path / "lines.txt"))
    opened.window.resize(1200, 900)
    opened.wait_until(lambda: bool(opened.rows()) and opened.rows()[0][1] == "denoised")
    opened.do("tab_peaks")
    return opened


def page_of(window: Window):
    return window.window.tabs.page("peaks")


def settle(window: Window) -> None:
    window.wait_settled()
    timer = page_of(window)._refresh_timer
    window.wait_until(lambda: not timer.isActive())


def labels_of(window: Window) -> list[float]:
    return [label.shift for label in page_of(window).view.labels.labels]


def test_found_peaks_are_labelled_and_fitted_with_their_errors(window, tmp_path):
    window.do("find_peaks")
    settle(window)
    assert labels_of(window) == pytest.approx([520, 700], abs=0.5)
    window.do("fit_peaks")
    settle(window)
    page, panel = page_of(window), window.window.tabs.panel("peaks")
    model = page.model
    assert model.rowCount() == 2
    assert model.index(0, 1).data().startswith("5") and " ± " in model.index(0, 1).data()
    assert "Fitted to the measured spectrum." in panel._status.text()
    assert "fit\tresidual" in page.numbers()
    page.export(tmp_path / "peaks.csv")
    assert len((tmp_path / "peaks.csv").read_text().splitlines()) == 3


def test_a_click_adds_a_peak_and_a_click_on_it_removes_it(window):
    page = page_of(window)
    window.window.tabs.panel("peaks").by_click.setChecked(True)

    def click(shift: float) -> None:
        viewport = page.view._panes.viewport()
        point = page.view._position_of(shift, page.view.height_at(shift))
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point.toPoint())
        settle(window)

    window.wait_until(lambda: page.view._position_of(520, page.view.height_at(520)) is not None)
    click(520)
    assert labels_of(window) == pytest.approx([520], abs=3)
    assert page.model.index(0, len(COLUMNS) - 1).data() == "not fitted yet"
    click(700)
    assert len(labels_of(window)) == 2
    click(labels_of(window)[0])
    assert labels_of(window) == pytest.approx([700], abs=3)


def test_a_position_can_be_locked_and_limited_in_the_table(window):
    window.do("find_peaks")
    settle(window)
    model = page_of(window).model
    assert model.setData(model.index(0, 1), "519 (518–521)")
    settle(window)
    assert model.setData(model.index(1, 1), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    settle(window)
    assert not model.setData(model.index(0, 2), "wide")
    first, second = page_of(window).peaks.model.peaks
    assert (first.center.value, first.center.low, first.center.high) == (519, 518, 521)
    assert second.center.locked
    window.do("fit_peaks")
    settle(window)
    table = page_of(window).peaks.table
    assert 518 <= table["center"][0] <= 521
    assert table["center_error"][1] == 0


def test_a_template_that_does_not_fit_is_a_sentence(window):
    panel = window.window.tabs.panel("peaks")
    panel.template.setCurrentText("Diamond")
    assert "Not for:" in panel._about.text()
    panel.apply.click()
    window.wait_until(lambda: "'Diamond' needs 1290 to 1380 cm⁻¹" in window.message)


def test_a_peak_that_only_the_denoised_spectrum_has_is_hollow(window):
    from dataclasses import replace

    from ramanstudio.core.progress import SILENT
    from ramanstudio.gui.document.peak_finding import find_peaks

    page = page_of(window)
    source = page.input
    values = source.processed.values + 30 * np.exp(-(((AXIS - 850) / 8) ** 2))
    invented = replace(source, processed=source.processed.with_values(values))
    peaks = find_peaks(invented, True, "gauss", "linear", 4.0, SILENT)
    places = peaks.table["position"]
    assert not peaks.supported[np.abs(places - 850).argmin()]
    assert peaks.supported[np.abs(places - 520).argmin()]


def test_a_label_can_be_moved_and_keeps_its_place_in_project_and_figure(window, tmp_path):
    from ramanstudio.gui.document.exporting import figure_spectra
    from ramanstudio.gui.document.peak_label import known_labels
    from ramanstudio.project import project_file

    window.do("find_peaks")
    settle(window)
    labels = page_of(window).view.labels
    viewport = page_of(window).view._panes.viewport()
    window.wait_until(lambda: labels.anchor(0) is not None)
    foot = labels.anchor(0).toPoint() - QPoint(0, 5)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=foot)
    QTest.mouseMove(viewport, foot + QPoint(20, 20))
    QTest.mouseMove(viewport, foot + QPoint(60, 40))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=foot + QPoint(60, 40))
    settle(window)
    moved = labels.labels[0].by
    assert moved is not None and moved[0] > 5 and labels.labels[1].by is None
    services = window.window.services
    session = services.session
    project_file.save(session.project, tmp_path / "p.ramanstudio")
    assert project_file.load(tmp_path / "p.ramanstudio").entries[0].label_offsets == session.selected[0].label_offsets
    window.window.tabs.panel("peaks").labels.menu().actions()[0].setChecked(True)
    (drawn,) = figure_spectra(services.exporting.denoised, partial(known_labels, services.peak_finding, session))
    assert [peak.by for peak in drawn.peaks] == [moved, None]
    assert drawn.peaks[0].text.startswith("520.") and ", h " in drawn.peaks[0].text
    window.do("undo")
    settle(window)
    assert labels.labels[0].by is None
    window.do("redo")
    window.do("reset_peak_labels")
    settle(window)
    assert [label.by for label in labels.labels] == [None, None]


def test_labels_do_not_overlap_and_stay_in_their_order():
    places = spread([100, 102, 104, 300], 20, 0, 400)
    assert np.all(np.diff(places) >= 20 - 1e-9)
    assert places[3] == 300
    assert spread([5, 395], 20, 0, 400) == [10, 390]
    assert np.diff(spread([200.0] * 30, 20, 0, 400)) == pytest.approx(400 / 30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("520", (520, None, None)),
        ("520,5 (510–530)", (520.5, 510, 530)),
        ("600 [510, 530]", (530, 510, 530)),
        ("x", None),
    ],
)
def test_a_typed_parameter_may_have_limits(text, expected):
    parsed = parse_parameter(text, Parameter(1.0))
    assert (parsed and (parsed.value, parsed.low, parsed.high)) == expected


def test_p_labels_the_peaks_in_the_spectrum_tab(window):
    window.do("tab_spectrum")
    view = window.window.tabs.page("spectrum").view
    assert view.peak_labels.labels == ()
    window.do("show_peak_labels")
    window.wait_until(lambda: len(view.peak_labels.labels) == 2)
    assert view.peak_labels.labels[0].shift == pytest.approx(520, abs=0.5)
    settle(window)
    window.do("show_peak_labels")
    assert view.peak_labels.labels == ()


def test_every_spectrum_of_a_set_is_fitted_and_the_table_saved(start, tmp_path):
    values = 100 / (1 + ((AXIS - 600 - np.arange(12)[:, None] / 4) / 6) ** 2)
    values += np.random.default_rng(0).normal(20, 1, values.shape)
    np.savetxt(tmp_path / "series.txt", np.column_stack([AXIS, values.T]), fmt="%.3f")
    window = start(tmp_path / "series.txt")
    window.wait_until(lambda: bool(window.rows()) and window.rows()[0][1] == "denoised")
    window.do("tab_peaks")
    window.do("find_peaks")
    settle(window)
    window.do("fit_peaks_of_set")
    window.wait_until(lambda: page_of(window).series is not None)
    series = page_of(window).series
    strongest = int(np.argmax([np.nanmedian(series.fit.values(i, "height")) for i in range(len(series.fit.names))]))
    series.peak.setCurrentIndex(strongest)
    assert series.values()[0] == pytest.approx(600 + np.arange(12) / 4, abs=0.5)
    assert series._points.data["x"].tolist() == list(range(1, 13))
    place = series.plot.getViewBox().mapViewToScene(QPointF(5.0, series.values()[0][4]))
    assert series.spectrum_at(place) == 4
    series._click(place)
    settle(window)
    assert page_of(window).row == 4
    series.save(tmp_path / "peaks.csv")
    assert "in 12 of 12 spectra" in window.message
    series.close()
    table = np.genfromtxt(tmp_path / "peaks.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    strong = table[table["height"] > 50]
    assert strong["center"] == pytest.approx(600 + np.arange(12) / 4, abs=0.5)


def test_positions_are_matched_with_the_libraries(start, tmp_path):
    from ramanstudio.core import paths
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.library import library
    from ramanstudio.library.library import Reference

    def reference(name: str, places: tuple[float, ...]) -> Reference:
        values = sum(100 / (1 + ((AXIS - place) / 5) ** 2) for place in places)
        return Reference(name, SpectrumSet(AXIS, np.asarray(values)[None]), sample=name)

    both = [reference("ours", (521.0, 699.0)), reference("other", (600.0, 900.0))]
    library.write(paths.user_libraries() / "two.ramanlib", both, "Two")
    window = start(write_lines(tmp_path / "lines.txt"))
    window.wait_until(lambda: bool(window.rows()) and window.rows()[0][1] == "denoised")
    window.do("tab_peaks")
    window.do("find_peaks")
    settle(window)
    panel = window.window.tabs.panel("peaks")
    panel.match.click()
    window.wait_until(lambda: panel._matches.text().startswith("ours: 2 of 2 lines"))


def test_peaks_are_tied_by_a_typed_text_and_by_the_menu_and_fitted_so(window):
    window.do("find_peaks")
    settle(window)
    page = page_of(window)
    keys = [column.key for column in COLUMNS]
    cell = page.model.index(1, keys.index("tie"))
    assert not page.model.setData(cell, "width = 7")
    assert not page.model.setData(cell, "position = 1 * 3")
    assert page.model.setData(cell, "width = 1; height = 0.5 × 1")
    settle(window)
    page.table.selectAll()
    window.do("tie_peak_distances")
    settle(window)
    assert page.model.index(1, keys.index("tie")).data().startswith("width = 1; height = 0.5 × 1; position = 1 + 1")
    window.do("fit_peaks")
    settle(window)
    table = page.peaks.table
    assert table["fwhm"][0] == pytest.approx(table["fwhm"][1], rel=0.02)
    assert table["height"][1] == pytest.approx(0.5 * table["height"][0])
    page.table.clearSelection()
    window.do("untie_peaks")
    settle(window)
    assert page.peaks.model.ties == ()


def test_peaks_are_saved_as_a_template_that_is_listed_exported_imported_and_deleted(window, tmp_path):
    window.do("find_peaks")
    settle(window)
    page, choice = page_of(window), window.window.tabs.panel("peaks").templates
    n_before = choice.box.count()
    page.model.setData(page.model.index(1, 1), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    settle(window)
    choice.save("My lines")
    assert (choice.box.count(), choice.box.currentText()) == (n_before + 1, "My lines (own)")
    choice.export(tmp_path / "lines.toml")
    choice.delete()
    assert choice.box.count() == n_before
    choice.import_file(tmp_path / "lines.toml")
    assert choice.chosen.model.peaks[1].center.locked
    choice.fit.click()
    window.wait_until(lambda: page.peaks.template is not None)
    assert page.peaks.table["center_error"].tolist()[1] == 0
    choice.save("Carbon")
    assert "comes with the program" in window.message


def test_the_uncertainty_of_a_subtracted_baseline_widens_the_error_of_a_fitted_area(window):
    from dataclasses import replace

    from ramanstudio.core.progress import SILENT
    from ramanstudio.gui.document.peak_finding import find_peaks, fit_peaks, peak_input
    from ramanstudio.processing.baseline import SubtractBaseline
    from ramanstudio.processing.step import RecipeStep

    session = window.window.services.session
    entry = session.selected[0]
    before = session.project.result(entry)
    added = RecipeStep(SubtractBaseline())
    session.edit_recipes([entry.id], lambda recipe: replace(recipe, steps=(*recipe.steps, added)), "Baseline")
    window.wait_until(lambda: session.project.result(session.selected[0]) not in (None, before))
    settle(window)
    source = peak_input(session.selected[0], session.project.result(session.selected[0]), 0)
    peaks = find_peaks(source, False, "lorentz", "linear", 4.0, SILENT)
    wide = fit_peaks(source, True, peaks.model, None, None, SILENT).table["area_error"]
    narrow = fit_peaks(replace(source, baseline_error=None), True, peaks.model, None, None, SILENT).table["area_error"]
    assert np.any(wide > 1.05 * narrow) and np.all(wide > 0)
