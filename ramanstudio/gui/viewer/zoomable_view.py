"""A canvas of numbered items that can be zoomed and panned: the base of the scatter plot and of the map."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QResizeEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import Theme, with_alpha
from ramanstudio.gui.viewer.camera import Camera

NO_ITEM: Final = -1
_HISTORY: Final = 100  # views that can be gone back to


class ItemIndex(Protocol):
    """Finds items by their place in the plane, for the keyboard."""

    def __len__(self) -> int: ...

    def nearest(self, x: float, y: float, reach: float) -> int:
        """Return the item nearest to (x, y) within `reach`, in units of the plane; NO_ITEM where there is none."""

    def next_to(self, item: int, right: int, up: int) -> int:
        """Return the next item in a direction (1, 0 is right); `item` itself at the end."""


class ZoomableView(QWidget):
    """A canvas of items (points, pixels) that mouse tools zoom, pan, hover and select. Emits `moved` on zoom and pan.

    Items are numbered; NO_ITEM (-1) stands for none. Everything is shown until the user zooms.
    """

    moved = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.camera = Camera()
        self.hovered = NO_ITEM
        self.current = NO_ITEM  # the item with the keyboard focus
        self.outline: QPainterPath | None = None  # the box or lasso being drawn
        self._history: list[Camera | None] = []  # None: everything
        self._shows_all = True

    # What a canvas implements

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Which items are selected (N,)."""
        raise NotImplementedError

    @property
    def item_index(self) -> ItemIndex:
        """Finds items for the keyboard."""
        raise NotImplementedError

    def item_at(self, position: QPointF) -> int:
        """Return the item under a position of the widget."""
        raise NotImplementedError

    def items_inside(self, path: QPainterPath) -> NDArray[np.intp]:
        """Return the indices (M,) of the visible items within a path drawn on the widget."""
        raise NotImplementedError

    def position_of(self, item: int) -> QPointF:
        """Return where the centre of an item is drawn."""
        raise NotImplementedError

    def set_hovered(self, item: int) -> None:
        """Frame the item under the mouse."""
        raise NotImplementedError

    def _camera_for_all(self) -> Camera:
        """Return the camera that shows everything."""
        raise NotImplementedError

    def _scale_limits(self) -> tuple[float, float]:
        """Return the smallest and the largest scale, in pixels per unit of the plane."""
        raise NotImplementedError

    # Zoom and pan

    def show_all(self) -> None:
        """Show everything; `zoom_back` returns to the view before."""
        self.remember_view()
        self._shows_all = True
        self._set_camera(self._camera_for_all())

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""
        if self._history:
            camera = self._history.pop()
            self._shows_all = camera is None
            resized = camera.resized(self.width(), self.height()) if camera is not None else self._camera_for_all()
            self._set_camera(resized)

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as much around the same centre; `zoom_back` returns to the view before."""
        self.remember_view()
        self.zoom(1 / factor)

    def move_by(self, fraction: float) -> None:
        """Pan to the right by a fraction of the width; `zoom_back` returns to the view before."""
        self.remember_view()
        self.pan(-fraction * self.width(), 0)

    def remember_view(self) -> None:
        """Keep the present view for `zoom_back`."""
        self._history = [*self._history[-_HISTORY:], None if self._shows_all else self.camera]

    def pan(self, dx_px: float, dy_px: float) -> None:
        """Move the picture by so many pixels to the right and down."""
        self._shows_all = False
        self._set_camera(self.camera.moved(dx_px, dy_px))

    def zoom(self, factor: float, around: QPointF | None = None) -> None:
        """Magnify by `factor` around a position of the widget, or around its centre, within the limits."""
        around = around if around is not None else QPointF(self.width() / 2, self.height() / 2)
        scale = float(np.clip(self.camera.scale * factor, *self._scale_limits()))
        self._shows_all = False
        self._set_camera(self.camera.zoomed(scale / self.camera.scale, around.x(), around.y()))

    def bring_into_view(self, item: int) -> None:
        """Centre the view on an item that lies outside."""
        position = self.position_of(item)
        if not self.rect().adjusted(8, 8, -8, -8).contains(position.toPoint()):
            self.pan(self.width() / 2 - position.x(), self.height() / 2 - position.y())

    def _reset_view(self) -> None:
        """Show everything, and forget the views before: other items are shown."""
        self._shows_all, self._history = True, []

    def _set_camera(self, camera: Camera) -> None:
        self.camera = camera
        self.update()
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep showing the same part."""
        super().resizeEvent(event)
        if self._shows_all:
            self.camera = self._camera_for_all()
        else:
            self.camera = self.camera.resized(self.width(), self.height())
        self.moved.emit()

    def _paint_outline(self, painter: QPainter, theme: Theme) -> None:
        """Paint the box or lasso being drawn."""
        if self.outline is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.pen(theme.accent, 1.5))
            painter.setBrush(with_alpha(theme.accent, 0.12))
            painter.drawPath(self.outline)
