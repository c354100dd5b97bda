"""What is compared, typed: a part of the range, and ranges left out; the same can be dragged on the spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.band_input import BandInput

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

MOST: Final = 4  # ranges that are left out
_ALL: Final = (float("-inf"), float("inf"))


class RangeInput(BandInput):
    """Two ends without a colour: a panel is narrow."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self._swatch.hide()
        self._name.setMinimumWidth(32)


class RegionInputs(QWidget):
    """Asks what is compared: `changed(Region | None)`."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._region: Region | None = None
        self._ends = (0.0, 4000.0)
        self._shown = self._ends
        self.only = QCheckBox("Only a part of the range", self)
        self.only.setToolTip("Compare only between two Raman shifts; drag the edges on the spectrum, or type them")
        self.part = RangeInput(0)
        self.leave_out = QPushButton("Leave out a range", self)
        self.leave_out.setToolTip("Compare without a range: a line of the glass, the laser, or what is saturated")
        self._left_out: list[tuple[QWidget, BandInput]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self.only)
        self._column.addWidget(self.part)
        for number in range(MOST):
            self._column.addWidget(self._make_row(number))
        self._column.addWidget(self.leave_out)
        self.only.toggled.connect(self._toggle)
        self.part.changed.connect(lambda _, low, high: self._say(replace(self._now(), low_cm=low, high_cm=high)))
        self.leave_out.clicked.connect(self._add)
        self.show_region(None, self._ends, self._ends)

    @property
    def in_reading_order(self) -> list[QWidget]:
        """What the keyboard walks through, from top to bottom."""
        rows = [box for _, one in self._left_out for box in (one.low, one.high)]
        return [self.only, self.part.low, self.part.high, *rows, self.leave_out]

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.part.set_theme(theme)
        for _, one in self._left_out:
            one.set_theme(theme)

    def show_region(self, region: Region | None, ends: tuple[float, float], shown: tuple[float, float]) -> None:
        """Show a region of a spectrum with these ends, of which the shifts `shown` are on the screen."""
        self._region, self._ends, self._shown = region, ends, shown
        has_part = region is not None and (region.low_cm, region.high_cm) != _ALL
        self.only.blockSignals(True)
        self.only.setChecked(has_part)
        self.only.blockSignals(False)
        self.part.setVisible(has_part)
        if region is not None and has_part:
            self.part.show_band("Only", (max(region.low_cm, ends[0]), min(region.high_cm, ends[1])), ends)
        excluded = region.excluded if region is not None else ()
        for number, (row, one) in enumerate(self._left_out):
            row.setVisible(number < len(excluded))
            if number < len(excluded):
                one.show_band("Not", excluded[number], ends)
        self.leave_out.setEnabled(len(excluded) < MOST)

    def _make_row(self, number: int) -> QWidget:
        row, one, drop = QWidget(self), RangeInput(number), QToolButton(self)
        drop.setFixedWidth(24)
        drop.setText("✕")
        drop.setToolTip("Compare this range again")
        drop.setAccessibleName(f"Compare range {number + 1} again")
        drop.clicked.connect(lambda: self._drop(number))
        one.changed.connect(self._move)
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(one, 1)
        across.addWidget(drop)
        self._left_out.append((row, one))
        return row

    def _now(self) -> Region:
        from ramanstudio.core.ranges import Region

        return self._region or Region(*_ALL, ())

    def _say(self, region: Region) -> None:
        whole = (region.low_cm, region.high_cm) == _ALL and not region.excluded
        self._region = None if whole else region  # two edits may come before it is shown
        self.changed.emit(self._region)

    def _toggle(self, on: bool) -> None:
        low, high = (max(self._ends[0], self._shown[0]), min(self._ends[1], self._shown[1])) if on else _ALL
        if on and (low, high) == self._ends:  # all is shown: what is meant is less
            span = high - low
            low, high = low + 0.1 * span, high - 0.1 * span
        self._say(replace(self._now(), low_cm=low, high_cm=high))

    def _add(self) -> None:
        left, right = self._shown
        middle, reach = (left + right) / 2, 0.05 * (right - left)
        more = (float(round(middle - reach)), float(round(middle + reach)))
        self._say(replace(self._now(), excluded=(*self._now().excluded, more)))

    def _move(self, number: int, low: float, high: float) -> None:
        excluded = list(self._now().excluded)
        if number < len(excluded):
            excluded[number] = (low, high)
            self._say(replace(self._now(), excluded=tuple(excluded)))

    def _drop(self, number: int) -> None:
        excluded = list(self._now().excluded)
        del excluded[number]
        self._say(replace(self._now(), excluded=tuple(excluded)))
