"""Page 4 of the wizard: accuracy, confusion matrix, misclassified spectra, important ranges and calibration."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from ramanstudio.finetuning.labels import quote_names
from ramanstudio.finetuning.report import ClassificationReport, FineTuningResult, RegressionReport
from ramanstudio.gui.common.theme import appearance, current_theme
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.label_errors_view import PADDED
from ramanstudio.gui.finetuning.own_test_result import OwnTestResult
from ramanstudio.gui.finetuning.scroll_layout import set_scrolling_layout
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_classes, draw_with_classes
from ramanstudio.gui.finetuning.suggested_labels import SuggestedLabels
from ramanstudio.gui.finetuning.wizard_state import WizardState
from ramanstudio.gui.viewer.chart import Chart, ChartSeries
from ramanstudio.gui.viewer.spectrum_strip import StripBand

MAX_NAMED_COLUMNS: Final = 7  # classes whose names fit above the columns of the confusion matrix
NUMBER_COLUMN_PX, DIGIT_PX = 22, 8  # width of a column with a number, and of each of its digits
ROW_DATA: Final = Qt.ItemDataRole.UserRole  # (index of the spectrum, predicted class, label)


class ResultPage(QWizardPage):
    """Shows the report of the training."""

    def __init__(self, state: WizardState) -> None:
        super().__init__()
        self.setTitle("Results")
        self._state = state
        self._bands: list[StripBand] = []
        self.headline = QLabel(self, wordWrap=True)
        self.warnings = label("warning", wrap=True)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)  # titles are elided in narrow windows, so that all tabs stay in view
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setMinimumHeight(260)
        self.confusion = QTableWidget(self)
        self.misclassified = QListWidget(self)
        self.misclassified_strip = LazyStrip(self)
        self.ranges_text = QLabel(wordWrap=True)
        self.ranges_strip = LazyStrip(self)
        self.calibration = Chart("mean predicted probability", "accuracy", self)
        self.suggested = SuggestedLabels(state)
        self.predicted = Chart("true value", "predicted value", self)
        self.test_result = OwnTestResult()
        self._fill_tabs()
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(self.headline)
        column.addWidget(self.warnings)
        column.addWidget(self.tabs, 1)
        set_scrolling_layout(self, column)
        self.misclassified.currentItemChanged.connect(self._draw_misclassified)
        self.misclassified.itemClicked.connect(self._select)
        self.misclassified.itemActivated.connect(self._select)
        # the ranges are results and cannot be moved: a dragged band goes back
        self.ranges_strip.band_dragged.connect(lambda *_: self.ranges_strip.set_bands(self._bands))
        self.confusion.cellActivated.connect(self._show_misclassified)
        self.confusion.cellClicked.connect(self._show_misclassified)
        appearance().changed.connect(self._redraw)

    def end(self) -> None:
        """Follow the theme no longer: the wizard closes."""
        appearance().changed.disconnect(self._redraw)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """Show the present report."""
        report = self._result.report
        test = self._state.test_report
        self.headline.setText(report.headline if test is None else f"{report.headline}\n{test.headline}")
        warnings = [*report.warnings, *self._duplicate_warnings(report.duplicates)]
        self.warnings.setText("\n".join(warnings))
        self.warnings.setVisible(bool(warnings))
        self.setSubTitle(f"Selected: {report.chosen}.")
        is_quantity = isinstance(report, RegressionReport)
        for index in range(self.tabs.count()):
            self.tabs.setTabVisible(index, (self.tabs.widget(index) is self.predicted) == is_quantity)
        if isinstance(report, RegressionReport):
            self._show_regression(report)
        else:
            self._show_classification(report)
        self.tabs.setTabVisible(self.tabs.indexOf(self.test_result), test is not None)
        if test is not None:
            self.test_result.show_report(test)

    @property
    def _result(self) -> FineTuningResult:
        assert self._state.result is not None
        return self._state.result

    @property
    def _labels(self) -> NDArray[np.str_]:
        """The labels (N,) that the model was trained on."""
        assert self._state.trained_labels is not None
        return self._state.trained_labels

    def _redraw(self) -> None:
        """Draw again in the colours of the present theme."""
        if self._state.result is not None and self.isVisible():
            self.initializePage()

    def _duplicate_warnings(self, duplicates: tuple[tuple[int, ...], ...]) -> list[str]:
        if not duplicates:
            return []
        names = quote_names([self._state.training.names[indices[0]] for indices in duplicates], 3)
        return [f"Duplicate spectra may be in training and test folds at once: {names}."]

    def _show_classification(self, report: ClassificationReport) -> None:
        self._fill_confusion(report)
        self._fill_misclassified(report)
        self._fill_ranges(report)
        self.suggested.show_report(report)
        curve = report.calibration
        points = tuple(zip(curve.predicted, curve.accuracy, strict=True))
        perfect = ChartSeries(((0.0, 0.0), (1.0, 1.0)), "quiet", has_dots=False)
        names = tuple(
            f"{n_spectra} spectra: predicted {100 * predicted:.0f} %, accuracy {100 * accuracy:.0f} %"
            for predicted, accuracy, n_spectra in zip(curve.predicted, curve.accuracy, curve.n_spectra, strict=True)
        )
        self.calibration.show_series([perfect, ChartSeries(points, names=names)], QRectF(0, 0, 1, 1))
        self.tabs.setTabText(self.tabs.indexOf(self.misclassified_tab), f"Misclassified · {len(report.misclassified)}")
        self.tabs.setTabVisible(self.tabs.indexOf(self.suggested), bool(report.suggested))
        for tab in (self.misclassified_tab, self.calibration_tab):  # empty where nothing was held out
            self.tabs.setTabVisible(self.tabs.indexOf(tab), report.expected.is_measured)
        self.tabs.setCurrentWidget(self.confusion)

    def _show_regression(self, report: RegressionReport) -> None:
        values = np.concatenate([report.true, report.predicted[np.isfinite(report.predicted)]])
        low, high = float(values.min()), float(values.max())
        perfect = ChartSeries(((low, low), (high, high)), "quiet", has_dots=False)
        points = tuple(zip(report.true.tolist(), report.predicted.tolist(), strict=True))
        names = tuple(
            f"{self._state.training.names[index]}: {true:.4g}, predicted {predicted:.4g}"
            for index, (true, predicted) in zip(report.indices.tolist(), points, strict=True)
        )
        bounds = QRectF(low, low, high - low, high - low)
        self.predicted.show_series([perfect, ChartSeries(points, is_line=False, names=names)], bounds, percent=False)

    def _fill_confusion(self, report: ClassificationReport) -> None:
        table, n_classes = self.confusion, len(report.classes)
        table.setRowCount(n_classes)
        table.setColumnCount(n_classes + 2)
        column_titles, row_titles = _class_titles(report.classes)
        table.setHorizontalHeaderLabels(["Spectra", "Recall"])
        table.setVerticalHeaderLabels(row_titles)
        for column, (title, name) in enumerate(zip(column_titles, report.classes, strict=True), 2):
            item = QTableWidgetItem(title)
            item.setToolTip(f"Predicted '{name}'")
            table.setHorizontalHeaderItem(column, item)
        for row in range(n_classes):
            self._fill_confusion_row(report, row)
        are_named = column_titles == list(report.classes)
        for column in range(n_classes + 2):
            if column < 2 or are_named:
                table.resizeColumnToContents(column)
            else:
                table.setColumnWidth(column, NUMBER_COLUMN_PX + DIGIT_PX * len(str(n_classes)))

    def _fill_confusion_row(self, report: ClassificationReport, row: int) -> None:
        table, counts, accent = self.confusion, report.confusion[row], QColor(current_theme().accent)
        n_held_out, recall = max(1, int(counts.sum())), report.recall[row]
        cells = [f"{report.counts[row]}", "–" if np.isnan(recall) else f"{100 * recall:.0f} %"]
        for column, text in enumerate([*cells, *(f"{count}" if count else "" for count in counts)]):
            if not text:  # of 200 classes nearly all
                table.takeItem(row, column)
                continue
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            if column >= 2:
                accent.setAlphaF(0.12 + 0.5 * float(counts[column - 2]) / n_held_out)
                item.setBackground(accent)
                item.setToolTip(f"{text} of '{report.classes[row]}' were predicted '{report.classes[column - 2]}'")
            table.setItem(row, column, item)

    def _fill_misclassified(self, report: ClassificationReport) -> None:
        self.misclassified.clear()
        doubtful = {row.index for row in report.label_errors}
        for row in report.misclassified:
            mark = " · possible label error" if row.index in doubtful else ""
            prediction = f"{row.label}, predicted {row.predicted} ({100 * row.probability:.0f} %){mark}"
            item = QListWidgetItem(f"{self._state.training.names[row.index]}: {prediction}", self.misclassified)
            item.setToolTip(item.text())
            item.setData(ROW_DATA, (row.index, row.predicted, row.label))
            if mark:
                item.setToolTip(f"{item.text()}\nThe spectrum contradicts its label. Check whether it was mixed up.")
        if report.misclassified:
            self.misclassified.setCurrentRow(0)
        else:
            self.misclassified.addItem("No held-out spectrum was misclassified.")
        self.misclassified_strip.setVisible(bool(report.misclassified))

    def _fill_ranges(self, report: ClassificationReport) -> None:
        ranges = ", ".join(f"{row.low_cm:.0f}–{row.high_cm:.0f} cm⁻¹" for row in report.important_ranges)
        self.ranges_text.setText(
            f"Without these ranges the model is least certain of the true class, the most important first: {ranges}."
            if ranges
            else "No single range is important: the others make up for it, or training was stopped before."
        )
        draw_classes(self.ranges_strip, self._state.training, self._labels, report.classes)
        accent = current_theme().accent
        self._bands = [StripBand(row.low_cm, row.high_cm, accent) for row in report.important_ranges[:3]]
        self.ranges_strip.set_bands(self._bands)

    def _draw_misclassified(self, item: QListWidgetItem | None) -> None:
        """Plot a spectrum over the means of the class that was predicted and of its own."""
        data = item.data(ROW_DATA) if item is not None else None
        if data is None:
            self.misclassified_strip.show_curves([])
            return
        index, predicted, _ = data
        draw_with_classes(self.misclassified_strip, self._state.training, self._labels, index, predicted)

    def _select(self, item: QListWidgetItem) -> None:
        if (data := item.data(ROW_DATA)) is not None:
            self._state.select(data[0])

    def _show_misclassified(self, row: int, column: int) -> None:
        """Go to the first misclassified spectrum that a cell of the confusion matrix counts."""
        report = self._result.report
        if not isinstance(report, ClassificationReport) or not 0 <= column - 2 < len(report.classes):
            return
        pair = report.classes[column - 2], report.classes[row]
        for number in range(self.misclassified.count()):
            item = self.misclassified.item(number)
            data = item.data(ROW_DATA)
            if data is not None and data[1:] == pair:
                self.misclassified.setCurrentRow(number)
                self.tabs.setCurrentWidget(self.misclassified_tab)
                self._select(item)
                return

    def _fill_tabs(self) -> None:
        table = self.confusion
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAccessibleName("Confusion matrix: held-out spectra by true class (rows) and predicted class (columns)")
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.misclassified.setAccessibleName("Misclassified held-out spectra")
        self.misclassified.setToolTip("Click a spectrum to plot it, and to select it in the window")
        self.misclassified.setFrameShape(QListWidget.Shape.NoFrame)
        self.misclassified.setStyleSheet(PADDED)
        self.misclassified_tab = _split(self.misclassified, self.misclassified_strip)
        self.ranges_tab = _stack(self.ranges_text, self.ranges_strip)
        explanation = label("quiet", wrap=True)
        explanation.setText(
            "Held-out spectra in five bins of predicted probability. On the grey line, probabilities are calibrated."
        )
        self.calibration_tab = _stack(explanation, self.calibration)
        tabs = {
            "Confusion matrix": self.confusion,
            "Misclassified": self.misclassified_tab,
            "Important ranges": self.ranges_tab,
            "Calibration": self.calibration_tab,
            "Suggested next labels": self.suggested,
            "Predicted against true": self.predicted,
            "Test set": self.test_result,
        }
        for title, widget in tabs.items():
            self.tabs.setTabToolTip(self.tabs.addTab(widget, title), title)


def _class_titles(classes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the titles of columns and rows: numbers above the columns of many classes, so that all can be seen."""
    if len(classes) <= MAX_NAMED_COLUMNS:
        return list(classes), list(classes)
    numbers = [f"{number}" for number in range(1, len(classes) + 1)]
    return numbers, [f"{number}   {name}" for number, name in enumerate(classes, 1)]


def _split(upper: QWidget, lower: QWidget) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Vertical)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(upper)
    splitter.addWidget(lower)
    splitter.setSizes([160, 200])
    return splitter


def _stack(*widgets: QWidget) -> QWidget:
    """Return widgets one below the other, the last with the remaining room."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 8, 0, 0)
    for widget in widgets[:-1]:
        column.addWidget(widget)
    column.addWidget(widgets[-1], 1)
    return holder
