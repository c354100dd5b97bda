"""How thousands of spectra are drawn: as the density of their lines, with their percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.curve_layer import LegendEntry
from ramanstudio.gui.viewer.density import Frame, count_pieces, finish, percentile_pieces
from ramanstudio.gui.viewer.displayed_spectra import DisplayOptions, Envelope, Floats, Quantity, SpectraBlock, logarithm
from ramanstudio.gui.viewer.plot_items import CurveItem
from ramanstudio.gui.viewer.raster import ImageSteps, ImageUpdater, TimeSlices, coloured, painted

# Percentiles: the picture's bounds (a map of 10 000 keeps its rare pixels, and one cosmic ray does not flatten it),
# and the three lines that are drawn.
_PERCENT: Final = (0.2, 5.0, 50.0, 95.0, 99.8)
# So many spectra, taken evenly, give a first picture within a few milliseconds.
_FIRST_ROWS: Final = 300


class DensityLayer:
    """Thousands of spectra as a picture of how many pass through each pixel, with the percentiles of them all.

    It is of the denoised spectra where these are shown; raw ones shown as well are two thin lines, their 5 % and 95 %.
    """

    def __init__(
        self,
        parts: Sequence[SpectraBlock],
        look: DisplayOptions,
        theme: Theme,
        panes: Sequence[pg.ViewBox],
        parent: QObject,
        bounds_changed: Callable[[], None],
    ) -> None:
        self._parts, self._look, self._theme, self._panes = list(parts), look, theme, panes
        self._bounds_changed = bounds_changed
        self._count = sum(len(part) for part in parts)
        self._has_denoised = any(part.denoised is not None for part in parts)
        self._arrays: dict[Quantity, list[tuple[Floats, Floats]]] = {}
        self._found: dict[Quantity, list[Floats]] = {}
        self._wanted: list[Quantity] = []
        self._lines: list[CurveItem] = []
        self._turns = TimeSlices(parent)
        self._main = ImageUpdater(panes[0], self._draw_main, parent)
        self._residual = ImageUpdater(panes[1], self._draw_residual, parent)
        self._residual.picture.setVisible(look.residual and self._has_denoised)

    def _values(self, quantity: Quantity) -> list[tuple[Floats, Floats]]:
        """Axis (B,) and values (N, B) of each part that has the quantity."""
        if quantity not in self._arrays:
            self._arrays[quantity] = [(part.axis, values) for part in self._parts for values in part.values(quantity)]
        return self._arrays[quantity]

    @property
    def _quantity(self) -> Quantity | None:
        if self._look.denoised and self._has_denoised:
            return "denoised"
        return "raw" if self._look.raw else None

    def start(self) -> None:
        """Begin to draw."""
        self._main.redraw()
        self._residual.redraw()
        self._draw_percentiles()

    def _draw_main(self, frame: Frame, anew: bool) -> ImageSteps:
        return self._density(frame, self._quantity, self._look.log, anew)

    def _draw_residual(self, frame: Frame, anew: bool) -> ImageSteps:
        return self._density(frame, "residual", False, anew)

    def _density(self, frame: Frame, quantity: Quantity | None, log: bool, anew: bool) -> ImageSteps:
        if quantity is None:
            yield painted(frame)
            return
        colours = _colours(self._theme.is_dark)
        parts = self._values(quantity)
        every = max(1, self._count // _FIRST_ROWS)
        if every > 1 and anew:
            first = sum(finish(count_pieces(axis, values[::every], frame, log)) for axis, values in parts)
            yield coloured(np.asarray(first) * every, colours, frame)
        counts = np.zeros((frame.height, frame.width), np.float32)
        for axis, values in parts:
            pieces = count_pieces(axis, values, frame, log)
            while True:
                try:
                    next(pieces)
                except StopIteration as done:
                    counts += done.value
                    break
                yield None
        yield coloured(counts, colours, frame)

    def _percentiles(self, quantity: Quantity) -> list[Floats]:
        """(5, B) for each part: at first those of a sample of the spectra; those of all follow."""
        if quantity not in self._found:
            every = max(1, self._count // _FIRST_ROWS)
            self._found[quantity] = [
                finish(percentile_pieces(values[::every], _PERCENT)) for _, values in self._values(quantity)
            ]
            self._wanted.append(quantity)
            if not self._turns.busy:
                self._refine_next()
        return self._found[quantity]

    def _refine_next(self) -> None:
        if self._wanted:
            quantity = self._wanted.pop(0)
            self._turns.run(self._refined(quantity), self._keep_refined, self._refine_next)

    def _refined(self, quantity: Quantity) -> Iterator[tuple[Quantity, list[Floats]] | None]:
        found = []
        for _, values in self._values(quantity):
            found.append((yield from percentile_pieces(values, _PERCENT)))
        yield quantity, found

    def _keep_refined(self, refined: tuple[Quantity, list[Floats]]) -> None:
        quantity, found = refined
        self._found[quantity] = found
        self._draw_percentiles()
        self._bounds_changed()

    def _draw_percentiles(self) -> None:
        for line in self._lines:
            self._panes[0].removeItem(line)
        self._lines = []
        if len(self._parts) != 1 or self._quantity is None:
            return
        solid, dashed = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine
        if self._quantity == "denoised" and self._look.raw:
            for row in (1, 3):
                self._add_line(self._percentiles("raw")[0][row], self._theme.raw, solid)
        for row, style in ((1, dashed), (2, solid), (3, dashed)):
            self._add_line(self._percentiles(self._quantity)[0][row], self._theme.text, style)

    def _add_line(self, values: Floats, colour: str, style: Qt.PenStyle) -> None:
        pen = self._theme.pen(colour)
        pen.setStyle(style)
        line = CurveItem(self._parts[0].axis, logarithm(values) if self._look.log else values, pen)
        line.setZValue(10)
        self._panes[0].addItem(line, ignoreBounds=True)
        self._lines.append(line)

    def set_look(self, look: DisplayOptions) -> None:
        """Draw anew what the new look changes."""
        before, self._look = self._look, look
        self._residual.set_visible(look.residual and self._has_denoised)
        if (before.raw, before.denoised, before.log) != (look.raw, look.denoised, look.log):
            self._main.redraw()
            self._draw_percentiles()

    def envelopes(self, look: DisplayOptions) -> list[Envelope]:
        """Around all but the outermost spectra."""
        drawn: list[Quantity] = ["raw"] if look.raw else []
        drawn += ["denoised"] if look.denoised and self._has_denoised else []
        return [bound for quantity in drawn for bound in self._bound(quantity, look.log)]

    def residual_envelopes(self) -> list[Envelope]:
        """Around all but the outermost residuals."""
        return self._bound("residual", False) if self._has_denoised else []

    def _bound(self, quantity: Quantity, log: bool) -> list[Envelope]:
        scaled = [logarithm(found) if log else found for found in self._percentiles(quantity)]
        axes = [axis for axis, _ in self._values(quantity)]
        return [Envelope(axis, found[0], found[-1]) for axis, found in zip(axes, scaled, strict=True)]

    def keys(self, look: DisplayOptions) -> list[LegendEntry]:
        """What the colours and the lines are."""
        if self._quantity is None:
            return []
        keys = [
            LegendEntry(
                f"{format_number(self._count)} {self._quantity} spectra, few to many".replace(",", " ", 1),
                "",
                "density",
            )
        ]
        if len(self._parts) == 1:
            keys += [LegendEntry("median", self._theme.text), LegendEntry("5 % and 95 %", self._theme.text, "dashed")]
            if self._quantity == "denoised" and look.raw:
                keys.append(LegendEntry("raw, 5 % and 95 %", self._theme.raw))
        return keys

    def columns(self, left: float, right: float, unit: str) -> list[tuple[str, Floats]]:
        """The percentiles that are drawn, between two Raman shifts, as named columns."""
        columns: list[tuple[str, Floats]] = []
        drawn: list[Quantity] = [self._quantity] if self._quantity is not None else []
        drawn += ["residual"] if self._look.residual and self._has_denoised else []
        for number, part in enumerate(self._parts):
            inside = (part.axis >= left) & (part.axis <= right)
            columns.append(("Raman shift / cm⁻¹", part.axis[inside]))
            for quantity in drawn:
                found = self._percentiles(quantity)
                if number < len(found):
                    columns += [
                        (f"{quantity} {_PERCENT[row]:g} % of {len(part)} / {unit}", found[number][row][inside])
                        for row in (1, 2, 3)
                    ]
        return columns

    @property
    def busy(self) -> bool:
        """Whether a picture, or the percentiles of all, are not there yet."""
        return self._turns.busy or self._main.busy or self._residual.busy

    def finish_drawing(self) -> None:
        """Finish the pictures and the percentiles now."""
        while self._turns.busy:
            self._turns.finish()
        self._main.finish_drawing()
        self._residual.finish_drawing()

    def remove(self) -> None:
        """Leave the panes."""
        self._turns.stop()
        self._turns.deleteLater()
        self._main.remove()
        self._residual.remove()
        for line in self._lines:
            self._panes[0].removeItem(line)


@cache
def _colours(dark: bool) -> list[int]:
    """Viridis, transparent where nothing is, and thin where little is, so that neither ground makes an edge."""
    table = np.array(pg.colormap.get("viridis").getLookupTable(nPts=256), np.uint8)
    alpha = np.clip(np.linspace(90 if dark else 70, 620, 256), 0, 255).astype(int)
    alpha[0] = 0
    return [
        QColor(int(red), int(green), int(blue), int(opacity)).rgba()
        for (red, green, blue), opacity in zip(table, alpha, strict=True)
    ]
