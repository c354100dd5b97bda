"""The batch that runs, of which there is one: starts it, stops it, and knows how far it is."""

from __future__ import annotations

import time
from functools import partial
from typing import Literal

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.pace import Pace
from ramanstudio.core.progress import format_duration
from ramanstudio.gui.batch.work import Counts, EngineLoader, Plan, run_batch
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of

State = Literal["", "running", "done", "stopped", "failed"]


class BatchJob(QObject):
    """Runs a plan in a lane of its own, so that the window's own work goes on beside it."""

    changed = Signal()  # started, further, or ended

    def __init__(self, workers: Workers, messages: Messages, load: EngineLoader) -> None:
        super().__init__()
        self._workers, self._messages, self._load = workers, messages, load
        self._job: Job | None = None
        self._pace = Pace()
        self.state: State = ""
        self.plan: Plan | None = None
        self.counts = Counts()
        self.done, self.total, self.note = 0, 0, ""
        self.problem = ""

    def start(self, plan: Plan) -> None:
        """Run a plan. One that still runs is not disturbed."""
        if self.state == "running":
            return
        self.plan, self.counts, self.problem = plan, Counts(), ""
        self.done, self.total, self.note = 0, 0, ""
        self._pace = Pace()
        self.state = "running"
        job = self._job = self._workers.submit(partial(run_batch, plan, self._load), "", "batch", key="batch")
        job.progressed.connect(self._keep_progress)
        job.shown.connect(self._keep_counts)
        job.warned.connect(self._messages.warning)
        job.succeeded.connect(lambda counts: self._end("done", counts))
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda: self._end("stopped"))
        self.changed.emit()

    def stop(self) -> None:
        """Stop the batch; what is done is kept."""
        if self._job is not None:
            self._job.cancel()

    @property
    def sentence(self) -> str:
        """How far the batch is, or how it ended."""
        failed = f", {self.counts.n_failed} failed" if self.counts.n_failed else ""
        if self.state == "running":
            if not self.total:
                return f"{self.note or 'Starting'}…"
            left = self._pace.seconds_left(time.monotonic(), self.done, self.total)
            ends = f" · {format_duration(left)} left" if left else ""
            total = f"{self.total} {self.note}" if self.note else count_of(self.total, "file")
            return f"{self.done} of {total}{failed}{ends}"
        if self.state == "failed":
            return self.problem
        if self.state == "stopped":
            return f"Stopped after {count_of(self.counts.done, 'file')}{failed}. Start again to continue."
        earlier = f" ({self.counts.earlier} of them before)" if self.counts.earlier else ""
        were = "was" if self.counts.done == 1 else "were"
        return f"{count_of(self.counts.done, 'file')} {were} processed{earlier}{failed}."

    def _keep_progress(self, done: int, total: int, note: str) -> None:
        self.done, self.total = done, total
        if note != self.note:  # a large file is counted by its spectra
            self._pace = Pace()
        self.note = note
        if total:
            self._pace.record(time.monotonic(), done, total)
        self.changed.emit()

    def _keep_counts(self, counts: Counts) -> None:
        self.counts = counts
        self.changed.emit()

    def _fail(self, error: BaseException) -> None:
        self.problem = str(error)
        self._messages.show_error(error)
        self._end("failed")

    def _end(self, state: State, counts: Counts | None = None) -> None:
        self.state, self._job = state, None
        self.counts = counts or self.counts
        if state == "done" and self.plan is not None and self.plan.out is not None:
            self._messages.info(f"Batch: {self.sentence} The results are in '{self.plan.out}'.")
        self.changed.emit()
