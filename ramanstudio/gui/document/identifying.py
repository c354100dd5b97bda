"""Identifying by itself while somebody looks: what is looked at first, then all that is open; mixtures on demand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.search_queue import Answer, Asked, Made, Piece, Question, Rows, identify_asked
from ramanstudio.gui.document.session import Session
from ramanstudio.project.project import Entry, Identifications, Project

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

SOON_MS: Final = 60
DRAGGED_MS: Final = 250
MOST_PREFERRED: Final = 64


class Identifying(QObject):
    """What spectra are, kept up to date while somebody looks."""

    changed = Signal()  # what it is doing, what it asks, or what it has to say

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, denoising: Denoising, libraries: Libraries
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._denoising = session, workers, messages, denoising
        self.libraries = libraries
        self._is_wanted = False
        self._is_stopped = self._is_halted = False  # halted: not even what is looked at
        self._question: Question | None = None
        self._key = ""  # of the question that was asked last
        self._asked: Asked | None = None
        self._job: Job | None = None
        self._looked_at: dict[int, Rows] = {}
        self._preparing = ""
        self.problem = ""  # what went wrong last
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._consider)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._look)
        denoising.engine_changed.connect(self._look)
        libraries.changed.connect(self._look)

    # What one may ask

    def want(self, on: bool) -> None:
        """Keep up to date from now on, or leave it; what is there stays, and what runs goes on."""
        self._is_wanted = on
        if on:
            self.libraries.load()
            self._look()

    def look_at(self, entry_id: int, row: int) -> None:
        """This spectrum is looked at: it comes first."""
        self._looked_at = {entry_id: np.array([row], dtype=np.int64)}
        self._prefer()
        if self._is_stopped:
            self._look()

    @property
    def within(self) -> Region | None:
        """Which Raman shifts are compared; None for all."""
        return self._session.project.search_range

    def compare_within(self, region: Region | None) -> None:
        """Compare only these Raman shifts from now on; None compares all."""
        self._session.compare_within(region)

    def go_on(self) -> None:
        """Identify all that is open, after it was stopped or has failed."""
        self._is_stopped = self._is_halted = False
        self.problem = ""
        self._look()

    def stop(self) -> None:
        """Identify no more than what is looked at."""
        self._is_stopped = True
        if self._job is not None:
            self._job.cancel()
        self.changed.emit()

    def end(self) -> None:
        """Let nothing come later."""
        self._is_wanted = False
        self._soon.stop()

    # What it says

    @property
    def busy(self) -> bool:
        """Whether spectra are being identified."""
        return self._job is not None

    @property
    def stopped(self) -> bool:
        """Whether somebody has stopped it before all was identified."""
        return self._is_stopped

    @property
    def question(self) -> Question | None:
        """What is asked now; None while nothing can be."""
        return self._question

    def found(self, entry: Entry, row: int) -> Identification | None:
        """What a spectrum is, as far as that is known; it may be the answer to an older question."""
        identified = self._session.project.identification(entry)
        return identified.results[row] if identified is not None else None

    def is_current(self, entry: Entry) -> bool:
        """Whether what is known of an entry answers what is asked now."""
        identified = self._session.project.identification(entry)
        return identified is not None and self._question is not None and identified.query_key == self._question.key

    def library_of(self, entry: Entry, match: Match) -> Library | None:
        """The library that a match is from; None where it is no longer here."""
        identified = self._session.project.identification(entry)
        if identified is None or match.library >= len(identified.libraries):
            return None
        return self.libraries.of_hash(identified.libraries[match.library])

    @property
    def sentence(self) -> str:
        """What stands in the way of an answer; empty where nothing does."""
        if self._denoising.loading:
            return "Loading the model…"
        if self._denoising.engine is None:
            return "There is no model to compare spectra with. Choose one (Model › Choose the model…)."
        if self.libraries.loading:
            return "Opening the libraries…"
        if not self.libraries.all:
            return "There is no library to search in."
        if not self.libraries.searched:
            return "No library is chosen. Tick one on the right."
        if self.problem:
            return self.problem
        if self._job is not None:
            waits = "Waiting until the spectra are denoised…" if self._denoising.busy else "Searching…"
            return self._preparing or waits
        if self._is_halted:
            return "The libraries are not ready for this model: that was stopped. Identify all goes on with it."
        return "Not identified. Identify all goes on." if self._is_stopped else ""

    # How it keeps up

    def _follow(self, before: Project, now: Project) -> None:
        if now.results is not before.results:
            self._tell_denoised()
        if now.search_range != before.search_range:
            self._soon.start(DRAGGED_MS)
            self.changed.emit()
        if now.entries is not before.entries:
            self._look()

    def _tell_denoised(self) -> None:
        engine = self._denoising.engine
        if self._asked is not None and engine is not None:
            self._asked.know(_denoised_plainly(self._session.project, engine.card.name))

    def _look(self) -> None:
        if self._is_wanted and not self._soon.isActive():
            self._soon.start(SOON_MS)
        self.changed.emit()

    def _ask(self) -> Question | None:
        engine, searched = self._denoising.engine, self.libraries.searched
        if engine is None or self._denoising.loading or self.libraries.loading or not searched:
            return None
        within = self.within
        region = repr(within) if within is not None else ""
        key = "|".join([engine.fingerprint_version, region, *(library.hash for library in searched)])
        return Question(engine, searched, within, key)

    def _consider(self) -> None:
        if not self._is_wanted:
            return
        question = self._question = self._ask()
        if question is None or (self.problem and question.key == self._key):
            self.changed.emit()
            return
        before, self._key = self._key, question.key
        if before != question.key:
            self._is_stopped = self._is_halted = False
            self.problem = ""
        elif self._job is not None:
            self._prefer()
            if not self._has_news():
                return
        pieces = self._pieces()
        if not pieces:
            self.changed.emit()
            return
        self._begin(question, pieces)

    def _has_news(self) -> bool:
        """Whether entries have come that nobody has been asked about."""
        assert self._asked is not None
        return any(piece.entry_id not in self._asked.ids for piece in self._pieces())

    def _pieces(self) -> list[Piece]:
        pieces = []
        for entry in self._session.project.entries:
            if entry.source is None or self._is_halted:
                continue
            rows = np.arange(len(entry.source), dtype=np.int64)
            identified = self._session.project.identification(entry)
            if identified is not None and self.is_current(entry):
                rows = rows[[one is None for one in identified.results]]
            if self._is_stopped:
                rows = np.intersect1d(rows, self._looked_at.get(entry.id, rows[:0]))
            if len(rows):
                pieces.append(Piece(entry.id, entry.source, rows))
        return pieces

    def _begin(self, question: Question, pieces: list[Piece]) -> None:
        asked = Asked(pieces)
        self._asked, self._job, self._preparing = asked, None, ""  # what ran for another question is nobody's any more
        self._prefer()
        self._tell_denoised()
        job = self._workers.submit(partial(identify_asked, question, asked), "Identifying", "model", key="identify")
        self._job = job
        job.shown.connect(partial(self._keep, question))
        job.progressed.connect(self._tell)
        job.failed.connect(self._fail)
        job.cancelled.connect(partial(self._cancelled, job))
        job.finished.connect(partial(self._end, job))
        self.changed.emit()

    def _prefer(self) -> None:
        if self._asked is not None:
            preferred = dict(self._looked_at)
            for entry in self._session.selected[:MOST_PREFERRED]:
                rows = self._session.rows_of(entry)[:MOST_PREFERRED]
                preferred[entry.id] = np.concatenate([preferred.get(entry.id, rows[:0]), rows])
            self._asked.prefer(preferred)

    def _keep(self, question: Question, shown: list[Answer] | Made) -> None:
        if isinstance(shown, Made):
            self.libraries.replace(shown.before, shown.now)
            return
        if self._question is None or question.key != self._question.key:
            return
        hashes = tuple(library.hash for library in question.libraries)
        kept = {}
        for answer in shown:
            entry = self._session.entry(answer.piece.entry_id)
            if entry is not None and entry.source is answer.piece.source:
                found = _joined(self._session.project.identification(entry), answer, question.key)
                kept[entry.id] = Identifications(answer.piece.source, found, question.key, hashes)
        self._session.add_identifications(kept)

    def _tell(self, done: int, total: int, note: str) -> None:
        """A library is prepared once for each model; one waits for it, and is told."""
        told = f"Getting ready, once for each library: {done:,} of {total:,} {note}…" if "prepared" in note else ""
        if told != self._preparing:
            self._preparing = told
            self.changed.emit()

    def _cancelled(self, job: Job) -> None:
        if self._job is job:  # by a hand: nobody else came instead
            # to get libraries ready for what is looked at would be to begin anew what was stopped
            self._is_stopped, self._is_halted = True, bool(self._preparing)

    def _fail(self, error: BaseException) -> None:
        self.problem = str(error)
        self._messages.show_error(error)

    def _end(self, job: Job) -> None:
        if self._job is job:
            self._job = self._asked = None
            if not self.problem:
                self._look()  # what has come meanwhile
        self.changed.emit()


def _denoised_plainly(project: Project, model: str) -> dict[int, Denoised]:
    """What has been denoised as a search would do it, each spectrum by itself: that is not denoised again."""
    known = {}
    for entry in project.entries:
        result = project.result(entry)
        plainly = result is not None and not result.set_size and not result.region_is_manual
        if result is not None and result.denoised is not None and plainly and result.model == model:
            known[entry.id] = result.denoised
    return known


def _joined(before: Identifications | None, answer: Answer, key: str) -> tuple[Identification | None, ...]:
    """What was found of an entry so far, if it was asked the same, with an answer about some of its spectra."""
    found: list[Identification | None] = [None] * len(answer.piece.source)
    if before is not None and before.query_key == key:
        found = list(before.results)
    for row, one in zip(answer.piece.rows.tolist(), answer.found, strict=True):
        found[row] = one
    return tuple(found)
