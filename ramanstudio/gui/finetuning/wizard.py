"""Teach…: from a few labelled spectra to a model that names the rest, in five pages beside the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMessageBox, QWidget, QWizard

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common.jobs import Job
from ramanstudio.gui.finetuning import predicting
from ramanstudio.gui.finetuning.labels_page import LabelsPage
from ramanstudio.gui.finetuning.result_page import ResultPage
from ramanstudio.gui.finetuning.samples_page import SamplesPage
from ramanstudio.gui.finetuning.save_page import SavePage
from ramanstudio.gui.finetuning.step_list import StepList
from ramanstudio.gui.finetuning.train_page import TrainPage
from ramanstudio.gui.finetuning.training_spectra import TrainingSpectra
from ramanstudio.project.project import Project

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.engine import Engine
    from ramanstudio.gui.finetuning.services import FinetuningServices

STEPS: Final = ("Data", "Check", "Learn", "Result", "Keep")


class FineTuneWizard(QWizard):
    """Asks for labels and samples, lets the engine learn, shows how good it is, and keeps it.

    The window stays alive beneath it: spectra are selected there to be labelled here, and what is chosen here is
    selected there.
    """

    def __init__(self, services: FinetuningServices, subject: TrainingSpectra, parent: QWidget) -> None:
        super().__init__(parent)
        self.services, self.subject = services, subject
        self.session, self.workers, self.messages = services.session, services.workers, services.messages
        self._window = parent
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle("Teach")
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setButtonText(QWizard.WizardButton.FinishButton, "Keep")
        self.data = LabelsPage(self)
        self.check = SamplesPage(self)
        self.learn = TrainPage(self)
        self.result_page = ResultPage(self)
        self.keep = SavePage(self)
        for page in (self.data, self.check, self.learn, self.result_page, self.keep):
            self.addPage(page)
        steps = StepList(STEPS, self)
        self.setSideWidget(steps)
        self.currentIdChanged.connect(lambda at: steps.show_step(at))
        self.session.changed.connect(self._follow)
        parent.installEventFilter(self)
        self.resize(min(980, parent.width() - 40), min(720, parent.height() - 40))

    @property
    def engine(self) -> Engine | None:
        """The engine, once its model is loaded."""
        return self.services.denoising.engine

    @property
    def groups(self) -> NDArray[np.str_] | None:
        """The sample of each spectrum, where something tells it."""
        return self.check.groups

    def select(self, place: int) -> None:
        """Select the spectrum at this place in the window."""
        one = self.subject.members[[place]]
        if self.session.entry(int(one.entry_ids[0])) is not None:
            self.session.select_spectra(one.entry_ids, one.rows)

    def accept(self) -> None:
        """Keep the model, name the rest and save a table where that is asked for."""
        found = self.learn.found
        assert found is not None
        table = None
        if self.keep.table.isChecked():
            table = predicting.ask_where(self.services.settings, self, self.keep.name.text().strip())
            if table is None:
                return
        try:
            model = finetuned_model.save(found.model, self.keep.name.text())
        except StudioError as error:
            self.keep.say(error)
            return
        self.services.models.set_enabled(model.card.name)
        self.services.models.refresh()
        self.messages.info(f"'{model.card.name}' is kept. {found.report.headline}")
        in_groups = self.keep.rest.isChecked() and model.card.kind == finetuned_model.CLASSES
        if in_groups or table is not None:
            everything = predicting.all_spectra(self.session)
            predicting.name_spectra(
                self.services, model, everything, self.subject, self.learn.learned_words, in_groups, table
            )
        super().accept()

    def reject(self) -> None:
        """Close, but ask before what somebody made here is lost."""
        lost = self._would_be_lost
        asked = QMessageBox.StandardButton.Yes
        if lost:
            asked = QMessageBox.question(self, "Close Teach?", f"{lost} Close Teach all the same?")
        if asked == QMessageBox.StandardButton.Yes:
            super().reject()

    @property
    def _would_be_lost(self) -> str:
        """What closing would lose; empty where that is nothing."""
        if self.learn.is_learning:
            return "It is still learning."
        if self.learn.found is not None:
            return "What was learned is not kept yet."
        return "The labels that were given by hand are not kept." if self.data.has_labels_by_hand else ""

    def done(self, result: int) -> None:
        """Let nothing run on."""
        self._window.removeEventFilter(self)
        self.session.changed.disconnect(self._follow)
        self.data.end()
        self.learn.end()
        self.result_page.end()
        super().done(result)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() == Qt.Key.Key_Escape and self.learn.is_learning:
            self.learn.stop()
            return
        super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Go with the window."""
        if event.type() == QEvent.Type.Hide and not event.spontaneous() and watched is self._window:
            super().reject()
        return super().eventFilter(watched, event)

    def _follow(self, before: Project, now: Project) -> None:
        if now.groups is not before.groups:
            self.subject = self.subject.with_groups(now.groups)
            self.data.offer()


def show_wizard(services: FinetuningServices, window: QWidget) -> None:
    """Show the wizard on what is selected, where that is several spectra, else on all that is open; or the one open."""
    there = next((one for one in window.findChildren(FineTuneWizard) if one.isVisible()), None)
    if there is not None:
        there.raise_()
        there.activateWindow()
        return
    chosen, project = predicting.chosen_spectra(services.session), services.session.project

    def work(progress: Progress) -> TrainingSpectra:
        progress(0, 0)
        if sum(len(rows) for _, rows in chosen) < 2:
            raise StudioError("Nothing can be taught by one spectrum.", remedy="Open a few of each class.")
        return TrainingSpectra.of(chosen, project)

    job: Job = services.workers.submit(work, "Gathering the spectra", "files", key="teach")
    job.succeeded.connect(partial(_show, services, window))
    job.failed.connect(services.messages.show_error)


def _show(services: FinetuningServices, window: QWidget, subject: TrainingSpectra) -> None:
    FineTuneWizard(services, subject, window).show()
