"""The spectra whose label would help most: drawn, labelled on the spot, and learned from again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.finetuning.labels import clean_label
from ramanstudio.finetuning.report import ClassificationReport
from ramanstudio.gui.finetuning.label_errors_view import PADDED
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_doubt

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

PLACE = Qt.ItemDataRole.UserRole


class SuggestedLabels(QSplitter):
    """A list above, the chosen spectrum beneath."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._teach = wizard
        self.list = QListWidget(self)
        self.list.setAccessibleName("Spectra whose label would help most")
        self.list.setToolTip("Click one to see it, and to select it in the window")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.name = QComboBox(self, editable=True)
        self.name.setAccessibleName("Label for the chosen spectrum")
        self.label_it = QPushButton("Label it", self)
        self.label_it.setToolTip("Give the chosen spectrum this label")
        self.learn_again = QPushButton("Learn again with these", self)
        self.learn_again.setToolTip("Go back, and learn from all labels there are now")
        self.strip = LazyStrip(self)
        self._lay_out()
        self.list.currentItemChanged.connect(self._draw)
        self.list.itemClicked.connect(lambda item: wizard.select(item.data(PLACE)))
        self.list.itemActivated.connect(lambda item: wizard.select(item.data(PLACE)))
        self.label_it.clicked.connect(self._label_it)
        self.learn_again.clicked.connect(self._learn_again)

    def show_report(self, report: ClassificationReport) -> None:
        """Show what this report says."""
        self.list.clear()
        self.name.clear()
        self.name.addItems(list(report.classes))
        self.learn_again.setEnabled(False)
        for place in report.suggested:
            item = QListWidgetItem(self._teach.subject.names[place], self.list)
            item.setData(PLACE, place)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _draw(self, item: QListWidgetItem | None) -> None:
        words = self._teach.learn.learned_words
        if item is None or words is None:
            self.strip.show_curves([])
        else:
            draw_doubt(self.strip, self._teach.subject, words, item.data(PLACE))

    def _label_it(self) -> None:
        """Label the chosen one, and choose the one after."""
        item, word = self.list.currentItem(), clean_label(self.name.currentText())
        if item is None or not word:
            return
        place = item.data(PLACE)
        chosen = np.zeros(len(self._teach.subject.names), dtype=bool)
        chosen[place] = True
        self._teach.data.label(chosen, word)
        item.setText(f"{self._teach.subject.names[place]}: {word}")
        self.learn_again.setEnabled(True)
        self.list.setCurrentRow(min(self.list.currentRow() + 1, self.list.count() - 1))

    def _learn_again(self) -> None:
        self._teach.back()
        self._teach.learn.learn()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.name, 1)
        for button in (self.label_it, self.learn_again):
            button.setAutoDefault(False)
            row.addWidget(button)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.setChildrenCollapsible(False)
        self.addWidget(upper)
        self.addWidget(self.strip)
        self.setSizes([200, 180])
