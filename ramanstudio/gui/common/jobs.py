"""Work off the window's thread: `workers.submit(work, title, lane)` gives a Job whose signals all arrive in the window.

The pool's thread never touches a QObject that it could own: a run holds the mailbox, and the mailbox holds only the
bound `emit` of one signal (a signals object owned by a QRunnable is destroyed on the pool's thread).
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

Lane = Literal["model", "files"]
Work = Callable[[Progress], Any]

THREADS: Final[dict[Lane, int]] = {"model": 1, "files": 2}  # the model's one thread owns the device: no locks
STACK_BYTES: Final = 16 * 1024 * 1024  # macOS gives pool threads 512 kB, too little for torch
LET_GO_S: Final = 0.15  # a cancelled job is settled by then, whether its thread has noticed or not
DELIVERY_S: Final = 0.008  # then the window gets its turn

log = logging.getLogger("ramanstudio")


class Job(QObject):
    """Work that was handed in. `progressed`, `shown` and `warned`, then one of `succeeded`, `failed`, `cancelled`,
    then `finished`: all on the window's thread, whoever is connected."""

    progressed = Signal(int, int, str)
    shown = Signal(object)
    warned = Signal(str)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(self, number: int, title: str, lane: Lane, key: Hashable, cancel: Callable[[int], None]) -> None:
        super().__init__()
        self.number = number
        self.title = title
        self.lane = lane
        self.key = key
        self.settled = False
        self.running = False
        self.flag = threading.Event()
        self._cancel = cancel

    def cancel(self) -> None:
        """Ask the work to stop; the job is settled within 0.2 s."""
        self._cancel(self.number)


class _Mailbox:
    """What pool threads have to say, in order; wakes the window once, however much there is."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._woken = False
        self._closed = False
        self._mail: deque[tuple[int, str, Any]] = deque()
        self._progress: dict[int, tuple[int, int, str]] = {}

    def post(self, number: int, kind: str, value: Any = None) -> None:
        if self._closed:
            return
        if kind == "progressed":
            self._progress[number] = value  # only the latest is worth a redraw
        else:
            self._mail.append((number, kind, value))
        self.wake()

    def wake(self) -> None:
        if not self._woken and not self._closed:
            self._woken = True
            self._wake()

    def opened(self) -> None:
        self._woken = False

    def take(self) -> tuple[int, str, Any] | None:
        return self._mail.popleft() if self._mail else None

    def take_progress(self) -> dict[int, tuple[int, int, str]]:
        progress, self._progress = self._progress, {}
        return progress

    def close(self) -> None:
        self._closed = True


class _Run(QRunnable):
    def __init__(self, number: int, work: Work, flag: threading.Event, post: Callable[..., None]) -> None:
        super().__init__()
        self._number, self._work, self._flag, self._post = number, work, flag, post

    def run(self) -> None:
        number, work, flag, post = self._number, self._work, self._flag, self._post
        del self._work
        progress = Progress(
            on_progress=lambda done, total, note: post(number, "progressed", (done, total, note)),
            on_show=lambda value: post(number, "shown", value),
            on_warning=lambda sentence: post(number, "warned", sentence),
            is_cancelled=flag.is_set,
        )
        try:
            if flag.is_set():
                raise Cancelled
            post(number, "started")
            value = work(progress)
            post(number, "succeeded", value)
        except Cancelled:
            post(number, "cancelled")
        except BaseException as error:  # a border: an unsettled job would keep the window waiting for ever
            post(number, "failed", error)


class Workers(QObject):
    """The lanes: `model` has one thread, which owns the model and its device; `files` has two."""

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
            pool.setExpiryTimeout(-1)  # torch is loaded in the model's thread, which must stay
            self._pools[lane] = pool
        self._jobs: dict[int, Job] = {}
        self._keys: dict[Hashable, int] = {}
        self._count = 0
        self._closed = False
        self._wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._mailbox = _Mailbox(self._wake.emit)
        self._leaving: dict[int, float] = {}
        self._let_go = QTimer(self, interval=30)
        self._let_go.timeout.connect(self._settle_leaving)

    @property
    def busy(self) -> bool:
        """Whether any job is not settled."""
        return bool(self._jobs)

    @property
    def jobs(self) -> list[Job]:
        """The jobs that are not settled, oldest first."""
        return list(self._jobs.values())

    def submit(self, work: Work, title: str, lane: Lane, key: Hashable = None) -> Job:
        """Run `work(progress)` in `lane`; an earlier job of the same `key` is cancelled. No title: no progress row."""
        if key is not None and (earlier := self._keys.get(key)) in self._jobs:
            self._ask_to_stop(earlier)
            self._settle(self._jobs[earlier], "cancelled")
        self._count += 1
        job = Job(self._count, title, lane, key, self._cancel)
        if self._closed:
            job.settled = True
            return job
        self._jobs[job.number] = job
        if key is not None:
            self._keys[key] = job.number
        self._pools[lane].start(_Run(job.number, work, job.flag, self._mailbox.post))
        self.submitted.emit(job)
        return job

    def cancel_all(self) -> None:
        """Ask every job to stop."""
        for number in list(self._jobs):
            self._cancel(number)

    def close(self, wait_s: float = 3.0) -> bool:
        """Cancel everything and wait; whether all threads came to rest. Nothing is delivered any more."""
        self._closed = True
        self._mailbox.close()
        self._let_go.stop()
        deadline = time.monotonic() + wait_s
        for job in self._jobs.values():
            job.flag.set()
        for pool in self._pools.values():
            pool.clear()
        rested = [
            pool.waitForDone(max(0, round(1000 * (deadline - time.monotonic())))) for pool in self._pools.values()
        ]
        self._jobs.clear()
        return all(rested)

    def _ask_to_stop(self, number: int) -> None:
        self._jobs[number].flag.set()

    def _cancel(self, number: int) -> None:
        job = self._jobs.get(number)
        if job is None:
            return
        self._ask_to_stop(number)
        if job.running:
            self._leaving.setdefault(number, time.monotonic() + LET_GO_S)
            self._let_go.start()
        else:
            self._settle(job, "cancelled")

    @Slot()
    def _settle_leaving(self) -> None:
        now = time.monotonic()
        for number, deadline in list(self._leaving.items()):
            if number not in self._jobs:
                del self._leaving[number]
            elif now >= deadline:
                del self._leaving[number]
                self._settle(self._jobs[number], "cancelled")
        if not self._leaving:
            self._let_go.stop()

    @Slot()
    def _deliver(self) -> None:
        self._mailbox.opened()
        until = time.perf_counter() + DELIVERY_S
        for number, (done, total, note) in self._mailbox.take_progress().items():
            if (job := self._jobs.get(number)) is not None:
                job.progressed.emit(done, total, note)
        while (letter := self._mailbox.take()) is not None:
            number, kind, value = letter
            if (job := self._jobs.get(number)) is not None:
                self._tell(job, kind, value)
            if time.perf_counter() > until:
                self._mailbox.wake()
                return

    def _tell(self, job: Job, kind: str, value: Any) -> None:
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
