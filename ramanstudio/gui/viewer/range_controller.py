"""The visible ranges of a plot: automatic until the user zooms, with a history of zooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer

from ramanstudio.gui.viewer.displayed_spectra import Envelope, SpectraBlock, intensity_range, residual_range
from ramanstudio.gui.viewer.plot_panes import MAIN, RESIDUAL, PlotPanes
from ramanstudio.gui.viewer.zoom_box import Zoom, ZoomBox, ZoomHistory

_WHEEL_PAUSE_MS: Final = 500
_MARGIN: Final = 0.01

Bounds = Callable[[int], Sequence[Envelope]]


class RangeController(QObject):
    """Chooses the ranges of the panes.

    All shifts are shown until the user zooms them; they are kept when another spectrum that has them is shown, so that
    one band can be compared in many spectra. Intensities fit what is drawn at these shifts until the user zooms them;
    another spectrum is fitted again. `bounds(pane)` returns the envelopes that a pane must show.
    """

    def __init__(self, panes: PlotPanes, bounds: Bounds, parent: QObject) -> None:
        super().__init__(parent)
        self._panes, self._bounds = panes, bounds
        self._parts: Sequence[SpectraBlock] = ()
        self._log = False
        self.room_right = 0.0  # of the range, for names behind the spectra
        self._history = ZoomHistory()
        self._auto_shifts = True
        self._automatic = [True, True]
        self._wheel_pause = QTimer(self, singleShot=True, interval=_WHEEL_PAUSE_MS)
        panes.shifts_changed.connect(self.follow)
        for box in panes.boxes:
            box.about_to_change.connect(self._remember)
            box.shifts_changed_by_user.connect(self._stop_following_shifts)
            box.intensities_changed_by_user.connect(self._stop_following_intensities)
            box.show_all_requested.connect(self.show_all)

    def set_spectra(self, parts: Sequence[SpectraBlock]) -> None:
        """Take other spectra; call `fit` once they are drawn."""
        unchanged = _same_spectra(self._parts, parts)
        self._parts = parts
        if not parts:
            return
        first, last = self._extent()
        if not unchanged:
            self._automatic = [True, True]
            self._history.forget_intensities()
        left, right = self._panes.shifts
        if not self._auto_shifts and (left < first or right > last):
            self._auto_shifts = True
            self._history.clear()
        finest = min(float(np.median(np.diff(part.axis))) for part in parts)
        self._panes.set_shift_limits(min(4 * finest, last - first), 4 * (last - first))

    def forget(self) -> None:
        """Forget everything: nothing is shown any more."""
        self._parts = ()
        self._history.clear()
        self._auto_shifts, self._automatic = True, [True, True]

    def set_log(self, log: bool) -> None:
        """Switch between linear and logarithmic intensities; call `fit` once they are drawn."""
        self._log = log
        self._automatic[MAIN] = True
        self._history.forget_intensities()

    def fit(self) -> None:
        """Show all shifts unless the user has zoomed them, then fit the intensities."""
        if self._parts and self._auto_shifts:
            first, last = self._extent()
            margin = _MARGIN * (last - first)
            self._panes.set_shifts(first - margin, last + margin + self.room_right * (last - first))
        self.follow()

    def follow(self) -> None:
        """Fit the intensities of each pane to what is drawn, unless the user has zoomed them."""
        left, right = self._panes.shifts
        for pane, box in enumerate(self._panes.visible_boxes):
            if not (self._automatic[pane] and self._parts):
                continue
            bounds = self._bounds(pane)
            if pane == RESIDUAL:
                fitted = residual_range(bounds, left, right)
            else:
                fitted = intensity_range(bounds, left, right, self._log)
            if fitted is not None:
                box.setYRange(*fitted, padding=0)

    def show_all(self) -> None:
        """Show all spectra; `zoom_back` returns to the view before."""
        self._remember("all")
        self._auto_shifts, self._automatic = True, [True, True]
        self.fit()

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""
        zoom = self._history.pop()
        if zoom is None:
            return
        self._wheel_pause.stop()
        self._auto_shifts = zoom.shifts is None
        self._automatic = [intensities is None for intensities in zoom.intensities]
        if zoom.shifts is not None:
            self._panes.set_shifts(*zoom.shifts)
        for box, intensities in zip(self._panes.boxes, zoom.intensities, strict=True):
            if intensities is not None:
                box.setYRange(*intensities, padding=0)
        self.fit()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as wide a range of Raman shifts around the same centre."""
        left, right = self._panes.shifts
        self._set_shifts((left + right) / 2, (right - left) * factor)

    def move_by(self, fraction: float) -> None:
        """Pan along the shift axis by a fraction of the visible range."""
        left, right = self._panes.shifts
        self._set_shifts((left + right) / 2 + fraction * (right - left), right - left)

    def _set_shifts(self, middle: float, span: float) -> None:
        self._remember("keys")
        self._auto_shifts = False
        self._panes.set_shifts(middle - span / 2, middle + span / 2)

    def _remember(self, gesture: str) -> None:
        if gesture == "wheel":
            continues = self._wheel_pause.isActive()
            self._wheel_pause.start()
            if continues:
                return
        intensities = []
        for follows, box in zip(self._automatic, self._panes.boxes, strict=True):
            low, high = box.viewRange()[1]
            intensities.append(None if follows else (low, high))
        self._history.push(Zoom(None if self._auto_shifts else self._panes.shifts, tuple(intensities)))

    def _stop_following_shifts(self) -> None:
        self._auto_shifts = False

    def _stop_following_intensities(self, box: ZoomBox) -> None:
        self._automatic[self._panes.boxes.index(box)] = False

    def _extent(self) -> tuple[float, float]:
        first = min(float(part.axis[0]) for part in self._parts)
        return first, max(float(part.axis[-1]) for part in self._parts)


def _same_spectra(before: Sequence[SpectraBlock], now: Sequence[SpectraBlock]) -> bool:
    """Return whether these are the same measurements as before, perhaps denoised since."""
    return len(before) == len(now) and all(
        np.array_equal(old.axis, new.axis)
        and old.raw.shape == new.raw.shape
        and (old.raw is new.raw or np.array_equal(old.raw, new.raw, equal_nan=True))
        for old, new in zip(before, now, strict=True)
    )


class ZoomMixin:
    """The zoom methods of a widget that shows spectra in `_panes`, with ranges kept by `_ranges`."""

    _ranges: RangeController
    _panes: PlotPanes

    def show_all(self) -> None:
        """Show all spectra; `zoom_back` returns to the view before."""
        self._ranges.show_all()

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""
        self._ranges.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as wide a range of Raman shifts around the same centre."""
        self._ranges.zoom_by(factor)

    def move_by(self, fraction: float) -> None:
        """Pan along the shift axis by a fraction of the visible range."""
        self._ranges.move_by(fraction)

    def cancel_gesture(self) -> bool:
        """Cancel the box being drawn; return whether there was one."""
        return any(box.cancel_gesture() for box in self._panes.boxes)
