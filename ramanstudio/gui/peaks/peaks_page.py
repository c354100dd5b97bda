"""The Peaks tab: labelled peaks of a spectrum over its plot, and below them the table of the fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QItemSelection, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import (
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage, ProblemPage
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.peak_finding import (
    PeakFinding,
    PeakInput,
    SpectrumPeaks,
    find_peaks,
    fit_peaks,
    fit_template,
    peak_input,
    without,
)
from ramanstudio.gui.document.peak_label import labels_of
from ramanstudio.gui.document.peak_series import SetFit
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.peaks.editing import model_to_fit, set_work, tied, untied, with_peak, without_width_ties
from ramanstudio.gui.peaks.options import PeakOptions
from ramanstudio.gui.peaks.peak_model import PeakTableModel
from ramanstudio.gui.peaks.peak_table_view import peak_table
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.core.ranges import ShiftRange
    from ramanstudio.gui.peaks.peak_plot import PeakPlot
    from ramanstudio.gui.peaks.series_dialog import SeriesDialog
    from ramanstudio.peaks.templates import Template

Actions = Mapping[str, QAction]
TABLE_ACTIONS: Final = ("tie_peak_widths", "tie_peak_distances", "tie_peak_heights", "untie_peaks", "remove_peaks")


class PeaksPage(TabPage):
    """Shows the peaks of the first selected spectrum; its plot and table are made when it is first shown."""

    changed = Signal()  # what is shown, or known of it

    def __init__(self, session: Session, finding: PeakFinding, messages: Messages, actions: Actions) -> None:
        super().__init__()
        self._session, self._finding, self._messages, self._actions = session, finding, messages, actions
        self.view: PeakPlot | None = None
        self.table: QTableView | None = None
        self.model = PeakTableModel(self)
        self.options = PeakOptions()
        self.entry: Entry | None = None
        self.row = 0
        self.within: ShiftRange | None = None
        self.series: SeriesDialog | None = None
        self._input: PeakInput | None = None
        self._changes = ChangeTracker()
        self._theme: Theme | None = None
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self.problem = ProblemPage(actions["set_laser"])
        self._result = QWidget(self)
        self._result.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        for page in (self.empty, self.problem, self._result):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self._refresh_timer = QTimer(self, singleShot=True)
        self._refresh_timer.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._refresh_soon())
        finding.changed.connect(self._follow_peaks)
        finding.busy_changed.connect(self.changed)
        self.model.model_edited.connect(self._take_model)

    def make_view(self) -> None:
        """Make plot and table, if they are not there yet."""
        if self.view is not None:
            return
        from ramanstudio.gui.peaks.peak_plot import PeakPlot

        self.view = PeakPlot(self._result)
        self.table = peak_table(self._result, self.model, [self._actions[name] for name in TABLE_ACTIONS])
        self.table.selectionModel().selectionChanged.connect(self._row_selected)
        _lay_out(self._result, self.view, self.table)
        let_drops_through(self._result)
        self.view.clicked.connect(self._click)
        self.view.range_dragged.connect(self._drag_range)
        self.view.labels.moved.connect(self._move_label)
        self.set_theme(self._theme or current_theme())

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        if self.view is not None:
            self.view.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has changed meanwhile."""
        super().showEvent(event)
        self.refresh()

    def numbers(self) -> str:
        """What is drawn, as tab-separated text."""
        return self.view.numbers() if self.view is not None else ""

    @property
    def key(self) -> tuple[int, int] | None:
        """The entry and row of the spectrum that is shown."""
        return None if self.entry is None else (self.entry.id, self.row)

    @property
    def peaks(self) -> SpectrumPeaks | None:
        """What is known of the peaks of the spectrum that is shown; None before they were found."""
        if self.key is None or self.entry is None or self._input is None:
            return None
        peaks = self._finding.peaks(self.key)
        return peaks if peaks is not None and peaks.input.is_of(self.entry, self._input.result) else None

    @property
    def input(self) -> PeakInput | None:
        """The spectrum that is shown."""
        return self._input

    def refresh(self) -> None:
        """Show the first selected spectrum and its peaks."""
        selected = self._session.selected
        readable = [entry for entry in selected if entry.source is not None and len(self._session.rows_of(entry))]
        if not self._session.project.entries:
            self._stack.setCurrentWidget(self.empty)
            self.entry = self._input = None
        elif selected and not readable:
            needs_laser = "laser" in selected[0].problem.casefold()
            self.problem.show_problem(selected[0].name, selected[0].problem, selected[0].remedy, needs_laser)
            self._stack.setCurrentWidget(self.problem)
            self.entry = self._input = None
        else:
            self.make_view()
            self._stack.setCurrentWidget(self._result)
            self._show(readable[0] if readable else None)
        self.changed.emit()

    def _show(self, entry: Entry | None) -> None:
        assert self.view is not None
        if entry is None:
            self.entry = self._input = None
            self._changes.forget("input")
            self._changes.forget("drawn")
            self.view.show_spectrum("", np.zeros(0), np.zeros(0), "")
            self.model.show(None)
            return
        row = int(self._session.rows_of(entry)[0])
        result = self._session.project.result(entry)
        is_other = (entry.id, row) != self.key or self._changes.has_changed("input", entry.source, result)
        if is_other or self._input is None:
            self.row = row
            self._changes.has_changed("input", entry.source, result)
            self._input = peak_input(entry, result, row)
        self.entry = entry
        if self._changes.has_changed("drawn", self._input, self.options.denoised):
            self._draw_spectrum()
        self._draw_peaks()

    def _draw_spectrum(self) -> None:
        assert self.view is not None and self._input is not None
        spectrum, _ = self._input.spectrum(self.options.denoised)
        unit = str(spectrum.about.get("intensity_unit", "a.u."))
        behind = self._input.measured.values[0] if self.options.denoised else None
        self.view.show_spectrum(self._input.name, spectrum.axis, spectrum.values[0], unit, behind)
        if self.within is not None:
            self.show_range(True)

    def _draw_peaks(self) -> None:
        assert self.view is not None
        peaks = self.peaks
        self.model.show(peaks)
        self.view.show_fit(peaks.fit.ranges if peaks is not None and peaks.fit is not None else ())
        if peaks is None or self._input is None:
            self.view.show_labels(())
            return
        spectrum, _ = self._input.spectrum(self.options.denoised)
        offsets = self.entry.label_offsets if self.entry is not None else ()
        fields = self._finding.label_fields
        self.view.show_labels(labels_of(peaks, spectrum.axis, spectrum.values[0], offsets, self.row, fields))

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries or now.results is not before.results:
            self._refresh_soon()

    def _follow_peaks(self, key: tuple[int, int]) -> None:
        if key == self.key:
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        if self.isVisible() and not self._refresh_timer.isActive():
            self._refresh_timer.start(0)

    def _row_selected(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        assert self.view is not None and self.table is not None
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        self.view.labels.show_labels(self.view.labels.labels, rows[0] if rows else None)

    def set_options(self, options: PeakOptions) -> None:
        """Choose what is fitted and how."""
        were_equal, self.options = self.options.equal_widths, options
        if were_equal and not options.equal_widths and self.peaks is not None:
            self._take_model(without_width_ties(self.peaks.model))
        self.refresh()

    def find_peaks(self) -> None:
        """Find the peaks of the spectrum that is shown."""
        options = self.options
        if self._input is not None and self.key is not None:
            work = partial(
                find_peaks, self._input, options.denoised, options.profile, options.baseline, options.significance
            )
            self._finding.submit(self.key, work, f"Finding peaks of {self._input.name}")

    def fit_peaks(self, within: ShiftRange | None = None) -> None:
        """Fit the labelled peaks, all or those in a range."""
        peaks, options = self.peaks, self.options
        if self._input is None or self.key is None:
            return
        if peaks is None or not peaks.model.peaks:
            self._messages.info("There is no peak to fit. Find peaks first, or add one by a click.")
            return
        model = model_to_fit(peaks.model, options, within)
        before = peaks if peaks.model.profile == options.profile else None
        work = partial(fit_peaks, self._input, options.denoised, model, within, before)
        self._finding.submit(self.key, work, f"Fitting {self._input.name}")

    def fit_here(self) -> None:
        """Fit the peaks in the dragged range, or where there is none in the Raman shifts that are shown."""
        if self.view is not None:
            self.fit_peaks(self.within or self.view.shifts)

    def apply_template(self, template: Template) -> None:
        """Fit the peaks of a template."""
        if self._input is not None and self.key is not None:
            work = partial(fit_template, self._input, self.options.denoised, template)
            self._finding.submit(self.key, work, f"Fitting {template.title} to {self._input.name}")

    def fit_set(self) -> None:
        """Fit the labelled peaks in every spectrum that is selected, in the background, and show what came out."""
        peaks, entry = self.peaks, self.entry
        if peaks is None or entry is None:
            return
        work, title = set_work(self._session, peaks.model, self.options, self.within, entry.name)
        self._finding.fit_set(work, title, self._show_set)

    def _show_set(self, fit: SetFit) -> None:
        from ramanstudio.gui.peaks.series_dialog import SeriesDialog

        self.series = SeriesDialog(fit, self._messages, self.window())
        self.series.spectrum_chosen.connect(lambda index: self._session.select_spectra(*_member(fit, index)))
        self._messages.info(f"Fitted {fit.summary()}")
        self.series.show()

    def show_range(self, on: bool) -> None:
        """Show the range that Fit here fits, or hide it."""
        if self.view is None:
            return
        left, right = self.view.shifts
        middle, span = (left + right) / 2, right - left
        self.within = (self.within or (middle - span / 6, middle + span / 6)) if on else None
        self.view.show_range(self.within)

    def _drag_range(self, low: float, high: float) -> None:
        self.within = (low, high)
        self.changed.emit()

    def _move_label(self, index: int, by: tuple[float, float] | None) -> None:
        if self.entry is not None and self.view is not None:
            shift = self.view.labels.labels[index].shift
            self._session.move_peak_label(self.entry.id, self.row, shift, by)

    def reset_labels(self) -> None:
        """Put the labels back to where the program puts them."""
        if self.entry is not None:
            self._session.reset_peak_labels(self.entry.id, self.row)

    def _take_model(self, model: Any) -> None:
        peaks = self.peaks
        if peaks is not None and self.key is not None:
            self._finding.set_peaks(self.key, replace(peaks, model=model))

    def _click(self, shift: float, index: int) -> None:
        """Add a peak, or remove the one that was clicked on."""
        if not self.options.edits_by_click or self.key is None or self._input is None:
            return
        if index >= 0:
            self.remove([index])
            return
        self._finding.set_peaks(self.key, with_peak(self.peaks, self._input, shift, self.options))

    def remove(self, rows: list[int]) -> None:
        """Remove the peaks in some rows of the table."""
        peaks = self.peaks
        if peaks is None or self.key is None:
            return
        self._finding.set_peaks(self.key, without(peaks, {self.model.peak_at(row) for row in rows}))

    def remove_selected(self) -> None:
        """Remove the peaks whose rows are selected."""
        if self.table is not None:
            self.remove(sorted({index.row() for index in self.table.selectedIndexes()}))

    def tie(self, kind: str) -> None:
        """Tie the selected peaks to the first of them as they are now: "width", "distance" or "ratio" of heights."""
        peaks, numbers = self.peaks, self._selected_peaks()
        if peaks is None or len(numbers) < 2:
            self._messages.info("Select the rows of at least two peaks in the table: the others follow the first.")
            return
        try:
            self._take_model(tied(peaks, numbers, kind))
        except StudioError as error:
            self._messages.show_error(error)

    def untie(self) -> None:
        """Remove the ties of the selected peaks, or all where none is selected."""
        peaks, chosen = self.peaks, set(self._selected_peaks())
        if peaks is not None:
            self._take_model(untied(peaks.model, chosen))

    def _selected_peaks(self) -> list[int]:
        """The numbers in the model of the peaks whose rows are selected, by position."""
        if self.table is None:
            return []
        return [self.model.peak_at(row) for row in sorted({index.row() for index in self.table.selectedIndexes()})]

    def export(self, path: Path) -> None:
        """Write the table of the peaks that are shown. Raises StudioError when the file cannot be written."""
        peaks = self.peaks
        if peaks is not None and peaks.table is not None:
            peaks.table.to_csv(path)
            self._messages.info(f"Saved {len(peaks.table)} peaks of {peaks.input.name} in {path.name}.")


def _member(fit: SetFit, index: int) -> tuple[list[int], list[int]]:
    entry_id, row = fit.members[index]
    return [entry_id], [row]


def _lay_out(page: QWidget, plot: QWidget, table: QWidget) -> None:
    """The plot above the table, with a handle between them."""
    splitter = QSplitter(Qt.Orientation.Vertical, page)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(plot)
    splitter.addWidget(table)
    splitter.setStretchFactor(0, 3)
    splitter.setStretchFactor(1, 1)
    splitter.setSizes([520, 200])
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(splitter)
