"""The tab of the result page on a test set of the user's own: figure, recall of each class, and what was not used."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.count_table import CountTable
from ramanstudio.gui.finetuning.own_test_set import OwnTestReport


class OwnTestResult(QWidget):
    """Shows an `OwnTestReport`."""

    def __init__(self) -> None:
        super().__init__()
        self.text = QLabel(wordWrap=True)
        self.notes = label("quiet", wrap=True)
        self.recall = CountTable(["Class", "Test spectra", "Recall"], "Recall of each class in the test set", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addWidget(self.notes)
        column.addWidget(self.recall, 1)
        self._column = column

    def show_report(self, report: OwnTestReport) -> None:
        """Show this report."""
        evaluation = report.evaluation
        self.text.setText("\n".join(evaluation.sentences) if evaluation else report.headline)
        self.notes.setText(" ".join(report.notes))
        self.notes.setVisible(bool(report.notes))
        rows = evaluation.recall if evaluation else ()
        self.recall.show_rows([(name, f"{count}", f"{100 * recall:.0f} %") for name, count, recall in rows])
        self.recall.setVisible(bool(rows))
        self._column.setStretch(1, 0 if rows else 1)
