"""The plane as one sees it: a picture of all points that moves with the view, and what lies on it for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha
from ramanstudio.gui.explore.point_index import Nearby
from ramanstudio.gui.explore.scatter_points import Looks, Scene
from ramanstudio.gui.viewer.camera import Camera, Points
from ramanstudio.gui.viewer.raster import Turns
from ramanstudio.gui.viewer.zoomable_view import Sight

_MARGIN: Final = 0.25  # more on each side, so that a drag uncovers no bare ground before the next picture is ready
_REST_MS: Final = 60
_REACH_PX: Final = 9
_DEEPEST: Final = 20_000.0  # times what shows all
_WIDEST: Final = 0.2

Mask = NDArray[np.bool_]


class Ground(Sight):
    """Draws a scene; its hands are elsewhere (hands.py)."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        none = np.zeros(0, dtype=np.intp)
        self.scene = Scene(np.zeros((0, 2)), Looks(none, none, ()), none.astype(bool), none.astype(bool), theme)
        self.axis_names = ("", "")
        self.marked, self.current = -1, -1  # under the mouse; where the keyboard is
        self.trail: QPainterPath | None = None  # the box or lasso being drawn
        self._nearby: Nearby | None = None
        self._image: QImage | None = None
        self._taken_by, self._drawn_by = Camera(), Camera()
        self._again = False
        self._turns = Turns(self)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._begin)
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)

    # What is shown

    def show_points(self, points: Points, keep_view: bool) -> None:
        """Draw these points (N, 2); with another number of them, all look alike until told otherwise."""
        if len(points) != len(self.scene.points):
            none = np.zeros(len(points), dtype=bool)
            ink = np.zeros(len(points), dtype=np.intp)
            looks = Looks(ink, ink, (self.scene.theme.accent,))
            self.scene = Scene(points, looks, none, none, self.scene.theme)
            self.marked = self.current = -1
        else:
            self.scene = replace(self.scene, points=points)
        if not keep_view:
            self._follows, self._before = True, []
        if self._follows:
            self.camera = self._all()
        self._nearby = None
        self._redraw()

    def change(self, scene: Scene) -> None:
        """Draw the same points with other looks, hidden or selected ones, or in other colours."""
        if scene.hidden is not self.scene.hidden:
            self._nearby = None
        self.scene = scene
        self._redraw()

    @property
    def drawing(self) -> bool:
        """Whether the picture of what is shown now is still being drawn."""
        return self._turns.busy or self._rest.isActive()

    def settle(self) -> None:
        """Finish the picture now."""
        while self.drawing:
            if self._rest.isActive() and not self._turns.busy:
                self._begin()
            self._turns.finish()

    def stop(self) -> None:
        """Draw no more."""
        self._rest.stop()
        self._turns.stop()

    def picture(self, ratio: float) -> QImage:
        """What is shown as an image, `ratio` times as fine, without what is there for a moment."""
        image = QImage(self.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor(self.scene.theme.panel))
        painter = QPainter(image)
        drawn = [one for one in self.scene.draw(self.camera, self.width() * self.height(), ratio) if one is not None]
        painter.drawImage(QPointF(), drawn[-1])
        self._paint_names(painter)
        painter.end()
        return image

    # Which part of it

    def bring_into_view(self, index: int) -> None:
        """Move the view, if need be, until a point lies in it."""
        place = self.place_of(index)
        room = self.rect().adjusted(12, 12, -12, -12)
        if not room.contains(place.toPoint()):
            self._follows = False
            self._look(self.camera.moved(self.width() / 2 - place.x(), self.height() / 2 - place.y()))

    def _all(self) -> Camera:
        return Camera.around(self.scene.points, self.width(), self.height())

    def _scales(self) -> tuple[float, float]:
        whole = self._all().scale
        return _WIDEST * whole, _DEEPEST * whole

    def _look(self, camera: Camera) -> None:
        super()._look(camera)
        # A drag goes on without pause: bare ground must not wait for its end.
        if not self._rest.isActive() or self._drawn_by.covers(camera):
            self._rest.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Show the same part of the plane, drawn for the new size."""
        super().resizeEvent(event)
        self._rest.start()

    # What lies where

    def place_of(self, index: int) -> QPointF:
        """Where a point is drawn."""
        across, down = self.camera.to_pixels(self.scene.points[index : index + 1])[0].tolist()
        return QPointF(across, down)

    def nearby(self) -> Nearby:
        """What finds points; made again after they moved, when somebody asks."""
        if self._nearby is None:
            self._nearby = Nearby(self.scene.points, self.scene.there)
        return self._nearby

    def nearest(self, place: QPointF) -> int:
        """The point under a pixel; -1 where there is none."""
        x, y = self.camera.to_plane(place.x(), place.y())
        return self.nearby().nearest(x, y, _REACH_PX / self.camera.scale)

    def inside(self, path: QPainterPath) -> NDArray[np.intp]:
        """Which points that can be seen lie within a path drawn on the widget."""
        there = np.flatnonzero(self.scene.there)
        found: NDArray[np.intp] = there[_inside(path, self.size(), self.camera.to_pixels(self.scene.points[there]))]
        return found

    # Drawing

    def mark(self, index: int) -> None:
        """Ring the point under the mouse (-1: none)."""
        if index != self.marked:
            for one in (self.marked, index):
                if one >= 0:
                    self.update(self._ring(one).toAlignedRect().adjusted(-3, -3, 3, 3))
            self.marked = index

    def _ring(self, index: int) -> QRectF:
        place = self.place_of(index)
        return QRectF(place.x() - 9, place.y() - 9, 18, 18)

    def _redraw(self) -> None:
        if self._turns.busy:  # let it finish: a plane that settles would else never be seen
            self._again = True
        else:
            self._begin()

    def _begin(self) -> None:
        self._rest.stop()
        self._again = False
        if self.width() < 2 or self.height() < 2:
            return
        self._taken_by = self.camera.with_margin(round(_MARGIN * self.width()), round(_MARGIN * self.height()))
        drawing = self.scene.draw(self._taken_by, self.width() * self.height(), self.devicePixelRatioF())
        self._turns.run(drawing, self._lay, self._finish)

    def _lay(self, image: QImage) -> None:
        self._image, self._drawn_by = image, self._taken_by
        self.update()

    def _finish(self) -> None:
        if self._again:
            self._begin()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Lay the picture where the view has moved to, and the marks of the moment over it."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self.scene.theme.panel))
        if self._image is not None:
            painter.drawImage(self._where(), self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_names(painter)
        theme = self.scene.theme
        if self.hasFocus() and 0 <= self.current < len(self.scene.points):
            painter.setPen(theme.pen(theme.text, 1.5))
            painter.drawRect(self._ring(self.current))
        if 0 <= self.marked < len(self.scene.points):
            painter.setPen(theme.pen(theme.text, 1.5))
            painter.drawEllipse(self._ring(self.marked))
        if self.trail is not None:
            painter.setPen(theme.pen(theme.accent, 1.5))
            painter.setBrush(with_alpha(theme.accent, 0.12))
            painter.drawPath(self.trail)
        painter.end()

    def _where(self) -> QRectF:
        by, now = self._drawn_by, self.camera
        left, top = by.to_plane(0, 0)
        zoom = now.scale / by.scale
        across = (left - now.x) * now.scale + now.width / 2
        down = (now.y - top) * now.scale + now.height / 2
        if abs(zoom - 1) < 1e-6:  # whole pixels, so that marks stay sharp
            ratio = self.devicePixelRatioF()
            across, down, zoom = round(across * ratio) / ratio, round(down * ratio) / ratio, 1.0
        return QRectF(across, down, by.width * zoom, by.height * zoom)

    def _paint_names(self, painter: QPainter) -> None:
        across, up = self.axis_names
        painter.setFont(self.font())
        painter.setPen(QColor(self.scene.theme.quiet))
        bottom = QRect(0, self.height() - 22, self.width(), 18)
        painter.drawText(bottom, int(Qt.AlignmentFlag.AlignCenter), across)
        painter.save()
        painter.translate(4, self.height())
        painter.rotate(-90)
        painter.drawText(QRect(0, 0, self.height(), 18), int(Qt.AlignmentFlag.AlignCenter), up)
        painter.restore()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Most of the page."""
        return QSize(640, 480)

    def set_axis_names(self, names: Sequence[str]) -> None:
        """What lies along the two axes; empty where they mean nothing."""
        self.axis_names = (names[0], names[1])
        self.update()


def _inside(path: QPainterPath, size: QSize, places: NDArray[np.float32]) -> Mask:
    """Which places (N, 2) lie within a path: the path is painted once, and looked up at each of them."""
    picture = QImage(size, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    painter = QPainter(picture)
    painter.fillPath(path, QColor("white"))
    painter.end()
    lines = np.frombuffer(picture.constBits(), np.uint8).reshape(size.height(), picture.bytesPerLine())
    pixels = np.floor(places).astype(np.int64)
    inside: Mask = (pixels >= 0).all(axis=1) & (pixels[:, 0] < size.width()) & (pixels[:, 1] < size.height())
    inside[inside] = lines[pixels[inside, 1], pixels[inside, 0]] > 0
    return inside
