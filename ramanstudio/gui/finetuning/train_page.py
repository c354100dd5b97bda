"""Page 3 of teaching: one button. Shows what is tried and how well it does, and stops with the best so far."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWizard,
    QWizardPage,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress, format_duration
from ramanstudio.finetuning.config import (
    AUTO,
    CLASSIFIERS,
    FOR_QUANTITIES,
    REGRESSORS,
    REPRESENTATION_TITLES,
    TUNING_MODES,
    FinetunePlan,
)
from ramanstudio.finetuning.report import FineTuningResult, TrainingProgress
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.chart import Chart, ChartSeries

if TYPE_CHECKING:
    from ramanstudio.gui.common.jobs import Job
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

FEWEST_ACROSS = 5  # ways that the chart has room for, so that only whole numbers stand beneath it
WAYS, EPOCHS, RIGHT = "ways tried", "epochs, features learned anew", "right, held out"
BY_DATA = "Chosen by the data"
ANEW = {AUTO: "Where it wins", "never": "Never", "always": "Always try"}


class TrainPage(QWizardPage):
    """Lets the engine learn."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__()
        self.setTitle("Learn")
        self.setSubTitle(
            "Everything is chosen by the labelled spectra: each way is judged on spectra that it did not learn from."
        )
        self._teach = wizard
        self._job: Job | None = None
        self._stop = threading.Event()
        self._seen: list[TrainingProgress] = []
        self._begun = 0.0
        self.found: FineTuningResult | None = None
        self.learned_words: NDArray[np.str_] | None = None  # the labels that it was learned from
        self.learn_button = QPushButton("Learn", self)
        self.learn_button.setProperty("role", "primary")
        self.learn_button.setToolTip("Learn from the labelled spectra")
        self.stop_button = QPushButton("Stop", self)
        self.stop_button.setToolTip("Stop, and keep the best that was found so far")
        self.stop_button.setEnabled(False)
        self.bar = QProgressBar(self, textVisible=False)
        self.bar.setAccessibleName("How far it is")
        self.says = QLabel(self, wordWrap=True)
        self.best = label("quiet", wrap=True)
        self.problem = label("error", wrap=True)
        self.chart = Chart(WAYS, RIGHT, self)
        self.loss_chart = Chart(EPOCHS, "loss", self)
        self.key = label("quiet", wrap=True)
        self.advanced = QToolButton(self)
        self.advanced.setText("Advanced ▸")
        self.advanced.setAccessibleName("Advanced")
        self.advanced.setCheckable(True)
        self.advanced.setToolTip("Choose yourself what is learned from and how")
        self.choices = self._make_choices()
        self._lay_out()
        self.learn_button.clicked.connect(self.learn)
        self.stop_button.clicked.connect(self.stop)
        self.advanced.toggled.connect(self._unfold)

    @property
    def plan(self) -> FinetunePlan:
        """What is asked for."""
        quantity = self._teach.data.quantity.isChecked()
        chosen = (self.representation.currentData(), self.estimator.currentData(), self.full.currentData())
        return FinetunePlan(*chosen, quantity=quantity)

    @property
    def is_learning(self) -> bool:
        """Whether it learns now."""
        return self._job is not None

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        self.found = None
        self.learn_button.setText("Learn")
        self._begin_anew()
        self._fill_heads()
        self.representation.setItemText(0, BY_DATA)
        self.full.setItemText(0, ANEW[AUTO])
        self.says.setText("It takes seconds with a few labels of each class, and minutes with hundreds.")
        self.learn_button.setFocus()

    def _begin_anew(self) -> None:
        self._seen = []
        self._draw()
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        for one in (self.says, self.best, self.problem):
            one.setText("")
        self.problem.hide()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        return self.found is not None

    def learn(self) -> None:
        """Begin."""
        engine = self._teach.engine
        if engine is None:
            self.says.setText("The model is still being loaded. Try again in a moment.")
            return
        self.found, self._begun = None, time.monotonic()
        self._begin_anew()
        self._stop = stop = threading.Event()
        spectra, words, groups, plan = (
            self._teach.subject.spectra,
            self._teach.data.words,
            self._teach.groups,
            self.plan,
        )

        def work(progress: Progress) -> FineTuningResult:
            # stopping keeps what was found, so the job itself is not cancelled
            inner = Progress(progress, progress.show, progress.warn, stop.is_set)
            return engine.finetune(spectra, words, plan, groups, inner)

        self.learned_words = words.copy()
        self._job = job = self._teach.workers.submit(work, "Teaching", "model", key="teach")
        job.progressed.connect(self._follow)
        job.shown.connect(self._show)
        job.warned.connect(self._teach.messages.warning)
        job.succeeded.connect(self._keep)
        job.failed.connect(self._fail)
        job.finished.connect(self._end)
        self.learn_button.setEnabled(False)
        self.stop_button.setEnabled(True)
        self.stop_button.setFocus()
        self.says.setText("Denoising the spectra and reading their lines…")
        self.completeChanged.emit()

    def stop(self) -> None:
        """Stop; the best so far is kept."""
        self._stop.set()
        self.stop_button.setEnabled(False)

    def end(self) -> None:
        """Nobody waits for it any more."""
        self._stop.set()
        if self._job is not None:
            self._job.cancel()

    def _follow(self, done: int, total: int, note: str) -> None:
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        if note:
            words = note.removeprefix("epochs, ")
            self.says.setText(f"{words[0].upper()}{words[1:]}…" if self._seen else f"Reading: {done} of {total} {note}")

    def _show(self, seen: object) -> None:
        if not isinstance(seen, TrainingProgress):
            return
        self._seen.append(seen)
        self.bar.setRange(0, seen.total)
        self.bar.setValue(seen.done)
        taken = time.monotonic() - self._begun
        left = taken / max(1, len(self._seen)) * (seen.total - seen.done)
        loss = "" if np.isnan(seen.loss) else f" · loss {seen.loss:.3f}"
        self.best.setText(
            f"Best so far: {seen.best.title}{self._score(seen.best.score)}{loss} · {format_duration(left)} left"
        )
        self._draw()

    def _score(self, accuracy: float) -> str:
        if np.isnan(accuracy):
            return ""
        quantity = self._teach.data.quantity.isChecked()
        return f" (error {accuracy:.3g})" if quantity else f" ({100 * accuracy:.0f} % right)"

    def _draw(self) -> None:
        """The ways that were tried; once features are learned anew, its epochs with their loss."""
        epochs = [one for one in self._seen if np.isfinite(one.loss)]
        seen = epochs or self._seen
        values = [one.candidate.score for one in seen]
        finite = [value for value in values if np.isfinite(value)]
        quantity = self._teach.data.quantity.isChecked()
        top = max(finite, default=1.0) * 1.1 if quantity else 1.0
        whole = max([FEWEST_ACROSS, *(one.total for one in seen[-1:]), len(seen)])
        points = tuple((float(one.done), value) for one, value in zip(seen, values, strict=True))
        best = tuple((float(one.done), one.best.score) for one in seen)
        names = tuple(f"{one.candidate.title}{self._score(one.candidate.score)}" for one in seen)
        shown = [ChartSeries(best, "quiet", dots=False), ChartSeries(points, names=names)]
        self.chart.name_axes(EPOCHS if epochs else WAYS, "error, held out" if quantity else RIGHT)
        self.chart.show_series(shown, QRectF(1, 0, whole - 1, top or 1.0), percent=not quantity)
        self.loss_chart.setVisible(bool(epochs))
        loss = tuple((float(one.done), one.loss) for one in epochs)
        highest = 1.1 * max([0.0, *(value for _, value in loss)])
        self.loss_chart.show_series(
            [ChartSeries(loss, "residual")], QRectF(1, 0, whole - 1, highest or 1.0), percent=False
        )
        each = "each epoch" if epochs else "each way, told under the mouse"
        self.key.setText(f"Line with dots: {each}. Plain line: the best so far." if seen else "")

    def _keep(self, found: FineTuningResult) -> None:
        self.found = found
        stopped = " It was stopped: this is the best so far." if self._stop.is_set() else ""
        self.says.setText(
            f"Learned in {format_duration(found.report.seconds)}. Chosen: {found.report.chosen}.{stopped}"
        )
        self.bar.setRange(0, 1)
        self.bar.setValue(1)
        card = found.model.card
        self.representation.setItemText(
            0,
            f"{BY_DATA}: {REPRESENTATION_TITLES[card.representation]}" if self.plan.representation == AUTO else BY_DATA,
        )
        self.estimator.setItemText(0, f"{BY_DATA}: {card.estimator}" if self.plan.estimator == AUTO else BY_DATA)
        anew = "they were" if card.representation == "tuned" else "they were not"
        self.full.setItemText(0, f"{ANEW[AUTO]}: {anew}" if self.plan.full == AUTO else ANEW[AUTO])
        self.best.setText(f"Best of those tried: {self._best_words()}" if self._seen else "")

    def _best_words(self) -> str:
        best = self._seen[-1].best
        return f"{best.title}{self._score(best.score)}. Another is taken only where it is ahead by more than luck."

    def _fail(self, error: BaseException) -> None:
        self.says.setText("")
        self.problem.setText(str(error))
        self.problem.show()
        if not isinstance(error, StudioError):
            self._teach.messages.show_error(error)

    def _end(self) -> None:
        self._job = None
        self.learn_button.setEnabled(True)
        self.learn_button.setText("Learn again" if self.found else "Learn")
        self.stop_button.setEnabled(False)
        self.completeChanged.emit()
        after = self._teach.button(QWizard.WizardButton.NextButton) if self.found else self.learn_button
        after.setFocus()

    def _unfold(self, open_: bool) -> None:
        self.advanced.setText("Advanced ▾" if open_ else "Advanced ▸")
        self.choices.setVisible(open_)

    def _fill_heads(self) -> None:
        chosen = self.estimator.currentData()
        self.estimator.clear()
        self.estimator.addItem(BY_DATA, AUTO)
        for one in REGRESSORS if self._teach.data.quantity.isChecked() else CLASSIFIERS:
            self.estimator.addItem(one, one)
        self.estimator.setCurrentIndex(max(0, self.estimator.findData(chosen)))

    def _make_choices(self) -> QWidget:
        holder = QWidget(self)
        self.representation, self.estimator, self.full = QComboBox(holder), QComboBox(holder), QComboBox(holder)
        self.representation.addItem(BY_DATA, AUTO)
        for one in FOR_QUANTITIES:
            self.representation.addItem(REPRESENTATION_TITLES[one], one)
        for one in TUNING_MODES:
            self.full.addItem(ANEW[one], one)
        form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        rows = {
            "Spectra are read as": self.representation,
            "Judged by": self.estimator,
            "Features learned anew": self.full,
        }
        for words, box in rows.items():
            box.setAccessibleName(words)
            form.addRow(words, box)
        holder.hide()
        return holder

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.learn_button)
        row.addWidget(self.stop_button)
        row.addWidget(self.bar, 1)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.says)
        column.addWidget(self.problem)
        charts = QHBoxLayout()
        charts.addWidget(self.chart, 3)
        charts.addWidget(self.loss_chart, 2)
        column.addLayout(charts, 1)
        column.addWidget(self.key)
        column.addWidget(self.best)
        column.addWidget(self.advanced)
        column.addWidget(self.choices)
