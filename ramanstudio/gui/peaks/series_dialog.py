"""The chart of peaks fitted to a set: a parameter with its error against time, position or metadata, or as a map."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.peak_series import INDEX, SetFit
from ramanstudio.signal.map_grid import SpectrumSeries, map_layout

PARAMETERS: Final = (
    ("center", "Position", "cm⁻¹"),
    ("fwhm", "Width (FWHM)", "cm⁻¹"),
    ("height", "Height", ""),
    ("area", "Area", ""),
    ("center_error", "Standard error of the position", "cm⁻¹"),
    ("fwhm_error", "Standard error of the width", "cm⁻¹"),
    ("height_error", "Standard error of the height", ""),
    ("area_error", "Standard error of the area", ""),
    ("significance", "Significance", ""),
    ("reduced_chi2", "Reduced χ²", ""),
)
AS_MAP: Final = "map"
_UNITS: Final = {"x": "µm", "y": "µm", "z": "µm", "time": "s"}
_NEAR_PX: Final = 12


class SeriesDialog(QDialog):
    """Shows a SetFit; `spectrum_chosen(index)` when a point or pixel was clicked."""

    spectrum_chosen = Signal(int)

    def __init__(self, fit: SetFit, messages: Messages, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Peaks of {fit.name}")
        self.fit, self._messages = fit, messages
        planes = map_layout(fit.spectra)
        self._grid = None if planes is None or isinstance(planes, SpectrumSeries) else planes[0]
        self.peak = self._combo("Peak", [(str(i), name) for i, name in enumerate(fit.names)])
        self.parameter = self._combo("Parameter", [(key, title) for key, title, _ in PARAMETERS])
        against = [(name, _title(name)) for name in fit.columns]
        self.against = self._combo("Against", [*([(AS_MAP, "Map")] if self._grid is not None else []), *against])
        preferred = next((name for name in ("time", "z", "temperature_c", "temperature") if name in fit.columns), None)
        if self._grid is None and preferred is not None:
            self.against.setCurrentIndex(self.against.findData(preferred))
        self.plot = pg.PlotWidget(self)
        self.plot.setAccessibleName("Parameter of a peak in every spectrum")
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self._errors = pg.ErrorBarItem()
        self._points = pg.ScatterPlotItem(size=7)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._bar = pg.ColorBarItem(colorMap=pg.colormap.get("viridis"), interactive=False, width=14)
        for item in (self._image, self._errors, self._points):
            self.plot.addItem(item)
        self._bar.axis.enableAutoSIPrefix(False)
        self._bar.axis.setWidth(72)
        self._bar.setImageItem(self._image, insert_in=self.plot.getPlotItem())
        self.plot.scene().sigMouseClicked.connect(lambda event: self._click(event.scenePos()))
        self.note = label("quiet", wrap=True)
        self._lay_out()
        for box in (self.peak, self.parameter, self.against):
            box.currentIndexChanged.connect(lambda _: self.draw())
        themes.appearance().changed.connect(lambda *_: self.set_theme(themes.current_theme()))
        self.set_theme(themes.current_theme())
        self.resize(760, 520)

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        self.plot.setBackground(theme.panel)
        for axis in (self.plot.getAxis("left"), self.plot.getAxis("bottom"), self._bar.axis):
            axis.setPen(theme.pen(theme.line))
            axis.setTextPen(QColor(theme.quiet))
        self.draw()

    def values(self) -> tuple[Any, Any]:
        """Return the chosen parameter and its standard error (N,); no error of an error."""
        peak, key = int(self.peak.currentData()), str(self.parameter.currentData())
        error = f"{key}_error"
        known = error in self.fit.table
        values = self.fit.values(peak, key)
        return values, self.fit.values(peak, error) if known else np.zeros_like(values)

    def draw(self) -> None:
        """Draw what is chosen."""
        values, error = self.values()
        flagged = self.fit.is_flagged(int(self.peak.currentData()))
        _, title, unit = PARAMETERS[self.parameter.currentIndex()]
        is_map = self.against.currentData() == AS_MAP
        for item, shown in ((self._image, is_map), (self._bar, is_map), (self._errors, not is_map)):
            item.setVisible(shown)
        self._points.setVisible(not is_map)
        self.plot.getViewBox().setAspectLocked(is_map)
        named = f"{title} / {unit}" if unit else title
        (self._draw_map if is_map else self._draw_points)(values, error, flagged, named)
        self.plot.getViewBox().autoRange(padding=0.06)
        good = values[np.isfinite(values) & ~flagged]
        mean = f"Mean of the others {np.mean(good):.6g}, scatter {np.std(good):.2g}." if good.size else ""
        typical = error[np.isfinite(values) & ~flagged]
        stated = f" Median standard error {np.median(typical):.2g}." if typical.any() else ""
        how = "left blank" if is_map else "hollow"
        n_flagged = int(flagged.sum())
        doubtful = f"{n_flagged} of {len(values)} fits are doubtful, also after another try from a neighbour: {how}. "
        click = " Click a pixel to see its spectrum." if is_map else " Click a point to see its spectrum."
        self.note.setText((doubtful if n_flagged else "") + mean + stated + click)

    def _draw_points(self, values: Any, error: Any, flagged: Any, named: str) -> None:
        theme, name = self._theme, str(self.against.currentData())
        x = self.fit.columns[name]
        known = np.isfinite(values) & np.isfinite(x)
        error = np.where(np.isfinite(error), error, 0.0)
        self._errors.setData(
            x=x[known], y=values[known], top=error[known], bottom=error[known], beam=0, pen=theme.pen(theme.quiet, 1.0)
        )
        fills = [QColor(theme.panel if bad else theme.accent) for bad in flagged[known]]
        colours = [theme.pen(theme.warning if bad else theme.accent, 1.4) for bad in flagged[known]]
        self._points.setData(x=x[known], y=values[known], brush=fills, pen=colours, data=np.flatnonzero(known))
        self.plot.setLabel("bottom", _title(name))
        self.plot.setLabel("left", named)
        for side in ("left", "bottom"):
            self.plot.getAxis(side).enableAutoSIPrefix(False)

    def _draw_map(self, values: Any, _error: Any, flagged: Any, named: str) -> None:
        grid = self._grid
        assert grid is not None
        pixels = grid.image(np.where(flagged, np.nan, values))
        known = pixels[np.isfinite(pixels)]
        low, high = np.percentile(known, [1, 99]) if known.size else (0.0, 1.0)
        self._bar.setLevels((float(low), float(high) if high > low else float(low) + 1e-9))
        self._image.setImage(pixels, autoLevels=False)
        width, height = grid.step
        area = QRectF(grid.x[0] - width / 2, grid.y[0] - height / 2, width * len(grid.x), height * len(grid.y))
        self._image.setRect(area)
        self.plot.setLabel("bottom", f"x / {grid.unit}")
        self.plot.setLabel("left", f"y / {grid.unit}")
        self._bar.axis.setLabel(named.replace("Standard error of the", "±"))

    def _click(self, scene: QPointF) -> None:
        index = self.spectrum_at(scene)
        if index is not None:
            note = self.fit.note(int(self.peak.currentData()), index)
            self.note.setText(f"Spectrum {index + 1}: {note or 'a good fit'}.")
            self.spectrum_chosen.emit(index)

    def spectrum_at(self, scene: QPointF) -> int | None:
        """Return the spectrum whose point or pixel is drawn at a place of the scene."""
        box = self.plot.getViewBox()
        place = box.mapSceneToView(scene)
        if self._grid is not None and self.against.currentData() == AS_MAP:
            width, height = self._grid.step
            column = round((place.x() - self._grid.x[0]) / width)
            row = round((place.y() - self._grid.y[0]) / height)
            rows, columns = self._grid.shape
            found = self._grid.index[row, column] if 0 <= row < rows and 0 <= column < columns else -1
            return int(found) if found >= 0 else None
        values, _ = self.values()
        x = self.fit.columns[str(self.against.currentData())]
        size = box.viewPixelSize()
        apart = np.hypot((x - place.x()) / size[0], (values - place.y()) / size[1])
        if not np.isfinite(apart).any():
            return None
        nearest = int(np.nanargmin(apart))
        return nearest if apart[nearest] <= _NEAR_PX else None

    def save(self, path: Path) -> None:
        """Write the table of all peaks and spectra (CSV)."""
        try:
            self.fit.write(path)
        except StudioError as error:
            self._messages.show_error(error)
            return
        self._messages.info(f"Saved {self.fit.summary()[:-1]} as '{path.name}'.")

    def _ask(self) -> None:
        path = Path.home() / f"{Path(self.fit.name).stem}-peaks.csv"
        chosen = dialogs.ask_name(self, "Save table of peaks", path, "CSV table (*.csv)")
        if chosen is not None:
            self.save(chosen)

    def _combo(self, name: str, rows: list[tuple[str, str]]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        for key, title in rows:
            box.addItem(title, key)
        return box

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(12)
        for title, box in (("Peak", self.peak), ("Show", self.parameter), ("Against", self.against)):
            form = QFormLayout()
            form.addRow(title, box)
            choices.addLayout(form)
        choices.addStretch()
        save = QPushButton("Save table…", self)
        save.setToolTip("Save all peaks of all spectra with their errors (CSV)")
        save.clicked.connect(self._ask)
        close = QPushButton("Close", self)
        close.clicked.connect(self.close)
        for push_button in (save, close):
            push_button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(save)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addLayout(choices)
        column.addWidget(self.plot, 1)
        column.addWidget(self.note)
        column.addLayout(buttons)


def _title(name: str) -> str:
    titled = "Spectrum" if name == INDEX else name.replace("_", " ")
    return f"{titled} / {_UNITS[name]}" if name in _UNITS else titled
