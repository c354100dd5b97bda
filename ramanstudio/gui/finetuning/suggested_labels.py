"""The unlabelled spectra whose labels would help most: plotted, labelled on the spot, and trained on again."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
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
from ramanstudio.gui.finetuning.scroll_layout import make_shrinkable
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_with_classes
from ramanstudio.gui.finetuning.wizard_state import WizardState

INDEX: Final = Qt.ItemDataRole.UserRole


class SuggestedLabels(QSplitter):
    """A list above, the chosen spectrum below."""

    labelled = Signal(int, str)  # index of a training spectrum, and its new label
    training_requested = Signal()

    def __init__(self, state: WizardState) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._state = state
        self.list = QListWidget(self)
        self.list.setAccessibleName("Suggested next labels")
        self.list.setToolTip("Click a spectrum to plot it, and to select it in the window")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setStyleSheet(PADDED)
        self.list.setMinimumHeight(60)
        self.label_input = make_shrinkable(QComboBox(self, editable=True))
        self.label_input.setAccessibleName("Label for the chosen spectrum")
        self.label_button = QPushButton("Assign label", self)
        self.label_button.setToolTip("Assign this label to the chosen spectrum")
        self.train_again_button = QPushButton("Train again", self)
        self.train_again_button.setToolTip("Go back and train on all labels, with the new ones")
        self.strip = LazyStrip(self)
        self._lay_out()
        self.list.currentItemChanged.connect(self._draw)
        self.list.itemClicked.connect(lambda item: state.select(item.data(INDEX)))
        self.list.itemActivated.connect(lambda item: state.select(item.data(INDEX)))
        self.label_button.clicked.connect(self._label_current)
        self.train_again_button.clicked.connect(self.training_requested)

    def show_report(self, report: ClassificationReport) -> None:
        """Show the suggestions of this report."""
        self.list.clear()
        self.label_input.clear()
        self.label_input.addItems(list(report.classes))
        self.train_again_button.setEnabled(False)
        for index in report.suggested:
            item = QListWidgetItem(self._state.training.names[index], self.list)
            item.setData(INDEX, index)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _draw(self, item: QListWidgetItem | None) -> None:
        labels = self._state.trained_labels
        if item is None or labels is None:
            self.strip.show_curves([])
        else:
            draw_with_classes(self.strip, self._state.training, labels, item.data(INDEX))

    def _label_current(self) -> None:
        """Label the chosen spectrum and choose the next."""
        item, name = self.list.currentItem(), clean_label(self.label_input.currentText())
        if item is None or not name:
            return
        index = item.data(INDEX)
        self.labelled.emit(index, name)
        item.setText(f"{self._state.training.names[index]}: {name}")
        self.train_again_button.setEnabled(True)
        self.list.setCurrentRow(min(self.list.currentRow() + 1, self.list.count() - 1))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.label_input, 1)
        for button in (self.label_button, self.train_again_button):
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
