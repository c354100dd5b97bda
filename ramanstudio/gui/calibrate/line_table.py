"""The matched lines as a table: used or not, shown, true, before, after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from ramanstudio.calibration.standard_lines import StandardLine

HEADERS: Final = ("True / cm⁻¹", "Shown", "± fit", "Before", "After", "Note")


class LineTable(QTableWidget):
    """Emits `used_changed(index, used)`, `line_selected(index)` and `line_removed(index)`."""

    used_changed = Signal(int, bool)
    line_selected = Signal(int)
    line_removed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADERS), parent)
        self.setAccessibleName("Matched lines")
        self.setHorizontalHeaderLabels(list(HEADERS))
        self.verticalHeader().hide()
        self.setShowGrid(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.itemChanged.connect(self._item_changed)
        self.itemSelectionChanged.connect(lambda: self.line_selected.emit(self.currentRow()))

    def show_lines(self, lines: Sequence[StandardLine], remaining: Sequence[float]) -> None:
        """Show lines and what is left of the error of each, in cm⁻¹."""
        with QSignalBlocker(self):
            self.setRowCount(len(lines))
            for row, (line, left) in enumerate(zip(lines, remaining, strict=True)):
                cells = (
                    f"{line.reference_cm:.2f}",
                    f"{line.shown_cm:.2f}",
                    f"{2 * line.shown_sd_cm:.2f}",
                    _signed(line.error_cm),
                    _signed(left),
                    line.note if line.used else f"not used: {line.note or 'switched off'}",
                )
                for column, text in enumerate(cells):
                    item = QTableWidgetItem(text)
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                    if column < len(cells) - 1:
                        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    if column == 0:
                        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                        item.setCheckState(Qt.CheckState.Checked if line.used else Qt.CheckState.Unchecked)
                        item.setToolTip("Whether the calibration uses this line")
                    self.setItem(row, column, item)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Delete removes the selected match."""
        if event.key() == Qt.Key.Key_Delete and self.currentRow() >= 0:
            self.line_removed.emit(self.currentRow())
            return
        super().keyPressEvent(event)

    def _item_changed(self, item: QTableWidgetItem) -> None:
        if item.column() == 0:
            self.used_changed.emit(item.row(), item.checkState() == Qt.CheckState.Checked)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−").replace("−0.00", "0.00").replace("+0.00", "0.00")
