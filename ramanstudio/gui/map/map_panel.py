"""The panel on the right of Map: what is shown of it, from which bands, in which colours, and taking it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

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

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import SidePanel, button, label, panel_heading
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.gui.map.map_values import kind_of
from ramanstudio.gui.viewer.band_input import BandInput
from ramanstudio.signal import map_channels
from ramanstudio.signal.map_grid import SpectrumSeries

KINDS: Final = "Picture (*.png);;Drawing (*.svg);;Numbers, 32-bit TIFF (*.tif);;Table (*.csv)"
ROLES: Final = {"area": ("Band",), "ratio": ("Band", "over"), "peak": ("Band",), "rgb": ("Red", "Green", "Blue")}


class MapPanel(SidePanel):
    """Speaks of the map that `page` shows."""

    def __init__(self, page: MapPage, actions: Mapping[str, QAction]) -> None:
        super().__init__(panel_heading("Map"))
        self._page = page
        self._following = False
        self.channel = QComboBox(self)
        self.channel.setAccessibleName("What the map shows")
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.channel.setMinimumContentsLength(8)
        for one in map_channels.CHANNELS:
            self.channel.addItem(one.name, one.key)
        self._help, self.note = label("quiet", wrap=True), label("", wrap=True)
        self.bands = [BandInput(number) for number in range(3)]
        self._bands = QWidget(self)
        self.low, self.high = self._percentile("Lower limit"), self._percentile("Upper limit")
        self.interpolated = QCheckBox("Interpolate", self)
        self.interpolated.setToolTip("Interpolate between pixels; otherwise each pixel is drawn as measured")
        self.denoised = QCheckBox("Use denoised spectra", self)
        self.denoised.setToolTip("Calculate from the denoised spectra; otherwise from the raw ones")
        self.plane = QSlider(Qt.Orientation.Horizontal, self)
        self.plane.setAccessibleName("Plane of the map")
        self.plane.setToolTip("Which depth, or which pass, is shown")
        self._plane_words = label("")
        self._planes = QWidget(self)
        self.take = button(actions["export_map"])
        self._lay_out()
        self._connect()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        page.changed.connect(self._soon.start)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for band in self.bands:
            band.set_theme(theme)

    def ask_where(self) -> None:
        """Ask under which name to save the map, and save it."""
        entry = self._page.subject.entry
        if entry is None or self._page.picture is None:
            return
        path = dialogs.ask_name(self, "Export map", Path.home() / f"{entry.path.stem}-map.png", KINDS)
        if path is not None:
            self._page.export(path)

    def refresh(self) -> None:
        """Say what is true now."""
        page, choice = self._page, self._page.choice
        subject = page.subject
        self._following = True
        self._offer_channels()
        one = map_channels.channel(choice.channel)
        series = isinstance(subject.places, SpectrumSeries)
        self._help.setText("Each row is a spectrum; click one to select it." if series else one.help)
        self.channel.setEnabled(subject.entry is not None and not series)
        grids = subject.places if subject.places is not None and not isinstance(subject.places, SpectrumSeries) else ()
        aside = [page.aside, grids[min(choice.plane, len(grids) - 1)].note if grids else ""]
        self.note.setText(" ".join(part for part in aside if part))
        self.note.setVisible(bool(self.note.text()))
        roles = ROLES.get(choice.channel, ()) if not series else ()
        self._bands.setVisible(bool(roles))
        for number, band in enumerate(self.bands):
            band.setVisible(number < len(roles))
            if number < len(roles) and number < len(choice.bands) and subject.source is not None:
                ends = float(subject.source.axis[0]), float(subject.source.axis[-1])
                band.show_band(roles[number], choice.bands[number], ends)
        self.low.setValue(choice.percentiles[0])
        self.high.setValue(choice.percentiles[1])
        for box in (self.low, self.high):
            box.setEnabled(kind_of(choice) != "categories")
        self.interpolated.setChecked(choice.interpolated)
        result = subject.result
        self.denoised.setEnabled(result is not None and result.denoised is not None)
        self.denoised.setChecked(choice.denoised and self.denoised.isEnabled())
        self._planes.setVisible(len(grids) > 1)
        if len(grids) > 1:
            self.plane.setRange(0, len(grids) - 1)
            self.plane.setValue(choice.plane)
            self._plane_words.setText(f"{grids[choice.plane].title}, {choice.plane + 1} of {len(grids)}")
        self.take.setEnabled(page.picture is not None)
        self._following = False

    def _offer_channels(self) -> None:
        model = self.channel.model()
        assert isinstance(model, QStandardItemModel)
        for row, one in enumerate(map_channels.CHANNELS):
            missing = self._page.subject.offers(one.key)
            # what only waits for a selection may be chosen: the panel then says what to select
            model.item(row).setEnabled(not missing or one.key == "distance")
            model.item(row).setToolTip(f"{one.help}. {missing}".strip())
        self.channel.setCurrentIndex(self.channel.findData(self._page.choice.channel))
        self.channel.setToolTip(map_channels.channel(self._page.choice.channel).help)

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
        if not self._following:
            self._page.choose(replace(self._page.choice, **what))  # type: ignore[arg-type]

    def _change_limits(self) -> None:
        low, high = self.low.value(), self.high.value()
        if low < high:
            self._change(percentiles=(low, high))

    def _change_band(self, index: int, low: float, high: float) -> None:
        if not self._following:
            self._page.drag_band(index, low, high)

    # How it is laid out

    def _percentile(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(0, 100)
        box.setDecimals(1)
        box.setMinimumWidth(72)
        box.lineEdit().setTextMargins(4, 0, 0, 0)
        box.setSuffix(" %")
        box.setKeyboardTracking(False)
        box.setAccessibleName(f"{name} of the colours, percentile")
        box.setToolTip("The colours are spread between these percentiles; what lies beyond has the colour of the end")
        return box

    def _lay_out(self) -> None:
        inside = QWidget(self)
        inside.setProperty("panel", "true")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(12, 4, 12, 12)
        whole.setSpacing(8)
        for widget in (self.channel, self._help, self.note, self._bands, self._planes):
            whole.addWidget(widget)
        bands = QVBoxLayout(self._bands)
        bands.setContentsMargins(0, 8, 0, 0)
        bands.setSpacing(4)
        bands.addWidget(_head("Bands / cm⁻¹"))
        for band in self.bands:
            bands.addWidget(band)
        hint = label("quiet", wrap=True)
        hint.setText("Drag a band on the spectrum beneath the map, or type its ends.")
        bands.addWidget(hint)
        planes = QVBoxLayout(self._planes)
        planes.setContentsMargins(0, 8, 0, 0)
        planes.addWidget(_head("Plane"))
        planes.addWidget(self.plane)
        planes.addWidget(self._plane_words)
        whole.addSpacing(8)
        whole.addWidget(_head("Colours"))
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
        whole.addWidget(_head("Export"))
        whole.addWidget(self.take)
        whole.addStretch()
        self.setWidget(inside)


def _head(words: str) -> QLabel:
    head = label("heading")
    head.setText(words)
    return head
