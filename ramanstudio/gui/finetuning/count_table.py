"""A table that counts: a line for each class, its name to the left and numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

MOST_ROWS = 300
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class CountTable(QTableWidget):
    """Shows rows of words; nothing in it can be chosen or edited."""

    def __init__(self, heads: Sequence[str], name: str, parent: QWidget) -> None:
        super().__init__(0, len(heads), parent)
        self.setAccessibleName(name)
        for column, words in enumerate(heads):
            self.setHorizontalHeaderItem(column, _cell(words, column))
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setStyleSheet("QTableWidget::item { padding: 0 8px; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these in place of what was shown; of very many the first."""
        if len(rows) > MOST_ROWS:
            rows = [*rows[:MOST_ROWS], (f"and {len(rows) - MOST_ROWS:,} more",)]
            self.clearContents()
        self.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, words in enumerate(cells):
                self.setItem(row, column, _cell(words, column))


def _cell(words: str, column: int) -> QTableWidgetItem:
    item = QTableWidgetItem(words)
    item.setTextAlignment((RIGHT if column else LEFT) | Qt.AlignmentFlag.AlignVCenter)
    return item
