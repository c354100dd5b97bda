"""Mixture analysis on demand: one spectrum at a time, in the model's lane."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.identify.mixture_analysis import MixtureResult, analyse_mixture
from ramanstudio.project.project import Entry


class MixtureJobs(QObject):
    """Analyses a spectrum as a mixture; the last result is kept while the search request stays the same."""

    changed = Signal()

    def __init__(self, workers: Workers, messages: Messages, identifying: Identifying) -> None:
        super().__init__()
        self._workers, self._messages, self._identifying = workers, messages, identifying
        self._job: Job | None = None
        self._result: MixtureResult | None = None
        self._request_key = ""  # of the result

    @property
    def busy(self) -> bool:
        """Whether a spectrum is being analysed."""
        return self._job is not None

    def analyse(self, entry: Entry, row: int) -> None:
        """Analyse a spectrum, once libraries and model are ready."""
        request = self._identifying.request
        if entry.source is None or request is None:
            return
        work = partial(analyse_mixture, request, entry.id, entry.source[row : row + 1], row)
        job = self._workers.submit(work, "Analysing the mixture", "model", key="mixture")
        self._job = job
        job.succeeded.connect(partial(self._keep, request.key))
        job.failed.connect(self._messages.show_error)
        job.finished.connect(partial(self._finished, job))
        self.changed.emit()

    def result(self, entry: Entry, row: int) -> MixtureResult | None:
        """The result for a spectrum; None where it was not analysed, or for another request."""
        result, request = self._result, self._identifying.request
        if result is None or request is None or request.key != self._request_key:
            return None
        return result if (result.entry_id, result.row) == (entry.id, row) else None

    def _keep(self, key: str, result: MixtureResult) -> None:
        self._result, self._request_key = result, key

    def _finished(self, job: Job) -> None:
        if self._job is job:
            self._job = None
        self.changed.emit()
