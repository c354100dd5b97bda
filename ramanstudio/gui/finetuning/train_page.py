"""Page 3 of the wizard: one button trains; charts show the candidates evaluated, and Stop keeps the best so far."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

import numpy as np
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
from ramanstudio.gui.finetuning.own_test_row import OwnTestRow
from ramanstudio.gui.finetuning.own_test_set import OwnTestReport
from ramanstudio.gui.finetuning.scroll_layout import make_shrinkable, set_scrolling_layout
from ramanstudio.gui.finetuning.wizard_state import WizardState
from ramanstudio.gui.viewer.chart import Chart, ChartSeries

if TYPE_CHECKING:
    from ramanstudio.gui.common.jobs import Job

MIN_CANDIDATES_SHOWN: Final = 5  # width of the chart at least, so that only whole numbers stand at its axis
CANDIDATES, EPOCHS = "candidates evaluated", "epochs of feature fine-tuning"
ACCURACY, ERROR = "cross-validated accuracy", "cross-validated error (RMSE)"
AUTOMATIC: Final = "Selected by cross-validation"
TUNING_TITLES: Final = {AUTO: "If it improves the accuracy", "never": "Never", "always": "Always try"}
Trained = tuple[FineTuningResult, OwnTestReport | None]


class TrainPage(QWizardPage):
    """Trains the model."""

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self.setTitle("Train")
        self.setSubTitle("Representation and classifier are selected by cross-validation on the labelled spectra.")
        self._state = state
        self._job: Job | None = None
        self._stop_event = threading.Event()
        self._history: list[TrainingProgress] = []
        self._started = 0.0
        self.train_button = QPushButton("Train", self)
        self.train_button.setProperty("role", "primary")
        self.train_button.setToolTip("Train a model on the labelled spectra")
        self.stop_button = QPushButton("Stop", self)
        self.stop_button.setToolTip("Stop and keep the best model so far")
        self.stop_button.setEnabled(False)
        self.bar = QProgressBar(self, textVisible=False)
        self.bar.setAccessibleName("Progress of training")
        self.status = QLabel(self, wordWrap=True)
        self.best = label("quiet", wrap=True)
        self.problem = label("error", wrap=True)
        self.chart = Chart(CANDIDATES, ACCURACY, self)
        self.loss_chart = Chart(EPOCHS, "loss", self)
        self.key = label("quiet", wrap=True)
        self.advanced = QToolButton(self)
        self.advanced.setText("Advanced ▸")
        self.advanced.setAccessibleName("Advanced")
        self.advanced.setCheckable(True)
        self.advanced.setToolTip("Choose representation and classifier yourself")
        self.options = self._make_options()
        self.test_row = OwnTestRow(state, self)
        self._lay_out()
        self.train_button.clicked.connect(self.train)
        self.stop_button.clicked.connect(self.stop)
        self.advanced.toggled.connect(self._show_options)

    @property
    def plan(self) -> FinetunePlan:
        """The chosen options."""
        return FinetunePlan(
            representation=self.representation.currentData(),
            estimator=self.estimator.currentData(),
            tune_features=self.tune_features.currentData(),
            quantity=self._state.is_quantity,
        )

    @property
    def is_training(self) -> bool:
        """Whether training is running."""
        return self._job is not None

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Start over: the labels may have changed."""
        self._state.result = None
        self.test_row.refresh()
        self.train_button.setText("Train")
        self._reset()
        self._fill_estimators()
        self.representation.setItemText(0, AUTOMATIC)
        self.tune_features.setItemText(0, TUNING_TITLES[AUTO])
        self.status.setText("Training takes seconds with a few labels per class, and minutes with hundreds.")
        self.train_button.setFocus()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Return whether a model is trained."""
        return self._state.result is not None

    def train(self) -> None:
        """Start training in the background."""
        state = self._state
        engine, services = state.engine, state.services
        if engine is None:
            self.status.setText("The model is still loading. Try again in a moment.")
            return
        if self.test_row.is_reading:
            self.status.setText("The test set is still being read. Try again in a moment.")
            return
        state.result, state.test_report, self._started = None, None, time.monotonic()
        self._reset()
        self._stop_event = stop_event = threading.Event()
        spectra, labels, samples, plan = state.training.spectra, state.labels.labels, state.samples, self.plan
        test, source, n_tested = state.test_set, state.label_source, state.n_tested

        def work(progress: Progress) -> Trained:
            # Stop keeps the best model, so it must not cancel the job itself
            stoppable = Progress(progress, progress.show, progress.warn, stop_event.is_set)
            result = engine.finetune(spectra, labels, plan=plan, groups=samples, progress=stoppable)
            if test is None:
                return result, None
            return result, test.evaluate(engine, result.model, source, n_tested, progress)

        state.trained_labels = labels.copy()
        self._job = job = services.workers.submit(work, "Training", "model", key="finetune")
        job.progressed.connect(self._show_status)
        job.shown.connect(self._add_progress)
        job.warned.connect(services.messages.warning)
        job.succeeded.connect(self._accept)
        job.failed.connect(self._fail)
        job.finished.connect(self._finish)
        self.train_button.setEnabled(False)
        self.test_row.setEnabled(False)
        self.stop_button.setEnabled(True)
        self.stop_button.setFocus()
        self.status.setText("Denoising the spectra and computing representations…")
        self.completeChanged.emit()

    def stop(self) -> None:
        """Stop; the best model so far is kept."""
        self._stop_event.set()
        self.stop_button.setEnabled(False)

    def end(self) -> None:
        """Cancel training: the wizard closes."""
        self._stop_event.set()
        self.test_row.end()
        if self._job is not None:
            self._job.cancel()

    def _reset(self) -> None:
        """Clear what the last training has shown."""
        self._history = []
        self._draw()
        self.bar.setRange(0, 1)
        self.bar.setValue(0)
        for text in (self.status, self.best, self.problem):
            text.setText("")
        self.problem.hide()

    def _show_status(self, done: int, total: int, note: str) -> None:
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done)
        if note:
            words = note.removeprefix("epochs, ")
            status = f"{words[0].upper()}{words[1:]}…" if self._history else f"Preparing: {done} of {total} {note}"
            self.status.setText(status)

    def _add_progress(self, progress: object) -> None:
        if not isinstance(progress, TrainingProgress):
            return
        self._history.append(progress)
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)
        elapsed = time.monotonic() - self._started
        left = elapsed / max(1, len(self._history)) * (progress.total - progress.done)
        loss = "" if np.isnan(progress.loss) else f" · loss {progress.loss:.3f}"
        best = progress.best
        score = self._score_text(best.score)
        self.best.setText(f"Best so far: {best.title}{score}{loss} · {format_duration(left)} left")
        self._draw()

    def _score_text(self, score: float) -> str:
        """Return a score in parentheses: accuracy in per cent, or RMSE; empty where not measured."""
        if np.isnan(score):
            return ""
        return f" (RMSE {score:.3g})" if self._state.is_quantity else f" ({100 * score:.0f} % accuracy)"

    def _draw(self) -> None:
        """Draw the candidates evaluated, or the epochs with their loss once features are fine-tuned."""
        epochs = [row for row in self._history if np.isfinite(row.loss)]
        shown, is_quantity = epochs or self._history, self._state.is_quantity
        scores = [row.candidate.score for row in shown]
        finite = [score for score in scores if np.isfinite(score)]
        top = max(finite, default=1.0) * 1.1 if is_quantity else 1.0
        width = max([MIN_CANDIDATES_SHOWN, *(row.total for row in shown[-1:]), len(shown)])
        points = tuple((float(row.done), score) for row, score in zip(shown, scores, strict=True))
        best = tuple((float(row.done), row.best.score) for row in shown)
        names = tuple(f"{row.candidate.title}{self._score_text(row.candidate.score)}" for row in shown)
        series = [ChartSeries(best, "quiet", has_dots=False), ChartSeries(points, names=names)]
        self.chart.set_axis_titles(EPOCHS if epochs else CANDIDATES, ERROR if is_quantity else ACCURACY)
        self.chart.show_series(series, QRectF(1, 0, width - 1, top or 1.0), percent=not is_quantity)
        self.loss_chart.setVisible(bool(epochs))
        losses = tuple((float(row.done), row.loss) for row in epochs)
        highest = 1.1 * max([0.0, *(loss for _, loss in losses)])
        loss_bounds = QRectF(1, 0, width - 1, highest or 1.0)
        self.loss_chart.show_series([ChartSeries(losses, "residual")], loss_bounds, percent=False)
        each = "each epoch" if epochs else "each candidate, named under the mouse"
        self.key.setText(f"Line with dots: {each}. Plain line: the best so far." if shown else "")

    def _accept(self, trained: Trained) -> None:
        result, self._state.test_report = trained
        self._state.result = result
        self._state.n_tested += self._state.test_report is not None
        stopped = " Training was stopped: this is the best model so far." if self._stop_event.is_set() else ""
        duration = format_duration(result.report.seconds)
        self.status.setText(f"Trained in {duration}. Selected: {result.report.chosen}.{stopped}")
        self.bar.setRange(0, 1)
        self.bar.setValue(1)
        card, plan = result.model.card, self.plan
        representation = REPRESENTATION_TITLES[card.representation]
        was_tuned = "it did" if card.representation == "tuned" else "it did not"
        self.representation.setItemText(0, _automatic(plan.representation, representation))
        self.estimator.setItemText(0, _automatic(plan.estimator, card.estimator))
        tuning = TUNING_TITLES[AUTO]
        self.tune_features.setItemText(0, f"{tuning}: {was_tuned}" if plan.tune_features == AUTO else tuning)
        self.best.setText(self._best_text() if self._history else "")

    def _best_text(self) -> str:
        best = self._history[-1].best
        return (
            f"Highest score: {best.title}{self._score_text(best.score)}. Another candidate than the default is selected"
            " only if it is ahead by more than chance."
        )

    def _fail(self, error: BaseException) -> None:
        self.status.setText("")
        self.problem.setText(str(error))
        self.problem.show()
        if not isinstance(error, StudioError):
            self._state.services.messages.show_error(error)

    def _finish(self) -> None:
        is_trained = self._state.result is not None
        self._job = None
        self.train_button.setEnabled(True)
        self.test_row.setEnabled(True)
        self.test_row.refresh()
        self.train_button.setText("Train again" if is_trained else "Train")
        self.stop_button.setEnabled(False)
        self.completeChanged.emit()
        wizard = self.wizard()
        if is_trained and wizard is not None:
            wizard.button(QWizard.WizardButton.NextButton).setFocus()
        else:
            self.train_button.setFocus()

    def _show_options(self, shown: bool) -> None:
        self.advanced.setText("Advanced ▾" if shown else "Advanced ▸")
        self.options.setVisible(shown)

    def _fill_estimators(self) -> None:
        """List the classifiers, or regressors; the chosen one stays chosen."""
        chosen = self.estimator.currentData()
        self.estimator.clear()
        self.estimator.addItem(AUTOMATIC, AUTO)
        for name in REGRESSORS if self._state.is_quantity else CLASSIFIERS:
            self.estimator.addItem(name, name)
        self.estimator.setCurrentIndex(max(0, self.estimator.findData(chosen)))

    def _make_options(self) -> QWidget:
        holder = QWidget(self)
        self.representation, self.estimator, self.tune_features = (make_shrinkable(QComboBox(holder)) for _ in range(3))
        self.representation.addItem(AUTOMATIC, AUTO)
        for name in FOR_QUANTITIES:
            self.representation.addItem(REPRESENTATION_TITLES[name], name)
        for mode in TUNING_MODES:
            self.tune_features.addItem(TUNING_TITLES[mode], mode)
        form = QFormLayout(holder)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        rows = {
            "Representation": self.representation,
            "Classifier or regressor": self.estimator,
            "Fine-tune the features": self.tune_features,
        }
        for title, box in rows.items():
            box.setAccessibleName(title)
            form.addRow(title, box)
        holder.hide()
        return holder

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.train_button)
        row.addWidget(self.stop_button)
        row.addWidget(self.bar, 1)
        charts = QHBoxLayout()
        charts.addWidget(self.chart, 3)
        charts.addWidget(self.loss_chart, 2)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addLayout(row)
        column.addWidget(self.status)
        column.addWidget(self.problem)
        column.addWidget(self.test_row)
        column.addLayout(charts, 1)
        column.addWidget(self.key)
        column.addWidget(self.best)
        column.addWidget(self.advanced)
        column.addWidget(self.options)
        set_scrolling_layout(self, column)


def _automatic(option: str, selected: str) -> str:
    """Return the title of the automatic choice, with what it selected where it was in use."""
    return f"{AUTOMATIC}: {selected}" if option == AUTO else AUTOMATIC
