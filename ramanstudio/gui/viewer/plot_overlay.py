"""What is drawn over spectra: a baseline with its uncertainty, another curve, points that were replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from ramanstudio.denoising.denoised import CONFIDENCE_90
from ramanstudio.gui.common.theme import Theme, with_alpha
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.displayed_spectra import DisplayOptions, Envelope, FloatArray, logarithm
from ramanstudio.gui.viewer.plot_items import BandItem, CurveItem

Role = Literal["baseline", "accent", "raw", "warning"]

MARKER_PX: Final = 7
ANCHOR_PX: Final = 9


@dataclass(frozen=True, slots=True, eq=False)
class OverlayCurve:
    """A curve `values` (B,) at `axis` (B,), with its standard deviation `error` (B,) where it has one."""

    name: str
    axis: FloatArray
    values: FloatArray
    role: Role
    error: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OverlayPoints:
    """Points (n,) marked by a hollow circle, or a filled square where they can be dragged."""

    name: str
    axis: FloatArray
    values: FloatArray
    role: Role = "accent"
    hollow: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class PlotOverlay:
    """Curves and points over the spectra of a plot."""

    curves: Sequence[OverlayCurve] = ()
    points: Sequence[OverlayPoints] = ()
    beneath: str = ""  # the name in the legend of the spectrum beneath


class OverlayLayer:
    """Draws an overlay on the upper pane."""

    def __init__(
        self, overlay: PlotOverlay, options: DisplayOptions, theme: Theme, panes: Sequence[pg.ViewBox]
    ) -> None:
        self._overlay, self._options, self._theme, self._pane = overlay, options, theme, panes[0]
        self._drawn: list[QGraphicsItem] = []
        self._bounds: list[Envelope] = []
        self._draw()

    def _colour(self, role: Role) -> str:
        theme = self._theme
        return {"baseline": theme.baseline, "accent": theme.accent, "raw": theme.raw, "warning": theme.warning}[role]

    def _draw(self) -> None:
        self._bounds = []
        for curve in self._overlay.curves:
            axis, values = np.asarray(curve.axis, np.float64), np.asarray(curve.values, np.float64)
            colour = self._colour(curve.role)
            if curve.error is not None and not self._options.log:
                half = CONFIDENCE_90 * np.asarray(curve.error, np.float64)
                alpha = self._theme.band_alpha
                self._add(BandItem(axis, values - half, values + half, with_alpha(colour, alpha)), 4)
            drawn = self._scaled(values)
            self._add(CurveItem(axis, drawn, self._theme.pen(colour), 1.5), 5)
            self._bounds.append(Envelope(axis, drawn, drawn))
        for points in self._overlay.points:
            marks = MarkerItem(points.axis, self._scaled(points.values), self._colour(points.role), points.hollow)
            marks.fill = QColor(self._theme.panel)
            self._add(marks, 6)

    def _scaled(self, values: FloatArray) -> FloatArray:
        return logarithm(values) if self._options.log else np.asarray(values, np.float64)

    def _add(self, item: QGraphicsItem, z: float) -> None:
        item.setZValue(z)
        self._pane.addItem(item, ignoreBounds=True)
        self._drawn.append(item)

    def set_options(self, options: DisplayOptions) -> None:
        """Follow a change between linear and logarithmic intensities."""
        before, self._options = self._options, options
        if options.log != before.log:
            self.remove()
            self._draw()

    def envelopes(self, options: DisplayOptions) -> list[Envelope]:
        """Return the bounds of the curves."""
        return self._bounds

    def residual_envelopes(self) -> list[Envelope]:
        """Return none: nothing is drawn beneath."""
        return []

    def legend_entries(self, options: DisplayOptions) -> list[LegendEntry]:
        """Return the names of curves and points."""
        beneath = [LegendEntry(self._overlay.beneath, self._theme.raw)] if self._overlay.beneath else []
        return [
            *beneath,
            *(LegendEntry(curve.name, self._colour(curve.role)) for curve in self._overlay.curves if curve.name),
            *(
                LegendEntry(points.name, self._colour(points.role), "hollow")
                for points in self._overlay.points
                if points.name
            ),
        ]

    def start(self) -> None:
        """Nothing to do: it is drawn already."""

    @property
    def busy(self) -> bool:
        """It is drawn at once."""
        return False

    def finish_drawing(self) -> None:
        """Nothing to do: it is drawn at once."""

    def remove(self) -> None:
        """Remove everything from the pane."""
        for item in self._drawn:
            self._pane.removeItem(item)
        self._drawn = []


class MarkerItem(QGraphicsItem):
    """Circles or squares of a fixed size on the screen around points (n,)."""

    def __init__(self, axis: FloatArray, values: FloatArray, colour: str, hollow: bool) -> None:
        super().__init__()
        finite = np.isfinite(values)
        self._points = np.column_stack([np.asarray(axis, np.float64)[finite], np.asarray(values, np.float64)[finite]])
        self._colour, self._hollow = QColor(colour), hollow
        self.fill = QColor()

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """The bounds of the points, with room for the markers."""
        if not len(self._points):
            return QRectF()
        (left, low), (right, high) = self._points.min(axis=0), self._points.max(axis=0)
        aside, up = 0.02 * (right - left) + 50, 0.1 * (high - low) + 0.1 * abs(high) + 1e-6
        return QRectF(left - aside, low - up, right - left + 2 * aside, high - low + 2 * up)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the markers."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        transform = painter.worldTransform()
        painter.resetTransform()
        pen = pg.mkPen(self._colour, width=1.5)
        painter.setPen(pen)
        painter.setBrush(QBrush(self.fill if self._hollow else self._colour))
        size = MARKER_PX if self._hollow else ANCHOR_PX
        for shift, value in self._points:
            middle = transform.map(QPointF(float(shift), float(value)))
            box = QRectF(middle.x() - size / 2, middle.y() - size / 2, size, size)
            if self._hollow:
                painter.drawEllipse(box)
            else:
                painter.drawRect(box)
        painter.setWorldTransform(transform)
