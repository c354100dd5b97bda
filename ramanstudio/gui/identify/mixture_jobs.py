"""Mixture analysis on demand: one spectrum at a time, in the model's lane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.document.search_queue import SearchRequest, prepare_libraries
from ramanstudio.project.project import Entry

if TYPE_CHECKING:
    from ramanstudio.search.mixture_analysis import MixtureAnalysis


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    """The analysis of spectrum `row` of an entry's set `source`, for the search request `request_key`."""

    source: SpectrumSet
    row: int
    request_key: str
    analysis: MixtureAnalysis


def _analyse(request: SearchRequest, source: SpectrumSet, row: int, progress: Progress) -> _Result:
    from ramanstudio.search.mixture_analysis import analyse_mixture

    libraries = prepare_libraries(request, progress)
    analysis = analyse_mixture(source[row : row + 1], libraries, request.within, progress)
    return _Result(source, row, request.key, analysis)


class MixtureJobs(QObject):
    """Analyses a spectrum as a mixture; the last result is kept while the search request stays the same."""

    changed = Signal()

    def __init__(self, workers: Workers, messages: Messages, identifying: Identifying) -> None:
        super().__init__()
        self._workers, self._messages, self._identifying = workers, messages, identifying
        self._job: Job | None = None
        self._result: _Result | None = None

    @property
    def busy(self) -> bool:
        """Whether a spectrum is being analysed."""
        return self._job is not None

    def analyse(self, entry: Entry, row: int) -> None:
        """Analyse a spectrum, once libraries and model are ready."""
        request = self._identifying.request
        if entry.source is None or request is None:
            return
        work = partial(_analyse, request, entry.source, row)
        job = self._workers.submit(work, "Analysing the mixture", "model", key="mixture")
        self._job = job
        job.succeeded.connect(self._keep)
        job.failed.connect(self._messages.show_error)
        job.finished.connect(partial(self._finished, job))
        self.changed.emit()

    def result(self, entry: Entry, row: int) -> MixtureAnalysis | None:
        """The analysis of a spectrum; None where it was not analysed, or for another request."""
        result, request = self._result, self._identifying.request
        if result is None or request is None or request.key != result.request_key:
            return None
        return result.analysis if result.source is entry.source and result.row == row else None

    def _keep(self, result: _Result) -> None:
        self._result = result

    def _finished(self, job: Job) -> None:
        if self._job is job:
            self._job = None
        self.changed.emit()
