"""What the middle shows while nothing is open, or while what is selected could not be read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from ramanstudio.formats.registry import FORMATS


class EmptyPage(QWidget):
    """One sentence and what to do about it."""

    def __init__(self, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = QLabel("Drop spectra here to see them denoised, with their signal-to-noise ratio.", self)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setStyleSheet("font-size: 18px;")
        self._title.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        self.buttons = [_button(action, first=not number, parent=self) for number, action in enumerate(actions)]
        for button in self.buttons:
            buttons.addWidget(button)
        buttons.addStretch()
        small = QLabel(f"{_formats()}. Nothing leaves this computer.", self)
        small.setProperty("role", "quiet")
        small.setAlignment(Qt.AlignmentFlag.AlignCenter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(48, 48, 48, 48)
        whole.setSpacing(24)
        whole.addStretch()
        whole.addWidget(self._title)
        whole.addLayout(buttons)
        whole.addWidget(small)
        whole.addStretch()


def _formats() -> str:
    *most, last = (row.name for row in FORMATS)
    return f"{', '.join(most)} and {last}"


class ProblemPage(QWidget):
    """Why a file could not be read, and what can be done."""

    def __init__(self, set_laser: QAction) -> None:
        super().__init__()
        self.setProperty("panel", "true")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = QLabel(self)
        self._sentence = QLabel(self)
        self._remedy = QLabel(self)
        self._title.setProperty("role", "heading")
        self._remedy.setProperty("role", "quiet")
        self._laser = _button(set_laser, first=True, parent=self)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self._laser)
        row.addStretch()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(48, 48, 48, 48)
        whole.setSpacing(12)
        whole.addStretch()
        for label in (self._title, self._sentence, self._remedy):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            whole.addWidget(label)
        whole.addSpacing(12)
        whole.addLayout(row)
        whole.addStretch()

    def show_problem(self, name: str, sentence: str, remedy: str, laser: bool) -> None:
        """Say what went wrong with `name`; `laser` offers to set the wavelength of the laser."""
        self._title.setText(name)
        self._sentence.setText(sentence)
        self._remedy.setText(remedy)
        self._laser.setVisible(laser)


def _button(action: QAction, first: bool, parent: QWidget) -> QPushButton:
    button = QPushButton(action.text(), parent)
    button.setToolTip(action.toolTip())
    button.clicked.connect(action.trigger)
    if first:
        button.setProperty("role", "primary")
    return button
