"""The window of a batch: what is done with which files, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.batch.run import earlier_results
from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import Settings
from ramanstudio.gui.batch import forms
from ramanstudio.gui.batch.batch_job import BatchJob
from ramanstudio.gui.batch.work import Plan
from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.document.opening import count_files
from ramanstudio.processing.recipe import Recipe


class BatchWindow(QDialog):
    """Asks for folder, recipe, what to compute and where to write; stays open beside the main window."""

    def __init__(
        self,
        job: BatchJob,
        workers: Workers,
        messages: Messages,
        settings: Settings,
        selected: Recipe | None,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._batch, self._workers, self._messages, self._settings = job, workers, messages, settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Batch")
        self.source = forms.FolderInput("Folder with spectra", self)
        self.recipe = forms.RecipeChoice(selected, messages, self)
        self.template = forms.TemplateChoice(messages, self)
        self.identify = forms.identify_box(self)
        self.model = forms.model_choice(self)
        self.out = forms.FolderInput("Folder for the results", self)
        self.format = forms.format_choice(self)
        self.n_files = label("quiet", wrap=True)
        self.steps = label("quiet", wrap=True)
        self.status = label("", wrap=True)
        self.status.setAccessibleName("State of the batch")
        self.progress = QProgressBar(self, textVisible=False)
        self.progress.setAccessibleName("Progress of the batch")
        self.failures = QPlainTextEdit(self, readOnly=True)
        self.failures.setAccessibleName("Files that failed")
        self.failures.setMinimumHeight(72)
        self.failures.setMaximumHeight(110)
        self.form = self._form()
        self._lay_out()
        self.source.changed.connect(self._count)
        self.source.changed.connect(self._suggest_out)
        self.source.changed.connect(self._update)
        self.out.changed.connect(self._update)
        self.recipe.changed.connect(self._update)
        job.changed.connect(self._update)
        self._suggested = ""
        self._shown_state = ""
        self.source.line.setText(settings["folder"])
        self.resize(QSize(640, 600).boundedTo(self.screen().availableSize() - QSize(40, 60)))
        self._update()

    @property
    def plan(self) -> Plan | None:
        """What the form says; None while a folder is missing."""
        source, out = self.source.folder, self.out.folder
        if source is None or out is None:
            return None
        return Plan(
            source,
            self.recipe.value,
            out,
            str(self.format.currentData()),
            self.template.value,
            self.identify.isChecked(),
            str(self.model.currentData()),
            self._settings["disabled_libraries"],
            self._settings["model"],
            self._settings["device"],
            self._settings["laser_nm"] or None,
        )

    def start(self) -> None:
        """Start the batch; asks first where the folder for the results holds some."""
        plan = self.plan
        if plan is None or plan.out is None or self._batch.state == "running":
            return
        if not plan.folder.is_dir():
            self._messages.warning(f"There is no folder '{plan.folder}'.")
            self.status.setText(f"There is no folder '{plan.folder}'. Choose one that exists.")
            return
        try:
            earlier = earlier_results(plan.out)
        except StudioError as error:
            self.status.setText(str(error))
            return
        self._settings["folder"] = str(plan.folder)
        if not earlier:
            self._batch.start(plan)
        else:
            ask_about_earlier(self, plan.out, earlier == "run", partial(self._start_again, plan))

    def _start_again(self, plan: Plan, what: str) -> None:
        self._batch.start(replace(plan, earlier=what))

    def _form(self) -> QWidget:
        content = QWidget(self)
        form = QFormLayout(content)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.addRow("Spectra in", self.source)
        form.addRow("", self.n_files)
        form.addRow("Recipe", self.recipe)
        form.addRow("", self.steps)
        form.addRow("Fit peaks", self.template)
        form.addRow("Classify", self.model)
        form.addRow("", self.identify)
        form.addRow("Results in", self.out)
        form.addRow("Format", self.format)
        return content

    def _lay_out(self) -> None:
        below = QVBoxLayout()
        below.setSpacing(8)
        for widget in (self.status, self.progress, self.failures):
            below.addWidget(widget)
        content = QWidget(self)
        column = QVBoxLayout(content)
        column.setContentsMargins(16, 16, 16, 8)
        column.setSpacing(16)
        column.addWidget(self.form)
        column.addLayout(below)
        column.addStretch()
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        self._scroll = scroll
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 16)
        whole.addWidget(scroll, 1)
        whole.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        self.open_button = QPushButton("Open results folder", self)
        self.open_button.clicked.connect(self._open_results)
        self.start_button = QPushButton("Start", self)
        self.start_button.setProperty("role", "primary")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self.start)
        self.stop_button = QPushButton("Stop", self)
        self.stop_button.setToolTip("Stop the batch; what is done is kept")
        self.stop_button.clicked.connect(self._batch.stop)
        close = QPushButton("Close", self)
        close.setToolTip("Close this window; a batch that runs goes on")
        close.clicked.connect(self.close)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.open_button)
        row.addStretch()
        for button in (self.stop_button, self.start_button, close):
            button.setAutoDefault(button is self.start_button)
            row.addWidget(button)
        self.open_button.setAutoDefault(False)
        return row

    def _update(self) -> None:
        job, plan = self._batch, self.plan
        running = job.state == "running"
        self.form.setEnabled(not running)
        self.start_button.setEnabled(not running and plan is not None)
        self.stop_button.setVisible(running)
        self.progress.setVisible(running)
        self.progress.setRange(0, job.total)
        self.progress.setValue(job.done)
        self.status.setText(job.sentence if job.state else "")
        self.status.setVisible(bool(job.state))
        self.failures.setVisible(bool(job.counts.failures))
        text = "\n".join(job.counts.failures)
        if text != self.failures.toPlainText():
            self.failures.setPlainText(text)
        if job.state != self._shown_state:
            self._shown_state = job.state
            QTimer.singleShot(0, self, self._show_state)
        ended = job.plan is not None and job.plan.out is not None and job.state in ("done", "stopped")
        self.open_button.setVisible(ended)
        rows = [row.step.title for row in self.recipe.value.steps if row.enabled]
        self.steps.setText(" → ".join(rows) or "The spectra stay as they were measured.")

    def _show_state(self) -> None:
        """Scroll to what is said of the batch, in a low window."""
        if self._batch.state:
            self._scroll.ensureWidgetVisible(self.status)
            self._scroll.ensureWidgetVisible(self.failures if self.failures.isVisible() else self.status)

    def _suggest_out(self) -> None:
        source = self.source.folder
        if source is not None and self.out.line.text() == self._suggested:
            self._suggested = str(source.with_name(f"{source.name} processed")) if source.name else ""
            self.out.line.setText(self._suggested)

    def _count(self) -> None:
        """Say how many files the folder holds; they are counted in the background."""
        source = self.source.folder
        self.n_files.setText("")
        if source is None or not source.is_dir():
            return
        job = self._workers.submit(partial(count_files, [source]), "", "files", key="count batch")
        job.succeeded.connect(self._show_count)

    def _show_count(self, n_files: int) -> None:
        self.n_files.setText(f"{count_of(n_files, 'readable file')}, with those in folders below it")

    def _open_results(self) -> None:
        if self._batch.plan is not None and self._batch.plan.out is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._batch.plan.out)))


def ask_about_earlier(parent: QWidget, out: Path, is_run: bool, start: Callable[[str], None]) -> QMessageBox:
    """Ask what becomes of earlier results in a folder; calls `start` with "continue" or "replace", or not at all."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Results of an earlier batch")
    box.setText(
        f"'{out.name}' holds the results of an earlier batch."
        if is_run
        else f"'{out.name}' holds files that the table, the log or the recipe of this batch would replace."
    )
    continuing = None
    if is_run:
        box.setInformativeText("Continue processes what is missing, and files that were replaced since.")
        continuing = box.addButton("Continue", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(continuing)
    replacing = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)

    def act() -> None:
        if box.clickedButton() is replacing:
            start("replace")
        elif continuing is not None and box.clickedButton() is continuing:
            start("continue")

    box.finished.connect(act)
    box.open()
    return box
