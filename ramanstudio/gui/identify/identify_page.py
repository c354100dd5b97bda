"""Identify: what a spectrum is, how surely, or "unknown"; the reference lies over it, and ↑↓ walk through the hits."""

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
from ramanstudio.gui.identify.mixture_jobs import Unmixing
from ramanstudio.gui.identify.model_choice import PredictionRows
from ramanstudio.gui.viewer.tab_page import DrawFigure, TabPage
from ramanstudio.project.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.export.identification_figure import IdentificationFigure
    from ramanstudio.gui.identify.match_list import HitList
    from ramanstudio.gui.identify.mixture_analysis import Mixed
    from ramanstudio.gui.identify.overlay_view import OverlayView
    from ramanstudio.gui.identify.result_header import Verdict
    from ramanstudio.search.matches import Identification

Actions = Mapping[str, QAction]
AFTER_RESULTS_MS: Final = 150


class IdentifyPage(TabPage):
    """Shows what one of the selected spectra is. Made when first looked at; `looked_at()` once it is another one."""

    looked_at = Signal()
    reference_asked = Signal(object, int)  # a Library, and which of its references one wants to see
    made = Signal()  # once viewer, verdict and hit list are there

    def __init__(
        self, session: Session, identifying: Identifying, unmixing: Unmixing, models: FineTunedModels, actions: Actions
    ) -> None:
        super().__init__()
        self._session, self._identifying, self._unmixing = session, identifying, unmixing
        self._models = models
        self.view: OverlayView | None = None
        self.hits: HitList | None = None
        self.verdict: Verdict | None = None
        self.entry: Entry | None = None
        self.row = 0
        self._place = 0
        self._shows_mixture = False
        self._theme: Theme | None = None
        self._made = ChangeTracker()
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self.problem = ProblemPage(actions["set_laser"])
        self._answer = QWidget(self)
        self._answer.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        for page in (self.empty, self.problem, self._answer):
            self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.predictions = PredictionRows(self, models)
        self.looked_at.connect(lambda: self.predictions.show_spectrum(self.entry, self.row))
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self.refresh)
        session.changed.connect(self._follow)
        session.selection_changed.connect(self._begin_again)
        identifying.changed.connect(lambda: self._refresh_soon(AFTER_RESULTS_MS))
        unmixing.changed.connect(self._follow_mixture)

    def make_view(self) -> None:
        """Make the viewer, the verdict and the hit list, if they are not there yet."""
        if self.view is not None:
            return
        from ramanstudio.gui.identify.match_list import HitList
        from ramanstudio.gui.identify.overlay_view import OverlayView
        from ramanstudio.gui.identify.result_header import Verdict

        self.view, self.verdict = OverlayView(self._answer), Verdict(self._answer)
        self.hits = HitList(self._answer)
        parts = QSplitter(Qt.Orientation.Vertical, self._answer)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.view)
        parts.addWidget(_stacked(self.predictions, self.hits))
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        parts.setSizes([500, 220])
        column = QVBoxLayout(self._answer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.verdict)
        column.addWidget(parts, 1)
        let_drops_through(self._answer)
        self.hits.walked.connect(lambda _: self._look_at_hit())
        self.hits.activated.connect(lambda _: self._ask_for_reference())
        self.verdict.stepped.connect(self.step)
        self.view.region_changed.connect(self._identifying.compare_within)
        self.set_theme(self._theme or current_theme())
        self.made.emit()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        for part in (self.view, self.hits, self.verdict):
            if part is not None:
                part.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has become of it meanwhile."""
        super().showEvent(event)
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._refresh_soon(0)
        elif now.identifications is not before.identifications or now.results is not before.results:
            self._refresh_soon(AFTER_RESULTS_MS if self._is_answered() else 0)

    def _begin_again(self) -> None:
        self._place, self._shows_mixture = 0, False
        self._refresh_soon(0)

    def _refresh_soon(self, after_ms: int) -> None:
        if self.isVisible() and (not self._soon.isActive() or self._soon.interval() > after_ms):
            self._soon.start(after_ms)

    def _is_answered(self) -> bool:
        return self.entry is not None and self._identifying.is_current(self.entry) and bool(self.found)

    # What is shown

    @property
    def found(self) -> Identification | None:
        """What the spectrum that is looked at is, as far as that is known."""
        return None if self.entry is None else self._identifying.identification(self.entry, self.row)

    @property
    def shows_mixture(self) -> bool:
        """Whether the fit of a mixture lies over the spectrum, in the place of a reference."""
        return self._shows_mixture

    def refresh(self) -> None:
        """Show what is known now, as far as it is not shown already."""
        readable = [entry for entry in self._session.selected if entry.source is not None]
        if not self._session.project.entries:
            self._stack.setCurrentWidget(self.empty)
        elif self._session.selected and not readable:
            bad = self._session.selected[0]
            self.problem.show_problem(bad.name, bad.problem, bad.remedy, "laser" in bad.problem.casefold())
            self._stack.setCurrentWidget(self.problem)
        else:
            self.make_view()
            self._stack.setCurrentWidget(self._answer)
            self._show(readable)
            return
        self.entry = None
        self.looked_at.emit()

    def step(self, by: int) -> None:
        """Look at the next of the selected spectra, or the one before."""
        self._place, self._shows_mixture = max(0, self._place + by), False
        self.refresh()

    def _show(self, entries: list[Entry]) -> None:
        assert self.view is not None and self.hits is not None and self.verdict is not None
        sizes = [len(self._session.rows_of(entry)) for entry in entries]
        self._place = min(self._place, max(0, sum(sizes) - 1))
        before = (self.entry, self.row)
        self.entry, self.row = self._at_place(entries, sizes)
        self.verdict.show_place(self._place, sum(sizes))
        if self.entry is None:
            self.view.show_query(None)
            self.hits.show_hits(None, lambda _: None)
            self.verdict.show_hit(None, None, False)
            self.verdict.say("Select a spectrum in the list to see what it is.")
            self._made.forget("query")
            self.looked_at.emit()
            return
        from ramanstudio.gui.identify.overlay_display import query_of

        result = self._session.project.result(self.entry)
        denoised = result.denoised if result is not None else None
        if self._made.has_changed("query", self.entry.source, self.row, denoised):
            self.view.show_query(query_of(self.entry, self.row, result))
            self._made.forget("hits")
        if (self.entry, self.row) != before:
            self._identifying.set_current(self.entry.id, self.row)
            self.looked_at.emit()
        self.view.show_region(self._identifying.within)
        self._show_found()

    def _at_place(self, entries: list[Entry], sizes: list[int]) -> tuple[Entry | None, int]:
        left = self._place
        for entry, size in zip(entries, sizes, strict=True):
            if left < size:
                return entry, int(self._session.rows_of(entry)[left])
            left -= size
        return None, 0

    def _show_found(self) -> None:
        assert self.view is not None and self.hits is not None
        entry, found = self.entry, self.found
        assert entry is not None
        self._say_found()
        if self._made.has_changed("hits", found, self._identifying.libraries.all):
            shows_mixture = self._shows_mixture
            self.hits.show_hits(found, lambda match: self._identifying.library_of(entry, match))
            self._shows_mixture = shows_mixture
            self._lay_over()

    def _say_found(self) -> None:
        verdict, found, mixed = self.verdict, self.found, self._mixture
        assert verdict is not None
        if found is None:
            verdict.say(self._identifying.status or "Searching…")
        elif mixed is not None:
            verdict.show_mixture(mixed, None if found.unknown else next(iter(found.matches), None))
        else:
            aside = "" if self._is_answered() else self._identifying.status or "Searching again…"
            verdict.show_found(found, aside)

    def _look_at_hit(self) -> None:
        self._shows_mixture = False
        self._lay_over()

    def _lay_over(self) -> None:
        """Lay the hit that is looked at over the spectrum, or the fit of the mixture."""
        from ramanstudio.gui.identify.overlay_display import mixture_over, reference_over

        view, hits, verdict, entry = self.view, self.hits, self.verdict, self.entry
        if view is None or hits is None or verdict is None or entry is None or view.query is None:
            return
        self._say_found()
        mixed = self._mixture
        if mixed is not None:
            view.show_over(mixture_over(view.query, mixed).over)
            return
        match, found = hits.chosen, self.found
        library = self._identifying.library_of(entry, match) if match is not None else None
        verdict.show_hit(match, library, bool(found and found.unknown))
        laid = reference_over(view.query, match, library, self._identifying.within)
        view.show_over(laid.over, laid.marks)
        if laid.problem:
            verdict.facts.setText(laid.problem)
        elif (
            found is None or not found.explanation or match is not next(iter(found.matches), None)
        ):  # else it is said already
            verdict.say_share(laid.share)

    def _ask_for_reference(self) -> None:
        match = self.hits.chosen if self.hits is not None else None
        if match is not None and self.entry is not None:
            library = self._identifying.library_of(self.entry, match)
            if library is not None:
                self.reference_asked.emit(library, match.reference)

    # Mixtures

    def show_mixture(self, on: bool) -> None:
        """Lay the fit of the mixture over the spectrum, or the reference again."""
        self._shows_mixture = on
        self._lay_over()

    def _follow_mixture(self) -> None:
        entry = self.entry
        if entry is not None and not self._unmixing.busy and self.isVisible():
            mixed = self._unmixing.answer(entry, self.row)
            self._shows_mixture = mixed is not None and bool(mixed.parts)
            self._lay_over()
            self.looked_at.emit()

    @property
    def _mixture(self) -> Mixed | None:
        """The mixture that lies over the spectrum in the place of a reference; None where none does."""
        mixed = self._unmixing.answer(self.entry, self.row) if self.entry is not None and self._shows_mixture else None
        return mixed if mixed is not None and mixed.parts else None

    def set_current(self, on: bool) -> None:
        """Keep identifications and classifications up to date while the page is shown."""
        self._identifying.set_active(on)
        self._models.set_active(on)

    # What is taken away

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
        """What is drawn, as tab separated text."""
        return self.view.numbers() if self.view is not None else ""

    def picture(self) -> IdentificationFigure | None:
        """What is drawn, with what is said of it, to be drawn again; None where nothing is."""
        if self.view is None or self.verdict is None:
            return None
        mixed = self._mixture
        title = mixed.title if mixed is not None else self.verdict.title
        return self.view.picture(title, self.verdict.facts.text() if mixed is None else "")


def _stacked(upper: QWidget, lower: QWidget) -> QWidget:
    """One widget directly above another, which has the room that is left."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(upper)
    column.addWidget(lower, 1)
    return holder
