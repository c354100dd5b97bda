"""Jobs settle once, whatever happens to them, and all they say arrives on the window's thread."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QApplication

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.gui.common.jobs import Job, Workers


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


def listen(job: Job, heard: dict[int, list[str]]) -> None:
    seen = heard.setdefault(job.number, [])
    window = threading.get_ident()

    def note(what: str) -> Callable[..., None]:
        def keep(*_: Any) -> None:
            assert threading.get_ident() == window
            seen.append(what)

        return keep

    for name in ("succeeded", "failed", "cancelled", "finished"):
        getattr(job, name).connect(note(name))


def test_two_thousand_jobs_with_errors_and_cancels_each_settle_once(workers: Workers) -> None:
    dice = random.Random(1)
    heard: dict[int, list[str]] = {}

    def work(kind: int, progress: Progress) -> int:
        for step in range(5):
            progress(step, 5, "steps")
            progress.show(step)
            if kind == 1 and step == 2:
                raise StudioError("It is broken.", remedy="Mend it.")
            if kind == 2 and step == 3:
                raise ZeroDivisionError
        return kind

    jobs = []
    for number in range(2000):
        kind = dice.randrange(4)
        job = workers.submit(lambda progress, kind=kind: work(kind, progress), "Work", dice.choice(["model", "files"]))
        listen(job, heard)
        jobs.append(job)
        if kind == 3:
            job.cancel()
        if number % 100 == 0:
            QCoreApplication.processEvents()
            dice.choice(jobs).cancel()
    wait_until(lambda: not workers.busy)
    QCoreApplication.processEvents()
    assert len(heard) == 2000
    for seen in heard.values():
        assert len(seen) == 2
        assert seen[0] in ("succeeded", "failed", "cancelled")
        assert seen[1] == "finished"
    counts = Counter(seen[0] for seen in heard.values())
    assert counts["succeeded"] > 300
    assert counts["failed"] > 300
    assert counts["cancelled"] > 300


def test_a_job_that_ignores_cancelling_is_settled_while_its_work_still_runs(workers: Workers) -> None:
    released, ended = threading.Event(), threading.Event()
    heard: dict[int, list[str]] = {}

    def work(_progress: Progress) -> None:
        released.wait()
        ended.set()

    job = workers.submit(work, "Ignores cancelling", "model")
    listen(job, heard)
    wait_until(lambda: job.running)
    job.cancel()
    wait_until(lambda: job.settled)
    assert not ended.is_set()
    released.set()
    after = workers.submit(lambda _: 7, "Next", "model")
    listen(after, heard)
    wait_until(lambda: not workers.busy)
    assert heard[job.number] == ["cancelled", "finished"]
    assert heard[after.number] == ["succeeded", "finished"]


def test_the_latest_of_a_key_wins(workers: Workers) -> None:
    results: list[int] = []
    for number in range(50):
        job = workers.submit(lambda _, number=number: number, "Measure", "files", key="measure")
        job.succeeded.connect(results.append)
    wait_until(lambda: not workers.busy)
    assert results[-1] == 49
    assert len(results) == 1


def test_the_model_lane_runs_one_at_a_time(workers: Workers) -> None:
    at_once, most = [0], [0]

    def work(_progress: Progress) -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.002)
        at_once[0] -= 1

    threads = {workers.submit(work, "Work", "model") for _ in range(20)}
    wait_until(lambda: not workers.busy)
    assert len(threads) == 20
    assert most[0] == 1


def test_signals_do_not_leak_references_to_none_and_true(workers: Workers) -> None:
    heard: list[Any] = []
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(5):
        job = workers.submit(_shows_none_and_true, "Work", "files")
        job.shown.connect(heard.append)
        job.succeeded.connect(heard.append)
        wait_until(lambda: not workers.busy)
    assert len(heard) == 5 * 2001
    heard.clear()
    after = sys.getrefcount(None), sys.getrefcount(True)
    for one, other in zip(before, after, strict=True):
        assert abs(other - one) < 200  # PySide6 6.12.0 loses one at each signal


def _shows_none_and_true(progress: Progress) -> None:
    for number in range(2000):
        progress.show(None if number % 2 else True)


def test_a_flood_of_results_is_delivered_in_portions_between_other_events(workers: Workers) -> None:
    delivered: list[int] = []
    work_done = threading.Event()

    def work(progress: Progress) -> None:
        for number in range(2_000):
            progress.show(number)
        work_done.set()

    job = workers.submit(work, "Flood", "files")
    job.shown.connect(lambda number: (delivered.append(number), time.sleep(0.001)))
    assert work_done.wait(30)
    portions: list[int] = []  # results per turn of the event loop
    while not job.settled:
        before = len(delivered)
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
        portions.append(len(delivered) - before)
    assert delivered == list(range(2_000))
    assert max(portions) <= 100  # 2 s of work for the receiver: at most 8 ms of it at a time
