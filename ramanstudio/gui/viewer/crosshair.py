"""The crosshair: Raman shift and intensity at the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha, with_tabular_figures
from ramanstudio.gui.viewer.plot_axis import decimals_for
from ramanstudio.gui.viewer.plot_panes import MAIN, PlotPanes

_OFFSET: Final = 12  # of the readout from the cursor


class CursorTracker(QObject):
    """Follows the mouse over the panes, and the panes when they move; emits `moved(shift, intensity)`."""

    moved = Signal(float, float)

    def __init__(self, panes: PlotPanes, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._panes = panes
        self._position: QPointF | None = None
        self.log = False  # whether intensities are drawn as logarithms
        self.scale = AxisScale()  # in which the readout states Raman shifts
        self.crosshair = Crosshair(panes.viewport(), theme)
        panes.viewport().installEventFilter(self)
        for box in panes.boxes:
            box.sigRangeChanged.connect(self.follow)
            box.sigResized.connect(self.follow)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the mouse; every event passes through."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._position = event.position()
            self.follow()
        elif event.type() == QEvent.Type.Leave:
            self._position = None
            self.crosshair.hide_readout()
        elif event.type() == QEvent.Type.Resize:
            self.crosshair.setGeometry(self._panes.viewport().rect())
        return super().eventFilter(watched, event)

    def follow(self, *_: Any) -> None:
        """Update the readout."""
        box = self._panes.box_at(self._position) if self._position is not None else None
        if box is None or self._position is None:
            self.crosshair.hide_readout()
            return
        (left, right), (low, high) = box.viewRange()
        move_to: Any = box.mapSceneToView(self._panes.mapToScene(self._position.toPoint()))
        shift, height = float(move_to.x()), float(move_to.y())
        across, up = (right - left) / max(box.width(), 1), (high - low) / max(box.height(), 1)
        if self.log and box is self._panes.boxes[MAIN]:
            height = 10.0**height
            up = height * (10.0**up - 1)
        place = self.scale.value(shift)
        step = abs(self.scale.value(shift + across) - place)
        stated = f"{format_number(place, decimals_for(step))} {self.scale.unit.symbol}" if isfinite(place) else "–"
        text = f"{stated}   {format_number(height, decimals_for(up))}"
        others = [other for other in self._panes.visible_boxes if other is not box]
        areas = [self._panes.mapFromScene(other.sceneBoundingRect()).boundingRect() for other in (*others, box)]
        self.crosshair.move_to(self._position, [QRectF(area) for area in areas], text)
        self.moved.emit(shift, height)


class Crosshair(QWidget):
    """Two thin lines through the cursor, and a readout, over the panes; transparent to the mouse."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._theme = theme
        self._cursor: QPointF | None = None
        self._panes: Sequence[QRectF] = ()
        self._text = ""
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX)
        self.setFont(font)

    @property
    def text(self) -> str:
        """The text of the readout; empty while the cursor is elsewhere."""
        return self._text

    def apply_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def move_to(self, cursor: QPointF, panes: Sequence[QRectF], text: str) -> None:
        """Move to `cursor` (widget coordinates) and draw lines through `panes`, the one under the cursor last."""
        self._repaint()
        self._cursor, self._panes, self._text = cursor, panes, text
        self._repaint()

    def hide_readout(self) -> None:
        """Show nothing."""
        self._repaint()
        self._cursor, self._text = None, ""

    def readout_rect(self) -> QRect:
        """Return the rectangle of the readout: beside the cursor, where it is not cut off."""
        if self._cursor is None:
            return QRect()
        metrics = self.fontMetrics()
        size = QSize(metrics.horizontalAdvance(self._text) + 16, metrics.height() + 8)
        x, y = round(self._cursor.x()) + _OFFSET, round(self._cursor.y()) - _OFFSET - size.height()
        if x + size.width() > self.width() - 4:
            x = round(self._cursor.x()) - _OFFSET - size.width()
        if y < 4:
            y = round(self._cursor.y()) + _OFFSET
        return QRect(QPoint(max(4, x), min(y, self.height() - size.height() - 4)), size)

    def _repaint(self) -> None:
        # Only the lines and the readout: repainting the whole plot for each move of the mouse would cost its drawing.
        if self._cursor is None:
            return
        x, y = round(self._cursor.x()), round(self._cursor.y())
        self.update(QRect(x - 1, 0, 3, self.height()))
        self.update(QRect(0, y - 1, self.width(), 3))
        self.update(self.readout_rect().adjusted(-2, -2, 2, 2))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint lines and readout."""
        if self._cursor is None or not self._panes:
            return
        painter = QPainter(self)
        painter.setPen(self._theme.pen(self._theme.quiet, alpha=0.55))
        x, y, current = round(self._cursor.x()), round(self._cursor.y()), self._panes[-1]
        for pane in self._panes:
            painter.drawLine(x, round(pane.top()), x, round(pane.bottom()))
        painter.drawLine(round(current.left()), y, round(current.right()), y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.readout_rect()
        painter.setPen(self._theme.pen(self._theme.line))
        painter.setBrush(with_alpha(self._theme.panel, 0.94))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()
