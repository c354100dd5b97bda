"""The map on its page: canvas or series, and what its colours mean."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from ramanstudio.export.map_files import MapFigure
from ramanstudio.export.scatter_figure import LegendRow
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.map.colour_bar import MapColourBar, pixel_colours
from ramanstudio.gui.map.map_canvas import MapCanvas
from ramanstudio.gui.map.series_view import SeriesView
from ramanstudio.gui.viewer.category_legend import CategoryLegend, key_width
from ramanstudio.gui.viewer.marker_shapes import RING, SHAPES
from ramanstudio.gui.viewer.mouse_tools import MouseTools, Tool
from ramanstudio.signal.map_grid import MapGrid, SpectrumSeries

_PICTURE_RATIO: Final = 2.0
_HELP: Final = (
    "Every pixel is a spectrum. Click selects one, dragging draws a box or a lasso: Shift adds to the selection, Ctrl"
    " removes from it. The wheel zooms, the right button pans, A shows all. On the keyboard, the arrows step from pixel"
    " to pixel, Enter selects, Space adds or removes."
)


class MapView(QWidget):
    """One plane of a map, or a series.

    Emits `hovered(row)` (-1: none) and `picked(rows, mode)` with "replace", "add" or "remove"; rows are those of the
    set of spectra.
    """

    hovered = Signal(int)
    picked = Signal(object, str)
    menu_requested = Signal(QPoint)  # on the screen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = themes.current_theme()
        self._picture: MapFigure | None = None
        self._grid: MapGrid | None = None
        self.canvas = MapCanvas(self, self._theme)
        self.canvas.setAccessibleName("Map")
        self.canvas.setWhatsThis(_HELP)
        self._tools = MouseTools(self.canvas)
        self._tools.set_tool("box")
        self.series = SeriesView(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.canvas)
        self._stack.addWidget(self.series)
        self.bar, self.legend = MapColourBar(self, self._theme), CategoryLegend(self, self._theme)
        self._key = QStackedWidget(self)
        self._key.addWidget(self.bar)
        self._key.addWidget(self.legend)
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._key)
        self.setFocusProxy(self.canvas)
        self._tools.hovered.connect(self.hovered)
        self._tools.picked.connect(self.picked)
        self._tools.menu_requested.connect(self.menu_requested)
        self.series.hovered.connect(self.hovered)
        self.series.picked.connect(self.picked)
        self.legend.toggled.connect(self._paint_pixels)
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(800, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make the legend narrower where space is short."""
        super().resizeEvent(event)
        self._key.setFixedWidth(key_width(self.width()))

    # What is shown

    def show_picture(self, picture: MapFigure, n_spectra: int) -> None:
        """Show a map of a set of `n_spectra`; the zoom is kept where the pixels are the same."""
        if picture.grid is not self._grid:
            self._tools.reset()
            self._grid = picture.grid
            self.canvas.show_grid(picture.grid, n_spectra)
        before, self._picture = self._picture, picture
        self._stack.setCurrentWidget(self.canvas)
        self.setFocusProxy(self.canvas)
        if picture.kind == "categories":
            self._show_legend(picture, before is not None and list(before.names) == list(picture.names))
        else:
            self.bar.show_for(picture)
            self._key.setCurrentWidget(self.bar)
        self._paint_pixels()

    def show_series(
        self, series: SpectrumSeries, rows: NDArray[Any], shifts: tuple[float, float], picture: MapFigure
    ) -> None:
        """Show a series of `rows` (N, C) between `shifts`; `picture` holds the colour limits and labels."""
        self._picture, self._grid = picture, None
        self._stack.setCurrentWidget(self.series)
        self.setFocusProxy(self.series)
        self.series.show_series(series, rows, shifts, picture.limits)
        self.bar.show_for(picture)
        self._key.setCurrentWidget(self.bar)

    def set_selected(self, selected: ArrayLike) -> None:
        """Outline the pixels of these spectra (N,)."""
        mask = np.asarray(selected, dtype=bool)
        self.canvas.set_selected(mask)
        self.series.set_selected(mask)

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging with the left button does: "box", "lasso" or "pan"."""
        self._tools.set_tool(tool)

    def set_interpolated(self, interpolated: bool) -> None:
        """Interpolate between pixels, or draw them as they were measured."""
        self.canvas.set_interpolated(interpolated)
        self.series.set_interpolated(interpolated)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        for widget in (self.canvas, self.series, self.bar, self.legend):
            widget.set_theme(theme)
        self._paint_pixels()

    @property
    def picture(self) -> MapFigure | None:
        """The map or series that is shown."""
        return self._picture

    @property
    def is_series(self) -> bool:
        """Whether a series is shown rather than a map."""
        return self._stack.currentWidget() is self.series

    def _show_legend(self, picture: MapFigure, keep_hidden: bool) -> None:
        labels = picture.values[np.isfinite(picture.values)].astype(np.int64)
        counts = np.bincount(labels[labels >= 0], minlength=len(picture.names))
        rows = [
            LegendRow(name, count, colour, number % SHAPES)
            for number, (name, colour, count) in enumerate(
                zip(picture.names, picture.colours, counts.tolist(), strict=True)
            )
        ]
        if outliers := int((labels < 0).sum()):
            rows.append(LegendRow("outliers", outliers, self._theme.quiet, RING))
        self.legend.show_rows(rows, keep_hidden)
        self._key.setCurrentWidget(self.legend)

    def _paint_pixels(self) -> None:
        picture = self._picture
        if picture is None or self._grid is None:
            return
        colours = pixel_colours(picture, self._theme)
        if picture.kind == "categories" and self.legend.hidden:
            legend_row = np.where(picture.values < 0, len(picture.names), picture.values)
            colours[np.isin(legend_row, list(self.legend.hidden))] = 0
        self.canvas.show_image(colours)

    # Zoom

    def show_all(self) -> None:
        """Show all of the map or series."""
        (self.series if self.is_series else self.canvas).show_all()

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""
        self.canvas.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as much around the same centre."""
        self.canvas.zoom_by(factor)

    def move_by(self, fraction: float) -> None:
        """Pan to the right by a fraction of the width."""
        self.canvas.move_by(fraction)

    def cancel_gesture(self) -> bool:
        """Cancel the box or lasso being drawn; return whether there was one."""
        return self._tools.cancel_gesture()

    def stop(self) -> None:
        """Cancel every gesture, before the view is deleted."""
        self._tools.reset()

    def position_of(self, row: int) -> QPointF:
        """Return where in this widget the pixel of a spectrum is drawn."""
        return QPointF(self.canvas.mapTo(self, self.canvas.position_of(row)))

    def copy_picture(self) -> QImage:
        """Render the map and its legend at twice their size."""
        image = QImage(self.size() * _PICTURE_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_PICTURE_RATIO)
        image.fill(QColor(self._theme.panel))
        painter = QPainter(image)
        self.render(painter, self.rect().topLeft())
        painter.end()
        return image
