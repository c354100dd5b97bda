"""The query spectrum with a reference over it, their difference below, and the marked bands above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtWidgets import QGraphicsItem, QVBoxLayout, QWidget

from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.identify.band_ruler import BandMark, BandRuler, band_colour
from ramanstudio.gui.identify.search_range_items import SearchRangeItems
from ramanstudio.gui.viewer.crosshair import CursorTracker
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.curve_legend import CurveLegend
from ramanstudio.gui.viewer.displayed_spectra import Envelope, SpectraBlock, columns_as_text
from ramanstudio.gui.viewer.plot_items import CurveItem
from ramanstudio.gui.viewer.plot_panes import MAIN, RESIDUAL, PlotPanes
from ramanstudio.gui.viewer.range_controller import RangeController, ZoomMixin

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap, QResizeEvent

    from ramanstudio.core.ranges import Region
    from ramanstudio.export.identification_figure import IdentificationFigure

Floats = NDArray[np.floating[Any]]

MIN_HEIGHT: Final = 120
DIFFERENCE_HEIGHT: Final = 300  # of the view, below which the difference has no room
RULER_HEIGHT: Final = 180  # likewise for the marked bands
MAX_BAND_LINES: Final = 12  # through the spectrum; more would hide it
_HELP: Final = (
    "The denoised spectrum with the reference scaled to fit it, both without their baselines so that small bands are"
    " seen, and their difference below. A disc marks a band that both have,"
    " a triangle pointing down a band that only the reference has, a triangle pointing up one that only the spectrum"
    " has. The wheel zooms, the right button pans, A shows all."
)


@dataclass(frozen=True, slots=True, eq=False)
class QuerySpectrum:
    """The spectrum to identify: `values` (B,) at `axis` (B,) in cm⁻¹; `baseline` (B,) was subtracted, or is None."""

    name: str
    axis: Floats
    values: Floats
    unit: str = "a.u."
    baseline: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class OverlaySpectrum:
    """What is drawn over it: `values` and `difference` (B,) on the same axis, NaN where there is nothing."""

    name: str
    values: Floats
    difference: Floats
    is_simulated: bool = False

    @property
    def label(self) -> str:
        """Its name, and that it is simulated where it is."""
        return f"{self.name}{', simulated from a peak table' if self.is_simulated else ''}"


class OverlayView(ZoomMixin, QWidget):
    """Draws one spectrum and one reference; `region_changed(Region)` when the compared range was dragged."""

    region_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = themes.current_theme()
        self._query: QuerySpectrum | None = None
        self._overlay: OverlaySpectrum | None = None
        self._region: Region | None = None
        self._items: list[tuple[int, QGraphicsItem]] = []
        self._lines: list[pg.InfiniteLine] = []
        self._bounds: dict[int, list[Envelope]] = {MAIN: [], RESIDUAL: []}
        self._legend = CurveLegend(self, self._theme)
        self._panes = PlotPanes(self, "Difference")
        self._panes.setAccessibleName("Spectrum and reference")
        self._panes.setWhatsThis(_HELP)
        self.ruler = BandRuler(self._x_of, self._theme, self)
        self._cursor = CursorTracker(self._panes, self._theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self._legend, 0), (self.ruler, 0), (self._panes, 1)):
            layout.addWidget(widget, stretch)
        self.setFocusProxy(self._panes)
        self.setMinimumHeight(MIN_HEIGHT)
        self._ranges = RangeController(self._panes, lambda pane: self._bounds[pane], self)
        self._search_range = SearchRangeItems(self._panes.boxes[MAIN], self.region_changed.emit)
        self._panes.boxes[MAIN].sigRangeChanged.connect(lambda *_: self.ruler.update())
        self._panes.boxes[MAIN].sigResized.connect(lambda *_: self.ruler.update())
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
        self.ruler.apply_theme(theme)
        self._search_range.apply_theme(theme, self.font())
        self._draw()

    @property
    def query(self) -> QuerySpectrum | None:
        """The spectrum that is shown."""
        return self._query

    @property
    def overlay(self) -> OverlaySpectrum | None:
        """What is drawn over it."""
        return self._overlay

    def show_query(self, query: QuerySpectrum | None) -> None:
        """Show a spectrum without overlay; the zoom stays where the spectrum has the shifts that are shown."""
        self._query, self._overlay = query, None
        if query is None:
            self._ranges.forget()
        else:
            self._panes.intensity_axes[MAIN].set_unit(query.unit)
            self._ranges.set_spectra([SpectraBlock(np.asarray(query.axis, np.float64), np.asarray(query.values)[None])])
        self.show_overlay(None)

    def show_overlay(self, overlay: OverlaySpectrum | None, marks: Sequence[BandMark] = ()) -> None:
        """Draw something over the spectrum and mark bands; None removes it."""
        self._overlay = overlay
        self.ruler.show_marks(tuple(marks))
        self._fit_to_height()
        self._draw()
        self._ranges.fit()
        self._cursor.follow()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the difference, then the marked bands, where there is no room for them."""
        super().resizeEvent(event)
        self._fit_to_height()

    def _fit_to_height(self) -> None:
        self.ruler.setVisible(bool(self.ruler.marks) and self.height() >= RULER_HEIGHT)
        self._panes.show_residual(self._overlay is not None and self.height() >= DIFFERENCE_HEIGHT)

    def show_region(self, region: Region | None) -> None:
        """Show the range that is compared, and the ranges that are excluded."""
        self._region = region
        if self._query is not None:
            self._search_range.show(region, (float(self._query.axis[0]), float(self._query.axis[-1])))

    @property
    def shifts(self) -> tuple[float, float]:
        """The Raman shifts shown."""
        return self._panes.shifts

    def picture(self, title: str, aside: str) -> IdentificationFigure | None:
        """What is shown, as a figure with a title; None where nothing is."""
        from ramanstudio.export.identification_figure import IdentificationFigure

        query, overlay = self._query, self._overlay
        if query is None:
            return None
        picture = IdentificationFigure(title, aside, query.name, query.unit, query.axis, query.values, self.shifts)
        if overlay is None:
            return picture
        marks = tuple((mark.shift, mark.kind) for mark in self.ruler.marks)
        return replace(
            picture, reference_name=overlay.label, reference=overlay.values, difference=overlay.difference, bands=marks
        )

    def copy_picture(self) -> QPixmap:
        """What is shown, as an image."""
        return self.grab()

    def numbers(self) -> str:
        """What is drawn between the Raman shifts shown, as tab-separated text."""
        query, overlay = self._query, self._overlay
        if query is None:
            return ""
        inside = (query.axis >= self.shifts[0]) & (query.axis <= self.shifts[1])
        columns = [("Raman shift / cm⁻¹", query.axis[inside]), (f"{query.name} / {query.unit}", query.values[inside])]
        if overlay is not None:
            columns += [(overlay.name, overlay.values[inside]), ("difference", overlay.difference[inside])]
        return columns_as_text(columns)

    def _draw(self) -> None:
        for pane, item in self._items:
            self._panes.boxes[pane].removeItem(item)
        for line in self._lines:
            self._panes.boxes[MAIN].removeItem(line)
        self._items, self._lines, self._bounds = [], [], {MAIN: [], RESIDUAL: []}
        query, overlay, theme = self._query, self._overlay, self._theme
        if query is None:
            self._legend.show_entries([])
            return
        self._add(MAIN, query.axis, query.values, theme.accent, 1.5)
        entries = [LegendEntry(query.name, theme.accent)]
        if overlay is not None:
            self._add(MAIN, query.axis, overlay.values, theme.reference, 1.5)
            self._add(RESIDUAL, query.axis, overlay.difference, theme.residual, 1.0)
            entries.append(LegendEntry(overlay.label, theme.reference))
        self._legend.show_entries(entries)
        unmatched = [mark for mark in self.ruler.marks if mark.kind != "matched"]
        for mark in unmatched if len(unmatched) <= MAX_BAND_LINES else ():
            self._add_line(mark)

    def _add(self, pane: int, axis: Floats, values: Floats, colour: str, width: float) -> None:
        axis, values = np.asarray(axis, np.float64), np.asarray(values, np.float64)
        item = CurveItem(axis, values, self._theme.pen(colour), width)
        item.setZValue(2 + len(self._items) / 100)
        self._panes.boxes[pane].addItem(item, ignoreBounds=True)
        self._items.append((pane, item))
        self._bounds[pane].append(Envelope(axis, values, values))

    def _add_line(self, mark: BandMark) -> None:
        line = pg.InfiniteLine(
            mark.shift, angle=90, pen=self._theme.pen(band_colour(mark.kind, self._theme), alpha=0.35)
        )
        line.setZValue(0.4)
        self._panes.boxes[MAIN].addItem(line, ignoreBounds=True)
        self._lines.append(line)

    def _x_of(self, shift: float) -> float | None:
        """The x coordinate of a Raman shift in this widget; None where it is not shown."""
        left, right = self._panes.shifts
        if not left <= shift <= right:
            return None
        box = self._panes.boxes[MAIN]
        low, high = box.viewRange()[1]
        point = self._panes.viewportTransform().map(box.mapViewToScene(QPointF(shift, (low + high) / 2)))
        return float(point.x())
