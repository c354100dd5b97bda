"""The row that says what runs: after half a second, with count, time left and a way to stop it."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.gui.common.jobs import Job, Workers

DELAY_MS: Final = 500  # what is done sooner needs no row


class JobBar(QWidget):
    """Shows the oldest job that has run for half a second; ✕ or Esc cancels it."""

    shown_changed = Signal()

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self._workers = workers
        self._job: Job | None = None
        self._progress: dict[int, tuple[int, int, str]] = {}
        self._begun: dict[int, float] = {}
        self._words = QLabel(self)
        self._words.setAccessibleName("What runs")
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
        for widget in (self._words, self._bar, self._stop):
            row.addWidget(widget)
        row.addStretch()
        self._look = QTimer(self)
        self._look.setInterval(100)
        self._look.timeout.connect(self._update)
        workers.submitted.connect(self._watch)
        self._hide()

    @property
    def words(self) -> str:
        """What the row says now; empty while there is none."""
        return self._words.text() if self._job is not None else ""

    def cancel(self) -> bool:
        """Cancel what is shown, or what runs and is not shown yet; whether there was anything."""
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
        self._begun[number] = time.monotonic()
        job.progressed.connect(lambda done, total, note: self._progress.__setitem__(number, (done, total, note)))
        job.finished.connect(lambda: self._forget(number))
        self._look.start()

    def _forget(self, number: int) -> None:
        self._begun.pop(number, None)
        self._progress.pop(number, None)
        if self._job is not None and self._job.number == number:
            self._job = None
        self._update()

    def _update(self) -> None:
        now = time.monotonic()
        titled = [job for job in self._workers.jobs if job.number in self._begun]
        due = [job for job in titled if now - self._begun[job.number] >= DELAY_MS / 1000]
        if not titled:
            self._look.stop()
        if not due:
            self._hide()
            return
        self._show(next((job for job in due if job.running), due[0]), len(titled), now)

    def _show(self, job: Job, count: int, now: float) -> None:
        done, total, note = self._progress.get(job.number, (0, 0, ""))
        words = job.title
        if total > 1:
            words += f" {format_number(min(done + 1, total))} of {format_number(total)}"
            spent = now - self._begun[job.number]
            if done and spent > 1:
                words += f" · {_duration(spent / done * (total - done))} left"
        elif note and not total:
            words = note
        if count > 1:
            words += f" · and {count - 1} more"
        self._words.setText(words)
        self._bar.setRange(0, total if total > 1 else 0)
        self._bar.setValue(done)
        if self._job is not job:
            self._job = job
            for widget in (self._words, self._bar, self._stop):
                widget.show()
            self.shown_changed.emit()

    def _hide(self) -> None:
        self._job = None
        for widget in (self._words, self._bar, self._stop):
            widget.hide()
        self.shown_changed.emit()


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
