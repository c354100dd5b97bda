"""The five steps of teaching, beside the pages: which one it is now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

WIDTH = 112


class StepList(QWidget):
    """Names the steps one under the other."""

    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Steps")
        self.setFixedWidth(WIDTH)
        self._labels = [QLabel(f"{number}   {name}", self) for number, name in enumerate(names, 1)]
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 20, 8, 16)
        column.setSpacing(14)
        for one in self._labels:
            column.addWidget(one)
        column.addStretch(1)
        self.show_step(0)

    def show_step(self, at: int) -> None:
        """Point to the step at this place."""
        for place, one in enumerate(self._labels):
            one.setProperty("role", "heading" if place == at else "quiet")
            one.style().unpolish(one)
            one.style().polish(one)
