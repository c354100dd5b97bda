"""Draws some hundreds of spectra as thin translucent lines into one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QPainter

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.density import Frame
from ramanstudio.gui.viewer.displayed_spectra import (
    DisplayOptions,
    Envelope,
    FloatArray,
    Quantity,
    SpectraBlock,
    logarithm,
)
from ramanstudio.gui.viewer.raster import ImageSteps, ImageUpdater, empty_image, to_pixels

# Beyond 500, lines drown each other.
MAX_LINES: Final = 500
_POINTS_PER_STEP: Final = 8_000
_MAX_ANTIALIASED: Final = 150
_PREVIEW_LINES: Final = 12

# What is drawn, its colour, and its share of the ink.
Strokes = Sequence[tuple[Quantity, str, float]]


class LineLayer:
    """Some hundreds of spectra as thin translucent lines in one image.

    One item with gaps takes 60 ms to draw 500 spectra of 1000 points, at every frame of a pan and every move of the
    crosshair; an image is drawn once, in steps, and then only moved.
    """

    def __init__(
        self,
        parts: Sequence[SpectraBlock],
        options: DisplayOptions,
        theme: Theme,
        panes: Sequence[pg.ViewBox],
        parent: QObject,
    ) -> None:
        self._parts, self._options, self._theme = list(parts), options, theme
        self._n_spectra = sum(len(part) for part in parts)
        self._has_denoised = any(part.denoised is not None for part in parts)
        self._is_coloured = all(len(part.positions) == len(part) for part in parts)
        self._bounds: dict[tuple[Quantity, bool], list[Envelope]] = {}
        self._main = ImageUpdater(panes[0], self._draw_main, parent)
        self._residual = ImageUpdater(panes[1], self._draw_residual, parent)
        self._residual.image_item.setVisible(options.residual)

    def start(self) -> None:
        """Start drawing."""
        self._main.redraw()
        self._residual.redraw()

    def _draw_main(self, frame: Frame, is_new: bool) -> ImageSteps:
        both = self._options.raw and self._options.denoised and self._has_denoised
        strokes: list[tuple[Quantity, str, float]] = []
        if self._options.raw:
            strokes.append(("raw", self._theme.raw, 0.6 if both else 1.0))
        if self._options.denoised and self._has_denoised:
            strokes.append(("denoised", self._theme.accent, 1.0))
        return self._drawing(frame, strokes, self._options.log, is_new)

    def _draw_residual(self, frame: Frame, is_new: bool) -> ImageSteps:
        return self._drawing(frame, [("residual", self._theme.residual, 1.0)], False, is_new)

    def _drawing(self, frame: Frame, strokes: Strokes, log: bool, is_new: bool) -> ImageSteps:
        if is_new:  # some of them, at once
            stride = max(1, self._n_spectra // _PREVIEW_LINES)
            image = empty_image(frame)
            for _ in self._lines(image, frame, strokes, log, stride):
                pass
            yield image
        image = empty_image(frame)
        yield from self._lines(image, frame, strokes, log, 1)
        yield image

    def _lines(self, image: QImage, frame: Frame, strokes: Strokes, log: bool, stride: int) -> Iterator[None]:
        if self._is_coloured:
            yield from self._coloured_lines(image, frame, strokes, log, stride)
            return
        for quantity, colour, weight in strokes:
            pen = self._theme.pen(colour, alpha=weight * min(0.9, max(0.18, 3.5 * (stride / self._n_spectra) ** 0.5)))
            for axis, values in self._pieces(quantity, log, stride):
                painter = QPainter(image)
                # Antialiasing takes twice the time and is invisible among so many lines.
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._n_spectra <= _MAX_ANTIALIASED)
                painter.setPen(pen)
                painter.setTransform(to_pixels(frame))
                painter.drawPath(merged_path(axis, values))
                painter.end()
                yield None

    def _coloured_lines(self, image: QImage, frame: Frame, strokes: Strokes, log: bool, stride: int) -> Iterator[None]:
        """Draw each spectrum in its colour of the scale; the raw one faint where a denoised one is drawn over it."""
        for quantity, _, weight in strokes:
            for part in self._parts:
                for values in part.values(quantity):
                    for row in range(0, len(values), stride):
                        drawn = logarithm(values[row : row + 1]) if log else values[row : row + 1]
                        painter = QPainter(image)
                        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                        colour = scale_colour(part.positions[row], self._theme)
                        painter.setPen(self._theme.pen(colour, alpha=0.9 if weight == 1.0 else 0.3))
                        painter.setTransform(to_pixels(frame))
                        painter.drawPath(merged_path(part.axis, drawn))
                        painter.end()
                        yield None

    def _pieces(self, quantity: Quantity, log: bool, stride: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        for part in self._parts:
            rows = max(1, _POINTS_PER_STEP // part.axis.size)
            for values in part.values(quantity):
                subset = values[::stride]
                for start in range(0, len(subset), rows):
                    block = subset[start : start + rows]
                    yield part.axis, logarithm(block) if log else block

    def set_options(self, options: DisplayOptions) -> None:
        """Draw again what the options change."""
        before, self._options = self._options, options
        self._residual.set_visible(options.residual and self._has_denoised)
        if (before.raw, before.denoised, before.log) != (options.raw, options.denoised, options.log):
            self._main.redraw()

    def envelopes(self, options: DisplayOptions) -> list[Envelope]:
        """Return the bounds of all spectra."""
        drawn: list[Quantity] = ["raw"] if options.raw else []
        drawn += ["denoised"] if options.denoised else []
        return [bound for quantity in drawn for bound in self._bound(quantity, options.log)]

    def residual_envelopes(self) -> list[Envelope]:
        """Return the bounds of all residuals."""
        return self._bound("residual", False)

    def _bound(self, quantity: Quantity, log: bool) -> list[Envelope]:
        if (quantity, log) not in self._bounds:
            self._bounds[quantity, log] = [
                Envelope.of(part.axis, logarithm(values) if log else values)
                for part in self._parts
                for values in part.values(quantity)
            ]
        return self._bounds[quantity, log]

    def legend_entries(self, options: DisplayOptions) -> list[LegendEntry]:
        """Return what the colours are."""
        if self._is_coloured:
            return [LegendEntry(f"{self._n_spectra} spectra, from the first to the last", "", "density")]
        legend_entries = [LegendEntry(f"{self._n_spectra} raw spectra", self._theme.raw)] if options.raw else []
        if options.denoised and self._has_denoised:
            legend_entries.append(
                LegendEntry("denoised" if legend_entries else f"{self._n_spectra} denoised spectra", self._theme.accent)
            )
        return legend_entries

    @property
    def busy(self) -> bool:
        """Whether an image is not complete."""
        return self._main.busy or self._residual.busy

    def finish_drawing(self) -> None:
        """Complete the images now."""
        self._main.finish_drawing()
        self._residual.finish_drawing()

    def remove(self) -> None:
        """Remove the images from the panes."""
        self._main.remove()
        self._residual.remove()


def scale_colour(position: float, theme: Theme) -> str:
    """Return the colour at a position from 0 to 1 of a scale, viridis without the end that the theme would hide."""
    low, high = (0.2, 1.0) if theme.is_dark else (0.0, 0.85)
    return str(pg.colormap.get("viridis").map(low + (high - low) * position, mode="qcolor").name())


def merged_path(axis: FloatArray, values: FloatArray) -> Any:
    """Return spectra (N, B) as one path, without lines from one to the next or across gaps."""
    finite = np.isfinite(values)
    joined = np.ones(values.shape, np.int32)
    joined[:, -1] = 0
    if not finite.all():
        joined[:, :-1] &= finite[:, :-1] & finite[:, 1:]
        values = np.where(finite, values, 0)
    shifts = np.broadcast_to(axis, values.shape).ravel()
    return pg.arrayToQPath(shifts, np.ascontiguousarray(values, np.float64).ravel(), connect=joined.ravel())
