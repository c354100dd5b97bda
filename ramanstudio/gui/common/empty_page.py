"""The pages shown while nothing is open, or while the selected file could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

AFTER_PAINT_MS: Final = 50
NARROW_PX: Final = 520
N_NAMED: Final = 3  # formats that a narrow page names; the tooltip has all


class EmptyPage(QWidget):
    """Invites to open spectra: a sentence and buttons for `actions`, the first of them highlighted."""

    def __init__(self, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = QLabel("Drop spectra here to denoise them and see their signal-to-noise ratio.", self)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setStyleSheet("font-size: 18px;")
        self._title.setWordWrap(True)
        self._buttons = buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        buttons.setSpacing(8)
        buttons.addStretch()
        self.buttons = [_button(action, primary=index == 0, parent=self) for index, action in enumerate(actions)]
        for button in self.buttons:
            buttons.addWidget(button)
        buttons.addStretch()
        self._formats = QLabel(" ", self)
        self._formats.setProperty("role", "quiet")
        self._formats.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._formats.setWordWrap(True)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(24)
        column.addStretch()
        column.addWidget(self._title)
        column.addLayout(buttons)
        column.addWidget(self._formats)
        column.addStretch()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put the buttons below each other where the page is narrow."""
        super().resizeEvent(event)
        is_narrow = event.size().width() < NARROW_PX
        down, right = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._buttons.setDirection(down if is_narrow else right)
        margin = 16 if is_narrow else 48
        self._column.setContentsMargins(margin, margin, margin, margin)
        self._column.setSpacing(12 if is_narrow else 24)
        if self._formats.toolTip():
            self._show_formats()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Name the formats, after the first paint: importing the readers takes a while."""
        super().showEvent(event)
        QTimer.singleShot(AFTER_PAINT_MS, self, self._show_formats)

    def _show_formats(self) -> None:
        from ramanstudio.formats.registry import FORMATS

        names = [row.name for row in FORMATS]
        everything = f"{', '.join(names[:-1])} and {names[-1]}"
        first = f"{', '.join(names[:N_NAMED])} and {len(names) - N_NAMED} other formats"
        self._formats.setText(f"{first if self.width() < NARROW_PX else everything}. Nothing leaves this computer.")
        self._formats.setToolTip(everything)


class ProblemPage(QWidget):
    """Explains why a file could not be read, and what to do."""

    def __init__(self, set_laser: QAction) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = QLabel(self)
        self._sentence = QLabel(self)
        self._remedy = QLabel(self)
        self._title.setProperty("role", "heading")
        self._remedy.setProperty("role", "quiet")
        self._laser = _button(set_laser, primary=True, parent=self)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._laser)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(12)
        column.addStretch()
        for label in (self._title, self._sentence, self._remedy):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        column.addSpacing(12)
        column.addLayout(row)
        column.addStretch()

    def show_problem(self, name: str, sentence: str, remedy: str, laser: bool) -> None:
        """Show the problem and remedy of the file `name`; `laser` offers to set the laser wavelength."""
        self._title.setText(name)
        self._sentence.setText(sentence)
        self._remedy.setText(remedy)
        self._laser.setVisible(laser)


def _button(action: QAction, primary: bool, parent: QWidget) -> QPushButton:
    button = QPushButton(action.text(), parent)
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)
    if primary:
        button.setProperty("role", "primary")
    return button
