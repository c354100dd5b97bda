"""The spectrum strip: curves, the one under the mouse, and bands that are dragged."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.viewer.spectrum_strip import SpectrumStrip, StripBand, StripCurve, differ_in_height, scaled

AXIS = np.linspace(200.0, 1800.0, 1000)


def curve(name: str, centre: float = 900.0, height: float = 100.0, spread: float | None = None) -> StripCurve:
    values = height * np.exp(-(((AXIS - centre) / 15) ** 2))
    return StripCurve(name, AXIS, values, None if spread is None else np.full(1000, spread), "#0072B2")


@pytest.fixture
def strip(qapp: QApplication) -> Iterator[SpectrumStrip]:
    shown = SpectrumStrip()
    shown.resize(900, 240)
    shown.show()
    qapp.processEvents()
    yield shown
    shown.close()
    shown.deleteLater()


def colours_in(strip: SpectrumStrip) -> set[int]:
    image = strip.grab().toImage()
    return {image.pixel(x, y) & 0xFFFFFF for x in range(80, 880, 2) for y in range(20, 180, 2)}


def test_the_hovered_curve_is_drawn_on_top_and_removed(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one", spread=10), curve("two", 1200)])
    assert strip.names == ["one", "two"]
    strip.show_hover(curve("pixel", 500))
    assert strip.names[-1] == "pixel"
    strip.show_hover(None)
    assert strip.names == ["one", "two"]


def test_the_intensity_range_includes_a_taller_hovered_curve(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one")])
    before = strip._panes.boxes[0].viewRange()[1][1]
    strip.show_hover(curve("pixel", height=1000))
    assert strip._panes.boxes[0].viewRange()[1][1] > 900 > before


def test_at_most_24_curves_are_drawn(strip: SpectrumStrip) -> None:
    strip.show_curves([curve(str(number)) for number in range(40)], note="the first 24 of 40 groups")
    assert len(strip.names) == 24
    assert strip._name.isVisible()
    assert strip._name.text() == "the first 24 of 40 groups"


def test_a_strip_without_curves_shows_a_sentence_instead_of_axes(strip: SpectrumStrip) -> None:
    strip.set_hint("No group is shown.")
    strip.show_curves([])
    assert strip.hint == "No group is shown."
    assert not strip._panes.isVisible()
    strip.show_hover(curve("pixel"))
    assert strip._panes.isVisible()
    strip.show_hover(None)
    assert not strip._panes.isVisible()
    strip.show_curves([curve("one")])
    assert strip.hint == ""
    assert strip._panes.isVisible()


def test_hovering_draws_one_curve_and_leaves_the_others(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one", spread=10)])
    box = strip._panes.boxes[0]
    drawn, n_items = list(strip._items), len(box.childGroup.childItems())
    for centre in range(400, 1000, 40):
        strip.show_hover(curve("pixel", centre))
        assert all(before is now for before, now in zip(drawn, strip._items, strict=True))
        assert len(box.childGroup.childItems()) == n_items + 1


def move(pane: QWidget, place: QPoint, button: Qt.MouseButton) -> None:
    spot, keys = QPointF(place), Qt.KeyboardModifier.NoModifier
    over = QPointF(pane.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, spot, over, Qt.MouseButton.NoButton, button, keys)
    QApplication.sendEvent(pane, event)
    time.sleep(0.02)  # moves are taken at the pace of the screen
    QApplication.processEvents()


def test_dragging_the_edge_of_a_band_emits_its_range(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one")])
    strip.set_bands([StripBand(700, 800, "#2563EB"), StripBand(1100, 1200, "#C2571A")])
    dragged: list[tuple[int, float, float]] = []
    strip.band_dragged.connect(lambda *band: dragged.append(band))
    start, end = strip.position_of(1200).toPoint(), strip.position_of(1300).toPoint()
    pane = strip._panes.viewport()
    there = [pane.mapFrom(strip, place) for place in (start, end)]
    move(pane, there[0], Qt.MouseButton.NoButton)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=there[0])
    for step in range(1, 6):
        move(pane, there[0] + QPoint((there[1].x() - there[0].x()) * step // 5, 0), Qt.MouseButton.LeftButton)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=there[1])
    QApplication.processEvents()
    assert dragged and dragged[-1][0] == 1
    assert dragged[-1][1] == pytest.approx(1100) and dragged[-1][2] == pytest.approx(1300, abs=8)
    assert strip.bands[1].high_cm == pytest.approx(1300, abs=8)


def test_setting_bands_emits_nothing_and_removes_surplus_ones(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one")])
    dragged: list[object] = []
    strip.band_dragged.connect(lambda *band: dragged.append(band))
    strip.set_bands([StripBand(700, 800, "#2563EB"), StripBand(1100, 1200, "#C2571A")])
    strip.set_bands([StripBand(500, 600, "#2563EB")])
    assert [(band.low_cm, band.high_cm) for band in strip.bands] == [(500, 600)]
    assert dragged == []


def test_a_double_click_requests_a_band_only_where_bands_are_taken(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one")])
    asked: list[tuple[float, float]] = []
    strip.band_requested.connect(lambda *band: asked.append(band))
    pane = strip._panes.viewport()
    place = pane.mapFrom(strip, strip.position_of(1000).toPoint())
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=place)
    assert asked == []
    strip.takes_bands = True
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=place)
    (low, high) = asked[0]
    assert low < 1000 < high


def test_the_zoom_is_kept_for_other_curves_on_the_same_axis(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one")])
    strip.zoom_by(0.25)
    zoomed = strip.shifts
    strip.show_curves([curve("two", 1200)])
    assert strip.shifts == pytest.approx(zoomed)
    strip.show_all()
    assert strip.shifts[0] <= 200 and strip.shifts[1] >= 1800


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_strip_is_drawn_in_both_themes(strip: SpectrumStrip, name: str) -> None:
    theme = themes.load_theme(name)  # type: ignore[arg-type]
    strip.set_theme(theme)
    strip.show_curves([curve("one")])
    assert int(theme.panel[1:], 16) in colours_in(strip)
    assert 0x0072B2 in colours_in(strip)


def test_curves_are_scaled_only_where_one_would_flatten_the_others() -> None:
    alike = [curve("one", height=100), curve("two", height=200), curve("three", height=120)]
    assert not differ_in_height(alike)
    assert not differ_in_height(alike[:1])
    far = [*alike, curve("bright", height=50_000, spread=5000)]
    assert differ_in_height(far)
    ends = [(one.values.min(), one.values.max()) for one in map(scaled, far)]
    assert np.allclose(ends, [(0, 1)] * 4)
    spread = scaled(far[-1]).spread
    assert spread is not None
    assert np.allclose(spread, 0.1, rtol=1e-3)
    assert not differ_in_height([curve("nothing", height=0), curve("flat", height=0)])
    assert np.isfinite(scaled(curve("flat", height=0)).values).all()


def test_a_spread_far_wider_than_the_curves_does_not_flatten_them(strip: SpectrumStrip) -> None:
    strip.show_curves([curve("one", height=100, spread=5000), curve("two", 1200, height=80, spread=3000)])
    low, high = strip._panes.boxes[0].viewRange()[1]
    assert high - low < 300
