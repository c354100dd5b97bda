"""Denoise automatically: load the model once the window is shown, then denoise open entries, selected ones first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ramanstudio.core.progress import Progress
from ramanstudio.core.settings import Settings
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.denoising_queue import denoise_waiting, denoising_item, remeasure_noise
from ramanstudio.gui.document.priority_queue import PriorityQueue
from ramanstudio.gui.document.processing_queue import (
    LARGE,
    MAX_PREVIEWED,
    ProcessingTask,
    preview,
    process_waiting,
    processing_item,
)
from ramanstudio.gui.document.session import Session
from ramanstudio.project.entry_processing import is_current, is_front_current
from ramanstudio.project.metadata_edits import only_metadata_differ
from ramanstudio.project.project import DEFAULT_RECIPE, Entry, Project, Result

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

EngineLoader = Callable[[str, str], "Engine"]  # model, device


def load_engine(model: str, device: str) -> Engine:
    """Load the engine with its model; takes a second or two, so only on a worker thread."""
    from ramanstudio.engine import Engine

    return Engine.load(model, device, threads=max(1, (os.cpu_count() or 2) - 1))  # the window keeps a core


def _load(loader: EngineLoader, model: str, device: str, progress: Progress) -> Engine:
    progress(0, 0)
    return loader(model, device)


class Denoising(QObject):
    """The queue of entries to denoise, and the engine that denoises them."""

    engine_changed = Signal()
    settled = Signal()  # nothing waits and nothing is being denoised
    previewed = Signal(object)  # Preview: what a changed recipe makes of what is looked at

    def __init__(
        self,
        session: Session,
        workers: Workers,
        messages: Messages,
        settings: Settings,
        loader: EngineLoader = load_engine,
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages, self._settings = session, workers, messages, settings
        self._loader = loader
        self._queue = PriorityQueue[Entry]()
        self._behind = PriorityQueue[ProcessingTask]()  # of Denoise: nothing that needs the network
        self._job: Job | None = None
        self._behind_job: Job | None = None
        self._loading: Job | None = None
        self.engine: Engine | None = None
        self._measure_timer = QTimer(self, singleShot=True, interval=60)  # a drag moves the region with every pixel
        self._measure_timer.timeout.connect(self._measure)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._prefer_selected)

    @property
    def loading(self) -> bool:
        """Whether the model is being loaded."""
        return self._loading is not None

    @property
    def busy(self) -> bool:
        """Whether spectra are being denoised, or wait for the model."""
        return self._job is not None or self._behind_job is not None or (self.loading and len(self._queue) > 0)

    def load(self) -> None:
        """Load the model, or another model or device that was chosen; then denoise what is open."""
        model, device = self._settings["model"], self._settings["device"]
        if self._loading is not None:
            self._loading.finished.disconnect(self._loading_finished)  # another was chosen meanwhile
        self._loading = self._workers.submit(
            partial(_load, self._loader, model, device), "Loading the model", "model", key="load"
        )
        self._loading.succeeded.connect(self._set_engine)
        self._loading.failed.connect(self._messages.show_error)
        self._loading.finished.connect(self._loading_finished)
        self.engine_changed.emit()

    def denoise_all(self) -> None:
        """Denoise everything that has no result yet."""
        self._enqueue(self._session.project.entries)

    def denoise(self, entries: Sequence[Entry]) -> None:
        """Denoise these entries, even if automatic denoising is off."""
        self._enqueue(entries)

    def stop(self) -> None:
        """Empty the queue and stop denoising."""
        self._queue.clear()
        self._behind.clear()
        for job in (self._job, self._behind_job):
            if job is not None:
                job.cancel()

    def end(self) -> None:
        """Start nothing any more: the window closes."""
        self._measure_timer.stop()

    def is_pending(self, entry: Entry) -> bool:
        """Whether a result for this entry is on its way."""
        return self.busy and entry.source is not None and not self.is_processed(entry)

    def is_queued(self, entry: Entry) -> bool:
        """Whether an entry waits to be denoised or processed and will be, or that is being done."""
        return self.busy and (entry.id in self._queue or entry.id in self._behind)

    def is_processed(self, entry: Entry) -> bool:
        """Whether an entry has what its present recipe makes of it."""
        return self.is_denoised(entry) and is_current(entry, self._session.project.result(entry))

    def is_denoised(self, entry: Entry) -> bool:
        """Whether an entry is denoised as its recipe says: its spectra, as the set they belong to, by this model."""
        result = self._session.project.result(entry)
        if result is None or not is_front_current(entry, result):
            return False
        return self.engine is None or result.model == self.engine.card.name

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is before.entries:
            return
        known = {entry.id: entry for entry in before.entries}
        changed = [
            entry
            for entry in now.entries
            if (earlier := known.pop(entry.id, None)) is not entry and not only_metadata_differ(earlier, entry)
        ]
        # When denoising is off nothing starts, but what was denoised in another way, or is on its way, is updated.
        edited = {entry.id for entry in before.entries}
        wanted = [
            entry
            for entry in changed
            if self._settings["denoise"]
            or entry.id in self._queue
            or now.result(entry) is not None
            or (entry.id in edited and entry.recipe is not DEFAULT_RECIPE)
        ]
        self._queue.discard([*known, *(entry.id for entry in wanted if self.is_denoised(entry))])
        self._behind.discard([*known, *(entry.id for entry in wanted if not self.is_denoised(entry))])
        self._enqueue(wanted)
        if any(entry.id in now.results for entry in changed):
            self._measure_timer.start()

    def _enqueue(self, entries: Sequence[Entry]) -> None:
        missing = [entry for entry in entries if entry.source is not None and not self.is_denoised(entry)]
        self._process_behind([entry for entry in entries if entry.source is not None and self.is_denoised(entry)])
        if missing:
            self._queue.put(map(denoising_item, self._session.project.expanded_to_sets(missing)))
            self._prefer_selected()
            self._start()

    def _process_behind(self, entries: Sequence[Entry]) -> None:
        """Apply what has changed behind Denoise; of what is looked at some spectra first."""
        project = self._session.project
        pairs = [(entry, project.result(entry)) for entry in entries]
        stale = [(entry, result) for entry, result in pairs if result is not None and not is_current(entry, result)]
        if not stale:
            return
        self._behind.put(processing_item(entry, result) for entry, result in stale)
        self._prefer_selected()
        looked_at = next(
            (
                (entry, result)
                for entry, result in stale
                if entry.id in self._session.selected_ids[:1] and len(result.source) > LARGE
            ),
            None,
        )
        if looked_at is not None:
            task, rows = ProcessingTask(*looked_at), self._session.rows_of(looked_at[0])[:MAX_PREVIEWED]
            job = self._workers.submit(partial(preview, task, rows), "", "files", key="preview")
            job.succeeded.connect(self.previewed)
        self._start_behind()

    def _start_behind(self) -> None:
        if self._behind_job is not None or not len(self._behind):
            return
        job = self._workers.submit(partial(process_waiting, self._behind), "Processing", "processing")
        self._behind_job = job
        job.shown.connect(self._keep)
        job.warned.connect(self._messages.warning)
        job.failed.connect(self._messages.show_error)
        job.cancelled.connect(self._behind.clear)
        job.finished.connect(self._end_behind)

    def _end_behind(self) -> None:
        self._behind_job = None
        if len(self._behind):
            self._start_behind()
        elif self._job is None:
            self.settled.emit()

    def _keep(self, results: dict[int, Result]) -> None:
        self._session.add_results(results)
        stored = [entry for entry_id in results if (entry := self._session.entry(entry_id)) is not None]
        changed = [entry for entry in stored if entry.recipe is not results[entry.id].recipe]
        self._enqueue([entry for entry in changed if not self.is_processed(entry)])  # the recipe changed meanwhile
        for entry_id, result in results.items():
            entry = self._session.entry(entry_id)
            if entry is not None and entry.noise_region not in (None, result.noise_region):
                self._measure_timer.start()  # the region was moved meanwhile

    def _prefer_selected(self) -> None:
        self._queue.prefer(self._session.selected_ids[:64])
        self._behind.prefer(self._session.selected_ids[:64])

    def _start(self) -> None:
        if self.engine is None or self.loading or self._job is not None or not len(self._queue):
            return
        job = self._workers.submit(partial(denoise_waiting, self.engine, self._queue), "Denoising", "model")
        self._job = job
        job.shown.connect(self._keep)
        job.warned.connect(self._messages.warning)
        job.failed.connect(self._messages.show_error)
        job.cancelled.connect(self._queue.clear)
        job.finished.connect(self._end)

    def _end(self) -> None:
        self._job = None
        if len(self._queue):
            self._start()  # entries were added while the last chunk was processed
        elif self._behind_job is None:
            self.settled.emit()

    def _set_engine(self, engine: Engine) -> None:
        self.engine = engine

    def _loading_finished(self) -> None:
        self._loading = None
        self.engine_changed.emit()
        if self._settings["denoise"]:
            self._enqueue(self._session.project.entries)  # also what another model has denoised
        self._start()

    def _measure(self) -> None:
        project = self._session.project
        stale = {}
        for entry in project.entries:
            result = project.result(entry)
            if result is None or result.denoised is None:
                continue
            if entry.noise_region is None and not result.region_is_manual:
                continue
            if entry.noise_region != result.noise_region:
                stale[entry.id] = (result, entry.noise_region)
        if not stale:
            return
        results = {entry_id: result for entry_id, (result, _) in stale.items()}
        regions = {entry_id: region for entry_id, (_, region) in stale.items()}
        title = "Measuring the noise" if len(stale) > 1 else ""
        job = self._workers.submit(partial(remeasure_noise, results, regions), title, "files", key="measure")
        job.succeeded.connect(partial(self._keep_measured, results))
        job.failed.connect(self._messages.show_error)

    def _keep_measured(self, before: Mapping[int, Result], measured: Mapping[int, Result]) -> None:
        """Keep results whose noise was measured elsewhere, unless there are newer ones."""
        now = self._session.project.results
        fresh = {entry_id: result for entry_id, result in measured.items() if now.get(entry_id) is before[entry_id]}
        self._session.add_results(fresh)
        if len(fresh) < len(measured):
            self._measure_timer.start()
