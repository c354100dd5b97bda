"""The canvas of the scatter plot: an image of all points that moves with the view, and what is painted over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import QUIET_PX, Theme
from ramanstudio.gui.explore.point_index import PointIndex
from ramanstudio.gui.explore.scatter_points import ScatterPoints
from ramanstudio.gui.viewer.camera import Camera, Points
from ramanstudio.gui.viewer.raster import TimeSlices
from ramanstudio.gui.viewer.zoomable_view import NO_ITEM, ZoomableView

_MARGIN: Final = 0.25  # of the size, rendered on each side, so that a drag shows points before the next image is ready
_REDRAW_DELAY_MS: Final = 60
_HOVER_RADIUS_PX: Final = 9
_SCALE_LIMITS: Final = (0.2, 20_000.0)  # relative to the scale that shows everything
_AXIS_NAME_PX: Final = 24  # at the left and lower edge, kept free of points where the axes are named


class ScatterCanvas(ZoomableView):
    """Draws points; mouse and keyboard are handled by MouseTools."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 160)
        self.points = ScatterPoints.plain(np.zeros((0, 2), dtype=np.float32), theme)
        self.axis_names = ("", "")
        self._index: PointIndex | None = None
        self._image: QImage | None = None
        self._rendering, self._rendered = Camera(), Camera()  # cameras of the image in work and of the last one
        self._render_again = False
        self._slices = TimeSlices(self)
        self._redraw_timer = QTimer(self, singleShot=True, interval=_REDRAW_DELAY_MS)
        self._redraw_timer.timeout.connect(self._render)
        font = self.font()
        font.setPixelSize(QUIET_PX)
        self.setFont(font)

    # What is shown

    def show_points(self, points: Points, keep_view: bool) -> None:
        """Draw these points (N, 2); when their number changes, styles, hidden and selected points are reset."""
        if len(points) != len(self.points.xy):
            self.points = ScatterPoints.plain(points, self.points.theme)
            self.hovered = self.current = NO_ITEM
        else:
            self.points = replace(self.points, xy=points)
        if not keep_view:
            self._reset_view()
        if self._shows_all:
            self.camera = self._camera_for_all()
        self._index = None
        self._update_image()

    def set_points(self, points: ScatterPoints) -> None:
        """Draw the same points with other styles, colours, hidden or selected ones."""
        if points.hidden is not self.points.hidden:
            self._index = None
        self.points = points
        self._update_image()

    def set_axis_names(self, names: Sequence[str]) -> None:
        """Label the horizontal and the vertical axis; empty where an axis has no meaning."""
        had_margin = any(self.axis_names)
        self.axis_names = (names[0], names[1])
        if self._shows_all and had_margin != any(self.axis_names):
            self._set_camera(self._camera_for_all())
        self.update()

    @property
    def drawing(self) -> bool:
        """Whether the image of the present view is still being drawn."""
        return self._slices.busy or self._redraw_timer.isActive()

    def finish_drawing(self) -> None:
        """Complete the image now."""
        while self.drawing:
            if self._redraw_timer.isActive() and not self._slices.busy:
                self._render()
            self._slices.run_to_end()

    def stop(self) -> None:
        """Stop drawing."""
        self._redraw_timer.stop()
        self._slices.stop()

    def picture(self, pixel_ratio: float) -> QImage:
        """Render the view at `pixel_ratio` times its size, without hover and selection outlines."""
        image = QImage(self.size() * pixel_ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(pixel_ratio)
        image.fill(QColor(self.points.theme.panel))
        painter = QPainter(image)
        steps = self.points.draw(self.camera, self.width() * self.height(), pixel_ratio)
        painter.drawImage(QPointF(), [step for step in steps if step is not None][-1])
        self._paint_axis_names(painter)
        painter.end()
        return image

    # Zoom

    def _camera_for_all(self) -> Camera:
        if not any(self.axis_names):
            return Camera.around(self.points.xy, self.width(), self.height())
        margin = _AXIS_NAME_PX // 2
        camera = Camera.around(self.points.xy, max(self.width() - 2 * margin, 1), max(self.height() - 2 * margin, 1))
        return camera.with_margin(margin, margin).moved(margin, -margin)

    def _scale_limits(self) -> tuple[float, float]:
        whole = self._camera_for_all().scale
        return _SCALE_LIMITS[0] * whole, _SCALE_LIMITS[1] * whole

    def _set_camera(self, camera: Camera) -> None:
        super()._set_camera(camera)
        # A drag goes on without pause: an uncovered part must not wait for its end.
        if not self._redraw_timer.isActive() or self._rendered.covers(camera):
            self._redraw_timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the same part of the plane for the new size."""
        super().resizeEvent(event)
        self._redraw_timer.start()

    # Items

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Which points are selected (N,)."""
        return self.points.selected

    @property
    def item_index(self) -> PointIndex:
        """Finds points; rebuilt on demand after points moved or were hidden."""
        if self._index is None:
            self._index = PointIndex(self.points.xy, self.points.visible)
        return self._index

    def position_of(self, item: int) -> QPointF:
        """Return where a point is drawn."""
        x, y = self.camera.to_pixels(self.points.xy[item : item + 1])[0].tolist()
        return QPointF(x, y)

    def item_at(self, position: QPointF) -> int:
        """Return the point nearest to a position of the widget, within a few pixels."""
        x, y = self.camera.to_plane(position.x(), position.y())
        return self.item_index.nearest(x, y, _HOVER_RADIUS_PX / self.camera.scale)

    def items_inside(self, path: QPainterPath) -> NDArray[np.intp]:
        """Return the indices (M,) of the visible points within a path drawn on the widget."""
        visible = np.flatnonzero(self.points.visible)
        pixels = self.camera.to_pixels(self.points.xy[visible])
        inside: NDArray[np.intp] = visible[_within(path, self.size(), pixels)]
        return inside

    def set_hovered(self, item: int) -> None:
        """Circle the point under the mouse."""
        if item != self.hovered:
            for changed in (self.hovered, item):
                if changed >= 0:
                    self.update(self._circle(changed).toAlignedRect().adjusted(-3, -3, 3, 3))
            self.hovered = item

    def _circle(self, item: int) -> QRectF:
        position = self.position_of(item)
        return QRectF(position.x() - 9, position.y() - 9, 18, 18)

    # Drawing

    def _update_image(self) -> None:
        if self._slices.busy:  # otherwise a layout in motion would never be seen
            self._render_again = True
        else:
            self._render()

    def _render(self) -> None:
        self._redraw_timer.stop()
        self._render_again = False
        if self.width() < 2 or self.height() < 2:
            return
        self._rendering = self.camera.with_margin(round(_MARGIN * self.width()), round(_MARGIN * self.height()))
        steps = self.points.draw(self._rendering, self.width() * self.height(), self.devicePixelRatioF())
        self._slices.run(steps, self._show_image, self._after_render)

    def _show_image(self, image: QImage) -> None:
        self._image, self._rendered = image, self._rendering
        self.update()

    def _after_render(self) -> None:
        if self._render_again:
            self._render()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the image where the view has moved to, then hovered and current point and the selection outline."""
        painter = QPainter(self)
        theme = self.points.theme
        painter.fillRect(event.rect(), QColor(theme.panel))
        if self._image is not None:
            painter.drawImage(self._image_rect(), self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axis_names(painter)
        painter.setPen(theme.pen(theme.text, 1.5))
        if self.hasFocus() and 0 <= self.current < len(self.points.xy):
            painter.drawRect(self._circle(self.current))
        if 0 <= self.hovered < len(self.points.xy):
            painter.drawEllipse(self._circle(self.hovered))
        self._paint_outline(painter, theme)
        painter.end()

    def _image_rect(self) -> QRectF:
        """Return where the last image belongs in the present view."""
        rendered, camera = self._rendered, self.camera
        left, top = rendered.to_plane(0, 0)
        zoom = camera.scale / rendered.scale
        x = (left - camera.x) * camera.scale + camera.width / 2
        y = (camera.y - top) * camera.scale + camera.height / 2
        if abs(zoom - 1) < 1e-6:  # whole pixels, so that markers stay sharp
            ratio = self.devicePixelRatioF()
            x, y, zoom = round(x * ratio) / ratio, round(y * ratio) / ratio, 1.0
        return QRectF(x, y, rendered.width * zoom, rendered.height * zoom)

    def _paint_axis_names(self, painter: QPainter) -> None:
        """Paint the axis labels in margins that hide the points beneath."""
        horizontal, vertical = self.axis_names
        if not (horizontal or vertical):
            return
        bottom = QRect(0, self.height() - _AXIS_NAME_PX, self.width(), _AXIS_NAME_PX)
        left = QRect(0, 0, _AXIS_NAME_PX, self.height())
        for margin in (bottom, left):
            painter.fillRect(margin, QColor(self.points.theme.panel))
        painter.setFont(self.font())
        painter.setPen(QColor(self.points.theme.quiet))
        painter.drawText(bottom, int(Qt.AlignmentFlag.AlignCenter), horizontal)
        painter.save()
        painter.translate(0, self.height())
        painter.rotate(-90)
        painter.drawText(QRect(0, 0, self.height(), _AXIS_NAME_PX), int(Qt.AlignmentFlag.AlignCenter), vertical)
        painter.restore()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Most of the page."""
        return QSize(640, 480)


def _within(path: QPainterPath, size: QSize, pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pixels (N, 2) lie within a path: it is painted once and looked up at each of them."""
    mask = QImage(size, QImage.Format.Format_Grayscale8)
    mask.fill(0)
    painter = QPainter(mask)
    painter.fillPath(path, QColor("white"))
    painter.end()
    lines = np.frombuffer(mask.constBits(), np.uint8).reshape(size.height(), mask.bytesPerLine())
    cells = np.floor(pixels).astype(np.int64)
    inside: NDArray[np.bool_] = (cells >= 0).all(axis=1) & (cells[:, 0] < size.width()) & (cells[:, 1] < size.height())
    inside[inside] = lines[cells[inside, 1], cells[inside, 0]] > 0
    return inside
