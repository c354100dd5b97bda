"""The progress row counts what the job counts, and says how long it still takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from ramanstudio.core.progress import Progress
from ramanstudio.gui.common import job_bar
from ramanstudio.gui.common.job_bar import JobBar
from ramanstudio.gui.common.jobs import Workers


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(job_bar, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def workers(qapp: QApplication) -> Iterator[Workers]:
    pool = Workers()
    yield pool
    assert pool.close(3.0)
    pool.deleteLater()


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        QCoreApplication.processEvents()
        time.sleep(0.001)


def test_a_large_map_is_counted_in_spectra_with_the_time_left(workers: Workers, clock: Clock) -> None:
    bar = JobBar(workers)
    steps: list[tuple[int, threading.Event, threading.Event]] = [
        (done, threading.Event(), threading.Event()) for done in (0, 100, 200)
    ]
    end = threading.Event()

    def work(progress: Progress) -> None:
        for done, may_report, has_reported in steps:
            may_report.wait(30)
            progress(done, 1000, "spectra")
            has_reported.set()
        end.wait(30)

    clock.now_s += 60  # the lane is busy with other work at first
    job = workers.submit(work, "Denoising", "model")
    seen: list[int] = []
    job.progressed.connect(lambda done, *_: seen.append(done))
    for done, may_report, has_reported in steps:
        clock.now_s += 10
        may_report.set()
        has_reported.wait(30)
        wait_until(lambda done=done: done in seen)
    wait_until(lambda: bar.text == "Denoising 201 of 1000 · 80 s left")
    end.set()
    wait_until(lambda: bar.text == "")
    bar.deleteLater()
