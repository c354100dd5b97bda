"""Teach…: from a few labelled spectra to a model that names the rest, in five pages."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QWidget, QWizard

from ramanstudio.errors import StudioError
from ramanstudio.groups import OUTLIER, Group, Groups
from ramanstudio.gui.teach.check_page import CheckPage
from ramanstudio.gui.teach.data_page import DataPage
from ramanstudio.gui.teach.keep_page import KeepPage
from ramanstudio.gui.teach.learn_page import LearnPage
from ramanstudio.gui.teach.result_page import ResultPage
from ramanstudio.gui.teach.subject import Subject
from ramanstudio.teaching import taught

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.gui.studio import Studio
    from ramanstudio.progress import Progress
    from ramanstudio.project import Entry
    from ramanstudio.spectra import SpectrumSet
    from ramanstudio.teaching.classifying import Classified


class TeachWizard(QWizard):
    """Asks for labels and samples, lets the engine learn, shows how good it is, and keeps it."""

    def __init__(self, studio: Studio, parent: QWidget) -> None:
        """Raises StudioError when what is selected cannot be taught by."""
        super().__init__(parent)
        self.subject = subject_of(studio)
        self._studio = studio
        self.workers, self.messages = studio.workers, studio.messages
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Teach")
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.data = DataPage(self.subject)
        self.check = CheckPage(self.subject, self.data)
        self.learn = LearnPage(self)
        self.result_page = ResultPage(self)
        self.keep = KeepPage(self)
        for page in (self.data, self.check, self.learn, self.result_page, self.keep):
            self.addPage(page)
        self.resize(min(860, parent.width() - 40), min(680, parent.height() - 40))

    @property
    def engine(self) -> Engine | None:
        """The engine, once its model is loaded."""
        return self._studio.denoising.engine

    @property
    def groups(self) -> NDArray[np.str_] | None:
        """The sample of each spectrum, where something tells it."""
        return self.check.groups

    @property
    def export_folder(self) -> Path:
        """Where files are exported to."""
        return Path(str(self._studio.settings["export_folder"] or Path.home()))

    def accept(self) -> None:
        """Keep the model, and name the rest where that is asked for."""
        found = self.learn.found
        assert found is not None
        try:
            model = taught.keep(found.model, self.keep.name.text())
        except StudioError as error:
            self.keep.problem.setText(str(error))
            self.keep.problem.show()
            return
        self.messages.info(f"'{model.card.name}' is kept. {found.report.headline}")
        if self.keep.rest.isChecked() and model.card.kind == taught.CLASSES and self.engine is not None:
            name_the_rest(self._studio, self.engine, self.subject, model)
        super().accept()

    def done(self, result: int) -> None:
        """Let nothing run on."""
        self.learn.end()
        super().done(result)


def ask_and_name(studio: Studio, parent: QWidget) -> None:
    """Ask which kept model is to name the spectra, and let it.

    Raises StudioError when none is kept, the one chosen is damaged or gives no classes, or nothing suits.
    """
    names = taught.names()
    if not names:
        raise StudioError("No model has been taught yet.", remedy="Teach one: Analyse, Teach….")
    chosen, said_yes = QInputDialog.getItem(parent, "Name by a taught model", "Model", list(names), 0, False)
    if not said_yes or (engine := studio.denoising.engine) is None:
        return
    model = taught.load(chosen)
    if model.card.kind != taught.CLASSES:
        sentence = f"'{chosen}' predicts a quantity, which is no group."
        raise StudioError(sentence, remedy="Use ramanstudio classify, which writes a table.")
    name_the_rest(studio, engine, subject_of(studio), model)


def subject_of(studio: Studio) -> Subject:
    """What is selected, where that is more than one spectrum; else all that is open.

    Raises StudioError when there are too few spectra, or these share too little of a range.
    """
    session = studio.session
    chosen = [(entry, session.rows_of(entry)) for entry in session.selected if entry.source is not None]
    if sum(len(rows) for _, rows in chosen) < 2:
        chosen = [(entry, _all_rows(entry)) for entry in session.project.entries if entry.source is not None]
    if sum(len(rows) for _, rows in chosen) < 2:
        raise StudioError("Nothing can be taught by one spectrum.", remedy="Open a few of each class.")
    return Subject.of(chosen, session.groups)


def _all_rows(entry: Entry) -> NDArray[np.int64]:
    return np.arange(len(entry.source) if entry.source is not None else 0, dtype=np.int64)


def name_the_rest(studio: Studio, engine: Engine, subject: Subject, model: taught.Taught) -> None:
    """Put every spectrum in the group of its class, as one step that can be undone."""
    work = partial(_classify, engine, subject.spectra, model)
    job = studio.workers.submit(work, f"Naming {len(subject.names)} spectra", "model", key="name the rest")
    job.succeeded.connect(partial(_put_in_groups, studio, subject, model))
    job.failed.connect(studio.messages.show_error)


def _classify(engine: Engine, spectra: SpectrumSet, model: taught.Taught, progress: Progress) -> Classified:
    return engine.classify(spectra, model, progress)


def _put_in_groups(studio: Studio, subject: Subject, model: taught.Taught, found: Classified) -> None:
    labels = np.where(found.unknown, OUTLIER, np.argmax(found.probabilities, axis=1)).astype(np.int64)
    groups = tuple(Group(name, place) for place, name in enumerate(found.classes))
    chances = found.probabilities.max(axis=1).astype(np.float32)
    named = Groups(subject.members, labels, chances, groups, method="taught")
    studio.session.set_groups(named, f"Name spectra by '{model.card.name}'")
    unknown = int(found.unknown.sum())
    also = f"; {unknown} are unlike all it was taught and in no group" if unknown else ""
    studio.messages.info(f"{len(labels)} spectra are named by '{model.card.name}' as groups in Explore{also}.")
