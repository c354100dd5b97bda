"""The fine-tuning wizard: five pages beside the window, from a few labelled spectra to a model for the rest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMessageBox, QWidget, QWizard

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.finetuning.classification import (
    all_spectra,
    ask_table_path,
    selected_spectra,
    start_classification,
)
from ramanstudio.gui.finetuning.labels_page import LabelsPage
from ramanstudio.gui.finetuning.result_page import ResultPage
from ramanstudio.gui.finetuning.samples_page import SamplesPage
from ramanstudio.gui.finetuning.save_page import SavePage
from ramanstudio.gui.finetuning.step_list import StepList
from ramanstudio.gui.finetuning.train_page import TrainPage
from ramanstudio.gui.finetuning.training_spectra import SelectedRows, TrainingSpectra
from ramanstudio.gui.finetuning.wizard_state import WizardState

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.gui.finetuning.services import FinetuningServices
    from ramanstudio.project.project import Project

STEPS: Final = ("Labels", "Samples", "Train", "Results", "Save")


class FineTuneWizard(QWizard):
    """Asks for labels and samples, trains a model, shows its accuracy, and saves it.

    It is not modal: spectra are selected in the window to be labelled here, and rows that are clicked here are
    selected there.
    """

    def __init__(self, services: FinetuningServices, training: TrainingSpectra, parent: QWidget) -> None:
        super().__init__(parent)
        self._services, self._window = services, parent
        self.state = WizardState(services, training)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle("Fine-tune a model")
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setButtonText(QWizard.WizardButton.FinishButton, "Save model")
        self.labels_page = LabelsPage(self.state)
        self.samples_page = SamplesPage(self.state)
        self.train_page = TrainPage(self.state)
        self.result_page = ResultPage(self.state)
        self.save_page = SavePage(self.state)
        for page in (self.labels_page, self.samples_page, self.train_page, self.result_page, self.save_page):
            self.addPage(page)
        steps = StepList(STEPS, self)
        self.setSideWidget(steps)
        self.currentIdChanged.connect(lambda index: steps.show_step(index))
        self.labels_page.all_requested.connect(self._begin_with_all)
        self.result_page.suggested.labelled.connect(self._label_one)
        self.result_page.suggested.training_requested.connect(self._train_again)
        services.session.changed.connect(self._follow)
        parent.installEventFilter(self)
        self.resize(min(980, parent.width() - 40), min(720, parent.height() - 40))

    def accept(self) -> None:
        """Save the model, classify the open spectra and write a table where chosen."""
        result = self.state.result
        assert result is not None
        table = None
        if self.save_page.save_table.isChecked():
            table = ask_table_path(self._services.settings, self, self.save_page.name.text().strip())
            if table is None:
                return
        try:
            model = finetuned_model.save(result.model, self.save_page.name.text())
        except StudioError as error:
            self.save_page.show_problem(error)
            return
        services, state = self._services, self.state
        services.models.set_enabled(model.card.name)
        services.models.refresh()
        services.messages.info(f"The model '{model.card.name}' was saved. {result.report.headline}")
        as_groups = self.save_page.classify_all.isChecked() and model.card.is_classifier
        if as_groups or table is not None:
            spectra = all_spectra(services.session)
            start_classification(services, model, spectra, state.training, state.trained_labels, as_groups, table)
        super().accept()

    def reject(self) -> None:
        """Close, but ask before labels or a model are lost."""
        lost = self._would_be_lost
        answer = QMessageBox.StandardButton.Yes
        if lost:
            answer = QMessageBox.question(self, "Close the wizard?", f"{lost} Close the wizard anyway?")
        if answer == QMessageBox.StandardButton.Yes:
            super().reject()

    @property
    def _would_be_lost(self) -> str:
        """What closing would lose, in a sentence; empty where that is nothing."""
        if self.train_page.is_training:
            return "Training is still running."
        if self.state.result is not None:
            return "The trained model has not been saved."
        return "The labels that you assigned here are not saved." if self.labels_page.has_manual_labels else ""

    def done(self, result: int) -> None:
        """Stop everything and close."""
        self._window.removeEventFilter(self)
        self._services.session.changed.disconnect(self._follow)
        self.labels_page.end()
        self.train_page.end()
        self.result_page.end()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Stop training on Esc, before Esc closes the wizard."""
        if event.key() == Qt.Key.Key_Escape and self.train_page.is_training:
            self.train_page.stop()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Close with the window."""
        if event.type() == QEvent.Type.Hide and not event.spontaneous() and watched is self._window:
            super().reject()
        return super().eventFilter(watched, event)

    def _begin_with_all(self) -> None:
        """Close, and begin again with all open spectra."""
        self.reject()
        if not self.isVisible():
            _collect(self._services, self._window, all_spectra(self._services.session))

    def _label_one(self, index: int, name: str) -> None:
        """Assign a label to one training spectrum."""
        chosen = np.zeros(len(self.state.training.names), dtype=bool)
        chosen[index] = True
        self.labels_page.assign(chosen, name)

    def _train_again(self) -> None:
        self.back()
        self.train_page.train()

    def _follow(self, before: Project, now: Project) -> None:
        """Offer renamed groups as labels at once."""
        if now.groups is not before.groups:
            self.state.training = self.state.training.with_groups(now.groups)
            self.labels_page.refresh_sources()


def show_wizard(services: FinetuningServices, window: QWidget) -> None:
    """Show the wizard on the selected spectra (see `selected_spectra`), or the open wizard."""
    present = next((wizard for wizard in window.findChildren(FineTuneWizard) if wizard.isVisible()), None)
    if present is not None:
        present.raise_()
        present.activateWindow()
        return
    _collect(services, window, selected_spectra(services.session))


def _collect(services: FinetuningServices, window: QWidget, selected: SelectedRows) -> None:
    project = services.session.project

    def work(progress: Progress) -> TrainingSpectra:
        progress(0, 0)
        if sum(len(rows) for _, rows in selected) < 2:
            raise StudioError("A model cannot be trained on one spectrum.", remedy="Open a few of each class.")
        return TrainingSpectra.of(selected, project)

    job = services.workers.submit(work, "Collecting the spectra", "files", key="collect training spectra")
    job.succeeded.connect(partial(_open_wizard, services, window))
    job.failed.connect(services.messages.show_error)


def _open_wizard(services: FinetuningServices, window: QWidget, training: TrainingSpectra) -> None:
    FineTuneWizard(services, training, window).show()
