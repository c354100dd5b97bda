"""The strip: a low pane of spectra beneath a plane or a map, with bands that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QGraphicsItem, QLabel, QVBoxLayout, QWidget

from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_alpha
from ramanstudio.gui.viewer import plot_items
from ramanstudio.gui.viewer.crosshair import CursorTracker
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.curve_legend import CurveLegend
from ramanstudio.gui.viewer.displayed_spectra import Envelope, Floats, SpectraBlock
from ramanstudio.gui.viewer.plot_panes import MAIN, PlotPanes
from ramanstudio.gui.viewer.range_controller import RangeController, ZoomMixin

MAX_STRIP_CURVES: Final = 24
MAX_BANDS: Final = 3
SCALED: Final = "scaled"  # in the place of a unit
_FAR_HIGHER: Final = 3.0  # times the height of a usual curve: beside it nothing else is seen
_BEYOND: Final = 0.5  # of the height of all curves that a spread may take above and below them
_NEW_BAND: Final = 0.03  # of the shifts shown, to either side of a double click
_HELP: Final = (
    "Spectra of what is selected, and on top the one under the mouse. The wheel zooms the Raman shift, the right button"
    " drags, A shows all. A coloured band is moved by its middle and made wider by its edges."
)


@dataclass(frozen=True, slots=True, eq=False)
class StripCurve:
    """One curve: `values` (B,) at `axis` (B,) in cm⁻¹, with `spread` (B,) to either side; `colour` as "#RRGGBB"."""

    name: str
    axis: Floats
    values: Floats
    spread: Floats | None
    colour: str


@dataclass(frozen=True, slots=True)
class StripBand:
    """A region of Raman shifts, in cm⁻¹, in a colour of its own."""

    low_cm: float
    high_cm: float
    colour: str


class SpectrumStrip(ZoomMixin, QWidget):
    """Draws up to 24 curves, each with its spread, one more under the mouse at once, and up to three bands.

    `band_dragged(index, low, high)` in cm⁻¹ while a band is dragged, `band_requested(low, high)` after a double click
    where no band is, if `takes_bands`; elsewhere a double click shows all.
    """

    band_dragged = Signal(int, float, float)
    band_requested = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Spectra of the selection")
        self.setWhatsThis(_HELP)
        self.takes_bands = False
        self._theme = themes.current_theme()
        self._curves: tuple[StripCurve, ...] = ()
        self._hover: StripCurve | None = None
        self._is_named, self._note = True, ""
        self._items: list[QGraphicsItem] = []
        self._hover_item: QGraphicsItem | None = None
        self._bounds: list[Envelope] = []
        self._bands: tuple[StripBand, ...] = ()
        self._regions: list[_Region] = []
        self._legend = CurveLegend(self, self._theme)
        self._panes = PlotPanes(self)
        self._panes.setAccessibleName("Spectra of the selection")
        self._cursor = CursorTracker(self._panes, self._theme, self)
        self._name = QLabel(self._panes.viewport())
        self._name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._name.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._panes, 1)
        self.setFocusProxy(self._panes)
        self.setMinimumHeight(120)
        self._ranges = RangeController(self._panes, lambda _pane: self._bounds, self)
        self._panes.viewport().installEventFilter(self)
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A third of a window."""
        return QSize(800, 220)

    # What is shown

    def show_curves(self, curves: Sequence[StripCurve], unit: str = "a.u.", named: bool = True, note: str = "") -> None:
        """Show these curves, 24 at most; the zoom stays where they have the shifts that are shown.

        `named`: several have a legend above, unless whoever shows them names them elsewhere. `note`
        is said in the corner, where no curve is under the mouse.
        """
        self._curves, self._is_named = tuple(curves[:MAX_STRIP_CURVES]), named
        self._note = note
        self._panes.intensity_axes[MAIN].set_unit(unit)
        self._ranges.take(self._parts())
        self._draw()
        self._ranges.fit()
        self._cursor.follow()

    def show_hover(self, curve: StripCurve | None) -> None:
        """Show one more on top, in the place of the last; None takes it away."""
        if curve is None and self._hover is None:
            return
        first = not self._curves and self._hover is None
        self._hover = curve
        self._draw_hover()
        if first:
            self._ranges.take(self._parts())
            self._ranges.fit()
        else:
            self._ranges.follow()

    @property
    def names(self) -> list[str]:
        """What is drawn, in order, the one under the mouse last."""
        return [curve.name for curve in (*self._curves, *([self._hover] if self._hover is not None else []))]

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme; curves and bands keep those that they were given."""
        self._theme = theme
        self._panes.apply_theme(theme, self.font())
        self._cursor.crosshair.apply_theme(theme)
        self._legend.apply_theme(theme)
        self._name.setStyleSheet(
            f"background: {theme.panel}; color: {theme.text}; font-size: {QUIET_PX}px; padding: 1px 6px;"
        )
        for region in self._regions:
            region.apply_theme(theme)
        self._draw()

    def _parts(self) -> list[SpectraBlock]:
        shown = self._curves or ((self._hover,) if self._hover is not None else ())
        return [SpectraBlock(np.asarray(one.axis, np.float64), np.asarray(one.values)[None]) for one in shown]

    def _draw(self) -> None:
        for item in self._items:
            self._panes.boxes[MAIN].removeItem(item)
        self._items = []
        alpha = self._theme.band_alpha
        for place, curve in enumerate(self._curves):
            axis, values = np.asarray(curve.axis, np.float64), np.asarray(curve.values, np.float64)
            if curve.spread is not None:
                low, high = _edges(curve)
                self._add(plot_items.BandItem(axis, low, high, with_alpha(curve.colour, alpha)), 1 + place / 100)
            self._add(plot_items.CurveItem(axis, values, self._theme.pen(curve.colour), 1.5), 2 + place / 100)
        several = len(self._curves) > 1 and self._is_named
        self._legend.show_entries([LegendEntry(curve.name, curve.colour) for curve in self._curves] if several else [])
        self._draw_hover()

    def _add(self, item: QGraphicsItem, z: float) -> None:
        item.setZValue(z)
        self._panes.boxes[MAIN].addItem(item, ignoreBounds=True)
        self._items.append(item)

    def _draw_hover(self) -> None:
        if self._hover_item is not None:
            self._panes.boxes[MAIN].removeItem(self._hover_item)
            self._hover_item = None
        hover = self._hover
        if hover is not None:
            # a thin line without a rim: this is drawn at every move of the mouse
            item = plot_items.CurveItem(hover.axis, np.asarray(hover.values, np.float64), self._theme.pen(hover.colour))
            item.setZValue(9)
            self._panes.boxes[MAIN].addItem(item, ignoreBounds=True)
            self._hover_item = item
        room = _room(self._curves)  # a spread beyond it is cut off, so that the curves themselves can be told apart
        shown = (*self._curves, *([hover] if hover is not None else []))
        self._bounds = [self._envelope(curve, room) for curve in shown]
        self._say_name()

    def _envelope(self, curve: StripCurve, room: tuple[float, float]) -> Envelope:
        low, high = (np.clip(edge, *room) if curve.spread is not None else edge for edge in _edges(curve))
        return Envelope(np.asarray(curve.axis, np.float64), low, high)

    def _say_name(self) -> None:
        shown = self._hover or (self._curves[0] if len(self._curves) == 1 else None)
        words = shown.name if shown is not None else self._note
        self._name.setVisible(bool(words))
        if words:
            self._name.setText(words)
            self._name.adjustSize()
            self._name.move(self._panes.viewport().width() - self._name.width() - 20, 4)

    # Bands

    def set_bands(self, bands: Sequence[StripBand]) -> None:
        """Show these bands, three at most."""
        self._bands = tuple(bands[:MAX_BANDS])
        while len(self._regions) > len(self._bands):
            self._panes.boxes[MAIN].removeItem(self._regions.pop())
        while len(self._regions) < len(self._bands):
            region = _Region(len(self._regions))
            region.dragged.connect(self.band_dragged)
            self._panes.boxes[MAIN].addItem(region, ignoreBounds=True)
            self._regions.append(region)
        for region, band in zip(self._regions, self._bands, strict=True):
            region.place(band)
            region.apply_theme(self._theme)

    @property
    def bands(self) -> tuple[StripBand, ...]:
        """The bands as they are drawn now."""
        places = [region.getRegion() for region in self._regions]
        return tuple(
            StripBand(float(low), float(high), band.colour)
            for (low, high), band in zip(places, self._bands, strict=True)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take a double click where no band is for the wish to have one there."""
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent) and self.takes_bands:
            shift = self._shift_at(event.position())
            if (
                event.button() == Qt.MouseButton.LeftButton
                and shift is not None
                and not any(band.low_cm <= shift <= band.high_cm for band in self.bands)
            ):
                left, right = self._panes.shifts
                reach = _NEW_BAND * (right - left)
                self.band_requested.emit(shift - reach, shift + reach)
                return True
        elif event.type() == QEvent.Type.Resize:
            self._say_name()
        return super().eventFilter(watched, event)

    def _shift_at(self, place: QPointF) -> float | None:
        box = self._panes.box_at(place)
        return None if box is None else float(box.mapSceneToView(self._panes.mapToScene(place.toPoint())).x())

    @property
    def shifts(self) -> tuple[float, float]:
        """The Raman shifts shown."""
        return self._panes.shifts

    def position_of(self, shift: float) -> QPointF:
        """Where in this widget a Raman shift is drawn, in the middle of the height."""
        box = self._panes.boxes[MAIN]
        low, high = box.viewRange()[1]
        where = self._panes.viewportTransform().map(box.mapViewToScene(QPointF(shift, (low + high) / 2)))
        return QPointF(self._panes.viewport().mapTo(self, where))


class _Region(pg.LinearRegionItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A band that can be dragged, by its middle or by an edge: `dragged(index, low, high)` at each step of it."""

    dragged = Signal(int, float, float)

    def __init__(self, index: int) -> None:
        super().__init__((0, 1), movable=True, swapMode="sort")
        self.setZValue(0.5)  # beneath the curves, but above the pane itself, which would take the drag
        self._index, self._colour, self._placing = index, "#808080", False
        self.sigRegionChanged.connect(self._say)

    def place(self, band: StripBand) -> None:
        """Put it somewhere, without a word."""
        self._placing = True
        self._colour = band.colour
        self.setRegion((band.low_cm, band.high_cm))
        self._placing = False

    def apply_theme(self, theme: Theme) -> None:
        """Take the colours of a theme; the hue is the band's own."""
        self.setBrush(with_alpha(self._colour, theme.band_alpha))
        self.setHoverBrush(with_alpha(self._colour, theme.band_alpha + 0.12))
        for line in self.lines:
            line.setPen(theme.pen(self._colour))
            line.setHoverPen(theme.pen(self._colour, 3))
        for line in self.lines:
            line.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.update()

    @property
    def colour(self) -> QColor:
        """The colour it was given."""
        return QColor(self._colour)

    def _say(self, *_: Any) -> None:
        if not self._placing:
            low, high = self.getRegion()
            self.dragged.emit(self._index, float(low), float(high))


def differ_in_height(curves: Sequence[StripCurve]) -> bool:
    """Whether one of several curves is so much higher than most that the others are flat beside it."""
    heights = [np.ptp(curve.values[np.isfinite(curve.values)]) for curve in curves if np.isfinite(curve.values).any()]
    return len(heights) > 1 and max(heights) > _FAR_HIGHER * float(np.median(heights)) > 0


def scaled(curve: StripCurve) -> StripCurve:
    """The same curve from 0 to 1, with its spread in the same measure."""
    known = curve.values[np.isfinite(curve.values)]
    low, height = (float(known.min()), float(np.ptp(known))) if known.size else (0.0, 0.0)
    height = height or 1.0
    spread = None if curve.spread is None else curve.spread / height
    return replace(curve, values=(curve.values - low) / height, spread=spread)


def _room(curves: Sequence[StripCurve]) -> tuple[float, float]:
    known = [curve.values[np.isfinite(curve.values)] for curve in curves]
    known = [values for values in known if values.size]
    if not known:
        return -np.inf, np.inf
    low, high = min(float(one.min()) for one in known), max(float(one.max()) for one in known)
    beyond = _BEYOND * (high - low) or np.inf
    return low - beyond, high + beyond


def _edges(curve: StripCurve) -> tuple[Floats, Floats]:
    values = np.asarray(curve.values, np.float64)
    if curve.spread is None:
        return values, values
    spread = np.asarray(curve.spread, np.float64)
    return values - spread, values + spread
