"""The plot of the Peaks tab: the spectrum, its labelled peaks, the fit with its components, and the residual below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QVBoxLayout, QWidget

from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.viewer.crosshair import CursorTracker
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.curve_legend import CurveLegend
from ramanstudio.gui.viewer.displayed_spectra import Envelope, SpectraBlock, columns_as_text
from ramanstudio.gui.viewer.peak_labels import PeakLabels, room_for_labels
from ramanstudio.gui.viewer.plot_items import CurveItem
from ramanstudio.gui.viewer.plot_panes import MAIN, RESIDUAL, NoiseRegion, PlotPanes
from ramanstudio.gui.viewer.range_controller import RangeController, ZoomMixin

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap, QResizeEvent

    from ramanstudio.core.ranges import ShiftRange
    from ramanstudio.peaks.spectrum_fit import FittedRange

Floats = NDArray[np.floating[Any]]

RESIDUAL_HEIGHT: Final = 300  # of the plot, below which the residual has no room
_CLICK_PX: Final = 4
_HELP: Final = (
    "The spectrum with its peaks. While 'Add and remove by click' is on, click where a peak is to add it, and on a peak"
    " to remove it. A hollow mark is a peak that the measured spectrum does not support. The wheel zooms, the right"
    " button pans, A shows all."
)


class FitRange(NoiseRegion):
    """The range that is fitted."""

    title = "fit here"


class PeakPlot(ZoomMixin, QWidget):
    """Draws one spectrum and its peaks; `clicked(shift, index)` for a click, with the peak there or −1."""

    clicked = Signal(float, int)
    range_dragged = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = themes.current_theme()
        self._axis: Floats = np.zeros(0)
        self._values: Floats = np.zeros(0)
        self._name, self._unit = "", "a.u."
        self._behind: Floats | None = None
        self._ranges_fitted: Sequence[FittedRange] = ()
        self._items: list[tuple[int, QGraphicsItem]] = []
        self._bounds: dict[int, list[Envelope]] = {MAIN: [], RESIDUAL: []}
        self._pressed: QPointF | None = None
        self._legend = CurveLegend(self, self._theme)
        self._panes = PlotPanes(self, "Residual")
        self._panes.setAccessibleName("Spectrum and its peaks")
        self._panes.setWhatsThis(_HELP)
        self._cursor = CursorTracker(self._panes, self._theme, self)
        self.labels = PeakLabels(
            self._panes.viewport(), self._position_of, self._point_at, self._theme, self._panes.left_of_plot
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._panes, 1)
        self.setFocusProxy(self._panes)
        self.setMinimumHeight(140)
        self._fit_range = FitRange()
        self._panes.boxes[MAIN].addItem(self._fit_range, ignoreBounds=True)
        self._fit_range.dragged.connect(self.range_dragged)
        self._ranges = RangeController(self._panes, self._bounds_of, self)
        box = self._panes.boxes[MAIN]
        for signal in (box.sigRangeChanged, box.sigResized):
            signal.connect(lambda *_: self.labels.update())
        self._panes.viewport().installEventFilter(self)
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of a page."""
        return QSize(800, 420)

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of `theme`."""
        self._theme = theme
        self._panes.apply_theme(theme, self.font())
        self._cursor.crosshair.apply_theme(theme)
        self._legend.apply_theme(theme)
        self._fit_range.apply_theme(theme, self.font())
        self.labels.apply_theme(theme)
        self._draw()

    def show_spectrum(self, name: str, axis: Floats, values: Floats, unit: str, behind: Floats | None = None) -> None:
        """Show a spectrum (B,), and `behind` it another one, on the same axis; an empty axis shows nothing."""
        self._name, self._axis, self._values, self._unit, self._behind = name, axis, values, unit, behind
        self._ranges_fitted = ()
        self.labels.show_labels(())
        if not axis.size:
            self._ranges.forget()
        else:
            self._panes.intensity_axes[MAIN].set_unit(unit)
            self._ranges.set_spectra([SpectraBlock(np.asarray(axis, np.float64), np.asarray(values)[None])])
        self._draw()
        self._ranges.fit()
        self._cursor.follow()

    def show_fit(self, ranges: Sequence[FittedRange]) -> None:
        """Draw the curves of a fit, and its residual below."""
        self._ranges_fitted = ranges
        self._panes.show_residual(bool(ranges) and self.height() >= RESIDUAL_HEIGHT)
        self._draw()
        self._ranges.fit()

    def show_labels(self, labels: Sequence[PeakLabel], selected: int | None = None) -> None:
        """Label peaks; `selected` is the index of one that stands out."""
        had = [len(item.text) for item in self.labels.labels]
        finite = self._values[np.isfinite(self._values)]
        self.labels.show_labels(labels, selected, float(np.ptp(finite)) if finite.size else None)
        if had != [len(item.text) for item in labels]:
            self._draw()
            self._ranges.fit()

    def height_at(self, shift: float) -> float:
        """The intensity of the spectrum at a Raman shift."""
        finite = np.isfinite(self._values)
        if not finite.any():
            return 0.0
        return float(np.interp(shift, np.asarray(self._axis)[finite], np.asarray(self._values)[finite]))

    def show_range(self, within: ShiftRange | None) -> None:
        """Show the range that is fitted, which can be dragged; None hides it."""
        self._fit_range.setVisible(within is not None)
        if within is not None:
            self._fit_range.set_range(*within)

    @property
    def shifts(self) -> tuple[float, float]:
        """The Raman shifts shown."""
        return self._panes.shifts

    def copy_picture(self) -> QPixmap:
        """What is shown, as an image."""
        return self.grab()

    def numbers(self) -> str:
        """What is drawn between the Raman shifts shown, as tab-separated text."""
        if not self._axis.size:
            return ""
        inside = (self._axis >= self.shifts[0]) & (self._axis <= self.shifts[1])
        fit = np.full(self._axis.size, np.nan)
        residual = fit.copy()
        for part in self._ranges_fitted:
            where = np.searchsorted(self._axis, part.axis)
            fit[where], residual[where] = part.fit, part.residual
        columns = [("Raman shift / cm⁻¹", self._axis[inside]), (f"{self._name} / {self._unit}", self._values[inside])]
        if self._ranges_fitted:
            columns += [("fit", fit[inside]), ("residual", residual[inside])]
        return columns_as_text(columns)

    # Mouse

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Tell a click from a drag, which zooms."""
        if isinstance(event, QMouseEvent) and event.button() == Qt.MouseButton.LeftButton:
            if event.type() == QEvent.Type.MouseButtonPress:
                self._pressed = event.position()
            elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                moved = event.position() - self._pressed
                self._pressed = None
                if abs(moved.x()) + abs(moved.y()) <= _CLICK_PX:
                    self._click(event.position())
        return super().eventFilter(watched, event)

    def _click(self, position: QPointF) -> None:
        if not self._axis.size or self._panes.box_at(position) is not self._panes.boxes[MAIN]:
            return
        scene = self._panes.mapToScene(position.toPoint())
        shift = float(self._panes.boxes[MAIN].mapSceneToView(scene).x())
        nearest = self.labels.nearest(position.x())
        self.clicked.emit(shift, -1 if nearest is None else nearest)

    def _position_of(self, shift: float, intensity: float) -> QPointF | None:
        """Where a point is drawn, in the viewport of the panes; None where it is not shown."""
        left, right = self._panes.shifts
        if not left <= shift <= right:
            return None
        box = self._panes.boxes[MAIN]
        low, high = box.viewRange()[1]
        if not low <= intensity <= high:
            return None
        return QPointF(self._panes.viewportTransform().map(box.mapViewToScene(QPointF(shift, intensity))))

    def _point_at(self, position: QPointF) -> tuple[float, float]:
        """The Raman shift and the intensity that are drawn at a place of the viewport."""
        point = self._panes.boxes[MAIN].mapSceneToView(self._panes.mapToScene(position.toPoint()))
        return float(point.x()), float(point.y())

    # Drawing

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the residual where there is no room for it."""
        super().resizeEvent(event)
        self._panes.show_residual(bool(self._ranges_fitted) and self.height() >= RESIDUAL_HEIGHT)

    def _bounds_of(self, pane: int) -> list[Envelope]:
        """What has to be in view, with room for the labels above it."""
        bounds = list(self._bounds[pane])
        if pane == MAIN and self.labels.labels and self._axis.size:
            bounds.append(room_for_labels(self._axis, self._values, self._panes.shifts, self.labels.labels))
        return bounds

    def _draw(self) -> None:
        for pane, item in self._items:
            self._panes.boxes[pane].removeItem(item)
        self._items, self._bounds = [], {MAIN: [], RESIDUAL: []}
        theme = self._theme
        if not self._axis.size:
            self._legend.show_entries([])
            return
        entries = [LegendEntry(self._name, theme.accent)]
        if self._behind is not None:
            self._add(MAIN, self._axis, self._behind, theme.raw, 1.0)
            entries.insert(0, LegendEntry("measured", theme.raw))
        self._add(MAIN, self._axis, self._values, theme.accent, 1.5)
        for part in self._ranges_fitted:
            self._add(MAIN, part.axis, part.baseline, theme.baseline, 1.0)
            if len(part.peaks) > 1:
                for curve in part.peaks:
                    self._add(MAIN, part.axis, part.baseline + curve, theme.reference, 0.7, alpha=0.6)
            self._add(MAIN, part.axis, part.fit, theme.reference, 2.0)
            self._add(RESIDUAL, part.axis, part.residual, theme.residual, 1.0)
        if self._ranges_fitted:
            entries += [LegendEntry("fit", theme.reference), LegendEntry("baseline of the fit", theme.baseline)]
        self._legend.show_entries(entries)

    def _add(self, pane: int, axis: Floats, values: Floats, colour: str, width: float, alpha: float = 1.0) -> None:
        axis, values = np.asarray(axis, np.float64), np.asarray(values, np.float64)
        item = CurveItem(axis, values, self._theme.pen(colour, alpha=alpha), width)
        item.setZValue(2 + len(self._items) / 100)
        self._panes.boxes[pane].addItem(item, ignoreBounds=True)
        self._items.append((pane, item))
        self._bounds[pane].append(Envelope(axis, values, values))
