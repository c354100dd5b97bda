"""The side panel of Map: channel, bands, colours, plane, export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import SidePanel, button, label, panel_heading
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.gui.map.map_values import FITTED, kind_of
from ramanstudio.gui.viewer.band_input import BandInput
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

FILE_TYPES: Final = "PNG image (*.png);;SVG drawing (*.svg);;32-bit TIFF (*.tif);;CSV table (*.csv)"
BAND_ROLES: Final = {
    "area": ("Band",),
    "ratio": ("Band", "over"),
    "peak": ("Band",),
    **dict.fromkeys(FITTED, ("Band",)),
    "rgb": ("Red", "Green", "Blue"),
}


class MapPanel(SidePanel):
    """Shows and changes what `page` shows."""

    def __init__(self, page: MapPage, actions: Mapping[str, QAction]) -> None:
        super().__init__(panel_heading("Map"))
        self._page = page
        self._updating = False
        self.channel = QComboBox(self)
        self.channel.setAccessibleName("Channel of the map")
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.channel.setMinimumContentsLength(8)
        for channel in map_channels.CHANNELS:
            self.channel.addItem(channel.name, channel.key)
        self._help, self._note = label("quiet", wrap=True), label("", wrap=True)
        self.bands = [BandInput(number) for number in range(3)]
        self._bands = QWidget(self)
        self.low, self.high = self._percentile_box("Lower limit"), self._percentile_box("Upper limit")
        self.interpolated = QCheckBox("Interpolate", self)
        self.interpolated.setToolTip("Interpolate between pixels; otherwise each pixel is drawn as measured")
        self.denoised = QCheckBox("Use processed spectra", self)
        self.denoised.setToolTip(
            "Calculate from what the recipe makes of the spectra; otherwise from the measured ones"
        )
        self._region_text = label("quiet", wrap=True)
        self._average = actions["average"]
        self.mean_button = button(self._average, "Add mean as spectrum")
        self.mean_button.setToolTip("Add the mean of the selected spectra of the map, with its standard error")
        self.plane = QSlider(Qt.Orientation.Horizontal, self)
        self.plane.setAccessibleName("Plane of the map")
        self.plane.setToolTip("The depth, or the pass, that is shown")
        self._plane_text = label("")
        self._planes = QWidget(self)
        self.export_button = button(actions["export_map"])
        self._lay_out()
        self._connect()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        page.changed.connect(self._soon.start)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        for band in self.bands:
            band.set_theme(theme)

    def ask_export(self) -> None:
        """Ask for a file name, and save the map."""
        entry = self._page.map_source.entry
        if entry is None or self._page.picture is None:
            return
        path = dialogs.ask_name(self, "Export map", Path.home() / f"{entry.path.stem}-map.png", FILE_TYPES)
        if path is not None:
            self._page.export(path)

    def refresh(self) -> None:
        """Show the present state."""
        page, options = self._page, self._page.options
        map_source = page.map_source
        self._updating = True
        self._update_channels()
        channel = map_channels.channel(options.channel)
        series = isinstance(map_source.layout, SpectrumSeries)
        self._help.setText("Each row is a spectrum; click one to select it." if series else channel.help)
        self.channel.setEnabled(map_source.entry is not None and not series)
        layout = map_source.layout
        grids = () if layout is None or isinstance(layout, SpectrumSeries) else layout
        notes = [page.note, grids[min(options.plane, len(grids) - 1)].note if grids else ""]
        self._note.setText(" ".join(filter(None, notes)))
        self._note.setVisible(bool(self._note.text()))
        roles = BAND_ROLES.get(options.channel, ()) if not series else ()
        self._bands.setVisible(bool(roles))
        for number, band in enumerate(self.bands):
            band.setVisible(number < len(roles))
            if number < len(roles) and number < len(options.bands) and map_source.source is not None:
                ends = float(map_source.source.axis[0]), float(map_source.source.axis[-1])
                band.show_band(roles[number], options.bands[number], ends)
        self.low.setValue(options.percentiles[0])
        self.high.setValue(options.percentiles[1])
        for box in (self.low, self.high):
            box.setEnabled(kind_of(options) != "categories")
        self.interpolated.setChecked(options.interpolated)
        result = map_source.result
        self.denoised.setEnabled(result is not None and result.denoised is not None)
        self.denoised.setChecked(options.denoised and self.denoised.isEnabled())
        self._planes.setVisible(len(grids) > 1)
        if len(grids) > 1:
            self.plane.setRange(0, len(grids) - 1)
            self.plane.setValue(options.plane)
            self._plane_text.setText(f"{grids[options.plane].title}, {options.plane + 1} of {len(grids)}")
        self.export_button.setEnabled(page.picture is not None)
        n_spectra, n_selected = len(map_source.source or ()), int(np.count_nonzero(map_source.mask))
        selected = n_selected or n_spectra
        self._region_text.setText(
            f"{count_of(selected, 'spectrum', 'spectra')} selected of {format_number(n_spectra)}"
            if selected < n_spectra
            else "Drag over the map to select a region."
        )
        self.mean_button.setEnabled(self._average.isEnabled() and n_selected > 0)
        self._updating = False

    def _update_channels(self) -> None:
        model = self.channel.model()
        assert isinstance(model, QStandardItemModel)
        for row, channel in enumerate(map_channels.CHANNELS):
            missing = self._page.map_source.missing_for(channel.key)
            # what only waits for a selection may be chosen: the panel then says what to select
            model.item(row).setEnabled(not missing or channel.key == "distance")
            model.item(row).setToolTip(f"{channel.help}. {missing}".strip())
        self.channel.setCurrentIndex(self.channel.findData(self._page.options.channel))
        self.channel.setToolTip(map_channels.channel(self._page.options.channel).help)

    # What was chosen

    def _connect(self) -> None:
        self.channel.activated.connect(lambda _: self._change(channel=self.channel.currentData()))
        self.interpolated.toggled.connect(lambda on: self._change(interpolated=on))
        self.denoised.toggled.connect(lambda on: self._change(denoised=on))
        self.plane.valueChanged.connect(lambda plane: self._change(plane=plane))
        for box in (self.low, self.high):
            box.valueChanged.connect(lambda _: self._change_limits())
        for band in self.bands:
            band.changed.connect(self._change_band)

    def _change(self, **what: object) -> None:
        if not self._updating:
            self._page.choose(replace(self._page.options, **what))  # type: ignore[arg-type]

    def _change_limits(self) -> None:
        low, high = self.low.value(), self.high.value()
        if low < high:
            self._change(percentiles=(low, high))

    def _change_band(self, index: int, low: float, high: float) -> None:
        if not self._updating:
            self._page.drag_band(index, low, high)

    # How it is laid out

    def _percentile_box(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(0, 100)
        box.setDecimals(1)
        box.setMinimumWidth(72)
        box.lineEdit().setTextMargins(4, 0, 0, 0)
        box.setSuffix(" %")
        box.setKeyboardTracking(False)
        box.setAccessibleName(f"{name} of the colours, percentile")
        box.setToolTip(
            "The colours span the values between these percentiles; values beyond have the colour of the end"
        )
        return box

    def _lay_out(self) -> None:
        content = QWidget(self)
        content.setProperty("panel", "true")
        whole = QVBoxLayout(content)
        whole.setContentsMargins(12, 4, 12, 12)
        whole.setSpacing(8)
        for widget in (self.channel, self._help, self._note, self._bands, self._planes):
            whole.addWidget(widget)
        bands = QVBoxLayout(self._bands)
        bands.setContentsMargins(0, 8, 0, 0)
        bands.setSpacing(4)
        bands.addWidget(_heading("Bands / cm⁻¹"))
        for band in self.bands:
            bands.addWidget(band)
        hint = label("quiet", wrap=True)
        hint.setText("Drag a band on the spectrum below the map, or enter its ends.")
        bands.addWidget(hint)
        planes = QVBoxLayout(self._planes)
        planes.setContentsMargins(0, 8, 0, 0)
        planes.addWidget(_heading("Plane"))
        planes.addWidget(self.plane)
        planes.addWidget(self._plane_text)
        whole.addSpacing(8)
        whole.addWidget(_heading("Colours"))
        limits = QHBoxLayout()
        limits.setSpacing(8)
        limits.addWidget(self.low, 1)
        to = QLabel("to", self)
        to.setProperty("role", "quiet")
        limits.addWidget(to)
        limits.addWidget(self.high, 1)
        whole.addLayout(limits)
        for widget in (self.interpolated, self.denoised):
            whole.addWidget(widget)
        whole.addSpacing(8)
        whole.addWidget(_heading("Region"))
        whole.addWidget(self._region_text)
        whole.addWidget(self.mean_button)
        whole.addSpacing(8)
        whole.addWidget(_heading("Export"))
        whole.addWidget(self.export_button)
        whole.addStretch()
        self.setWidget(content)


def _heading(text: str) -> QLabel:
    heading = label("heading")
    heading.setText(text)
    return heading
