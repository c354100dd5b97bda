"""Classifying open spectra with a fine-tuned model: the dialogs, the job, and what happens to its result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtWidgets import QInputDialog, QWidget

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.finetuning.classified_spectra import ClassifiedSpectra, classify_spectra, write_table
from ramanstudio.gui.finetuning.label_summary import TextArray
from ramanstudio.gui.finetuning.training_spectra import RowArray, SelectedRows, TrainingSpectra
from ramanstudio.project.groups import Groups

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.core.settings import Settings
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.gui.document.session import Session
    from ramanstudio.gui.finetuning.services import FinetuningServices
    from ramanstudio.project.project import Entry, Predictions

TABLE_FILTER: Final = "Table (*.csv)"
JobResult = tuple[ClassifiedSpectra, Groups | None, dict[int, "Predictions"], str]


def selected_spectra(session: Session) -> SelectedRows:
    """Return the selected spectra, or all that are open where fewer than two are selected.

    A single whole entry, as it is selected when a file is opened, stands for all entries of its file: a file whose
    spectra have several axes is several entries.
    """
    entries = [entry for entry in session.selected if entry.source is not None]
    selected = [(entry, session.rows_of(entry)) for entry in entries]
    if len(selected) == 1 and len(selected[0][1]) == len(entries[0].source or ()):
        selected = _whole([entry for entry in session.project.entries if entry.path == entries[0].path])
    if sum(len(rows) for _, rows in selected) > 1:
        return selected
    return all_spectra(session)


def all_spectra(session: Session) -> SelectedRows:
    """Return all open spectra."""
    return _whole(session.project.entries)


def _whole(entries: Sequence[Entry]) -> list[tuple[Entry, RowArray]]:
    return [(entry, np.arange(len(entry.source), dtype=np.int64)) for entry in entries if entry.source is not None]


def ask_and_classify(services: FinetuningServices, parent: QWidget) -> None:
    """Ask for a saved model, and classify the selected spectra with it.

    Raises StudioError when no model is saved, or the chosen one is damaged.
    """
    names = finetuned_model.list_names()
    if not names:
        raise StudioError("There is no fine-tuned model yet.", remedy="Train one: Analyse › Fine-tune….")
    name, accepted = QInputDialog.getItem(parent, "Classify with a fine-tuned model", "Model", list(names), 0, False)
    if accepted:
        classify_with(services, parent, name)


def classify_with(services: FinetuningServices, parent: QWidget, name: str) -> None:
    """Classify the selected spectra, or all open ones, with the saved model `name`; a quantity asks for a table.

    Raises StudioError when the model is damaged.
    """
    model = finetuned_model.load(name)
    of_classes = model.card.is_classifier
    table = None if of_classes else ask_table_path(services.settings, parent, model.card.name)
    if of_classes or table is not None:
        start_classification(services, model, selected_spectra(services.session), table=table)


def ask_table_path(settings: Settings, parent: QWidget, name: str) -> Path | None:
    """Ask where to save a table of predictions; None when nothing was chosen."""
    return dialogs.ask_export(parent, "Save the predictions", settings, f"{name}.csv", TABLE_FILTER)


def start_classification(
    services: FinetuningServices,
    model: FineTunedModel,
    selected: SelectedRows,
    training: TrainingSpectra | None = None,
    given: TextArray | None = None,
    as_groups: bool = True,
    table: Path | None = None,
) -> None:
    """Put every selected spectrum in the group of its class, as one step that can be undone, and write a `table`.

    `given` (N,) are the user's labels of the spectra of `training`; they stay.
    """
    engine = services.denoising.engine
    if engine is None:
        services.messages.warning("The model is still loading. Try again in a moment.")
        return

    def work(progress: Progress) -> JobResult:
        classified = classify_spectra(engine, model, selected, training, given, progress)
        if table is not None:
            write_table(table, classified)
        groups = classified.groups if as_groups and model.card.is_classifier else None
        return classified, groups, dict(classified.by_entry), _message(classified, groups, table)

    n_spectra = sum(len(rows) for _, rows in selected)
    title = f"Classifying {count_of(n_spectra, 'spectrum', 'spectra')}"
    job = services.workers.submit(work, title, "model", key="classify spectra")
    job.succeeded.connect(partial(_accept, services))
    job.failed.connect(services.messages.show_error)


def _accept(services: FinetuningServices, result: JobResult) -> None:
    """Add the predictions and groups to the project and report them."""
    classified, groups, by_entry, message = result
    services.session.add_predictions(by_entry)
    if groups is not None:
        services.session.set_groups(groups, f"Classify spectra with '{classified.model.card.name}'")
    report = services.messages.warning if classified.n_excluded else services.messages.info
    report(message)


def _message(classified: ClassifiedSpectra, groups: Groups | None, table: Path | None) -> str:
    """Return what happened, in sentences."""
    n_spectra = len(classified.given)
    verb = "classified" if classified.classified.values is None else "given a value"
    as_groups = ", as groups in Explore" if groups is not None else ""
    sentences = [
        f"{count_of(n_spectra, 'spectrum was', 'spectra were')} {verb} by '{classified.model.card.name}'{as_groups}."
    ]
    if classified.classified.shift:
        sentences.append(classified.classified.shift)
    elif classified.n_unknown:
        are_unlike = count_of(classified.n_unknown, "is unlike", "are unlike")
        sentences.append(f"{are_unlike} all training spectra{' and in no group' if groups else ''}.")
    if extrapolation := classified.classified.extrapolation:
        sentences.append(extrapolation)
    if classified.n_excluded:
        excluded = count_of(
            classified.n_excluded,
            "spectrum does not cover the model's range or could not be read, and was excluded",
            "spectra do not cover the model's range or could not be read, and were excluded",
        )
        sentences.append(f"{excluded}.")
    if table is not None:
        sentences.append(f"Table: '{table}'.")
    return " ".join(sentences)
