"""The ground of a map: exact pixels at their places in µm, the scale bar, what is selected, what is under the mouse."""

from __future__ import annotations

from dataclasses import dataclass
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
from ramanstudio.gui.viewer.zoomable_view import Sight
from ramanstudio.signal.map_grid import MapGrid

_WIDEST: Final = 0.5  # times what shows all
_DEEPEST_PX: Final = 200  # a pixel of the map is not drawn larger
_BAR_PX: Final = 140
_MISSING: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """What hands on the map ask about: which spectra (N,) are selected."""

    selected: NDArray[np.bool_]


class Pixels:
    """Finds the measured pixel at a place, and the next one in a direction; the plane's y points up, the map's down."""

    def __init__(self, grid: MapGrid) -> None:
        self._grid = grid
        rows, columns = np.nonzero(grid.index >= 0)
        self._rows, self._columns, self._kept = rows, columns, grid.index[rows, columns]

    def __len__(self) -> int:
        return len(self._kept)

    def nearest(self, x: float, y: float, _reach: float) -> int:
        """The measured pixel nearest to a place of the plane."""
        grid = self._grid
        away = (grid.x[self._columns] - x) ** 2 + (grid.y[self._rows] + y) ** 2
        return int(self._kept[away.argmin()]) if len(away) else _MISSING

    def next_to(self, index: int, across: int, up: int) -> int:
        """The next measured pixel in a direction (1, 0 is right); itself where none is."""
        row, column = np.argwhere(self._grid.index == index)[0].tolist()
        rows, columns = self._grid.shape
        while True:
            row, column = row - up, column + across
            if not (0 <= row < rows and 0 <= column < columns):
                return index
            if (found := int(self._grid.index[row, column])) >= 0:
                return found


class MapGround(Sight):
    """Draws one plane of a map.

    It offers what `plane.hands.Hands` holds on to: indices are rows of the set, -1 is nothing.
    """

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = theme
        self._grid: MapGrid | None = None
        self._image: QImage | None = None
        self._pixels: Pixels | None = None
        self._place: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # flat pixel of each spectrum
        self._outline = QPainterPath()
        self.scene = Picked(np.zeros(0, dtype=bool))
        self.smooth = False
        self.marked = self.current = _MISSING
        self.trail: QPainterPath | None = None

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(640, 480)

    # What is shown

    def show_grid(self, grid: MapGrid | None, count: int) -> None:
        """Show the pixels of `grid`, of a set of `count` spectra."""
        old, self._grid = self._grid, grid
        self._pixels = None
        self.marked = self.current = _MISSING
        self.scene = Picked(np.zeros(count, dtype=bool))
        self._outline = QPainterPath()
        self._place = np.full(count, _MISSING, dtype=np.int64)
        if grid is not None:
            flat = np.flatnonzero(grid.index.ravel() >= 0)
            self._place[grid.index.ravel()[flat]] = flat
        same = old is not None and grid is not None and old.shape == grid.shape and np.array_equal(old.x, grid.x)
        if not same:
            self._follows, self._before, self._image = True, [], None
        if self._follows:
            self.camera = self._all()
        self.update()

    def show_image(self, colours: NDArray[np.uint8] | None) -> None:
        """Paint the pixels in these colours (R, C, 4)."""
        if colours is None:
            self._image = None
        else:
            rows, columns = colours.shape[:2]
            data = np.ascontiguousarray(colours)
            self._image = QImage(data.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()
        self.update()

    def set_smooth(self, smooth: bool) -> None:
        """Blend between pixels, or draw them as they are."""
        self.smooth = smooth
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def set_selected(self, selected: NDArray[np.bool_]) -> None:
        """Outline the pixels of these spectra (N,); none where all or nothing is selected."""
        self.scene = Picked(selected)
        grid = self._grid
        if grid is None or selected.all() or not selected.any():
            self._outline = QPainterPath()
        else:
            self._outline = outline_of(np.append(selected, False)[grid.index])
        self.update()

    @property
    def outlined(self) -> bool:
        """Whether any pixel stands out as selected."""
        return not self._outline.isEmpty()

    # What lies where

    @property
    def _step(self) -> tuple[float, float]:
        return self._grid.step if self._grid is not None else (1.0, 1.0)

    def _all(self) -> Camera:
        if self._grid is None:
            return Camera(width=self.width(), height=self.height())
        across, down = self._step
        x, y = self._grid.x, self._grid.y
        ends = [(x[0] - across / 2, -(y[0] - down / 2)), (x[-1] + across / 2, -(y[-1] + down / 2))]
        # the scale bar lies beneath the picture
        camera = Camera.around(np.array(ends, dtype=np.float64), self.width(), max(self.height() - 24, 1))
        return camera.moved(0, 0).resized(self.width(), self.height() - 24).with_margin(0, 12).moved(0, -12)

    def _scales(self) -> tuple[float, float]:
        whole = self._all().scale
        return _WIDEST * whole, max(whole, _DEEPEST_PX / min(self._step))

    def bring_into_view(self, index: int) -> None:
        """Move the view, if need be, until a pixel lies in it."""
        place = self.place_of(index)
        if not self.rect().adjusted(8, 8, -8, -8).contains(place.toPoint()):
            self.move_view(self.width() / 2 - place.x(), self.height() / 2 - place.y())

    def nearby(self) -> Pixels:
        """What finds pixels for hands on the keyboard."""
        if self._pixels is None:
            assert self._grid is not None
            self._pixels = Pixels(self._grid)
        return self._pixels

    def nearest(self, place: QPointF) -> int:
        """The spectrum of the pixel under a place of the widget; -1 where none is."""
        grid = self._grid
        if grid is None:
            return _MISSING
        x, y = self.camera.to_plane(place.x(), place.y())
        across, down = self._step
        column, row = int(np.rint((x - grid.x[0]) / across)), int(np.rint((-y - grid.y[0]) / down))
        inside = 0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]
        return int(grid.index[row, column]) if inside else _MISSING

    def inside(self, path: QPainterPath) -> NDArray[np.intp]:
        """The spectra whose pixel's middle lies within a path drawn on the widget."""
        grid = self._grid
        if grid is None:
            return np.zeros(0, dtype=np.intp)
        bounds = path.boundingRect()
        rows, columns = np.nonzero(grid.index >= 0)
        middles = self.camera.to_pixels(np.column_stack([grid.x[columns], -grid.y[rows]]))
        near = (
            (middles[:, 0] >= bounds.left())
            & (middles[:, 0] <= bounds.right())
            & (middles[:, 1] >= bounds.top())
            & (middles[:, 1] <= bounds.bottom())
        )
        polygon = path.toFillPolygon()
        rule = Qt.FillRule.WindingFill
        hits = [
            place
            for place in np.flatnonzero(near).tolist()
            if polygon.containsPoint(QPointF(float(middles[place, 0]), float(middles[place, 1])), rule)
        ]
        return grid.index[rows[hits], columns[hits]].astype(np.intp)

    def rect_of(self, index: int) -> QRectF:
        """Where the pixel of a spectrum is drawn; nowhere for one that has none."""
        grid = self._grid
        flat = int(self._place[index]) if 0 <= index < len(self._place) else _MISSING
        if grid is None or flat < 0:
            return QRectF()
        row, column = divmod(flat, grid.shape[1])
        across, down = self._step
        corner = np.array([[grid.x[column] - across / 2, -(grid.y[row] - down / 2)]])
        left, top = self.camera.to_pixels(corner)[0].tolist()
        return QRectF(left, top, across * self.camera.scale, down * self.camera.scale)

    def place_of(self, index: int) -> QPointF:
        """Where the middle of a pixel is drawn."""
        return self.rect_of(index).center()

    def mark(self, index: int) -> None:
        """Frame the pixel under the mouse (-1: none)."""
        if index != self.marked:
            for one in (self.marked, index):
                self.update(self.rect_of(one).toAlignedRect().adjusted(-3, -3, 3, 3))
            self.marked = index

    def coordinates(self, index: int) -> tuple[float, float] | None:
        """x and y of the pixel of a spectrum."""
        grid = self._grid
        flat = int(self._place[index]) if 0 <= index < len(self._place) else _MISSING
        if grid is None or flat < 0:
            return None
        row, column = divmod(flat, grid.shape[1])
        return float(grid.x[column]), float(grid.y[row])

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Lay the picture where it belongs, and the marks of the moment over it."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(self._theme.panel))
        self._paint(painter)
        if self.hasFocus() and self.current >= 0:
            self._frame(painter, self.rect_of(self.current), 2.0)
        if self.marked >= 0:
            self._frame(painter, self.rect_of(self.marked), 1.0)
        if self.trail is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(self._theme.pen(self._theme.accent, 1.5))
            painter.setBrush(with_alpha(self._theme.accent, 0.15))
            painter.drawPath(self.trail)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        if self._grid is None:
            return
        where = self._where()
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth)
            painter.drawImage(where, self._image)
        if not self._outline.isEmpty():
            onto = QTransform.fromTranslate(where.left(), where.top())
            onto.scale(where.width() / self._grid.shape[1], where.height() / self._grid.shape[0])
            outline = onto.map(self._outline)
            for colour, width in (("#000000", 3.0), ("#FFFFFF", 1.5)):  # seen on every colour
                painter.setPen(QPen(QColor(colour), width))
                painter.drawPath(outline)
        self._paint_scale(painter)

    def _where(self) -> QRectF:
        assert self._grid is not None
        across, down = self._step
        corner = np.array([[self._grid.x[0] - across / 2, -(self._grid.y[0] - down / 2)]])
        left, top = self.camera.to_pixels(corner)[0].tolist()
        rows, columns = self._grid.shape
        scale = self.camera.scale
        return QRectF(left, top, columns * across * scale, rows * down * scale)

    def _frame(self, painter: QPainter, where: QRectF, width: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, wide in (("#000000", width + 2), ("#FFFFFF", width)):
            painter.setPen(QPen(QColor(colour), wide))
            painter.drawRect(where)

    @property
    def scale_words(self) -> str:
        """What the scale bar says; nothing where places are counted."""
        if self._grid is None or not self._grid.unit:
            return ""
        return format_length(round_length(_BAR_PX / self.camera.scale), self._grid.unit)

    def _paint_scale(self, painter: QPainter) -> None:
        if self._grid is None or not self._grid.unit:  # wells that are counted have no length
            return
        length = round_length(_BAR_PX / self.camera.scale)
        wide = round(length * self.camera.scale)
        font = painter.font()
        font.setPixelSize(QUIET_PX)
        painter.setFont(font)
        words = format_length(length, self._grid.unit)
        text = painter.fontMetrics().horizontalAdvance(words)
        box = QRect(12, self.height() - 34, max(wide, text) + 16, 28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(with_alpha(self._theme.panel, 0.88))
        painter.drawRoundedRect(box, 4, 4)
        painter.fillRect(QRect(box.left() + 8, box.bottom() - 6, wide, 3), QColor(self._theme.text))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box.adjusted(8, 1, -8, -8), int(Qt.AlignmentFlag.AlignLeft), words)


def outline_of(chosen: NDArray[np.bool_]) -> QPainterPath:
    """The borders between chosen pixels (R, C) and others, in columns and rows."""
    padded_column = np.pad(chosen, 1)
    row, column = np.nonzero(padded_column[1:, 1:-1] != padded_column[:-1, 1:-1])  # level borders, above `row`
    level = np.column_stack([column, row, column + 1, row])
    row, column = np.nonzero(padded_column[1:-1, 1:] != padded_column[1:-1, :-1])
    upright = np.column_stack([column, row, column, row + 1])
    ends = np.concatenate([level, upright]).reshape(-1, 2).astype(np.float64)
    path: Any = pg.arrayToQPath(ends[:, 0], ends[:, 1], connect="pairs") if len(ends) else QPainterPath()
    return QPainterPath(path)
