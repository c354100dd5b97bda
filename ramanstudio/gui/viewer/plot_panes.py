"""The two panes of the viewer, intensity above and residual beneath, over one Raman shift axis."""

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
    """Boxes and axes, laid out. Both boxes always show the same Raman shifts: `shifts_changed` says so."""

    shifts_changed = Signal()

    def __init__(self, parent: QWidget, beneath: str = "Residual") -> None:
        super().__init__(parent=parent, show=False)
        self.setFrameShape(self.MarkerShape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.boxes = (ZoomBox(), ZoomBox())
        self.shift_axis = PlotAxis("bottom", "Raman shift", "cm⁻¹")
        self.intensity_axes = (PlotAxis("left", "Intensity", "a.u."), PlotAxis("left", beneath, ""))
        self.shift_axis.linkToView(self.boxes[MAIN])
        for axis, box in zip(self.intensity_axes, self.boxes, strict=True):
            axis.linkToView(box)
            box.sigXRangeChanged.connect(self._follow)
            box.sigYRangeChanged.connect(self._give_room)
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
        """Take the colours of a theme."""
        self.setBackground(theme.panel)
        for axis in (self.shift_axis, *self.intensity_axes):
            axis.apply_theme(theme, font)
        for box in self.boxes:
            box.apply_theme(theme)
        self._zero.setPen(theme.pen(theme.line))

    def show_residual(self, shown: bool) -> None:
        """Give the residual a quarter of the height, or nothing."""
        if shown == self._residual_shown:
            return
        self._residual_shown = shown
        axis, box = self.intensity_axes[RESIDUAL], self.boxes[RESIDUAL]
        if shown:
            self.addItem(axis, 1, 0)
            self.addItem(box, 1, 1)
            axis.show()
            box.show()
        else:
            self.ci.removeItem(axis)
            self.ci.removeItem(box)
        self.ci.layout.setRowStretchFactor(1, 1 if shown else 0)
        self.ci.layout.setRowSpacing(0, 12 if shown else 0)
        for row, share in ((0, 300), (1, 100 if shown else 0)):  # stretch shares only what preferred heights leave
            self.ci.layout.setRowPreferredHeight(row, share)
        self.ci.layout.activate()
        self._give_room()

    @property
    def shifts(self) -> tuple[float, float]:
        """The Raman shifts shown."""
        left, right = self.boxes[MAIN].viewRange()[0]
        return float(left), float(right)

    @property
    def visible_boxes(self) -> Sequence[ZoomBox]:
        """The boxes on show."""
        return self.boxes if self._residual_shown else self.boxes[:1]

    def set_shifts(self, left: float, right: float) -> None:
        """Show these Raman shifts."""
        self.boxes[MAIN].setXRange(left, right, padding=0)

    def limit(self, narrowest: float, widest: float) -> None:
        """Let no wheel go beyond these spans of Raman shift."""
        for box in self.boxes:
            box.setLimits(minXRange=narrowest, maxXRange=widest)

    def box_at(self, place: QPointF) -> ZoomBox | None:
        """The box under a point of the widget."""
        where = self.mapToScene(place.toPoint())
        return next((box for box in self.visible_boxes if box.sceneBoundingRect().contains(where)), None)

    def _give_room(self, *_: Any) -> None:
        """Keep both panes in line, and the picture in place while its numbers have about the same length."""
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
    """Where the noise is measured: two edges that can be dragged; `dragged(low, high)` once the hand lets go."""

    dragged = Signal(float, float)
    word = "noise"

    def __init__(self) -> None:
        super().__init__((0, 1), movable=True, swapMode="sort")
        self.setZValue(0.5)  # beneath the curves, but above the pane itself, which would take the drag
        self.hide()
        self._ink, self._font = QColor(), QFont()
        self._moving = False
        self.sigRegionChangeFinished.connect(self._let_go)

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Take the colours of a theme."""
        self.setBrush(with_alpha(theme.quiet, 0.10))
        self.setHoverBrush(with_alpha(theme.quiet, 0.18))
        for line in self.lines:
            line.setPen(theme.pen(theme.quiet, alpha=0.7))
            line.setHoverPen(theme.pen(theme.accent, 2))
        self._ink, self._font = QColor(theme.quiet), font

    def paint(self, p: QPainter, *args: Any) -> None:
        """Fill the region, and say what it is where there is room for the word."""
        super().paint(p, *args)
        where = p.worldTransform().mapRect(self.boundingRect())
        metrics = QFontMetricsF(self._font)
        if where.width() > metrics.horizontalAdvance(self.word) + 12:
            p.save()
            p.setWorldTransform(QTransform())
            p.setFont(self._font)
            p.setPen(self._ink)
            p.drawText(where.topLeft() + QPointF(6, 4 + metrics.ascent()), self.word)
            p.restore()

    def place(self, low: float, high: float) -> None:
        """Put it somewhere, without a word."""
        self._moving = True
        self.setRegion((low, high))
        self._moving = False

    def _let_go(self, *_: Any) -> None:
        if not self._moving:
            low, high = self.getRegion()
            self.dragged.emit(float(low), float(high))
