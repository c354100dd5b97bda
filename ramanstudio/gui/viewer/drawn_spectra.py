"""What a plot draws of the spectra that it is given: as they are, scaled, or one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.viewer.arrangement import arranged
from ramanstudio.gui.viewer.curve_layer import MAX_CURVES
from ramanstudio.gui.viewer.displayed_spectra import (
    DisplayedSpectrum,
    DisplayOptions,
    Envelope,
    SpectraBlock,
    group_by_axis,
    numbers_of,
)
from ramanstudio.gui.viewer.line_layer import MAX_LINES, scale_colour
from ramanstudio.gui.viewer.plot_overlay import OverlayPoints, PlotOverlay
from ramanstudio.gui.viewer.trace_labels import Trace


@dataclass(frozen=True, slots=True, eq=False)
class DrawnSpectra:
    """Spectra as they are drawn: `items` while they are few, `parts` in any number, and an overlay.

    `options` is what is drawn of them; `copied` are the same spectra without an offset, none where they are too many;
    `stacked` are those that stand one above the other, from the top.
    """

    items: Sequence[DisplayedSpectrum] = ()
    parts: Sequence[SpectraBlock] = ()
    overlay: PlotOverlay | None = None
    options: DisplayOptions = DisplayOptions()  # noqa: RUF009 - frozen
    copied: Sequence[DisplayedSpectrum] = ()
    stacked: Sequence[DisplayedSpectrum] = ()
    is_scaled: bool = False
    limits: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        given: Sequence[DisplayedSpectrum],
        parts: Sequence[SpectraBlock],
        overlay: PlotOverlay | None,
        options: DisplayOptions,
    ) -> DrawnSpectra:
        """Return what is drawn of spectra `given` one by one (none where they are too many) and as `parts`."""
        few = len(given) <= MAX_CURVES
        if not (options.arranges and 1 < len(given) <= MAX_LINES):
            return cls(given if few else (), parts, overlay, options, given if len(given) <= MAX_LINES else ())
        arrangement = arranged(given, options)
        items = arrangement.drawn
        return cls(
            items if few else (),
            group_by_axis(items),
            _replaced_points(items) if few else None,
            arrangement.options,
            arrangement.without_offset,
            items if options.offset and arrangement.options.raw else (),
            bool(options.scaling),
            arrangement.limits,
        )

    def within_limits(self, bounds: Sequence[Envelope]) -> list[Envelope]:
        """Return bounds of what is drawn without what a few outliers reach beyond the others."""
        if self.limits is None:
            return list(bounds)
        return [
            Envelope(bound.axis, np.clip(bound.low, *self.limits), np.clip(bound.high, *self.limits))
            for bound in bounds
        ]

    @property
    def quantity(self) -> str:
        """The quantity of the intensity axis."""
        return f"{'Relative intensity' if self.is_scaled else 'Intensity'}{', offset' if self.stacked else ''}"

    def rows(self, rows: Sequence[int], unit: str) -> list[DisplayedSpectrum]:
        """Return spectra by their rows, where all are of one set."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return [part.spectrum(row, unit) for row in rows if 0 <= row < len(part)] if part is not None else []

    def traces(self, theme: Theme) -> list[Trace]:
        """Return the curves that are named at their right end, from the top."""
        few = bool(self.items)
        return [
            Trace(item.name, item.axis, item.raw, theme.category(rank) if few else colour_of(item, theme))
            for rank, item in enumerate(self.stacked)
        ]

    def numbers(self, options: DisplayOptions, shifts: tuple[float, float], scale: AxisScale) -> str:
        """Return what is drawn between two Raman shifts as tab-separated text, without an offset."""
        options = options if self.items else replace(options, band=False)
        return numbers_of(self.copied, options, *shifts, scale)


def colour_of(item: DisplayedSpectrum, theme: Theme) -> str:
    """Return the colour of a spectrum by its place in the scale of colours."""
    return theme.accent if item.position is None else scale_colour(item.position, theme)


def label_in_unit(label: PeakLabel, scale: AxisScale) -> PeakLabel:
    """Return a label that states its position in another unit of the axis."""
    position = f"{label.shift:.1f}"
    if not scale.unit.needs_laser or not label.text.startswith(position):
        return label
    stated = f"{scale.value(label.shift):.{scale.unit.decimals}f}"
    return replace(label, text=stated + label.text.removeprefix(position))


def _replaced_points(items: Sequence[DisplayedSpectrum]) -> PlotOverlay | None:
    """Mark the points of spectra, as they are drawn, that were interpolated in place of cosmic rays."""
    points = [
        OverlayPoints(
            "", item.axis[item.replaced], (item.raw if item.denoised is None else item.denoised)[item.replaced]
        )
        for item in items
        if item.replaced is not None and item.replaced.any()
    ]
    return PlotOverlay(points=[replace(points[0], name="cosmic ray, replaced"), *points[1:]]) if points else None
