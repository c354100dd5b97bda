"""The middle of the window: the viewer with its header, or what to do when there is nothing to view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from ramanstudio.core.numbers import format_number
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.denoising.denoised import concatenate_denoised
from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage, ProblemPage
from ramanstudio.gui.common.message_bar import ElidedLabel
from ramanstudio.gui.common.texts import count_of, kind_of
from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.viewer.tab_page import TabPage
from ramanstudio.project.project import Entry, Project, Result

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.gui.viewer.spectrum_view import DisplayedSpectrum, SpectrumView

MAX_CURVES: Final = 20
FEW: Final = 500  # more than these are drawn as a density


class SpectrumPage(TabPage):
    """Shows what is selected. The viewer is made after the first paint: pyqtgraph takes a third of a second."""

    viewer_made = Signal(object)  # SpectrumView

    def __init__(self, session: Session, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._session = session
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
        self._stack.addWidget(self._viewer)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._made = ChangeTracker()
        self._soon = QTimer(self)  # many changes in one turn of the event loop are one redraw
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._soon.start(0))

    def make_viewer(self) -> None:
        """Make the viewer, if it is not there yet."""
        if self.view is not None:
            return
        from ramanstudio.gui.viewer.spectrum_view import SpectrumView

        self.view = SpectrumView()
        self._viewer_layout.addWidget(self.view, 1)
        let_drops_through(self.view)
        if self._theme is not None:
            self.view.set_theme(self._theme)
        self.viewer_made.emit(self.view)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        if self.view is not None:
            self.view.set_theme(theme)

    def numbers(self) -> str:
        """The curves that are drawn, as tab-separated text."""
        return self.view.numbers() if self.view is not None else ""

    def refresh(self) -> None:
        """Show what is selected now, if that is not what is shown."""
        session = self._session
        if not session.project.entries:
            self._stack.setCurrentWidget(self.empty)
            self._forget()
            return
        selected = session.selected
        bad = next((entry for entry in selected if entry.source is None), None)
        good = [entry for entry in selected if entry.source is not None]
        if bad is not None and not good:
            self._forget()
            laser = "laser" in f"{bad.problem} {bad.remedy}".casefold()
            self.problem.show_problem(bad.name, bad.problem, bad.remedy, laser)
            self._stack.setCurrentWidget(self.problem)
            return
        self.header.show_entries(good)
        self._stack.setCurrentWidget(self._viewer)
        self.make_viewer()
        self._draw(good)

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._soon.start(0)
            return
        chosen = self._session.selected_ids
        if any(now.results.get(entry_id) is not before.results.get(entry_id) for entry_id in chosen) and (
            not self._soon.isActive()
        ):
            self._soon.start(0 if len(chosen) <= MAX_CURVES else 500)  # a crowd is not drawn anew at every chunk

    def _forget(self) -> None:
        self._made.forget("curves")
        if self.view is not None:
            self.view.clear()

    def _draw(self, entries: list[Entry]) -> None:
        view, project, selection = self.view, self._session.project, self._session.selection
        if view is None:
            return
        results = [project.result(entry) for entry in entries]
        shown = (*(entry.source for entry in entries), *results, selection)
        if not self._made.has_changed("curves", *shown):
            return
        if not entries:
            view.clear()
            return
        parts = [selection.restrict_entry(entry) for entry in entries]
        found = [
            result and selection.restrict_result(entry, result) for entry, result in zip(entries, results, strict=True)
        ]
        if len(parts) == 1:
            self._draw_one(view, parts[0], found[0])
        else:
            self._draw_several(view, parts, found)
        self.place_noise_region()

    def place_noise_region(self) -> None:
        """Show the noise region where it is for what is selected."""
        shown = next((entry for entry in self._session.selected if entry.source is not None), None)
        if self.view is not None and shown is not None:
            self.view.set_noise_region(*_region(shown, self._session.project.result(shown)))

    def _draw_one(self, view: SpectrumView, entry: Entry, result: Result | None) -> None:
        source = entry.source
        assert source is not None
        if len(source) == 1:
            view.show_spectra([shown_of(entry, result, 0)])
        else:
            view.show_set(source, result.denoised if result is not None else None)

    def _draw_several(self, view: SpectrumView, entries: list[Entry], results: list[Result | None]) -> None:
        sets = [entry.source for entry in entries if entry.source is not None]
        total = sum(len(one) for one in sets)
        one_axis = all(one.same_axis(sets[0]) for one in sets)
        if total > FEW and one_axis:
            view.show_set(stacked(sets), together(sets, results))
            return
        rows: list[DisplayedSpectrum] = []
        for entry, result in zip(entries, results, strict=True):
            assert entry.source is not None
            rows += [shown_of(entry, result, row) for row in range(min(len(entry.source), FEW - len(rows)))]
        view.show_spectra(rows)


class SpectrumHeader(QWidget):
    """Names what is shown; in a set, steps through its spectra."""

    def __init__(self, session: Session, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._session = session
        self._name = ElidedLabel(self)
        self._name.setProperty("role", "heading")
        self._what = QLabel(self)
        self._what.setProperty("role", "quiet")
        self._number = QSpinBox(self)
        self._number.setAccessibleName("Number of the spectrum in the set")
        self._number.setToolTip(
            "Which spectrum of the set is shown (Ctrl+Left, Ctrl+Right); 0 is all of them (Ctrl+Up)"
        )
        self._number.setMaximumWidth(184)
        self._number.setPrefix("spectrum ")
        self._number.setSpecialValueText("all spectra")
        self._number.setKeyboardTracking(False)
        self._number.lineEdit().setTextMargins(6, 0, 0, 0)
        self._before, self._after = (
            _step(actions[name], words) for name, words in (("spectrum_before", "‹"), ("spectrum_after", "›"))
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._name)
        row.addWidget(self._what)
        row.addStretch(1)
        for widget in (self._before, self._number, self._after):
            row.addWidget(widget)
        self.setMinimumHeight(44)
        self._number.valueChanged.connect(self._choose)

    def show_entries(self, entries: list[Entry]) -> None:
        """Name these entries."""
        many = 0
        if len(entries) == 1:
            source = entries[0].source
            many = len(source) if source is not None and len(source) > 1 else 0
            self._name.setText(entries[0].name)
            self._what.setText(f"{kind_of(entries[0])} of {format_number(many)} spectra" if many else "")
            if many and kind_of(entries[0]) == "spectra":
                self._what.setText(f"{format_number(many)} spectra")
            some = len(self._session.rows_of(entries[0]))
            if 1 < some < many:
                self._what.setText(
                    f"{format_number(some)} of the {format_number(many)} spectra of this {kind_of(entries[0])}"
                )
        else:
            self._name.setText(count_of(len(entries), "entry", "entries") if entries else "Nothing is selected")
            self._what.setText("selected" if entries else "Choose a spectrum in the list.")
        for widget in (self._before, self._number, self._after):
            widget.setVisible(bool(many))
        self._number.blockSignals(True)
        self._number.setRange(0, many)
        self._number.setSuffix(f" of {format_number(many)}")
        spectrum = self._session.single_row
        self._number.setValue(0 if spectrum is None else spectrum + 1)
        self._number.blockSignals(False)

    def _choose(self, number: int) -> None:
        self._session.select_spectrum(number - 1 if number else None)


def shown_of(entry: Entry, result: Result | None, row: int) -> DisplayedSpectrum:
    """One spectrum of an entry, as the viewer takes it."""
    from ramanstudio.gui.viewer.spectrum_view import DisplayedSpectrum

    source = entry.source
    assert source is not None
    denoised = result.denoised if result is not None else None
    name = entry.name if len(source) == 1 else f"{entry.name} · {row + 1}"
    unit = str(source.about.get("intensity_unit", "a.u."))
    if denoised is None:
        return DisplayedSpectrum(name, source.axis, source.values[row], None, None, unit)
    return DisplayedSpectrum(
        name, source.axis, source.values[row], denoised.spectra.values[row], denoised.expected_error[row], unit
    )


def _region(entry: Entry, result: Result | None) -> tuple[float, float]:
    if entry.noise_region is not None:
        return entry.noise_region
    if result is not None and result.noise_region is not None:
        return result.noise_region
    assert entry.source is not None
    return float(entry.source.axis[0]), float(entry.source.axis[-1])


def _step(action: QAction, words: str) -> QToolButton:
    button = QToolButton()
    button.setText(words)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.clicked.connect(action.trigger)
    return button


def together(sets: list[SpectrumSet], results: list[Result | None]) -> Denoised | None:
    """The denoised spectra of several entries on one axis as one set; None while one of them is not there."""
    found = [result.denoised for result in results if result is not None and result.denoised is not None]
    return concatenate_denoised(stacked(sets), found) if len(found) == len(results) else None
