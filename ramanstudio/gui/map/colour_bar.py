"""From values to colours, and the colour bar of a map."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ramanstudio.core.numbers import format_number, format_significant
from ramanstudio.export.map_files import SIGNED_COLOURS, MapFigure, rgba_image
from ramanstudio.gui.common.theme import QUIET_PX, Theme, with_tabular_figures
from ramanstudio.gui.viewer.band_input import RGB_COLOURS

WIDTH: Final = 148
N_COLOURS: Final = 256


def colour_table(kind: str) -> NDArray[np.uint8]:
    """Return 256 colours (256, 4), red green blue alpha, from the low end to the high one."""
    if kind == "signed":
        stops = np.array(
            [[QColor(colour).red(), QColor(colour).green(), QColor(colour).blue()] for colour in SIGNED_COLOURS]
        )
        at = np.linspace(0, len(stops) - 1, N_COLOURS)
        rgb = np.column_stack([np.interp(at, np.arange(len(stops)), stops[:, colour]) for colour in range(3)])
        return np.column_stack([np.rint(rgb), np.full(N_COLOURS, 255)]).astype(np.uint8)
    table: Any = pg.colormap.get("viridis").getLookupTable(0.0, 1.0, N_COLOURS, alpha=True)
    return np.asarray(table, dtype=np.uint8)


def pixel_colours(picture: MapFigure, theme: Theme) -> NDArray[np.uint8]:
    """Return the pixels of a map in colours (R, C, 4); blank pixels are transparent."""
    if picture.kind in ("categories", "rgb"):
        return rgba_image(picture, theme.quiet)
    return value_colours(picture.values, picture.limits, picture.kind)


def value_colours(values: NDArray[Any], limits: tuple[float, float], kind: str = "amount") -> NDArray[np.uint8]:
    """Return values (R, C) in colours (R, C, 4) between `limits`; unknown ones are transparent."""
    low, high = limits
    known = np.isfinite(values)
    if not np.isfinite(low):
        known = np.zeros_like(known)
        low, high = 0.0, 1.0
    span = high - low if high > low else 1.0
    colour_index = np.rint(np.clip((np.where(known, values, low) - low) / span, 0, 1) * (N_COLOURS - 1)).astype(np.intp)
    image = colour_table(kind)[colour_index]
    image[~known] = 0
    return image


class MapColourBar(QWidget):
    """The colour bar of a map; for RGB, which colour is which band."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._label, self._kind, self._limits = "", "amount", (0.0, 1.0)
        self._names: tuple[str, ...] = ()
        self._n_blank = 0
        font = with_tabular_figures(self.font())
        font.setPixelSize(QUIET_PX)
        self.setFont(font)

    def show_for(self, picture: MapFigure) -> None:
        """Show what the colours of a map mean."""
        self._label, self._kind, self._limits = picture.label, picture.kind, picture.limits
        self._names = tuple(picture.names) if picture.kind == "rgb" else ()
        values = picture.values if picture.kind != "rgb" else picture.values.max(axis=2)
        blank = (picture.grid.index >= 0) & ~np.isfinite(values)
        self._n_blank = int(
            blank.all(axis=1).sum() if picture.axis_labels is not None else blank.sum()
        )  # rows are spectra
        noun = "spectra have no values" if picture.axis_labels is not None else "pixels have no value"
        text = f"{self._label}: {format_significant(self._limits[0])} to {format_significant(self._limits[1])}"
        text = f"{self._label}: {', '.join(self._names)}" if self._names else text
        self.setAccessibleName(f"Colours of {text}")
        self.setToolTip(text + (f"; blank: {format_number(self._n_blank)} {noun}" if self._n_blank else ""))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A column."""
        return QSize(WIDTH, 240)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the quantity, and the bar with its limits or the names of the bands."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        line = painter.fontMetrics().height() + 4
        painter.setPen(QColor(self._theme.text))
        area = QRect(0, 12, self.width() - 8, 4 * line)
        flags = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop)
        text_rect = painter.boundingRect(area, flags, self._label)
        painter.drawText(text_rect, flags, self._label)
        if self._names:
            self._paint_names(painter, text_rect.bottom() + 10, line)
        elif np.isfinite(self._limits[0]):
            self._paint_bar(painter, text_rect.bottom() + 10, line)
        else:
            painter.setPen(QColor(self._theme.quiet))
            painter.drawText(area.translated(0, text_rect.height() + 8), flags, "no pixel has a value")
        painter.end()

    def _paint_bar(self, painter: QPainter, top: int, line: int) -> None:
        low, high = self._limits
        bar = QRectF(0, top, 14, max(40, min(220, self.height() - top - line - 16)))
        gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
        for step, (red, green, blue, _) in enumerate(colour_table(self._kind)[:: N_COLOURS // 16].tolist()):
            gradient.setColorAt(step / 16, QColor(red, green, blue))
        painter.fillRect(bar, gradient)
        painter.setPen(QColor(self._theme.quiet))
        for fraction, value in ((0.0, high), (0.5, (low + high) / 2), (1.0, low)):
            y = bar.top() + fraction * bar.height()
            label_rect = QRectF(
                22, min(max(y - line / 2, bar.top() - 2), bar.bottom() - line + 4), self.width() - 22, line
            )
            painter.drawText(label_rect, int(Qt.AlignmentFlag.AlignVCenter), format_significant(value))
        if self._n_blank:
            painter.drawText(QRectF(0, bar.bottom() + 6, self.width(), line), f"blank: {format_number(self._n_blank)}")

    def _paint_names(self, painter: QPainter, top: int, line: int) -> None:
        for row, (name, colour) in enumerate(zip(self._names, RGB_COLOURS, strict=False)):
            painter.fillRect(QRectF(0, top + row * (line + 4) + 3, 12, 12), QColor(colour))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, self.width() - 22)
            painter.drawText(QRectF(20, top + row * (line + 4), 128, line), int(Qt.AlignmentFlag.AlignVCenter), text)
