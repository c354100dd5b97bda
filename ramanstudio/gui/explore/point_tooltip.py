"""The tooltip of a point: the name of its spectrum, a line of details, and the spectrum itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha

_WIDTH: Final = 216
_CURVE_HEIGHT: Final = 56
_OFFSET: Final = 16  # from the point
_CURVE_COLUMNS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class TooltipContent:
    """Name of a spectrum, details, and its `axis` and `values` (B,) where they are known."""

    name: str
    detail: str = ""
    axis: NDArray[np.floating[Any]] | None = None
    values: NDArray[np.floating[Any]] | None = None


TooltipSource = Callable[[int], TooltipContent | None]


class PointTooltip(QWidget):
    """A tooltip that covers neither its point nor the edge of its parent; transparent to the mouse."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas, self._theme = parent, theme
        self.content: TooltipContent | None = None
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def show_content(self, content: TooltipContent | None, position: QPointF) -> None:
        """Show content beside a position of the parent; None hides the tooltip."""
        self.content = content
        if content is None:
            self.hide()
            return
        line = self.fontMetrics().height() + 2
        height = 12 + line * (2 if content.detail else 1) + (_CURVE_HEIGHT if content.values is not None else 0)
        bounds = self._canvas.rect()
        x, y = round(position.x()) + _OFFSET, round(position.y()) - height - _OFFSET // 2
        if x + _WIDTH > bounds.right() - 4:
            x = round(position.x()) - _OFFSET - _WIDTH
        if y < 4:
            y = round(position.y()) + _OFFSET
        self.setGeometry(max(4, x), max(4, min(y, bounds.bottom() - height - 4)), _WIDTH, height)
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the frame, the text, and the spectrum beneath."""
        content = self.content
        if content is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen(self._theme.line))
        painter.setBrush(with_alpha(self._theme.panel, 0.95))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        metrics, line, y = painter.fontMetrics(), painter.fontMetrics().height() + 2, 5
        for text, colour in ((content.name, self._theme.text), (content.detail, self._theme.quiet)):
            if text:
                painter.setPen(QColor(colour))
                elided = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _WIDTH - 16)
                painter.drawText(QRect(8, y, _WIDTH - 16, line), int(Qt.AlignmentFlag.AlignVCenter), elided)
                y += line
        if content.axis is not None and content.values is not None:
            area = QRectF(8, y + 4, _WIDTH - 16, _CURVE_HEIGHT - 8)
            painter.setPen(self._theme.pen(self._theme.accent, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(sparkline(content.axis, content.values, area))
        painter.end()


def sparkline(axis: NDArray[np.floating[Any]], values: NDArray[np.floating[Any]], area: QRectF) -> QPolygonF:
    """Return the curve of `values` (B,) at `axis` (B,) that fills `area`; of many samples each column's extremes."""
    finite = np.isfinite(values)
    shifts, heights = np.asarray(axis, dtype=float)[finite], np.asarray(values, dtype=float)[finite]
    if len(shifts) < 2:
        return QPolygonF()
    if len(shifts) > 2 * _CURVE_COLUMNS:
        edges = np.linspace(0, len(shifts), _CURVE_COLUMNS + 1).astype(int)[:-1]
        low, high = np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)
        shifts, heights = np.repeat(shifts[edges], 2), np.column_stack([low, high]).ravel()
    floor, span = float(heights.min()), float(np.ptp(heights)) or 1.0
    x = area.left() + (shifts - shifts[0]) * (area.width() / (shifts[-1] - shifts[0]))
    y = area.bottom() - (heights - floor) * (area.height() / span)
    return QPolygonF([QPointF(column, row) for column, row in zip(x.tolist(), y.tolist(), strict=True)])
