"""The range that is compared and the ranges that are excluded, as items that can be dragged on the spectrum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pyqtgraph as pg
from PySide6.QtGui import QFont

from ramanstudio.gui.common.theme import Theme, with_alpha
from ramanstudio.gui.viewer.plot_panes import NoiseRegion

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

MIN_WIDTH_CM: Final = 20.0  # a narrower range is too little to compare


class ComparedRange(NoiseRegion):
    """The range that is compared."""

    title = "compared"


class ExcludedRange(NoiseRegion):
    """A range that is excluded."""

    title = "excluded"

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(0.6)  # above the compared range, which would take the drag

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Use the colours of `theme`: those of a warning."""
        super().apply_theme(theme, font)
        self.setBrush(with_alpha(theme.warning, 0.14))
        self.setHoverBrush(with_alpha(theme.warning, 0.22))
        for line in self.lines:
            line.setPen(theme.pen(theme.warning, alpha=0.7))


class SearchRangeItems:
    """Draws a Region on a view box; `changed(Region)` is called when the user has dragged an edge."""

    def __init__(self, box: pg.ViewBox, changed: Callable[[Region], None]) -> None:
        self._box, self._changed = box, changed
        self._region: Region | None = None
        self._ends = (0.0, 0.0)
        self._items: list[NoiseRegion] = []
        self._appearance: tuple[Theme, QFont] | None = None

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Use the colours of `theme`."""
        self._appearance = (theme, font)
        for item in self._items:
            item.apply_theme(theme, font)

    def show(self, region: Region | None, ends: tuple[float, float]) -> None:
        """Show a region on a spectrum with these ends; nothing is drawn for the whole range."""
        if (region, ends) == (self._region, self._ends):
            return  # results arrive all the time, and the user may be dragging an item
        self._region, self._ends = region, ends
        for item in self._items:
            self._box.removeItem(item)
        self._items = []
        if region is None:
            return
        if (region.low_cm, region.high_cm) != (float("-inf"), float("inf")) and (
            region.low_cm > ends[0] or region.high_cm < ends[1]
        ):
            self._add(ComparedRange(), max(region.low_cm, ends[0]), min(region.high_cm, ends[1]), self._drag_compared)
        for index, (low, high) in enumerate(region.excluded):
            self._add(ExcludedRange(), low, high, partial(self._drag_excluded, index))

    def _add(self, item: NoiseRegion, low: float, high: float, moved: Callable[[float, float], None]) -> None:
        item.set_range(low, high)
        item.dragged.connect(moved)
        if self._appearance is not None:
            item.apply_theme(*self._appearance)
        self._box.addItem(item, ignoreBounds=True)
        item.show()
        self._items.append(item)

    def _drag_compared(self, low: float, high: float) -> None:
        if self._region is None:
            return
        if high - low >= MIN_WIDTH_CM:
            self._changed(replace(self._region, low_cm=low, high_cm=high))
        else:  # too narrow: back to where it was
            self._items[0].set_range(max(self._region.low_cm, self._ends[0]), min(self._region.high_cm, self._ends[1]))

    def _drag_excluded(self, index: int, low: float, high: float) -> None:
        if self._region is not None:
            excluded = list(self._region.excluded)
            excluded[index] = (low, high)
            self._changed(replace(self._region, excluded=tuple(excluded)))
