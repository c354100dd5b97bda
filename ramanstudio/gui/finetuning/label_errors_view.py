"""Possible label errors and duplicates before training: a list, and the chosen spectrum drawn below it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ramanstudio.finetuning.label_errors import LabelCheck
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.theme import appearance
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_spectra, draw_with_classes
from ramanstudio.gui.finetuning.wizard_state import WizardState

MAX_ROWS: Final = 200
PADDED: Final = "QListWidget::item { padding: 0 8px; }"
ROW_DATA: Final = Qt.ItemDataRole.UserRole  # (indices of the spectra, predicted class)


class LabelErrorsView(QWidget):
    """Hidden while the check has found nothing."""

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self._state = state
        self._labels: NDArray[np.str_] = np.empty(0, dtype=str)
        self.heading = label("heading", wrap=True)
        self.list = QListWidget(self)
        self.list.setAccessibleName("Possible label errors and duplicates")
        self.list.setToolTip("Click a row to plot the spectrum over its class, and to select it in the window")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.list.setMinimumHeight(60)
        self.strip = LazyStrip(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addWidget(self.list, 1)
        column.addWidget(self.strip, 2)
        self.list.currentItemChanged.connect(self._draw)
        self.list.itemClicked.connect(self._select)
        self.list.itemActivated.connect(self._select)
        appearance().changed.connect(self._draw_again)
        self.hide()

    def clear(self) -> None:
        """Show nothing until the next check."""
        self.list.clear()
        self.hide()

    def show_check(self, labels: NDArray[np.str_], check: LabelCheck) -> None:
        """Show what the `check` of `labels` (N,) has found."""
        self._labels, names = labels, self._state.training.names
        self.list.clear()
        for row in check.label_errors[:MAX_ROWS]:
            self._add(f"{names[row.index]}: {row.label}, looks like {row.predicted}", (row.index,), row.predicted)
        for indices in check.duplicates[:MAX_ROWS]:
            distinct = {str(labels[index]) for index in indices}
            differ = ", with different labels" if len(distinct) > 1 else ""
            self._add(f"{names[indices[0]]}: {len(indices)} identical spectra{differ}", indices)
        self.heading.setText(_heading(check))
        self.setVisible(bool(self.list.count()))
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, text: str, indices: tuple[int, ...], predicted: str = "") -> None:
        item = QListWidgetItem(text, self.list)
        item.setToolTip(text)
        item.setData(ROW_DATA, (indices, predicted))

    def _draw(self, item: QListWidgetItem | None) -> None:
        if item is None:
            self.strip.show_curves([])
            return
        indices, predicted = item.data(ROW_DATA)
        if len(indices) == 1:
            draw_with_classes(self.strip, self._state.training, self._labels, indices[0], predicted)
        else:
            draw_spectra(self.strip, self._state.training, indices)

    def _draw_again(self) -> None:
        self._draw(self.list.currentItem())

    def _select(self, item: QListWidgetItem) -> None:
        self._state.select(item.data(ROW_DATA)[0][0])


def _heading(check: LabelCheck) -> str:
    parts = []
    if check.label_errors:
        parts.append(count_of(len(check.label_errors), "possible label error"))
    if check.duplicates:
        parts.append(count_of(len(check.duplicates), "duplicate spectrum", "duplicate spectra"))
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]
