"""The Map tab: which map is shown and how, selecting pixels, and agreement with the session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.session import OpenedFile, Session
from ramanstudio.gui.map.map_page import MENU_ACTIONS, MapPage
from ramanstudio.gui.map.map_panel import MapPanel
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration, Result
from ramanstudio.signal.map_channels import CHANNELS

AXIS = np.linspace(400.0, 1400.0, 201)
COLUMNS, ROWS = 8, 6


class ExploringStub(QObject):
    """Stands in for Exploring, without group summaries."""

    group_summaries_changed = Signal()
    group_summaries: tuple[object, ...] = ()


def make_map(name: str = "map", rows: int = ROWS, missing: int = 0) -> SpectrumSet:
    """A map whose peak at 800 cm⁻¹ grows to the right, and that at 1100 cm⁻¹ downwards."""
    x, y = (
        axis.ravel()[: rows * COLUMNS - missing]
        for axis in np.meshgrid(2.0 * np.arange(COLUMNS), 2.0 * np.arange(rows))
    )
    right, down = np.exp(-(((AXIS - 800) / 10) ** 2)), np.exp(-(((AXIS - 1100) / 10) ** 2))
    noise = np.random.default_rng(0).normal(0, 0.5, (len(x), 201))
    values = 100 + noise + 20 * (1 + x[:, None]) * right + 20 * (1 + y[:, None]) * down
    return SpectrumSet(AXIS, values, {"x": x, "y": y}, {"intensity_unit": "counts", "title": name})


def make_series() -> SpectrumSet:
    values = np.random.default_rng(0).normal(10, 1, (12, 201))
    return SpectrumSet(AXIS, values, {"z": np.arange(12.0)})


@pytest.fixture
def map_tab(qapp: QApplication, tmp_path: Path) -> Iterator[SimpleNamespace]:
    session, workers, messages = Session(), Workers(), Messages()
    names = ("open_files", "open_folder", "try_demo", *MENU_ACTIONS)
    actions = {name: QAction(name, objectName=name) for name in names}
    page = MapPage(session, ExploringStub(), workers, messages, actions)  # type: ignore[arg-type]
    panel = MapPanel(page, actions)
    page.resize(1000, 760)
    panel.resize(260, 700)
    page.show()
    panel.show()

    def wait(true: Callable[[], bool] = lambda: False, seconds: float = 0.06) -> None:
        deadline = time.monotonic() + (seconds if not true() else 10.0)
        while time.monotonic() < deadline and not true():
            qapp.processEvents()
            time.sleep(0.002)
        timers = [timer for part in (page, panel) for timer in part.findChildren(QTimer) if timer.isSingleShot()]
        until(lambda: not workers.busy and not any(timer.isActive() for timer in timers))  # however slow the machine is

    def until(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not true():
            assert time.monotonic() < deadline
            qapp.processEvents()
            time.sleep(0.002)

    def add(*sets: SpectrumSet, name: str = "map.txt") -> list[int]:
        entries = session.add([OpenedFile(tmp_path / name, sets)], "open")
        session.select([entries[0].id])
        wait()
        return [entry.id for entry in entries]

    def show(channel: str) -> None:
        row = panel.channel.findData(channel)
        panel.channel.setCurrentIndex(row)
        panel.channel.activated.emit(row)
        wait()

    yield SimpleNamespace(
        session=session, page=page, panel=panel, add=add, wait=wait, until=until, show=show, folder=tmp_path
    )
    if page.view is not None:
        page.view.stop()
    for widget in (page, panel):
        widget.close()
        widget.deleteLater()
    assert workers.close()


def values(map_tab: SimpleNamespace) -> np.ndarray:
    return map_tab.page.picture.values


def denoise(map_tab: SimpleNamespace, entry_id: int) -> None:
    entry = map_tab.session.entry(entry_id)
    ones = np.ones(len(entry.source), dtype=np.float32)
    denoised = Denoised(entry.source, np.ones_like(entry.source.values), 6 * ones, 12 * ones)
    map_tab.session.add_results({entry_id: Result(entry.source, denoised, set_id=entry.set_id)})
    map_tab.wait(seconds=0.5)


def explore(map_tab: SimpleNamespace, entry_id: int) -> None:
    entry = map_tab.session.entry(entry_id)
    members = Members.of_entries([(entry_id, len(entry.source))])
    features = entry.source.values / np.linalg.norm(entry.source.values, axis=1, keepdims=True)
    labels = (np.asarray(entry.source.table["x"]) > 7).astype(np.int64)
    labels[0] = -1
    groups = Groups.from_clustering(members, labels, np.ones(len(members), dtype=np.float32))
    map_tab.session.add_exploration(Exploration(members, features, features[:, :4]), groups)
    map_tab.wait()


def test_a_map_shows_the_total_intensity_first(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    picture = map_tab.page.picture
    assert picture.label == "Total intensity / counts cm⁻¹"
    assert picture.values.shape == (ROWS, COLUMNS)
    assert picture.values[0, 0] < picture.values[0, -1]
    assert map_tab.page.view.canvas.scale_bar_text.endswith("µm")


def test_an_interrupted_map_is_blank_where_nothing_was_measured(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map(missing=3))
    assert np.isnan(values(map_tab)[-1, -3:]).all()
    assert np.isfinite(values(map_tab)[-1, :-3]).all()


def test_suggested_bands_lie_on_peaks_and_the_area_follows_a_dragged_band(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    map_tab.show("area")
    map_tab.page.strip.band_dragged.emit(0, 770.0, 830.0)
    map_tab.wait(seconds=0.2)
    assert np.corrcoef(values(map_tab).ravel(), np.tile(np.arange(COLUMNS), ROWS))[0, 1] > 0.99
    assert (map_tab.panel.bands[0].low.value(), map_tab.panel.bands[0].high.value()) == (770, 830)
    map_tab.panel.bands[0].high.setValue(1130)
    map_tab.panel.bands[0].low.setValue(1070)
    map_tab.wait(seconds=0.2)
    assert np.corrcoef(values(map_tab).ravel(), np.repeat(np.arange(ROWS), COLUMNS))[0, 1] > 0.99
    assert map_tab.page.strip.strip.bands[0].low_cm == 1070


def test_a_double_click_on_the_spectrum_shows_that_band(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    strip = map_tab.page.strip.strip
    pane = strip._panes.viewport()
    assert strip.bands == ()
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=pane.mapFrom(strip, strip.position_of(800).toPoint()))
    map_tab.wait()
    assert map_tab.panel.channel.currentData() == "area"
    assert strip.bands[0].low_cm < 800 < strip.bands[0].high_cm
    assert np.corrcoef(values(map_tab).ravel(), np.tile(np.arange(COLUMNS), ROWS))[0, 1] > 0.99


def test_rgb_shows_three_bands(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    map_tab.show("rgb")
    assert values(map_tab).shape == (ROWS, COLUMNS, 3)
    assert len(map_tab.page.strip.strip.bands) == 3
    assert all(band.isVisible() for band in map_tab.panel.bands)


def test_unavailable_channels_are_disabled_and_say_why(map_tab: SimpleNamespace) -> None:
    (entry_id,) = map_tab.add(make_map())
    model = map_tab.panel.channel.model()
    row = {channel.key: number for number, channel in enumerate(CHANNELS)}
    assert not model.item(row["gain"]).isEnabled()
    assert "denoised" in model.item(row["gain"]).toolTip()
    denoise(map_tab, entry_id)
    assert model.item(row["gain"]).isEnabled()
    assert not model.item(row["group"]).isEnabled()
    map_tab.show("gain")
    assert np.nanmax(values(map_tab)) == pytest.approx(2)


def test_groups_are_shown_in_their_colours_with_a_legend(map_tab: SimpleNamespace) -> None:
    (entry_id,) = map_tab.add(make_map())
    denoise(map_tab, entry_id)
    explore(map_tab, entry_id)
    map_tab.show("group")
    assert [(row.name, row.count) for row in map_tab.page.view.legend.rows] == [
        ("Group 1", 4 * ROWS - 1),
        ("Group 2", 4 * ROWS),
        ("outliers", 1),
    ]
    assert map_tab.page.readout_for(1).endswith("Group: Group 1")
    map_tab.session.edit_groups(lambda groups: groups.renamed(0, "cell"), "Rename a group")
    map_tab.wait()
    assert map_tab.page.readout_for(1).endswith("Group: cell")


def test_the_distance_channel_asks_for_a_selection(map_tab: SimpleNamespace) -> None:
    (entry_id,) = map_tab.add(make_map())
    denoise(map_tab, entry_id)
    explore(map_tab, entry_id)
    map_tab.show("distance")
    assert "Select one or more pixels" in map_tab.panel._note.text()
    map_tab.session.select_spectra([entry_id], [5])
    map_tab.wait()
    assert map_tab.panel._note.isHidden()
    assert values(map_tab).ravel()[5] == pytest.approx(0, abs=1e-6)
    assert np.nanmax(values(map_tab)) > 0


def click(map_tab: SimpleNamespace, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = map_tab.page.view.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, keys, canvas.position_of(row).toPoint())
    map_tab.wait()


def drag(
    map_tab: SimpleNamespace, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton
) -> None:
    canvas = map_tab.page.view.canvas
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        place = start + (end - start) * step / 5
        move(canvas, place, button)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, end)
    map_tab.wait()


def move(canvas: QObject, place: QPoint, button: Qt.MouseButton) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    spot = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, spot, spot, Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)


def selected(map_tab: SimpleNamespace) -> list[int]:
    return map_tab.session.rows_of(map_tab.session.selected[0]).tolist()


def test_clicks_select_pixels_in_the_session(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    click(map_tab, 10)
    assert selected(map_tab) == [10]
    assert map_tab.session.single_row == 10  # the viewer shows the same
    click(map_tab, 12, Qt.KeyboardModifier.ControlModifier)
    assert selected(map_tab) == [10, 12]
    click(map_tab, 10, Qt.KeyboardModifier.ControlModifier)
    assert selected(map_tab) == [12]
    assert map_tab.page.view.canvas.outlines_selection
    assert map_tab.page.strip.strip.names == ["map.txt · 13"]


def test_a_selection_made_elsewhere_is_outlined(map_tab: SimpleNamespace) -> None:
    (entry_id,) = map_tab.add(make_map())
    assert not map_tab.page.view.canvas.outlines_selection
    map_tab.session.select_spectra([entry_id] * 2, [3, 4])
    map_tab.wait()
    assert map_tab.page.view.canvas.outlines_selection


def test_a_box_selects_pixels_and_the_right_button_pans(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    canvas = map_tab.page.view.canvas
    first, last = canvas.pixel_rect(0), canvas.pixel_rect(COLUMNS + 1)
    drag(map_tab, first.topLeft().toPoint() + QPoint(2, 2), last.bottomRight().toPoint() - QPoint(2, 2))
    assert selected(map_tab) == [0, 1, COLUMNS, COLUMNS + 1]
    place = canvas.position_of(0)
    drag(map_tab, QPoint(200, 200), QPoint(230, 240), Qt.MouseButton.RightButton)
    moved = canvas.position_of(0) - place
    assert (round(moved.x()), round(moved.y())) == (30, 40)
    QTest.keyClick(canvas, Qt.Key.Key_A)
    assert canvas.position_of(0) == place
    assert selected(map_tab) == [0, 1, COLUMNS, COLUMNS + 1]


def test_a_right_click_offers_the_mean_of_the_selected_region_as_a_new_spectrum(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    click(map_tab, 10)
    menu = map_tab.page.menu
    menu.aboutToShow.connect(lambda: QTimer.singleShot(0, menu.close))
    shown = []
    menu.aboutToShow.connect(lambda: shown.append([action.objectName() for action in menu.actions()]))
    drag(map_tab, QPoint(200, 200), QPoint(230, 240), Qt.MouseButton.RightButton)
    assert shown == []  # that was a pan
    QTest.mouseClick(map_tab.page.view.canvas, Qt.MouseButton.RightButton, pos=QPoint(200, 200))
    map_tab.wait()
    assert shown and "average" in shown[0]
    assert selected(map_tab) == [10]


def test_the_map_cannot_be_zoomed_out_below_half_its_size(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    canvas, view = map_tab.page.view.canvas, map_tab.page.view
    width = canvas.pixel_rect(0).width()
    for _ in range(12):
        view.zoom_by(2.0)
    assert canvas.pixel_rect(0).width() == pytest.approx(width / 2, rel=0.01)
    for _ in range(30):
        view.zoom_by(0.5)
    assert 0 < canvas.pixel_rect(0).width() <= 201  # and a pixel is not drawn larger than 200


def test_the_keyboard_steps_through_pixels_and_selects(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    canvas = map_tab.page.view.canvas
    canvas.setFocus()
    click(map_tab, 0)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(canvas, key)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    map_tab.wait()
    assert selected(map_tab) == [COLUMNS + 2]
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    map_tab.wait()
    assert selected(map_tab) == [2, COLUMNS + 2]


def test_hovering_a_pixel_shows_its_spectrum_and_position(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    canvas = map_tab.page.view.canvas
    move(canvas, canvas.position_of(9).toPoint(), Qt.MouseButton.NoButton)
    assert map_tab.page.bar.readout.toolTip() or "x 2 µm, y 2 µm" in map_tab.page.readout_for(9)
    assert map_tab.page.strip.strip.names[-1] == "x 2 µm, y 2 µm"


def test_pixels_are_exact_unless_interpolated(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    canvas = map_tab.page.view.canvas
    corner = canvas.pixel_rect(3 * COLUMNS + 3)  # its neighbour is clearly brighter
    image = canvas.grab().toImage()

    def colours() -> set[int]:
        return {image.pixel(round(corner.right() - 10 + dx), round(corner.center().y())) for dx in range(20)}

    assert len(colours()) == 2
    map_tab.panel.interpolated.setChecked(True)
    map_tab.wait()
    image = canvas.grab().toImage()
    assert map_tab.page.view.canvas.interpolated
    assert len(colours()) > 4


def test_percentile_limits_change_the_colour_limits(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    before = map_tab.page.picture.limits
    map_tab.panel.low.setValue(20)
    map_tab.panel.high.setValue(80)
    map_tab.wait()
    after = map_tab.page.picture.limits
    assert before[0] < after[0] < after[1] < before[1]


def test_planes_in_depth_have_a_slider(map_tab: SimpleNamespace) -> None:
    flat = make_map()
    table = {name: np.tile(column, 2) for name, column in flat.table.items()}
    deep = SpectrumSet(AXIS, np.concatenate([flat.values, 3 * flat.values]), {**table, "z": np.repeat([0.0, 5.0], 48)})
    map_tab.add(deep)
    assert map_tab.panel.plane.isVisible()
    shallow = values(map_tab).copy()
    map_tab.panel.plane.setValue(1)
    map_tab.wait()
    assert values(map_tab) == pytest.approx(3 * shallow, rel=1e-4)
    assert map_tab.page.picture.title.endswith("z 5 µm")


def test_a_depth_scan_is_a_series_whose_rows_can_be_selected(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_series())
    view = map_tab.page.view
    assert view.is_series
    assert map_tab.page.picture.axis_labels == ("Raman shift / cm⁻¹", "Depth / µm")
    assert not map_tab.panel.channel.isEnabled()
    view.series.setFocus()
    QTest.keyClick(view.series, Qt.Key.Key_Down)
    QTest.keyClick(view.series, Qt.Key.Key_Down)
    assert map_tab.page.bar.readout.toolTip() or map_tab.page.readout_for(1) == "Depth 1 µm"
    QTest.keyClick(view.series, Qt.Key.Key_Return)
    map_tab.wait()
    assert selected(map_tab) == [1]


def test_the_page_follows_the_selected_map(map_tab: SimpleNamespace) -> None:
    first, second = map_tab.add(make_map("a"), make_map("b", rows=3))
    assert values(map_tab).shape == (ROWS, COLUMNS)
    map_tab.session.select([second])
    map_tab.wait()
    assert values(map_tab).shape == (3, COLUMNS)
    map_tab.page.bar.entries.setCurrentIndex(0)
    map_tab.page.bar.entry_chosen.emit(first)
    map_tab.wait()
    assert values(map_tab).shape == (ROWS, COLUMNS)
    map_tab.session.remove([first, second])
    map_tab.wait()
    assert map_tab.page.picture is None


@pytest.mark.parametrize("suffix", [".png", ".tif", ".csv"])
def test_the_map_is_exported(map_tab: SimpleNamespace, suffix: str) -> None:
    map_tab.add(make_map())
    path = map_tab.folder / f"out{suffix}"
    job = map_tab.page.export(path)
    map_tab.until(lambda: job.settled)
    assert path.stat().st_size > 200


def test_the_values_of_the_map_are_copied_as_numbers(map_tab: SimpleNamespace) -> None:
    map_tab.add(make_map())
    head, *lines = map_tab.page.numbers().splitlines()
    assert head.split("\t")[:5] == ["row", "column", "x / µm", "y / µm", "spectrum"]
    assert len(lines) == ROWS * COLUMNS
    assert float(lines[9].split("\t")[5]) == pytest.approx(values(map_tab)[1, 1], rel=1e-6)
    assert not map_tab.page.view.copy_picture().isNull()
    map_tab.session.remove([map_tab.page.map_source.entry.id])
    map_tab.wait()
    assert map_tab.page.numbers() == ""


def test_a_large_map_is_calculated_in_the_background(map_tab: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramanstudio.gui.map.map_renderer.MAX_SYNCHRONOUS_VALUES", 10)
    map_tab.add(make_map())
    map_tab.until(lambda: map_tab.page.picture is not None)
    assert values(map_tab).shape == (ROWS, COLUMNS)


def test_spectra_with_nan_are_blank_pixels(map_tab: SimpleNamespace) -> None:
    spectra = make_map()
    broken = spectra.values.copy()
    broken[7] = np.nan
    map_tab.add(spectra.with_values(broken))
    for channel in ("total", "area", "ratio", "rgb"):
        map_tab.show(channel)
        assert np.isnan(values(map_tab)[0, 7]).any()
        assert np.isfinite(values(map_tab)[1]).any()


def test_unmeasured_spectra_are_blank_in_a_map_and_in_a_series(map_tab: SimpleNamespace) -> None:
    spectra = make_map()
    padded = spectra.values.copy()
    padded[-3:] = 0  # as an interrupted map is padded
    map_tab.add(spectra.with_values(padded))
    for channel in ("total", "rgb"):
        map_tab.show(channel)
        assert np.isnan(values(map_tab)[-1, -3:]).all()
        assert np.isfinite(values(map_tab)[-1, :-3]).all()
    series = make_series()
    padded = series.values.copy()
    padded[8:] = 0
    map_tab.add(series.with_values(padded))
    map_tab.until(lambda: map_tab.page.view.is_series)
    assert np.isnan(map_tab.page.picture.values[8:]).all()
    assert "blank: 4 spectra" in map_tab.page.view.bar.toolTip()
    assert map_tab.page.strip.strip.names == ["mean of 8 of 12"]
    assert np.isfinite(map_tab.page.picture.values[:8]).all()


def test_the_wells_of_a_plate_have_no_scale_bar(map_tab: SimpleNamespace) -> None:
    spectra = make_map().with_about(place_unit="")
    map_tab.add(spectra)
    map_tab.until(lambda: map_tab.page.picture is not None)
    assert map_tab.page.view.canvas.scale_bar_text == ""
    assert map_tab.page.readout_for(3).startswith("x 6, y 0   ")
    job = map_tab.page.export(map_tab.folder / "wells.csv")
    map_tab.until(lambda: job.settled)
    assert (map_tab.folder / "wells.csv").read_text().startswith("row,column,x,y,spectrum,")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_map_is_drawn_in_both_themes(map_tab: SimpleNamespace, name: str) -> None:
    theme = themes.load_theme(name)  # type: ignore[arg-type]
    map_tab.page.set_theme(theme)
    map_tab.panel.set_theme(theme)
    map_tab.add(make_map())
    image = map_tab.page.view.grab().toImage()
    assert image.pixel(3, 3) & 0xFFFFFF == int(theme.panel[1:], 16)


def test_a_fitted_line_is_a_channel_with_its_error():
    from ramanstudio.gui.map.map_values import MapData, MapOptions, channel_values, label_of

    spectra = make_map()
    data = MapData(spectra.axis, spectra.values)
    shown = {
        key: channel_values(MapOptions(key, ((760.0, 840.0),)), data)
        for key in ("fit_position", "fit_error", "fit_height", "fit_width")
    }
    strong = spectra.table["x"] > 2
    assert np.abs(shown["fit_position"][strong] - 800).max() < 1
    assert np.all((shown["fit_error"][strong] > 0) & (shown["fit_error"][strong] < 0.5))
    assert shown["fit_height"][strong] == pytest.approx(20 * (1 + spectra.table["x"][strong]), rel=0.15)
    assert label_of(MapOptions("fit_position", ((760.0, 840.0),)), "counts") == "Fitted position in 760–840 cm⁻¹ / cm⁻¹"
    assert np.isnan(channel_values(MapOptions("fit_position", ((10.0, 20.0),)), data)).all()
