"""A small chart of the wizard: points and lines over axes that say what they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.viewer.plot_axis import decimals_for, round_step

LEFT, RIGHT, TOP, BOTTOM = 64, 24, 12, 48
DOT = 3.5
NEAR_PX = 12.0  # from the mouse to a point that it tells of


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """Points (x, y), joined by a line or not, in one of the theme's colours; `names` are told under the mouse."""

    points: tuple[tuple[float, float], ...]
    colour: str = "accent"
    joined: bool = True
    dots: bool = True
    names: tuple[str, ...] = ()


class Chart(QWidget):
    """Draws series between bounds, with both axes named."""

    def __init__(self, across: str, up: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._across, self._up = across, up
        self._series: tuple[ChartSeries, ...] = ()
        self._bounds = QRectF(0, 0, 1, 1)
        self._percent = True
        self.name_axes(across, up)
        self.setMinimumHeight(160)
        self.setMouseTracking(True)
        themes.appearance().changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(480, 220)

    def name_axes(self, across: str, up: str) -> None:
        """Call the axes so."""
        self._across, self._up = across, up
        self.setAccessibleName(f"{up} by {across}")
        self.update()

    def named_at(self, place: QPointF) -> str:
        """What the point next to a place of the widget is called; empty where none is near."""
        inside = self._inside()
        found = [
            (float(np.hypot(*(at - place).toTuple())), name)
            for one in self._series
            for (x, y), name in zip(one.points, one.names, strict=False)
            if np.isfinite(y) and (at := self._place(inside, x, y)) is not None
        ]
        return min(found)[1] if found and min(found)[0] <= NEAR_PX else ""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        name = self.named_at(event.position())
        if name:
            QToolTip.showText(event.globalPosition().toPoint(), name, self)
        else:
            QToolTip.hideText()

    def show_series(self, series: Sequence[ChartSeries], bounds: QRectF, percent: bool = True) -> None:
        """Show these between `bounds` (left, low, width, height), in percent of one or as numbers."""
        self._series, self._bounds, self._percent = tuple(series), bounds, percent
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        theme = themes.current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = self._inside()
        font = painter.font()
        font.setPixelSize(themes.QUIET_PX)
        painter.setFont(themes.with_tabular_figures(font))
        self._draw_axes(painter, inside, QColor(theme.line), QColor(theme.quiet))
        painter.setClipRect(inside.adjusted(-2 * DOT, -2 * DOT, 2 * DOT, 2 * DOT))
        for one in self._series:
            self._draw(painter, inside, one, QColor(getattr(theme, one.colour)))
        painter.end()

    def _inside(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _place(self, inside: QRectF, x: float, y: float) -> QPointF:
        bounds = self._bounds
        return QPointF(
            inside.left() + inside.width() * (x - bounds.left()) / (bounds.width() or 1),
            inside.bottom() - inside.height() * (y - bounds.top()) / (bounds.height() or 1),
        )

    def _draw(self, painter: QPainter, inside: QRectF, one: ChartSeries, colour: QColor) -> None:
        places = [self._place(inside, x, y) for x, y in one.points if np.isfinite(y)]
        painter.setPen(QPen(colour, 1.5))
        if one.joined and len(places) > 1:
            painter.drawPolyline(places)
        if one.dots:
            painter.setBrush(colour)
            for place in places:
                painter.drawEllipse(place, DOT, DOT)

    def _draw_axes(self, painter: QPainter, inside: QRectF, line: QColor, words: QColor) -> None:
        bounds = self._bounds
        upward, across = _ticks(bounds.top(), bounds.bottom()), _ticks(bounds.left(), bounds.right())
        for value in upward:
            y = self._place(inside, bounds.left(), value).y()
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
            painter.setPen(words)
            box = QRectF(20, y - 9, LEFT - 28, 18)
            aside = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, aside, self._number(value, upward))
        for value in across:
            box = QRectF(self._place(inside, value, bounds.top()).x() - 40, inside.bottom() + 8, 80, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, self._number(value, across))
        centred = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(QRectF(inside.left(), inside.bottom() + 26, inside.width(), 18), centred, self._across)
        painter.save()
        painter.translate(4, inside.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-inside.height() / 2, 0, inside.height(), 16), centred, self._up)
        painter.restore()

    def _number(self, value: float, ticks: Sequence[float]) -> str:
        if self._percent and ticks[-1] <= 1:
            return f"{100 * value:.0f} %"
        return format_number(value, decimals_for(ticks[1] - ticks[0]) if len(ticks) > 1 else 0)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, four of them or fewer."""
    step = round_step((high - low) / 4) if high > low else 1.0
    return [step * at for at in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
