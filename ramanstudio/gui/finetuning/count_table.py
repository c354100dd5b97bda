"""A read-only table of counts: a row for each class, its name to the left and numbers to the right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ramanstudio.core.numbers import format_number

MAX_ROWS: Final = 300
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class CountTable(QTableWidget):
    """Shows rows of text; nothing in it can be selected or edited."""

    def __init__(self, headers: Sequence[str], accessible_name: str, parent: QWidget) -> None:
        super().__init__(0, len(headers), parent)
        self.setAccessibleName(accessible_name)
        for column, text in enumerate(headers):
            self.setHorizontalHeaderItem(column, _cell(text, column))
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setStyleSheet("QTableWidget::item { padding: 0 8px; }")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumHeight(120)
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Show these rows in place of the present ones; the first MAX_ROWS of more."""
        if len(rows) > MAX_ROWS:
            rows = [*rows[:MAX_ROWS], (f"and {format_number(len(rows) - MAX_ROWS)} more",)]
            self.clearContents()
        self.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                self.setItem(row, column, _cell(text, column))


def _cell(text: str, column: int) -> QTableWidgetItem:
    """Return a cell; names are aligned left, with the full name as a tooltip, and numbers right."""
    item = QTableWidgetItem(text)
    item.setTextAlignment((RIGHT if column else LEFT) | Qt.AlignmentFlag.AlignVCenter)
    if not column:
        item.setToolTip(text)
    return item
