"""The plane in which like lies by like: points, what their marks mean, and the card of the one under the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from ramanstudio.export.scatter_figure import LegendRow
from ramanstudio.gui.common import theme as themes
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.explore.point_tooltip import Card, Speaks, Spoken
from ramanstudio.gui.explore.scatter_canvas import Ground
from ramanstudio.gui.explore.scatter_points import CROWD, Looks, Scene
from ramanstudio.gui.viewer.camera import Camera
from ramanstudio.gui.viewer.category_legend import ColourBar, Legend, viridis
from ramanstudio.gui.viewer.marker_shapes import RING, shapes_of
from ramanstudio.gui.viewer.mouse_tools import Hands, Tool

__all__ = ["CROWD", "PlaneView", "Spoken", "Tool"]

_PICTURE_RATIO: Final = 2.0
_LIMITS: Final = (2, 98)  # percentiles
_TONES: Final = 256
_HELP: Final = (
    "Every spectrum is a point, and like lies by like. Click selects one, a drag draws a lasso or a box around many:"
    " Shift adds to the selection, Ctrl takes out of it. The wheel zooms, the right button pans, A shows all. From the"
    " keyboard, the arrows step from point to point, Enter selects, Space adds or takes out."
)


class PlaneView(QWidget):
    """Points of a plane; knows nothing of spectra but what it is told.

    `hovered(index)` while the mouse moves (-1: nothing is there); `picked(indices, mode)` with "replace", "add" or
    "remove"; `toggled(hidden)` with the rows of the legend that are hidden.
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
        self._label, self._rest = "", "outliers"
        self._hidden: NDArray[np.bool_] | None = None  # by whoever uses the view
        self._speaks: Speaks | None = None
        self._ground = Ground(self, self._theme)
        self._ground.setAccessibleName("Plane of spectra")
        self._ground.setWhatsThis(_HELP)
        self._hands = Hands(self._ground)
        self._card = Card(self._ground, self._theme)
        self.legend, self.bar = Legend(self, self._theme), ColourBar(self, self._theme)
        self._meaning = QStackedWidget(self)
        self._meaning.addWidget(self.legend)
        self._meaning.addWidget(self.bar)
        self._meaning.setFixedWidth(self.legend.sizeHint().width())
        self._meaning.hide()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._ground, 1)
        layout.addWidget(self._meaning)
        self.setFocusProxy(self._ground)
        self._hands.hovered.connect(self._hover)
        self._hands.picked.connect(self.picked)
        self._ground.moved.connect(self._place_card)
        self.legend.toggled.connect(self._toggle)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Most of the page."""
        return QSize(800, 480)

    # What is shown

    def show_points(self, points: ArrayLike, keep_view: bool = False) -> None:
        """Draw points (N, 2); `keep_view` leaves what a hand zoomed to, where there are as many points as before."""
        places = np.asarray(points, dtype=np.float32).reshape(-1, 2)
        if len(places) != len(self._ground.scene.points):
            self._hands.forget()
            self._categories = self._values = self._hidden = None
            self._meaning.hide()
            keep_view = False
        self._ground.show_points(places, keep_view)
        self._say(self._ground.marked)

    def set_categories(
        self, indices: ArrayLike, names: Sequence[str], colours: Sequence[int], rest: str = "outliers"
    ) -> None:
        """Colour and shape by category: a name and a colour of the theme each, `indices` (N,), -1 for the `rest`."""
        self._rest = rest
        rows = list(zip(names, colours, strict=True))
        same = self._values is None and [name for name, _ in self._rows] == [name for name, _ in rows]
        self._categories, self._values, self._rows = np.asarray(indices, dtype=np.intp), None, rows
        self._name_categories(same)
        self._dress()

    def set_values(self, values: ArrayLike, label: str) -> None:
        """Colour by a number each (N,); one that is not finite is grey."""
        self._categories, self._rows = None, []
        self._values, self._label = np.asarray(values, dtype=np.float64), label
        self._meaning.setCurrentWidget(self.bar)
        self._meaning.show()
        self.legend.show_rows((), keep_hidden=False)
        self._dress()

    def set_plain(self) -> None:
        """Let all points look alike."""
        self._categories, self._values, self._rows = None, None, []
        self.legend.show_rows((), keep_hidden=False)
        self._meaning.hide()
        self._dress()

    def set_hidden(self, hidden: ArrayLike | None) -> None:
        """Do not draw these (N,), besides those whose row of the legend is hidden."""
        self._hidden = None if hidden is None else np.asarray(hidden, dtype=bool)
        self._dress()

    def set_selected(self, selected: ArrayLike) -> None:
        """Let these (N,) stand out, and the others step back."""
        mask = np.asarray(selected, dtype=bool)
        if not np.array_equal(mask, self._ground.scene.selected):
            self._ground.change(replace(self._ground.scene, selected=mask))

    def set_axis_names(self, across: str = "", up: str = "") -> None:
        """What lies along the axes; without names they mean nothing."""
        self._ground.set_axis_names((across, up))

    def set_tool(self, tool: Tool) -> None:
        """What a drag with the left button does: "lasso", "box" or "pan"."""
        self._hands.set_tool(tool)

    def set_card(self, speaks: Speaks | None) -> None:
        """What to say of a point beside the cursor."""
        self._speaks = speaks

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for part in (self.legend, self.bar, self._card):
            part.set_theme(theme)
        self._name_categories(keep_hidden=True)
        self._dress()

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Which categories are hidden; the number of categories stands for the outliers."""
        return self.legend.hidden

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Which points can be seen, wherever they lie (N,)."""
        return self._ground.scene.there

    def _name_categories(self, keep_hidden: bool) -> None:
        if self._categories is None:
            return
        theme, many = self._theme, len(self._rows)
        shapes = shapes_of([colour for _, colour in self._rows])
        counts = np.bincount(self._categories[self._categories >= 0], minlength=many)
        rows = [
            LegendRow(name, int(count), theme.category(colour), shape)
            for (name, colour), shape, count in zip(self._rows, shapes, counts, strict=True)
        ]
        outliers = int((self._categories < 0).sum())
        if outliers:
            rows.append(LegendRow(self._rest, outliers, theme.quiet, RING))
        self.legend.show_rows(rows, keep_hidden)
        self._meaning.setCurrentWidget(self.legend)
        self._meaning.show()

    def _dress(self) -> None:
        scene = self._ground.scene
        looks, hidden = self._looks(len(scene.points)), self._hidden_now(len(scene.points))
        self._ground.change(replace(scene, looks=looks, hidden=hidden, theme=self._theme))
        if hidden[self._ground.marked : self._ground.marked + 1].any():
            self._hands.forget()
        self._say(self._ground.marked)  # what is said of it may depend on what colours it

    def _looks(self, count: int) -> Looks:
        none = np.zeros(count, dtype=np.intp)
        theme = self._theme
        if self._categories is not None:
            colours = (*(theme.category(colour) for _, colour in self._rows), theme.quiet)
            shapes = np.array([*shapes_of([colour for _, colour in self._rows]), RING], dtype=np.intp)
            return Looks(self._categories % len(colours), shapes[self._categories % len(colours)], colours)
        if self._values is not None:
            return Looks(_tones(self._values, self.bar, self._label), none, (*viridis(_TONES, theme), theme.raw))
        return Looks(none, none, (theme.accent,))

    def _hidden_now(self, count: int) -> NDArray[np.bool_]:
        hidden = np.zeros(count, dtype=bool) if self._hidden is None else self._hidden
        if self._categories is not None and self.legend.hidden:
            rows = self._categories % (len(self._rows) + 1)
            hidden = hidden | np.isin(rows, list(self.legend.hidden))
        return hidden

    def _toggle(self) -> None:
        self._dress()
        self.toggled.emit(self.legend.hidden)

    # What lies under the mouse

    def _hover(self, index: int) -> None:
        self._say(index)
        self.hovered.emit(index)

    def _say(self, index: int) -> None:
        spoken = self._speaks(index) if index >= 0 and self._speaks is not None else None
        self._ground.setAccessibleDescription(f"{spoken.name}, {spoken.quiet}" if spoken is not None else "")
        self._card.show_for(spoken, self._ground.place_of(index) if index >= 0 else QPointF())

    def _place_card(self) -> None:
        if self._card.isVisible() and self._ground.marked >= 0:
            self._card.show_for(self._card.spoken, self._ground.place_of(self._ground.marked))

    @property
    def card(self) -> Spoken | None:
        """What the card says; None while there is none."""
        return self._card.spoken

    # Zoom

    def show_all(self) -> None:
        """Show all points; the view before can be had back."""
        self._ground.show_all()

    def zoom_back(self) -> None:
        """Show what was shown before the last zoom."""
        self._ground.zoom_back()

    def zoom_by(self, factor: float) -> None:
        """Show `factor` times as much of the plane around the same middle, for hands on the keyboard."""
        self._ground.remember()
        self._ground.zoom(1 / factor)

    def move_by(self, share: float) -> None:
        """Move to the right by a share of what is shown, for hands on the keyboard."""
        self._ground.remember()
        self._ground.move_view(-share * self._ground.width(), 0)

    def cancel_gesture(self) -> bool:
        """Give up the box or lasso that is being drawn; whether there was one."""
        return self._hands.cancel_gesture()

    def place_of(self, index: int) -> QPointF:
        """Where in this widget a point is drawn."""
        return QPointF(self._ground.mapTo(self, self._ground.place_of(index)))

    # What can be taken away

    @property
    def shown_now(self) -> tuple[Scene, Camera, tuple[str, str]]:
        """All that is drawn, which part of it is looked at, and what lies along the axes."""
        return self._ground.scene, self._ground.camera, self._ground.axis_names

    @property
    def drawing(self) -> bool:
        """Whether a picture is still being drawn, in turns with the events of the window."""
        return self._ground.drawing

    def settle(self) -> None:
        """Finish what is still being drawn."""
        self._ground.settle()

    def stop(self) -> None:
        """Draw no more; for whoever throws the view away while it draws."""
        self._ground.stop()
        self._hands.forget()

    def copy_picture(self) -> QImage:
        """The plane and what its marks mean, at twice the size."""
        image = QImage(self.size() * _PICTURE_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(_PICTURE_RATIO)
        image.fill(QColor(self._theme.panel))
        painter = QPainter(image)
        painter.drawImage(QPointF(self._ground.pos()), self._ground.picture(_PICTURE_RATIO))
        if self._meaning.isVisible():
            self._meaning.render(painter, self._meaning.pos())
        painter.end()
        return image


def _tones(values: NDArray[np.float64], bar: ColourBar, label: str) -> NDArray[np.intp]:
    """Which tone each number has, between limits that the bar is told; beyond the last where there is none."""
    known = np.isfinite(values)
    low, high = np.percentile(values[known], _LIMITS).tolist() if known.any() else (np.nan, np.nan)
    bar.show_range(label, low, high, int((~known).sum()))
    span = high - low if high > low else 1.0
    share = np.clip((np.where(known, values, 0.0) - (low if known.any() else 0.0)) / span, 0, 1)
    return np.where(known, np.rint(share * (_TONES - 1)), _TONES).astype(np.intp)
