"""The card beside the cursor: which spectrum lies there, and what it looks like."""

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
_CURVE: Final = 56
_AWAY: Final = 16
_COLUMNS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What there is to say of a point: its name, a quiet line, and its spectrum if there is one."""

    name: str
    quiet: str = ""
    axis: NDArray[np.floating[Any]] | None = None
    values: NDArray[np.floating[Any]] | None = None


Speaks = Callable[[int], Spoken | None]


class Card(QWidget):
    """Name and spectrum of one point, where it covers neither the point nor the edge; lets every event through."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._around, self._theme = parent, theme
        self.spoken: Spoken | None = None
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def show_for(self, spoken: Spoken | None, place: QPointF) -> None:
        """Say this beside a place of the parent; None hides the card."""
        self.spoken = spoken
        if spoken is None:
            self.hide()
            return
        line = self.fontMetrics().height() + 2
        height = 12 + line * (2 if spoken.quiet else 1) + (_CURVE if spoken.values is not None else 0)
        room = self._around.rect()
        x, y = round(place.x()) + _AWAY, round(place.y()) - height - _AWAY // 2
        if x + _WIDTH > room.right() - 4:
            x = round(place.x()) - _AWAY - _WIDTH
        if y < 4:
            y = round(place.y()) + _AWAY
        self.setGeometry(max(4, x), max(4, min(y, room.bottom() - height - 4)), _WIDTH, height)
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the frame, the words, and the curve beneath them."""
        if self.spoken is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._theme.pen(self._theme.line))
        painter.setBrush(with_alpha(self._theme.panel, 0.95))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        metrics, line, y = painter.fontMetrics(), painter.fontMetrics().height() + 2, 5
        for words, colour in ((self.spoken.name, self._theme.text), (self.spoken.quiet, self._theme.quiet)):
            if words:
                painter.setPen(QColor(colour))
                short = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, _WIDTH - 16)
                painter.drawText(QRect(8, y, _WIDTH - 16, line), int(Qt.AlignmentFlag.AlignVCenter), short)
                y += line
        if self.spoken.axis is not None and self.spoken.values is not None:
            curve = sparkline(self.spoken.axis, self.spoken.values, QRectF(8, y + 4, _WIDTH - 16, _CURVE - 8))
            painter.setPen(self._theme.pen(self._theme.accent, 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(curve)
        painter.end()


def sparkline(axis: NDArray[np.floating[Any]], values: NDArray[np.floating[Any]], place: QRectF) -> QPolygonF:
    """A curve that fills `place`: of many points the highest and the lowest of each column."""
    there = np.isfinite(values)
    shifts, heights = np.asarray(axis, dtype=float)[there], np.asarray(values, dtype=float)[there]
    if len(shifts) < 2:
        return QPolygonF()
    if len(shifts) > 2 * _COLUMNS:
        edges = np.linspace(0, len(shifts), _COLUMNS + 1).astype(int)[:-1]
        low, high = np.minimum.reduceat(heights, edges), np.maximum.reduceat(heights, edges)
        shifts, heights = np.repeat(shifts[edges], 2), np.column_stack([low, high]).ravel()
    floor, span = float(heights.min()), float(np.ptp(heights)) or 1.0
    across = place.left() + (shifts - shifts[0]) * (place.width() / (shifts[-1] - shifts[0]))
    down = place.bottom() - (heights - floor) * (place.height() / span)
    return QPolygonF([QPointF(x, y) for x, y in zip(across.tolist(), down.tolist(), strict=True)])
