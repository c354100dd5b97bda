"""The hands on the plot: wheel, box, pan, double click, and the zooms before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal

from ramanstudio.gui.common.theme import Theme, with_alpha

# A hand that pans along the shift axis trembles: within this corridor the intensity range stays the automatic one.
_CORRIDOR_PX: Final = 20
_CLICK_PX: Final = 6
_KEPT_ZOOMS: Final = 100


@dataclass(frozen=True, slots=True)
class Zoom:
    """What a plot shows: Raman shifts, and the intensities of each pane, None where they follow what is drawn."""

    shifts: tuple[float, float] | None
    intensities: tuple[tuple[float, float] | None, ...]


class Zooms:
    """The zooms before the present one; a wheel turned in one go, or one drag, is one zoom."""

    def __init__(self) -> None:
        self._before: list[Zoom] = []

    def __len__(self) -> int:
        return len(self._before)

    def push(self, zoom: Zoom) -> None:
        """Remember the zoom that is about to be left."""
        if not self._before or self._before[-1] != zoom:
            self._before = [*self._before[-_KEPT_ZOOMS:], zoom]

    def pop(self) -> Zoom | None:
        """The zoom before, or None."""
        return self._before.pop() if self._before else None

    def forget_intensities(self) -> None:
        """Another spectrum is shown at the same place: its intensities are its own."""
        self._before = [Zoom(zoom.shifts, tuple(None for _ in zoom.intensities)) for zoom in self._before]

    def clear(self) -> None:
        """Forget them: something else is shown."""
        self._before = []


class ZoomBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A pane whose gestures say what is about to happen; it never chooses a range by itself.

    `left` is emitted before a zoom changes, with "wheel", "box" or "pan"; `shifts_set` and `intensities_set` after the
    user's hand set a range of that axis; `all_wanted` after a double click.
    """

    left = Signal(str)
    shifts_set = Signal()
    intensities_set = Signal(object)
    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.disableAutoRange()
        self.setMouseMode(pg.ViewBox.RectMode)
        self._free = False  # the pan has left the corridor
        self._given_up = False

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.rbScaleBox.setPen(theme.pen(theme.accent))
        self.rbScaleBox.setBrush(with_alpha(theme.accent, 0.12))

    def cancel_gesture(self) -> bool:
        """Give up the box being drawn; whether there was one."""
        drawing = bool(self.rbScaleBox.isVisible())
        self._given_up = drawing
        self.rbScaleBox.hide()
        return drawing

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802 - Qt's name
        """Zoom shift, or intensity with Ctrl; a wheel turned sideways moves along the shift axis."""
        self.left.emit("wheel")
        control = bool(ev.modifiers() & Qt.KeyboardModifier.ControlModifier)
        along = axis if axis is not None else int(control)
        if axis is None and ev.orientation() == Qt.Orientation.Horizontal and not control:
            left, right = self.viewRange()[0]
            self.translateBy(x=-(right - left) * ev.delta() / 1200)
            self.shifts_set.emit()
        else:
            super().wheelEvent(ev, axis=along)
            (self.intensities_set.emit(self) if along else self.shifts_set.emit())
        ev.accept()

    def mouseClickEvent(self, ev: Any) -> None:  # noqa: N802
        """A double click shows all."""
        if ev.double() and ev.button() == Qt.MouseButton.LeftButton:
            ev.accept()
            self.all_wanted.emit()

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:  # noqa: N802
        """Left draws a box, right or middle pans; on an axis any button pans along it."""
        ev.accept()
        if ev.button() == Qt.MouseButton.LeftButton and axis is None:
            self._draw_box(ev)
        else:
            self._pan(ev, axis)

    def _draw_box(self, ev: Any) -> None:
        if ev.isStart():
            self._given_up = False
        if self._given_up:
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
        self.left.emit("box")
        if high:
            self.setYRange(box.top(), box.bottom(), padding=0)
            self.intensities_set.emit(self)
        self.setXRange(box.left(), box.right(), padding=0)
        self.shifts_set.emit()

    def _pan(self, ev: Any, axis: int | None) -> None:
        if ev.isStart():
            self.left.emit("pan")
            self._free = False
        moved = self.mapToView(ev.lastPos()) - self.mapToView(ev.pos())
        aside = abs(ev.pos().y() - ev.buttonDownPos(ev.button()).y())
        self._free = self._free or axis == 1 or (axis is None and aside > _CORRIDOR_PX)
        if axis != 1:
            self.translateBy(x=moved.x())
            self.shifts_set.emit()
        if self._free and axis != 0:
            self.translateBy(y=moved.y())
            self.intensities_set.emit(self)
