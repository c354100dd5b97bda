"""The axes of a plot: few ticks, plain numbers, a power of ten in the label rather than on every tick."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QFont, QFontMetricsF

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectral_units import AxisScale
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures

_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Pixels between numbers: preferred, and the minimum where there is hardly space for four.
_PREFERRED_PX: Final = {"bottom": 84, "left": 52}
_MIN_PX: Final = 34


def decimals_for(step: float) -> int:
    """Return the number of decimals that distinguishes values `step` apart."""
    return max(0, min(9, -math.floor(math.log10(step) + 1e-9))) if step > 0 else 0


def round_step(rough: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten that is at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def power_of_ten(exponent: int) -> str:
    """Return 10 with a superscript exponent."""
    return "10" + str(exponent).translate(_SUPERSCRIPT)


class PlotAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis with plain numbers, labelled `quantity / unit`."""

    def __init__(self, orientation: str, quantity: str, unit: str) -> None:
        self._quantity, self._unit, self._exponent, self._log = quantity, unit, 0, False
        self._metrics = QFontMetricsF(QFont())
        self._scale = AxisScale()
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=5, tickTextOffset=6, maxTextLevel=0, autoExpandTextSpace=False)
        self.setStyle(hideOverlappingLabels=24)  # the last number may reach into the margin
        self._write_label()

    def apply_theme(self, theme: Theme, font: QFont) -> None:
        """Apply the colours of a theme, with tabular figures."""
        small = with_tabular_figures(font)
        small.setPixelSize(QUIET_PX)
        self.setPen(theme.pen(theme.line))
        self.setTickPen(theme.pen(theme.line))
        self.setTextPen(theme.pen(theme.quiet))
        self.setTickFont(small)
        self.label.setFont(small)
        self.label.setDefaultTextColor(theme.pen(theme.quiet).color())
        self._metrics = QFontMetricsF(small)
        if self.orientation == "left":
            self.setWidth(self.wanted_width())
        else:
            self.setHeight(round(2 * self._metrics.height() + 18))

    def wanted_width(self) -> int:
        """Return the width of label and longest number, in three steps, so that the plot is still during a pan."""
        low, high = self.range
        ticks = self.tickValues(low, high, max(self.height(), 100.0))
        numbers = self.tickStrings(ticks[0][1], 1.0, ticks[0][0]) if ticks else []
        longest = max((self._metrics.horizontalAdvance(number) for number in numbers), default=0.0)
        fitting = next((text for text in ("8888", "−8.888") if self._metrics.horizontalAdvance(text) >= longest), "")
        return round(
            self._metrics.horizontalAdvance(fitting or format_number(-88_888.8, 1)) + self._metrics.height() + 22
        )

    def numbers(self) -> list[tuple[float, str]]:
        """Return where the axis has numbers, and the numbers."""
        low, high = self.range
        ticks = self.tickValues(low, high, self.height() if self.orientation == "left" else self.width())
        step, values = ticks[0] if ticks else (1.0, [])
        return list(zip(values, self.tickStrings(values, 1.0, step), strict=True))

    def set_unit(self, unit: str) -> None:
        """Set the unit of the label; empty shows only the quantity."""
        if unit != self._unit:
            self._unit = unit
            self._write_label()

    def set_quantity(self, quantity: str) -> None:
        """Set the quantity of the label."""
        if quantity != self._quantity:
            self._quantity = quantity
            self._write_label()

    def set_scale(self, scale: AxisScale) -> None:
        """Number an axis of Raman shifts in another unit; the shifts themselves, and what is drawn, stay."""
        self._scale = scale
        self._quantity, self._unit = scale.unit.quantity, scale.unit.symbol
        self._write_label()
        self.picture = None
        self.update()

    def set_log(self, log: bool) -> None:
        """Label the axis as logarithms of its values, or as the values."""
        self._log = log
        self._exponent = 0
        self.setRange(*self.range)
        self._write_label()
        self.picture = None
        self.update()

    def setRange(self, mn: float, mx: float) -> None:  # noqa: N802 - pyqtgraph's name
        """Set the range; a power of ten that makes numbers too long moves to the label."""
        largest = max(abs(mn), abs(mx))
        exponent = 0
        if not self._log and self.orientation == "left" and largest > 0 and not 1e-2 <= largest < 1e5:
            exponent = 3 * math.floor(math.log10(largest) / 3)
        super().setRange(mn, mx)
        if exponent != self._exponent:
            self._exponent = exponent
            self._write_label()

    def _write_label(self) -> None:
        scale = power_of_ten(self._exponent) if self._exponent else ""
        unit = " ".join(part for part in (scale, self._unit) if part)
        self.setLabel(f"{self._quantity} / {unit}" if unit else self._quantity)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802, N803
        """Return ticks with numbers, then minor ticks."""
        low, high = sorted((minVal, maxVal))
        if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
            return []
        wanted = max(size / _PREFERRED_PX[self.orientation], min(size / _MIN_PX, 4.0))
        if self._scale.unit.needs_laser:
            return _converted_ticks(self._scale, low, high, wanted)
        if self._log:
            return _log_ticks(low, high, wanted)
        return [(step, ticks.tolist()) for step, ticks in _linear_ticks(low, high, wanted)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Return the numbers at the ticks."""
        if self._log:
            return [_log_text(value, spacing) for value in values]
        if self._scale.unit.needs_laser:
            return [format_number(value, decimals_for(spacing)) for value in self._scale.values(values).tolist()]
        shrunk = 10.0**-self._exponent
        return [format_number(value * shrunk, decimals_for(spacing * shrunk)) for value in values]


def _linear_ticks(low: float, high: float, wanted: float) -> list[tuple[float, NDArray[np.float64]]]:
    """Return the step and the values of ticks with numbers, about `wanted` of them, then of minor ticks."""
    step = round_step((high - low) / wanted)
    large = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
    small_step = step / (4 if f"{step:e}".startswith("2") else 5)
    small = np.arange(math.ceil(low / small_step), math.floor(high / small_step) + 1) * small_step
    small = small[np.abs(small / step - np.round(small / step)) > 0.01]
    return [(step, large), (small_step, small)]


def _converted_ticks(scale: AxisScale, low: float, high: float, wanted: float) -> list[tuple[float, list[float]]]:
    """Return ticks at round numbers of another unit, as Raman shifts between `low` and `high`."""
    ends = scale.values([low, high])
    if not np.isfinite(ends).all() or ends[0] == ends[1]:
        return []
    first, last = sorted(ends.tolist())
    return [(step, scale.shifts(ticks).tolist()) for step, ticks in _linear_ticks(first, last, wanted)]


def _log_ticks(low: float, high: float, wanted: float) -> list[tuple[float, list[float]]]:
    decades = range(math.floor(low), math.ceil(high) + 1)
    if high - low > wanted:  # whole decades only, some of them
        every = math.ceil((high - low) / wanted)
        return [(float(every), [float(decade) for decade in decades if decade % every == 0 and low <= decade <= high])]
    if high - low > 0.7:
        factors = (1, 2, 5) if (high - low) * 3 <= 1.5 * wanted else (1, 3) if (high - low) * 2 <= wanted else (1,)
        large = [decade + math.log10(factor) for decade in decades for factor in factors]
        small = [decade + math.log10(factor) for decade in decades for factor in range(2, 10) if factor not in factors]
        return [
            (1.0, [value for value in large if low <= value <= high]),
            (0.1, [value for value in small if low <= value <= high]),
        ]
    bottom, top = 10.0**low, 10.0**high
    step = round_step((top - bottom) / wanted)
    marks = np.arange(math.ceil(bottom / step), math.floor(top / step) + 1) * step
    return [(step, np.log10(marks[marks > 0]).tolist())]


def _log_text(value: float, spacing: float) -> str:
    size = 10.0**value
    if size >= 99_999.5 or size < 1e-3:
        exponent = math.floor(value + 1e-9)
        digit = size / 10.0**exponent
        return power_of_ten(exponent) if abs(digit - 1) < 0.01 else f"{digit:.3g}×{power_of_ten(exponent)}"
    return format_number(size, decimals_for(float(f"{size:.1g}")) if size < 10 else 0)
