"""The plot of spectra: raw and denoised, with the 90 % confidence band and the residual beneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.viewer.crosshair import CursorTracker
from ramanstudio.gui.viewer.curve_layer import MAX_CURVES, CurveLayer, Layer
from ramanstudio.gui.viewer.curve_legend import CurveLegend
from ramanstudio.gui.viewer.density_layer import DensityLayer
from ramanstudio.gui.viewer.displayed_spectra import (
    DisplayedSpectrum,
    DisplayOptions,
    Envelope,
    SpectraBlock,
    columns_as_text,
    group_by_axis,
    numbers_of,
    shared_unit,
)
from ramanstudio.gui.viewer.drawn_spectra import DrawnSpectra, label_in_unit
from ramanstudio.gui.viewer.line_layer import MAX_LINES, LineLayer
from ramanstudio.gui.viewer.peak_labels import PeakLabels, room_for_labels
from ramanstudio.gui.viewer.plot_overlay import OverlayLayer, PlotOverlay
from ramanstudio.gui.viewer.plot_panes import MAIN, RESIDUAL, NoiseRegion, PlotPanes, ScaledBand
from ramanstudio.gui.viewer.range_controller import RangeController, ZoomMixin
from ramanstudio.gui.viewer.trace_labels import NAMES_SHARE, TraceLabels

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.denoising.denoised import Denoised

__all__ = ["DisplayedSpectrum", "SpectrumView"]

_PICTURE_RATIO: Final = 2.0
_HELP: Final = (
    "The selected spectra: raw in grey, denoised in colour, with the 90 % confidence band that contains the true"
    " spectrum at nine points in ten. R, D, E and B show or hide raw, denoised, residual and band; N the noise region."
)


class SpectrumView(ZoomMixin, QWidget):
    """Draws spectra on any axes: up to twenty as curves, some hundreds as lines, more as a density.

    Emits `noise_region_dragged(low, high)` in cm⁻¹ after the region was dragged, and `cursor_moved(shift, intensity)`
    while the mouse moves over a pane. Intensities fit what is drawn until the user zooms; zoomed shifts are kept when
    another spectrum is shown that has them. Whatever unit the axis is numbered in, shifts are in cm⁻¹ here.
    """

    noise_region_dragged = Signal(float, float)
    scaled_band_dragged = Signal(float, float)
    clicked = Signal(float, float)  # Raman shift, intensity: with a tool
    dragged = Signal(QPointF, QPointF, bool)  # from where, to where, whether it has ended: with a tool
    cursor_moved = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Spectrum")
        self.setWhatsThis(_HELP)
        self._theme = themes.current_theme()
        self._options = DisplayOptions()
        self._scale = AxisScale()
        self._given: tuple[Sequence[DisplayedSpectrum], Sequence[SpectraBlock], PlotOverlay | None] = ((), (), None)
        self._drawn = DrawnSpectra()
        self._peak_labels: tuple[PeakLabel, ...] = ()
        self._unit = "a.u."
        self._selected: tuple[int, ...] = ()
        self._layers: list[Layer] = []
        self._build()
        self.set_theme(self._theme)

    def _build(self) -> None:
        self._legend = CurveLegend(self, self._theme)
        self._panes = PlotPanes(self)
        self._cursor = CursorTracker(self._panes, self._theme, self)
        self._cursor.moved.connect(self.cursor_moved)
        self._region = NoiseRegion()
        self._panes.boxes[MAIN].addItem(self._region, ignoreBounds=True)
        self._region.dragged.connect(self.noise_region_dragged)
        self._band = ScaledBand()
        self._panes.boxes[MAIN].addItem(self._band, ignoreBounds=True)
        self._band.dragged.connect(self.scaled_band_dragged)
        main = self._panes.boxes[MAIN]
        main.clicked.connect(lambda point: self.clicked.emit(point.x(), self._intensity(point.y())))
        main.dragged.connect(self._emit_dragged)
        plot = self._panes.viewport()
        self.peak_labels = PeakLabels(plot, self._label_position, self._point_at, self._theme, self._panes.left_of_plot)
        self.trace_labels = TraceLabels(plot, self._label_position, lambda: self._panes.shifts, self._theme)
        for signal in (main.sigRangeChanged, main.sigResized):
            signal.connect(lambda *_: self.peak_labels.update())
            signal.connect(lambda *_: self.trace_labels.update())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._panes, 1)
        self.setFocusProxy(self._panes)
        self._ranges = RangeController(self._panes, self._bounds, self)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the window."""
        return QSize(800, 560)

    # What is shown

    def show_spectra(self, items: Sequence[DisplayedSpectrum], overlay: PlotOverlay | None = None) -> None:
        """Show these spectra, each on its own axis, and an `overlay` on them."""
        self._show(list(items), group_by_axis(items), shared_unit(item.unit for item in items), overlay)

    def show_set(self, spectra: SpectrumSet, denoised: Denoised | None = None, selected: Sequence[int] = ()) -> None:
        """Show all spectra of a set; highlight `selected` rows (twenty at most) where there are too many for curves."""
        part = SpectraBlock.of(spectra, denoised)
        unit = str(spectra.about.get("intensity_unit", "a.u."))
        given = [part.spectrum(row, unit) for row in range(len(part))] if len(part) <= MAX_LINES else []
        self._show(given, [part] if len(part) else [], unit, None, tuple(selected))

    def set_selected(self, rows: Sequence[int]) -> None:
        """Highlight these rows of the set (twenty at most) where there are too many for curves."""
        if tuple(rows) != self._selected:
            self._selected = tuple(rows)
            if not self._drawn.items and self._drawn.parts:
                self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self._show([], [], self._unit)
        self._ranges.forget()

    def _show(
        self,
        given: list[DisplayedSpectrum],
        parts: list[SpectraBlock],
        unit: str,
        overlay: PlotOverlay | None = None,
        selected: tuple[int, ...] = (),
    ) -> None:
        self._given, self._unit, self._selected = (given, parts, overlay), unit, selected
        self._arrange()
        self._draw()

    def _arrange(self) -> None:
        """Find what is drawn of the given spectra."""
        self._drawn = drawn = DrawnSpectra.of(*self._given, self._options)
        self._ranges.set_spectra(drawn.parts)
        self._ranges.room_right = NAMES_SHARE if drawn.stacked else 0.0
        self._panes.intensity_axes[MAIN].set_quantity(drawn.quantity)
        self._panes.intensity_axes[MAIN].set_unit("" if drawn.is_scaled else self._unit)
        self._band.set_range(*self._options.scaling_band)
        self._band.setVisible(drawn.is_scaled and self._options.scaling == "band")

    def _draw(self) -> None:
        for layer in self._layers:
            layer.remove()
        self._layers = self._make_layers() if self._drawn.parts else []
        if self._drawn.parts and self._drawn.overlay is not None:
            self._layers.append(OverlayLayer(self._drawn.overlay, self._drawn.options, self._theme, self._panes.boxes))
        self._panes.show_residual(self._drawn.options.residual and self._has_residual)
        self._ranges.fit()
        for layer in self._layers:
            layer.start()
        self._show_legend()
        self._cursor.follow()

    def _make_layers(self) -> list[Layer]:
        boxes = self._panes.boxes
        if self._drawn.items:
            return [CurveLayer(self._drawn.items, self._drawn.options, self._theme, boxes)]
        count = sum(len(part) for part in self._drawn.parts)
        crowd: Layer
        if count <= MAX_LINES:
            crowd = LineLayer(self._drawn.parts, self._drawn.options, self._theme, boxes, self)
        else:
            crowd = DensityLayer(self._drawn.parts, self._drawn.options, self._theme, boxes, self, self._ranges.follow)
        on_top = self._drawn.rows(self._selected[:MAX_CURVES], self._unit)
        return [crowd, CurveLayer(on_top, self._drawn.options, self._theme, boxes, on_top=True)] if on_top else [crowd]

    def _show_legend(self) -> None:
        """Name what is drawn: above the plot, or at the right end of curves that are one above the other."""
        self.trace_labels.show_traces(self._drawn.traces(self._theme))
        entries = [key for layer in self._layers for key in layer.legend_entries(self._drawn.options)]
        self._legend.show_entries([] if self._drawn.stacked and self._drawn.items else entries)

    def _bounds(self, pane: int) -> list[Envelope]:
        if pane == RESIDUAL:
            return [bound for layer in self._layers for bound in layer.residual_envelopes()]
        drawn = self._drawn
        bounds = drawn.within_limits([bound for layer in self._layers for bound in layer.envelopes(drawn.options)])
        if self.peak_labels.labels and self._drawn.items and not self._options.log:
            shifts, labels = self._panes.shifts, self.peak_labels.labels
            bounds += [room_for_labels(item.axis, item.raw, shifts, labels) for item in self._drawn.items]
        return bounds

    @property
    def _has_residual(self) -> bool:
        return any(part.denoised is not None for part in self._drawn.parts)

    # What of it is drawn

    def set_options(self, **changes: Any) -> None:
        """Change what is drawn, by the fields of DisplayOptions."""
        before, self._options = self._options, replace(self._options, **changes)
        if (options := self._options) == before:
            return
        if options.log != before.log:
            self._ranges.set_log(options.log)
            self._panes.intensity_axes[MAIN].set_log(options.log)
            self._cursor.log = options.log
        if options.arranges or before.arranges:
            self._arrange()
            self._draw()
            return
        self._drawn = replace(self._drawn, options=options)
        self._panes.show_residual(options.residual and self._has_residual)
        for layer in self._layers:
            layer.set_options(options)
        self._ranges.fit()
        self._show_legend()

    def set_axis_unit(self, key: str, laser_nm: float | None) -> None:
        """Number the axis in a unit (a key of core.spectral_units.BY_KEY); Raman shift where the laser is unknown."""
        scale = AxisScale.of(key, laser_nm)
        if scale != self._scale:
            self._scale = self._cursor.scale = scale
            self._panes.shift_axis.set_scale(scale)
            self.peak_labels.show_labels([label_in_unit(label, scale) for label in self._peak_labels])
            self._cursor.follow()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self._panes.apply_theme(theme, self.font())
        self._cursor.crosshair.apply_theme(theme)
        self._legend.apply_theme(theme)
        for region in (self._region, self._band):
            region.apply_theme(theme, self._legend.font())
        self.trace_labels.apply_theme(theme)
        self.peak_labels.apply_theme(theme)
        self._draw()

    def show_peak_labels(self, labels: Sequence[PeakLabel], span: float | None = None) -> None:
        """Label peaks of a spectrum whose intensities span `span`; an empty sequence removes the labels."""
        if tuple(labels) != self._peak_labels:
            had, self._peak_labels = [len(item.text) for item in self._peak_labels], tuple(labels)
            self.peak_labels.show_labels([label_in_unit(label, self._scale) for label in labels], span=span)
            if had != [len(item.text) for item in labels]:
                self._ranges.fit()

    def _label_position(self, shift: float, intensity: float) -> QPointF | None:
        (left, right), (low, high) = self.visible_range()
        if not (left <= shift <= right and low <= intensity <= high):
            return None
        return QPointF(self._panes.viewport().mapFrom(self, self.position_of(shift, intensity)))

    def _point_at(self, position: QPointF) -> tuple[float, float]:
        """The Raman shift and the intensity that are drawn at a place of the viewport."""
        point = self._panes.boxes[MAIN].mapSceneToView(self._panes.mapToScene(position.toPoint()))
        return float(point.x()), self._intensity(float(point.y()))

    def set_noise_region(self, low: float, high: float) -> None:
        """Set where the noise is measured, in cm⁻¹."""
        self._region.set_range(low, high)

    def set_noise_region_visible(self, visible: bool) -> None:
        """Show the noise region, which can then be dragged, or hide it."""
        self._region.setVisible(visible)

    def set_tool(self, tool: str) -> None:
        """Let the left button work for a tool: "click", "range" or "points"; "" zooms again."""
        self._panes.boxes[MAIN].set_tool(tool)

    def pixel_size(self) -> tuple[float, float]:
        """Return how many cm⁻¹ and intensities (logarithms where they are drawn so) a pixel is."""
        width, height = self._panes.boxes[MAIN].viewPixelSize()
        return float(width), float(height)

    def _intensity(self, height: float) -> float:
        return float(10.0 ** min(height, 300.0)) if self._options.log else float(height)

    def _emit_dragged(self, start: QPointF, end: QPointF, is_finished: bool) -> None:
        first, last = (QPointF(point.x(), self._intensity(point.y())) for point in (start, end))
        self.dragged.emit(first, last, is_finished)

    def visible_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the visible Raman shifts and intensities, ((low, high), (low, high)), never as logarithms."""
        low, high = self._panes.boxes[MAIN].viewRange()[1]
        if self._options.log:
            low, high = 10.0**low, 10.0**high
        return self._panes.shifts, (float(low), float(high))

    def position_of(self, shift: float, intensity: float, residual: bool = False) -> QPointF:
        """Return where in this widget a Raman shift and an intensity (or residual) are drawn."""
        height = math.log10(intensity) if self._options.log and not residual else intensity
        box = self._panes.boxes[RESIDUAL if residual else MAIN]
        point = self._panes.viewportTransform().map(box.mapViewToScene(QPointF(shift, height)))
        return QPointF(self._panes.viewport().mapTo(self, point))

    # Export

    @property
    def drawing(self) -> bool:
        """Whether an image is still being drawn, between the events of the window."""
        return any(layer.busy for layer in self._layers)

    def finish_drawing(self) -> None:
        """Complete the image now."""
        for layer in self._layers:
            layer.finish_drawing()

    def copy_picture(self) -> QImage:
        """Render the plot at twice its size, without the crosshair."""
        self.finish_drawing()
        self._cursor.crosshair.hide()
        size = self.size()
        image = QImage(size * _PICTURE_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_PICTURE_RATIO)
        image.fill(self._theme.panel)
        self.render(image)
        self._cursor.crosshair.show()
        return image

    def numbers(self) -> str:
        """Return what is drawn between the visible shifts as tab-separated text; of a density its percentiles."""
        if self._drawn.copied:
            return self._drawn.numbers(self._options, self._panes.shifts, self._scale)
        self.finish_drawing()
        if (density := next((layer for layer in self._layers if isinstance(layer, DensityLayer)), None)) is None:
            return ""
        text = columns_as_text(density.columns(*self._panes.shifts, self._unit, self._scale))
        selected = self._drawn.rows(self._selected[:MAX_CURVES], self._unit)
        return text + ("\n" + numbers_of(selected, self._options, *self._panes.shifts, self._scale) if selected else "")

    @property
    def readout(self) -> str:
        """The text of the crosshair; empty while the cursor is elsewhere."""
        return self._cursor.crosshair.text

    @property
    def legend(self) -> list[str]:
        """The names in the legend, in order."""
        return self._legend.names
