"""The Map page: which map, what it shows, what hands on it select, and that it is one with the session."""

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
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.gui.map.map_panel import MapPanel
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Exploration, Result
from ramanstudio.signal.map_channels import CHANNELS

AXIS = np.linspace(400.0, 1400.0, 201)
COLUMNS, ROWS = 8, 6


class Portraits(QObject):
    """Stands for what explores: it has no portraits."""

    group_summaries_changed = Signal()
    portraits: tuple[object, ...] = ()


def a_map(name: str = "map", rows: int = ROWS, missing: int = 0) -> SpectrumSet:
    """The line at 800 cm⁻¹ grows to the right, that at 1100 cm⁻¹ downwards."""
    x, y = (
        one.ravel()[: rows * COLUMNS - missing] for one in np.meshgrid(2.0 * np.arange(COLUMNS), 2.0 * np.arange(rows))
    )
    right, down = np.exp(-(((AXIS - 800) / 10) ** 2)), np.exp(-(((AXIS - 1100) / 10) ** 2))
    noise = np.random.default_rng(0).normal(0, 0.5, (len(x), 201))
    values = 100 + noise + 20 * (1 + x[:, None]) * right + 20 * (1 + y[:, None]) * down
    return SpectrumSet(AXIS, values, {"x": x, "y": y}, {"intensity_unit": "counts", "title": name})


def a_series() -> SpectrumSet:
    values = np.random.default_rng(0).normal(10, 1, (12, 201))
    return SpectrumSet(AXIS, values, {"z": np.arange(12.0)})


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[SimpleNamespace]:
    session, workers, messages = Session(), Workers(), Messages()
    actions = {name: QAction(name) for name in ("open_files", "open_folder", "try_demo", "export_map")}
    page = MapPage(session, Portraits(), workers, messages, actions)  # type: ignore[arg-type]
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
        timers = [one for part in (page, panel) for one in part.findChildren(QTimer) if one.isSingleShot()]
        until(lambda: not workers.busy and not any(one.isActive() for one in timers))  # however slow the machine is

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
    for one in (page, panel):
        one.close()
        one.deleteLater()
    assert workers.close()


def values(desk: SimpleNamespace) -> np.ndarray:
    return desk.page.picture.values


def denoise(desk: SimpleNamespace, entry_id: int) -> None:
    entry = desk.session.entry(entry_id)
    one = np.ones(len(entry.source), dtype=np.float32)
    denoised = Denoised(entry.source, np.ones_like(entry.source.values), 6 * one, 12 * one)
    desk.session.add_results({entry_id: Result(entry.source, denoised, set_id=entry.set_id)})
    desk.wait(seconds=0.5)


def explore(desk: SimpleNamespace, entry_id: int) -> None:
    entry = desk.session.entry(entry_id)
    members = Members.of_entries([(entry_id, len(entry.source))])
    features = entry.source.values / np.linalg.norm(entry.source.values, axis=1, keepdims=True)
    labels = (np.asarray(entry.source.table["x"]) > 7).astype(np.int64)
    labels[0] = -1
    groups = Groups.from_clustering(members, labels, np.ones(len(members), dtype=np.float32))
    desk.session.add_exploration(Exploration(members, features, features[:, :4]), groups)
    desk.wait()


def test_a_map_is_pictured_at_once_as_total_intensity(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    picture = desk.page.picture
    assert picture.label == "Total intensity / counts cm⁻¹"
    assert picture.values.shape == (ROWS, COLUMNS)
    assert picture.values[0, 0] < picture.values[0, -1]
    assert desk.page.view.canvas.scale_bar_text.endswith("µm")


def test_an_interrupted_map_is_blank_where_nothing_was_measured(desk: SimpleNamespace) -> None:
    desk.add(a_map(missing=3))
    assert np.isnan(values(desk)[-1, -3:]).all()
    assert np.isfinite(values(desk)[-1, :-3]).all()


def test_first_bands_lie_on_the_lines_and_the_area_follows_the_one_that_is_dragged(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    desk.show("area")
    desk.page.strip.band_dragged.emit(0, 770.0, 830.0)
    desk.wait(seconds=0.2)
    assert np.corrcoef(values(desk).ravel(), np.tile(np.arange(COLUMNS), ROWS))[0, 1] > 0.99
    assert (desk.panel.bands[0].low.value(), desk.panel.bands[0].high.value()) == (770, 830)
    desk.panel.bands[0].high.setValue(1130)
    desk.panel.bands[0].low.setValue(1070)
    desk.wait(seconds=0.2)
    assert np.corrcoef(values(desk).ravel(), np.repeat(np.arange(ROWS), COLUMNS))[0, 1] > 0.99
    assert desk.page.strip.strip.bands[0].low_cm == 1070


def test_a_double_click_on_the_spectrum_shows_that_band(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    strip = desk.page.strip.strip
    pane = strip._panes.viewport()
    assert strip.bands == ()
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=pane.mapFrom(strip, strip.position_of(800).toPoint()))
    desk.wait()
    assert desk.panel.channel.currentData() == "area"
    assert strip.bands[0].low_cm < 800 < strip.bands[0].high_cm
    assert np.corrcoef(values(desk).ravel(), np.tile(np.arange(COLUMNS), ROWS))[0, 1] > 0.99


def test_three_bands_are_red_green_and_blue(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    desk.show("rgb")
    assert values(desk).shape == (ROWS, COLUMNS, 3)
    assert len(desk.page.strip.strip.bands) == 3
    assert all(band.isVisible() for band in desk.panel.bands)


def test_what_is_not_known_yet_cannot_be_chosen_and_says_why(desk: SimpleNamespace) -> None:
    (entry_id,) = desk.add(a_map())
    model = desk.panel.channel.model()
    row = {one.key: place for place, one in enumerate(CHANNELS)}
    assert not model.item(row["gain"]).isEnabled()
    assert "denoised" in model.item(row["gain"]).toolTip()
    denoise(desk, entry_id)
    assert model.item(row["gain"]).isEnabled()
    assert not model.item(row["group"]).isEnabled()
    desk.show("gain")
    assert np.nanmax(values(desk)) == pytest.approx(2)


def test_groups_are_pictured_in_their_colours_with_a_legend(desk: SimpleNamespace) -> None:
    (entry_id,) = desk.add(a_map())
    denoise(desk, entry_id)
    explore(desk, entry_id)
    desk.show("group")
    assert [(row.name, row.count) for row in desk.page.view.legend.rows] == [
        ("Group 1", 4 * ROWS - 1),
        ("Group 2", 4 * ROWS),
        ("outliers", 1),
    ]
    assert desk.page.readout_for(1).endswith("Group: Group 1")
    desk.session.edit_groups(lambda groups: groups.renamed(0, "cell"), "Rename a group")
    desk.wait()
    assert desk.page.readout_for(1).endswith("Group: cell")


def test_the_distance_asks_for_a_selection_and_then_knows_its_likes(desk: SimpleNamespace) -> None:
    (entry_id,) = desk.add(a_map())
    denoise(desk, entry_id)
    explore(desk, entry_id)
    desk.show("distance")
    assert "Select a pixel" in desk.panel._note.text()
    desk.session.select_spectra([entry_id], [5])
    desk.wait()
    assert desk.panel._note.isHidden()
    assert values(desk).ravel()[5] == pytest.approx(0, abs=1e-6)
    assert np.nanmax(values(desk)) > 0


def click(desk: SimpleNamespace, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    canvas = desk.page.view.canvas
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, keys, canvas.position_of(row).toPoint())
    desk.wait()


def drag(desk: SimpleNamespace, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    canvas = desk.page.view.canvas
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        place = start + (end - start) * step / 5
        move(canvas, place, button)
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, end)
    desk.wait()


def move(canvas: QObject, place: QPoint, button: Qt.MouseButton) -> None:
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    spot = QPointF(place)
    event = QMouseEvent(
        QEvent.Type.MouseMove, spot, spot, Qt.MouseButton.NoButton, button, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)


def selected(desk: SimpleNamespace) -> list[int]:
    return desk.session.rows_of(desk.session.selected[0]).tolist()


def test_clicks_select_pixels_for_everyone(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    click(desk, 10)
    assert selected(desk) == [10]
    assert desk.session.single_row == 10  # the viewer shows the same
    click(desk, 12, Qt.KeyboardModifier.ControlModifier)
    assert selected(desk) == [10, 12]
    click(desk, 10, Qt.KeyboardModifier.ControlModifier)
    assert selected(desk) == [12]
    assert desk.page.view.canvas.outlines_selection
    assert desk.page.strip.strip.names == ["map.txt · 13"]


def test_a_selection_made_elsewhere_is_outlined(desk: SimpleNamespace) -> None:
    (entry_id,) = desk.add(a_map())
    assert not desk.page.view.canvas.outlines_selection
    desk.session.select_spectra([entry_id] * 2, [3, 4])
    desk.wait()
    assert desk.page.view.canvas.outlines_selection


def test_a_box_selects_what_lies_in_it_and_the_right_button_pans(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    canvas = desk.page.view.canvas
    first, last = canvas.pixel_rect(0), canvas.pixel_rect(COLUMNS + 1)
    drag(desk, first.topLeft().toPoint() + QPoint(2, 2), last.bottomRight().toPoint() - QPoint(2, 2))
    assert selected(desk) == [0, 1, COLUMNS, COLUMNS + 1]
    place = canvas.position_of(0)
    drag(desk, QPoint(200, 200), QPoint(230, 240), Qt.MouseButton.RightButton)
    moved = canvas.position_of(0) - place
    assert (round(moved.x()), round(moved.y())) == (30, 40)
    QTest.keyClick(canvas, Qt.Key.Key_A)
    assert canvas.position_of(0) == place
    assert selected(desk) == [0, 1, COLUMNS, COLUMNS + 1]


def test_the_keyboard_walks_from_pixel_to_pixel_and_selects(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    canvas = desk.page.view.canvas
    canvas.setFocus()
    click(desk, 0)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(canvas, key)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    desk.wait()
    assert selected(desk) == [COLUMNS + 2]
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    desk.wait()
    assert selected(desk) == [2, COLUMNS + 2]


def test_the_mouse_over_a_pixel_shows_its_spectrum_and_says_its_place(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    canvas = desk.page.view.canvas
    move(canvas, canvas.position_of(9).toPoint(), Qt.MouseButton.NoButton)
    assert desk.page.bar.readout.toolTip() or "x 2 µm, y 2 µm" in desk.page.readout_for(9)
    assert desk.page.strip.strip.names[-1] == "x 2 µm, y 2 µm"


def test_pixels_are_exact_unless_blending_is_asked_for(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    canvas = desk.page.view.canvas
    corner = canvas.pixel_rect(3 * COLUMNS + 3)  # its neighbour is clearly brighter
    image = canvas.grab().toImage()

    def colours() -> set[int]:
        return {image.pixel(round(corner.right() - 10 + dx), round(corner.center().y())) for dx in range(20)}

    assert len(colours()) == 2
    desk.panel.interpolated.setChecked(True)
    desk.wait()
    image = canvas.grab().toImage()
    assert desk.page.view.canvas.interpolated
    assert len(colours()) > 4


def test_percentile_limits_change_what_the_colours_mean(desk: SimpleNamespace) -> None:
    desk.add(a_map())
    before = desk.page.picture.limits
    desk.panel.low.setValue(20)
    desk.panel.high.setValue(80)
    desk.wait()
    after = desk.page.picture.limits
    assert before[0] < after[0] < after[1] < before[1]


def test_planes_in_depth_have_a_slider(desk: SimpleNamespace) -> None:
    flat = a_map()
    table = {name: np.tile(column, 2) for name, column in flat.table.items()}
    deep = SpectrumSet(AXIS, np.concatenate([flat.values, 3 * flat.values]), {**table, "z": np.repeat([0.0, 5.0], 48)})
    desk.add(deep)
    assert desk.panel.plane.isVisible()
    shallow = values(desk).copy()
    desk.panel.plane.setValue(1)
    desk.wait()
    assert values(desk) == pytest.approx(3 * shallow, rel=1e-4)
    assert desk.page.picture.title.endswith("z 5 µm")


def test_a_depth_scan_is_intensity_against_shift_and_rows_are_clicked(desk: SimpleNamespace) -> None:
    desk.add(a_series())
    view = desk.page.view
    assert view.is_series
    assert desk.page.picture.axes == ("Raman shift / cm⁻¹", "Depth / µm")
    assert not desk.panel.channel.isEnabled()
    view.series.setFocus()
    QTest.keyClick(view.series, Qt.Key.Key_Down)
    QTest.keyClick(view.series, Qt.Key.Key_Down)
    assert desk.page.bar.readout.toolTip() or desk.page.readout_for(1) == "Depth 1 µm"
    QTest.keyClick(view.series, Qt.Key.Key_Return)
    desk.wait()
    assert selected(desk) == [1]


def test_the_page_follows_the_list_from_map_to_map(desk: SimpleNamespace) -> None:
    first, second = desk.add(a_map("a"), a_map("b", rows=3))
    assert values(desk).shape == (ROWS, COLUMNS)
    desk.session.select([second])
    desk.wait()
    assert values(desk).shape == (3, COLUMNS)
    desk.page.bar.entries.setCurrentIndex(0)
    desk.page.bar.entry_chosen.emit(first)
    desk.wait()
    assert values(desk).shape == (ROWS, COLUMNS)
    desk.session.remove([first, second])
    desk.wait()
    assert desk.page.picture is None


@pytest.mark.parametrize("suffix", [".png", ".tif", ".csv"])
def test_what_is_shown_is_taken_away(desk: SimpleNamespace, suffix: str) -> None:
    desk.add(a_map())
    path = desk.folder / f"out{suffix}"
    job = desk.page.export(path)
    desk.until(lambda: job.settled)
    assert path.stat().st_size > 200


def test_a_large_map_is_measured_off_the_windows_thread(desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ramanstudio.gui.map.map_renderer.MAX_SYNCHRONOUS_VALUES", 10)
    desk.add(a_map())
    desk.until(lambda: desk.page.picture is not None)
    assert values(desk).shape == (ROWS, COLUMNS)


def test_spectra_that_are_not_numbers_are_blank_pixels(desk: SimpleNamespace) -> None:
    spectra = a_map()
    broken = spectra.values.copy()
    broken[7] = np.nan
    desk.add(spectra.with_values(broken))
    for channel in ("total", "area", "ratio", "rgb"):
        desk.show(channel)
        assert np.isnan(values(desk)[0, 7]).any()
        assert np.isfinite(values(desk)[1]).any()


def test_what_was_never_measured_is_blank_in_a_map_and_in_a_series(desk: SimpleNamespace) -> None:
    spectra = a_map()
    padded = spectra.values.copy()
    padded[-3:] = 0  # as an interrupted map is padded
    desk.add(spectra.with_values(padded))
    for channel in ("total", "rgb"):
        desk.show(channel)
        assert np.isnan(values(desk)[-1, -3:]).all()
        assert np.isfinite(values(desk)[-1, :-3]).all()
    series = a_series()
    padded = series.values.copy()
    padded[8:] = 0
    desk.add(series.with_values(padded))
    desk.until(lambda: desk.page.view.is_series)
    assert np.isnan(desk.page.picture.values[8:]).all()
    assert "blank: 4 spectra" in desk.page.view.bar.toolTip()
    assert desk.page.strip.strip.names == ["mean of 8 of 12"]
    assert np.isfinite(desk.page.picture.values[:8]).all()


def test_the_wells_of_a_plate_have_no_length(desk: SimpleNamespace) -> None:
    spectra = a_map().with_about(place_unit="")
    desk.add(spectra)
    desk.until(lambda: desk.page.picture is not None)
    assert desk.page.view.canvas.scale_bar_text == ""
    assert desk.page.readout_for(3).startswith("x 6, y 0   ")
    job = desk.page.export(desk.folder / "wells.csv")
    desk.until(lambda: job.settled)
    assert (desk.folder / "wells.csv").read_text().startswith("row,column,x,y,spectrum,")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_wears_both_themes(desk: SimpleNamespace, name: str) -> None:
    theme = themes.load_theme(name)  # type: ignore[arg-type]
    desk.page.set_theme(theme)
    desk.panel.set_theme(theme)
    desk.add(a_map())
    image = desk.page.view.grab().toImage()
    assert image.pixel(3, 3) & 0xFFFFFF == int(theme.panel[1:], 16)
