"""A series as an image: Raman shift across; depth, time or position down; a row for each spectrum."""

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

_MAX_ROWS_PER_SPECTRUM: Final = 4  # for each spectrum, where they are unevenly spaced
_CLICK_PX: Final = 4


class _SeriesImage(QGraphicsItem):
    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.rect = QRectF(0, 0, 1, 1)
        self.interpolated = False

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        return self.rect

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        if self.image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.interpolated)
            painter.drawImage(self.rect, self.image)


class SeriesView(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Draws a series; emits `hovered(row)` and `picked(rows, mode)` with rows of the set of spectra, as a map does."""

    hovered = Signal(int)
    picked = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent, show=False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Series")
        self._series: SpectrumSeries | None = None
        self._edges: NDArray[np.float64] = np.zeros(2)
        self._current = -1
        self._hover = -1
        self._pressed: QPointF | None = None
        self._view_box = ZoomBox()
        self._view_box.invertY(True)
        self._shift_axis, self._position_axis = (
            PlotAxis("bottom", "Raman shift", "cm⁻¹"),
            PlotAxis("left", "Depth", "µm"),
        )
        for axis in (self._shift_axis, self._position_axis):
            axis.linkToView(self._view_box)
        self._image_item = _SeriesImage()
        self._view_box.addItem(self._image_item, ignoreBounds=True)
        self._hover_lines = [pg.InfiniteLine(0, angle=0) for _ in range(2)]
        for mark in self._hover_lines:
            mark.setZValue(5)
            mark.hide()
            self._view_box.addItem(mark, ignoreBounds=True)
        self._selection_lines: list[Any] = []
        self.ci.setContentsMargins(4, 8, 12, 4)
        self.ci.setSpacing(0)
        self.addItem(self._position_axis, 0, 0)
        self.addItem(self._view_box, 0, 1)
        self.addItem(self._shift_axis, 1, 1)
        self._view_box.show_all_requested.connect(self.show_all)
        self.viewport().installEventFilter(self)
        self.viewport().setMouseTracking(True)
        self._theme: Theme | None = None

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.setBackground(theme.panel)
        self._view_box.apply_theme(theme)
        self._shift_axis.apply_theme(theme, self.font())
        self._position_axis.apply_theme(theme, self.font())
        for mark in self._hover_lines:
            mark.setPen(theme.pen("#FFFFFF", 1))

    def set_interpolated(self, interpolated: bool) -> None:
        """Interpolate between rows and columns, or draw them as measured."""
        self._image_item.interpolated = interpolated
        self._image_item.update()

    def show_series(
        self, series: SpectrumSeries, rows: NDArray[Any], shifts: tuple[float, float], limits: tuple[float, float]
    ) -> None:
        """Show `rows` (N, C), in the order of the series, between `shifts`; colours span `limits`."""
        is_other = (
            self._series is None
            or len(self._series.positions) != len(series.positions)
            or self._series.positions[0] != series.positions[0]
        )
        self._series = series
        steps = np.diff(series.positions)
        step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
        low, high = float(series.positions[0]) - step / 2, float(series.positions[-1]) + step / 2
        count = int(np.clip(np.rint((high - low) / step), 1, _MAX_ROWS_PER_SPECTRUM * len(series.positions)))
        centres = low + (np.arange(count) + 0.5) * (high - low) / count
        colours = value_colours(rows[self._nearest(centres)], limits)
        pixels = np.ascontiguousarray(colours)
        height, width = pixels.shape[:2]
        self._image_item.prepareGeometryChange()
        self._image_item.image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
        self._image_item.rect = QRectF(shifts[0], low, shifts[1] - shifts[0], high - low)
        self._position_axis._quantity = series.quantity
        self._position_axis.set_unit("")
        self._position_axis.set_unit(series.unit)
        if is_other:
            self._current = -1
            self.show_all()
        self._image_item.update()

    def set_selected(self, selected: NDArray[np.bool_]) -> None:
        """Mark the rows of these spectra (N,); none where all or none are selected."""
        for item in self._selection_lines:
            self._view_box.removeItem(item)
        self._selection_lines = []
        series = self._series
        if series is None or self._theme is None or selected.all() or not selected.any():
            return
        for at in series.positions[selected[series.rows]][:200]:
            line = pg.InfiniteLine(float(at), angle=0, pen=self._theme.pen("#FFFFFF", 1.5))
            line.setZValue(4)
            self._view_box.addItem(line, ignoreBounds=True)
            self._selection_lines.append(line)

    def show_all(self) -> None:
        """Show all of the series."""
        rect = self._image_item.rect
        self._view_box.setRange(rect, padding=0)
        self._position_axis.setWidth(self._position_axis.wanted_width())

    @property
    def image(self) -> QImage | None:
        """The image without axes."""
        return self._image_item.image

    def coordinates(self, row: int) -> float | None:
        """Return the position of a spectrum of the set in the series; None where it has none."""
        if self._series is None:
            return None
        matching = np.flatnonzero(self._series.rows == row)
        return float(self._series.positions[matching[0]]) if len(matching) else None

    # Mouse and keyboard

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Handle hover and clicks; drags and the wheel belong to the pane."""
        if isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseMove and not event.buttons():
                self._hover_row(self._row_at(event.position()))
            elif event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = (event.position() - self._pressed).manhattanLength()
                self._pressed = None
                if moved < _CLICK_PX:
                    self._click(self._row_at(event.position()), event.modifiers())
        elif event.type() == QEvent.Type.Leave:
            self._hover_row(-1)
        return bool(super().eventFilter(watched, event))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Step through the rows with the arrows, select with Enter or Space."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        series = self._series
        if series is None:
            super().keyPressEvent(event)
        elif step:
            self._current = int(np.clip(self._current + step, 0, len(series.rows) - 1))
            self._hover_row(int(series.rows[self._current]))
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

    def _hover_row(self, row: int) -> None:
        if row == self._hover:
            return
        self._hover = row
        at = self.coordinates(row) if row >= 0 else None
        self._hover_lines[0].setVisible(at is not None)
        if at is not None:
            self._hover_lines[0].setValue(at)
        self.hovered.emit(row)

    def _row_at(self, position: QPointF) -> int:
        series = self._series
        scene_position = self.mapToScene(position.toPoint())
        if series is None or not self._view_box.sceneBoundingRect().contains(scene_position):
            return -1
        series_position = float(self._view_box.mapSceneToView(scene_position).y())
        return int(series.rows[self._nearest(np.array([series_position]))[0]])

    def _nearest(self, positions: NDArray[np.float64]) -> NDArray[np.intp]:
        assert self._series is not None
        at = self._series.positions
        after = np.clip(np.searchsorted(at, positions), 1, len(at) - 1)
        nearest: NDArray[np.intp] = after - (positions - at[after - 1] < at[after] - positions)
        return nearest
