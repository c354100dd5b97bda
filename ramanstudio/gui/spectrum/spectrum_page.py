"""The Spectrum tab: the plot of the selected spectra with a header, or what to do when there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising.denoised import concatenate_denoised
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage, ProblemPage
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.peak_finding import PeakFinding, peak_input
from ramanstudio.gui.document.peak_label import labels_of
from ramanstudio.gui.document.plot_tools import PlotTools
from ramanstudio.gui.document.recipe_editor import RecipeEditor
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.spectrum.spectrum_header import SpectrumHeader
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Entry, Project, Result

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.gui.spectrum.step_display import StepDisplay
    from ramanstudio.gui.viewer.plot_overlay import PlotOverlay
    from ramanstudio.gui.viewer.spectrum_view import DisplayedSpectrum, SpectrumView

REACH_PX: Final = 9  # a click may be off by this
MAX_CURVES: Final = 20
MAX_LINES: Final = 500  # more than these are drawn as a density


class SpectrumPage(TabPage):
    """Shows the selected spectra. The plot is made after the first paint: pyqtgraph takes a third of a second."""

    viewer_made = Signal(object)  # SpectrumView

    def __init__(
        self,
        session: Session,
        finding: PeakFinding,
        actions: Mapping[str, QAction],
        editor: RecipeEditor,
        tools: PlotTools,
    ) -> None:
        super().__init__()
        self._session, self._finding = session, finding
        self._editor, self._tools = editor, tools
        self._labels_peaks = False
        self._axis_unit = "shift"
        self.view: SpectrumView | None = None
        self._theme: Theme | None = None
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self.problem = ProblemPage(actions["set_laser"])
        self.header = SpectrumHeader(session, actions)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.problem)
        self._viewer = QWidget(self)
        self._viewer.setProperty("panel", "true")
        self._viewer_layout = QVBoxLayout(self._viewer)
        self._viewer_layout.setContentsMargins(0, 0, 0, 0)
        self._viewer_layout.setSpacing(0)
        self._viewer_layout.addWidget(self.header)
        self.hint = QLabel("Select one or more spectra in the list to show them here.", self._viewer)
        self.hint.setProperty("role", "quiet")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.hint.hide()
        self._viewer_layout.addWidget(self.hint, 1)
        self._stack.addWidget(self._viewer)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._tracker = ChangeTracker()
        self._refresh_timer = QTimer(self)  # many changes in one turn of the event loop are one redraw
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._refresh_timer.start(0))
        editor.opened.connect(lambda: self._refresh_timer.start(0))
        editor.changed.connect(self._follow_editor)
        tools.changed.connect(self._follow_tool)
        finding.changed.connect(lambda _: self._label_peaks())

    def make_viewer(self) -> None:
        """Make the plot, unless it is there."""
        if self.view is not None:
            return
        from ramanstudio.gui.viewer.spectrum_view import SpectrumView

        self.view = SpectrumView()
        self._viewer_layout.addWidget(self.view, 1)
        let_drops_through(self.view)
        if self._theme is not None:
            self.view.set_theme(self._theme)
        self.view.clicked.connect(self._click)
        self.view.peak_labels.moved.connect(self._move_label)
        self.view.dragged.connect(self._drag)
        self._follow_tool()
        self.viewer_made.emit(self.view)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        if self.view is not None:
            self.view.set_theme(theme)

    def numbers(self) -> str:
        """The curves that are drawn, as tab-separated text."""
        return self.view.numbers() if self.view is not None else ""

    def refresh(self) -> None:
        """Show the selected spectra, unless they are shown already."""
        session = self._session
        if not session.project.entries:
            self._stack.setCurrentWidget(self.empty)
            self._forget()
            return
        selected = session.selected
        unreadable = next((entry for entry in selected if entry.source is None), None)
        readable = [entry for entry in selected if entry.source is not None]
        if unreadable is not None and not readable:
            self._forget()
            laser = "laser" in f"{unreadable.problem} {unreadable.remedy}".casefold()
            self.problem.show_problem(unreadable.name, unreadable.problem, unreadable.remedy, laser)
            self._stack.setCurrentWidget(self.problem)
            return
        self.header.show_entries(readable)
        self.show_axis_unit(self._axis_unit)
        self._stack.setCurrentWidget(self._viewer)
        self.make_viewer()
        self.hint.setVisible(not readable)  # rather than axes from 0 to 1
        if self.view is not None:
            self.view.setVisible(bool(readable))
        self._draw(readable)

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._refresh_timer.start(0)
            return
        selected = self._session.selected_ids
        if any(now.results.get(entry_id) is not before.results.get(entry_id) for entry_id in selected) and (
            not self._refresh_timer.isActive()
        ):
            self._refresh_timer.start(
                0 if len(selected) <= MAX_CURVES else 500
            )  # many spectra are not redrawn after every batch

    def _follow_tool(self) -> None:
        if self.view is not None:
            self.view.set_tool(
                {"cosmic rays": "click", "range": "range", "anchors": "points"}.get(self._tools.tool, "")
            )

    def _reach(self) -> tuple[float, float]:
        """How far a click may be off, in cm⁻¹ and intensity."""
        assert self.view is not None
        width, height = self.view.pixel_size()
        return REACH_PX * width, REACH_PX * height

    def _click(self, shift_cm: float, intensity: float) -> None:
        self._tools.click(shift_cm, intensity, self._reach())

    def _drag(self, start: QPointF, end: QPointF, is_finished: bool) -> None:
        if self._tools.tool == "range" and is_finished:
            self._tools.set_range(*sorted((start.x(), end.x())))
        elif self._tools.tool == "anchors":
            first, last = (start.x(), start.y()), (end.x(), end.y())
            self._tools.drag_anchor(first, last, self._reach(), is_finished)

    def _follow_editor(self) -> None:
        if self._editor.open_index is not None:
            self._refresh_timer.start(0)

    def _forget(self) -> None:
        self._tracker.forget("curves")
        if self.view is not None:
            self.view.clear()

    def _draw(self, entries: list[Entry]) -> None:
        view, project, selection = self.view, self._session.project, self._session.selection
        if view is None:
            return
        results = [project.result(entry) for entry in entries]
        shown = self._editor.shown if self._editor.open_index is not None else None
        inputs = (
            *(entry.source for entry in entries),
            *results,
            selection,
            self._editor.open_index,
            shown and shown[0],
        )
        if not self._tracker.has_changed("curves", *inputs):
            return
        if not entries:
            view.clear()
            return
        display = self._step_display()
        if display is not None:
            view.show_spectra([display.spectrum], display.overlay)
            self.place_noise_region()
            return
        if self._editor.open_index is not None and shown is None and self._editor.is_enabled:
            self._tracker.forget("curves")
            return  # the result of the changed step is on its way: what was shown stays until it is there
        parts = [selection.restrict_entry(entry) for entry in entries]
        restricted = [
            result and selection.restrict_result(entry, result) for entry, result in zip(entries, results, strict=True)
        ]
        if len(parts) == 1:
            self._draw_entry(view, parts[0], restricted[0])
        else:
            self._draw_several(view, parts, restricted)
        self.place_noise_region()
        self._label_peaks()

    def show_peak_labels(self, on: bool) -> None:
        """Label the peaks of the spectrum that is shown, or show no labels."""
        self._labels_peaks = on
        self._label_peaks()

    def _label_peaks(self) -> None:
        """Label the peaks where a single spectrum is shown; they are found where they are not known yet."""
        view, session = self.view, self._session
        if view is None:
            return
        entries = [entry for entry in session.selected if entry.source is not None]
        if not self._labels_peaks or len(entries) != 1 or len(session.rows_of(entries[0])) != 1:
            view.show_peak_labels(())
            return
        entry, row = entries[0], int(session.rows_of(entries[0])[0])
        result, key = session.project.result(entry), (entry.id, row)
        peaks = self._finding.peaks(key)
        if peaks is None or not peaks.input.is_of(entry, result):
            view.show_peak_labels(())
            if self.isVisible():
                self._finding.find(key, peak_input(entry, result, row))
            return
        final = result.final_denoised if result is not None else None
        shown = peaks.input.measured if final is None else final.spectra[row]
        values = shown.values[0]
        labels = labels_of(peaks, shown.axis, values, entry.label_offsets, row, self._finding.label_fields)
        view.show_peak_labels(labels, float(np.ptp(values[np.isfinite(values)])) if labels else None)

    def _move_label(self, index: int, by: tuple[float, float] | None) -> None:
        """Keep where the user put a label."""
        entries = [entry for entry in self._session.selected if entry.source is not None]
        if self.view is not None and len(entries) == 1:
            row, shift = int(self._session.rows_of(entries[0])[0]), self.view.peak_labels.labels[index].shift
            self._session.move_peak_label(entries[0].id, row, shift, by)

    def show_axis_unit(self, unit: str) -> None:
        """Number the axis in a unit (a key of core.spectral_units.BY_KEY), where the laser wavelength is known."""
        self._axis_unit = unit
        self.header.show_axis_unit(unit)
        if self.view is not None:
            self.view.set_axis_unit(unit, self.header.laser_nm)

    def place_noise_region(self) -> None:
        """Show the noise region of the selected spectrum."""
        shown = next((entry for entry in self._session.selected if entry.source is not None), None)
        if self.view is not None and shown is not None:
            self.view.set_noise_region(*_noise_region(shown, self._session.project.result(shown)))

    def _draw_entry(self, view: SpectrumView, entry: Entry, result: Result | None) -> None:
        source = entry.source
        assert source is not None
        if len(source) == 1:
            view.show_spectra([displayed_spectrum(entry, result, 0)], _replaced_points([(entry, result)]))
        else:
            view.show_set(
                result.unprocessed if result is not None else source,
                result.final_denoised if result is not None else None,
            )

    def _draw_several(self, view: SpectrumView, entries: list[Entry], results: list[Result | None]) -> None:
        sets = [entry.source for entry in entries if entry.source is not None]
        total = sum(len(spectra) for spectra in sets)
        one_axis = all(spectra.same_axis(sets[0]) for spectra in sets)
        if total > MAX_LINES and one_axis:
            raw = [result.unprocessed if result else spectra for result, spectra in zip(results, sets, strict=True)]
            if all(spectra.same_axis(raw[0]) for spectra in raw):
                view.show_set(stacked(raw), denoised_together(raw, results))
            else:
                view.show_set(stacked(sets), None)
            return
        rows: list[DisplayedSpectrum] = []
        for entry, result in zip(entries, results, strict=True):
            assert entry.source is not None
            rows += [
                displayed_spectrum(entry, result, row) for row in range(min(len(entry.source), MAX_LINES - len(rows)))
            ]
        view.show_spectra(rows, _replaced_points(zip(entries, results, strict=True)) if total <= MAX_CURVES else None)

    def _step_display(self) -> StepDisplay | None:
        from ramanstudio.gui.spectrum.step_display import step_display

        return step_display(self._editor) if self._editor.open_index is not None else None


def displayed_spectrum(entry: Entry, result: Result | None, row: int) -> DisplayedSpectrum:
    """Return one spectrum of an entry as the plot takes it."""
    from ramanstudio.gui.viewer.spectrum_view import DisplayedSpectrum

    source = entry.source
    assert source is not None
    processed = result.final_denoised if result is not None else None
    raw = result.unprocessed if result is not None else source
    name = entry.name if len(source) == 1 else f"{entry.name} · {row + 1}"
    unit = str((source if processed is None else processed.spectra).about.get("intensity_unit", "a.u."))
    if processed is None:
        return DisplayedSpectrum(name, raw.axis, raw.values[row], None, None, unit)
    return DisplayedSpectrum(
        name,
        raw.axis,
        raw.values[row],
        processed.spectra.values[row],
        processed.expected_error[row],
        unit,
        _replaced_row(result, row),
    )


def _replaced_row(result: Result | None, row: int) -> NDArray[np.bool_] | None:
    """The points of a spectrum that were interpolated in place of cosmic rays, on the final axis."""
    if result is None or result.processed is None or not result.processed.replaced.size:
        return None
    replaced: NDArray[np.bool_] = result.processed.replaced[row]
    return replaced


def _replaced_points(pairs: Iterable[tuple[Entry, Result | None]]) -> PlotOverlay | None:
    from ramanstudio.gui.spectrum.step_display import replaced_points

    return replaced_points(list(pairs))


def _noise_region(entry: Entry, result: Result | None) -> tuple[float, float]:
    if entry.noise_region is not None:
        return entry.noise_region
    if result is not None and result.noise_region is not None:
        return result.noise_region
    assert entry.source is not None
    return float(entry.source.axis[0]), float(entry.source.axis[-1])


def denoised_together(sets: list[SpectrumSet], results: list[Result | None]) -> Denoised | None:
    """Return the denoised spectra of several entries on one axis as one set; None while one of them is missing."""
    denoised = [result.final_denoised for result in results if result is not None and result.final_denoised is not None]
    return concatenate_denoised(stacked(sets), denoised) if len(denoised) == len(results) else None
