"""Mouse gestures on a plot (wheel, box, pan, double click) and the history of its zooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from ramanstudio.gui.common.theme import Theme, with_alpha

# Panning along the shift axis is never exactly horizontal: within this corridor intensities stay automatic.
_CORRIDOR_PX: Final = 20
_CLICK_PX: Final = 6
_HISTORY_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Zoom:
    """Ranges of a plot: Raman shifts, and intensities of each pane; None where they are automatic."""

    shifts: tuple[float, float] | None
    intensities: tuple[tuple[float, float] | None, ...]


class ZoomHistory:
    """The views before the present one; turning the wheel without a pause, or one drag, is one step."""

    def __init__(self) -> None:
        self._history: list[Zoom] = []

    def __len__(self) -> int:
        return len(self._history)

    def push(self, zoom: Zoom) -> None:
        """Remember a view that is about to change."""
        if not self._history or self._history[-1] != zoom:
            self._history = [*self._history[-_HISTORY_LENGTH:], zoom]

    def pop(self) -> Zoom | None:
        """Return the view before; None where there is none."""
        return self._history.pop() if self._history else None

    def forget_intensities(self) -> None:
        """Another spectrum is shown: its intensities are automatic."""
        self._history = [Zoom(zoom.shifts, tuple(None for _ in zoom.intensities)) for zoom in self._history]

    def clear(self) -> None:
        """Forget all views: something else is shown."""
        self._history = []


class ZoomBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A pane that reports the gestures on it; its ranges are set by the user and by RangeController.

    Emits `about_to_change` before a zoom changes, with "wheel", "box" or "pan"; `shifts_changed_by_user` and
    `intensities_changed_by_user` after the user set a range of that axis; `show_all_requested` after a double click.
    With a `tool` the left button works for it: `clicked(position)`, `dragged(start, position, is_finished)` in the
    coordinates of the plot; the "range" tool is drawn as a shade while it is dragged.
    """

    about_to_change = Signal(str)
    shifts_changed_by_user = Signal()
    intensities_changed_by_user = Signal(object)
    show_all_requested = Signal()
    clicked = Signal(QPointF)
    dragged = Signal(QPointF, QPointF, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.disableAutoRange()
        self.setMouseMode(pg.ViewBox.RectMode)
        self._beyond_corridor = False  # the pan has left the corridor
        self._cancelled = False
        self._tool = ""

    def set_tool(self, tool: str) -> None:
        """Let the left button work for a tool: "click", "range" or "points"; "" zooms again."""
        self._tool = tool
        self.setCursor(Qt.CursorShape.CrossCursor if tool else Qt.CursorShape.ArrowCursor)

    def apply_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self.rbScaleBox.setPen(theme.pen(theme.accent))
        self.rbScaleBox.setBrush(with_alpha(theme.accent, 0.12))

    def cancel_gesture(self) -> bool:
        """Cancel the box being drawn; return whether there was one."""
        drawing = bool(self.rbScaleBox.isVisible())
        self._cancelled = drawing
        self.rbScaleBox.hide()
        return drawing

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802 - Qt's name
        """Zoom the shift axis, or with Ctrl the intensity axis; a horizontal wheel pans."""
        self.about_to_change.emit("wheel")
        control = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)
        along = axis if axis is not None else int(control)
        if axis is None and ev.orientation() == Qt.Orientation.Horizontal and not control:
            left, right = self.viewRange()[0]
            self.translateBy(x=-(right - left) * ev.delta() / 1200)
            self.shifts_changed_by_user.emit()
        else:
            super().wheelEvent(ev, axis=along)
            (self.intensities_changed_by_user.emit(self) if along else self.shifts_changed_by_user.emit())
        ev.accept()

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        """A double click shows all; a click is for the tool, where there is one."""
        if self._tool and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.clicked.emit(self.mapToView(ev.pos()))
        elif ev.double() and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.show_all_requested.emit()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        """The left button draws a zoom box, the others pan; on an axis every button pans along it."""
        ev.accept()
        if ev.button() == Qt.MouseButton.LeftButton and axis is None and self._tool in ("range", "points"):
            self._drag_for_tool(ev)
        elif ev.button() == Qt.MouseButton.LeftButton and axis is None:
            self._draw_box(ev)
        else:
            self._pan(ev, axis)

    def _drag_for_tool(self, ev: Any) -> None:
        if ev.isStart():
            self._cancelled = False
        if self._cancelled:
            return
        start, end = ev.buttonDownPos(), ev.pos()
        if self._tool == "range" and not ev.isFinish():
            self.updateScaleBox(QPointF(start.x(), 0.0), QPointF(end.x(), self.height()))
        else:
            self.rbScaleBox.hide()
        self.dragged.emit(self.mapToView(start), self.mapToView(end), bool(ev.isFinish()))

    def _draw_box(self, ev: Any) -> None:
        if ev.isStart():
            self._cancelled = False
        if self._cancelled:
            return
        start, end = ev.buttonDownPos(), ev.pos()
        wide, high = abs(end.x() - start.x()) > _CLICK_PX, abs(end.y() - start.y()) > _CLICK_PX
        if not ev.isFinish():
            # A flat box is a zoom of the shift axis alone, and is shown as one.
            top, bottom = (start.y(), end.y()) if high else (0.0, self.height())
            self.updateScaleBox(QPointF(start.x(), top), QPointF(end.x(), bottom))
            return
        self.rbScaleBox.hide()
        if not wide:
            return
        box: QRectF = self.childGroup.mapRectFromParent(QRectF(QPointF(start), QPointF(end)).normalized())
        self.about_to_change.emit("box")
        if high:
            self.setYRange(box.top(), box.bottom(), padding=0)
            self.intensities_changed_by_user.emit(self)
        self.setXRange(box.left(), box.right(), padding=0)
        self.shifts_changed_by_user.emit()

    def _pan(self, ev: Any, axis: int | None) -> None:
        if ev.isStart():
            self.about_to_change.emit("pan")
            self._beyond_corridor = False
        moved = self.mapToView(ev.lastPos()) - self.mapToView(ev.pos())
        aside = abs(ev.pos().y() - ev.buttonDownPos(ev.button()).y())
        self._beyond_corridor = self._beyond_corridor or axis == 1 or (axis is None and aside > _CORRIDOR_PX)
        if axis != 1:
            self.translateBy(x=moved.x())
            self.shifts_changed_by_user.emit()
        if self._beyond_corridor and axis != 0:
            self.translateBy(y=moved.y())
            self.intensities_changed_by_user.emit(self)
