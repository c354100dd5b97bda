"""The spectrum of a standard with its matched lines, which can be dragged, added by a double click, and selected."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.calibration.standard_lines import StandardLine
from ramanstudio.gui.common.theme import Theme, current_theme, with_alpha

Floats = NDArray[np.floating[Any]]

LABEL_PX: Final = 16  # height of a line of text
MARGIN: Final = 0.07  # of the axes around the spectrum; room for the label of a line at its end
LABEL_AT: Final = 0.94  # of the height


class StandardPlot(pg.PlotWidget):  # type: ignore[misc]
    """Emits `line_moved(index, shift)` after a drag and `line_added(shift)` after a double click."""

    line_moved = Signal(int, float)
    line_added = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Spectrum of the standard")
        self.setMenuEnabled(False)
        self.hideButtons()
        self._curve = self.plot([], [])
        self._markers: list[pg.InfiniteLine] = []
        self._lines: tuple[StandardLine, ...] = ()
        self._selected = -1
        self._data: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self.setLabel("bottom", "Raman shift / cm⁻¹")
        self.setLabel("left", "Intensity")
        self.getAxis("left").setStyle(showValues=False)
        self.getAxis("left").enableAutoSIPrefix(False)
        self.setMinimumHeight(120)
        self.getViewBox().sigXRangeChanged.connect(lambda *_: self._show_labels())
        self.getViewBox().sigResized.connect(lambda *_: self._show_labels())
        self.set_theme(current_theme())

    def show_standard(self, axis: Floats, values: Floats, lines: Sequence[StandardLine]) -> None:
        """Show a spectrum (B,), (B,) and the lines that were matched in it."""
        same = len(axis) == len(self._data[0]) and np.array_equal(axis, self._data[0])
        self._data, self._lines, self._selected = (axis, values), tuple(lines), -1
        self._curve.setData(axis, values)
        self._draw_lines()
        if not same:
            self.getViewBox().autoRange(padding=MARGIN)

    def select(self, index: int) -> None:
        """Highlight one line; -1 for none."""
        self._selected = index
        for number, marker in enumerate(self._markers):
            marker.setPen(self._pen(number))

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.setBackground(theme.panel)
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(theme.pen(theme.line))
            self.getAxis(side).setTextPen(QColor(theme.quiet))
        self._curve.setPen(theme.pen(theme.text, 1.0))
        self._draw_lines()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Add a match at the shift under the mouse."""
        place = self.getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint()))
        if len(self._data[0]):
            self.line_added.emit(float(place.x()))
        event.accept()

    def _draw_lines(self) -> None:
        for marker in self._markers:
            self.removeItem(marker)
        self._markers = []
        for index, line in enumerate(self._lines):
            marker = pg.InfiniteLine(
                line.shown_cm,
                angle=90,
                movable=True,
                pen=self._pen(index),
                hoverPen=self._theme.pen(self._theme.accent, 2.5),
                label=f"{line.reference_cm:.1f}",
                labelOpts={"position": LABEL_AT, "color": self._colour(index), "rotateAxis": (1, 0),
                           "anchors": [(1, 0), (1, 0)]},
            )  # fmt: skip
            marker.sigPositionChangeFinished.connect(partial(self._moved, index))
            self.addItem(marker, ignoreBounds=True)
            self._markers.append(marker)
        self._show_labels()

    def _show_labels(self) -> None:
        """Show the numbers that do not overlap, those of used and strong lines first."""
        low, high = self.getViewBox().viewRange()[0]
        apart = LABEL_PX * (high - low) / max(self.getViewBox().width(), 1.0)
        shown: list[float] = []
        order = sorted(range(len(self._markers)), key=lambda k: (not self._lines[k].used, -self._lines[k].snr))
        for index in order:
            place = self._lines[index].shown_cm
            is_free = all(abs(place - other) >= apart for other in shown)
            self._markers[index].label.setVisible(is_free)
            if is_free:
                shown.append(place)

    def _moved(self, index: int, marker: pg.InfiniteLine) -> None:
        self.line_moved.emit(index, float(marker.value()))

    def _colour(self, index: int) -> QColor:
        line = self._lines[index]
        return with_alpha(self._theme.reference if line.used else self._theme.quiet, 0.95 if line.used else 0.6)

    def _pen(self, index: int) -> Any:
        pen = self._theme.pen(self._theme.reference, 2.5 if index == self._selected else 1.0)
        pen.setColor(self._colour(index))
        return pen
