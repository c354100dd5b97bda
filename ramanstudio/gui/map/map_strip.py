"""The spectra beneath a map: the selected ones, or the means of the groups, or the mean of all; and the one hovered."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.map.map_values import MapOptions
from ramanstudio.gui.viewer.band_input import RGB_COLOURS
from ramanstudio.gui.viewer.spectrum_strip import SpectrumStrip, StripBand, StripCurve
from ramanstudio.project.project import Entry
from ramanstudio.signal import map_channels

MAX_CURVES: Final = 20  # more than these are shown as mean and spread
MIN_HEIGHT_PX: Final = 170  # in less the name of the intensity would be cut
MAX_AVERAGED: Final = 3000  # spectra that a mean is taken of while one waits


class MapSpectrumStrip(QWidget):
    """Chooses the curves of the spectrum strip; emits `band_dragged(index, low, high)`, `band_requested(low, high)`."""

    band_dragged = Signal(int, float, float)
    band_requested = Signal(float, float)

    def __init__(self, session: Session, exploring: Exploring) -> None:
        super().__init__()
        self._session, self._exploring = session, exploring
        self._theme = current_theme()
        self._shown: tuple[object, ...] = ()
        self.strip = SpectrumStrip(self)
        self.strip.set_hint("None of these spectra was measured.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip)
        self.setMinimumHeight(MIN_HEIGHT_PX)
        self.strip.band_dragged.connect(self.band_dragged)
        self.strip.band_requested.connect(self.band_requested)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self._shown = ()
        self.strip.set_theme(theme)

    def show_for(self, entry: Entry, spectra: SpectrumSet, options: MapOptions, rows: NDArray[np.int64]) -> None:
        """Show the selected `rows` (N,); where all or none are, the means of the groups, or of all."""
        self._show_bands(options)
        portraits = self._exploring.group_summaries
        shown = (spectra, rows.tobytes(), options.channel == "group", self._session.groups, portraits, entry.name)
        if len(shown) == len(self._shown) and all(
            new is old or (isinstance(new, (bytes, bool, str)) and new == old)
            for new, old in zip(shown, self._shown, strict=True)
        ):
            return
        self._shown = shown
        unit = str(spectra.about.get("intensity_unit", "a.u."))
        self.strip.show_curves(self._curves(entry, spectra, options, rows), unit)

    def show_hover(self, spectra: SpectrumSet, row: int, name: str) -> None:
        """Show a spectrum over the others (-1: none)."""
        exists = 0 <= row < len(spectra)
        self.strip.show_hover(
            StripCurve(name, spectra.axis, spectra.values[row], None, self._theme.text) if exists else None
        )

    def _show_bands(self, options: MapOptions) -> None:
        self.strip.takes_bands = not options.n_bands
        colours = RGB_COLOURS if options.channel == "rgb" else (self._theme.accent, self._theme.residual)
        bands = [StripBand(*band, colour) for band, colour in zip(options.used_bands, colours, strict=False)]
        if list(self.strip.bands) != bands:
            self.strip.set_bands(bands)

    def _curves(
        self, entry: Entry, spectra: SpectrumSet, options: MapOptions, rows: NDArray[np.int64]
    ) -> list[StripCurve]:
        theme, is_subset = self._theme, 0 < len(rows) < len(spectra)
        if is_subset and len(rows) <= MAX_CURVES:
            return [
                StripCurve(f"{entry.name} · {row + 1}", spectra.axis, spectra.values[row], None, theme.category(number))
                for number, row in enumerate(rows.tolist())
            ]
        if not is_subset and options.channel == "group" and (means := self._means()):
            return means
        selected = rows if is_subset else np.arange(len(spectra))
        averaged = selected[np.linspace(0, len(selected) - 1, min(len(selected), MAX_AVERAGED)).astype(int)]
        values = spectra.values[averaged]
        usable = np.isfinite(values).all(axis=1) & map_channels.measured_rows(values)
        if not usable.any():
            return []
        values = values[usable]
        name = (
            f"mean of {format_number(len(selected))} selected"
            if is_subset
            else f"mean of all {format_number(len(selected))}"
        )
        if len(averaged) == len(selected) > len(values):
            of = f"{format_number(len(selected))}{' selected' if is_subset else ''}"
            name = f"mean of {format_number(len(values))} of {of}"
        return [StripCurve(name, spectra.axis, values.mean(axis=0), values.std(axis=0), theme.accent)]

    def _means(self) -> list[StripCurve]:
        groups, portraits = self._session.groups, self._exploring.group_summaries
        if groups is None or len(groups.groups) != len(portraits):
            return []  # they are being painted
        return [
            StripCurve(group.name, portrait.axis, portrait.mean, portrait.spread, self._theme.category(group.colour))
            for group, portrait in zip(groups.groups, portraits, strict=True)
            if np.isfinite(portrait.mean).any()
        ]
