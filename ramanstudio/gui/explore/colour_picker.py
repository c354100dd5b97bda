"""The colours that a group may have, to choose one from."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QMenu, QWidget, QWidgetAction

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.viewer.marker_shapes import name_of, outline
from ramanstudio.project.groups import COLOURS

ACROSS: Final = 5
SIDE: Final = 32


class ColourButton(QAbstractButton):
    """One colour with the mark that goes with it."""

    def __init__(self, colour: int, theme: Theme, used_by: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour, self._theme = colour, theme
        words = f"Colour {colour + 1}, {name_of(colour)}"
        self.setAccessibleName(f"{words}, used by {used_by}" if used_by else words)
        self.setToolTip(f"Used by {used_by}" if used_by else f"{words}, not used yet")
        self._is_used = bool(used_by)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
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
    """All colours in a square; says `picked(colour)`. Arrow keys go about, Enter takes one, Esc none."""

    picked = Signal(int)

    def __init__(self, theme: Theme, used: dict[int, str], now: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Colour of the group")
        inside = QWidget(self)
        grid = QGridLayout(inside)
        grid.setContentsMargins(4, 4, 4, 4)
        grid.setSpacing(2)
        together = QButtonGroup(inside)
        together.setExclusive(False)  # so that the arrow keys only move
        self._buttons = [ColourButton(colour, theme, used.get(colour, ""), inside) for colour in range(COLOURS)]
        for colour, button in enumerate(self._buttons):
            grid.addWidget(button, colour // ACROSS, colour % ACROSS)
            together.addButton(button, colour)
        together.idClicked.connect(self._pick)
        holder = QWidgetAction(self)
        holder.setDefaultWidget(inside)
        self.addAction(holder)
        self._now = self._buttons[now % COLOURS]
        self.aboutToShow.connect(self._now.setFocus)

    def _pick(self, colour: int) -> None:
        self.close()
        self.picked.emit(colour)
