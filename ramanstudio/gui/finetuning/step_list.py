"""The steps of the wizard, listed beside its pages, with the current one marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

WIDTH_PX: Final = 112


class StepList(QWidget):
    """The titles of the steps, one below the other."""

    def __init__(self, titles: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Steps")
        self.setFixedWidth(WIDTH_PX)
        self._labels = [QLabel(f"{number}   {title}", self) for number, title in enumerate(titles, 1)]
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 20, 8, 16)
        column.setSpacing(14)
        for label in self._labels:
            column.addWidget(label)
        column.addStretch(1)
        self.show_step(0)

    def show_step(self, current: int) -> None:
        """Mark the step of this index as current."""
        for index, label in enumerate(self._labels):
            label.setProperty("role", "heading" if index == current else "quiet")
            label.style().unpolish(label)
            label.style().polish(label)
