"""Mixtures on demand: one spectrum is taken apart at a time, in the model's lane."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.identify.mixture_analysis import Mixed, mixture_of
from ramanstudio.project.project import Entry


class Unmixing(QObject):
    """Of what a spectrum is mixed; the last answer is kept while the question is the same."""

    changed = Signal()

    def __init__(self, workers: Workers, messages: Messages, identifying: Identifying) -> None:
        super().__init__()
        self._workers, self._messages, self._identifying = workers, messages, identifying
        self._job: Job | None = None
        self._mixed: Mixed | None = None
        self._answers = ""

    @property
    def busy(self) -> bool:
        """Whether a spectrum is being taken apart."""
        return self._job is not None

    def ask(self, entry: Entry, row: int) -> None:
        """Take a spectrum apart."""
        request = self._identifying.request
        if entry.source is None or request is None:
            return
        work = partial(mixture_of, request, entry.id, entry.source[row : row + 1], row)
        job = self._workers.submit(work, "Taking the mixture apart", "model", key="unmix")
        self._job = job
        job.succeeded.connect(partial(self._keep, request.key))
        job.failed.connect(self._messages.show_error)
        job.finished.connect(partial(self._end, job))
        self.changed.emit()

    def answer(self, entry: Entry, row: int) -> Mixed | None:
        """What a spectrum was found to be mixed of; None while nobody has asked."""
        mixed, request = self._mixed, self._identifying.request
        if mixed is None or request is None or request.key != self._answers:
            return None
        return mixed if (mixed.entry_id, mixed.row) == (entry.id, row) else None

    def _keep(self, key: str, mixed: Mixed) -> None:
        self._mixed, self._answers = mixed, key

    def _end(self, job: Job) -> None:
        if self._job is job:
            self._job = None
        self.changed.emit()
