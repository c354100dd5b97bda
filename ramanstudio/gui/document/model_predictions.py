"""The taught models that are chosen to say what spectra are, beside the libraries, kept up to date while one looks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.settings import Settings
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import finetuned_model
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.session import Session
from ramanstudio.project.predictions import NO_NUMBERS, failed_predictions, predictions_from
from ramanstudio.project.project import Entry, Predictions, Project, Result

if TYPE_CHECKING:
    from ramanstudio.core.progress import Progress
    from ramanstudio.engine import Engine
    from ramanstudio.finetuning.finetuned_model import FineTunedModel, FineTunedModelCard

LANE: Final = "model"
KEY: Final = "taught"
SOON_MS: Final = 30  # before the search of the libraries, which is longer
TURN_S: Final = 1.5  # then others that wait for the model have their turn
AT_ONCE: Final = 512  # spectra
MOST_PREFERRED: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class PendingPrediction:
    """What a model is still to say: some `rows` of an entry, those that are looked at first."""

    entry_id: int
    source: SpectrumSet
    denoised: SpectrumSet | None
    rows: NDArray[np.int64]
    card: FineTunedModelCard


class FineTunedModels(QObject):
    """Which taught models there are, which of them are asked, and what they say of all that is open."""

    changed = Signal()  # which there are, or are asked, or what they say

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, settings: Settings, denoising: Denoising
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages = session, workers, messages
        self._settings, self._denoising = settings, denoising
        self.cards: Mapping[str, FineTunedModelCard] = MappingProxyType({})
        self._is_wanted = self._told_to_wait = False
        self._job: Job | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._consider)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._look)
        denoising.engine_changed.connect(self._look)

    def want(self, on: bool) -> None:
        """Keep up to date from now on, or leave it; what is there stays."""
        self._is_wanted = on
        if on:
            self.refresh()

    def refresh(self) -> None:
        """See which models are kept now."""
        cards = {}
        for name in finetuned_model.names():
            try:
                cards[name] = finetuned_model.card_of(name)
            except StudioError as error:
                self._messages.show_error(error)
        self.cards = MappingProxyType(cards)
        self.changed.emit()
        self._look()

    def is_asked(self, name: str) -> bool:
        """Whether a model is asked."""
        return name in self._settings["taught_models_on"]

    def ask(self, name: str, on: bool = True) -> None:
        """Ask a model from now on, or no longer."""
        others = tuple(one for one in self._settings["taught_models_on"] if one != name)
        self._settings["taught_models_on"] = (*others, name) if on else others
        self.changed.emit()
        self._look()

    def answers(self, entry: Entry) -> list[tuple[str, Predictions | None]]:
        """Each model that is asked, and what it says of an entry as far as that is known."""
        said = {one.model_hash: one for one in self._session.project.predictions_for(entry)}
        return [(name, said.get(card.sha256)) for name, card in self._asked]

    @property
    def waits_for(self) -> str:
        """The title of other work that has to end before a model is asked; empty where there is none."""
        others = (job.title for job in self._workers.jobs if job.running and job.lane == LANE and job.key != KEY)
        return next(others, "")

    def end(self) -> None:
        """Let nothing come later."""
        self._is_wanted = False
        self._soon.stop()

    @property
    def _asked(self) -> list[tuple[str, FineTunedModelCard]]:
        return [(name, card) for name, card in self.cards.items() if self.is_asked(name)]

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._look()
        if now.predictions is not before.predictions:
            self.changed.emit()

    def _look(self) -> None:
        if self._is_wanted:
            self._soon.start()

    def _consider(self) -> None:
        engine = self._denoising.engine
        if not self._is_wanted or engine is None or self._job is not None:
            return
        pieces = list(self._pieces(engine))
        if not pieces:
            return
        self._told_to_wait = bool(self.waits_for)
        job = self._workers.submit(partial(predict_pending, engine, pieces), "Asking taught models", LANE, key=KEY)
        self._job = job
        job.progressed.connect(self._follow_start)
        job.shown.connect(self._session.add_predictions)
        job.failed.connect(self._messages.show_error)
        job.succeeded.connect(self._look)  # what is left, and what has come meanwhile
        job.finished.connect(self._end)

    def _follow_start(self) -> None:
        if self._told_to_wait:
            self._told_to_wait = False
            self.changed.emit()

    def _end(self) -> None:
        self._job = None

    def _pieces(self, engine: Engine) -> Iterator[PendingPrediction]:
        project, selected = self._session.project, {entry.id for entry in self._session.selected}
        entries = sorted(project.entries, key=lambda entry: entry.id not in selected)
        for entry in entries:
            for _, card in self._asked:
                said = next((one for one in project.predictions_for(entry) if one.model_hash == card.sha256), None)
                if entry.source is None or (said is not None and said.is_complete):
                    continue
                rows = np.arange(len(entry.source), dtype=np.int64)
                preferred = self._session.rows_of(entry)[:MOST_PREFERRED]
                rows = np.concatenate([preferred, np.delete(rows, preferred)])
                if said is not None:
                    rows = rows[said.labels[rows] == ""]
                yield PendingPrediction(entry.id, entry.source, _denoised(project.result(entry), engine), rows, card)


def _denoised(result: Result | None, engine: Engine) -> SpectrumSet | None:
    """What is there of denoising each by itself with this model, as a taught model sees spectra."""
    if result is None or result.denoised is None or result.set_size or result.model != engine.card.name:
        return None
    return result.denoised.spectra


def predict_pending(engine: Engine, pieces: Sequence[PendingPrediction], progress: Progress) -> None:
    """Ask models about pieces, in their order, and show {entry's id: Answered}; no longer than a turn."""
    begun = time.monotonic()
    models: dict[str, FineTunedModel] = {}
    for number, piece in enumerate(pieces):
        for start in range(0, len(piece.rows), AT_ONCE):
            progress(number, len(pieces), "entries")
            if start + number and time.monotonic() - begun > TURN_S:
                return
            progress.show({piece.entry_id: _answer(engine, piece, piece.rows[start : start + AT_ONCE], models)})


def _answer(
    engine: Engine, piece: PendingPrediction, rows: NDArray[np.int64], models: dict[str, FineTunedModel]
) -> Predictions:
    card, source = piece.card, piece.source
    fine = np.isfinite(source.values[rows]).all(axis=1)
    try:
        if card.sha256 not in models:
            models[card.sha256] = finetuned_model.load(card.name)
        some = rows[fine]
        if not len(some):
            said = failed_predictions(source, card, "")
        else:
            before = piece.denoised[some] if piece.denoised is not None else None
            said = predictions_from(
                source, some, card, engine.classify(source[some], models[card.sha256], None, before)
            )
    except StudioError as error:
        return failed_predictions(source, card, str(error))
    words = said.labels.astype(object)
    words[rows[~fine]] = NO_NUMBERS
    return replace(said, labels=words.astype(str))
