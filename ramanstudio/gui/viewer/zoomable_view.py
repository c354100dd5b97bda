"""Which part of a plane or a map is shown: all of it, what a hand chose, and the views before."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.viewer.camera import Camera

_KEPT_ZOOMS: Final = 100


class Sight(QWidget):
    """A widget that shows a part of something. `moved` when it is another part."""

    moved = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._before: list[Camera | None] = []
        self._follows = True  # shows all, until a hand zooms
        self.camera = Camera()

    def _all(self) -> Camera:
        """What shows all."""
        raise NotImplementedError

    def _scales(self) -> tuple[float, float]:
        """How many pixels of the screen a unit may be at least and at most."""
        raise NotImplementedError

    def show_all(self) -> None:
        """Show all of it; the view before can be had back."""
        self.remember()
        self._follows = True
        self._look(self._all())

    def zoom_back(self) -> None:
        """Show what was shown before the last zoom."""
        if self._before:
            camera = self._before.pop()
            self._follows = camera is None
            self._look(self._all() if camera is None else camera.resized(self.width(), self.height()))

    def remember(self) -> None:
        """A hand is about to move the view: what is shown now can be had back."""
        self._before = [*self._before[-_KEPT_ZOOMS:], None if self._follows else self.camera]

    def move_view(self, across: float, down: float) -> None:
        """Move what is shown by so many pixels of the screen."""
        self._follows = False
        self._look(self.camera.moved(across, down))

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Show everything `factor` times as large around a place, or around the middle."""
        at = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        scale = float(np.clip(self.camera.scale * factor, *self._scales()))
        self._follows = False
        self._look(self.camera.zoomed(scale / self.camera.scale, at.x(), at.y()))

    def _look(self, camera: Camera) -> None:
        self.camera = camera
        self.update()
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Show the same part of it."""
        super().resizeEvent(event)
        self.camera = self._all() if self._follows else self.camera.resized(self.width(), self.height())
        self.moved.emit()
