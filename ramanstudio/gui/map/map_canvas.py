"""The canvas of a map: pixels at their positions in µm, scale bar, outline of the selection, pixel under the mouse."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from ramanstudio.export.map_files import format_length, round_length
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha
from ramanstudio.gui.viewer.camera import Camera
from ramanstudio.gui.viewer.zoomable_view import NO_ITEM, ZoomableView
from ramanstudio.signal.map_grid import MapGrid

_ZOOM_OUT_LIMIT: Final = 0.5  # of the scale that shows everything
_MAX_PIXEL_PX: Final = 200  # a pixel of the map is not drawn larger
_SCALE_BAR_PX: Final = 140
_SCALE_BAR_SPACE: Final = 24  # beneath the map


class PixelIndex:
    """Finds measured pixels by position and direction; y points up, as in the plane of the camera."""

    def __init__(self, grid: MapGrid) -> None:
        self._grid = grid
        rows, columns = np.nonzero(grid.index >= 0)
        self._rows, self._columns, self._spectra = rows, columns, grid.index[rows, columns]

    def __len__(self) -> int:
        """Return the number of measured pixels."""
        return len(self._spectra)

    def nearest(self, x: float, y: float, _reach: float) -> int:
        """Return the measured pixel nearest to (x, y), at any distance."""
        grid = self._grid
        squared = (grid.x[self._columns] - x) ** 2 + (grid.y[self._rows] + y) ** 2
        return int(self._spectra[squared.argmin()]) if len(squared) else NO_ITEM

    def next_to(self, item: int, right: int, up: int) -> int:
        """Return the next measured pixel in a direction (1, 0 is right); `item` itself where there is none."""
        row, column = np.argwhere(self._grid.index == item)[0].tolist()
        rows, columns = self._grid.shape
        while True:
            row, column = row - up, column + right
            if not (0 <= row < rows and 0 <= column < columns):
                return item
            if (spectrum := int(self._grid.index[row, column])) >= 0:
                return spectrum


class MapCanvas(ZoomableView):
    """Draws one plane of a map; its items are the spectra of the set."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self._grid: MapGrid | None = None
        self._image: QImage | None = None
        self._index: PixelIndex | None = None
        self._pixel_of: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # flat pixel of each spectrum
        self._selected = np.zeros(0, dtype=bool)
        self._selection_outline = QPainterPath()
        self.interpolated = False

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(640, 480)

    # What is shown

    def show_grid(self, grid: MapGrid | None, n_spectra: int) -> None:
        """Show the pixels of `grid`, of a set of `n_spectra`; the zoom is kept where the pixels are the same."""
        old, self._grid = self._grid, grid
        self._index = None
        self.hovered = self.current = NO_ITEM
        self._selected = np.zeros(n_spectra, dtype=bool)
        self._selection_outline = QPainterPath()
        self._pixel_of = np.full(n_spectra, NO_ITEM, dtype=np.int64)
        if grid is not None:
            flat = np.flatnonzero(grid.index.ravel() >= 0)
            self._pixel_of[grid.index.ravel()[flat]] = flat
        if not (old is not None and grid is not None and old.shape == grid.shape and np.array_equal(old.x, grid.x)):
            self._reset_view()
            self._image = None
        if self._shows_all:
            self.camera = self._camera_for_all()
        self.update()

    def show_image(self, colours: NDArray[np.uint8] | None) -> None:
        """Paint the pixels in these colours (R, C, 4), red green blue alpha."""
        if colours is None:
            self._image = None
        else:
            rows, columns = colours.shape[:2]
            pixels = np.ascontiguousarray(colours)
            self._image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()
        self.update()

    def set_interpolated(self, interpolated: bool) -> None:
        """Interpolate between pixels, or draw them as they were measured."""
        self.interpolated = interpolated
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def set_selected(self, selected: NDArray[np.bool_]) -> None:
        """Outline the pixels of these spectra (N,); no outline where all or none are selected."""
        self._selected = selected
        grid = self._grid
        if grid is None or selected.all() or not selected.any():
            self._selection_outline = QPainterPath()
        else:
            self._selection_outline = outline_of(np.append(selected, False)[grid.index])
        self.update()

    @property
    def outlines_selection(self) -> bool:
        """Whether any pixel is outlined as selected."""
        return not self._selection_outline.isEmpty()

    # Zoom

    @property
    def _pixel_size(self) -> tuple[float, float]:
        return self._grid.step if self._grid is not None else (1.0, 1.0)

    def _camera_for_all(self) -> Camera:
        if self._grid is None:
            return Camera(width=self.width(), height=self.height())
        width, height = self._pixel_size
        x, y = self._grid.x, self._grid.y
        corners = [(x[0] - width / 2, -(y[0] - height / 2)), (x[-1] + width / 2, -(y[-1] + height / 2))]
        above_bar = self.height() - _SCALE_BAR_SPACE
        camera = Camera.around(np.array(corners, dtype=np.float64), self.width(), max(above_bar, 1))
        half = _SCALE_BAR_SPACE // 2
        return camera.resized(self.width(), above_bar).with_margin(0, half).moved(0, -half)

    def _scale_limits(self) -> tuple[float, float]:
        whole = self._camera_for_all().scale
        return _ZOOM_OUT_LIMIT * whole, max(whole, _MAX_PIXEL_PX / min(self._pixel_size))

    # Items

    @property
    def selected(self) -> NDArray[np.bool_]:
        """Which spectra are selected (N,)."""
        return self._selected

    @property
    def item_index(self) -> PixelIndex:
        """Finds pixels for the keyboard."""
        if self._index is None:
            assert self._grid is not None
            self._index = PixelIndex(self._grid)
        return self._index

    def item_at(self, position: QPointF) -> int:
        """Return the spectrum of the pixel under a position of the widget."""
        grid = self._grid
        if grid is None:
            return NO_ITEM
        x, y = self.camera.to_plane(position.x(), position.y())
        width, height = self._pixel_size
        column, row = int(np.rint((x - grid.x[0]) / width)), int(np.rint((-y - grid.y[0]) / height))
        inside = 0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]
        return int(grid.index[row, column]) if inside else NO_ITEM

    def items_inside(self, path: QPainterPath) -> NDArray[np.intp]:
        """Return the rows (M,) of the spectra whose pixel centre lies within a path drawn on the widget."""
        grid = self._grid
        if grid is None:
            return np.zeros(0, dtype=np.intp)
        bounds = path.boundingRect()
        rows, columns = np.nonzero(grid.index >= 0)
        centres = self.camera.to_pixels(np.column_stack([grid.x[columns], -grid.y[rows]]))
        near = (
            (centres[:, 0] >= bounds.left())
            & (centres[:, 0] <= bounds.right())
            & (centres[:, 1] >= bounds.top())
            & (centres[:, 1] <= bounds.bottom())
        )
        polygon = path.toFillPolygon()
        inside = [
            pixel
            for pixel in np.flatnonzero(near).tolist()
            if polygon.containsPoint(QPointF(*centres[pixel].tolist()), Qt.FillRule.WindingFill)
        ]
        return grid.index[rows[inside], columns[inside]].astype(np.intp)

    def _grid_position(self, spectrum: int) -> tuple[int, int] | None:
        """Return row and column of the pixel of a spectrum; None where it has none."""
        flat = int(self._pixel_of[spectrum]) if 0 <= spectrum < len(self._pixel_of) else NO_ITEM
        return None if self._grid is None or flat < 0 else divmod(flat, self._grid.shape[1])

    def pixel_rect(self, spectrum: int) -> QRectF:
        """Return where the pixel of a spectrum is drawn; an empty rectangle where it has none."""
        cell = self._grid_position(spectrum)
        if self._grid is None or cell is None:
            return QRectF()
        width, height = self._pixel_size
        corner = np.array([[self._grid.x[cell[1]] - width / 2, -(self._grid.y[cell[0]] - height / 2)]])
        left, top = self.camera.to_pixels(corner)[0].tolist()
        return QRectF(left, top, width * self.camera.scale, height * self.camera.scale)

    def position_of(self, item: int) -> QPointF:
        """Return where the centre of a pixel is drawn."""
        return self.pixel_rect(item).center()

    def set_hovered(self, item: int) -> None:
        """Frame the pixel under the mouse."""
        if item != self.hovered:
            for changed in (self.hovered, item):
                self.update(self.pixel_rect(changed).toAlignedRect().adjusted(-3, -3, 3, 3))
            self.hovered = item

    def coordinates(self, spectrum: int) -> tuple[float, float] | None:
        """Return x and y of the pixel of a spectrum, in the unit of the grid."""
        cell = self._grid_position(spectrum)
        if self._grid is None or cell is None:
            return None
        return float(self._grid.x[cell[1]]), float(self._grid.y[cell[0]])

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the image, the selection, the pixel under the mouse and the scale bar."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.panel))
        if self._grid is not None:
            self._paint_map(painter)
            self._paint_scale_bar(painter)
        if self.hasFocus() and self.current >= 0:
            self._paint_frame(painter, self.pixel_rect(self.current), 2.0)
        if self.hovered >= 0:
            self._paint_frame(painter, self.pixel_rect(self.hovered), 1.0)
        self._paint_outline(painter, self._theme)
        painter.end()

    def _paint_map(self, painter: QPainter) -> None:
        assert self._grid is not None
        area = self._map_rect()
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.interpolated)
            painter.drawImage(area, self._image)
        if not self._selection_outline.isEmpty():
            to_screen = QTransform.fromTranslate(area.left(), area.top())
            to_screen.scale(area.width() / self._grid.shape[1], area.height() / self._grid.shape[0])
            outline = to_screen.map(self._selection_outline)
            for colour, width in (("#000000", 3.0), ("#FFFFFF", 1.5)):  # visible on every colour
                painter.setPen(QPen(QColor(colour), width))
                painter.drawPath(outline)

    def _map_rect(self) -> QRectF:
        """Return where the whole map is drawn."""
        assert self._grid is not None
        width, height = self._pixel_size
        corner = np.array([[self._grid.x[0] - width / 2, -(self._grid.y[0] - height / 2)]])
        left, top = self.camera.to_pixels(corner)[0].tolist()
        rows, columns = self._grid.shape
        scale = self.camera.scale
        return QRectF(left, top, columns * width * scale, rows * height * scale)

    def _paint_frame(self, painter: QPainter, rect: QRectF, width: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, pen_width in (("#000000", width + 2), ("#FFFFFF", width)):
            painter.setPen(QPen(QColor(colour), pen_width))
            painter.drawRect(rect)

    @property
    def scale_bar_text(self) -> str:
        """The length of the scale bar; empty where positions have no unit, as the wells of a plate."""
        if self._grid is None or not self._grid.unit:
            return ""
        return format_length(round_length(_SCALE_BAR_PX / self.camera.scale), self._grid.unit)

    def _paint_scale_bar(self, painter: QPainter) -> None:
        text = self.scale_bar_text
        if not text:
            return
        bar_width = round(round_length(_SCALE_BAR_PX / self.camera.scale) * self.camera.scale)
        font = painter.font()
        font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        box = QRect(12, self.height() - 34, max(bar_width, painter.fontMetrics().horizontalAdvance(text)) + 16, 28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(self._theme.panel, 0.88))
        painter.drawRoundedRect(box, 4, 4)
        painter.fillRect(QRect(box.left() + 8, box.bottom() - 6, bar_width, 3), QColor(self._theme.text))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box.adjusted(8, 1, -8, -8), int(Qt.AlignmentFlag.AlignLeft), text)


def outline_of(selected: NDArray[np.bool_]) -> QPainterPath:
    """Return the borders between selected pixels (R, C) and others, in columns and rows."""
    padded_column = np.pad(selected, 1)
    row, column = np.nonzero(padded_column[1:, 1:-1] != padded_column[:-1, 1:-1])  # horizontal borders, above `row`
    horizontal = np.column_stack([column, row, column + 1, row])
    row, column = np.nonzero(padded_column[1:-1, 1:] != padded_column[1:-1, :-1])
    vertical = np.column_stack([column, row, column, row + 1])
    ends = np.concatenate([horizontal, vertical]).reshape(-1, 2).astype(np.float64)
    path: Any = pg.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs") if len(ends) else QPainterPath()
    return QPainterPath(path)
