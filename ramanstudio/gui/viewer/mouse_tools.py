"""Mouse and keyboard on a zoomable view: hover, click, box, lasso, pan and zoom."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QKeyEvent, QMouseEvent, QPainterPath, QWheelEvent

from ramanstudio.gui.viewer.zoomable_view import NO_ITEM, ZoomableView

Tool = Literal["lasso", "box", "pan"]
SelectionMode = Literal["replace", "add", "remove"]

_CLICK_PX: Final = 5
_WHEEL_PAUSE_MS: Final = 500
_ARROW_KEYS: Final = {
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


class MouseTools(QObject):
    """Turns mouse and keyboard events of a view into `picked(items, mode)` and `hovered(item)` (NO_ITEM: none)."""

    picked = Signal(object, str)
    hovered = Signal(int)
    menu_requested = Signal(QPoint)  # on the screen, after a click with the right button that did not pan

    def __init__(self, view: ZoomableView) -> None:
        super().__init__(view)
        self._view = view
        self._tool: Tool = "lasso"
        self._start, self._last = QPointF(), QPointF()
        self._path: list[QPointF] = []
        self._dragging: Tool | None = None
        self._cancelled = False
        self._wheel_pause = QTimer(self, singleShot=True, interval=_WHEEL_PAUSE_MS)
        # A click beside all items selects nothing, unless it was the first half of a double click.
        self._clear_selection = QTimer(self, singleShot=True)
        self._clear_selection.timeout.connect(lambda: self.picked.emit(np.zeros(0, dtype=np.intp), "replace"))
        view.installEventFilter(self)
        view.moved.connect(self._hover_after_move)
        self.set_tool("lasso")

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging with the left button does."""
        self._tool = tool
        self._view.setCursor(_CURSORS[tool])

    def cancel_gesture(self) -> bool:
        """Cancel the box or lasso being drawn; return whether there was one."""
        drawing = self._dragging in ("lasso", "box")
        self._cancelled = drawing or self._cancelled
        self._end_drag()
        return drawing

    def reset(self) -> None:
        """Cancel every gesture: other items are shown."""
        self.cancel_gesture()
        self._clear_selection.stop()
        self._hover(NO_ITEM)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Handle the mouse, wheel and key events of the view."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            handler = {
                QEvent.Type.MouseButtonPress: self._press,
                QEvent.Type.MouseMove: self._move,
                QEvent.Type.MouseButtonRelease: self._release,
                QEvent.Type.MouseButtonDblClick: self._double_click,
            }.get(kind)
            if handler is not None:
                handler(event)
                return True
        elif kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            self._turn_wheel(event)
            return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._press_key(event)
        elif kind == QEvent.Type.Leave:
            self._hover(NO_ITEM)
        return super().eventFilter(watched, event)

    # The mouse

    def _press(self, event: QMouseEvent) -> None:
        self._view.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._dragging is not None or event.buttons() != event.button():
            return
        self._start = self._last = event.position()
        self._cancelled = False
        self._path = [self._start]

    def _move(self, event: QMouseEvent) -> None:
        position = event.position()
        if not event.buttons():
            self._hover(self._view.item_at(position))
            return
        if self._cancelled or not self._path:
            return
        if self._dragging is None:
            if (position - self._start).manhattanLength() < _CLICK_PX:
                return
            self._begin_drag("pan" if event.buttons() != Qt.MouseButton.LeftButton else self._tool)
        if self._dragging == "pan":
            moved = position - self._last
            self._view.pan(moved.x(), moved.y())
        else:
            self._path.append(position)
            self._view.outline = self._outline(position)
            self._view.update()
        self._last = position

    def _release(self, event: QMouseEvent) -> None:
        dragged, path, outline = self._dragging, self._path, self._view.outline
        self._end_drag()
        if self._cancelled or not path:
            return
        if dragged in ("lasso", "box") and outline is not None:
            self._pick(self._view.items_inside(outline), self._mode_of_drag(event))
        elif dragged is None and event.button() == Qt.MouseButton.LeftButton:
            self._click(event)
        elif dragged is None and event.button() == Qt.MouseButton.RightButton:
            self.menu_requested.emit(event.globalPosition().toPoint())

    def _begin_drag(self, tool: Tool) -> None:
        self._dragging = tool
        self._hover(NO_ITEM)
        if tool == "pan":
            self._view.remember_view()
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)

    def _end_drag(self) -> None:
        self._dragging, self._path = None, []
        self._view.outline = None
        self._view.setCursor(_CURSORS[self._tool])
        self._view.update()

    def _outline(self, position: QPointF) -> QPainterPath:
        path = QPainterPath(self._start)
        if self._dragging == "box":
            path.addRect(QRectF(self._start, position).normalized())
            return path
        for corner in self._path[1:]:
            path.lineTo(corner)
        path.closeSubpath()
        path.setFillRule(Qt.FillRule.WindingFill)
        return path

    def _mode_of_drag(self, event: QMouseEvent) -> SelectionMode:
        keys = event.modifiers()
        if keys & (_KEYS.AltModifier | _KEYS.ControlModifier):
            return "remove"
        return "add" if keys & _KEYS.ShiftModifier else "replace"

    def _click(self, event: QMouseEvent) -> None:
        item, keys = self._view.item_at(event.position()), event.modifiers()
        if item >= 0:
            self._view.current = item
            if keys & _KEYS.ControlModifier:
                self._toggle(item)
            elif keys & _KEYS.AltModifier:
                self._pick(np.array([item]), "remove")
            else:
                self._pick(np.array([item]), "add" if keys & _KEYS.ShiftModifier else "replace")
        elif keys == _KEYS.NoModifier:
            self._clear_selection.start(QGuiApplication.styleHints().mouseDoubleClickInterval())

    def _double_click(self, event: QMouseEvent) -> None:
        self._clear_selection.stop()
        if event.button() == Qt.MouseButton.LeftButton:
            self._view.show_all()
        self._path = []

    def _turn_wheel(self, event: QWheelEvent) -> None:
        if not self._wheel_pause.isActive():  # turns without a pause are one zoom
            self._view.remember_view()
        self._wheel_pause.start()
        delta = event.angleDelta()
        if abs(delta.x()) > abs(delta.y()):
            self._view.pan(delta.x() / 4, 0)
        else:
            self._view.zoom(1.0015 ** delta.y(), event.position())
        event.accept()

    def _hover(self, item: int) -> None:
        if item != self._view.hovered:
            self._view.set_hovered(item)
            self.hovered.emit(item)

    def _hover_after_move(self) -> None:
        """Find the item under the mouse after the view moved beneath it."""
        if self._dragging is None and self._view.underMouse():
            position = QPointF(self._view.mapFromGlobal(QCursor.pos()))
            inside = self._view.rect().contains(position.toPoint())
            self._hover(self._view.item_at(position) if inside else NO_ITEM)

    # The keyboard

    def _press_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        item = self._view.current
        if key in _ARROW_KEYS and not event.modifiers() & (_KEYS.ControlModifier | _KEYS.AltModifier):
            self._step(*_ARROW_KEYS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item >= 0:
            self._pick(np.array([item]), "add" if event.modifiers() & _KEYS.ShiftModifier else "replace")
        elif key == Qt.Key.Key_Space and item >= 0:
            self._toggle(item)
        elif key == Qt.Key.Key_A and event.modifiers() == _KEYS.NoModifier:
            self._view.show_all()
        elif key == Qt.Key.Key_Escape:
            return self.cancel_gesture()
        else:
            return False
        return True

    def _step(self, right: int, up: int) -> None:
        view, index = self._view, self._view.item_index
        if not len(index):
            return
        if view.current < 0:
            x, y = view.camera.to_plane(view.width() / 2, view.height() / 2)
            view.current = index.nearest(x, y, max(view.width(), view.height()) / view.camera.scale)
        else:
            view.current = index.next_to(view.current, right, up)
        if view.current >= 0:
            view.bring_into_view(view.current)
            self._hover(view.current)
        view.update()

    def _toggle(self, item: int) -> None:
        self._pick(np.array([item]), "remove" if self._view.selected[item] else "add")

    def _pick(self, items: NDArray[np.intp], mode: SelectionMode) -> None:
        self._clear_selection.stop()
        self.picked.emit(items, mode)
