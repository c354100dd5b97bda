"""The progress row in the status bar: what is running, how far it is, the time left, and a Cancel button."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.pace import Pace
from ramanstudio.gui.common.jobs import Job, Workers

DELAY_MS: Final = 500  # a shorter job gets no row


class JobBar(QWidget):
    """Shows the oldest job that has run for longer than half a second; ✕ or Esc cancels it."""

    shown_changed = Signal()

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self._workers = workers
        self._job: Job | None = None
        self._progress: dict[int, tuple[int, int, str]] = {}
        self._started_at: dict[int, float] = {}
        self._paces: dict[int, Pace] = {}
        self._label = QLabel(self)
        self._label.setAccessibleName("Running job")
        self._bar = QProgressBar(self, textVisible=False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName("Progress")
        self._stop = QToolButton(self)
        self._stop.setText("✕")
        self._stop.setToolTip("Cancel (Esc)")
        self._stop.setAccessibleName("Cancel")
        self._stop.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(12)
        for widget in (self._label, self._bar, self._stop):
            row.addWidget(widget)
        row.addStretch()
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._update)
        workers.submitted.connect(self._watch)
        self._hide()

    @property
    def text(self) -> str:
        """The text of the row; empty while nothing is shown."""
        return self._label.text() if self._job is not None else ""

    def cancel(self) -> bool:
        """Cancel the job that is shown, or else the oldest that is not shown yet; returns whether there was one."""
        jobs = [job for job in self._workers.jobs if job.title]
        job = self._job if self._job is not None else (jobs[0] if jobs else None)
        if job is None:
            return False
        job.cancel()
        return True

    def _watch(self, job: Job) -> None:
        if not job.title:
            return
        number = job.number
        self._started_at[number] = time.monotonic()
        self._paces[number] = Pace()
        job.progressed.connect(partial(self._record, number))
        job.finished.connect(lambda: self._forget(number))
        self._timer.start()

    def _record(self, number: int, done: int, total: int, note: str) -> None:
        self._progress[number] = done, total, note
        if (pace := self._paces.get(number)) is not None and total > 1:
            pace.record(time.monotonic(), done, total)

    def _forget(self, number: int) -> None:
        self._paces.pop(number, None)
        self._started_at.pop(number, None)
        self._progress.pop(number, None)
        if self._job is not None and self._job.number == number:
            self._job = None
        self._update()

    def _update(self) -> None:
        now = time.monotonic()
        titled = [job for job in self._workers.jobs if job.number in self._started_at]
        due = [job for job in titled if now - self._started_at[job.number] >= DELAY_MS / 1000]
        if not titled:
            self._timer.stop()
        if not due:
            self._hide()
            return
        self._show(next((job for job in due if job.running), due[0]), len(titled), now)

    def _show(self, job: Job, count: int, now: float) -> None:
        done, total, note = self._progress.get(job.number, (0, 0, ""))
        text = job.title
        if total > 1:
            text += f" {format_number(min(done + 1, total))} of {format_number(total)}"
            seconds = self._paces[job.number].seconds_left(now, done, total)
            if seconds is not None and done < total:
                text += f" · {_duration(seconds)} left"
        elif note and not total:
            text = note
        if count > 1:
            text += f" · and {count - 1} more"
        self._label.setText(text)
        self._bar.setRange(0, total if total > 1 else 0)
        self._bar.setValue(done)
        if self._job is not job:
            self._job = job
            for widget in (self._label, self._bar, self._stop):
                widget.show()
            self.shown_changed.emit()

    def _hide(self) -> None:
        self._job = None
        for widget in (self._label, self._bar, self._stop):
            widget.hide()
        self.shown_changed.emit()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
