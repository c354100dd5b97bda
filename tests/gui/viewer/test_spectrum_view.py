"""The viewer as it is seen: pixels where curves are, none where they are hidden, and what hands do to it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common import theme
from ramanstudio.gui.viewer.crosshair import Crosshair
from ramanstudio.gui.viewer.spectrum_view import DisplayedSpectrum, SpectrumView

LIGHT, DARK = theme.load_theme("light"), theme.load_theme("dark")
AXIS = np.linspace(200.0, 1800.0, 801)
# One broad line on a slope: easy to follow by eye and by pixel.
CLEAN = 100 + 0.02 * (AXIS - 200) + 400 * np.exp(-0.5 * ((AXIS - 900) / 60) ** 2)
ERROR = np.full(AXIS.shape, 15.0)
PLACES = (300.0, 700.0, 860.0, 900.0, 1000.0, 1500.0)


def noisy(seed: int = 0, scale: float = 20.0) -> np.ndarray:
    return CLEAN + np.random.default_rng(seed).normal(0, scale, AXIS.size)


def one(name: str = "quartz", **changes: Any) -> DisplayedSpectrum:
    return DisplayedSpectrum(
        **{"name": name, "axis": AXIS, "raw": noisy(), "denoised": CLEAN, "expected_error": ERROR, **changes}
    )


def many(count: int) -> tuple[SpectrumSet, Any]:
    draw = np.random.default_rng(1)
    values = (CLEAN * draw.uniform(0.95, 1.05, (count, 1))).astype(np.float32)
    raw = values + draw.normal(0, 20, values.shape).astype(np.float32)
    spectra = SpectrumSet(AXIS, raw, {}, {"intensity_unit": "counts"})
    return spectra, SimpleNamespace(spectra=spectra.with_values(values), expected_error=np.full_like(values, 5))


@pytest.fixture
def view(qtbot: Any) -> Iterator[SpectrumView]:
    shown = SpectrumView()
    qtbot.addWidget(shown)
    shown.set_theme(LIGHT)
    shown.resize(820, 560)
    shown.show()
    qtbot.waitExposed(shown)
    yield shown
    shown.clear()


def seen(view: SpectrumView) -> np.ndarray:
    """The pixels (height, width, 3) of the viewer once it is drawn."""
    QApplication.processEvents()
    view.finish_drawing()
    return pixels(view.grab().toImage())


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)


def rgb(colour: str) -> np.ndarray:
    return np.array(QColor(colour).getRgb()[:3])


def coloured(picture: np.ndarray, colour: str, within: int = 40) -> np.ndarray:
    """Where the picture (H, W, 3) has about a colour."""
    return np.abs(picture - rgb(colour)).sum(axis=-1) <= within


def inked(picture: np.ndarray, colour: str) -> np.ndarray:
    """Where a thin line of a colour lies: nearer to the colour than to the ground, however its edge was smoothed."""
    away = np.abs(picture - rgb(colour)).sum(axis=-1)
    return away < 0.6 * np.abs(rgb(colour) - rgb(LIGHT.panel)).sum()


def near(mask: np.ndarray, place: QPointF, reach: int = 3) -> bool:
    x, y = round(place.x()), round(place.y())
    return bool(mask[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].any())


def in_plot(view: SpectrumView, mask: np.ndarray) -> np.ndarray:
    """The part of a mask that lies in the upper pane, off the axes and their numbers."""
    (left, right), (low, high) = view.visible_range()
    corner, other = view.position_of(left, high), view.position_of(right, low)
    return mask[round(corner.y()) + 2 : round(other.y()) - 2, round(corner.x()) + 2 : round(other.x()) - 2]


def viewport(view: SpectrumView) -> Any:
    return view.focusProxy().viewport()


def on_viewport(view: SpectrumView, shift: float, intensity: float) -> QPoint:
    return viewport(view).mapFrom(view, view.position_of(shift, intensity).toPoint())


def hover(view: SpectrumView, place: QPoint) -> None:
    none = Qt.MouseButton.NoButton
    where = QPointF(place)
    moved = QMouseEvent(
        QEvent.Type.MouseMove, where, viewport(view).mapToGlobal(where), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(viewport(view), moved)


def wheel(view: SpectrumView, place: QPoint, clicks: int, control: bool = False) -> None:
    turned = QWheelEvent(
        QPointF(place),
        viewport(view).mapToGlobal(QPointF(place)),
        QPoint(),
        QPoint(0, 120 * clicks),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport(view), turned)


def move_pressed(view: SpectrumView, where: QPointF, button: Qt.MouseButton) -> None:
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    moved = QMouseEvent(QEvent.Type.MouseMove, where, viewport(view).mapToGlobal(where), none, button, keys)
    QTest.qWait(15)  # the scene takes a hundred moves a second
    QApplication.sendEvent(viewport(view), moved)


def drag(view: SpectrumView, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    pane = viewport(view)
    QTest.mousePress(pane, button, Qt.KeyboardModifier.NoModifier, start)
    for share in (0.2, 0.6, 1.0):
        move_pressed(view, QPointF(start) + (QPointF(end) - QPointF(start)) * share, button)
    QTest.mouseRelease(pane, button, Qt.KeyboardModifier.NoModifier, end)


# What is seen


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda shown: shown.name)
def test_the_denoised_curve_lies_where_its_numbers_are(view: SpectrumView, shown: theme.Theme) -> None:
    view.set_theme(shown)
    view.show_spectra([one()])
    picture = seen(view)
    accent = coloured(picture, shown.accent, 90)
    for place in PLACES:
        assert near(accent, view.position_of(place, np.interp(place, AXIS, CLEAN)))
        assert not near(accent, view.position_of(place, np.interp(place, AXIS, CLEAN) + 80))
    assert coloured(picture, shown.panel).mean() > 0.5  # calm: mostly ground


def test_hidden_curves_leave_no_pixel(view: SpectrumView) -> None:
    view.show_spectra([one()])
    view.set_options(residual=True)
    accent, raw, residual = (
        coloured(seen(view), colour, 30).sum() for colour in (LIGHT.accent, LIGHT.raw, LIGHT.residual)
    )
    assert min(accent, raw, residual) > 100
    view.set_options(denoised=False)
    assert not coloured(seen(view), LIGHT.accent, 90).any()
    view.set_options(residual=False)
    assert not coloured(seen(view), LIGHT.residual, 60).any()
    view.set_options(denoised=True)
    view.set_options(raw=False)
    assert not in_plot(view, coloured(seen(view), LIGHT.raw, 20)).any()


def test_the_confidence_band_contains_nine_in_ten_spectra(view: SpectrumView) -> None:
    view.show_spectra([one(raw=CLEAN)])
    view.set_options(raw=False)
    tint = theme.blend(LIGHT.panel, LIGHT.accent, LIGHT.band_alpha)
    band = coloured(seen(view), tint, 12)
    for place in (300.0, 1500.0):
        height = np.interp(place, AXIS, CLEAN)
        for side in (-1, 1):
            assert near(band, view.position_of(place, height + side * 15 * 1.3), 1)
            assert not near(band, view.position_of(place, height + side * 15 * 2.1), 1)
    view.set_options(band=False)
    bare = coloured(seen(view), tint, 12)
    assert not any(near(bare, view.position_of(place, np.interp(place, AXIS, CLEAN) + 15), 2) for place in PLACES)


def test_the_residual_has_a_quarter_of_the_height_beneath(view: SpectrumView) -> None:
    view.show_spectra([one()])
    before = view.position_of(900, 100).y()
    assert not coloured(seen(view), LIGHT.residual, 60).any()
    view.set_options(residual=True)
    picture = seen(view)
    rows = np.flatnonzero(coloured(picture, LIGHT.residual, 60).any(axis=1))
    assert rows.min() > 0.6 * picture.shape[0]
    assert view.position_of(900, 100).y() < before
    assert near(
        coloured(picture, LIGHT.residual, 120), view.position_of(AXIS[400], (noisy() - CLEAN)[400], residual=True)
    )
    top = min(view.position_of(0, edge).y() for edge in view.visible_range()[1])
    upper = max(view.position_of(0, edge).y() for edge in view.visible_range()[1]) - top
    assert 0.2 < (rows.max() - rows.min()) / (upper + rows.max() - rows.min()) < 0.34
    assert view.position_of(900, 0, residual=True).x() == pytest.approx(view.position_of(900, 0).x(), abs=0.6)


def test_a_spectrum_that_is_not_denoised_shows_only_its_raw_curve(view: SpectrumView) -> None:
    view.set_options(residual=True)
    view.show_spectra([one(denoised=None, expected_error=None)])
    picture = seen(view)
    assert coloured(picture, LIGHT.raw, 30).sum() > 100
    assert not coloured(picture, LIGHT.accent, 90).any()
    assert not coloured(picture, LIGHT.residual, 60).any()


def test_twenty_spectra_have_colours_of_their_own_and_a_legend(view: SpectrumView) -> None:
    items = [one(f"cell {index}", raw=CLEAN + 60 * index, denoised=CLEAN + 60 * index) for index in range(20)]
    view.set_options(band=False)
    view.show_spectra(items)
    picture = seen(view)
    assert view.legend == [f"cell {index}" for index in range(20)]
    for index in range(20):
        assert near(inked(picture, LIGHT.category(index)), view.position_of(1500, CLEAN[650] + 60 * index), 1)
    view.show_spectra(items[:1])
    assert view.legend == []


def test_spectra_of_different_axes_are_shown_together(view: SpectrumView) -> None:
    shifted = DisplayedSpectrum("silicon", AXIS + 1500, CLEAN, CLEAN, ERROR)
    view.show_spectra([one(), shifted])
    picture = seen(view)
    assert view.visible_range()[0][0] < 201
    assert view.visible_range()[0][1] > 3299
    assert near(coloured(picture, LIGHT.category(0), 110), view.position_of(900, 514))
    assert near(coloured(picture, LIGHT.category(1), 110), view.position_of(2400, 514))


def test_values_that_are_not_finite_are_gaps(view: SpectrumView) -> None:
    torn = CLEAN.copy()
    torn[300:500] = np.nan
    torn[600] = np.inf
    view.show_spectra([one(raw=np.full_like(CLEAN, np.nan), denoised=torn)])
    accent = coloured(seen(view), LIGHT.accent, 90)
    assert near(accent, view.position_of(300, np.interp(300, AXIS, CLEAN)))
    assert not near(accent, view.position_of(1000, np.interp(1000, AXIS, CLEAN)), 6)
    nothing = np.full((600, AXIS.size), np.nan, np.float32)
    for count in (3, 100, 600):
        view.show_set(SpectrumSet(AXIS, nothing[:count]))
        view.set_options(log=count == 100)
        seen(view)


@pytest.mark.parametrize("count", [100, 900], ids=["lines", "density"])
def test_many_spectra_are_drawn_where_they_are(view: SpectrumView, count: int) -> None:
    spectra, denoised = many(count)
    view.set_options(raw=False)
    view.show_set(spectra, denoised)
    picture = seen(view)
    ground = coloured(picture, LIGHT.panel, 24)
    for place in PLACES:
        height = np.interp(place, AXIS, CLEAN)
        assert near(~ground, view.position_of(place, height))
        assert near(~ground, view.position_of(place, 1.03 * height))
    for place in (300.0, 1500.0):
        assert not near(~ground, view.position_of(place, 300))
    view.set_options(denoised=False)
    picture = seen(view)
    assert in_plot(view, coloured(picture, LIGHT.panel, 24)).all()


def test_a_density_is_right_at_every_zoom_and_after_a_pan(view: SpectrumView) -> None:
    spectra, denoised = many(700)
    view.set_options(raw=False)
    view.show_set(spectra, denoised)
    for factor, share in ((1.0, 0.0), (0.2, 0.0), (1.0, 0.3), (3.0, 0.0)):
        view.zoom_by(factor)
        view.move_by(share)
        picture = seen(view)
        (left, right), _ = view.visible_range()
        for place in np.linspace(max(left, 200), min(right, 1800), 9)[1:-1]:
            assert near(~coloured(picture, LIGHT.panel, 24), view.position_of(place, np.interp(place, AXIS, CLEAN)))


def test_selected_spectra_are_highlighted_in_a_density(view: SpectrumView) -> None:
    spectra, denoised = many(700)
    view.show_set(spectra, denoised)
    lone = LIGHT.category(4)
    assert not coloured(seen(view), lone, 30).any()
    view.set_selected([5])
    assert coloured(seen(view), lone, 60).sum() > 200
    assert "spectrum 6" in view.legend


def test_a_large_map_is_drawn_between_the_events_of_the_window(view: SpectrumView, qtbot: Any) -> None:
    spectra, denoised = many(4000)
    view.show_set(spectra, denoised)
    assert view.drawing
    assert (~coloured(pixels(view.grab().toImage()), LIGHT.panel, 24)).mean() > 0.02  # a coarse picture, at once
    qtbot.waitUntil(lambda: not view.drawing, timeout=20_000)


def test_clear_removes_everything(view: SpectrumView) -> None:
    view.show_spectra([one("a"), one("b")])
    view.clear()
    picture = seen(view)
    assert view.legend == []
    assert not coloured(picture, LIGHT.category(0), 60).any()
    assert view.numbers().strip() == ""


def test_the_theme_can_change_while_spectra_are_shown(view: SpectrumView) -> None:
    view.show_spectra([one()])
    view.set_theme(DARK)
    picture = seen(view)
    assert coloured(picture, DARK.panel, 6).mean() > 0.5
    assert not coloured(picture, LIGHT.panel, 6).any()


# What hands do


def test_the_wheel_zooms_shifts_around_the_cursor_and_with_ctrl_intensities(view: SpectrumView) -> None:
    view.show_spectra([one()])
    (left, right), _ = view.visible_range()
    wheel(view, on_viewport(view, 900, 300), 3)
    (near_left, near_right), (low, high) = view.visible_range()
    assert left < near_left < 900 < near_right < right
    assert (900 - near_left) / (near_right - near_left) == pytest.approx((900 - left) / (right - left), abs=0.01)
    wheel(view, on_viewport(view, 900, 300), 3, control=True)
    (now_left, now_right), (now_low, now_high) = view.visible_range()
    assert (now_left, now_right) == (near_left, near_right)
    assert now_high - now_low < 0.9 * (high - low)


def test_continuous_wheel_turns_are_one_step_back(view: SpectrumView) -> None:
    view.show_spectra([one()])
    before = view.visible_range()
    for _ in range(5):
        wheel(view, on_viewport(view, 900, 300), 1)
    assert view.visible_range() != before
    view.zoom_back()
    assert np.allclose(view.visible_range(), before)


def test_a_box_zooms_in_and_zoom_back_returns(view: SpectrumView) -> None:
    view.show_spectra([one()])
    before = view.visible_range()
    drag(view, on_viewport(view, 700, 450), on_viewport(view, 1100, 250))
    (left, right), (low, high) = view.visible_range()
    assert (left, right) == (pytest.approx(700, abs=4), pytest.approx(1100, abs=4))
    assert (low, high) == (pytest.approx(250, abs=4), pytest.approx(450, abs=4))
    drag(view, on_viewport(view, 800, 400), on_viewport(view, 1000, 300))
    view.zoom_back()
    assert view.visible_range()[0] == (left, right)
    view.zoom_back()
    assert np.allclose(view.visible_range(), before)
    view.zoom_back()
    assert np.allclose(view.visible_range(), before)


def test_a_double_click_shows_all_again(view: SpectrumView) -> None:
    view.show_spectra([one()])
    before = view.visible_range()
    drag(view, on_viewport(view, 700, 450), on_viewport(view, 1100, 250))
    QTest.mouseDClick(viewport(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(400, 200))
    QTest.mouseRelease(viewport(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(400, 200))
    assert np.allclose(view.visible_range(), before)


def test_the_right_button_pans_with_automatic_intensities_within_a_corridor(view: SpectrumView) -> None:
    view.show_spectra([one()])
    wheel(view, on_viewport(view, 900, 300), 8)
    (left, right), _ = view.visible_range()
    start = on_viewport(view, 900, 300)
    drag(view, start, start + QPoint(-60, 6), Qt.MouseButton.RightButton)
    (moved_left, moved_right), intensities = view.visible_range()
    assert moved_left > left
    assert moved_right - moved_left == pytest.approx(right - left)
    drag(view, start, start + QPoint(0, 80), Qt.MouseButton.RightButton)
    assert view.visible_range()[1][0] > intensities[0]


def test_another_spectrum_keeps_zoomed_shifts_and_fits_its_intensities(view: SpectrumView) -> None:
    view.show_spectra([one()])
    drag(view, on_viewport(view, 700, 450), on_viewport(view, 1100, 250))
    shifts, _ = view.visible_range()
    view.show_spectra([one("taller", raw=10 * noisy(), denoised=10 * CLEAN)])
    now, (low, high) = view.visible_range()
    assert now == shifts
    assert low < 10 * CLEAN[np.abs(AXIS - 900) < 190].min()
    assert high > 10 * CLEAN.max()
    elsewhere = DisplayedSpectrum("elsewhere", AXIS + 3000, CLEAN)
    view.show_spectra([elsewhere])
    assert view.visible_range()[0][0] > 3000


def test_a_spectrum_that_becomes_denoised_does_not_jump(view: SpectrumView) -> None:
    view.show_spectra([one(denoised=None, expected_error=None)])
    drag(view, on_viewport(view, 700, 450), on_viewport(view, 1100, 250))
    before = view.visible_range()
    view.show_spectra([one()])
    assert view.visible_range() == before


def test_intensities_fit_what_is_drawn(view: SpectrumView) -> None:
    view.show_spectra([one(raw=noisy(scale=200))])
    with_raw = view.visible_range()[1]
    view.set_options(raw=False)
    without = view.visible_range()[1]
    assert without[1] - without[0] < 0.7 * (with_raw[1] - with_raw[0])


def test_log_intensity_shows_small_lines_beside_large_ones(view: SpectrumView) -> None:
    view.show_spectra([one(raw=CLEAN, denoised=CLEAN - 101)])  # partly below zero
    view.set_options(log=True)
    _, (low, high) = view.visible_range()
    assert 0 < low < 5
    assert high > 514
    accent = coloured(seen(view), LIGHT.accent, 90)
    assert near(accent, view.position_of(900, np.interp(900, AXIS, CLEAN) - 101))
    view.set_options(log=False)
    assert view.visible_range()[1][0] < 0


def test_dragging_the_noise_region_emits_its_range_once(view: SpectrumView, qtbot: Any) -> None:
    said: list[tuple[float, float]] = []
    view.noise_region_dragged.connect(lambda low, high: said.append((low, high)))
    view.show_spectra([one()])
    bare = seen(view)
    view.set_noise_region(1400, 1600)
    assert np.array_equal(seen(view), bare)
    view.set_noise_region_visible(True)
    differs = (np.abs(seen(view) - bare).sum(axis=-1) > 6).any(axis=0)
    columns = np.flatnonzero(differs)
    assert columns.min() == pytest.approx(view.position_of(1400, 0).x(), abs=3)
    assert columns.max() == pytest.approx(view.position_of(1600, 0).x(), abs=3)
    assert said == []
    drag(view, on_viewport(view, 1500, 400), on_viewport(view, 1300, 400))
    assert len(said) == 1
    assert said[0] == (pytest.approx(1200, abs=8), pytest.approx(1400, abs=8))
    assert view.visible_range()[0][0] < 200  # no box was drawn meanwhile


def test_the_crosshair_readout_is_never_clipped(view: SpectrumView) -> None:
    said: list[tuple[float, float]] = []
    view.cursor_moved.connect(lambda shift, height: said.append((shift, height)))
    view.show_spectra([one()])
    hover(view, on_viewport(view, 900, 300))
    assert said[-1] == (pytest.approx(900, abs=3), pytest.approx(300, abs=3))
    assert "cm⁻¹" in view.readout
    (left, right), (low, high) = view.visible_range()
    for shift in (left + 2, right - 2):
        for height in (low + 1, high - 1):
            hover(view, on_viewport(view, shift, height))
            assert view.readout
            crosshair = view.findChild(Crosshair)
            assert crosshair.rect().contains(crosshair.readout_rect())
    before = seen(view)
    QApplication.sendEvent(viewport(view), QEvent(QEvent.Type.Leave))
    assert view.readout == ""
    assert not np.array_equal(seen(view), before)


def test_a_zoom_box_can_be_cancelled(view: SpectrumView) -> None:
    view.show_spectra([one()])
    before = view.visible_range()
    start, end = on_viewport(view, 700, 450), on_viewport(view, 1100, 250)
    assert not view.cancel_gesture()
    QTest.mousePress(viewport(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for where in ((start + end) / 2, end):
        move_pressed(view, QPointF(where), Qt.MouseButton.LeftButton)
    assert view.cancel_gesture()
    QTest.mouseRelease(viewport(view), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert view.visible_range() == before


# What can be taken away


def test_the_picture_is_twice_the_size_and_has_no_crosshair(view: SpectrumView) -> None:
    view.show_spectra([one()])
    without = pixels(view.copy_picture())
    hover(view, on_viewport(view, 600, 400))
    picture = view.copy_picture()
    assert (picture.width(), picture.height()) == (2 * view.width(), 2 * view.height())
    assert np.array_equal(pixels(picture), without)
    assert coloured(without, LIGHT.accent, 90).sum() > 500


def test_the_copied_numbers_are_those_drawn(view: SpectrumView) -> None:
    view.show_spectra([one(unit="counts")])
    lines = view.numbers().splitlines()
    assert lines[0].split("\t") == [
        "Raman shift / cm⁻¹",
        "quartz raw / counts",
        "quartz denoised / counts",
        "quartz expected error / counts",
    ]
    table = np.array([[float(cell) for cell in line.split("\t")] for line in lines[1:]])
    assert np.allclose(table[:, 0], AXIS)
    assert np.allclose(table[:, 2], CLEAN, rtol=1e-6)
    view.set_options(raw=False)
    view.set_options(band=False)
    assert view.numbers().splitlines()[0].split("\t") == ["Raman shift / cm⁻¹", "quartz denoised / counts"]


def test_the_numbers_of_a_density_are_its_percentiles(view: SpectrumView) -> None:
    spectra, denoised = many(700)
    view.show_set(spectra, denoised)
    lines = view.numbers().splitlines()
    assert len(lines[0].split("\t")) == 4
    table = np.array([[float(cell) for cell in line.split("\t")] for line in lines[1:]])
    expected = np.percentile(denoised.spectra.values, (5, 50, 95), axis=0, method="nearest")
    assert np.allclose(table[:, 1:].T, expected, rtol=0.002)
