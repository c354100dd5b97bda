"""Identify what is open while its page is shown: the spectrum that is looked at first, then all others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising import Denoising
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.priority_queue import QueueItem, Rows
from ramanstudio.gui.document.search_queue import (
    IdentifiedRows,
    PreparedLibrary,
    SearchRequest,
    SearchRun,
    identify_waiting,
    search_item,
)
from ramanstudio.gui.document.session import Session
from ramanstudio.processing.stages import same_front
from ramanstudio.project.entry_processing import is_front_current
from ramanstudio.project.metadata_edits import same_measurement
from ramanstudio.project.project import Entry, Identifications, Project

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

TITLE: Final = "Identifying"
UPDATE_MS: Final = 60
REGION_DRAGGED_MS: Final = 250
MAX_PREFERRED: Final = 64


class Identifying(QObject):
    """Keeps the identifications of all open spectra up to date while it is active."""

    changed = Signal()  # its state, its request, or its status

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, denoising: Denoising, libraries: Libraries
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._denoising = session, workers, messages, denoising
        self.libraries = libraries
        self._is_active = False
        self._is_stopped = False  # identifies no more than what is looked at
        self._is_halted = False  # not even that
        self._request: SearchRequest | None = None
        self._last_key = ""  # of the last request
        self._run: SearchRun | None = None
        self._submitted: dict[int, object] = {}  # what was handed to the run, by entry id
        self._job: Job | None = None
        self._current: dict[int, Rows] = {}
        self._preparation = ""
        self.problem = ""  # the last error
        self._update_timer = QTimer(self, singleShot=True, interval=UPDATE_MS)
        self._update_timer.timeout.connect(self._update)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._update_soon)
        denoising.engine_changed.connect(self._update_soon)
        libraries.changed.connect(self._update_soon)

    # Requests

    def set_active(self, on: bool) -> None:
        """Keep up to date from now on, or no longer; what is known stays, and a running search goes on."""
        self._is_active = on
        if on:
            self.libraries.load()
            self._update_soon()

    def set_current(self, entry_id: int, row: int) -> None:
        """Identify this spectrum first: it is looked at."""
        self._current = {entry_id: np.array([row], dtype=np.int64)}
        self._prefer()
        if self._is_stopped:
            self._update_soon()

    @property
    def within(self) -> Region | None:
        """Which Raman shifts are compared; None for all."""
        return self._session.project.search_range

    def compare_within(self, region: Region | None) -> None:
        """Compare only these Raman shifts from now on; None compares all."""
        self._session.compare_within(region)

    def resume(self) -> None:
        """Identify all open spectra, after the search was stopped or has failed."""
        self._is_stopped = self._is_halted = False
        self.problem = ""
        self._update_soon()

    def stop(self) -> None:
        """Identify no more than what is looked at."""
        self._is_stopped = True
        if self._job is not None:
            self._job.cancel()
        self.changed.emit()

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._is_active = False
        self._update_timer.stop()

    # State

    @property
    def busy(self) -> bool:
        """Whether spectra are being identified."""
        return self._job is not None

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before all was identified."""
        return self._is_stopped

    @property
    def request(self) -> SearchRequest | None:
        """What is searched now; None while nothing can be."""
        return self._request

    def identification(self, entry: Entry, row: int) -> Identification | None:
        """The identification of a spectrum, as far as it is known; it may be of an older request."""
        identifications = self._session.project.identification(entry)
        return identifications.results[row] if identifications is not None else None

    def is_current(self, entry: Entry) -> bool:
        """Whether the identifications of an entry are of the present request."""
        identifications = self._session.project.identification(entry)
        return (
            identifications is not None and self._request is not None and identifications.query_key == self._request.key
        )

    def library_of(self, entry: Entry, match: Match) -> Library | None:
        """The library that a match is from; None where it is no longer here."""
        identifications = self._session.project.identification(entry)
        if identifications is None or match.library >= len(identifications.libraries):
            return None
        return self.libraries.by_hash(identifications.libraries[match.library])

    @property
    def status(self) -> str:
        """Why there is no identification yet; empty where nothing stands in the way."""
        if self._denoising.loading:
            return "Loading the model…"
        if self._denoising.engine is None:
            return "There is no model to compare spectra with. Choose one (Model › Choose model…)."
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
            return self._preparation or waits
        if self._is_halted:
            return "Preparing the libraries for this model was stopped. Identify all resumes it."
        return "Not identified. Identify all resumes the search." if self._is_stopped else ""

    # Updates

    def _follow(self, before: Project, now: Project) -> None:
        if now.results is not before.results:
            self._share_denoised()
        if now.search_range != before.search_range:
            self._update_timer.start(REGION_DRAGGED_MS)
            self.changed.emit()
        if now.entries is not before.entries:
            if self._run is not None:
                kept = {id(entry.source): entry.recipe for entry in now.entries}
                self._run.queue.discard_unless(
                    lambda entry: id(entry.source) in kept and same_front(entry.recipe, kept[id(entry.source)])
                )
            self._update_soon()

    def _share_denoised(self) -> None:
        """Let the search use what has been denoised meanwhile."""
        engine = self._denoising.engine
        if self._run is not None and engine is not None:
            self._run.denoised = _denoised_singly(self._session.project, engine.card.name)
            self._run.measured = _measured_spectra(self._session.project)

    def _update_soon(self) -> None:
        if self._is_active and not self._update_timer.isActive():
            self._update_timer.start(UPDATE_MS)
        self.changed.emit()

    def _make_request(self) -> SearchRequest | None:
        engine, searched = self._denoising.engine, self.libraries.searched
        if engine is None or self._denoising.loading or self.libraries.loading or not searched:
            return None
        within = self.within
        region = repr(within) if within is not None else ""
        key = "|".join([engine.fingerprint_version, region, *(library.hash for library in searched)])
        return SearchRequest(engine, searched, within, key)

    def _update(self) -> None:
        if not self._is_active:
            return
        request = self._request = self._make_request()
        if request is None or (self.problem and request.key == self._last_key):
            self.changed.emit()
            return
        is_same, self._last_key = request.key == self._last_key, request.key
        if not is_same:
            self._is_stopped = self._is_halted = False
            self.problem = ""
        items = self._missing()
        if is_same and self._job is not None and self._run is not None:
            self._put(self._run, items)
        elif items:
            self._start(request, items)
        else:
            self.changed.emit()

    def _missing(self) -> list[QueueItem[Entry]]:
        """The spectra that the present request has no identification of."""
        items = []
        for entry in self._session.project.entries:
            if entry.source is None or self._is_halted:
                continue
            rows = np.arange(len(entry.source), dtype=np.int64)
            identifications = self._session.project.identification(entry)
            if identifications is not None and self.is_current(entry):
                rows = rows[[identification is None for identification in identifications.results]]
            if self._is_stopped:
                rows = np.intersect1d(rows, self._current.get(entry.id, rows[:0]))
            if len(rows):
                items.append(search_item(entry, rows))
        return items

    def _put(self, run: SearchRun, items: list[QueueItem[Entry]]) -> None:
        """Hand a run what it has not been handed yet."""
        fresh = [item for item in items if self._submitted.get(item.value.id) != item.request]
        self._submitted.update((item.value.id, item.request) for item in fresh)
        run.queue.put(fresh)
        self._prefer()

    def _start(self, request: SearchRequest, items: list[QueueItem[Entry]]) -> None:
        run = self._run = SearchRun(request)  # a job for another request is cancelled by its key
        self._submitted, self._preparation = {}, ""
        self._put(run, items)
        self._share_denoised()
        job = self._workers.submit(partial(identify_waiting, run), TITLE, "model", key="identify")
        self._job = job
        job.shown.connect(partial(self._keep, request))
        job.progressed.connect(self._report_preparation)
        job.failed.connect(self._fail)
        job.cancelled.connect(partial(self._cancelled, job))
        job.finished.connect(partial(self._finished, job))
        self.changed.emit()

    def _prefer(self) -> None:
        if self._run is not None:
            preferred = dict(self._current)
            for entry in self._session.selected[:MAX_PREFERRED]:
                rows = self._session.rows_of(entry)[:MAX_PREFERRED]
                preferred[entry.id] = np.concatenate([preferred.get(entry.id, rows[:0]), rows])
            self._run.queue.prefer(preferred)

    def _keep(self, request: SearchRequest, shown: list[IdentifiedRows] | PreparedLibrary) -> None:
        if isinstance(shown, PreparedLibrary):
            self.libraries.replace(shown.before, shown.after)
            return
        if self._request is None or request.key != self._request.key:
            return
        hashes = tuple(library.hash for library in request.libraries)
        kept = {}
        for part in shown:
            entry = self._session.entry(part.entry_id)
            if (
                entry is not None
                and same_measurement(entry.source, part.source)
                and same_front(entry.recipe, part.recipe)
            ):
                merged = _merged(self._session.project.identification(entry), part, request.key)
                kept[entry.id] = Identifications(part.source, merged, request.key, hashes, entry.recipe)
        self._session.add_identifications(kept)

    def _report_preparation(self, done: int, total: int, note: str) -> None:
        """Say that a library is prepared, which happens once for each model and takes a while."""
        is_preparing = "prepared" in note
        if self._job is not None:
            self._job.title = "Preparing the libraries" if is_preparing else TITLE
        count = f"{format_number(done)} of {format_number(total)}"
        text = f"Preparing the libraries (once): {count} {note}…" if is_preparing else ""
        if text != self._preparation:
            self._preparation = text
            self.changed.emit()

    def _cancelled(self, job: Job) -> None:
        if self._job is job:  # by the user: no other request came instead
            # to prepare libraries for what is looked at would start again what was stopped
            self._is_stopped, self._is_halted = True, bool(self._preparation)

    def _fail(self, error: BaseException) -> None:
        self.problem = str(error)
        self._messages.show_error(error)

    def _finished(self, job: Job) -> None:
        if self._job is job:
            self._job = self._run = None
            if not self.problem:
                self._update_soon()  # what has come meanwhile
        self.changed.emit()


def _denoised_singly(project: Project, model: str) -> Mapping[int, Denoised]:
    """What has been denoised each spectrum by itself, as a search would do it: that is not denoised again."""
    known = {}
    for entry in project.entries:
        result = project.result(entry)
        singly = result is not None and not result.set_size and not result.region_is_manual
        if result is not None and result.is_denoised and singly and result.model == model and result.denoised:
            known[entry.id] = result.denoised
    return known


def _measured_spectra(project: Project) -> Mapping[int, SpectrumSet]:
    """The spectra as they enter Denoise, where their result is known."""
    known = {}
    for entry in project.entries:
        result = project.result(entry)
        if result is not None and result.processed is not None and is_front_current(entry, result):
            known[entry.id] = result.measured
    return known


def _merged(before: Identifications | None, part: IdentifiedRows, key: str) -> tuple[Identification | None, ...]:
    """The identifications of an entry so far, if they are of the same request, with those of some of its spectra."""
    results: list[Identification | None] = [None] * len(part.source)
    if before is not None and before.query_key == key:
        results = list(before.results)
    for row, identification in zip(part.rows.tolist(), part.identifications, strict=True):
        results[row] = identification
    return tuple(results)
