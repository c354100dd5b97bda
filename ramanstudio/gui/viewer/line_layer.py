"""How some hundreds of spectra are drawn: as thin translucent lines in one picture."""

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
from ramanstudio.gui.viewer.displayed_spectra import DisplayOptions, Envelope, Floats, Quantity, SpectraBlock, logarithm
from ramanstudio.gui.viewer.raster import ImageSteps, ImageUpdater, painted, to_pixels

# Beyond 500, lines drown each other.
MAX_LINES: Final = 500
_PIECE_POINTS: Final = 8_000
_SMOOTH_LINES: Final = 150
_FIRST_LINES: Final = 12

# What is drawn, its colour, and its share of the ink.
Strokes = Sequence[tuple[Quantity, str, float]]


class LineLayer:
    """Some hundreds of spectra, drawn as thin translucent lines into one picture.

    One item with gaps takes 60 ms to draw 500 spectra of 1000 points, at every frame of a pan and every move of the
    crosshair; a picture is drawn once, in pieces, and then only moved.
    """

    def __init__(
        self,
        parts: Sequence[SpectraBlock],
        look: DisplayOptions,
        theme: Theme,
        panes: Sequence[pg.ViewBox],
        parent: QObject,
    ) -> None:
        self._parts, self._look, self._theme = list(parts), look, theme
        self._count = sum(len(part) for part in parts)
        self._has_denoised = any(part.denoised is not None for part in parts)
        self._bounds: dict[tuple[Quantity, bool], list[Envelope]] = {}
        self._main = ImageUpdater(panes[0], self._draw_main, parent)
        self._residual = ImageUpdater(panes[1], self._draw_residual, parent)
        self._residual.picture.setVisible(look.residual)

    def start(self) -> None:
        """Begin to draw."""
        self._main.redraw()
        self._residual.redraw()

    def _draw_main(self, frame: Frame, anew: bool) -> ImageSteps:
        both = self._look.raw and self._look.denoised and self._has_denoised
        strokes: list[tuple[Quantity, str, float]] = []
        if self._look.raw:
            strokes.append(("raw", self._theme.raw, 0.6 if both else 1.0))
        if self._look.denoised and self._has_denoised:
            strokes.append(("denoised", self._theme.accent, 1.0))
        return self._drawing(frame, strokes, self._look.log, anew)

    def _draw_residual(self, frame: Frame, anew: bool) -> ImageSteps:
        return self._drawing(frame, [("residual", self._theme.residual, 1.0)], False, anew)

    def _drawing(self, frame: Frame, strokes: Strokes, log: bool, anew: bool) -> ImageSteps:
        if anew:  # some of them, at once
            every = max(1, self._count // _FIRST_LINES)
            image = painted(frame)
            for _ in self._lines(image, frame, strokes, log, every):
                pass
            yield image
        image = painted(frame)
        yield from self._lines(image, frame, strokes, log, 1)
        yield image

    def _lines(self, image: QImage, frame: Frame, strokes: Strokes, log: bool, every: int) -> Iterator[None]:
        for quantity, colour, share in strokes:
            pen = self._theme.pen(colour, alpha=share * min(0.9, max(0.18, 3.5 * (every / self._count) ** 0.5)))
            for axis, values in self._pieces(quantity, log, every):
                painter = QPainter(image)
                # Smooth lines take twice the time, which among so many nobody sees.
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._count <= _SMOOTH_LINES)
                painter.setPen(pen)
                painter.setTransform(to_pixels(frame))
                painter.drawPath(merged_path(axis, values))
                painter.end()
                yield None

    def _pieces(self, quantity: Quantity, log: bool, every: int) -> Iterator[tuple[Floats, Floats]]:
        for part in self._parts:
            rows = max(1, _PIECE_POINTS // part.axis.size)
            for values in part.values(quantity):
                chosen = values[::every]
                for start in range(0, len(chosen), rows):
                    block = chosen[start : start + rows]
                    yield part.axis, logarithm(block) if log else block

    def set_look(self, look: DisplayOptions) -> None:
        """Draw anew what the new look changes."""
        before, self._look = self._look, look
        self._residual.set_visible(look.residual and self._has_denoised)
        if (before.raw, before.denoised, before.log) != (look.raw, look.denoised, look.log):
            self._main.redraw()

    def envelopes(self, look: DisplayOptions) -> list[Envelope]:
        """Around all spectra."""
        drawn: list[Quantity] = ["raw"] if look.raw else []
        drawn += ["denoised"] if look.denoised else []
        return [bound for quantity in drawn for bound in self._bound(quantity, look.log)]

    def residual_envelopes(self) -> list[Envelope]:
        """Around all residuals."""
        return self._bound("residual", False)

    def _bound(self, quantity: Quantity, log: bool) -> list[Envelope]:
        if (quantity, log) not in self._bounds:
            self._bounds[quantity, log] = [
                Envelope.of(part.axis, logarithm(values) if log else values)
                for part in self._parts
                for values in part.values(quantity)
            ]
        return self._bounds[quantity, log]

    def keys(self, look: DisplayOptions) -> list[LegendEntry]:
        """What the two colours are."""
        keys = [LegendEntry(f"{self._count} raw spectra", self._theme.raw)] if look.raw else []
        if look.denoised and self._has_denoised:
            keys.append(LegendEntry("denoised" if keys else f"{self._count} denoised spectra", self._theme.accent))
        return keys

    @property
    def busy(self) -> bool:
        """Whether a picture is not there yet."""
        return self._main.busy or self._residual.busy

    def finish_drawing(self) -> None:
        """Finish the pictures now."""
        self._main.finish_drawing()
        self._residual.finish_drawing()

    def remove(self) -> None:
        """Leave the panes."""
        self._main.remove()
        self._residual.remove()


def merged_path(axis: Floats, values: Floats) -> Any:
    """Spectra (N, B) as one path: no line from the end of one to the start of the next, none across a gap."""
    finite = np.isfinite(values)
    joined = np.ones(values.shape, np.int32)
    joined[:, -1] = 0
    if not finite.all():
        joined[:, :-1] &= finite[:, :-1] & finite[:, 1:]
        values = np.where(finite, values, 0)
    there = np.broadcast_to(axis, values.shape).ravel()
    return pg.arrayToQPath(there, np.ascontiguousarray(values, np.float64).ravel(), connect=joined.ravel())
