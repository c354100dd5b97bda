"""Ctrl+K: every action by its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ramanstudio.gui.common import icons
from ramanstudio.gui.common.theme import Theme

SHOWN: Final = 12


def closeness(words: str, text: str) -> float | None:
    """How well typed letters fit a text, all of them in their order: higher is closer; None where they do not."""
    text, words = text.casefold(), words.casefold().strip()
    if not words:
        return 0.0
    if words in text:
        starts = text.startswith(words) or f" {words}" in text
        return 100.0 + 20.0 * starts - 0.1 * len(text)
    score, at, before = 0.0, 0, -2
    for letter in words.replace(" ", ""):
        found = text.find(letter, at)
        if found < 0:
            return None
        if found == before + 1:
            score += 3.0
        elif found == 0 or text[found - 1] in " ›…-":
            score += 2.0
        else:
            score -= 0.2 * (found - at)
        before, at = found, found + 1
    return score if score > 0 else None


@dataclass(frozen=True, slots=True)
class Choice:
    """An action and the menu it is in."""

    action: QAction
    menu: str

    @property
    def text(self) -> str:
        """`View › Residual`."""
        return f"{self.menu} › {self.action.text()}"


class CommandPalette(QDialog):
    """Type, choose with the arrows, Enter."""

    def __init__(self, choices: Sequence[Choice], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Search actions")
        self.setStyleSheet(f"CommandPalette {{ background: {theme.panel}; border: 1px solid {theme.line}; }}")
        self._choices = list(choices)
        self.words = QLineEdit(self, placeholderText="What do you want to do?")
        self.words.setAccessibleName("Words of the action")
        self.rows = QTreeWidget(self)
        self.rows.setColumnCount(2)
        self.rows.setRootIsDecorated(False)
        self.rows.setHeaderHidden(True)
        self.rows.setUniformRowHeights(True)
        self.rows.setAccessibleName("Actions")
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing = QLabel("No action has these words.", self)
        self._nothing.setProperty("role", "quiet")
        self._nothing.setContentsMargins(8, 8, 8, 8)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.setSpacing(8)
        for widget in (self.words, self.rows, self._nothing):
            whole.addWidget(widget)
        self.words.textChanged.connect(self._fill)
        self.words.installEventFilter(self)
        self.rows.itemClicked.connect(lambda: self._run())
        width = min(560, parent.width() - 64)
        self.setFixedWidth(width)
        self.move(parent.mapToGlobal(parent.rect().topLeft()).x() + (parent.width() - width) // 2, self._top(parent))
        self._fill("")
        self.words.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if watched is self.words and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            key = Qt.Key(event.key())
            if key in steps:
                self._step(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
        return super().eventFilter(watched, event)

    def _top(self, parent: QWidget) -> int:
        return parent.mapToGlobal(parent.rect().topLeft()).y() + 64

    def _fill(self, words: str) -> None:
        ranked = [
            (score, choice)
            for choice in self._choices
            if (score := closeness(words, f"{choice.text} {choice.action.toolTip()}" if words else choice.text))
            is not None
        ]
        close = [(closeness(words, choice.action.text()) or 0.0, score, choice) for score, choice in ranked]
        # what can be done now comes first; among those, words of the name count before words of the tooltip
        close.sort(key=lambda row: (not row[2].action.isEnabled(), -row[0], -row[1]))
        self.rows.clear()
        for _, _, choice in close:
            shortcut = choice.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item = QTreeWidgetItem([choice.text, shortcut])
            item.setToolTip(0, choice.action.toolTip())
            item.setIcon(0, icons.blank() if choice.action.icon().isNull() else choice.action.icon())
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setDisabled(not choice.action.isEnabled())
            item.setData(0, Qt.ItemDataRole.UserRole, choice.action)
            if choice.action.isCheckable():
                item.setText(0, f"{choice.text}{'  ✓' if choice.action.isChecked() else ''}")
            self.rows.addTopLevelItem(item)
        self.rows.setColumnWidth(0, self.width() - 150)
        self.rows.setVisible(bool(close))
        self._nothing.setVisible(not close)
        height = self.rows.sizeHintForRow(0) if close else 0
        self.rows.setFixedHeight(height * min(len(close), SHOWN) + 4)
        self.adjustSize()
        self._step(0)

    def _step(self, by: int) -> None:
        count = self.rows.topLevelItemCount()
        if not count:
            return
        row = self.rows.currentIndex().row()
        index = self.rows.model().index(min(max(row + by, 0), count - 1), 0)
        self.rows.setCurrentIndex(index)

    def _run(self) -> None:
        item = self.rows.currentItem()
        action = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if action is None or not action.isEnabled():
            return
        self.close()
        action.trigger()
