"""Inputs for the range that is compared and the ranges that are excluded; both can be dragged on the plot, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.band_input import BandInput

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

MAX_EXCLUDED: Final = 4
_WHOLE_AXIS: Final = (float("-inf"), float("inf"))


class RangeInput(BandInput):
    """The two ends of a range, without a colour: a panel is narrow."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self._swatch.hide()
        self._name.setMinimumWidth(32)


class SearchRangeInputs(QWidget):
    """Asks which Raman shifts are compared: `changed(Region | None)`, None for all."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._region: Region | None = None
        self._ends = (0.0, 4000.0)
        self._shown = self._ends
        self.limit_box = QCheckBox("Limit the range", self)
        self.limit_box.setToolTip("Compare only between two Raman shifts; drag its edges on the spectrum, or type them")
        self.limits = RangeInput(0)
        self.exclude_button = QPushButton("Exclude a range", self)
        self.exclude_button.setToolTip(
            "Exclude a range from the comparison: a band of the glass, the laser line, or a saturated part"
        )
        self._excluded_inputs: list[tuple[QWidget, BandInput]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addWidget(self.limit_box)
        self._column.addWidget(self.limits)
        for index in range(MAX_EXCLUDED):
            self._column.addWidget(self._make_row(index))
        self._column.addWidget(self.exclude_button)
        self.limit_box.toggled.connect(self._toggle)
        self.limits.changed.connect(lambda _, low, high: self._emit(replace(self._current(), low_cm=low, high_cm=high)))
        self.exclude_button.clicked.connect(self._add)
        self.show_region(None, self._ends, self._ends)

    @property
    def tab_order(self) -> list[QWidget]:
        """The inputs from top to bottom."""
        rows = [box for _, inputs in self._excluded_inputs for box in (inputs.low, inputs.high)]
        return [self.limit_box, self.limits.low, self.limits.high, *rows, self.exclude_button]

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self.limits.set_theme(theme)
        for _, inputs in self._excluded_inputs:
            inputs.set_theme(theme)

    def show_region(self, region: Region | None, ends: tuple[float, float], shown: tuple[float, float]) -> None:
        """Show a region of a spectrum with these `ends`, of which the Raman shifts `shown` are visible."""
        self._region, self._ends, self._shown = region, ends, shown
        is_limited = region is not None and (region.low_cm, region.high_cm) != _WHOLE_AXIS
        self.limit_box.blockSignals(True)
        self.limit_box.setChecked(is_limited)
        self.limit_box.blockSignals(False)
        self.limits.setVisible(is_limited)
        if region is not None and is_limited:
            self.limits.show_band("Only", (max(region.low_cm, ends[0]), min(region.high_cm, ends[1])), ends)
        excluded = region.excluded if region is not None else ()
        for index, (row, inputs) in enumerate(self._excluded_inputs):
            row.setVisible(index < len(excluded))
            if index < len(excluded):
                inputs.show_band("Not", excluded[index], ends)
        self.exclude_button.setEnabled(len(excluded) < MAX_EXCLUDED)

    def _make_row(self, index: int) -> QWidget:
        row, inputs, remove = QWidget(self), RangeInput(index), QToolButton(self)
        remove.setFixedWidth(24)
        remove.setText("✕")
        remove.setToolTip("Compare this range again")
        remove.setAccessibleName(f"Compare range {index + 1} again")
        remove.clicked.connect(lambda: self._remove(index))
        inputs.changed.connect(self._move)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(inputs, 1)
        layout.addWidget(remove)
        self._excluded_inputs.append((row, inputs))
        return row

    def _current(self) -> Region:
        from ramanstudio.core.ranges import Region

        return self._region or Region(*_WHOLE_AXIS, ())

    def _emit(self, region: Region) -> None:
        whole = (region.low_cm, region.high_cm) == _WHOLE_AXIS and not region.excluded
        self._region = None if whole else region  # a second edit may come before this one is shown
        self.changed.emit(self._region)

    def _toggle(self, on: bool) -> None:
        low, high = (max(self._ends[0], self._shown[0]), min(self._ends[1], self._shown[1])) if on else _WHOLE_AXIS
        if on and (low, high) == self._ends:  # all is visible: the user wants less
            span = high - low
            low, high = low + 0.1 * span, high - 0.1 * span
        self._emit(replace(self._current(), low_cm=low, high_cm=high))

    def _add(self) -> None:
        left, right = self._shown
        centre, half_width = (left + right) / 2, 0.05 * (right - left)
        added = (float(round(centre - half_width)), float(round(centre + half_width)))
        self._emit(replace(self._current(), excluded=(*self._current().excluded, added)))

    def _move(self, index: int, low: float, high: float) -> None:
        excluded = list(self._current().excluded)
        if index < len(excluded):
            excluded[index] = (low, high)
            self._emit(replace(self._current(), excluded=tuple(excluded)))

    def _remove(self, index: int) -> None:
        excluded = list(self._current().excluded)
        del excluded[index]
        self._emit(replace(self._current(), excluded=tuple(excluded)))
