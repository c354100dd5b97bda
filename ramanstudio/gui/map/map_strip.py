"""The spectra beneath a map: what is selected, else the groups' means or that of all; the pixel under the mouse."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.map.map_values import MapOptions
from ramanstudio.gui.viewer.band_input import RGB_COLOURS
from ramanstudio.gui.viewer.spectrum_strip import SpectrumStrip, StripBand, StripCurve
from ramanstudio.project.project import Entry
from ramanstudio.signal import map_channels

CURVES: Final = 20  # more than these are shown as mean and spread
LEAST_PX: Final = 170  # in less the name of the intensity would be cut
MEANT: Final = 3000  # spectra that a mean is taken of while one waits


class MapSpectrumStrip(QWidget):
    """Chooses what the strip shows; `band_dragged(index, low, high)`, `band_asked(low, high)` in cm⁻¹."""

    band_dragged = Signal(int, float, float)
    band_asked = Signal(float, float)

    def __init__(self, session: Session, exploring: Exploring) -> None:
        super().__init__()
        self._session, self._exploring = session, exploring
        self._theme = current_theme()
        self._made_of: tuple[object, ...] = ()
        self.strip = SpectrumStrip(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.strip)
        self.setMinimumHeight(LEAST_PX)
        self.strip.band_dragged.connect(self.band_dragged)
        self.strip.band_asked.connect(self.band_asked)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._made_of = ()
        self.strip.set_theme(theme)

    def show_for(self, entry: Entry, spectra: SpectrumSet, choice: MapOptions, rows: NDArray[np.int64]) -> None:
        """Show the selected `rows`; while all or none are, the means of the groups, or of all."""
        self._show_bands(choice)
        portraits = self._exploring.group_summaries
        made_of = (spectra, rows.tobytes(), choice.channel == "group", self._session.groups, portraits, entry.name)
        if len(made_of) == len(self._made_of) and all(
            one is other or (isinstance(one, (bytes, bool, str)) and one == other)
            for one, other in zip(made_of, self._made_of, strict=True)
        ):
            return
        self._made_of = made_of
        unit = str(spectra.about.get("intensity_unit", "a.u."))
        self.strip.show_curves(self._curves(entry, spectra, choice, rows), unit)

    def show_hover(self, spectra: SpectrumSet, row: int, words: str) -> None:
        """Show a spectrum on top of the others (-1: none)."""
        found = 0 <= row < len(spectra)
        self.strip.show_hover(
            StripCurve(words, spectra.axis, spectra.values[row], None, self._theme.text) if found else None
        )

    def _show_bands(self, choice: MapOptions) -> None:
        self.strip.takes_bands = not choice.needs
        colours = RGB_COLOURS if choice.channel == "rgb" else (self._theme.accent, self._theme.residual)
        bands = [StripBand(*band, colour) for band, colour in zip(choice.bands_used, colours, strict=False)]
        if list(self.strip.bands) != bands:
            self.strip.set_bands(bands)

    def _curves(
        self, entry: Entry, spectra: SpectrumSet, choice: MapOptions, rows: NDArray[np.int64]
    ) -> list[StripCurve]:
        theme, some = self._theme, 0 < len(rows) < len(spectra)
        if some and len(rows) <= CURVES:
            return [
                StripCurve(f"{entry.name} · {row + 1}", spectra.axis, spectra.values[row], None, theme.category(place))
                for place, row in enumerate(rows.tolist())
            ]
        if not some and choice.channel == "group" and (means := self._means()):
            return means
        chosen = rows if some else np.arange(len(spectra))
        meant = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), MEANT)).astype(int)]
        values = spectra.values[meant]
        whole = np.isfinite(values).all(axis=1) & map_channels.measured_rows(values)
        if not whole.any():
            return []
        values = values[whole]
        name = f"mean of {len(chosen):,} selected" if some else f"mean of all {len(chosen):,}"
        if len(meant) == len(chosen) > len(values):
            name = f"mean of {len(values):,} of {len(chosen):,}{' selected' if some else ''}"
        return [StripCurve(name, spectra.axis, values.mean(axis=0), values.std(axis=0), theme.accent)]

    def _means(self) -> list[StripCurve]:
        groups, portraits = self._session.groups, self._exploring.group_summaries
        if groups is None or len(groups.groups) != len(portraits):
            return []  # they are being painted
        return [
            StripCurve(group.name, one.axis, one.mean, one.spread, self._theme.category(group.colour))
            for group, one in zip(groups.groups, portraits, strict=True)
            if np.isfinite(one.mean).any()
        ]
