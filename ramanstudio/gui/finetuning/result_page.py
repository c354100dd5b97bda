"""Page 4 of teaching: how good it is, what it mixes up, what it got wrong, what it looks at, and what to label next."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from ramanstudio.finetuning.report import ClassificationReport, RegressionReport
from ramanstudio.gui.common.theme import appearance, current_theme
from ramanstudio.gui.common.widgets import label
from ramanstudio.gui.finetuning.chart import Chart, ChartSeries
from ramanstudio.gui.finetuning.label_errors_view import PADDED
from ramanstudio.gui.finetuning.spectra_view import LazyStrip, draw_classes, draw_doubt
from ramanstudio.gui.finetuning.suggested_labels import SuggestedLabels
from ramanstudio.gui.viewer.spectrum_strip import StripBand

if TYPE_CHECKING:
    from ramanstudio.gui.finetuning.wizard import FineTuneWizard

MOST_NAMED = 7  # classes whose columns have room for their names
NARROW_PX, DIGIT_PX = 22, 8  # width of a column that has a number, and of each digit of it
PLACE = Qt.ItemDataRole.UserRole


class ResultPage(QWizardPage):
    """Shows the report."""

    def __init__(self, wizard: FineTuneWizard) -> None:
        super().__init__()
        self.setTitle("How good it is")
        self._teach = wizard
        self.headline = QLabel(self, wordWrap=True)
        self.warnings = label("warning", wrap=True)
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.confusion = QTableWidget(self)
        self.wrong = QListWidget(self)
        self.strip = LazyStrip(self)
        self.bands = QLabel(wordWrap=True)
        self.band_strip = LazyStrip(self)
        self.calibration_curve = Chart("said, mean probability", "was right", self)
        self.next_part = SuggestedLabels(wizard)
        self.next = self.next_part.list
        self._bands: list[StripBand] = []
        self.predicted = Chart("true", "predicted", self)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addWidget(self.headline)
        column.addWidget(self.warnings)
        column.addWidget(self.tabs, 1)
        self._prepare()
        self.wrong.currentItemChanged.connect(lambda item: self._draw(item, self.strip))
        self.wrong.itemClicked.connect(self._select)
        self.wrong.itemActivated.connect(self._select)
        self.wrong.setToolTip("Click one to see it, and to select it in the window")
        self.band_strip.band_dragged.connect(lambda *_: self.band_strip.set_bands(self._bands))  # they are told
        self.confusion.cellActivated.connect(self._point_to)
        self.confusion.cellClicked.connect(self._point_to)
        appearance().changed.connect(self.set_theme)

    def set_theme(self) -> None:
        """Show in the colours that there are now."""
        if self._teach.learn.found is not None and self._teach.currentPage() is self:
            self.initializePage()

    def end(self) -> None:
        """Nobody looks any more."""
        appearance().changed.disconnect(self.set_theme)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        found = self._teach.learn.found
        assert found is not None
        self.headline.setText(found.report.headline)
        told = [*found.report.warnings, *self._twice(found.report.duplicates)]
        self.warnings.setText("\n".join(told))
        self.warnings.setVisible(bool(told))
        self.setSubTitle(f"Chosen: {found.report.chosen}.")
        quantity = isinstance(found.report, RegressionReport)
        for part in range(self.tabs.count()):
            self.tabs.setTabVisible(part, (self.tabs.widget(part) is self.predicted) == quantity)
        if isinstance(found.report, RegressionReport):
            self._show_quantity(found.report)
        else:
            self._show_classes(found.report)

    def _twice(self, duplicates: tuple[tuple[int, ...], ...]) -> list[str]:
        if not duplicates:
            return []
        names = quote_names([self._teach.subject.names[same[0]] for same in duplicates], 3)
        return [f"There more than once, so that it may check itself: {names}."]

    def _show_classes(self, report: ClassificationReport) -> None:
        self._fill_confusion(report)
        self._fill_wrong(report)
        self._fill_bands(report)
        self.next_part.show_report(report)
        told = report.calibration
        points = tuple(zip(told.predicted, told.accuracy, strict=True))
        ideal = ChartSeries(((0.0, 0.0), (1.0, 1.0)), "quiet", dots=False)
        names = tuple(
            f"{many} spectra: said {100 * sure:.0f} %, right {100 * right:.0f} %"
            for sure, right, many in zip(told.predicted, told.accuracy, told.n_spectra, strict=True)
        )
        self.calibration_curve.show_series([ideal, ChartSeries(points, names=names)], QRectF(0, 0, 1, 1))
        self.tabs.setTabText(self.tabs.indexOf(self.wrong_part), f"Wrong · {len(report.misclassified)}")
        self.tabs.setTabVisible(self.tabs.indexOf(self.next_part), bool(report.suggested))
        for part in (self.wrong_part, self.sureness_part):  # empty where nothing was held out
            self.tabs.setTabVisible(self.tabs.indexOf(part), report.expected.is_measured)
        self.tabs.setCurrentWidget(self.confusion)

    def _show_quantity(self, report: RegressionReport) -> None:
        both = np.concatenate([report.true, report.predicted[np.isfinite(report.predicted)]])
        low, high = float(both.min()), float(both.max())
        ideal = ChartSeries(((low, low), (high, high)), "quiet", dots=False)
        points = tuple(zip(report.true.tolist(), report.predicted.tolist(), strict=True))
        names = tuple(
            f"{self._teach.subject.names[place]}: {true:.4g}, predicted {told:.4g}"
            for place, (true, told) in zip(report.indices.tolist(), points, strict=True)
        )
        bounds = QRectF(low, low, high - low, high - low)
        self.predicted.show_series([ideal, ChartSeries(points, joined=False, names=names)], bounds, percent=False)

    def _fill_confusion(self, report: ClassificationReport) -> None:
        table, many = self.confusion, len(report.classes)
        table.setRowCount(many)
        table.setColumnCount(many + 2)
        heads, names = _heads(report.classes)
        table.setHorizontalHeaderLabels(["Spectra", "Found again"])
        table.setVerticalHeaderLabels(names)
        for column, (estimator, name) in enumerate(zip(heads, report.classes, strict=True), 2):
            item = QTableWidgetItem(estimator)
            item.setToolTip(f"Named '{name}'")
            table.setHorizontalHeaderItem(column, item)
        accent = QColor(current_theme().accent)
        for row in range(many):
            held = max(1, int(report.confusion[row].sum()))
            recall = report.recall[row]
            cells = [f"{report.counts[row]}", "–" if np.isnan(recall) else f"{100 * recall:.0f} %"]
            for column, words in enumerate([*cells, *(f"{count}" if count else "" for count in report.confusion[row])]):
                if not words:  # of 200 classes nearly all
                    table.takeItem(row, column)
                    continue
                item = QTableWidgetItem(words)
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if column >= 2:
                    accent.setAlphaF(0.12 + 0.5 * float(report.confusion[row][column - 2]) / held)
                    item.setBackground(accent)
                    told = f"{words} of '{report.classes[row]}' were named '{report.classes[column - 2]}'"
                    item.setToolTip(told)
                table.setItem(row, column, item)
        named = heads == list(report.classes)
        for column in range(many + 2):
            if column < 2 or named:
                table.resizeColumnToContents(column)
            else:
                table.setColumnWidth(column, NARROW_PX + DIGIT_PX * len(str(many)))

    def _fill_wrong(self, report: ClassificationReport) -> None:
        self.wrong.clear()
        suspect = {one.index for one in report.label_errors}
        for one in report.misclassified:
            mark = " · label in doubt" if one.index in suspect else ""
            surely = f"{one.label}, named {one.predicted} ({100 * one.probability:.0f} %){mark}"
            item = QListWidgetItem(f"{self._teach.subject.names[one.index]}: {surely}", self.wrong)
            item.setData(PLACE, (one.index, one.predicted, one.label))
            if mark:
                item.setToolTip("The spectrum contradicts its label: see whether it was mixed up.")
        if report.misclassified:
            self.wrong.setCurrentRow(0)
        else:
            self.wrong.addItem("None of the spectra held out was named wrong.")
        self.strip.setVisible(bool(report.misclassified))

    def _fill_bands(self, report: ClassificationReport) -> None:
        told = [f"{one.low_cm:.0f}–{one.high_cm:.0f} cm⁻¹" for one in report.important_ranges]
        self.bands.setText(
            f"Without these ranges it is least sure of the right class, the weightiest first: {', '.join(told)}."
            if told
            else "No single range is needed: what one does not tell another does, or it was stopped before."
        )
        draw_classes(self.band_strip, self._teach.subject, self._words, report.classes)
        some = report.important_ranges[:3]
        self._bands = [StripBand(one.low_cm, one.high_cm, current_theme().accent) for one in some]
        self.band_strip.set_bands(self._bands)

    @property
    def _words(self) -> NDArray[np.str_]:
        words = self._teach.learn.learned_words
        assert words is not None
        return words

    def _draw(self, item: QListWidgetItem | None, drawing: LazyStrip) -> None:
        """Draw a spectrum, over some of the class it was said to be and of its own."""
        chosen = item.data(PLACE) if item is not None else None
        if chosen is None:
            drawing.show_curves([])
            return
        place, told, _ = chosen
        draw_doubt(drawing, self._teach.subject, self._words, place, told)

    def _select(self, item: QListWidgetItem) -> None:
        if (chosen := item.data(PLACE)) is not None:
            self._teach.select(chosen[0])

    def _point_to(self, row: int, column: int) -> None:
        """Go to the first of the spectra that a cell counts, where these were named wrong."""
        found = self._teach.learn.found
        if (
            found is None
            or not isinstance(found.report, ClassificationReport)
            or not 0 <= column - 2 < len(found.report.classes)
        ):
            return
        pair = found.report.classes[column - 2], found.report.classes[row]
        for place in range(self.wrong.count()):
            chosen = self.wrong.item(place).data(PLACE)
            if chosen is not None and chosen[1:] == pair:
                self.wrong.setCurrentRow(place)
                self.tabs.setCurrentWidget(self.wrong_part)
                self._select(self.wrong.item(place))
                return

    def _prepare(self) -> None:
        table = self.confusion
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAccessibleName("Held-out spectra of each class (rows) by what they were named (columns)")
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.wrong.setAccessibleName("Spectra that were named wrong while held out")
        self.wrong.setFrameShape(QListWidget.Shape.NoFrame)
        self.wrong.setStyleSheet(PADDED)
        self.wrong_part = _halves(self.wrong, self.strip)
        self.bands_part = _column(self.bands, self.band_strip)
        told = label("quiet", wrap=True)
        told.setText(
            "Spectra held out, in five parts by how sure it was of them: on the grey line it is as sure as right."
        )
        self.sureness_part = _column(told, self.calibration_curve)
        parts = {
            "Classes": self.confusion,
            "Wrong": self.wrong_part,
            "Bands": self.bands_part,
            "How sure": self.sureness_part,
            "Label next": self.next_part,
            "Predicted against true": self.predicted,
        }
        for words, part in parts.items():
            self.tabs.addTab(part, words)


def _heads(classes: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What the columns and the rows are called: many classes by their numbers, so that all columns are seen."""
    if len(classes) <= MOST_NAMED:
        return list(classes), list(classes)
    return [f"{number}" for number in range(1, len(classes) + 1)], [
        f"{number}   {name}" for number, name in enumerate(classes, 1)
    ]


def _halves(upper: QWidget, lower: QWidget) -> QSplitter:
    parts = QSplitter(Qt.Orientation.Vertical)
    parts.setChildrenCollapsible(False)
    parts.addWidget(upper)
    parts.addWidget(lower)
    parts.setSizes([160, 200])
    return parts


def _column(*parts: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 8, 0, 0)
    for part in parts[:-1]:
        column.addWidget(part)
    column.addWidget(parts[-1], 1)
    return holder
