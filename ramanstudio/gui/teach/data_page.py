"""Page 1 of teaching: where the labels come from, how many of each class there are, and what is doubtful about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWizardPage

from ramanstudio.errors import StudioError
from ramanstudio.gui.panel_parts import label
from ramanstudio.gui.teach.counting import CountingTable
from ramanstudio.gui.teach.subject import PATTERN
from ramanstudio.gui.words import count_of
from ramanstudio.teaching import gathering, labels

if TYPE_CHECKING:
    from ramanstudio.gui.teach.subject import Subject

PREVIEWED = 3  # files whose label is shown under the pattern


class DataPage(QWizardPage):
    """Asks for the labels."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.setTitle("Which spectra are labelled, and how?")
        left = f" {subject.left_out} of another range, or without numbers, are left out." if subject.left_out else ""
        self.setSubTitle(f"{count_of(len(subject.names), 'spectrum', 'spectra')} to teach by.{left}")
        self._subject = subject
        self.source = QComboBox(self)
        self.source.setAccessibleName("Where the labels come from")
        self.source.setToolTip("What tells the class of each spectrum; a blank is a spectrum without a label")
        for one in subject.for_labels:
            self.source.addItem(one.name, one.key)
        self.source.addItem("Pattern of file names", PATTERN)
        self.pattern = QLineEdit(gathering.likely_pattern(subject.stems), self)
        self.pattern.setAccessibleName("Pattern of file names")
        self.pattern.setToolTip("{label} stands for the class, {sample} for the sample, * for anything")
        self.preview = label("quiet", wrap=True)
        self.quantity = QCheckBox("The labels are numbers to predict, such as a concentration", self)
        self.quantity.setToolTip("Learn a quantity instead of classes")
        self.counts = CountingTable(["Class", "Spectra"], "Spectra of each class", self)
        self.warnings = QLabel(self, wordWrap=True)
        self.warnings.setProperty("role", "warning")
        self._lay_out()
        self.source.currentIndexChanged.connect(self.refresh)
        self.pattern.textChanged.connect(self.refresh)
        self.quantity.toggled.connect(self.refresh)
        self.refresh()

    @property
    def words(self) -> NDArray[np.str_]:
        """The label of each spectrum (N,), empty where it has none."""
        if self.source.currentData() == PATTERN:
            return gathering.from_names(self.pattern.text(), self._subject.stems)[0]
        return self._subject.by_key(self.source.currentData())

    @property
    def samples_of_pattern(self) -> NDArray[np.str_]:
        """What the pattern says of samples (N,)."""
        return gathering.from_names(self.pattern.text(), self._subject.stems)[1]

    def refresh(self) -> None:
        """Show what the labels give as they are now."""
        by_pattern = self.source.currentData() == PATTERN
        self.pattern.setVisible(by_pattern)
        self.preview.setVisible(by_pattern)
        words = self.words
        if by_pattern:
            seen = dict.fromkeys(zip(self._subject.stems, words.tolist(), strict=True))
            told = [f"{stem} → {word or 'no label'}" for stem, word in list(seen)[:PREVIEWED]]
            self.preview.setText("\n".join(told))
        numeric = _are_numbers(words)
        self.quantity.setEnabled(numeric)
        if not numeric and self.quantity.isChecked():
            self.quantity.setChecked(False)  # comes back here
            return
        self._count(words)
        self.completeChanged.emit()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return self._problem() == ""

    def _problem(self) -> str:
        """Why nothing can be learned from these labels; empty where it can."""
        words = self.words
        try:
            if self.quantity.isChecked():
                labels.numbers(words, len(words))
            else:
                labels.labelled(words, None, len(words))
        except StudioError as error:
            return str(error)
        return ""

    def _count(self, words: NDArray[np.str_]) -> None:
        classes, counts = np.unique(words[words != ""], return_counts=True)
        rows = [(name, f"{count}") for name, count in zip(classes.tolist(), counts.tolist(), strict=True)]
        blank = int(np.sum(words == ""))
        if blank:
            rows.append(("without a label: to be named", f"{blank}"))
        self.counts.show_rows(rows)
        problem = self._problem()
        told = [problem] if problem else []
        if not problem and not self.quantity.isChecked():
            told = labels.warnings(labels.labelled(words, None, len(words)))
        self.warnings.setText("\n".join(told))
        self.warnings.setVisible(bool(told))

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow("Labels from", self.source)
        form.addRow("", self.pattern)
        form.addRow("", self.preview)
        form.addRow("", self.quantity)
        whole = QVBoxLayout(self)
        whole.setSpacing(12)
        whole.addLayout(form)
        whole.addWidget(self.counts, 1)
        whole.addWidget(self.warnings)


def _are_numbers(words: NDArray[np.str_]) -> bool:
    try:
        labels.numbers(words, len(words))
    except StudioError:
        return False
    return True
