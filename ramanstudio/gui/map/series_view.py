"""A series as a picture: Raman shift across, depth, time or place down; a row for each spectrum."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.map.colour_bar import value_colours
from ramanstudio.gui.viewer.plot_axis import PlotAxis
from ramanstudio.gui.viewer.zoom_box import ZoomBox
from ramanstudio.signal.map_grid import SpectrumSeries

_MOST_ROWS: Final = 4  # for each spectrum, where they are unevenly spaced
_CLICK_PX: Final = 4


class _Picture(QGraphicsItem):
    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.where = QRectF(0, 0, 1, 1)
        self.interpolated = False

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        return self.where

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        if self.image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.interpolated)
            painter.drawImage(self.where, self.image)


class SeriesView(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws a series; `hovered(row)` and `picked(rows, mode)` in rows of the set, as a map does."""

    hovered = Signal(int)
    picked = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent, show=False)
        self.setFrameShape(self.MarkerShape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Series")
        self._series: SpectrumSeries | None = None
        self._edges: NDArray[np.float64] = np.zeros(2)
        self._current = -1
        self._hover = -1
        self._pressed: QPointF | None = None
        self._box = ZoomBox()
        self._box.invertY(True)
        self._across, self._down = PlotAxis("bottom", "Raman shift", "cm⁻¹"), PlotAxis("left", "Depth", "µm")
        for axis in (self._across, self._down):
            axis.linkToView(self._box)
        self._picture = _Picture()
        self._box.addItem(self._picture, ignoreBounds=True)
        self._marks = [pg.InfiniteLine(0, angle=0) for _ in range(2)]
        for mark in self._marks:
            mark.setZValue(5)
            mark.hide()
            self._box.addItem(mark, ignoreBounds=True)
        self._chosen: list[Any] = []
        self.ci.setContentsMargins(4, 8, 12, 4)
        self.ci.setSpacing(0)
        self.addItem(self._down, 0, 0)
        self.addItem(self._box, 0, 1)
        self.addItem(self._across, 1, 1)
        self._box.all_wanted.connect(self.show_all)
        self.viewport().installEventFilter(self)
        self.viewport().setMouseTracking(True)
        self._theme: Theme | None = None

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.setBackground(theme.panel)
        self._box.apply_theme(theme)
        self._across.apply_theme(theme, self.font())
        self._down.apply_theme(theme, self.font())
        for mark in self._marks:
            mark.setPen(theme.pen("#FFFFFF", 1))

    def set_interpolated(self, interpolated: bool) -> None:
        """Blend between rows and columns, or draw them as they are."""
        self._picture.interpolated = interpolated
        self._picture.update()

    def show_series(
        self, series: SpectrumSeries, rows: NDArray[Any], shifts: tuple[float, float], limits: tuple[float, float]
    ) -> None:
        """Show `rows` (n, C), in the order of the series, between `shifts`; colours spread between `limits`."""
        fresh = (
            self._series is None
            or len(self._series.positions) != len(series.positions)
            or self._series.positions[0] != series.positions[0]
        )
        self._series = series
        steps = np.diff(series.positions)
        step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
        low, high = float(series.positions[0]) - step / 2, float(series.positions[-1]) + step / 2
        count = int(np.clip(np.rint((high - low) / step), 1, _MOST_ROWS * len(series.positions)))
        places = low + (np.arange(count) + 0.5) * (high - low) / count
        colours = value_colours(rows[self._nearest(places)], limits)
        data = np.ascontiguousarray(colours)
        tall, wide = data.shape[:2]
        self._picture.prepareGeometryChange()
        self._picture.image = QImage(data.data, wide, tall, 4 * wide, QImage.Format.Format_RGBA8888).copy()
        self._picture.where = QRectF(shifts[0], low, shifts[1] - shifts[0], high - low)
        self._down._quantity = series.quantity
        self._down.set_unit("")
        self._down.set_unit(series.unit)
        if fresh:
            self._current = -1
            self.show_all()
        self._picture.update()

    def set_selected(self, selected: NDArray[np.bool_]) -> None:
        """Mark the rows of these spectra (N,) at the edge; none where all or nothing is selected."""
        for item in self._chosen:
            self._box.removeItem(item)
        self._chosen = []
        series = self._series
        if series is None or self._theme is None or selected.all() or not selected.any():
            return
        for at in series.positions[selected[series.rows]][:200]:
            line = pg.InfiniteLine(float(at), angle=0, pen=self._theme.pen("#FFFFFF", 1.5))
            line.setZValue(4)
            self._box.addItem(line, ignoreBounds=True)
            self._chosen.append(line)

    def show_all(self) -> None:
        """Show all of the series."""
        where = self._picture.where
        self._box.setRange(where, padding=0)
        self._down.setWidth(self._down.wanted_width())

    @property
    def image(self) -> QImage | None:
        """The picture alone."""
        return self._picture.image

    def coordinates(self, row: int) -> float | None:
        """Where a spectrum of the set lies along the series."""
        if self._series is None:
            return None
        where = np.flatnonzero(self._series.rows == row)
        return float(self._series.positions[where[0]]) if len(where) else None

    # Hands

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Listen to the mouse; drags and the wheel are the pane's."""
        if isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseMove and not event.buttons():
                self._point(self._row_at(event.position()))
            elif event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = (event.position() - self._pressed).manhattanLength()
                self._pressed = None
                if moved < _CLICK_PX:
                    self._click(self._row_at(event.position()), event.modifiers())
        elif event.type() == QEvent.Type.Leave:
            self._point(-1)
        return bool(super().eventFilter(watched, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step through the rows, select."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        series = self._series
        if series is None:
            super().keyPressEvent(event)
        elif step:
            self._current = int(np.clip(self._current + step, 0, len(series.rows) - 1))
            self._point(int(series.rows[self._current]))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._current >= 0:
            mode = "add" if event.key() == Qt.Key.Key_Space else "replace"
            self.picked.emit(series.rows[self._current : self._current + 1], mode)
        elif event.key() == Qt.Key.Key_A and not event.modifiers():
            self.show_all()
        else:
            super().keyPressEvent(event)

    def _click(self, row: int, keys: Qt.KeyboardModifier) -> None:
        series = self._series
        if series is None or row < 0:
            return
        before, self._current = self._current, int(np.flatnonzero(series.rows == row)[0])
        if keys & Qt.KeyboardModifier.ShiftModifier and before >= 0:
            low, high = sorted((before, self._current))
            self.picked.emit(series.rows[low : high + 1], "add")
        else:
            add = keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
            self.picked.emit(np.array([row]), "add" if add else "replace")

    def _point(self, row: int) -> None:
        if row == self._hover:
            return
        self._hover = row
        at = self.coordinates(row) if row >= 0 else None
        self._marks[0].setVisible(at is not None)
        if at is not None:
            self._marks[0].setValue(at)
        self.hovered.emit(row)

    def _row_at(self, place: QPointF) -> int:
        series = self._series
        where = self.mapToScene(place.toPoint())
        if series is None or not self._box.sceneBoundingRect().contains(where):
            return -1
        at = float(self._box.mapSceneToView(where).y())
        return int(series.rows[self._nearest(np.array([at]))[0]])

    def _nearest(self, places: NDArray[np.float64]) -> NDArray[np.intp]:
        assert self._series is not None
        at = self._series.positions
        after = np.clip(np.searchsorted(at, places), 1, len(at) - 1)
        nearest: NDArray[np.intp] = after - (places - at[after - 1] < at[after] - places)
        return nearest
