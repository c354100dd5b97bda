"""The command palette (Ctrl+K): finds an action by words of its name, its description, or synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from ramanstudio.gui.common import icons
from ramanstudio.gui.common.theme import Theme

MAX_ROWS: Final = 12
TOP_PX: Final = 64  # below the top of the window


def match_score(query: str, name: str, keywords: str = "") -> float | None:
    """How well `query` matches an action; higher is better, None where it does not match.

    Every word of the query must occur in `name` or `keywords`, in any order; or else all its letters in `name`, in
    their order.
    """
    name, keywords = name.casefold(), keywords.casefold()
    words = query.casefold().split()
    scores = [_word_score(word, name, keywords) for word in words]
    if None in scores:
        return _letters_score("".join(words), name)
    return sum(score for score in scores if score is not None) + 50.0 * len(words) - 0.1 * len(name)


def _word_score(word: str, name: str, keywords: str) -> float | None:
    """Score of one typed word: the start of a word counts most, and the name more than the keywords."""
    for text, starts_word, inside in ((name, 60.0, 40.0), (keywords, 20.0, 10.0)):
        if text.startswith(word) or f" {word}" in text:
            return starts_word
        if word in text:
            return inside
    return None


def _letters_score(letters: str, name: str) -> float | None:
    """Score of letters that occur in `name` in their order: adjacent ones and starts of words count more."""
    score, start, previous = 0.0, 0, -2
    for letter in letters:
        position = name.find(letter, start)
        if position < 0:
            return None
        if position == previous + 1:
            score += 3.0
        elif position == 0 or name[position - 1] in " ›…-":
            score += 2.0
        else:
            score -= 0.2 * (position - start)
        previous, start = position, position + 1
    return score if score > 0 else None


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """An action, the menu it is in, and other words by which it is found."""

    action: QAction
    menu: str
    synonyms: str = ""

    @property
    def text(self) -> str:
        """`View › Residual`."""
        return f"{self.menu} › {self.action.text()}"

    @property
    def keywords(self) -> str:
        """Menu, tooltip and synonyms."""
        return f"{self.menu} {self.action.toolTip()} {self.synonyms}"


class CommandPalette(QDialog):
    """A list of actions that narrows as the user types; the arrow keys choose, Enter triggers."""

    def __init__(self, items: Sequence[PaletteItem], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Search actions")
        self.setStyleSheet(f"CommandPalette {{ background: {theme.panel}; border: 1px solid {theme.line}; }}")
        self._items = list(items)
        self.query = QLineEdit(self, placeholderText="What do you want to do?")
        self.query.setAccessibleName("Search actions")
        self.rows = QTreeWidget(self)
        self.rows.setColumnCount(2)
        self.rows.setRootIsDecorated(False)
        self.rows.setHeaderHidden(True)
        self.rows.setUniformRowHeights(True)
        self.rows.setAccessibleName("Actions")
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing = QLabel("No matching action. Try another word.", self)
        self._nothing.setProperty("role", "quiet")
        self._nothing.setContentsMargins(8, 8, 8, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        for widget in (self.query, self.rows, self._nothing):
            column.addWidget(widget)
        self.query.textChanged.connect(self._fill)
        self.query.installEventFilter(self)
        self.rows.itemClicked.connect(lambda: self._trigger())
        self._available_height = parent.height() - TOP_PX
        width = min(560, parent.width() - 64)
        self.setFixedWidth(width)
        self.move(parent.mapToGlobal(QPoint((parent.width() - width) // 2, TOP_PX)))
        self._fill("")
        self.query.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Let the arrow keys and Enter in the query act on the list."""
        if watched is self.query and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            key = Qt.Key(event.key())
            if key in steps:
                self._step(steps[key])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._trigger()
                return True
        return super().eventFilter(watched, event)

    def _fill(self, query: str) -> None:
        """List the actions that match `query`: the enabled ones first, then by score."""
        scored = [(match_score(query, item.action.text(), item.keywords), item) for item in self._items]
        matching = [(score, item) for score, item in scored if score is not None]
        if query.strip():
            matching.sort(key=lambda row: (not row[1].action.isEnabled(), -row[0]))
        else:
            matching.sort(key=lambda row: not row[1].action.isEnabled())
        self.rows.clear()
        for _, item in matching:
            shortcut = item.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            row = QTreeWidgetItem([item.text, shortcut])
            row.setToolTip(0, item.action.toolTip())
            row.setIcon(0, icons.blank() if item.action.icon().isNull() else item.action.icon())
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setDisabled(not item.action.isEnabled())
            row.setData(0, Qt.ItemDataRole.UserRole, item.action)
            if item.action.isCheckable():
                row.setText(0, f"{item.text}{'  ✓' if item.action.isChecked() else ''}")
            self.rows.addTopLevelItem(row)
        self.rows.setColumnWidth(0, self.width() - 150)
        self.rows.setVisible(bool(matching))
        self._nothing.setVisible(not matching)
        height = self.rows.sizeHintForRow(0) if matching else 0
        fitting = max(3, (self._available_height - self.query.sizeHint().height() - 40) // max(1, height))
        self.rows.setFixedHeight(height * min(len(matching), MAX_ROWS, fitting) + 4)
        self.adjustSize()
        self._step(0)

    def _step(self, by: int) -> None:
        count = self.rows.topLevelItemCount()
        if not count:
            return
        row = self.rows.currentIndex().row()
        index = self.rows.model().index(min(max(row + by, 0), count - 1), 0)
        self.rows.setCurrentIndex(index)

    def _trigger(self) -> None:
        item = self.rows.currentItem()
        action = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        if action is None or not action.isEnabled():
            return
        self.close()
        action.trigger()
