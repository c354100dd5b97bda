"""The hands on the plane: point, click, box, lasso, pan and zoom, and all of it from the keyboard."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QKeyEvent, QMouseEvent, QPainterPath, QWheelEvent

from ramanstudio.gui.explore.scatter_canvas import Ground

Tool = Literal["lasso", "box", "pan"]
Mode = Literal["replace", "add", "remove"]

_CLICK_PX: Final = 5
_WHEEL_REST_MS: Final = 500
_STEPS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_CURSORS: Final = {
    "lasso": Qt.CursorShape.CrossCursor,
    "box": Qt.CursorShape.CrossCursor,
    "pan": Qt.CursorShape.OpenHandCursor,
}
_KEYS = Qt.KeyboardModifier


class Hands(QObject):
    """Turns what hands do to a plane into `picked(indices, mode)` and `hovered(index)` (-1: nothing is there)."""

    picked = Signal(object, str)
    hovered = Signal(int)

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._ground = ground
        self._tool: Tool = "lasso"
        self._start, self._last = QPointF(), QPointF()
        self._trail: list[QPointF] = []
        self._dragging: Tool | None = None
        self._given_up = False
        self._wheel = QTimer(self, singleShot=True, interval=_WHEEL_REST_MS)
        # A click on bare ground selects nothing, unless it was the first half of a double click.
        self._nothing = QTimer(self, singleShot=True)
        self._nothing.timeout.connect(lambda: self.picked.emit(np.zeros(0, dtype=np.intp), "replace"))
        ground.installEventFilter(self)
        ground.moved.connect(self._follow)
        self.set_tool("lasso")

    def set_tool(self, tool: Tool) -> None:
        """What a drag with the left button does."""
        self._tool = tool
        self._ground.setCursor(_CURSORS[tool])

    def cancel_gesture(self) -> bool:
        """Give up the box or lasso that is being drawn; whether there was one."""
        drawing = self._dragging in ("lasso", "box")
        self._given_up = drawing or self._given_up
        self._end_drag()
        return drawing

    def forget(self) -> None:
        """Other points are shown: what was begun with the old ones is void."""
        self.cancel_gesture()
        self._nothing.stop()
        self._hover(-1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take what is meant for the plane."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            taken = {
                QEvent.Type.MouseButtonPress: self._press,
                QEvent.Type.MouseMove: self._move,
                QEvent.Type.MouseButtonRelease: self._release,
                QEvent.Type.MouseButtonDblClick: self._double_click,
            }.get(kind)
            if taken is not None:
                taken(event)
                return True
        elif kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            self._turn(event)
            return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        elif kind == QEvent.Type.Leave:
            self._hover(-1)
        return super().eventFilter(watched, event)

    # The mouse

    def _press(self, event: QMouseEvent) -> None:
        self._ground.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._dragging is not None or event.buttons() != event.button():
            return
        self._start = self._last = event.position()
        self._given_up = False
        self._trail = [self._start]

    def _move(self, event: QMouseEvent) -> None:
        here = event.position()
        if not event.buttons():
            self._hover(self._ground.nearest(here))
            return
        if self._given_up or not self._trail:
            return
        if self._dragging is None:
            if (here - self._start).manhattanLength() < _CLICK_PX:
                return
            self._begin_drag("pan" if event.buttons() != Qt.MouseButton.LeftButton else self._tool)
        if self._dragging == "pan":
            moved = here - self._last
            self._ground.move_view(moved.x(), moved.y())
        else:
            self._trail.append(here)
            self._ground.trail = self._path(here)
            self._ground.update()
        self._last = here

    def _release(self, event: QMouseEvent) -> None:
        dragged, trail = self._dragging, self._trail
        path = self._ground.trail
        self._end_drag()
        if self._given_up or not trail:
            return
        if dragged in ("lasso", "box") and path is not None:
            self._pick(self._ground.inside(path), self._mode_of_drag(event))
        elif dragged is None and event.button() == Qt.MouseButton.LeftButton:
            self._click(event)

    def _begin_drag(self, tool: Tool) -> None:
        self._dragging = tool
        self._hover(-1)
        if tool == "pan":
            self._ground.remember()
            self._ground.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _end_drag(self) -> None:
        self._dragging, self._trail = None, []
        self._ground.trail = None
        self._ground.setCursor(_CURSORS[self._tool])
        self._ground.update()

    def _path(self, here: QPointF) -> QPainterPath:
        path = QPainterPath(self._start)
        if self._dragging == "box":
            path.addRect(QRectF(self._start, here).normalized())
            return path
        for place in self._trail[1:]:
            path.lineTo(place)
        path.closeSubpath()
        path.setFillRule(Qt.FillRule.WindingFill)
        return path

    def _mode_of_drag(self, event: QMouseEvent) -> Mode:
        keys = event.modifiers()
        if keys & (_KEYS.AltModifier | _KEYS.ControlModifier):
            return "remove"
        return "add" if keys & _KEYS.ShiftModifier else "replace"

    def _click(self, event: QMouseEvent) -> None:
        index, keys = self._ground.nearest(event.position()), event.modifiers()
        if index >= 0:
            self._ground.current = index
            if keys & _KEYS.ControlModifier:
                self._toggle(index)
            elif keys & _KEYS.AltModifier:
                self._pick(np.array([index]), "remove")
            else:
                self._pick(np.array([index]), "add" if keys & _KEYS.ShiftModifier else "replace")
        elif keys == _KEYS.NoModifier:
            self._nothing.start(QGuiApplication.styleHints().mouseDoubleClickInterval())

    def _double_click(self, event: QMouseEvent) -> None:
        self._nothing.stop()
        if event.button() == Qt.MouseButton.LeftButton:
            self._ground.show_all()
        self._trail = []

    def _turn(self, event: QWheelEvent) -> None:
        if not self._wheel.isActive():  # a wheel turned in one go is one zoom
            self._ground.remember()
        self._wheel.start()
        turned = event.angleDelta()
        if abs(turned.x()) > abs(turned.y()):
            self._ground.move_view(turned.x() / 4, 0)
        else:
            self._ground.zoom(1.0015 ** turned.y(), event.position())
        event.accept()

    def _hover(self, index: int) -> None:
        if index != self._ground.marked:
            self._ground.mark(index)
            self.hovered.emit(index)

    def _follow(self) -> None:
        """The plane has moved beneath the mouse."""
        if self._dragging is None and self._ground.underMouse():
            place = QPointF(self._ground.mapFromGlobal(QCursor.pos()))
            self._hover(self._ground.nearest(place) if self._ground.rect().contains(place.toPoint()) else -1)

    # The keyboard

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        index = self._ground.current
        if key in _STEPS and not event.modifiers() & (_KEYS.ControlModifier | _KEYS.AltModifier):
            self._step(*_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index >= 0:
            self._pick(np.array([index]), "add" if event.modifiers() & _KEYS.ShiftModifier else "replace")
        elif key == Qt.Key.Key_Space and index >= 0:
            self._toggle(index)
        elif key == Qt.Key.Key_A and event.modifiers() == _KEYS.NoModifier:
            self._ground.show_all()
        elif key == Qt.Key.Key_Escape:
            return self.cancel_gesture()
        else:
            return False
        return True

    def _step(self, across: int, up: int) -> None:
        ground, nearby = self._ground, self._ground.nearby()
        if not len(nearby):
            return
        if ground.current < 0:
            middle = QPointF(ground.width() / 2, ground.height() / 2)
            x, y = ground.camera.to_plane(middle.x(), middle.y())
            ground.current = nearby.nearest(x, y, max(ground.width(), ground.height()) / ground.camera.scale)
        else:
            ground.current = nearby.next_to(ground.current, across, up)
        if ground.current >= 0:
            ground.bring_into_view(ground.current)
            self._hover(ground.current)
        ground.update()

    def _toggle(self, index: int) -> None:
        self._pick(np.array([index]), "remove" if self._ground.scene.selected[index] else "add")

    def _pick(self, indices: NDArray[np.intp], mode: Mode) -> None:
        self._nothing.stop()
        self.picked.emit(indices, mode)
