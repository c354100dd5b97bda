"""The panes of a plot, intensity above and residual beneath, over one Raman shift axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTransform
from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import Theme, with_alpha
from ramanstudio.gui.viewer.plot_axis import PlotAxis
from ramanstudio.gui.viewer.zoom_box import ZoomBox

MAIN: Final = 0
RESIDUAL: Final = 1


class PlotPanes(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Panes and axes in a layout; both panes always show the same Raman shifts. Emits `shifts_changed`."""

    shifts_changed = Signal()

    def __init__(self, parent: QWidget, beneath: str = "Residual") -> None:
        super().__init__(parent=parent, show=False)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.boxes = (ZoomBox(), ZoomBox())
        self.shift_axis = PlotAxis("bottom", "Raman shift", "cm⁻¹")
        self.intensity_axes = (PlotAxis("left", "Intensity", "a.u."), PlotAxis("left", beneath, ""))
        self.shift_axis.linkToView(self.boxes[MAIN])
        for axis, box in zip(self.intensity_axes, self.boxes, strict=True):
            axis.linkToView(box)
            box.sigXRangeChanged.connect(self._follow)
            box.sigYRangeChanged.connect(self._align_axes)
        self._zero = pg.InfiniteLine(0, angle=0)
        self._zero.setZValue(-1)
        self.boxes[RESIDUAL].addItem(self._zero, ignoreBounds=True)
        self.ci.setContentsMargins(4, 8, 20, 4)
        self.ci.setSpacing(0)
        self.addItem(self.intensity_axes[MAIN], 0, 0)
        self.addItem(self.boxes[MAIN], 0, 1)
        self.addItem(self.shift_axis, 2, 1)
        self._residual_shown = False
        self._following = False
        self.ci.layout.setRowStretchFactor(0, 3)

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Apply the colours of a theme."""
        self.setBackground(theme.panel)
        for axis in (self.shift_axis, *self.intensity_axes):
            axis.apply_theme(theme, font)
        for box in self.boxes:
            box.apply_theme(theme)
        self._zero.setPen(theme.pen(theme.line))

    def show_residual(self, visible: bool) -> None:
        """Give the residual a quarter of the height, or hide it."""
        if visible == self._residual_shown:
            return
        self._residual_shown = visible
        axis, box = self.intensity_axes[RESIDUAL], self.boxes[RESIDUAL]
        if visible:
            self.addItem(axis, 1, 0)
            self.addItem(box, 1, 1)
            axis.show()
            box.show()
        else:
            self.ci.removeItem(axis)
            self.ci.removeItem(box)
        self.ci.layout.setRowStretchFactor(1, 1 if visible else 0)
        self.ci.layout.setRowSpacing(0, 12 if visible else 0)
        for row, height in ((0, 300), (1, 100 if visible else 0)):  # stretch shares only what preferred heights leave
            self.ci.layout.setRowPreferredHeight(row, height)
        self.ci.layout.activate()
        self._align_axes()

    def left_of_plot(self) -> float:
        """Where the plot begins in the viewport, right of the axis."""
        return float(self.viewportTransform().map(self.boxes[MAIN].sceneBoundingRect().topLeft()).x())

    @property
    def shifts(self) -> tuple[float, float]:
        """The visible Raman shifts (low, high)."""
        left, right = self.boxes[MAIN].viewRange()[0]
        return float(left), float(right)

    @property
    def visible_boxes(self) -> Sequence[ZoomBox]:
        """The visible panes."""
        return self.boxes if self._residual_shown else self.boxes[:1]

    def set_shifts(self, left: float, right: float) -> None:
        """Show these Raman shifts."""
        self.boxes[MAIN].setXRange(left, right, padding=0)

    def set_shift_limits(self, min_span: float, max_span: float) -> None:
        """Limit the range of Raman shifts that can be zoomed to."""
        for box in self.boxes:
            box.setLimits(minXRange=min_span, maxXRange=max_span)

    def box_at(self, position: QPointF) -> ZoomBox | None:
        """Return the pane at a position of the widget; None where there is none."""
        scene_position = self.mapToScene(position.toPoint())
        return next((box for box in self.visible_boxes if box.sceneBoundingRect().contains(scene_position)), None)

    def _align_axes(self, *_: Any) -> None:
        """Keep both panes aligned, and the plot still while its numbers have about the same length."""
        shown = self.intensity_axes if self._residual_shown else self.intensity_axes[:1]
        width = max(axis.wanted_width() for axis in shown)
        for axis in self.intensity_axes:
            axis.setWidth(width)

    def _follow(self, box: Any, shifts: Sequence[float]) -> None:
        if self._following:
            return
        self._following = True
        for other in self.boxes:
            if other is not box:
                other.setXRange(*shifts, padding=0)
        self._following = False
        self.shifts_changed.emit()


class NoiseRegion(pg.LinearRegionItem):  # type: ignore[misc]  # pyqtgraph has no types
    """The region where the noise is measured; emits `dragged(low, high)` after it was moved."""

    dragged = Signal(float, float)
    title = "noise"

    def __init__(self) -> None:
        super().__init__((0, 1), movable=True, swapMode="sort")
        self.setZValue(0.5)  # beneath the curves, but above the pane itself, which would take the drag
        self.hide()
        self._text_colour, self._font = QColor(), QFont()
        self._updating = False
        self.sigRegionChangeFinished.connect(self._emit_dragged)

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Apply the colours of a theme."""
        self.setBrush(with_alpha(theme.quiet, 0.10))
        self.setHoverBrush(with_alpha(theme.quiet, 0.18))
        for line in self.lines:
            line.setPen(theme.pen(theme.quiet, alpha=0.7))
            line.setHoverPen(theme.pen(theme.accent, 2))
        self._text_colour, self._font = QColor(theme.quiet), font

    def paint(self, p: QPainter, *args: Any) -> None:
        """Fill the region, and name it where there is space."""
        super().paint(p, *args)
        rect = p.worldTransform().mapRect(self.boundingRect())
        metrics = QFontMetricsF(self._font)
        if rect.width() > metrics.horizontalAdvance(self.title) + 12:
            p.save()
            p.setWorldTransform(QTransform())
            p.setFont(self._font)
            p.setPen(self._text_colour)
            p.drawText(rect.topLeft() + QPointF(6, 4 + metrics.ascent()), self.title)
            p.restore()

    def set_range(self, low: float, high: float) -> None:
        """Move the region without a signal."""
        self._updating = True
        self.setRegion((low, high))
        self._updating = False

    def _emit_dragged(self, *_: Any) -> None:
        if not self._updating:
            low, high = self.getRegion()
            self.dragged.emit(float(low), float(high))


class ScaledBand(NoiseRegion):
    """The band in which each spectrum is 1, where several are scaled to it."""

    title = "= 1"
