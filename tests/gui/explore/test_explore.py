"""Explore: the plane of all spectra in the window, linked with the list, the viewer and the spectra beneath it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.gui.common import dialogs, theme
from ramanstudio.gui.explore.colouring import CategoryColouring, ValueColouring, colouring_for
from ramanstudio.gui.explore.explore_page import ExplorePage
from ramanstudio.gui.explore.member_spectra import MemberSpectra
from ramanstudio.gui.explore.scatter_view import ScatterView
from ramanstudio.project.exploration import EntrySpectra, explore
from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project
from tests.gui.driver import SmoothingEngine, Starter, Window, share_of, write_spectrum

LINES = (600.0, 1000.0, 1400.0)  # cm⁻¹, one a substance
SIZES = (16, 12, 8)  # spectra of each
SUBSTANCES = np.repeat(["calcite", "quartz", "talc"], SIZES)


class ComparingEngine(SmoothingEngine):
    """Finds spectra alike whose intensities are."""

    def compare(self, denoised: Sequence[SpectrumSet], progress: Any = None, known: Sequence[Any] = ()) -> Any:
        rows = np.concatenate([one.values[:, :200:4] for one in denoised]).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        same = all(one.same_axis(denoised[0]) for one in denoised)
        return SimpleNamespace(features=rows, coordinates=rows, range_cm=None if same else (300.0, 1700.0))


def write_substances(path: Path, seed: int = 3) -> Path:
    """A map of three substances in rows, each with its name in the table."""
    random = np.random.default_rng(seed)
    axis = np.linspace(200.0, 1800.0, 200)
    lines = np.repeat(LINES, SIZES)[:, None]
    values = 100 * np.exp(-(((axis - lines) / 15) ** 2)) + random.normal(0, 3, (len(lines), 200))
    values += 40 * np.exp(-(((axis - 800) / 15) ** 2)) * np.linspace(1, 2, len(lines))[:, None]
    with h5py.File(path, "w") as file:
        group = file.create_group("map")
        group["axis"], group["values"] = axis, values
        group["x"], group["y"] = np.arange(len(lines)) * 2.0, np.zeros(len(lines))
        group["label"] = SUBSTANCES.astype("S")
    return path


def page_of(window: Window) -> ExplorePage:
    page = window.window.tabs.page("explore")
    assert isinstance(page, ExplorePage)
    return page


def scatter_of(window: Window) -> ScatterView:
    view = page_of(window).view
    assert view is not None
    view.finish_drawing()
    return view


def settle_page(window: Window) -> None:
    """Let everything that was asked for come to rest."""
    window.wait_settled()
    for _ in range(5):
        QApplication.processEvents()
    window.wait_settled()
    for _ in range(5):
        QApplication.processEvents()


@pytest.fixture
def explored(start: Starter, tmp_path: Path) -> Window:
    """Three substances in one file, explored."""
    window = start(write_substances(tmp_path / "three.h5"), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    window.wait_until(lambda: bool(window.services.exploring.group_summaries))
    settle_page(window)
    return window


def send(view: ScatterView, kind: QEvent.Type, where: QPointF, button: Any, buttons: Any) -> None:
    pane = view.focusProxy()
    event = QMouseEvent(kind, where, pane.mapToGlobal(where), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(pane, event)


def lasso(view: ScatterView, indices: np.ndarray) -> None:
    """Draw around these points, and no others where they lie apart."""
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    places = np.array([view.position_of(index).toTuple() for index in indices.tolist()])
    (x, y), (right, bottom) = places.min(axis=0) - 7, places.max(axis=0) + 7
    trail = [QPointF(*corner) for corner in ((x, y), (right, y), (right, bottom), (x, bottom), (x, y))]
    send(view, QEvent.Type.MouseButtonPress, trail[0], left, left)
    for corner in trail[1:]:
        send(view, QEvent.Type.MouseMove, corner, none, left)
    send(view, QEvent.Type.MouseButtonRelease, trail[-1], left, none)


def colours_of(window: Window) -> list[str]:
    """The colour of each spectrum in the plane."""
    looks = scatter_of(window).canvas.points.styles
    return [looks.colours[ink].lower() for ink in looks.colour_index.tolist()]


def curves_of(window: Window) -> list[str]:
    strip = page_of(window).strip
    assert strip is not None
    return [curve.name for curve in strip.curves]


# What is seen


def test_a_pixel_without_numbers_is_left_out_and_the_others_are_explored(start: Starter, tmp_path: Path) -> None:
    path = write_substances(tmp_path / "holed.h5")
    with h5py.File(path, "r+") as file:
        values = file["map/values"][()]
        values[3, 10] = np.nan
        file["map/values"][...] = values
    window = start(path, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    assert window.snr == "6.0 → 24  ×4.0"
    assert "1 of 36 spectra in 'holed.h5' holds values that are not numbers" in window.message
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    groups = window.services.session.groups
    assert groups is not None
    assert 3 not in groups.members.rows.tolist()
    assert len(groups.members) == len(SUBSTANCES) - 1
    assert scatter_of(window) is not None
    entry = window.services.session.project.entries[0]
    window.services.session.select_spectra(np.array([entry.id]), np.array([3]))  # its state is shown
    window.do("tab_spectrum")
    assert window.snr == "– → –  ×–"
    assert "not numbers" in window.window.metadata_panel._exposure.text()


def test_every_spectrum_is_a_point_and_the_groups_are_named(explored: Window) -> None:
    groups = explored.services.session.groups
    assert groups is not None
    rows = scatter_of(explored).legend.rows
    assert [(row.name, row.count) for row in rows if row.name != "outliers"] == [
        (group.name, count) for group, count in zip(groups.groups, groups.counts.tolist(), strict=True)
    ]
    assert sum(row.count for row in rows) == len(SUBSTANCES)
    bar = page_of(explored).bar
    assert bar is not None
    assert bar.summary.text().startswith("36 spectra · ")
    shown = theme.current_theme()
    events = list(zip(groups.labels.tolist(), colours_of(explored), strict=True))
    assert all(colour == shown.category(groups.groups[label].colour).lower() for label, colour in events if label >= 0)


def test_spectra_of_one_substance_lie_together(explored: Window) -> None:
    plane = scatter_of(explored).canvas.points.xy
    centres = np.array([plane[np.unique(SUBSTANCES)[which] == SUBSTANCES].mean(axis=0) for which in range(3)])
    nearest = np.linalg.norm(plane[:, None] - centres[None], axis=2).argmin(axis=1)
    assert (np.unique(SUBSTANCES)[nearest] == SUBSTANCES).mean() > 0.9


def test_the_entry_selected_on_opening_does_not_count_as_selected(explored: Window) -> None:
    assert not scatter_of(explored).canvas.points.selected.any()
    groups = explored.services.session.groups
    assert groups is not None
    assert curves_of(explored) == [group.name for group in groups.groups]


def test_the_first_of_several_entries_does_not_count_as_selected(start: Starter, tmp_path: Path) -> None:
    window = start(
        write_substances(tmp_path / "one.h5"),
        write_substances(tmp_path / "two.h5", 4),
        loader=lambda *_: ComparingEngine(),
    )
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_explore")
    window.wait_until(lambda: bool(window.services.exploring.group_summaries))
    settle_page(window)
    assert not scatter_of(window).canvas.points.selected.any()
    window.choose("two.h5")
    settle_page(window)
    assert scatter_of(window).canvas.points.selected.tolist() == [False] * 36 + [True] * 36
    window.choose("one.h5")
    settle_page(window)
    assert scatter_of(window).canvas.points.selected.tolist() == [True] * 36 + [False] * 36


# Selecting


def test_a_lasso_selects_the_same_spectra_everywhere(explored: Window) -> None:
    session = explored.services.session
    calcite = np.flatnonzero(SUBSTANCES == "calcite")
    lasso(scatter_of(explored), calcite)
    settle_page(explored)
    (entry,) = session.project.entries
    assert session.rows_of(entry).tolist() == calcite.tolist()
    assert np.flatnonzero(scatter_of(explored).canvas.points.selected).tolist() == calcite.tolist()
    assert "16 of the 36" in explored.window.page.header._detail.text()
    bar = page_of(explored).bar
    assert bar is not None
    assert "16 selected" in bar.summary.text()
    assert curves_of(explored) == [f"three.h5 · {row + 1}" for row in calcite.tolist()]


def test_spectra_selected_elsewhere_are_highlighted_in_the_plot(explored: Window) -> None:
    session = explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 2, [3, 30])
    settle_page(explored)
    assert np.flatnonzero(scatter_of(explored).canvas.points.selected).tolist() == [3, 30]
    assert curves_of(explored) == ["three.h5 · 4", "three.h5 · 31"]


def test_more_than_twenty_selected_are_shown_as_their_mean(explored: Window) -> None:
    session = explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 25, range(25))
    settle_page(explored)
    strip, result = page_of(explored).strip, session.project.result(entry)
    assert strip is not None and result is not None and result.denoised is not None
    (mean,) = strip.curves
    assert mean.name == "mean of 25 selected"
    assert np.allclose(mean.values, result.denoised.spectra.values[:25].mean(axis=0), atol=1e-3)
    assert np.allclose(mean.spread, result.denoised.spectra.values[:25].std(axis=0), atol=1e-3)


def test_a_click_beside_points_shows_the_groups_again(explored: Window) -> None:
    session = explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id], [3])
    settle_page(explored)
    scatter_of(explored).picked.emit(np.zeros(0, dtype=np.intp), "replace")
    settle_page(explored)
    assert not scatter_of(explored).canvas.points.selected.any()
    groups = session.groups
    assert groups is not None
    assert curves_of(explored) == [group.name for group in groups.groups]


def test_a_group_hidden_in_the_legend_leaves_plot_and_curves(explored: Window) -> None:
    groups = explored.services.session.groups
    assert groups is not None
    scatter_of(explored).legend.toggle(0)
    settle_page(explored)
    assert scatter_of(explored).visible.tolist() == (groups.labels != 0).tolist()
    assert curves_of(explored) == [group.name for group in groups.groups[1:]]


def test_a_renamed_group_has_its_new_name_in_legend_and_curves(explored: Window) -> None:
    explored.services.session.edit_groups(lambda groups: groups.renamed(0, "carbonate"), "Rename a group")
    settle_page(explored)
    assert scatter_of(explored).legend.rows[0].name == "carbonate"
    assert curves_of(explored)[0] == "carbonate"
    explored.do("undo")
    settle_page(explored)
    assert scatter_of(explored).legend.rows[0].name == "Group 1"


# Under the mouse


def test_the_hovered_spectrum_is_named_and_drawn_at_once(explored: Window) -> None:
    view, strip = scatter_of(explored), page_of(explored).strip
    none = Qt.MouseButton.NoButton
    send(view, QEvent.Type.MouseMove, view.position_of(5), none, none)
    assert view.tooltip is not None and strip is not None and strip.hovered is not None
    index = view.canvas.hovered
    assert view.tooltip.name == f"three.h5 · {index + 1}" == strip.hovered.name
    assert "Group" in view.tooltip.detail
    (entry,) = explored.services.session.project.entries
    result = explored.services.session.project.result(entry)
    assert result is not None and result.denoised is not None
    assert np.array_equal(strip.hovered.values, result.denoised.spectra.values[index])
    QApplication.sendEvent(view.focusProxy(), QEvent(QEvent.Type.Leave))
    assert view.tooltip is None
    assert strip.hovered is None


# Colour


def colour_by(window: Window, key: str) -> ScatterView:
    bar = page_of(window).bar
    assert bar is not None
    bar.choose_colouring(key)
    assert bar.coloured_by == key, [bar.colour.itemData(at) for at in range(bar.colour.count())]
    settle_page(window)
    return scatter_of(window)


def test_points_are_coloured_by_a_column_of_labels(explored: Window) -> None:
    rows = colour_by(explored, "column label").legend.rows
    assert [(row.name, row.count) for row in rows] == [("calcite", 16), ("quartz", 12), ("talc", 8)]


def test_points_are_coloured_by_a_column_of_numbers(explored: Window) -> None:
    view = colour_by(explored, "column x")
    assert view.bar.accessibleName().startswith("Colours of x: 1.4 to 68.6")


def test_points_are_coloured_by_their_ratio(explored: Window) -> None:
    view = colour_by(explored, "snr_before")
    assert view.bar.accessibleName().startswith("Colours of SNR before: 6 to 6")


def test_points_are_coloured_by_the_height_of_a_band(explored: Window) -> None:
    bar = page_of(explored).bar
    assert bar is not None
    bar.choose_colouring("band")
    bar.set_bands([(960.0, 1040.0)])
    bar.bands_changed.emit()
    settle_page(explored)
    values = page_of(explored)._colouring.values
    assert values[SUBSTANCES == "quartz"].min() > 5 * np.abs(values[SUBSTANCES != "quartz"]).max()


def test_points_are_coloured_by_the_ratio_of_two_bands(explored: Window) -> None:
    bar = page_of(explored).bar
    assert bar is not None
    bar.choose_colouring("ratio")
    bar.set_bands([(760.0, 840.0), (560.0, 640.0)])
    bar.bands_changed.emit()
    settle_page(explored)
    values = page_of(explored)._colouring.values
    calcite = values[SUBSTANCES == "calcite"]
    assert np.corrcoef(calcite, np.linspace(1, 2, 36)[SUBSTANCES == "calcite"])[0, 1] > 0.8
    assert np.median(calcite) == pytest.approx(0.49, abs=0.12)


def test_suggested_bands_lie_on_peaks(explored: Window) -> None:
    colour_by(explored, "ratio")
    bar = page_of(explored).bar
    assert bar is not None
    for low, high in bar.bands:
        assert any(low <= line <= high for line in (*LINES, 800.0))


def test_dragging_a_band_recolours_the_points(explored: Window) -> None:
    colour_by(explored, "band")
    page = page_of(explored)
    assert page.strip is not None and page.bar is not None
    page.strip.band_dragged.emit(0, 1360.0, 1440.0)
    assert page.bar.bands == [(1360.0, 1440.0)]

    def is_coloured_by_talc() -> bool:
        values = page._colouring.values
        return bool(values[SUBSTANCES == "talc"].min() > np.abs(values[SUBSTANCES != "talc"]).max())

    explored.wait_until(is_coloured_by_talc)


def members_with(**table: np.ndarray) -> MemberSpectra:
    """The spectra of one entry with this table, none of them denoised."""
    (count,) = {len(column) for column in table.values()}
    source = SpectrumSet(np.arange(10.0), np.zeros((count, 10), dtype=np.float32), table)
    entry = Entry(1, "entry", Path("entry.h5"), source)
    return MemberSpectra(Project((entry,)), Members.of_entries([(1, count)]))


def test_of_very_many_names_the_most_frequent_have_a_colour() -> None:
    names = np.array([f"species {number:03d}" for number in range(100) for _ in range(1 + (number >= 60))])
    found = colouring_for("column sample", members_with(sample=names), None)
    assert isinstance(found, CategoryColouring)
    assert list(found.names) == [*(f"species {one:03d}" for one in range(60, 100)), "60 others"]
    assert all(found.names[index] == name for index, name in zip(found.indices, names, strict=True) if index < 40)


def test_numbered_labels_are_in_order_and_a_missing_one_is_unknown() -> None:
    found = colouring_for("column label", members_with(label=np.array(["10", "2", "", "1", "2"])), None)
    assert isinstance(found, CategoryColouring)
    assert list(found.names) == ["1", "2", "10"]
    assert found.indices.tolist() == [2, 1, -1, 0, 1]
    assert found.rest == "unknown"


def test_few_integers_are_labels_and_many_are_values() -> None:
    assert isinstance(colouring_for("column n", members_with(n=np.arange(100) % 5), None), CategoryColouring)
    assert isinstance(colouring_for("column n", members_with(n=np.arange(100)), None), ValueColouring)
    assert isinstance(colouring_for("column n", members_with(n=np.arange(100) % 5 / 2), None), ValueColouring)


# Layout


def test_tsne_computes_another_layout(explored: Window) -> None:
    before = scatter_of(explored).canvas.points.xy.copy()
    bar = page_of(explored).bar
    assert bar is not None
    assert scatter_of(explored).canvas.axis_names[0].startswith("PC 1 (")
    neighbours = next(button for button in bar._layouts.buttons() if button.text() == "t-SNE")
    QTest.mouseClick(neighbours, Qt.MouseButton.LeftButton)
    explored.wait_until(lambda: "neighbours" in explored.services.session.project.exploration.planes, 60)  # type: ignore[union-attr]
    settle_page(explored)
    now = scatter_of(explored).canvas.points.xy
    assert now.shape == before.shape
    assert not np.allclose(now, before)
    assert scatter_of(explored).canvas.axis_names == ("", "")
    page_of(explored).choose_layout("components")
    settle_page(explored)
    assert np.allclose(scatter_of(explored).canvas.points.xy, before)


def test_a_stopped_layout_stays_and_can_be_recomputed(explored: Window) -> None:
    exploring, page = explored.services.exploring, page_of(explored)
    bar = page.bar
    assert bar is not None
    seen: list[str] = []

    def stop() -> None:
        if not seen:
            seen.append(bar._recompute.text())
            QTest.mouseClick(bar._recompute, Qt.MouseButton.LeftButton)

    exploring.layout_moved.connect(stop)
    page.choose_layout("neighbours")
    QApplication.processEvents()
    explored.wait_until(lambda: bool(seen) and not exploring.computing_layout, 60)
    settle_page(explored)
    assert seen == ["Stop"]
    assert bar._recompute.text() == "Recompute layout"
    stopped = explored.services.session.project.exploration.planes["neighbours"]  # type: ignore[union-attr]
    assert np.array_equal(scatter_of(explored).canvas.points.xy, stopped)
    QTest.mouseClick(bar._recompute, Qt.MouseButton.LeftButton)
    explored.wait_until(lambda: not exploring.computing_layout, 60)
    settle_page(explored)
    settled = explored.services.session.project.exploration.planes["neighbours"]  # type: ignore[union-attr]
    assert not np.allclose(settled, stopped)


# What stands in the way


def test_one_spectrum_is_not_enough(start: Starter, tmp_path: Path) -> None:
    window = start(write_spectrum(tmp_path / "one.txt"), loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: window.rows()[0][1] == "denoised")
    window.do("tab_explore")
    settle_page(window)
    assert page_of(window).waiting.isVisible()
    assert page_of(window).waiting.sentence.text().startswith("Open two spectra or more")
    assert not page_of(window).waiting.retry.isVisible()


def test_the_page_says_how_many_entries_are_still_to_be_denoised(start: Starter, tmp_path: Path) -> None:
    engine = ComparingEngine()
    engine.may_continue.clear()
    window = start(write_substances(tmp_path / "three.h5"), loader=lambda *_: engine)
    window.wait_until(lambda: len(window.rows()) == 1)
    window.do("tab_explore")
    window.wait_until(lambda: "1 entry is" in page_of(window).waiting.sentence.text())
    engine.may_continue.set()
    window.wait_until(lambda: page_of(window).view is not None)
    settle_page(window)


def test_a_failure_is_shown_and_can_be_retried(start: Starter, tmp_path: Path) -> None:
    class Failing(ComparingEngine):
        works = False

        def compare(self, *arguments: Any, **more: Any) -> Any:
            if not self.works:
                raise StudioError("The device has no memory left.", remedy="Choose another in the settings.")
            return super().compare(*arguments, **more)

    engine = Failing()
    window = start(write_substances(tmp_path / "three.h5"), loader=lambda *_: engine)
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.do("tab_explore")
    window.wait_until(lambda: "no memory left" in page_of(window).waiting.sentence.text())
    engine.works = True
    settle_page(window)
    QTest.mouseClick(page_of(window).waiting.retry, Qt.MouseButton.LeftButton)
    window.wait_until(lambda: page_of(window).view is not None)
    settle_page(window)


def test_unmeasured_spectra_are_left_out_with_a_note(start: Starter, tmp_path: Path) -> None:
    path = write_substances(tmp_path / "padded.h5")
    with h5py.File(path, "r+") as file:
        values = file["map/values"][()]
        values[30:] = 0
        file["map/values"][...] = values
    window = start(path, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    assert scatter_of(window).visible.size == 30
    bar = page_of(window).bar
    assert bar is not None
    assert bar.comparison.text == "6 spectra contain only zeros, or values that are not numbers, and are left out."


def test_equal_spectra_and_nan_spectra_are_reported(start: Starter, tmp_path: Path) -> None:
    axis, line = np.linspace(200.0, 1800.0, 200), np.tile(np.sin(np.linspace(0, 9, 200)), (6, 1))
    for name, values in (("equal.h5", line), ("nothing.h5", np.full((6, 200), np.nan))):
        with h5py.File(tmp_path / name, "w") as file:
            file["axis"], file["values"] = axis, values
    window = start(tmp_path / "nothing.h5", loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["not denoised"])
    window.do("tab_explore")
    settle_page(window)
    assert page_of(window).waiting.isVisible()
    assert "not numbers" in page_of(window).waiting.sentence.text()
    window.drop(tmp_path / "equal.h5")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    bar = page_of(window).bar
    assert bar is not None
    assert bar.comparison.text == "The spectra are all equal: nothing distinguishes them."
    (row,) = scatter_of(window).legend.rows
    assert row.count == 6


def test_a_group_far_brighter_than_the_others_does_not_flatten_their_means(start: Starter, tmp_path: Path) -> None:
    path = write_substances(tmp_path / "bright.h5")
    with h5py.File(path, "r+") as file:
        values = file["map/values"][()]
        values[SUBSTANCES == "talc"] *= 400
        file["map/values"][...] = values
    window = start(path, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"])
    window.do("tab_explore")
    window.wait_until(lambda: bool(window.services.exploring.group_summaries))
    settle_page(window)
    strip = page_of(window).strip
    assert strip is not None
    heights = [float(np.ptp(curve.values)) for curve in strip.curves]
    assert len(heights) > 1
    assert np.allclose(heights, 1, atol=1e-5)
    assert strip._strip._name.text() == "each scaled from 0 to 1"


def test_new_groups_are_not_shown_with_the_summaries_of_the_old(explored: Window) -> None:
    exploring, session = explored.services.exploring, explored.services.session
    old, groups = exploring.group_summaries, session.groups
    assert groups is not None and len(old) == len(groups.groups)
    session.edit_groups(lambda now: now.moved(np.arange(len(now.labels)) < 2, now.groups[-1].name), "Move two")
    assert exploring.group_summaries == ()  # as many as before, but of other spectra
    explored.wait_until(lambda: bool(exploring.group_summaries))
    assert exploring.group_summaries is not old
    session.edit_groups(lambda now: now.renamed(0, "Chalk"), "Rename")
    assert exploring.group_summaries != ()  # a name changes no portrait


def test_entries_on_other_axes_are_named(start: Starter, tmp_path: Path) -> None:
    paths = [write_substances(tmp_path / "three.h5"), write_spectrum(tmp_path / "other.txt", points=300)]
    window = start(*paths, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    bar = page_of(window).bar
    assert bar is not None
    assert bar.comparison.isVisible()
    assert "1 of 2 entries have another axis" in bar.comparison.text
    assert "300–1700 cm⁻¹" in bar.comparison.text
    assert bar.summary.text().startswith("37 spectra")


def click_option(window: Window, words: str) -> None:
    """Press the button of the row about axes that says this, and let what it does come to rest."""
    bar = page_of(window).bar
    assert bar is not None
    (button,) = [one for one in bar.comparison.buttons if one.text().startswith(words)]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    window.wait_until(lambda: words not in [one.text()[: len(words)] for one in bar.comparison.buttons])
    settle_page(window)


def test_spectra_on_one_of_several_axes_can_be_compared_alone(start: Starter, tmp_path: Path) -> None:
    paths = [write_substances(tmp_path / "three.h5"), write_spectrum(tmp_path / "other.txt", points=300)]
    window = start(*paths, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    window.choose("three.h5")
    settle_page(window)
    click_option(window, "Only spectra on the axis of 'three.h5'")
    bar = page_of(window).bar
    assert bar is not None
    window.wait_until(lambda: scatter_of(window).visible.sum() == 36)
    assert bar.comparison.text == (
        "Only spectra on the axis of 'three.h5' are compared; 1 spectrum of 'other.txt' is left out."
    )
    window.drop(write_substances(tmp_path / "more.h5", 5))  # on that axis, so it joins them
    window.wait_until(lambda: scatter_of(window).visible.sum() == 72)
    settle_page(window)
    click_option(window, "Compare all, resampled")
    window.wait_until(lambda: scatter_of(window).visible.sum() == 73)
    assert "have another axis" in bar.comparison.text


def test_one_short_spectrum_does_not_shorten_the_range_of_the_others(start: Starter, tmp_path: Path) -> None:
    axis = np.linspace(900.0, 1100.0, 200)
    np.savetxt(tmp_path / "short.txt", np.column_stack([axis, np.exp(-(((axis - 1000) / 9) ** 2))]), delimiter="\t")
    window = start(write_substances(tmp_path / "three.h5"), tmp_path / "short.txt", loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    bar = page_of(window).bar
    assert bar is not None
    assert scatter_of(window).visible.sum() == 36
    assert "'short.txt' covers only 900 to 1100 cm⁻¹, less than most, and is left out." in bar.comparison.text
    click_option(window, "Compare all, resampled")
    window.wait_until(lambda: scatter_of(window).visible.sum() == 37)
    click_option(window, "Leave out short spectra")
    window.wait_until(lambda: scatter_of(window).visible.sum() == 36)


def test_removed_spectra_leave_the_plot_and_undo_restores_them(start: Starter, tmp_path: Path) -> None:
    paths = [write_substances(tmp_path / "one.h5"), write_substances(tmp_path / "two.h5", 4)]
    window = start(*paths, loader=lambda *_: ComparingEngine())
    window.wait_until(lambda: [state for _, state in window.rows()] == ["denoised"] * 2)
    window.do("tab_explore")
    window.wait_until(lambda: window.services.session.groups is not None)
    settle_page(window)
    assert scatter_of(window).visible.sum() == 72
    window.choose("one.h5")
    window.do("remove")
    window.wait_until(lambda: scatter_of(window).visible.sum() == 36)
    settle_page(window)
    window.do("undo")
    window.wait_until(lambda: scatter_of(window).visible.sum() == 72)
    settle_page(window)


def test_names_coordinates_and_groups_can_be_copied(explored: Window) -> None:
    session = explored.services.session
    (entry,) = session.project.entries
    session.select_spectra([entry.id] * 2, [3, 30])
    settle_page(explored)
    head, *lines = page_of(explored).numbers().splitlines()
    assert head.split("\t") == ["spectrum", "x", "y", "group"]
    assert [line.split("\t")[0] for line in lines] == ["three.h5 · 4", "three.h5 · 31"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_exported_figure_shows_plot_legend_and_spectra(
    explored: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"plane{suffix}"
    monkeypatch.setattr(dialogs, "ask_name", lambda *_: path)
    session = explored.services.session
    session.select([])
    settle_page(explored)
    explored.do("export_picture")
    explored.wait_until(lambda: "figure was saved" in explored.message)
    groups = session.groups
    assert groups is not None
    colours = [theme.current_theme().category(group.colour) for group in groups.groups]
    if suffix == ".svg":
        drawn = path.read_text(encoding="utf-8")
        assert drawn.count("<use ") > len(SUBSTANCES), "a mark for each spectrum"
        assert all(f"fill: {colour.lower()}" in drawn for colour in colours)
    else:
        assert all(share_of(path, colour) > 0.0003 for colour in colours)
    session.select_spectra(np.full(4, session.project.entries[0].id), np.arange(4))
    settle_page(explored)
    picture = page_of(explored).picture()
    assert picture is not None
    assert picture.selected.sum() == 4
    assert picture.title.endswith("4 selected")
    assert [line.name for line in picture.curves] == curves_of(explored)


def test_the_exported_figure_of_coloured_values_has_a_scale(explored: Window) -> None:
    colour_by(explored, "column x")
    picture = page_of(explored).picture()
    assert picture is not None
    assert picture.colour_scale is not None
    assert (picture.colour_scale.label, round(picture.colour_scale.low, 1), round(picture.colour_scale.high, 1)) == (
        "x",
        1.4,
        68.6,
    )
    assert not picture.legend


def test_the_view_actions_zoom_the_plot_while_it_is_shown(explored: Window) -> None:
    view = scatter_of(explored)
    before = view.position_of(0) - view.position_of(35)
    explored.do("zoom_in")
    after = view.position_of(0) - view.position_of(35)
    assert after.x() == pytest.approx(2 * before.x(), rel=1e-3)
    explored.do("zoom_back")
    assert (view.position_of(0) - view.position_of(35)).x() == pytest.approx(before.x(), rel=1e-3)
    explored.do("copy")
    assert QApplication.clipboard().text().startswith("spectrum\tx\ty\tgroup\nthree.h5 · 1\t")
    assert QApplication.clipboard().image().width() == 2 * view.width()


def test_the_layout_is_computed_anew_when_another_range_is_compared() -> None:
    random = np.random.default_rng(6)
    axis = np.linspace(200.0, 1800.0, 400)
    lines = 100 * np.exp(-(((axis - random.uniform(300, 1700, (30, 1))) / 12) ** 2))
    long = EntrySpectra.select(1, "long", SpectrumSet.of(axis, lines))
    short = EntrySpectra.select(2, "short", SpectrumSet.of(axis[:100], lines[:, :100]))
    engine: Any = Engine.load(device="cpu", threads=1)
    first, _ = explore(engine, [long])
    same, _ = explore(engine, [long], first)
    assert np.array_equal(same.planes["components"], first.planes["components"])
    other, _ = explore(engine, [long, short], first)
    assert other.range_cm is not None
    assert other.range_cm[1] < 700
    assert not np.allclose(other.planes["components"][:30], first.planes["components"])
