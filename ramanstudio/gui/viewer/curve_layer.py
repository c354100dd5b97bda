"""Draws a few spectra, each as a curve of its own; and `Layer`, the protocol of every way to draw spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsItem

from ramanstudio.denoising.denoised import CONFIDENCE_90
from ramanstudio.gui.common.theme import Theme, blend, with_alpha
from ramanstudio.gui.viewer.displayed_spectra import (
    DisplayedSpectrum,
    DisplayOptions,
    Envelope,
    FloatArray,
    Quantity,
    logarithm,
)
from ramanstudio.gui.viewer.plot_items import BandItem, CurveItem

# Beyond 20, curves are too many to tell apart (and 500 items take 3.1 s to build and 0.65 s to redraw).
MAX_CURVES: Final = 20

# The denoised curve is a little wider than the raw one beneath it.
_DENOISED_WIDTH: Final = 1.5


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One entry of the legend: a name, and how its line looks."""

    name: str
    colour: str
    kind: str = "line"  # "line", "dashed" or "density"


class Layer(Protocol):
    """A way to draw spectra on the two panes."""

    def start(self) -> None:
        """Start drawing; called once the panes have their ranges."""

    def set_options(self, options: DisplayOptions) -> None:
        """Show or hide quantities, and switch between linear and logarithmic intensities."""

    def envelopes(self, options: DisplayOptions) -> list[Envelope]:
        """Return what the intensity axis must show (logarithms when `options.log`)."""

    def residual_envelopes(self) -> list[Envelope]:
        """Return what the residual axis must show."""

    def legend_entries(self, options: DisplayOptions) -> list[LegendEntry]:
        """Return the entries of the legend."""

    @property
    def busy(self) -> bool:
        """Whether drawing is in progress."""

    def finish_drawing(self) -> None:
        """Complete the drawing now."""

    def remove(self) -> None:
        """Remove everything from the panes."""


class CurveLayer:
    """Up to twenty spectra: raw curve, denoised curve with its confidence band, and residual."""

    def __init__(
        self,
        items: Sequence[DisplayedSpectrum],
        options: DisplayOptions,
        theme: Theme,
        panes: Sequence[pg.ViewBox],
        on_top: bool = False,
    ) -> None:
        self._items, self._options, self._theme, self._panes = list(items), options, theme, panes
        self._on_top = on_top  # of a density, from which they must stand out
        self._drawn: dict[Quantity, list[QGraphicsItem]] = {}
        self._bounds: dict[Quantity, list[Envelope]] = {}
        self._draw()

    @property
    def _several(self) -> bool:
        return len(self._items) > 1 or self._on_top

    def _colour(self, index: int) -> str:
        return self._theme.category(index + 4 if self._on_top else index) if self._several else self._theme.accent

    def _draw(self) -> None:
        self._drawn = {"raw": [], "denoised": [], "band": [], "residual": []}
        self._bounds = {"raw": [], "denoised": [], "band": [], "residual": []}
        for index, item in enumerate(self._items):
            self._draw_spectrum(item, self._colour(index))
        self.set_options(self._options)

    def _draw_spectrum(self, item: DisplayedSpectrum, colour: str) -> None:
        theme, axis = self._theme, np.asarray(item.axis, np.float64)
        raw = self._scaled(item.raw)
        dimmed = self._several and item.denoised is not None and self._options.denoised
        raw_colour = colour if self._several else theme.raw
        self._add_curve("raw", axis, raw, blend(theme.panel, colour, 0.5) if dimmed else raw_colour, z=1)
        if item.replaced is not None and item.denoised is not None:
            self._bounds["raw"][-1] = _envelope(axis, np.where(item.replaced, np.nan, raw))
        if item.denoised is None:
            return
        denoised = self._scaled(item.denoised)
        if item.expected_error is not None:
            half = CONFIDENCE_90 * np.asarray(item.expected_error, np.float64)
            low, high = self._edges(np.asarray(item.denoised, np.float64), half)
            self._add("band", BandItem(axis, low, high, with_alpha(colour, theme.band_alpha)), z=2)
            self._bounds["band"] += [_envelope(axis, low), _envelope(axis, high)]
        self._add_curve("denoised", axis, denoised, colour, z=3, width=_DENOISED_WIDTH)
        residual = np.asarray(item.raw, np.float64) - item.denoised
        self._add_curve("residual", axis, residual, colour if self._several else theme.residual, z=1)

    def _edges(self, denoised: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
        low, high = denoised - half, denoised + half
        if not self._options.log:
            return low, high
        high_log = logarithm(high)
        # A lower edge at or below zero has no logarithm; the band then reaches down out of the picture.
        low_log = np.where(np.isfinite(high_log) & ~(low > 0), np.nanmin(high_log, initial=0.0) - 12, logarithm(low))
        return low_log, high_log

    def _scaled(self, values: FloatArray) -> FloatArray:
        return logarithm(values) if self._options.log else np.asarray(values, np.float64)

    def _add_curve(
        self, quantity: Quantity, axis: FloatArray, values: FloatArray, colour: str, z: float, width: float = 1.0
    ) -> None:
        self._bounds[quantity].append(_envelope(axis, values))
        halo = QColor(self._theme.panel) if self._on_top and quantity != "residual" else None
        self._add(quantity, CurveItem(axis, values, self._theme.pen(colour), width, halo), z)

    def _add(self, quantity: Quantity, item: QGraphicsItem, z: float) -> None:
        item.setZValue(z + (20 if self._on_top else 0))
        pane = self._panes[1 if quantity == "residual" else 0]
        pane.addItem(item, ignoreBounds=True)
        self._drawn[quantity].append(item)

    def set_options(self, options: DisplayOptions) -> None:
        """Show or hide curves; they are drawn again only where they look different."""
        before, self._options = self._options, options
        if options.log != before.log or (self._several and options.denoised != before.denoised):
            self.remove()
            self._draw()
            return
        for quantity, items in self._drawn.items():
            for item in items:
                item.setVisible(_visible(quantity, options, self._has_denoised))

    @property
    def _has_denoised(self) -> bool:
        return any(item.denoised is not None for item in self._items)

    def envelopes(self, options: DisplayOptions) -> list[Envelope]:
        """Return the bounds of every visible curve and band; a logarithmic band reaches to nothing and is left out."""
        quantities: tuple[Quantity, ...] = ("raw", "denoised") if options.log else ("raw", "denoised", "band")
        return [
            bound for name in quantities if _visible(name, options, self._has_denoised) for bound in self._bounds[name]
        ]

    def residual_envelopes(self) -> list[Envelope]:
        """Return the bounds of every residual."""
        return self._bounds["residual"]

    def legend_entries(self, options: DisplayOptions) -> list[LegendEntry]:
        """Return the name of each curve where there are several."""
        if not self._several:
            return []
        return [LegendEntry(item.name, self._colour(index)) for index, item in enumerate(self._items)]

    def start(self) -> None:
        """Nothing to do: curves are drawn already."""

    @property
    def busy(self) -> bool:
        """Curves are drawn at once."""
        return False

    def finish_drawing(self) -> None:
        """Nothing to do: curves are drawn at once."""

    def remove(self) -> None:
        """Remove all curves from the panes."""
        for quantity, items in self._drawn.items():
            for item in items:
                self._panes[1 if quantity == "residual" else 0].removeItem(item)
        self._drawn = {}


def _envelope(axis: FloatArray, values: FloatArray) -> Envelope:
    return Envelope(axis, values, values)


def _visible(quantity: Quantity, options: DisplayOptions, has_denoised: bool) -> bool:
    if quantity == "raw":
        return options.raw
    if quantity == "band":
        return options.band and options.denoised and has_denoised
    return (options.denoised if quantity == "denoised" else options.residual) and has_denoised
