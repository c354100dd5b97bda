"""Page 1 of the wizard: where the labels come from, how many of each class there are, and what is doubtful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWizardPage,
)

from ramanstudio.core.numbers import format_number
from ramanstudio.finetuning import filename_pattern, labels
from ramanstudio.finetuning.label_errors import LabelCheck, check_labels
from ramanstudio.gui.common import widgets
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.finetuning.classification import all_spectra
from ramanstudio.gui.finetuning.count_table import CountTable
from ramanstudio.gui.finetuning.label_errors_view import LabelErrorsView
from ramanstudio.gui.finetuning.label_summary import LabelSummary, quantity_text, summarise_labels, summarise_pattern
from ramanstudio.gui.finetuning.scroll_layout import make_shrinkable, set_scrolling_layout
from ramanstudio.gui.finetuning.training_spectra import MANUAL, PATTERN
from ramanstudio.gui.finetuning.wizard_state import WizardState

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.common.jobs import Job

MAX_PREVIEW_LENGTH: Final = 50  # characters of a name in the preview
CHECK_MS: Final = 300  # after the last change
MAX_COUNTED_AT_ONCE: Final = 2000  # spectra whose labels are counted while the user types; those of more by a job
COUNT_MS: Final = 150
NARROW_PX: Final = 640  # of the page
HOW_TO_SELECT: Final = "Select spectra in the window (in Explore, on a map or in the list) and assign a label to them:"


class LabelsPage(QWizardPage):
    """Asks for the labels."""

    all_requested = Signal()  # train on all open spectra instead

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self._state = state
        training = state.training
        self.setTitle("Labels")
        excluded = (
            f" {training.n_excluded} with another range or with invalid values are excluded."
            if training.n_excluded
            else ""
        )
        self.setSubTitle(f"{count_of(len(training.names), 'spectrum', 'spectra')} to train on.{excluded}")
        self._manual: NDArray[np.str_] = np.full(len(training.names), "")
        self._job: Job | None = None
        self._chosen_quantity: bool | None = None  # by the user, for the labels of this source
        self.source = make_shrinkable(QComboBox(self))
        self.source.setAccessibleName("Where the labels come from")
        self.source.setToolTip("The column with the class of each spectrum; blank for spectra without a label")
        self.pattern = QLineEdit(training.pattern, self)
        self.pattern.setAccessibleName("File name pattern")
        self.pattern.setToolTip("{label} stands for the class, {sample} for the sample, * for anything")
        self.preview = widgets.label("quiet", wrap=True)
        self.label_input = QLineEdit(self, placeholderText="for example: strain A")
        self.label_input.setAccessibleName("Label for the selected spectra")
        self.label_button, self.remove_button = QPushButton(self), QPushButton("Remove labels", self)
        self.label_button.setToolTip("Assign the label to the spectra selected in the window")
        self.remove_button.setToolTip("Remove the labels of the selected spectra; the model will classify them")
        n_open = sum(len(rows) for _, rows in all_spectra(state.services.session))
        self.all_button = QPushButton(f"Use all {format_number(n_open)} open spectra", self)
        self.all_button.setToolTip("Begin again with all spectra that are open, not only the selected ones")
        self.all_button.setVisible(n_open > len(training.names) + training.n_excluded)
        for button in (self.label_button, self.remove_button, self.all_button):
            button.setAutoDefault(False)
        self.quantity = QCheckBox("The labels are numbers to predict", self)
        self.quantity.setToolTip("Train a model of a quantity, such as a concentration, instead of classes")
        self.quantity_note = widgets.label("quiet", wrap=True)
        self.counts = CountTable(["Class", "Spectra"], "Spectra of each class", self)
        self.label_errors = LabelErrorsView(state)
        self.warnings = QLabel(self, wordWrap=True)
        self.warnings.setProperty("role", "warning")
        self._check_timer = QTimer(self, singleShot=True, interval=CHECK_MS)
        self._count_timer = QTimer(self, singleShot=True, interval=COUNT_MS)
        self._is_counting = False
        self._lay_out()
        self.refresh_sources()
        self._connect()

    @property
    def has_manual_labels(self) -> bool:
        """Whether the user assigned labels here that are stored nowhere else."""
        return bool((self._manual != "").any())

    def refresh_sources(self) -> None:
        """List the columns that labels can be read from, the best first; the chosen one stays chosen."""
        before = self.source.currentData()
        with QSignalBlocker(self.source):
            self.source.clear()
            for column in self._state.training.label_columns:
                self.source.addItem(column.title, column.key)
            self.source.addItem("File name pattern", PATTERN)
            self.source.addItem("Labels assigned here", MANUAL)
            self.source.setCurrentIndex(max(0, self.source.findData(before) if before is not None else 0))
        self.refresh()

    def refresh(self) -> None:
        """Read the labels again and show what they give."""
        by_pattern = self.source.currentData() == PATTERN
        self._form.setRowVisible(self.pattern, by_pattern)
        self._form.setRowVisible(self.preview, by_pattern)
        if by_pattern:
            stems = self._state.training.examples
            names = filename_pattern.match_pattern(self.pattern.text(), stems)[0].tolist()
            pairs = zip(stems, names, strict=True)
            lines = [f"{_shorten(stem)} → {_shorten(name) or 'no label'}" for stem, name in pairs]
            self.preview.setText("\n".join(lines))
        self.label_errors.clear()
        self._check_timer.stop()
        if len(self._state.training.names) <= MAX_COUNTED_AT_ONCE:
            self._show_summary(self._summarise()())
            return
        self._is_counting = True
        self.warnings.setText("Counting the labels…")
        self.warnings.show()
        self._count_timer.start()
        self.completeChanged.emit()

    def assign(self, chosen: NDArray[np.bool_], name: str) -> None:
        """Label the spectra `chosen` (N,) in a copy of the other labels, which becomes the source."""
        keep_manual = self.source.currentData() == MANUAL or bool(self._state.labels.problem)
        before = self._manual if keep_manual else self._state.labels.labels
        self._manual = np.where(chosen, labels.clean_label(name), before.astype(object)).astype(str)
        with QSignalBlocker(self.source):
            self.source.setCurrentIndex(self.source.findData(MANUAL))
        self.refresh()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Return whether the labels can be trained on."""
        return not self._is_counting and self._state.labels.problem == ""

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put counts and label errors below each other where the page is narrow."""
        is_narrow = event.size().width() < NARROW_PX
        self._halves.setOrientation(Qt.Orientation.Vertical if is_narrow else Qt.Orientation.Horizontal)
        super().resizeEvent(event)

    def end(self) -> None:
        """Stop timers and jobs: the wizard closes."""
        self._check_timer.stop()
        self._count_timer.stop()
        self._state.services.session.selection_changed.disconnect(self._follow_selection)
        if self._job is not None:
            self._job.cancel()

    def _change_source(self) -> None:
        self._chosen_quantity = None  # other labels are what they look like
        self.refresh()

    def _choose_quantity(self, on: bool) -> None:
        self._chosen_quantity = on
        self.refresh()

    def _summarise(self) -> Callable[[], LabelSummary]:
        """Return the function that reads and counts the labels as chosen now."""
        key, quantity, training = self.source.currentData(), self._chosen_quantity, self._state.training
        if key == PATTERN:
            return partial(summarise_pattern, self.pattern.text(), training.stems, quantity)
        return partial(summarise_labels, self._manual if key == MANUAL else training.column(key).words, quantity)

    def _count_in_background(self) -> None:
        summarise = self._summarise()

        def work(_: Progress) -> LabelSummary:
            return summarise()

        services = self._state.services
        self._job = services.workers.submit(work, "", "files", key="check labels")
        self._job.succeeded.connect(self._show_summary)
        self._job.failed.connect(services.messages.show_error)

    def _show_summary(self, summary: LabelSummary) -> None:
        self._state.labels, self._is_counting = summary, False
        self.quantity.setEnabled(summary.is_numeric)
        with QSignalBlocker(self.quantity):
            self.quantity.setChecked(summary.is_quantity)
        self._state.is_quantity = summary.is_quantity
        self._state.label_source = replace(
            self._state.label_source, labels=self.source.currentData(), pattern=self.pattern.text()
        )
        self.quantity_note.setText(quantity_text(summary))
        self._form.setRowVisible(self.quantity_note, summary.is_numeric)
        self._show_counts(summary)
        self._check_timer.start()
        self._follow_selection()
        self.completeChanged.emit()

    def _show_counts(self, summary: LabelSummary) -> None:
        rows = [(name, f"{count}") for name, count in zip(summary.classes, summary.counts, strict=True)]
        if summary.is_numeric:
            rows.sort(key=lambda row: labels.parse_number(row[0]) or 0.0)
        if summary.n_unlabelled:
            rows.append(("unlabelled, to be classified", f"{summary.n_unlabelled}"))
        header = self.counts.horizontalHeaderItem(0)
        if header is not None:
            header.setText("Value" if self.quantity.isChecked() else "Class")
        self.counts.show_rows(rows)
        warnings = [summary.problem] if summary.problem else list(summary.warnings)
        self.warnings.setText("\n".join(warnings))
        self.warnings.setVisible(bool(warnings))

    def _check(self) -> None:
        """Look for label errors and duplicates in the background."""
        summary = self._state.labels
        if summary.problem or self._is_counting:
            return
        training, words, quantity = self._state.training, summary.labels, self.quantity.isChecked()

        def work(progress: Progress) -> LabelCheck:
            return check_labels(training.spectra, training.for_display, words, None, quantity, progress)

        services = self._state.services
        self._job = services.workers.submit(work, "", "files", key="check labels")
        self._job.succeeded.connect(partial(self.label_errors.show_check, words))
        self._job.failed.connect(services.messages.show_error)

    def _selected(self) -> NDArray[np.bool_]:
        """Return which training spectra are selected in the window (N,)."""
        return self._state.services.session.selected_mask(self._state.training.members)

    def _follow_selection(self) -> None:
        selected = self._selected()
        count = int(selected.sum())
        self.label_button.setText(f"Label {format_number(count)} selected" if count > 1 else "Label selected")
        self.label_button.setEnabled(count > 0 and bool(labels.clean_label(self.label_input.text())))
        self.remove_button.setEnabled(bool(np.any(self._state.labels.labels[selected] != "")))

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self._change_source)
        self.pattern.textChanged.connect(self.refresh)
        self.quantity.toggled.connect(self._choose_quantity)
        self.label_button.clicked.connect(lambda: self.assign(self._selected(), self.label_input.text()))
        self.remove_button.clicked.connect(lambda: self.assign(self._selected(), ""))
        self.all_button.clicked.connect(self.all_requested)
        self.label_input.returnPressed.connect(self.label_button.click)
        self.label_input.textChanged.connect(self._follow_selection)
        self._check_timer.timeout.connect(self._check)
        self._count_timer.timeout.connect(self._count_in_background)
        self._state.services.session.selection_changed.connect(self._follow_selection)

    def _lay_out(self) -> None:
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        manual = QHBoxLayout()
        manual.setSpacing(8)
        manual.addWidget(self.label_input, 1)
        manual.addWidget(self.label_button)
        manual.addWidget(self.remove_button)
        how_to_select = widgets.label("quiet", wrap=True)
        how_to_select.setText(HOW_TO_SELECT)
        if not self.all_button.isHidden():
            form.addRow("", self.all_button)
        form.addRow("Labels from", self.source)
        form.addRow("", self.pattern)
        form.addRow("", self.preview)
        form.addRow("", self.quantity)
        form.addRow("", self.quantity_note)
        form.addRow(how_to_select)
        form.addRow(manual)
        self._halves = halves = QSplitter(self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.counts)
        halves.addWidget(self.label_errors)
        halves.setSizes([340, 440])
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(halves, 1)
        column.addWidget(self.warnings)
        set_scrolling_layout(self, column)


def _shorten(name: str) -> str:
    """Return a name short enough for two in one line."""
    half = MAX_PREVIEW_LENGTH // 2
    return name if len(name) <= MAX_PREVIEW_LENGTH else f"{name[:half]}…{name[-half:]}"
