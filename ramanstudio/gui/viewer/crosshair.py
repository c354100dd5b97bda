"""The crosshair: where the cursor is, in Raman shift and intensity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha, with_tabular_figures
from ramanstudio.gui.viewer.plot_axis import decimals_for
from ramanstudio.gui.viewer.plot_panes import MAIN, PlotPanes

_AWAY: Final = 12  # of the readout from the cursor


class CursorTracker(QObject):
    """Follows the mouse over the panes, and the panes where they move beneath it; says `moved(shift, intensity)`."""

    moved = Signal(float, float)

    def __init__(self, panes: PlotPanes, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._panes = panes
        self._place: QPointF | None = None
        self.log = False  # whether intensities are drawn as logarithms
        self.crosshair = Crosshair(panes.viewport(), theme)
        panes.viewport().installEventFilter(self)
        for box in panes.boxes:
            box.sigRangeChanged.connect(self.follow)
            box.sigResized.connect(self.follow)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Listen to the mouse, and let everything through."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._place = event.position()
            self.follow()
        elif event.type() == QEvent.Type.Leave:
            self._place = None
            self.crosshair.leave()
        elif event.type() == QEvent.Type.Resize:
            self.crosshair.setGeometry(self._panes.viewport().rect())
        return super().eventFilter(watched, event)

    def follow(self, *_: Any) -> None:
        """Say anew what lies beneath the cursor."""
        box = self._panes.box_at(self._place) if self._place is not None else None
        if box is None or self._place is None:
            self.crosshair.leave()
            return
        (left, right), (low, high) = box.viewRange()
        where: Any = box.mapSceneToView(self._panes.mapToScene(self._place.toPoint()))
        shift, height = float(where.x()), float(where.y())
        across, up = (right - left) / max(box.width(), 1), (high - low) / max(box.height(), 1)
        if self.log and box is self._panes.boxes[MAIN]:
            height = 10.0**height
            up = height * (10.0**up - 1)
        text = f"{format_number(shift, decimals_for(across))} cm⁻¹   {format_number(height, decimals_for(up))}"
        others = [other for other in self._panes.visible_boxes if other is not box]
        areas = [self._panes.mapFromScene(one.sceneBoundingRect()).boundingRect() for one in (*others, box)]
        self.crosshair.point(self._place, [QRectF(area) for area in areas], text)
        self.moved.emit(shift, height)


class Crosshair(QWidget):
    """Two thin lines through the cursor and what lies there, over the panes; lets every event through."""

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
        """What the readout says; empty while the cursor is elsewhere."""
        return self._text

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def point(self, cursor: QPointF, panes: Sequence[QRectF], text: str) -> None:
        """Cross at `cursor` (widget coordinates) through `panes`, the last named being the one it is in."""
        self._repaint_marks()
        self._cursor, self._panes, self._text = cursor, panes, text
        self._repaint_marks()

    def leave(self) -> None:
        """Show nothing."""
        self._repaint_marks()
        self._cursor, self._text = None, ""

    def readout(self) -> QRect:
        """Where the readout lies: beside the cursor, on the side where it is not cut."""
        if self._cursor is None:
            return QRect()
        metrics = self.fontMetrics()
        size = QSize(metrics.horizontalAdvance(self._text) + 16, metrics.height() + 8)
        x, y = round(self._cursor.x()) + _AWAY, round(self._cursor.y()) - _AWAY - size.height()
        if x + size.width() > self.width() - 4:
            x = round(self._cursor.x()) - _AWAY - size.width()
        if y < 4:
            y = round(self._cursor.y()) + _AWAY
        return QRect(QPoint(max(4, x), min(y, self.height() - size.height() - 4)), size)

    def _repaint_marks(self) -> None:
        # Only the lines and the readout: repainting the whole plot for each move of the mouse would cost its drawing.
        if self._cursor is None:
            return
        x, y = round(self._cursor.x()), round(self._cursor.y())
        self.update(QRect(x - 1, 0, 3, self.height()))
        self.update(QRect(0, y - 1, self.width(), 3))
        self.update(self.readout().adjusted(-2, -2, 2, 2))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw lines and readout."""
        if self._cursor is None or not self._panes:
            return
        painter = QPainter(self)
        painter.setPen(self._theme.pen(self._theme.quiet, alpha=0.55))
        x, y, own = round(self._cursor.x()), round(self._cursor.y()), self._panes[-1]
        for pane in self._panes:
            painter.drawLine(x, round(pane.top()), x, round(pane.bottom()))
        painter.drawLine(round(own.left()), y, round(own.right()), y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.readout()
        painter.setPen(self._theme.pen(self._theme.line))
        painter.setBrush(with_alpha(self._theme.panel, 0.94))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
        painter.end()
