"""Names at the right end of spectra that are drawn one above the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha

NAMES_SHARE: Final = 0.2  # of the range of Raman shifts that is left free for them
GAP_PX: Final = 3  # between a curve and its name


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A curve (B,) as it is drawn, its name and its colour."""

    name: str
    axis: NDArray[Any]
    values: NDArray[Any]
    colour: str

    def end(self, left: float, right: float) -> tuple[float, float] | None:
        """Return the last point between two Raman shifts, and the mean height near it; None where there is none."""
        inside = np.flatnonzero((self.axis >= left) & (self.axis <= right) & np.isfinite(self.values))
        if not inside.size:
            return None
        return float(self.axis[inside[-1]]), float(np.median(self.values[inside[-max(1, inside.size // 50) :]]))


class TraceLabels(QWidget):
    """Draws the names over a plot; those that would overlap are left out. The mouse goes through.

    `position_of(shift, intensity)` says where a point is drawn, in this widget, None where it is not in view;
    `shifts()` which Raman shifts are in view.
    """

    def __init__(
        self,
        plot: QWidget,
        position_of: Callable[[float, float], QPointF | None],
        shifts: Callable[[], tuple[float, float]],
        theme: Theme,
    ) -> None:
        super().__init__(plot)
        self._position_of, self._shifts, self._theme = position_of, shifts, theme
        self._traces: tuple[Trace, ...] = ()
        self._ends: list[tuple[float, float] | None] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)
        plot.installEventFilter(self)
        self.setGeometry(plot.rect())
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the plot."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return super().eventFilter(watched, event)

    def show_traces(self, traces: Sequence[Trace]) -> None:
        """Name these curves, from the top to the bottom; none hides the names."""
        self._traces = tuple(traces)
        self._ends = [trace.end(-np.inf, np.inf) for trace in traces]  # a pan asks for them at every step
        self.setAccessibleName("Spectra from the top: " + ", ".join(trace.name for trace in traces) if traces else "")
        self.setVisible(bool(traces))
        self.raise_()
        self.update()

    def apply_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def placed(self) -> list[tuple[QRectF, str, Trace]]:
        """Return where the names are drawn, as they are shortened to, and their curves; none overlaps another."""
        metrics, placed = self.fontMetrics(), list[tuple[QRectF, str, Trace]]()
        last_y = 0.0
        room, height = max(60, round(0.8 * NAMES_SHARE * self.width())), metrics.height()
        left, right = self._shifts()
        for trace, whole in zip(self._traces, self._ends, strict=True):
            end = whole if whole is None or left <= whole[0] <= right else trace.end(left, right)
            point = None if end is None else self._position_of(*end)
            if point is None or (placed and abs(point.y() - last_y) < height):
                continue
            behind = self.width() - round(point.x()) - GAP_PX - 6
            text = metrics.elidedText(trace.name, Qt.TextElideMode.ElideMiddle, max(room, behind))
            width = metrics.horizontalAdvance(text) + 6
            is_behind = point.x() + GAP_PX + width <= self.width()  # the curve ends before the plot does
            corner = (
                QPointF(point.x() + GAP_PX, point.y() - height / 2)
                if is_behind
                else QPointF(self.width() - width, max(0.0, point.y() - height - GAP_PX))
            )
            box = QRectF(corner, QSizeF(width, height))
            if not any(box.intersects(other) for other, _, _ in placed):
                placed.append((box, text, trace))
                last_y = point.y()
        return placed

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the names on a background that lets them be read over other curves."""
        painter = QPainter(self)
        for box, text, trace in self.placed():
            painter.fillRect(box, with_alpha(self._theme.panel, 0.8))
            painter.setPen(QColor(trace.colour))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
