"""Page 2 of the wizard: which spectra are replicates of one sample, so that cross-validation keeps them together."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWizardPage

from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.count_table import CountTable
from ramanstudio.gui.finetuning.label_summary import CodeArray, LabelSummary, encode
from ramanstudio.gui.finetuning.scroll_layout import make_shrinkable, set_scrolling_layout
from ramanstudio.gui.finetuning.training_spectra import PATTERN
from ramanstudio.gui.finetuning.wizard_state import WizardState

NO_COLUMN: Final = ""
USUAL_COLUMNS: Final = ("column sample", "column specimen", "column person", "column patient")


class SamplesPage(QWizardPage):
    """Asks which column names the sample of each spectrum."""

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self.setTitle("Samples")
        self.setSubTitle(
            "Replicates of one sample are alike. If they were in training and test folds at once, the accuracy would be"
            " overestimated."
        )
        self._state = state
        self.source = make_shrinkable(QComboBox(self))
        self.source.setAccessibleName("Sample (replicate) column")
        self.source.setToolTip("The column that names the sample of each spectrum")
        self.totals = QLabel(self, wordWrap=True)
        self.warning = label("warning", wrap=True)
        self.counts = CountTable(["Class", "Spectra", "Samples"], "Spectra and samples of each class", self)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow("Sample (replicate) column", self.source)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.totals)
        column.addWidget(self.warning)
        column.addWidget(self.counts, 1)
        set_scrolling_layout(self, column)
        self.source.currentIndexChanged.connect(self.refresh)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """List the columns; the chosen one stays chosen."""
        before = self.source.currentData()
        has_pattern = bool((self._state.labels.samples != "").any())
        with QSignalBlocker(self.source):
            self.source.clear()
            self.source.addItem("None: every spectrum is a sample of its own", NO_COLUMN)
            for column in self._state.training.columns:
                if column.n_distinct >= (1 if column.key in USUAL_COLUMNS else 2):
                    self.source.addItem(column.title, column.key)
            if has_pattern:
                self.source.addItem("{sample} in the file name pattern", PATTERN)
            wanted = [before, *USUAL_COLUMNS] if before is not None else [PATTERN, *USUAL_COLUMNS]
            indices = (self.source.findData(key) for key in wanted if key)
            self.source.setCurrentIndex(next((index for index in indices if index > 0), 0))
        self.refresh()

    def refresh(self) -> None:
        """Take the chosen column and show what it means for each class."""
        state, summary = self._state, self._state.labels
        self._state.samples, codes = self._chosen_samples()
        state.label_source = replace(state.label_source, samples=self.source.currentData() or NO_COLUMN)
        n_labelled, sample_counts = sum(summary.counts), _samples_per_class(codes, summary)
        rows = zip(summary.classes, summary.counts, sample_counts, strict=True)
        self.counts.show_rows([(name, str(count), str(n_samples)) for name, count, n_samples in rows])
        self.counts.setVisible(not state.is_quantity)
        self.warning.show()
        if codes is None:
            self.totals.setText(f"{n_labelled} labelled spectra, each counted as a sample of its own.")
            self.warning.setText(
                "If some of them are replicates of one sample, the accuracy will be optimistic for new samples."
            )
            return
        n_samples = _count_samples(codes[summary.codes >= 0])
        self.totals.setText(f"{n_labelled} labelled spectra of {n_samples} samples.")
        n_single = 0 if state.is_quantity else sum(count < 2 for count in sample_counts)
        self.warning.setText(
            f"{n_single} of {len(summary.classes)} classes have one sample only: their accuracy on new samples cannot"
            " be measured, and will be optimistic."
            if n_single
            else ""
        )
        self.warning.setVisible(bool(n_single))

    def _chosen_samples(self) -> tuple[np.ndarray | None, CodeArray | None]:
        """Return the sample name (N,) and its number (N,), -1 where unnamed; None without a column."""
        key = self.source.currentData()
        if not key:
            return None, None
        if key == PATTERN:
            samples = self._state.labels.samples
            return samples, encode(samples)[1]
        column = self._state.training.column(key)
        return column.words, column.codes


def _samples_per_class(codes: CodeArray | None, summary: LabelSummary) -> list[int]:
    """Return the number of samples of each class (K); every spectrum without a sample name is one."""
    if codes is None:
        return list(summary.counts)
    order = np.argsort(summary.codes, kind="stable")
    ends = np.cumsum([np.sum(summary.codes < 0), *summary.counts])
    return [_count_samples(codes[order[start:end]]) for start, end in pairwise(ends.tolist())]


def _count_samples(codes: CodeArray) -> int:
    named = codes[codes >= 0]
    return len(np.unique(named)) + len(codes) - len(named)
