"""The spectra beneath the plane: the groups' means while nothing is selected, else what is; the one under the mouse."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

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

CURVES: Final = 20  # more than these are shown as mean and spread
_HALF_BAND_CM: Final = 8.0
_APART_CM: Final = 40.0
_LEAST_PX: Final = 170


class ExploreSpectrumStrip(QWidget):
    """Chooses what the strip shows; `band_dragged(index, low, high)` in cm⁻¹."""

    band_dragged = Signal(int, float, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._strip = SpectrumStrip()
        self._theme = current_theme()
        self._made_of: tuple[object, ...] = ()
        self.curves: list[StripCurve] = []
        self.hovered: StripCurve | None = None
        self.has_bands = False
        self._is_scaled, self.unit = False, "a.u."
        self.setMinimumHeight(_LEAST_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._strip)
        self._strip.band_dragged.connect(self.band_dragged)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self._made_of = ()
        self._strip.set_theme(theme)

    def show_for(
        self,
        spectra: MemberSpectra,
        selected: NDArray[np.bool_],
        groups: Groups | None,
        portraits: Sequence[GroupSummary],
        hidden: Collection[int],
    ) -> None:
        """Show the selected spectra; while there are none, the mean of each group that is not hidden."""
        made_of = (spectra, selected.tobytes(), groups, tuple(portraits), frozenset(hidden))
        if made_of == self._made_of:
            return
        self._made_of = made_of
        some = bool(selected.any())
        self.curves = self._selected(spectra, selected) if some else self._means(groups, portraits, hidden)
        self._is_scaled = not some and differ_in_height(self.curves)
        if self._is_scaled:
            self.curves = [scaled(curve) for curve in self.curves]
        # the groups are named beside the plane already, and the curves need the room
        self.unit, notes = SCALED if self._is_scaled else spectra.unit, []
        if len(self.curves) > MAX_STRIP_CURVES:
            notes.append(f"the first {MAX_STRIP_CURVES} of {len(self.curves)} groups")
        if self._is_scaled:
            notes.append("each scaled from 0 to 1")
        self._strip.show_curves(self.curves, self.unit, some, ", ".join(notes))

    def show_hover(self, spectra: MemberSpectra, index: int) -> None:
        """Show a spectrum on top of the others (-1: none)."""
        found = spectra.spectrum(index) if index >= 0 else None
        self.hovered = None if found is None else StripCurve(spectra.name(index), *found, None, self._theme.text)
        if self.hovered is not None and self._is_scaled:
            self.hovered = scaled(self.hovered)
        self._strip.show_hover(self.hovered)

    def _selected(self, spectra: MemberSpectra, selected: NDArray[np.bool_]) -> list[StripCurve]:
        which = np.flatnonzero(selected)
        if len(which) > CURVES:
            mean = spectra.mean(selected)
            if mean is None:
                return []
            of = f"{mean.count:,}" if mean.count == len(which) else f"{mean.count:,} of {len(which):,}"
            return [StripCurve(f"mean of {of} selected", mean.axis, mean.mean, mean.spread, self._theme.accent)]
        found = [(index, spectra.spectrum(index)) for index in which.tolist()]
        return [
            StripCurve(spectra.name(index), *one, None, self._theme.category(place))
            for place, (index, one) in enumerate(found)
            if one is not None
        ]

    def _means(
        self, groups: Groups | None, portraits: Sequence[GroupSummary], hidden: Collection[int]
    ) -> list[StripCurve]:
        if groups is None or len(groups.groups) != len(portraits):
            return []  # they are being painted
        return [
            StripCurve(group.name, one.axis, one.mean, one.spread, self._theme.category(group.colour))
            for number, (group, one) in enumerate(zip(groups.groups, portraits, strict=True))
            if number not in hidden and one.mean.any()  # none of its spectra is on the axis that most have
        ]

    # Bands

    def show_bands(self, bands: Sequence[ShiftRange]) -> None:
        """Show the bands that colour the points, to be dragged."""
        colours = (self._theme.accent, self._theme.residual)
        self._strip.set_bands([StripBand(*band, colour) for band, colour in zip(bands, colours, strict=False)])

    def suggest_bands(self, portraits: Sequence[GroupSummary], bar: ScatterToolbar) -> None:
        """Begin with the two highest lines of the groups' means."""
        if not portraits:
            return
        axis = portraits[0].axis
        means = np.array([one.mean for one in portraits if len(one.mean) == len(axis)])
        bar.set_bands(highest_lines(axis, np.nanmean(means, axis=0)), (float(axis[0]), float(axis[-1])))
        self.has_bands = True


def highest_lines(axis: NDArray[np.float64], mean: NDArray[np.floating[Any]]) -> list[ShiftRange]:
    """Two bands around the highest lines of a spectrum, above what lies `_APART_CM` aside."""
    heights = np.where(np.isfinite(mean), mean, np.nanmin(mean))
    left, right = (np.interp(axis + aside, axis, heights) for aside in (-_APART_CM, _APART_CM))
    above = heights - np.maximum(left, right)
    above[(axis < axis[0] + _APART_CM) | (axis > axis[-1] - _APART_CM)] = -np.inf
    bands = []
    for _ in range(2):
        centre = float(axis[int(above.argmax())])
        low, high = max(centre - _HALF_BAND_CM, float(axis[0])), min(centre + _HALF_BAND_CM, float(axis[-1]))
        bands.append((round(low), round(high)))
        above[np.abs(axis - centre) < _APART_CM] = -np.inf
    return [(float(low), float(high)) for low, high in bands]
