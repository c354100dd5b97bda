"""Background work: `workers.submit(work, title, lane)` returns a Job whose signals are all emitted on the GUI thread.

A pool thread never touches a QObject that it could own: a runnable holds the event queue, and the queue holds only the
bound `emit` of one signal (a signals object owned by a QRunnable would be destroyed on the pool thread).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, Slot

from ramanstudio.core.progress import Cancelled, Progress

Lane = Literal["model", "files", "processing", "autosave", "batch"]
Work = Callable[[Progress], Any]

# One thread owns the model and its device: no locks. The recovery files do not wait for files that are being read.
# A batch and a watched folder, which last for hours, have a thread each, and models of their own.
THREADS: Final[dict[Lane, int]] = {"model": 1, "files": 2, "processing": 1, "autosave": 1, "batch": 2}
STACK_BYTES: Final = 16 * 1024 * 1024  # macOS gives pool threads 512 kB, too little for torch
CANCEL_TIMEOUT_S: Final = 0.15  # a cancelled job is settled after this, whether its thread has noticed or not
DELIVERY_S: Final = 0.008  # longest time to emit signals before the GUI thread handles other events

log = logging.getLogger("ramanstudio")


class Job(QObject):
    """Work that was submitted.

    Emits `progressed`, `shown` and `warned` while it runs, then exactly one of `succeeded`, `failed` and `cancelled`,
    then `finished`: all on the GUI thread. `settled` is True from then on.
    """

    progressed = Signal(int, int, str)
    shown = Signal(object)
    warned = Signal(str)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(
        self, number: int, title: str, lane: Lane, key: Hashable, is_saving: bool, cancel: Callable[[int], None]
    ) -> None:
        super().__init__()
        self.number = number
        self.title = title
        self.lane = lane
        self.key = key
        self.is_saving = is_saving
        self.settled = False
        self.running = False
        self.cancel_event = threading.Event()
        self._cancel = cancel

    def cancel(self) -> None:
        """Ask the work to stop; the job is settled within 0.2 s."""
        self._cancel(self.number)


class _EventQueue:
    """Events of the pool threads, in order; wakes the GUI thread once, however many there are."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._woken = False
        self._closed = False
        self._events: deque[tuple[int, str, Any]] = deque()
        self._progress: dict[int, tuple[int, int, str]] = {}

    def post(self, number: int, kind: str, value: Any = None) -> None:
        if self._closed:
            return
        if kind == "progressed":
            self._progress[number] = value  # only the latest is shown
        else:
            self._events.append((number, kind, value))
        self.wake()

    def wake(self) -> None:
        if not self._woken and not self._closed:
            self._woken = True
            self._wake()

    def begin_delivery(self) -> None:
        self._woken = False

    def take(self) -> tuple[int, str, Any] | None:
        return self._events.popleft() if self._events else None

    def take_progress(self) -> dict[int, tuple[int, int, str]]:
        progress, self._progress = self._progress, {}
        return progress

    def close(self) -> None:
        self._closed = True


class _Runnable(QRunnable):
    """Runs a job's work on a pool thread and posts how it ended."""

    def __init__(self, number: int, work: Work, cancel_event: threading.Event, post: Callable[..., None]) -> None:
        super().__init__()
        self._number, self._work, self._cancel_event, self._post = number, work, cancel_event, post

    def run(self) -> None:
        number, work, cancel_event, post = self._number, self._work, self._cancel_event, self._post
        del self._work
        progress = Progress(
            on_progress=lambda done, total, note: post(number, "progressed", (done, total, note)),
            on_show=lambda value: post(number, "shown", value),
            on_warning=lambda sentence: post(number, "warned", sentence),
            is_cancelled=cancel_event.is_set,
        )
        try:
            if cancel_event.is_set():
                raise Cancelled
            post(number, "started")
            value = work(progress)
            post(number, "succeeded", value)
        except Cancelled:
            post(number, "cancelled")
        except BaseException as error:  # whatever it is: an unsettled job would keep the window waiting forever
            post(number, "failed", error)


class Workers(QObject):
    """The lanes of background work, THREADS; `model` has one thread, which owns the model and its device."""

    submitted = Signal(object)  # Job
    idle = Signal()
    _wake = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pools: dict[Lane, QThreadPool] = {}
        for lane, threads in THREADS.items():
            pool = QThreadPool(self)
            pool.setMaxThreadCount(threads)
            pool.setStackSize(STACK_BYTES)
            pool.setExpiryTimeout(-1)  # torch is loaded on the model thread, which must stay alive
            self._pools[lane] = pool
        self._jobs: dict[int, Job] = {}
        self._keys: dict[Hashable, int] = {}
        self._count = 0
        self._closed = False
        self._wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._event_queue = _EventQueue(self._wake.emit)
        self._cancelling: dict[int, float] = {}
        self._cancel_timer = QTimer(self, interval=30)
        self._cancel_timer.timeout.connect(self._settle_overdue)

    @property
    def busy(self) -> bool:
        """Whether any job is not settled."""
        return bool(self._jobs)

    @property
    def jobs(self) -> list[Job]:
        """The jobs that are not settled, oldest first."""
        return list(self._jobs.values())

    @property
    def saving(self) -> list[Job]:
        """The jobs that write the user's files and are not settled; the window does not close before they are."""
        return [job for job in self._jobs.values() if job.is_saving]

    def submit(self, work: Work, title: str, lane: Lane, key: Hashable = None, is_saving: bool = False) -> Job:
        """Run `work(progress)` in `lane` and return its Job.

        An earlier job with the same `key` is cancelled. A job without a title has no progress row. With `is_saving` it
        writes a file of the user, and closing the window waits for it.
        """
        if key is not None and (earlier := self._keys.get(key)) in self._jobs:
            self._jobs[earlier].cancel_event.set()
            self._settle(self._jobs[earlier], "cancelled")
        self._count += 1
        job = Job(self._count, title, lane, key, is_saving, self._cancel)
        if self._closed:
            job.settled = True
            return job
        self._jobs[job.number] = job
        if key is not None:
            self._keys[key] = job.number
        self._pools[lane].start(_Runnable(job.number, work, job.cancel_event, self._event_queue.post))
        self.submitted.emit(job)
        return job

    def close(self, wait_s: float = 3.0) -> bool:
        """Cancel all jobs and wait for up to `wait_s`; returns whether all threads have ended.

        No signal is emitted afterwards.
        """
        self._closed = True
        self._event_queue.close()
        self._cancel_timer.stop()
        deadline = time.monotonic() + wait_s
        for job in self._jobs.values():
            job.cancel_event.set()
        for pool in self._pools.values():
            pool.clear()
        ended = [pool.waitForDone(max(0, round(1000 * (deadline - time.monotonic())))) for pool in self._pools.values()]
        self._jobs.clear()
        return all(ended)

    def _cancel(self, number: int) -> None:
        job = self._jobs.get(number)
        if job is None:
            return
        job.cancel_event.set()
        if job.running:
            self._cancelling.setdefault(number, time.monotonic() + CANCEL_TIMEOUT_S)
            self._cancel_timer.start()
        else:
            self._settle(job, "cancelled")

    @Slot()
    def _settle_overdue(self) -> None:
        now = time.monotonic()
        for number, deadline in list(self._cancelling.items()):
            if number not in self._jobs:
                del self._cancelling[number]
            elif now >= deadline:
                del self._cancelling[number]
                self._settle(self._jobs[number], "cancelled")
        if not self._cancelling:
            self._cancel_timer.stop()

    @Slot()
    def _deliver(self) -> None:
        self._event_queue.begin_delivery()
        until = time.perf_counter() + DELIVERY_S
        for number, (done, total, note) in self._event_queue.take_progress().items():
            if (job := self._jobs.get(number)) is not None:
                job.progressed.emit(done, total, note)
        while (event := self._event_queue.take()) is not None:
            number, kind, value = event
            if (job := self._jobs.get(number)) is not None:
                self._emit(job, kind, value)
            if time.perf_counter() > until:
                self._event_queue.wake()
                return

    def _emit(self, job: Job, kind: str, value: Any) -> None:
        if kind == "started":
            job.running = True
        elif kind == "shown":
            job.shown.emit(value)
        elif kind == "warned":
            job.warned.emit(value)
        else:
            self._settle(job, kind, value)

    def _settle(self, job: Job, kind: str, value: Any = None) -> None:
        self._jobs.pop(job.number, None)
        if self._keys.get(job.key) == job.number:
            del self._keys[job.key]
        job.settled = True
        job.running = False
        if kind == "succeeded":
            job.succeeded.emit(value)
        elif kind == "failed":
            log.info("job failed: %s: %s", job.title, value)
            job.failed.emit(value)
        else:
            job.cancelled.emit()
        job.finished.emit()
        if not self._jobs:
            self.idle.emit()
