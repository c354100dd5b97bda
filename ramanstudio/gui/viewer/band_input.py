"""The two ends of a band in cm⁻¹ as numbers: what is dragged on the spectrum, for the keyboard."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from ramanstudio.gui.common.theme import Theme, current_theme

RGB_COLOURS: Final = ("#D22B2B", "#1E8E3E", "#2F6BFF")
_NARROWEST_CM: Final = 1.0


class BandInput(QWidget):
    """A colour, a role and two numbers; emits `changed(index, low, high)`."""

    changed = Signal(int, float, float)

    def __init__(self, index: int) -> None:
        super().__init__()
        self._index, self._role, self._theme = index, "Band", current_theme()
        self._updating = False
        self._swatch, self._name = QLabel(self), QLabel(self)
        self._name.setMinimumWidth(40)
        self.low, self.high = QDoubleSpinBox(self), QDoubleSpinBox(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._swatch)
        row.addWidget(self._name)
        for box, end in ((self.low, "from"), (self.high, "to")):
            box.setDecimals(0)
            box.setMinimumWidth(64)
            box.setSingleStep(1)
            box.setKeyboardTracking(False)
            box.lineEdit().setTextMargins(4, 0, 0, 0)
            box.setToolTip(f"The band extends {end} this Raman shift, in cm⁻¹")
            box.valueChanged.connect(lambda _: self._emit_changed())
            row.addWidget(box, 1)

    def show_band(self, role: str, band: tuple[float, float], axis_range: tuple[float, float]) -> None:
        """Show a band, with the ends of the axis as limits."""
        self._updating = True
        self._role = role
        self._name.setText(role)
        for box, value, end in ((self.low, band[0], "from"), (self.high, band[1], "to")):
            box.setRange(*axis_range)
            box.setValue(value)
            box.setAccessibleName(f"{role} {end}, cm⁻¹")
        self._paint_swatch()
        self._updating = False

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self._paint_swatch()

    def _paint_swatch(self) -> None:
        roles = {"Red": RGB_COLOURS[0], "Green": RGB_COLOURS[1], "Blue": RGB_COLOURS[2], "over": self._theme.residual}
        pixmap = QPixmap(10, 10)
        pixmap.fill(QColor(roles.get(self._role, self._theme.accent)))
        self._swatch.setPixmap(pixmap)

    def _emit_changed(self) -> None:
        low, high = sorted((self.low.value(), self.high.value()))
        if not self._updating and high - low >= _NARROWEST_CM:
            self.changed.emit(self._index, low, high)
