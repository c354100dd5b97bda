"""Lets the user pick the colour of a group."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QMenu, QWidget, QWidgetAction

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.marker_shapes import outline, shape_name
from ramanstudio.project.groups import COLOURS

COLUMNS: Final = 5
SIZE_PX: Final = 32


class ColourButton(QAbstractButton):
    """One colour, with the marker that goes with it."""

    def __init__(self, colour: int, theme: Theme, used_by: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour, self._theme = colour, theme
        description = f"Colour {colour + 1}, {shape_name(colour)}"
        self.setAccessibleName(f"{description}, used by {used_by}" if used_by else description)
        self.setToolTip(f"Used by {used_by}" if used_by else f"{description}, not used yet")
        self._is_used = bool(used_by)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:  # noqa: N802
        """A square."""
        return QSize(SIZE_PX, SIZE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the marker, a frame under mouse or keyboard, and a line where the colour is used."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(self._theme.accent), 1.5))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 5, 5)
        painter.translate(self.rect().center())
        painter.fillPath(outline(self._colour, 7), QColor(self._theme.category(self._colour)))
        if self._is_used:
            painter.fillRect(QRectF(-2, 11, 4, 2), QColor(self._theme.quiet))
        painter.end()


class ColourPicker(QMenu):
    """A menu of all colours; emits `picked(colour)`. Arrow keys move, Enter picks, Esc closes it."""

    picked = Signal(int)

    def __init__(self, theme: Theme, used: dict[int, str], current: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Colour of the group")
        content = QWidget(self)
        grid = QGridLayout(content)
        grid.setContentsMargins(4, 4, 4, 4)
        grid.setSpacing(2)
        group = QButtonGroup(content)
        group.setExclusive(False)  # so that the arrow keys only move
        self._buttons = [ColourButton(colour, theme, used.get(colour, ""), content) for colour in range(COLOURS)]
        for colour, button in enumerate(self._buttons):
            grid.addWidget(button, colour // COLUMNS, colour % COLUMNS)
            group.addButton(button, colour)
        group.idClicked.connect(self._pick)
        action = QWidgetAction(self)
        action.setDefaultWidget(content)
        self.addAction(action)
        self._current = self._buttons[current % COLOURS]
        self.aboutToShow.connect(self._current.setFocus)

    def _pick(self, colour: int) -> None:
        self.close()
        self.picked.emit(colour)
