"""Page 2 of teaching: which spectra are repeats of one sample, so that these never check each other."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWizardPage

from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.count_table import CountTable
from ramanstudio.gui.finetuning.label_counts import Codes, LabelSummary, coded
from ramanstudio.gui.finetuning.training_spectra import PATTERN

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

NOTHING = ""
USUAL = ("column sample", "column specimen", "column person", "column patient")


class SamplesPage(QWizardPage):
    """Asks what says that two spectra are of one sample."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__()
        self.setTitle("Which spectra are of the same sample?")
        self.setSubTitle(
            "Repeats of one sample are alike. If they checked each other, all would seem easier than it is."
        )
        self._teach, self._data = wizard, wizard.data
        self.source = QComboBox(self)
        self.source.setAccessibleName("What says that spectra are of one sample")
        self.told = QLabel(self, wordWrap=True)
        self.optimistic = label("warning", wrap=True)
        self.counts = CountTable(["Class", "Spectra", "Samples"], "Spectra and samples of each class", self)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("One sample is told by", self.source)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.told)
        column.addWidget(self.optimistic)
        column.addWidget(self.counts, 1)
        self.source.currentIndexChanged.connect(self.refresh)

    @property
    def groups(self) -> NDArray[np.str_] | None:
        """The sample of each spectrum (N,); None where nothing is known of them."""
        key = self.source.currentData()
        if not key:
            return None
        return self._data.samples_of_pattern if key == PATTERN else self._teach.subject.told_by(key).words

    @property
    def _codes(self) -> Codes | None:
        """The same as numbers (N,), -1 for a spectrum whose sample has no name."""
        key = self.source.currentData()
        if not key:
            return None
        return coded(self._data.samples_of_pattern)[1] if key == PATTERN else self._teach.subject.told_by(key).codes

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        before = self.source.currentData()
        self.source.blockSignals(True)
        self.source.clear()
        self.source.addItem("Nothing: each spectrum is a sample of its own", NOTHING)
        for one in self._teach.subject.told:
            if one.distinct >= (1 if one.key in USUAL else 2):
                self.source.addItem(one.name, one.key)
        if (self._data.samples_of_pattern != "").any():
            self.source.addItem("{sample} in the pattern of file names", PATTERN)
        wanted = [before, *USUAL] if before is not None else [PATTERN, *USUAL]
        at = next((self.source.findData(one) for one in wanted if one and self.source.findData(one) > 0), 0)
        self.source.setCurrentIndex(at)
        self.source.blockSignals(False)
        self.refresh()

    def refresh(self) -> None:
        """Say what the choice means."""
        codes, counted = self._codes, self._data.counted
        quantity, classes, given = self._data.quantity.isChecked(), counted.classes, sum(counted.counts)
        many = _samples(codes, counted)
        self.counts.show_rows(
            [(name, str(count), str(some)) for name, count, some in zip(classes, counted.counts, many, strict=True)]
        )
        self.counts.setVisible(not quantity)
        self.optimistic.show()
        if codes is None:
            self.told.setText(f"{given} labelled spectra, each counted as a sample of its own.")
            self.optimistic.setText(
                "If some of them are repeats of one sample, the accuracy that is stated will be optimistic for new"
                " samples."
            )
            return
        samples = _different(codes[counted.which >= 0])
        self.told.setText(f"{given} labelled spectra of {samples} samples.")
        alone = 0 if quantity else sum(count < 2 for count in many)
        few = f"{alone} of {len(classes)} classes have one sample only"
        worse = "how well new samples of these are recognised cannot be measured, and is stated optimistically."
        self.optimistic.setText(f"{few}: {worse}" if alone else "")
        self.optimistic.setVisible(bool(alone))


def _samples(codes: Codes | None, counted: LabelSummary) -> list[int]:
    """How many samples there are of each class; a spectrum without a sample's name is one of its own."""
    if codes is None:
        return list(counted.counts)
    order = np.argsort(counted.which, kind="stable")
    ends = np.cumsum([np.sum(counted.which < 0), *counted.counts])
    return [_different(codes[order[start:end]]) for start, end in pairwise(ends.tolist())]


def _different(codes: Codes) -> int:
    named = codes[codes >= 0]
    return len(np.unique(named)) + len(codes) - len(named)
