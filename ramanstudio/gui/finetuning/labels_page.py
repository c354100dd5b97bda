"""Page 1 of teaching: where the labels come from, how many of each class there are, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QTimer
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

from ramanstudio.finetuning import filename_pattern, labels
from ramanstudio.finetuning.label_errors import LabelCheck, check_labels
from ramanstudio.gui.common import widgets
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.finetuning.count_table import CountTable
from ramanstudio.gui.finetuning.label_counts import LabelSummary, count, count_pattern, nothing_counted
from ramanstudio.gui.finetuning.label_errors_view import LabelErrorsView
from ramanstudio.gui.finetuning.training_spectra import HAND, PATTERN

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.common.jobs import Job
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

LONGEST: Final = 50  # letters of a name in the preview
SOON_MS: Final = 300
AT_ONCE: Final = 2000  # spectra whose labels are counted while one types; those of more behind the window
COUNT_SOON_MS: Final = 150
HOW: Final = "Select spectra in the window, by clicking in Explore or in the list, and give them a label:"


class LabelsPage(QWizardPage):
    """Asks for the labels."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__()
        self._teach = wizard
        subject = wizard.subject
        self.setTitle("Which spectra are labelled, and how?")
        left = f" {subject.left_out} of another range, or without numbers, are left out." if subject.left_out else ""
        self.setSubTitle(f"{count_of(len(subject.names), 'spectrum', 'spectra')} to teach by.{left}")
        self._by_hand: NDArray[np.str_] = np.full(len(subject.names), "")
        self._job: Job | None = None
        self.source = QComboBox(self)
        self.source.setAccessibleName("Where the labels come from")
        self.source.setToolTip("What tells the class of each spectrum; a blank is a spectrum without a label")
        self.pattern = QLineEdit(subject.pattern, self)
        self.pattern.setAccessibleName("Pattern of file names")
        self.pattern.setToolTip("{label} stands for the class, {sample} for the sample, * for anything")
        self.preview = widgets.label("quiet")
        self.new_label = QLineEdit(self, placeholderText="such as: strain A")
        self.new_label.setAccessibleName("Label for the selected spectra")
        self.give, self.take = QPushButton(self), QPushButton("Take theirs away", self)
        self.give.setToolTip("Spectra are selected in the window: by clicking in Explore, in a map or in the list")
        self.take.setToolTip("Take the labels of the selected spectra away; they are named once it has learned")
        for button in (self.give, self.take):
            button.setAutoDefault(False)
        self.quantity = QCheckBox("The labels are numbers to predict, such as a concentration", self)
        self.quantity.setToolTip("Learn a quantity instead of classes")
        self.counts = CountTable(["Class", "Spectra"], "Spectra of each class", self)
        self.doubtful = LabelErrorsView(wizard)
        self.warnings = QLabel(self, wordWrap=True)
        self.warnings.setProperty("role", "warning")
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._count_soon = QTimer(self, singleShot=True, interval=COUNT_SOON_MS)
        self._is_counting = False
        self.counted = nothing_counted(len(subject.names))
        self._lay_out()
        self.offer()
        self._connect()

    @property
    def words(self) -> NDArray[np.str_]:
        """The label of each spectrum (N,), empty where it has none."""
        return self.counted.words

    @property
    def samples_of_pattern(self) -> NDArray[np.str_]:
        """What the pattern says of samples (N,)."""
        return self.counted.samples

    @property
    def has_labels_by_hand(self) -> bool:
        """Whether somebody gave labels here, which nothing else knows."""
        return bool((self._by_hand != "").any())

    def offer(self) -> None:
        """Offer what labels can be read from now, the best first; what is chosen stays."""
        before = self.source.currentData()
        with QSignalBlocker(self.source):
            self.source.clear()
            for one in self._teach.subject.for_labels:
                self.source.addItem(one.name, one.key)
            self.source.addItem("Pattern of file names", PATTERN)
            self.source.addItem("Labels given here, by hand", HAND)
            self.source.setCurrentIndex(max(0, self.source.findData(before) if before is not None else 0))
        self.refresh()

    def refresh(self) -> None:
        """Show what the labels give as they are now."""
        by_pattern = self.source.currentData() == PATTERN
        self._form.setRowVisible(self.pattern, by_pattern)
        self._form.setRowVisible(self.preview, by_pattern)
        if by_pattern:
            some = self._teach.subject.examples
            words = filename_pattern.match_pattern(self.pattern.text(), some)[0].tolist()
            told = [f"{_short(stem)} → {_short(word) or 'no label'}" for stem, word in zip(some, words, strict=True)]
            self.preview.setText("\n".join(told))
        self.doubtful.clear()
        self._soon.stop()
        if len(self._teach.subject.names) <= AT_ONCE:
            self._show_counted(self._counting()())
            return
        self._is_counting = True
        self.warnings.setText("Counting the labels…")
        self.warnings.show()
        self._count_soon.start()
        self.completeChanged.emit()

    def _counting(self) -> Callable[[], LabelSummary]:
        """What counts the labels as they are asked for now."""
        key, quantity, subject = self.source.currentData(), self.quantity.isChecked(), self._teach.subject
        if key == PATTERN:
            return partial(count_pattern, self.pattern.text(), subject.stems, quantity)
        return partial(count, self._by_hand if key == HAND else subject.told_by(key).words, quantity)

    def _count_behind(self) -> None:
        counting = self._counting()

        def work(_: Progress) -> LabelSummary:
            return counting()

        self._job = self._teach.workers.submit(work, "", "files", key="look at labels")
        self._job.succeeded.connect(self._show_counted)
        self._job.failed.connect(self._teach.messages.show_error)

    def _show_counted(self, counted: LabelSummary) -> None:
        self.counted, self._is_counting = counted, False
        self.quantity.setEnabled(counted.numeric)
        if not counted.numeric:
            with QSignalBlocker(self.quantity):
                self.quantity.setChecked(False)
        self._show_counts()
        self._soon.start()
        self._follow_selection()
        self.completeChanged.emit()

    def label(self, chosen: NDArray[np.bool_], name: str) -> None:
        """Give the spectra `chosen` (N,) this label, in a copy of what is told of the others."""
        words = self._by_hand if self.source.currentData() == HAND or self.counted.problem else self.words
        self._by_hand = np.where(chosen, labels.clean_label(name), words.astype(object)).astype(str)
        with QSignalBlocker(self.source):
            self.source.setCurrentIndex(self.source.findData(HAND))
        self.refresh()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return not self._is_counting and self.counted.problem == ""

    def end(self) -> None:
        """Let nothing come later."""
        self._soon.stop()
        self._count_soon.stop()
        session = self._teach.session
        session.selection_changed.disconnect(self._follow_selection)
        if self._job is not None:
            self._job.cancel()

    def _show_counts(self) -> None:
        counted = self.counted
        rows = [(name, f"{many}") for name, many in zip(counted.classes, counted.counts, strict=True)]
        if counted.numeric:
            rows.sort(key=lambda row: labels.parse_number(row[0]) or 0.0)
        if counted.blank:
            rows.append(("without a label: to be named", f"{counted.blank}"))
        estimator = self.counts.horizontalHeaderItem(0)
        if estimator is not None:
            estimator.setText("Value" if self.quantity.isChecked() else "Class")
        self.counts.show_rows(rows)
        told = [counted.problem] if counted.problem else list(counted.warnings)
        self.warnings.setText("\n".join(told))
        self.warnings.setVisible(bool(told))

    # A look at the labels, behind the window

    def _look(self) -> None:
        if self.counted.problem or self._is_counting:
            return
        subject, words, quantity = self._teach.subject, self.words, self.quantity.isChecked()

        def work(progress: Progress) -> LabelCheck:
            return check_labels(subject.spectra, subject.seen, words, None, quantity, progress)

        self._job = self._teach.workers.submit(work, "", "files", key="look at labels")
        self._job.succeeded.connect(partial(self.doubtful.show_look, words))
        self._job.failed.connect(self._teach.messages.show_error)

    def _selected(self) -> NDArray[np.bool_]:
        return self._teach.session.selected_mask(self._teach.subject.members)

    def _follow_selection(self) -> None:
        chosen = self._selected()
        many = int(chosen.sum())
        self.give.setText(f"Label the {many:,} selected" if many > 1 else "Label the selected")
        self.give.setEnabled(many > 0 and bool(labels.clean_label(self.new_label.text())))
        self.take.setEnabled(bool(np.any(self.words[chosen] != "")))

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self.refresh)
        self.pattern.textChanged.connect(self.refresh)
        self.quantity.toggled.connect(self.refresh)
        self.give.clicked.connect(lambda: self.label(self._selected(), self.new_label.text()))
        self.take.clicked.connect(lambda: self.label(self._selected(), ""))
        self.new_label.returnPressed.connect(self.give.click)
        self.new_label.textChanged.connect(self._follow_selection)
        self._soon.timeout.connect(self._look)
        self._count_soon.timeout.connect(self._count_behind)
        self._teach.session.selection_changed.connect(self._follow_selection)

    def _lay_out(self) -> None:
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        by_hand = QHBoxLayout()
        by_hand.setSpacing(8)
        by_hand.addWidget(self.new_label, 1)
        by_hand.addWidget(self.give)
        by_hand.addWidget(self.take)
        how = widgets.label("quiet")
        how.setText(HOW)
        form.addRow("Labels from", self.source)
        form.addRow("", self.pattern)
        form.addRow("", self.preview)
        form.addRow("", self.quantity)
        form.addRow("", how)
        form.addRow("", by_hand)
        halves = QSplitter(self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.counts)
        halves.addWidget(self.doubtful)
        halves.setSizes([340, 440])
        whole = QVBoxLayout(self)
        whole.setSpacing(12)
        whole.addLayout(form)
        whole.addWidget(halves, 1)
        whole.addWidget(self.warnings)


def _short(name: str) -> str:
    """A name that leaves room for another in the same line."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[-LONGEST // 2 :]}"
