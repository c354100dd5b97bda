"""The spectra beneath the scatter plot: the means of the groups, or the selected spectra, and the one hovered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.ranges import ShiftRange
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.explore.member_spectra import MemberSpectra
from ramanstudio.gui.viewer.spectrum_strip import (
    MAX_STRIP_CURVES,
    SCALED,
    SpectrumStrip,
    StripBand,
    StripCurve,
    differ_in_height,
    scaled,
)
from ramanstudio.project.groups import Groups

if TYPE_CHECKING:
    from ramanstudio.gui.explore.scatter_toolbar import ScatterToolbar
    from ramanstudio.project.exploration import GroupSummary

MAX_CURVES: Final = 20  # more selected spectra are shown as mean and spread
_HALF_BAND_CM: Final = 8.0
_MIN_DISTANCE_CM: Final = 40.0  # between suggested bands
_MIN_HEIGHT_PX: Final = 170


class ExploreSpectrumStrip(QWidget):
    """Chooses the curves of the spectrum strip; emits `band_dragged(index, low, high)` in cm⁻¹."""

    band_dragged = Signal(int, float, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._strip = SpectrumStrip()
        self._theme = current_theme()
        self._shown: tuple[object, ...] = ()  # what the curves were made from
        self.curves: list[StripCurve] = []
        self.hovered: StripCurve | None = None
        self.has_bands = False
        self._is_scaled, self.unit = False, "a.u."
        self.setMinimumHeight(_MIN_HEIGHT_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._strip)
        self._strip.band_dragged.connect(self.band_dragged)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self._shown = ()
        self._strip.set_theme(theme)

    def show_for(
        self,
        spectra: MemberSpectra,
        selected: NDArray[np.bool_],
        groups: Groups | None,
        portraits: Sequence[GroupSummary],
        hidden: Collection[int],
    ) -> None:
        """Show the selected spectra (N,); where none are, the mean of each group that is not hidden."""
        shown = (spectra, selected.tobytes(), groups, tuple(portraits), frozenset(hidden))
        if shown == self._shown:
            return
        self._shown = shown
        any_selected = bool(selected.any())
        curves = self._selected(spectra, selected) if any_selected else self._means(groups, portraits, hidden)
        self._is_scaled = not any_selected and differ_in_height(curves)
        self.curves = [scaled(curve) for curve in curves] if self._is_scaled else curves
        self.unit = SCALED if self._is_scaled else spectra.unit
        notes = []
        if len(self.curves) > MAX_STRIP_CURVES:
            notes.append(f"the first {MAX_STRIP_CURVES} of {len(self.curves)} groups")
        if self._is_scaled:
            notes.append("each scaled from 0 to 1")
        self._strip.set_hint(_hint(any_selected, groups, hidden))
        # the groups are named in the legend of the plot, and the curves need the space
        self._strip.show_curves(self.curves, self.unit, any_selected, ", ".join(notes))

    def show_hover(self, spectra: MemberSpectra, index: int) -> None:
        """Show a spectrum over the others (-1: none)."""
        spectrum = spectra.spectrum(index) if index >= 0 else None
        self.hovered = None
        if spectrum is not None:
            curve = StripCurve(spectra.name(index), *spectrum, None, self._theme.text)
            self.hovered = scaled(curve) if self._is_scaled else curve
        self._strip.show_hover(self.hovered)

    def _selected(self, spectra: MemberSpectra, selected: NDArray[np.bool_]) -> list[StripCurve]:
        indices = np.flatnonzero(selected)
        if len(indices) > MAX_CURVES:
            mean = spectra.mean(selected)
            if mean is None:
                return []
            count = (
                f"{format_number(mean.n_spectra)}"
                if mean.n_spectra == len(indices)
                else f"{format_number(mean.n_spectra)} of {format_number(len(indices))}"
            )
            return [StripCurve(f"mean of {count} selected", mean.axis, mean.mean, mean.spread, self._theme.accent)]
        return [
            StripCurve(spectra.name(index), *spectrum, None, self._theme.category(number))
            for number, index in enumerate(indices.tolist())
            if (spectrum := spectra.spectrum(index)) is not None
        ]

    def _means(
        self, groups: Groups | None, portraits: Sequence[GroupSummary], hidden: Collection[int]
    ) -> list[StripCurve]:
        if groups is None or len(groups.groups) != len(portraits):
            return []  # they are being computed
        return [
            StripCurve(group.name, portrait.axis, portrait.mean, portrait.spread, self._theme.category(group.colour))
            for number, (group, portrait) in enumerate(zip(groups.groups, portraits, strict=True))
            if number not in hidden and portrait.mean.any()  # zero: none of its spectra is on the axis that most have
        ]

    # Bands

    def show_bands(self, bands: Sequence[ShiftRange]) -> None:
        """Show the bands that colour the points; they can be dragged."""
        colours = (self._theme.accent, self._theme.residual)
        self._strip.set_bands([StripBand(*band, colour) for band, colour in zip(bands, colours, strict=False)])

    def suggest_bands(self, portraits: Sequence[GroupSummary], toolbar: ScatterToolbar) -> None:
        """Start with the two strongest bands of the mean of all groups."""
        if not portraits:
            return
        axis = portraits[0].axis
        means = np.array([portrait.mean for portrait in portraits if len(portrait.mean) == len(axis)])
        bands = strongest_bands(axis, np.nanmean(means, axis=0))
        toolbar.set_bands(bands, (float(axis[0]), float(axis[-1])))
        self.has_bands = True


def _hint(any_selected: bool, groups: Groups | None, hidden: Collection[int]) -> str:
    """Return why there is no curve."""
    if any_selected:
        return "The selected spectra are not denoised."
    if groups is None:
        return "The mean spectrum of each group appears here once groups are found."
    if hidden:
        return "All groups are hidden. Click one in the legend to show it."
    return "Calculating the mean spectrum of each group…"


def strongest_bands(axis: NDArray[np.float64], mean: NDArray[np.floating[Any]]) -> list[ShiftRange]:
    """Return two bands around the strongest peaks of a spectrum (B,), relative to its surroundings."""
    heights = np.where(np.isfinite(mean), mean, np.nanmin(mean))
    left, right = (np.interp(axis + offset, axis, heights) for offset in (-_MIN_DISTANCE_CM, _MIN_DISTANCE_CM))
    above = heights - np.maximum(left, right)
    above[(axis < axis[0] + _MIN_DISTANCE_CM) | (axis > axis[-1] - _MIN_DISTANCE_CM)] = -np.inf
    bands: list[ShiftRange] = []
    for _ in range(2):
        centre = float(axis[int(above.argmax())])
        low, high = max(centre - _HALF_BAND_CM, float(axis[0])), min(centre + _HALF_BAND_CM, float(axis[-1]))
        bands.append((float(round(low)), float(round(high))))
        above[np.abs(axis - centre) < _MIN_DISTANCE_CM] = -np.inf
    return bands
