"""The scatter plot of spectra: points, a legend or colour bar, and a tooltip for the point under the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from ramanstudio.export.scatter_figure import LegendRow
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.explore.point_tooltip import PointTooltip, TooltipContent, TooltipSource
from ramanstudio.gui.explore.scatter_canvas import ScatterCanvas
from ramanstudio.gui.explore.scatter_points import MarkerStyles, ScatterPoints
from ramanstudio.gui.viewer.camera import Camera
from ramanstudio.gui.viewer.category_legend import CategoryLegend, ColourBar, key_width, viridis
from ramanstudio.gui.viewer.marker_shapes import RING, shapes_of
from ramanstudio.gui.viewer.mouse_tools import MouseTools, Tool

__all__ = ["ScatterView", "Tool", "TooltipContent"]

_PICTURE_RATIO: Final = 2.0
_LIMIT_PERCENTILES: Final = (2, 98)
_N_COLOURS: Final = 256
_HELP: Final = (
    "Every point is a spectrum; similar spectra lie close together. Click selects one, dragging draws a lasso or a box:"
    " Shift adds to the selection, Ctrl removes from it. The wheel zooms, the right button pans, A shows all. On the"
    " keyboard, the arrows step from point to point, Enter selects, Space adds or removes."
)


class ScatterView(QWidget):
    """A scatter plot; spectra are known to it only by their number.

    Emits `hovered(index)` (-1: none), `picked(indices, mode)` with "replace", "add" or "remove", and
    `toggled(hidden)` with the hidden rows of the legend.
    """

    hovered = Signal(int)
    picked = Signal(object, str)
    toggled = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = themes.current_theme()
        self._rows: list[tuple[str, int]] = []  # name and colour of each category
        self._categories: NDArray[np.intp] | None = None
        self._values: NDArray[np.float64] | None = None
        self._values_label, self._rest_name = "", "outliers"
        self._hidden: NDArray[np.bool_] | None = None  # besides those hidden in the legend
        self._tooltip_source: TooltipSource | None = None
        self.canvas = ScatterCanvas(self, self._theme)
        self.canvas.setAccessibleName("Scatter plot of spectra")
        self.canvas.setWhatsThis(_HELP)
        self._tools = MouseTools(self.canvas)
        self._tooltip = PointTooltip(self.canvas, self._theme)
        self.legend, self.bar = CategoryLegend(self, self._theme), ColourBar(self, self._theme)
        self._key = QStackedWidget(self)
        self._key.addWidget(self.legend)
        self._key.addWidget(self.bar)
        self._key.hide()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self._key)
        self.setFocusProxy(self.canvas)
        self._tools.hovered.connect(self._hover)
        self._tools.picked.connect(self.picked)
        self.canvas.moved.connect(self._move_tooltip)
        self.legend.toggled.connect(self._toggle)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(800, 480)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Make the legend narrower where space is short."""
        super().resizeEvent(event)
        self._key.setFixedWidth(key_width(self.width()))

    # What is shown

    def show_points(self, points: ArrayLike, keep_view: bool = False) -> None:
        """Draw points (N, 2); `keep_view` keeps the zoom where their number is unchanged."""
        xy = np.asarray(points, dtype=np.float32).reshape(-1, 2)
        if len(xy) != len(self.canvas.points.xy):
            self._tools.reset()
            self._categories = self._values = self._hidden = None
            self._key.hide()
            keep_view = False
        self.canvas.show_points(xy, keep_view)
        self._show_tooltip(self.canvas.hovered)

    def set_categories(
        self, indices: ArrayLike, names: Sequence[str], colours: Sequence[int], rest: str = "outliers"
    ) -> None:
        """Colour and shape points by category: `indices` (N,) into `names` and theme `colours`; -1 is the `rest`."""
        self._rest_name = rest
        rows = list(zip(names, colours, strict=True))
        unchanged = self._values is None and [name for name, _ in self._rows] == [name for name, _ in rows]
        self._categories, self._values, self._rows = np.asarray(indices, dtype=np.intp), None, rows
        self._show_legend(unchanged)
        self._update_points()

    def set_values(self, values: ArrayLike, label: str) -> None:
        """Colour points by `values` (N,); those that are not finite are grey."""
        self._categories, self._rows = None, []
        self._values, self._values_label = np.asarray(values, dtype=np.float64), label
        self._key.setCurrentWidget(self.bar)
        self._key.show()
        self.legend.show_rows((), keep_hidden=False)
        self._update_points()

    def set_plain(self) -> None:
        """Draw all points in one style."""
        self._categories, self._values, self._rows = None, None, []
        self.legend.show_rows((), keep_hidden=False)
        self._key.hide()
        self._update_points()

    def set_hidden(self, hidden: ArrayLike | None) -> None:
        """Hide these points (N,), besides those hidden in the legend."""
        self._hidden = None if hidden is None else np.asarray(hidden, dtype=bool)
        self._update_points()

    def set_selected(self, selected: ArrayLike) -> None:
        """Highlight these points (N,) and dim the others."""
        mask = np.asarray(selected, dtype=bool)
        if not np.array_equal(mask, self.canvas.points.selected):
            self.canvas.set_points(replace(self.canvas.points, selected=mask))

    def set_axis_names(self, horizontal: str = "", vertical: str = "") -> None:
        """Label the axes; empty where they have no meaning."""
        self.canvas.set_axis_names((horizontal, vertical))

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging with the left button does: "lasso", "box" or "pan"."""
        self._tools.set_tool(tool)

    def set_tooltip_source(self, source: TooltipSource | None) -> None:
        """Set the function that gives the tooltip of a point."""
        self._tooltip_source = source

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        for widget in (self.legend, self.bar, self._tooltip):
            widget.set_theme(theme)
        self._show_legend(keep_hidden=True)
        self._update_points()

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Indices of the hidden categories; the number of categories stands for the outliers."""
        return self.legend.hidden

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Which points are not hidden and have a position (N,)."""
        return self.canvas.points.visible

    def _show_legend(self, keep_hidden: bool) -> None:
        if self._categories is None:
            return
        theme = self._theme
        shapes = shapes_of([colour for _, colour in self._rows])
        counts = np.bincount(self._categories[self._categories >= 0], minlength=len(self._rows))
        rows = [
            LegendRow(name, int(count), theme.category(colour), shape)
            for (name, colour), shape, count in zip(self._rows, shapes, counts, strict=True)
        ]
        outliers = int((self._categories < 0).sum())
        if outliers:
            rows.append(LegendRow(self._rest_name, outliers, theme.quiet, RING))
        self.legend.show_rows(rows, keep_hidden)
        self._key.setCurrentWidget(self.legend)
        self._key.show()

    def _update_points(self) -> None:
        points = self.canvas.points
        n_points = len(points.xy)
        styles, hidden = self._styles(n_points), self._hidden_points(n_points)
        self.canvas.set_points(replace(points, styles=styles, hidden=hidden, theme=self._theme))
        if hidden[self.canvas.hovered : self.canvas.hovered + 1].any():
            self._tools.reset()
        self._show_tooltip(self.canvas.hovered)  # it may name the value that colours the point

    def _styles(self, n_points: int) -> MarkerStyles:
        disc = np.zeros(n_points, dtype=np.intp)
        theme = self._theme
        if self._categories is not None:
            colours = (*(theme.category(colour) for _, colour in self._rows), theme.quiet)
            shapes = np.array([*shapes_of([colour for _, colour in self._rows]), RING], dtype=np.intp)
            return MarkerStyles(self._categories % len(colours), shapes[self._categories % len(colours)], colours)
        if self._values is not None:
            colours = (*viridis(_N_COLOURS, theme), theme.raw)
            return MarkerStyles(_colour_index(self._values, self.bar, self._values_label), disc, colours)
        return MarkerStyles(disc, disc, (theme.accent,))

    def _hidden_points(self, n_points: int) -> NDArray[np.bool_]:
        hidden = np.zeros(n_points, dtype=bool) if self._hidden is None else self._hidden
        if self._categories is not None and self.legend.hidden:
            rows = self._categories % (len(self._rows) + 1)
            hidden = hidden | np.isin(rows, list(self.legend.hidden))
        return hidden

    def _toggle(self) -> None:
        self._update_points()
        self.toggled.emit(self.legend.hidden)

    # The point under the mouse

    def _hover(self, index: int) -> None:
        self._show_tooltip(index)
        self.hovered.emit(index)

    def _show_tooltip(self, index: int) -> None:
        content = self._tooltip_source(index) if index >= 0 and self._tooltip_source is not None else None
        self.canvas.setAccessibleDescription(f"{content.name}, {content.detail}" if content is not None else "")
        self._tooltip.show_content(content, self.canvas.position_of(index) if index >= 0 else QPointF())

    def _move_tooltip(self) -> None:
        if self._tooltip.isVisible() and self.canvas.hovered >= 0:
            self._tooltip.show_content(self._tooltip.content, self.canvas.position_of(self.canvas.hovered))

    @property
    def tooltip(self) -> TooltipContent | None:
        """What the tooltip says; None while it is hidden."""
        return self._tooltip.content

    # Zoom

    def show_all(self) -> None:
        """Show all points; `zoom_back` returns to the view before."""
        self.canvas.show_all()

    def zoom_back(self) -> None:
        """Return to the view before the last zoom."""
        self.canvas.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as much of the plane around the same centre."""
        self.canvas.zoom_by(factor)

    def move_by(self, fraction: float) -> None:
        """Pan to the right by a fraction of the width."""
        self.canvas.move_by(fraction)

    def cancel_gesture(self) -> bool:
        """Cancel the box or lasso being drawn; return whether there was one."""
        return self._tools.cancel_gesture()

    def position_of(self, index: int) -> QPointF:
        """Return where in this widget a point is drawn."""
        return QPointF(self.canvas.mapTo(self, self.canvas.position_of(index)))

    # Export

    @property
    def content(self) -> tuple[ScatterPoints, Camera, tuple[str, str]]:
        """The points, the part of the plane that is shown, and the axis labels."""
        return self.canvas.points, self.canvas.camera, self.canvas.axis_names

    @property
    def drawing(self) -> bool:
        """Whether the image is still being drawn, between the events of the window."""
        return self.canvas.drawing

    def finish_drawing(self) -> None:
        """Complete the image now."""
        self.canvas.finish_drawing()

    def stop(self) -> None:
        """Stop drawing, before the view is deleted."""
        self.canvas.stop()
        self._tools.reset()

    def copy_picture(self) -> QImage:
        """Render points and legend at twice their size."""
        image = QImage(self.size() * _PICTURE_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_PICTURE_RATIO)
        image.fill(QColor(self._theme.panel))
        painter = QPainter(image)
        painter.drawImage(QPointF(self.canvas.pos()), self.canvas.picture(_PICTURE_RATIO))
        if self._key.isVisible():
            self._key.render(painter, self._key.pos())
        painter.end()
        return image


def _colour_index(values: NDArray[np.float64], bar: ColourBar, label: str) -> NDArray[np.intp]:
    """Return the colour of each value (N,) between percentile limits, and show them on `bar`; unknown ones are last."""
    known = np.isfinite(values)
    low, high = np.percentile(values[known], _LIMIT_PERCENTILES).tolist() if known.any() else (np.nan, np.nan)
    bar.show_range(label, low, high, int((~known).sum()))
    span = high - low if high > low else 1.0
    fraction = np.clip((np.where(known, values, 0.0) - (low if known.any() else 0.0)) / span, 0, 1)
    return np.where(known, np.rint(fraction * (_N_COLOURS - 1)), _N_COLOURS).astype(np.intp)
