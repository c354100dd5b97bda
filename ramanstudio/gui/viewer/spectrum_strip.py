"""The spectrum strip: a low plot of spectra beneath a scatter plot or map, with bands that can be dragged."""

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
from ramanstudio.gui.viewer.displayed_spectra import Envelope, FloatArray, SpectraBlock
from ramanstudio.gui.viewer.plot_panes import MAIN, PlotPanes
from ramanstudio.gui.viewer.range_controller import RangeController, ZoomMixin

MAX_STRIP_CURVES: Final = 24
MAX_BANDS: Final = 3
SCALED: Final = "scaled"  # instead of a unit
_DOMINANT_FACTOR: Final = 3.0  # times the median height: other curves are flat beside it
_SPREAD_MARGIN: Final = 0.5  # of the height of all curves that a spread may take above and below them
_NEW_BAND_FRACTION: Final = 0.03  # of the shifts shown, to either side of a double click
_HELP: Final = (
    "The selected spectra, and over them the one under the mouse. The wheel zooms the Raman shift, the right button"
    " pans, A shows all. Drag a coloured band to move it, or its edges to resize it."
)


@dataclass(frozen=True, slots=True, eq=False)
class StripCurve:
    """A curve: `values` (B,) at `axis` (B,) in cm⁻¹, with `spread` (B,) to either side; `colour` as "#RRGGBB"."""

    name: str
    axis: FloatArray
    values: FloatArray
    spread: FloatArray | None
    colour: str


@dataclass(frozen=True, slots=True)
class StripBand:
    """A band of Raman shifts in cm⁻¹, with its colour."""

    low_cm: float
    high_cm: float
    colour: str


class SpectrumStrip(ZoomMixin, QWidget):
    """Draws up to 24 curves with their spreads, one more for the spectrum under the mouse, and up to three bands.

    Emits `band_dragged(index, low, high)` in cm⁻¹ while a band is dragged, and `band_requested(low, high)` after a
    double click outside all bands, if `takes_bands`; otherwise a double click shows all.
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
        self._has_legend, self._note = True, ""
        self._items: list[QGraphicsItem] = []
        self._hover_item: QGraphicsItem | None = None
        self._bounds: list[Envelope] = []
        self._bands: tuple[StripBand, ...] = ()
        self._regions: list[_BandRegion] = []
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
        self._hint = QLabel("No spectrum is selected.", self)
        self._hint.setProperty("role", "quiet")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        layout.addWidget(self._hint, 1)
        self.setFocusProxy(self._panes)
        self.setMinimumHeight(120)
        self._ranges = RangeController(self._panes, lambda _pane: self._bounds, self)
        self._panes.viewport().installEventFilter(self)
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A third of a window."""
        return QSize(800, 220)

    # What is shown

    def set_hint(self, text: str) -> None:
        """Set the sentence that is shown instead of empty axes while there is no curve."""
        self._hint.setText(text)

    @property
    def hint(self) -> str:
        """The sentence that is shown instead of axes; empty while there are curves."""
        return self._hint.text() if self._hint.isVisibleTo(self) else ""

    def show_curves(self, curves: Sequence[StripCurve], unit: str = "a.u.", named: bool = True, note: str = "") -> None:
        """Show these curves, 24 at most; the zoom is kept where they have the shifts that are shown.

        `named`: several curves get a legend; False where they are named elsewhere. `note` is shown in the corner while
        no curve is under the mouse.
        """
        self._curves, self._has_legend = tuple(curves[:MAX_STRIP_CURVES]), named
        self._note = note
        self._panes.intensity_axes[MAIN].set_unit(unit)
        self._ranges.set_spectra(self._blocks())
        self._draw()
        self._ranges.fit()
        self._cursor.follow()

    def show_hover(self, curve: StripCurve | None) -> None:
        """Show one more curve over the others; None removes it."""
        if curve is None and self._hover is None:
            return
        first = not self._curves and self._hover is None
        self._hover = curve
        self._draw_hover()
        if first:
            self._ranges.set_spectra(self._blocks())
            self._ranges.fit()
        else:
            self._ranges.follow()

    @property
    def names(self) -> list[str]:
        """The names of all curves in order, the one under the mouse last."""
        return [curve.name for curve in (*self._curves, *([self._hover] if self._hover is not None else []))]

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme; curves and bands keep their own."""
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

    def _blocks(self) -> list[SpectraBlock]:
        curves = self._curves or ((self._hover,) if self._hover is not None else ())
        return [SpectraBlock(np.asarray(curve.axis, np.float64), np.asarray(curve.values)[None]) for curve in curves]

    def _draw(self) -> None:
        for item in self._items:
            self._panes.boxes[MAIN].removeItem(item)
        self._items = []
        alpha = self._theme.band_alpha
        for position, curve in enumerate(self._curves):
            axis, values = np.asarray(curve.axis, np.float64), np.asarray(curve.values, np.float64)
            if curve.spread is not None:
                low, high = _spread_edges(curve)
                self._add(plot_items.BandItem(axis, low, high, with_alpha(curve.colour, alpha)), 1 + position / 100)
            self._add(plot_items.CurveItem(axis, values, self._theme.pen(curve.colour), 1.5), 2 + position / 100)
        several = len(self._curves) > 1 and self._has_legend
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
        limits = _spread_limits(self._curves)  # a spread beyond is clipped, so that it does not flatten the curves
        curves = (*self._curves, *([hover] if hover is not None else []))
        self._panes.setVisible(bool(curves))
        self._hint.setVisible(not curves)
        self._bounds = [self._envelope(curve, limits) for curve in curves]
        self._show_name()

    def _envelope(self, curve: StripCurve, limits: tuple[float, float]) -> Envelope:
        low, high = (np.clip(edge, *limits) if curve.spread is not None else edge for edge in _spread_edges(curve))
        return Envelope(np.asarray(curve.axis, np.float64), low, high)

    def _show_name(self) -> None:
        shown = self._hover or (self._curves[0] if len(self._curves) == 1 else None)
        text = shown.name if shown is not None else self._note
        self._name.setVisible(bool(text))
        if text:
            self._name.setText(text)
            self._name.adjustSize()
            self._name.move(self._panes.viewport().width() - self._name.width() - 20, 4)

    # Bands

    def set_bands(self, bands: Sequence[StripBand]) -> None:
        """Show these bands, three at most."""
        self._bands = tuple(bands[:MAX_BANDS])
        while len(self._regions) > len(self._bands):
            self._panes.boxes[MAIN].removeItem(self._regions.pop())
        while len(self._regions) < len(self._bands):
            region = _BandRegion(len(self._regions))
            region.dragged.connect(self.band_dragged)
            self._panes.boxes[MAIN].addItem(region, ignoreBounds=True)
            self._regions.append(region)
        for region, band in zip(self._regions, self._bands, strict=True):
            region.set_band(band)
            region.apply_theme(self._theme)

    @property
    def bands(self) -> tuple[StripBand, ...]:
        """The bands as they are drawn now."""
        ranges = [region.getRegion() for region in self._regions]
        return tuple(
            StripBand(float(low), float(high), band.colour)
            for (low, high), band in zip(ranges, self._bands, strict=True)
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A double click outside all bands requests a band there."""
        if event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent) and self.takes_bands:
            shift = self._shift_at(event.position())
            if (
                event.button() == Qt.MouseButton.LeftButton
                and shift is not None
                and not any(band.low_cm <= shift <= band.high_cm for band in self.bands)
            ):
                left, right = self._panes.shifts
                reach = _NEW_BAND_FRACTION * (right - left)
                self.band_requested.emit(shift - reach, shift + reach)
                return True
        elif event.type() == QEvent.Type.Resize:
            self._show_name()
        return super().eventFilter(watched, event)

    def _shift_at(self, position: QPointF) -> float | None:
        box = self._panes.box_at(position)
        return None if box is None else float(box.mapSceneToView(self._panes.mapToScene(position.toPoint())).x())

    @property
    def shifts(self) -> tuple[float, float]:
        """The visible Raman shifts (low, high)."""
        return self._panes.shifts

    def position_of(self, shift: float) -> QPointF:
        """Return where in this widget a Raman shift is drawn, at half the height."""
        box = self._panes.boxes[MAIN]
        low, high = box.viewRange()[1]
        where = self._panes.viewportTransform().map(box.mapViewToScene(QPointF(shift, (low + high) / 2)))
        return QPointF(self._panes.viewport().mapTo(self, where))


class _BandRegion(pg.LinearRegionItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A band that is dragged by its middle or an edge; emits `dragged(index, low, high)` at each step."""

    dragged = Signal(int, float, float)

    def __init__(self, index: int) -> None:
        super().__init__((0, 1), movable=True, swapMode="sort")
        self.setZValue(0.5)  # beneath the curves, but above the pane itself, which would take the drag
        self._index, self._colour, self._updating = index, "#808080", False
        self.sigRegionChanged.connect(self._emit_dragged)

    def set_band(self, band: StripBand) -> None:
        """Move the band without a signal."""
        self._updating = True
        self._colour = band.colour
        self.setRegion((band.low_cm, band.high_cm))
        self._updating = False

    def apply_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme; the hue is the band's own."""
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
        """The colour of the band."""
        return QColor(self._colour)

    def _emit_dragged(self, *_: Any) -> None:
        if not self._updating:
            low, high = self.getRegion()
            self.dragged.emit(self._index, float(low), float(high))


def differ_in_height(curves: Sequence[StripCurve]) -> bool:
    """Return whether one of several curves is so high that the others are flat beside it."""
    heights = [np.ptp(curve.values[np.isfinite(curve.values)]) for curve in curves if np.isfinite(curve.values).any()]
    return len(heights) > 1 and max(heights) > _DOMINANT_FACTOR * float(np.median(heights)) > 0


def scaled(curve: StripCurve) -> StripCurve:
    """Return a curve scaled from 0 to 1, with its spread."""
    known = curve.values[np.isfinite(curve.values)]
    low, height = (float(known.min()), float(np.ptp(known))) if known.size else (0.0, 0.0)
    height = height or 1.0
    spread = None if curve.spread is None else curve.spread / height
    return replace(curve, values=(curve.values - low) / height, spread=spread)


def _spread_limits(curves: Sequence[StripCurve]) -> tuple[float, float]:
    """Return the intensities that spreads may reach: a little beyond all curves."""
    finite = [curve.values[np.isfinite(curve.values)] for curve in curves]
    finite = [values for values in finite if values.size]
    if not finite:
        return -np.inf, np.inf
    low, high = min(float(values.min()) for values in finite), max(float(values.max()) for values in finite)
    margin = _SPREAD_MARGIN * (high - low) or np.inf
    return low - margin, high + margin


def _spread_edges(curve: StripCurve) -> tuple[FloatArray, FloatArray]:
    values = np.asarray(curve.values, np.float64)
    if curve.spread is None:
        return values, values
    spread = np.asarray(curve.spread, np.float64)
    return values - spread, values + spread
