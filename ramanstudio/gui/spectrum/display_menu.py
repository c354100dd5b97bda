"""The Display button on the plot: how spectra are drawn, without changing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QWidget,
    QWidgetAction,
)

from ramanstudio.gui.viewer.band_input import BandInput

SCALINGS: Final = {"": "scale_none", "maximum": "scale_maximum", "area": "scale_area", "band": "scale_band"}
AXIS_UNITS: Final = {"shift": "axis_shift", "nm": "axis_nm", "absolute": "axis_absolute", "ev": "axis_ev"}
MAX_OFFSET_PERCENT: Final = 300
_HIGHEST_CM: Final = 15_000.0


class DisplayButton(QPushButton):
    """Opens a menu of the display options; emits `offset_changed(percent)`, 0 for automatic, and `band_changed`."""

    offset_changed = Signal(int)
    band_changed = Signal(float, float)  # cm⁻¹

    def __init__(self, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self.setText("Display")
        self.setAccessibleName("Display options")
        self.setToolTip("Offset, scaling and axis of what is drawn; the data stay as they are")
        self._menu = menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addSection("Several spectra")
        menu.addAction(actions["offset_spectra"])
        self._offset = QSlider(Qt.Orientation.Horizontal)
        self._offset.setRange(0, MAX_OFFSET_PERCENT)
        self._offset.setPageStep(20)
        self._offset.setAccessibleName("Offset in percent of the height of a spectrum")
        self._offset_text = QLabel()
        self._offset.valueChanged.connect(self._show_offset)
        self._offset.valueChanged.connect(self.offset_changed)
        self._offset.valueChanged.connect(lambda _: actions["offset_spectra"].setChecked(True))
        self._add_widgets("Offset by", self._offset, self._offset_text)
        menu.addSeparator()
        for name in SCALINGS.values():
            menu.addAction(actions[name])
        self.band = BandInput(0)
        self.band.show_band("Band", (900.0, 1100.0), (-_HIGHEST_CM, _HIGHEST_CM))
        self.band.changed.connect(lambda _index, low, high: self.band_changed.emit(low, high))
        self._add_widgets("", self.band)
        menu.addSection("Axes")
        menu.addAction(actions["log_intensity"])
        menu.addSeparator()
        for name in AXIS_UNITS.values():
            menu.addAction(actions[name])
        self._reason = menu.addAction("")
        self._reason.setEnabled(False)
        self._set_laser = actions["set_laser"]
        menu.addAction(self._set_laser)
        self.setMenu(menu)
        self.show_laser_problem("")
        self._show_offset(0)

    def show_laser_problem(self, reason: str) -> None:
        """Say why only Raman shift can be shown, beside what helps; empty where every unit can."""
        self._reason.setText(f"{reason} nm and eV need it." if reason else "")
        self._reason.setVisible(bool(reason))

    def show_values(self, offset_percent: int, band: tuple[float, float]) -> None:
        """Show the values of the slider and the band, without a signal."""
        self._offset.blockSignals(True)
        self._offset.setValue(offset_percent)
        self._offset.blockSignals(False)
        self._show_offset(offset_percent)
        self.band.show_band("Band", band, (-_HIGHEST_CM, _HIGHEST_CM))

    def set_offset(self, percent: int) -> None:
        """Move the slider."""
        self._offset.setValue(percent)

    def _show_offset(self, percent: int) -> None:
        self._offset_text.setText(f"{percent} %" if percent else "automatic")

    def _add_widgets(self, title: str, *widgets: QWidget) -> None:
        row = QWidget(self._menu)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(28, 2, 12, 2)
        if title:
            layout.addWidget(QLabel(title, row))
        for widget in widgets:
            layout.addWidget(widget, 1 if isinstance(widget, QSlider) else 0)
        self._offset_text.setMinimumWidth(68)
        action = QWidgetAction(self._menu)
        action.setDefaultWidget(row)
        self._menu.addAction(action)
