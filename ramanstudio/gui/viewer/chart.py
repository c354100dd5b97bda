"""A small chart for dialogs: points and lines between two labelled axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.viewer.plot_axis import decimals_for, round_step

MIN_LEFT, RIGHT, TOP, BOTTOM = 64, 24, 12, 48  # margins in px
TITLE_PX: Final = 28  # left of the numbers at the vertical axis
DOT_RADIUS: Final = 3.5
HOVER_PX: Final = 12.0  # from the mouse to the point whose name is shown


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """Points (x, y), joined by a line or not, in one of the theme's colours; `names` appear under the mouse."""

    points: tuple[tuple[float, float], ...]
    colour: str = "accent"
    is_line: bool = True
    has_dots: bool = True
    names: tuple[str, ...] = ()


class Chart(QWidget):
    """Draws series between bounds, with titles at both axes."""

    def __init__(self, x_title: str, y_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_title, self._y_title = x_title, y_title
        self._series: tuple[ChartSeries, ...] = ()
        self._bounds = QRectF(0, 0, 1, 1)
        self._is_percent = True
        self.set_axis_titles(x_title, y_title)
        self.setMinimumHeight(160)
        self.setMouseTracking(True)
        themes.appearance().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the preferred size."""
        return QSize(480, 220)

    def set_axis_titles(self, x_title: str, y_title: str) -> None:
        """Set the titles of both axes."""
        self._x_title, self._y_title = x_title, y_title
        self.setAccessibleName(f"{y_title} against {x_title}")
        self.update()

    def show_series(self, series: Sequence[ChartSeries], bounds: QRectF, percent: bool = True) -> None:
        """Show `series` between `bounds` (left, low, width, height); y in per cent of one or as numbers."""
        self._series, self._bounds, self._is_percent = tuple(series), bounds, percent
        self.update()

    @property
    def series(self) -> tuple[ChartSeries, ...]:
        """What is shown."""
        return self._series

    def position_of(self, x: float, y: float) -> QPointF:
        """Return where in the widget a point is drawn."""
        area, bounds = self.plot_area(), self._bounds
        return QPointF(
            area.left() + area.width() * (x - bounds.left()) / (bounds.width() or 1),
            area.bottom() - area.height() * (y - bounds.top()) / (bounds.height() or 1),
        )

    def name_at(self, position: QPointF) -> str:
        """Return the name of the point next to a position in the widget; empty where none is near."""
        nearby = [
            (float(np.hypot(*(self.position_of(x, y) - position).toTuple())), name)
            for series in self._series
            for (x, y), name in zip(series.points, series.names, strict=False)
            if np.isfinite(y)
        ]
        return min(nearby)[1] if nearby and min(nearby)[0] <= HOVER_PX else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show the name of the point under the mouse."""
        name = self.name_at(event.position())
        if name:
            QToolTip.showText(event.globalPosition().toPoint(), name, self)
        else:
            QToolTip.hideText()

    def plot_area(self) -> QRectF:
        """Return the area between the axes."""
        ticks, metrics = self._y_ticks, self.fontMetrics()
        widest = max((metrics.horizontalAdvance(self._number(value, ticks)) for value in ticks), default=0)
        left = max(MIN_LEFT, TITLE_PX + widest)
        return QRectF(left, TOP, max(1, self.width() - left - RIGHT), self.height() - TOP - BOTTOM)

    @property
    def _y_ticks(self) -> list[float]:
        return _ticks(self._bounds.top(), self._bounds.bottom())

    def tick_labels(self) -> list[tuple[QRectF, str]]:
        """Return the numbers at both axes and the rectangles that they are drawn in; none overlaps another."""
        area, bounds, metrics = self.plot_area(), self._bounds, self.fontMetrics()
        labels: list[tuple[QRectF, str]] = []
        y_ticks, x_ticks = self._y_ticks, _ticks(bounds.left(), bounds.right())
        for value in y_ticks:
            text, y = self._number(value, y_ticks), self.position_of(bounds.left(), value).y()
            width = metrics.horizontalAdvance(text)
            labels.append((QRectF(area.left() - 8 - width, y - 8, width, 16), text))
        for value in x_ticks:
            text, x = self._number(value, x_ticks), self.position_of(value, bounds.top()).x()
            width = metrics.horizontalAdvance(text)
            left = min(x - width / 2, self.width() - width - 2)
            box = QRectF(left, area.bottom() + 9, width, 16)
            if not any(box.adjusted(-4, 0, 4, 0).intersects(other) for other, _ in labels):
                labels.append((box, text))
        return labels

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw axes and series."""
        theme = themes.current_theme()
        font = self.font()
        font.setPixelSize(themes.QUIET_PX)
        self.setFont(themes.with_tabular_figures(font))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.plot_area()
        self._draw_axes(painter, area, QColor(theme.line), QColor(theme.quiet))
        painter.setClipRect(area.adjusted(-2 * DOT_RADIUS, -2 * DOT_RADIUS, 2 * DOT_RADIUS, 2 * DOT_RADIUS))
        for series in self._series:
            self._draw_series(painter, series, QColor(getattr(theme, series.colour)))
        painter.end()

    def _draw_series(self, painter: QPainter, series: ChartSeries, colour: QColor) -> None:
        positions = [self.position_of(x, y) for x, y in series.points if np.isfinite(y)]
        painter.setPen(QPen(colour, 1.5))
        if series.is_line and len(positions) > 1:
            painter.drawPolyline(positions)
        if series.has_dots:
            painter.setBrush(colour)
            for position in positions:
                painter.drawEllipse(position, DOT_RADIUS, DOT_RADIUS)

    def _draw_axes(self, painter: QPainter, area: QRectF, line: QColor, text_colour: QColor) -> None:
        bounds, centred = self._bounds, Qt.AlignmentFlag.AlignCenter
        painter.setPen(QPen(line, 1))
        for value in self._y_ticks:
            y = self.position_of(bounds.left(), value).y()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(text_colour)
        for box, text in self.tick_labels():
            painter.drawText(box.adjusted(-2, 0, 2, 0), centred, text)
        metrics, elide = painter.fontMetrics(), Qt.TextElideMode.ElideRight
        x_title = metrics.elidedText(self._x_title, elide, int(area.width()))
        painter.drawText(QRectF(area.left(), area.bottom() + 27, area.width(), 18), centred, x_title)
        painter.save()
        painter.translate(2, area.center().y())
        painter.rotate(-90)
        y_title = metrics.elidedText(self._y_title, elide, self.height())
        painter.drawText(QRectF(-self.height() / 2, 0, self.height(), 16), centred, y_title)
        painter.restore()

    def _number(self, value: float, ticks: Sequence[float]) -> str:
        if self._is_percent and ticks[-1] <= 1:
            return f"{100 * value:.0f} %"
        return format_number(value, decimals_for(ticks[1] - ticks[0]) if len(ticks) > 1 else 0)


def _ticks(low: float, high: float) -> list[float]:
    """Return about four round numbers from `low` to `high`."""
    step = round_step((high - low) / 4) if high > low else 1.0
    return [step * number for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
