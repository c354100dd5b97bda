"""The items a spectrum is drawn with: lines of any width at the cost of the thinnest, and bands."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ramanstudio.gui.viewer.displayed_spectra import FloatArray
from ramanstudio.processing.step import segments

_FOUR_DIRECTIONS: Final = ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))
_EIGHT_DIRECTIONS: Final = (*_FOUR_DIRECTIONS, (0.7, 0.7), (0.7, -0.7), (-0.7, 0.7), (-0.7, -0.7))


class CurveItem(QGraphicsItem):
    """A line through samples, `width` pixels wide whatever the zoom and the screen; gaps stay gaps.

    Qt strokes a line of one pixel a hundred times faster than a wider one (1000 noisy samples: 0.2 ms and 25 ms), so
    a wider one is the thin one drawn several times, fractions of a pixel apart. `halo` is a rim in another colour.
    """

    def __init__(
        self, axis: FloatArray, values: FloatArray, pen: QPen, width: float = 1.0, halo: QColor | None = None
    ) -> None:
        super().__init__()
        shifts, heights = break_at_gaps(np.asarray(axis, np.float64), np.asarray(values, np.float64))
        self._path = pg.arrayToQPath(shifts, heights, connect="finite")
        self._pen, self._width, self._halo = pen, width, halo

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The bounds of the line."""
        bounds: QRectF = self._path.controlPointRect()
        return bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the halo, then the line."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = painter.device().devicePixelRatio()
        reach = (self._width * ratio - 1) / 2  # in pixels of the screen, of which the thin line is one
        if self._halo is not None:
            rim = QPen(self._halo, 1)
            rim.setCosmetic(True)
            for out in (reach + 0.8 * ratio, reach + 1.6 * ratio):
                self._draw(painter, rim, out / ratio, _EIGHT_DIRECTIONS)
        if reach <= 0.05:
            self._draw(painter, self._pen, 0.0, ((0.0, 0.0),))
            return
        self._draw(painter, self._pen, reach / ratio, _FOUR_DIRECTIONS)
        if reach > 0.5:
            self._draw(painter, self._pen, 0.0, ((0.0, 0.0),))

    def _draw(self, painter: QPainter, pen: QPen, reach: float, offsets: tuple[tuple[float, float], ...]) -> None:
        painter.setPen(pen)
        painter.setBrush(QBrush())
        transform = painter.worldTransform()
        for right, down in offsets:
            painter.setWorldTransform(transform * QTransform.fromTranslate(reach * right, reach * down))
            painter.drawPath(self._path)
        painter.setWorldTransform(transform)


class BandItem(QGraphicsItem):
    """The filled area between two curves; gaps stay gaps."""

    def __init__(self, axis: FloatArray, low: FloatArray, high: FloatArray, colour: QColor) -> None:
        super().__init__()
        self._path = QPainterPath()
        self._brush = QBrush(colour)
        axis, low, high = break_at_gaps(np.asarray(axis, np.float64), low, high)
        finite = np.isfinite(low) & np.isfinite(high)
        for run in _runs(finite):
            shifts = np.concatenate([axis[run], axis[run][::-1]])
            edges = np.concatenate([high[run], low[run][::-1]])
            self._path.addPath(pg.arrayToQPath(shifts, edges, connect="all"))

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The bounds of the band."""
        return self._path.controlPointRect()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Fill the band."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(self._path, self._brush)


def break_at_gaps(axis: FloatArray, *curves: FloatArray) -> tuple[FloatArray, ...]:
    """Return `axis` (B,) and curves (B,) with NaN where the axis has a gap, so that no line crosses it."""
    starts = [part.start for part in segments(axis)[1:]] if len(axis) > 2 else []
    if not starts:
        return (axis, *curves)
    return np.insert(axis, starts, axis[starts]), *(np.insert(curve, starts, np.nan) for curve in curves)


def _runs(finite: FloatArray) -> list[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(np.int8)))
    return [slice(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if stop - start > 1]
