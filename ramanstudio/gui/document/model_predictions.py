"""Predictions of the fine-tuned models that the user has switched on, kept up to date while their page is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import Settings
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.priority_queue import PriorityQueue, QueueItem
from ramanstudio.gui.document.session import Session
from ramanstudio.project.entry_processing import RecipeRun
from ramanstudio.project.predictions import NOT_FINITE, failed_predictions, predictions_from
from ramanstudio.project.project import Entry, Predictions, Project, Result

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.finetuned_model import FineTunedModel
    from ramanstudio.finetuning.model_card import FineTunedModelCard

LANE: Final = "model"
KEY: Final = "fine-tuned models"
UPDATE_MS: Final = 30  # before the search of the libraries, which takes longer
TURN_S: Final = 1.5  # then others that wait for the model have their turn
CHUNK: Final = 512  # spectra of one call
MAX_PREFERRED: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class PredictionTask:
    """The set of an entry for the model of `card`, as it enters Denoise; `denoised` where each was denoised singly."""

    entry: Entry
    source: SpectrumSet
    measured: SpectrumSet | None
    denoised: SpectrumSet | None
    card: FineTunedModelCard


class FineTunedModels(QObject):
    """Which fine-tuned models there are, which are switched on, and their predictions for all open spectra."""

    changed = Signal()  # other models, others switched on, or new predictions

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, settings: Settings, denoising: Denoising
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages = session, workers, messages
        self._settings, self._denoising = settings, denoising
        self.cards: Mapping[str, FineTunedModelCard] = MappingProxyType({})
        self._is_active = self._has_to_wait = False
        self._job: Job | None = None
        self._queue = PriorityQueue[PredictionTask]()
        self._update_timer = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._update_timer.timeout.connect(self._update)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._update_soon)
        denoising.engine_changed.connect(self._update_soon)

    def set_active(self, on: bool) -> None:
        """Keep up to date from now on, or no longer; what is known stays."""
        self._is_active = on
        if on:
            self.refresh()

    def refresh(self) -> None:
        """Look which models are saved now."""
        cards = {}
        for name in finetuned_model.list_names():
            try:
                cards[name] = finetuned_model.read_card(name)
            except StudioError as error:
                self._messages.show_error(error)
        self.cards = MappingProxyType(cards)
        self.changed.emit()
        self._update_soon()

    def is_enabled(self, name: str) -> bool:
        """Whether a model is switched on."""
        return name in self._settings["active_classifiers"]

    def set_enabled(self, name: str, on: bool = True) -> None:
        """Switch a model on or off."""
        others = tuple(other for other in self._settings["active_classifiers"] if other != name)
        self._settings["active_classifiers"] = (*others, name) if on else others
        self.changed.emit()
        self._update_soon()

    def predictions_for(self, entry: Entry) -> list[tuple[str, Predictions | None]]:
        """Each model that is switched on, and its predictions for an entry as far as they are known."""
        known = {predictions.model_hash: predictions for predictions in self._session.project.predictions_for(entry)}
        return [(name, known.get(card.sha256)) for name, card in self._enabled]

    @property
    def waits_for(self) -> str:
        """The title of other work that has to end first; empty where there is none."""
        others = (job.title for job in self._workers.jobs if job.running and job.lane == LANE and job.key != KEY)
        return next(others, "")

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._is_active = False
        self._update_timer.stop()

    @property
    def _enabled(self) -> list[tuple[str, FineTunedModelCard]]:
        return [(name, card) for name, card in self.cards.items() if self.is_enabled(name)]

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            sources = {id(entry.source) for entry in now.entries}
            self._queue.discard_unless(lambda task: id(task.source) in sources)
            self._update_soon()
        if now.predictions is not before.predictions:
            self.changed.emit()

    def _update_soon(self) -> None:
        if self._is_active:
            self._update_timer.start()

    def _update(self) -> None:
        engine = self._denoising.engine
        self._prefer()
        if not self._is_active or engine is None or self._job is not None:
            return
        self._queue = PriorityQueue(self._missing(engine))
        if not len(self._queue):
            return
        self._prefer()
        self._has_to_wait = bool(self.waits_for)
        job = self._workers.submit(
            partial(predict_waiting, engine, self._queue), "Classifying with fine-tuned models", LANE, key=KEY
        )
        self._job = job
        job.progressed.connect(self._follow_start)
        job.shown.connect(self._session.add_predictions)
        job.failed.connect(self._messages.show_error)
        job.succeeded.connect(self._update_soon)  # what is left, and what has come meanwhile
        job.finished.connect(self._finished)

    def _prefer(self) -> None:
        self._queue.prefer(
            {
                (entry.id, card.sha256): self._session.rows_of(entry)[:MAX_PREFERRED]
                for entry in self._session.selected
                for _, card in self._enabled
            }
        )

    def _follow_start(self) -> None:
        if self._has_to_wait:
            self._has_to_wait = False
            self.changed.emit()

    def _finished(self) -> None:
        self._job = None

    def _missing(self, engine: Engine) -> Iterator[QueueItem[PredictionTask]]:
        """The spectra for which a model that is switched on has no prediction yet."""
        project, selected = self._session.project, {entry.id for entry in self._session.selected}
        for entry in sorted(project.entries, key=lambda entry: entry.id not in selected):
            if entry.source is None:
                continue
            known = {predictions.model_hash: predictions for predictions in project.predictions_for(entry)}
            for _, card in self._enabled:
                predictions = known.get(card.sha256)
                rows = np.arange(len(entry.source), dtype=np.int64)
                if predictions is not None:
                    rows = rows[:0] if predictions.is_complete else rows[predictions.labels == ""]
                result = project.result(entry)
                measured = result.measured if result is not None else None
                task = PredictionTask(entry, entry.source, measured, _denoised(result, engine), card)
                key = entry.id, card.sha256
                yield QueueItem(key, task, rows, batch=key)


def _denoised(result: Result | None, engine: Engine) -> SpectrumSet | None:
    """The spectra denoised singly by this engine, as a fine-tuned model is given them; None where there are none."""
    if result is None or result.denoised is None or not result.is_denoised:
        return None
    return None if result.set_size or result.model != engine.card.name else result.denoised.spectra


def predict_waiting(engine: Engine, queue: PriorityQueue[PredictionTask], progress: Progress) -> None:
    """Predict until nothing waits, or a turn is over; shows {entry id: Predictions}. Raises Cancelled when asked to."""
    begun = time.monotonic()
    models: dict[str, FineTunedModel] = {}
    progress(queue.done, queue.total, "spectra")
    while items := queue.take(CHUNK, MAX_PREFERRED):
        for item in items:
            predictions = replace(_predict(engine, item, models), recipe=item.value.entry.recipe)
            progress.show({item.value.entry.id: predictions})
        queue.finish(items)
        progress(queue.done, queue.total, "spectra")
        if time.monotonic() - begun > TURN_S:
            return


def _predict(engine: Engine, item: QueueItem[PredictionTask], models: dict[str, FineTunedModel]) -> Predictions:
    """The predictions for the spectra of an item, or the sentence why there are none; `models` are loaded once."""
    task, rows = item.value, item.rows
    card, source = task.card, task.source
    is_finite = np.isfinite(source.values[rows]).all(axis=1)
    finite = rows[is_finite]
    try:
        if card.sha256 not in models:
            models[card.sha256] = finetuned_model.load(card.name)
        if len(finite):
            denoised = task.denoised[finite] if task.denoised is not None else None
            measured = task.measured or RecipeRun(task.entry).measured
            classified = engine.classify(measured[finite], models[card.sha256], None, denoised)
            predictions = predictions_from(source, finite, card, classified)
        else:
            predictions = failed_predictions(source, card, "")
    except StudioError as error:
        return failed_predictions(source, card, str(error))
    labels = predictions.labels.astype(object)
    labels[rows[~is_finite]] = NOT_FINITE
    return replace(predictions, labels=labels.astype(str))
