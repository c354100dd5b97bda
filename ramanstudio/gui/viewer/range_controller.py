"""Which part of the spectra is shown: all of them, what a hand chose, and the zooms before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer

from ramanstudio.gui.viewer.displayed_spectra import Envelope, SpectraBlock, intensity_range, residual_range
from ramanstudio.gui.viewer.plot_panes import MAIN, RESIDUAL, PlotPanes
from ramanstudio.gui.viewer.zoom_box import Zoom, ZoomBox, Zooms

_WHEEL_REST_MS: Final = 500
_AIR: Final = 0.01

Bounds = Callable[[int], Sequence[Envelope]]


class RangeController(QObject):
    """Chooses the ranges of the panes.

    Shifts show all until a hand sets them, and then stay when another spectrum that has them is shown, so that one
    band can be followed through many spectra. Intensities follow what is drawn at the shifts shown, until a hand
    sets them; another spectrum has its own. `bounds(pane)` gives the envelopes that a pane must hold.
    """

    def __init__(self, panes: PlotPanes, bounds: Bounds, parent: QObject) -> None:
        super().__init__(parent)
        self._panes, self._bounds = panes, bounds
        self._parts: Sequence[SpectraBlock] = ()
        self._log = False
        self._zooms = Zooms()
        self._shifts_follow = True
        self._follows = [True, True]
        self._wheel_rest = QTimer(self, singleShot=True, interval=_WHEEL_REST_MS)
        panes.shifts_changed.connect(self.follow)
        for box in panes.boxes:
            box.left.connect(self._remember)
            box.shifts_set.connect(self._shifts_were_set)
            box.intensities_set.connect(self._intensities_were_set)
            box.all_wanted.connect(self.show_all)

    def take(self, parts: Sequence[SpectraBlock]) -> None:
        """Other spectra will be shown; call `fit` once they are drawn."""
        same = _same_spectra(self._parts, parts)
        self._parts = parts
        if not parts:
            return
        first, last = self._extent()
        if not same:
            self._follows = [True, True]
            self._zooms.forget_intensities()
        left, right = self._panes.shifts
        if not self._shifts_follow and (left < first or right > last):
            self._shifts_follow = True
            self._zooms.clear()
        finest = min(float(np.median(np.diff(part.axis))) for part in parts)
        self._panes.limit(min(4 * finest, last - first), 4 * (last - first))

    def forget(self) -> None:
        """Nothing is shown any more."""
        self._parts = ()
        self._zooms.clear()
        self._shifts_follow, self._follows = True, [True, True]

    def set_log(self, log: bool) -> None:
        """Intensities are logarithms from now on, or no longer; call `fit` once they are drawn."""
        self._log = log
        self._follows[MAIN] = True
        self._zooms.forget_intensities()

    def fit(self) -> None:
        """Show all shifts unless a hand set them, then the intensities there."""
        if self._parts and self._shifts_follow:
            first, last = self._extent()
            air = _AIR * (last - first)
            self._panes.set_shifts(first - air, last + air)
        self.follow()

    def follow(self) -> None:
        """Let the intensities of each pane follow what is drawn, unless a hand set them."""
        left, right = self._panes.shifts
        for pane, box in enumerate(self._panes.visible_boxes):
            if not (self._follows[pane] and self._parts):
                continue
            bounds = self._bounds(pane)
            if pane == RESIDUAL:
                found = residual_range(bounds, left, right)
            else:
                found = intensity_range(bounds, left, right, self._log)
            if found is not None:
                box.setYRange(*found, padding=0)

    def show_all(self) -> None:
        """Show all of the spectra; the zoom before can be had back."""
        self._remember("all")
        self._shifts_follow, self._follows = True, [True, True]
        self.fit()

    def zoom_back(self) -> None:
        """Show what was shown before the last zoom."""
        zoom = self._zooms.pop()
        if zoom is None:
            return
        self._wheel_rest.stop()
        self._shifts_follow = zoom.shifts is None
        self._follows = [intensities is None for intensities in zoom.intensities]
        if zoom.shifts is not None:
            self._panes.set_shifts(*zoom.shifts)
        for box, intensities in zip(self._panes.boxes, zoom.intensities, strict=True):
            if intensities is not None:
                box.setYRange(*intensities, padding=0)
        self.fit()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as many Raman shifts around the same middle."""
        left, right = self._panes.shifts
        self._set_shifts((left + right) / 2, (right - left) * factor)

    def move_by(self, share: float) -> None:
        """Move along the shift axis by a share of what is shown."""
        left, right = self._panes.shifts
        self._set_shifts((left + right) / 2 + share * (right - left), right - left)

    def _set_shifts(self, middle: float, span: float) -> None:
        self._remember("keys")
        self._shifts_follow = False
        self._panes.set_shifts(middle - span / 2, middle + span / 2)

    def _remember(self, gesture: str) -> None:
        if gesture == "wheel":
            going_on = self._wheel_rest.isActive()
            self._wheel_rest.start()
            if going_on:
                return
        held = []
        for follows, box in zip(self._follows, self._panes.boxes, strict=True):
            low, high = box.viewRange()[1]
            held.append(None if follows else (low, high))
        self._zooms.push(Zoom(None if self._shifts_follow else self._panes.shifts, tuple(held)))

    def _shifts_were_set(self) -> None:
        self._shifts_follow = False

    def _intensities_were_set(self, box: ZoomBox) -> None:
        self._follows[self._panes.boxes.index(box)] = False

    def _extent(self) -> tuple[float, float]:
        first = min(float(part.axis[0]) for part in self._parts)
        return first, max(float(part.axis[-1]) for part in self._parts)


def _same_spectra(before: Sequence[SpectraBlock], now: Sequence[SpectraBlock]) -> bool:
    """Whether these are the same measurements as before, perhaps denoised since."""
    return len(before) == len(now) and all(
        np.array_equal(old.axis, new.axis)
        and old.raw.shape == new.raw.shape
        and (old.raw is new.raw or np.array_equal(old.raw, new.raw, equal_nan=True))
        for old, new in zip(before, now, strict=True)
    )


class ZoomMixin:
    """What hands on the keyboard can do to a widget that shows spectra in `_panes`, framed by `_ranges`."""

    _ranges: RangeController
    _panes: PlotPanes

    def show_all(self) -> None:
        """Show all of the spectra; the zoom before can be had back."""
        self._ranges.show_all()

    def zoom_back(self) -> None:
        """Show what was shown before the last zoom."""
        self._ranges.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as many Raman shifts around the same middle, for hands on the keyboard."""
        self._ranges.zoom_by(factor)

    def move_by(self, share: float) -> None:
        """Move along the shift axis by a share of what is shown, for hands on the keyboard."""
        self._ranges.move_by(share)

    def cancel_gesture(self) -> bool:
        """Give up the box that is being drawn; whether there was one."""
        return any(box.cancel_gesture() for box in self._panes.boxes)
