"""The map: pixels in colours, what the colours mean, and the hands on it."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from ramanstudio.export.map_files import MapFigure
from ramanstudio.export.scatter_figure import LegendRow
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.map.colour_bar import WIDTH, MapBar, painted
from ramanstudio.gui.map.map_canvas import MapGround
from ramanstudio.gui.map.series_view import SeriesView
from ramanstudio.gui.viewer.category_legend import Legend
from ramanstudio.gui.viewer.marker_shapes import RING, SHAPES
from ramanstudio.gui.viewer.mouse_tools import Hands, Tool
from ramanstudio.signal.map_grid import MapGrid, SpectrumSeries

_RATIO: Final = 2.0
_HELP: Final = (
    "Every pixel is a spectrum. Click selects one, a drag draws a box or a lasso around many: Shift adds, Ctrl takes"
    " out. The wheel zooms, the right button pans, A shows all. From the keyboard, the arrows step from pixel to pixel,"
    " Enter selects, Space adds or takes out."
)


class MapView(QWidget):
    """One plane of a map, or a series. `hovered(row)` (-1: nothing), `picked(rows, mode)`: "replace", "add", "remove".

    Rows are those of the set whose map it is.
    """

    hovered = Signal(int)
    picked = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = themes.current_theme()
        self._picture: MapFigure | None = None
        self._grid: MapGrid | None = None
        self.ground = MapGround(self, self._theme)
        self.ground.setAccessibleName("Map")
        self.ground.setWhatsThis(_HELP)
        self._hands = Hands(cast(Any, self.ground))  # it has what hands hold on to
        self._hands.set_tool("box")
        self.series = SeriesView(self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.ground)
        self._stack.addWidget(self.series)
        self.bar, self.legend = MapBar(self, self._theme), Legend(self, self._theme)
        self._meaning = QStackedWidget(self)
        self._meaning.addWidget(self.bar)
        self._meaning.addWidget(self.legend)
        self._meaning.setFixedWidth(WIDTH)
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(8)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._meaning)
        self.setFocusProxy(self.ground)
        self._hands.hovered.connect(self.hovered)
        self._hands.picked.connect(self.picked)
        self.series.hovered.connect(self.hovered)
        self.series.picked.connect(self.picked)
        self.legend.toggled.connect(self._paint)
        self.set_theme(self._theme)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(800, 480)

    # What is shown

    def show_picture(self, picture: MapFigure, count: int) -> None:
        """Show a map of a set of `count` spectra; the zoom stays where the pixels are the same."""
        if picture.grid is not self._grid:
            self._hands.forget()
            self._grid = picture.grid
            self.ground.show_grid(picture.grid, count)
        before, self._picture = self._picture, picture
        self._stack.setCurrentWidget(self.ground)
        self.setFocusProxy(self.ground)
        if picture.kind == "categories":
            same = before is not None and list(before.names) == list(picture.names)
            self._name(picture, keep_hidden=same)
        else:
            self.bar.show_for(picture)
            self._meaning.setCurrentWidget(self.bar)
        self._paint()

    def show_series(
        self, series: SpectrumSeries, rows: NDArray[Any], shifts: tuple[float, float], picture: MapFigure
    ) -> None:
        """Show a series; `picture` says what the colours mean."""
        self._picture, self._grid = picture, None
        self._stack.setCurrentWidget(self.series)
        self.setFocusProxy(self.series)
        self.series.show_series(series, rows, shifts, picture.limits)
        self.bar.show_for(picture)
        self._meaning.setCurrentWidget(self.bar)

    def set_selected(self, selected: ArrayLike) -> None:
        """Outline the pixels of these spectra (N,)."""
        mask = np.asarray(selected, dtype=bool)
        self.ground.set_selected(mask)
        self.series.set_selected(mask)

    def set_tool(self, tool: Tool) -> None:
        """What a drag with the left button does: "box", "lasso" or "pan"."""
        self._hands.set_tool(tool)

    def set_smooth(self, smooth: bool) -> None:
        """Blend between pixels, or draw them as they are."""
        self.ground.set_smooth(smooth)
        self.series.set_smooth(smooth)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for part in (self.ground, self.series, self.bar, self.legend):
            part.set_theme(theme)
        self._paint()

    @property
    def picture(self) -> MapFigure | None:
        """What is shown."""
        return self._picture

    @property
    def is_series(self) -> bool:
        """Whether a series is shown, not a map."""
        return self._stack.currentWidget() is self.series

    def _name(self, picture: MapFigure, keep_hidden: bool) -> None:
        numbers = picture.values[np.isfinite(picture.values)].astype(np.int64)
        counts = np.bincount(numbers[numbers >= 0], minlength=len(picture.names))
        rows = [
            LegendRow(name, int(count), colour, place % SHAPES)
            for place, (name, colour, count) in enumerate(
                zip(picture.names, picture.colours, counts.tolist(), strict=True)
            )
        ]
        if outliers := int((numbers < 0).sum()):
            rows.append(LegendRow("outliers", outliers, self._theme.quiet, RING))
        self.legend.show_rows(rows, keep_hidden)
        self._meaning.setCurrentWidget(self.legend)

    def _paint(self) -> None:
        picture = self._picture
        if picture is None or self._grid is None:
            return
        colours = painted(picture, self._theme)
        if picture.kind == "categories" and self.legend.hidden:
            row = np.where(picture.values < 0, len(picture.names), picture.values)
            colours[np.isin(row, list(self.legend.hidden))] = 0
        self.ground.show_image(colours)

    # Zoom

    def show_all(self) -> None:
        """Show all of it."""
        (self.series if self.is_series else self.ground).show_all()

    def zoom_back(self) -> None:
        """Show what was shown before the last zoom."""
        self.ground.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as much around the same middle, for hands on the keyboard."""
        self.ground.remember()
        self.ground.zoom(1 / factor)

    def move_by(self, share: float) -> None:
        """Move to the right by a share of what is shown, for hands on the keyboard."""
        self.ground.remember()
        self.ground.move_view(-share * self.ground.width(), 0)

    def cancel_gesture(self) -> bool:
        """Give up the box or lasso that is being drawn; whether there was one."""
        return self._hands.cancel_gesture()

    def stop(self) -> None:
        """Forget what hands had begun; for whoever throws the view away."""
        self._hands.forget()

    def place_of(self, row: int) -> QPointF:
        """Where in this widget the pixel of a spectrum is drawn."""
        return QPointF(self.ground.mapTo(self, self.ground.place_of(row)))

    def copy_picture(self) -> QImage:
        """The map and what its colours mean, at twice the size."""
        image = QImage(self.size() * _RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_RATIO)
        image.fill(QColor(self._theme.panel))
        painter = QPainter(image)
        self.render(painter, self.rect().topLeft())
        painter.end()
        return image
