"""The Identify tab: substance and probability of a spectrum, or unknown; the reference of a match is drawn over it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage, ProblemPage
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.identifying import Identifying
from ramanstudio.gui.document.model_predictions import FineTunedModels
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.identify.mixture_jobs import MixtureJobs
from ramanstudio.gui.identify.model_choice import PredictionRows
from ramanstudio.gui.identify.texts import mixture_title
from ramanstudio.gui.viewer.tab_page import DrawFigure, TabPage
from ramanstudio.project.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.export.identification_figure import IdentificationFigure
    from ramanstudio.gui.identify.match_list import MatchList
    from ramanstudio.gui.identify.overlay_view import OverlayView
    from ramanstudio.gui.identify.result_header import ResultHeader
    from ramanstudio.search.matches import Identification
    from ramanstudio.search.mixture_analysis import MixtureAnalysis

Actions = Mapping[str, QAction]
AFTER_RESULTS_MS: Final = 150


class IdentifyPage(TabPage):
    """Identifies one of the selected spectra, with the reference of a match over it; its parts are made when shown."""

    spectrum_changed = Signal()  # another spectrum is shown
    reference_requested = Signal(object, int)  # a Library, and the row of the reference to show in it
    view_made = Signal()  # plot, header and list of matches are there

    def __init__(
        self,
        session: Session,
        identifying: Identifying,
        mixture_jobs: MixtureJobs,
        models: FineTunedModels,
        actions: Actions,
    ) -> None:
        super().__init__()
        self._session, self._identifying, self._mixture_jobs = session, identifying, mixture_jobs
        self._models = models
        self.view: OverlayView | None = None
        self.match_list: MatchList | None = None
        self.header: ResultHeader | None = None
        self.entry: Entry | None = None
        self.row = 0
        self._position = 0  # of the spectrum among those selected
        self._shows_mixture = False
        self._theme: Theme | None = None
        self._changes = ChangeTracker()
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
        self.predictions = PredictionRows(self, models)
        self.spectrum_changed.connect(lambda: self.predictions.show_spectrum(self.entry, self.row))
        self._refresh_timer = QTimer(self, singleShot=True)
        self._refresh_timer.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._selection_changed)
        identifying.changed.connect(lambda: self._refresh_soon(AFTER_RESULTS_MS))
        mixture_jobs.changed.connect(self._follow_mixture)

    def make_view(self) -> None:
        """Make plot, header and list of matches, if they are not there yet."""
        if self.view is not None:
            return
        from ramanstudio.gui.identify.match_list import MatchList
        from ramanstudio.gui.identify.overlay_view import OverlayView
        from ramanstudio.gui.identify.result_header import ResultHeader, ResultHeaderArea

        self.view, self.header = OverlayView(self._result), ResultHeader(self._result)
        self.match_list = MatchList(self._result)
        splitter = QSplitter(Qt.Orientation.Vertical, self._result)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.view)
        splitter.addWidget(_stacked(self.predictions, self.match_list))
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([500, 220])
        column = QVBoxLayout(self._result)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ResultHeaderArea(self.header, self._result))
        column.addWidget(splitter, 1)
        let_drops_through(self._result)
        self.match_list.match_selected.connect(lambda _: self._show_selected_match())
        self.match_list.activated.connect(lambda _: self._request_reference())
        self.header.stepped.connect(self.step)
        self.view.region_changed.connect(self._identifying.compare_within)
        self.set_theme(self._theme or current_theme())
        self.view_made.emit()

    def set_theme(self, theme: Theme) -> None:
        """Show in the colours of `theme`."""
        self._theme = theme
        for part in (self.view, self.match_list, self.header):
            if part is not None:
                part.set_theme(theme)

    def set_current(self, on: bool) -> None:
        """Keep identifications and classifications up to date while the page is shown."""
        self._identifying.set_active(on)
        self._models.set_active(on)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has changed meanwhile."""
        super().showEvent(event)
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._refresh_soon(0)
        elif now.identifications is not before.identifications or now.results is not before.results:
            self._refresh_soon(AFTER_RESULTS_MS if self._is_up_to_date() else 0)

    def _selection_changed(self) -> None:
        self._position, self._shows_mixture = 0, False
        self._refresh_soon(0)

    def _refresh_soon(self, after_ms: int) -> None:
        timer = self._refresh_timer
        if self.isVisible() and (not timer.isActive() or timer.interval() > after_ms):
            timer.start(after_ms)

    def _is_up_to_date(self) -> bool:
        return self.entry is not None and self._identifying.is_current(self.entry) and bool(self.identification)

    # What is shown

    @property
    def identification(self) -> Identification | None:
        """The identification of the spectrum that is shown, as far as it is known."""
        return None if self.entry is None else self._identifying.identification(self.entry, self.row)

    @property
    def shows_mixture(self) -> bool:
        """Whether the fit of a mixture is drawn over the spectrum, instead of a reference."""
        return self._shows_mixture

    def refresh(self) -> None:
        """Show what is known now, as far as it is not shown already."""
        readable = [entry for entry in self._session.selected if entry.source is not None]
        if not self._session.project.entries:
            self._stack.setCurrentWidget(self.empty)
        elif self._session.selected and not readable:
            unreadable = self._session.selected[0]
            needs_laser = "laser" in unreadable.problem.casefold()
            self.problem.show_problem(unreadable.name, unreadable.problem, unreadable.remedy, needs_laser)
            self._stack.setCurrentWidget(self.problem)
        else:
            self.make_view()
            self._stack.setCurrentWidget(self._result)
            self._show(readable)
            return
        self.entry = None
        self.spectrum_changed.emit()

    def step(self, by: int) -> None:
        """Show another of the selected spectra, `by` further on."""
        self._position, self._shows_mixture = max(0, self._position + by), False
        self.refresh()

    def _show(self, entries: list[Entry]) -> None:
        """Show the spectrum at the current position among the selected ones of `entries`."""
        assert self.view is not None and self.match_list is not None and self.header is not None
        sizes = [len(self._session.rows_of(entry)) for entry in entries]
        self._position = min(self._position, max(0, sum(sizes) - 1))
        before = (self.entry, self.row)
        self.entry, self.row = self._spectrum_at_position(entries, sizes)
        self.header.show_position(self._position, sum(sizes))
        if self.entry is None:
            self.view.show_query(None)
            self.match_list.show_matches(None, lambda _: None)
            self.header.show_match(None, None, False)
            self.header.show_status("Select a spectrum in the list to identify it.")
            self._changes.forget("query")
            self.spectrum_changed.emit()
            return
        from ramanstudio.gui.identify.overlay_display import query_spectrum

        result = self._session.project.result(self.entry)
        denoised = result.denoised if result is not None else None
        if self._changes.has_changed("query", self.entry.source, self.row, denoised):
            self.view.show_query(query_spectrum(self.entry, self.row, result))
            self._changes.forget("matches")
        if (self.entry, self.row) != before:
            self._identifying.set_current(self.entry.id, self.row)
            self.spectrum_changed.emit()
        self.view.show_region(self._identifying.within)
        self._show_identification()

    def _spectrum_at_position(self, entries: list[Entry], sizes: list[int]) -> tuple[Entry | None, int]:
        offset = self._position
        for entry, size in zip(entries, sizes, strict=True):
            if offset < size:
                return entry, int(self._session.rows_of(entry)[offset])
            offset -= size
        return None, 0

    def _show_identification(self) -> None:
        assert self.match_list is not None
        entry, identification = self.entry, self.identification
        assert entry is not None
        self._show_result()
        if self._changes.has_changed("matches", identification, self._identifying.libraries.all):
            shows_mixture = self._shows_mixture
            self.match_list.show_matches(identification, lambda match: self._identifying.library_of(entry, match))
            self._shows_mixture = shows_mixture
            self._show_overlay()

    def _show_result(self) -> None:
        header, identification, mixture = self.header, self.identification, self._mixture
        assert header is not None
        if identification is None:
            header.show_status(self._identifying.status or "Searching…")
        elif mixture is not None:
            best = None if identification.unknown else next(iter(identification.matches), None)
            header.show_mixture(mixture, best)
        else:
            status = "" if self._is_up_to_date() else self._identifying.status or "Searching again…"
            header.show_identification(identification, status)

    def _show_selected_match(self) -> None:
        self._shows_mixture = False
        self._show_overlay()

    def _show_overlay(self) -> None:
        """Draw the reference of the selected match over the spectrum, or the fit of the mixture."""
        from ramanstudio.gui.identify.overlay_display import mixture_overlay, reference_overlay

        view, match_list, header, entry = self.view, self.match_list, self.header, self.entry
        if view is None or match_list is None or header is None or entry is None or view.query is None:
            return
        self._show_result()
        mixture = self._mixture
        if mixture is not None:
            view.show_overlay(mixture_overlay(view.query, mixture).overlay)
            return
        match, identification = match_list.selected_match, self.identification
        library = self._identifying.library_of(entry, match) if match is not None else None
        header.show_match(match, library, bool(identification and identification.unknown))
        content = reference_overlay(view.query, match, library, self._identifying.within)
        view.show_overlay(content.overlay, content.marks)
        if content.problem:
            header.details.setText(content.problem)
            return
        explanation = identification.explanation if identification is not None else ""
        best = next(iter(identification.matches), None) if identification is not None else None
        if match is not best or "compared over only" not in explanation:
            header.show_coverage(content.coverage)  # else the explanation says it already

    def _request_reference(self) -> None:
        match = self.match_list.selected_match if self.match_list is not None else None
        if match is not None and self.entry is not None:
            library = self._identifying.library_of(self.entry, match)
            if library is not None:
                self.reference_requested.emit(library, match.reference)

    # Mixtures

    def show_mixture(self, on: bool) -> None:
        """Draw the fit of the mixture over the spectrum, or the reference of the selected match."""
        self._shows_mixture = on
        self._show_overlay()

    def _follow_mixture(self) -> None:
        entry = self.entry
        if entry is not None and not self._mixture_jobs.busy and self.isVisible():
            result = self._mixture_jobs.result(entry, self.row)
            self._shows_mixture = result is not None and bool(result.components)
            self._show_overlay()
            self.spectrum_changed.emit()

    @property
    def _mixture(self) -> MixtureAnalysis | None:
        """The mixture whose fit is drawn over the spectrum; None where a reference is."""
        if self.entry is None or not self._shows_mixture:
            return None
        result = self._mixture_jobs.result(self.entry, self.row)
        return result if result is not None and result.components else None

    # Export

    @property
    def has_figure(self) -> bool:
        """Whether something has been identified."""
        return bool(self._session.project.identifications)

    def figure(self) -> DrawFigure | None:
        """Draws the spectrum with the reference or mixture over it; None while there is none."""
        from ramanstudio.export.identification_figure import draw_identification

        picture = self.picture()
        return None if picture is None else partial(draw_identification, content=picture)

    def numbers(self) -> str:
        """What is drawn, as tab-separated text."""
        return self.view.numbers() if self.view is not None else ""

    def picture(self) -> IdentificationFigure | None:
        """What is drawn, with the result as title; None where nothing is."""
        if self.view is None or self.header is None:
            return None
        mixture = self._mixture
        if mixture is not None:
            return self.view.picture(mixture_title(mixture), "")
        return self.view.picture(self.header.title, self.header.details.text())


def _stacked(upper: QWidget, lower: QWidget) -> QWidget:
    """One widget directly above another, which has the room that is left."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(upper)
    column.addWidget(lower, 1)
    return holder
