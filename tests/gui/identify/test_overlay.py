"""A reference over a spectrum: how it is scaled, what is marked, and dragging what is compared."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.ranges import Region
from ramanstudio.gui.common.theme import load_theme
from ramanstudio.gui.identify.band_ruler import BandMark
from ramanstudio.gui.identify.overlay_view import OverlaySpectrum, OverlayView, QuerySpectrum
from ramanstudio.search.reference_overlay import fit_reference
from tests.gui.identify.sample_libraries import AXIS, SHIFTS, lines, reference

QUARTZ = lines(SHIFTS["quartz"])


def test_the_reference_is_scaled_to_the_spectrum_and_takes_its_baseline() -> None:
    hump = 300 * np.exp(-(((AXIS - 900) / 700) ** 2)) + 50
    over = fit_reference(AXIS, 40 * QUARTZ + hump, reference("quartz").spectrum)
    assert over is not None
    assert np.abs(over.difference).max() < 4, "a tenth of the line that is 40 high"
    assert over.coverage == 1.0


def test_a_spectrum_is_no_negative_amount_of_a_reference() -> None:
    over = fit_reference(AXIS, 100 - 40 * QUARTZ, reference("quartz").spectrum)
    assert over is not None
    at_line = over.reference[np.argmin(np.abs(AXIS - 464))]
    assert at_line == pytest.approx(over.reference[np.argmin(np.abs(AXIS - 520))], abs=5)


def test_beyond_the_reference_nothing_is_drawn_and_what_is_left_out_does_not_count() -> None:
    axis = np.linspace(150.0, 3500.0, 1200)
    spectrum = np.interp(axis, AXIS, 40 * QUARTZ)
    over = fit_reference(axis, spectrum, reference("quartz").spectrum)
    assert over is not None
    assert np.isnan(over.reference[axis > 1850]).all()
    assert over.coverage == pytest.approx(1700 / 3350, abs=0.01)
    spoiled = 40 * QUARTZ + 500 * np.exp(-(((AXIS - 1500) / 10) ** 2))
    whole, part = (
        fit_reference(AXIS, spoiled, reference("quartz").spectrum, within)
        for within in (None, Region(-np.inf, np.inf, ((1450.0, 1550.0),)))
    )
    line = np.argmin(np.abs(AXIS - 464))
    assert whole is not None
    assert part is not None
    assert abs(part.difference[line]) < 1 < abs(whole.difference[line])
    assert fit_reference(axis, spectrum, reference("quartz").spectrum, Region(2000, 3000)) is None


@pytest.fixture(params=["light", "dark"])
def view(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[OverlayView]:
    made = OverlayView()
    made.set_theme(load_theme(request.param))
    made.resize(900, 500)
    made.show_query(QuerySpectrum("stone", AXIS, 40 * QUARTZ + 10))
    made.show_overlay(
        OverlaySpectrum("quartz", 39 * QUARTZ + 10, QUARTZ), [BandMark(464.0, "matched"), BandMark(1160.0, "missing")]
    )
    made.show()
    for _ in range(5):
        qapp.processEvents()
    yield made
    made.close()
    made.deleteLater()


def test_marks_stand_above_their_bands(view: OverlayView) -> None:
    picture = view.ruler.grab().toImage()
    x = view._x_of(464.0)
    assert x is not None
    ratio = picture.devicePixelRatio()
    colour = picture.pixelColor(round(x * ratio), round(10 * ratio))
    assert colour == Qt.GlobalColor.transparent or colour.name() == view._theme.reference.lower()
    assert "464 cm⁻¹ in the spectrum and in the reference" in view.ruler.accessibleDescription()
    view._ranges.move_by(5.0)
    assert view._x_of(464.0) is None


def test_the_compared_range_is_dragged_by_its_edge(view: OverlayView) -> None:
    said: list[Region] = []
    view.region_changed.connect(said.append)
    view.show_region(Region(400.0, 1400.0, ((700.0, 800.0),)))
    QApplication.processEvents()
    pane = view._panes.viewport()
    ends = [view._x_of(shift) for shift in (1400.0, 1600.0)]
    assert None not in ends
    height = view._panes.boxes[0].sceneBoundingRect().center().y()
    start, end = (QPoint(round(x or 0), round(height)) for x in ends)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for share in (0.2, 0.6, 1.0):
        spot = QPointF(start) + (QPointF(end) - QPointF(start)) * share
        none, left, keys = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(pane, QMouseEvent(QEvent.Type.MouseMove, spot, spot, none, left, keys))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert len(said) == 1
    assert said[0].low_cm == 400.0
    assert said[0].high_cm == pytest.approx(1600.0, abs=10)
    assert said[0].excluded == ((700.0, 800.0),)


def test_what_is_drawn_is_text_too(view: OverlayView) -> None:
    head, first, *rest = view.numbers().splitlines()
    assert head.split("\t") == ["Raman shift / cm⁻¹", "stone / a.u.", "quartz", "difference"]
    assert len(first.split("\t")) == 4
    assert len(rest) == AXIS.size - 1
