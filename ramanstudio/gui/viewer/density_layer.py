"""Draws thousands of spectra as the density of their lines, with percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.density import Frame, line_counts, percentile_curves, run_to_end
from ramanstudio.gui.viewer.displayed_spectra import (
    DisplayOptions,
    Envelope,
    FloatArray,
    Quantity,
    SpectraBlock,
    logarithm,
)
from ramanstudio.gui.viewer.plot_items import CurveItem
from ramanstudio.gui.viewer.raster import ImageSteps, ImageUpdater, TimeSlices, coloured_image, empty_image

# Percentiles: the picture's bounds (a map of 10 000 keeps its rare pixels, and one cosmic ray does not flatten it),
# and the three lines that are drawn.
_PERCENT: Final = (0.2, 5.0, 50.0, 95.0, 99.8)
# So many spectra, taken evenly, give a first picture within a few milliseconds.
_PREVIEW_ROWS: Final = 300


class DensityLayer:
    """Thousands of spectra as an image of how many pass through each pixel, with their percentiles.

    Of the denoised spectra where these are shown; raw spectra shown too are two thin lines, their 5 % and 95 %.
    """

    def __init__(
        self,
        parts: Sequence[SpectraBlock],
        options: DisplayOptions,
        theme: Theme,
        panes: Sequence[pg.ViewBox],
        parent: QObject,
        bounds_changed: Callable[[], None],
    ) -> None:
        self._parts, self._options, self._theme, self._panes = list(parts), options, theme, panes
        self._bounds_changed = bounds_changed
        self._n_spectra = sum(len(part) for part in parts)
        self._has_denoised = any(part.denoised is not None for part in parts)
        self._arrays: dict[Quantity, list[tuple[FloatArray, FloatArray]]] = {}
        self._percentiles_of: dict[Quantity, list[FloatArray]] = {}
        self._to_refine: list[Quantity] = []
        self._lines: list[CurveItem] = []
        self._slices = TimeSlices(parent)
        self._main = ImageUpdater(panes[0], self._draw_main, parent)
        self._residual = ImageUpdater(panes[1], self._draw_residual, parent)
        self._residual.image_item.setVisible(options.residual and self._has_denoised)

    def _values(self, quantity: Quantity) -> list[tuple[FloatArray, FloatArray]]:
        """Return axis (B,) and values (N, B) of each block that has the quantity."""
        if quantity not in self._arrays:
            self._arrays[quantity] = [(part.axis, values) for part in self._parts for values in part.values(quantity)]
        return self._arrays[quantity]

    @property
    def _quantity(self) -> Quantity | None:
        if self._options.denoised and self._has_denoised:
            return "denoised"
        return "raw" if self._options.raw else None

    def start(self) -> None:
        """Start drawing."""
        self._main.redraw()
        self._residual.redraw()
        self._draw_percentile_lines()

    def _draw_main(self, frame: Frame, is_new: bool) -> ImageSteps:
        return self._density(frame, self._quantity, self._options.log, is_new)

    def _draw_residual(self, frame: Frame, is_new: bool) -> ImageSteps:
        return self._density(frame, "residual", False, is_new)

    def _density(self, frame: Frame, quantity: Quantity | None, log: bool, is_new: bool) -> ImageSteps:
        if quantity is None:
            yield empty_image(frame)
            return
        colours = _colours(self._theme.is_dark)
        parts = self._values(quantity)
        stride = max(1, self._n_spectra // _PREVIEW_ROWS)
        if stride > 1 and is_new:
            preview = sum(run_to_end(line_counts(axis, values[::stride], frame, log)) for axis, values in parts)
            yield coloured_image(np.asarray(preview) * stride, colours, frame)
        counts = np.zeros((frame.height, frame.width), np.float32)
        for axis, values in parts:
            pieces = line_counts(axis, values, frame, log)
            while True:
                try:
                    next(pieces)
                except StopIteration as done:
                    counts += done.value
                    break
                yield None
        yield coloured_image(counts, colours, frame)

    def _percentiles(self, quantity: Quantity) -> list[FloatArray]:
        """Return the percentiles (5, B) of each block: first those of a sample, later those of all spectra."""
        if quantity not in self._percentiles_of:
            stride = max(1, self._n_spectra // _PREVIEW_ROWS)
            self._percentiles_of[quantity] = [
                run_to_end(percentile_curves(values[::stride], _PERCENT)) for _, values in self._values(quantity)
            ]
            self._to_refine.append(quantity)
            if not self._slices.busy:
                self._refine_next()
        return self._percentiles_of[quantity]

    def _refine_next(self) -> None:
        if self._to_refine:
            quantity = self._to_refine.pop(0)
            self._slices.run(self._refined(quantity), self._set_refined, self._refine_next)

    def _refined(self, quantity: Quantity) -> Iterator[tuple[Quantity, list[FloatArray]] | None]:
        refined = []
        for _, values in self._values(quantity):
            refined.append((yield from percentile_curves(values, _PERCENT)))
        yield quantity, refined

    def _set_refined(self, refined: tuple[Quantity, list[FloatArray]]) -> None:
        quantity, curves = refined
        self._percentiles_of[quantity] = curves
        self._draw_percentile_lines()
        self._bounds_changed()

    def _draw_percentile_lines(self) -> None:
        for line in self._lines:
            self._panes[0].removeItem(line)
        self._lines = []
        if len(self._parts) != 1 or self._quantity is None:
            return
        solid, dashed = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        if self._quantity == "denoised" and self._options.raw:
            for row in (1, 3):
                self._add_line(self._percentiles("raw")[0][row], self._theme.raw, solid)
        for row, style in ((1, dashed), (2, solid), (3, dashed)):
            self._add_line(self._percentiles(self._quantity)[0][row], self._theme.text, style)

    def _add_line(self, values: FloatArray, colour: str, style: Qt.PenStyle) -> None:
        pen = self._theme.pen(colour)
        pen.setStyle(style)
        line = CurveItem(self._parts[0].axis, logarithm(values) if self._options.log else values, pen)
        line.setZValue(10)
        self._panes[0].addItem(line, ignoreBounds=True)
        self._lines.append(line)

    def set_options(self, options: DisplayOptions) -> None:
        """Draw again what the options change."""
        before, self._options = self._options, options
        self._residual.set_visible(options.residual and self._has_denoised)
        if (before.raw, before.denoised, before.log) != (options.raw, options.denoised, options.log):
            self._main.redraw()
            self._draw_percentile_lines()

    def envelopes(self, options: DisplayOptions) -> list[Envelope]:
        """Return the bounds of all but the outermost spectra."""
        drawn: list[Quantity] = ["raw"] if options.raw else []
        drawn += ["denoised"] if options.denoised and self._has_denoised else []
        return [bound for quantity in drawn for bound in self._bound(quantity, options.log)]

    def residual_envelopes(self) -> list[Envelope]:
        """Return the bounds of all but the outermost residuals."""
        return self._bound("residual", False) if self._has_denoised else []

    def _bound(self, quantity: Quantity, log: bool) -> list[Envelope]:
        scaled = [logarithm(curves) if log else curves for curves in self._percentiles(quantity)]
        axes = [axis for axis, _ in self._values(quantity)]
        return [Envelope(axis, curves[0], curves[-1]) for axis, curves in zip(axes, scaled, strict=True)]

    def legend_entries(self, options: DisplayOptions) -> list[LegendEntry]:
        """Return what colours and lines are."""
        if self._quantity is None:
            return []
        legend_entries = [
            LegendEntry(
                f"{format_number(self._n_spectra)} {self._quantity} spectra, few to many".replace(",", " ", 1),
                "",
                "density",
            )
        ]
        if len(self._parts) == 1:
            legend_entries += [
                LegendEntry("median", self._theme.text),
                LegendEntry("5 % and 95 %", self._theme.text, "dashed"),
            ]
            if self._quantity == "denoised" and options.raw:
                legend_entries.append(LegendEntry("raw, 5 % and 95 %", self._theme.raw))
        return legend_entries

    def columns(self, left: float, right: float, unit: str, scale: AxisScale) -> list[tuple[str, FloatArray]]:
        """Return the percentiles drawn between two Raman shifts as named columns (B,)."""
        columns: list[tuple[str, FloatArray]] = []
        drawn: list[Quantity] = [self._quantity] if self._quantity is not None else []
        drawn += ["residual"] if self._options.residual and self._has_denoised else []
        for number, part in enumerate(self._parts):
            inside = (part.axis >= left) & (part.axis <= right)
            columns.append((scale.unit.label, scale.values(part.axis[inside])))
            for quantity in drawn:
                curves = self._percentiles(quantity)
                if number < len(curves):
                    columns += [
                        (f"{quantity} {_PERCENT[row]:g} % of {len(part)} / {unit}", curves[number][row][inside])
                        for row in (1, 2, 3)
                    ]
        return columns

    @property
    def busy(self) -> bool:
        """Whether an image, or the percentiles of all spectra, are not complete."""
        return self._slices.busy or self._main.busy or self._residual.busy

    def finish_drawing(self) -> None:
        """Complete images and percentiles now."""
        while self._slices.busy:
            self._slices.run_to_end()
        self._main.finish_drawing()
        self._residual.finish_drawing()

    def remove(self) -> None:
        """Remove everything from the panes."""
        self._slices.stop()
        self._slices.deleteLater()
        self._main.remove()
        self._residual.remove()
        for line in self._lines:
            self._panes[0].removeItem(line)


@cache
def _colours(dark: bool) -> list[int]:
    """Return 256 viridis colours: transparent where nothing is, translucent where little is, for both themes."""
    table = np.array(pg.colormap.get("viridis").getLookupTable(nPts=256), np.uint8)
    alpha = np.clip(np.linspace(90 if dark else 70, 620, 256), 0, 255).astype(int)
    alpha[0] = 0
    return [
        QColor(int(red), int(green), int(blue), int(opacity)).rgba()
        for (red, green, blue), opacity in zip(table, alpha, strict=True)
    ]
