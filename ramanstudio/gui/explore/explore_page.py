"""Explore: every spectrum a point in a plane where like lies by like, and beneath it what the groups look like."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.common.widgets import lay_out_with_strip
from ramanstudio.gui.document.comparable import MIN_SPECTRA
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.selection import Selection
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.explore.waiting_page import WaitingPage
from ramanstudio.gui.viewer.tab_page import DrawFigure, TabPage
from ramanstudio.project.project import Exploration, Project

if TYPE_CHECKING:
    from ramanstudio.export.scatter_figure import ScatterFigure
    from ramanstudio.gui.explore.explore_strip import ExploreSpectrumStrip
    from ramanstudio.gui.explore.member_spectra import MemberSpectra
    from ramanstudio.gui.explore.point_tooltip import TooltipContent
    from ramanstudio.gui.explore.scatter_toolbar import ScatterToolbar
    from ramanstudio.gui.explore.scatter_view import ScatterView

COMPONENTS: Final = "components"
AFTER_RESULTS_MS: Final = 300
WHILE_DRAGGED_MS: Final = 60


class ExplorePage(TabPage):
    """Shows how the spectra lie to each other. The plane is made when the page is first looked at."""

    def __init__(self, session: Session, exploring: Exploring, actions: Mapping[str, QAction]) -> None:
        super().__init__()
        self._session, self._exploring = session, exploring
        self.view: ScatterView | None = None
        self.bar: ScatterToolbar | None = None
        self.strip: ExploreSpectrumStrip | None = None
        self._theme: Theme | None = None
        self._layout, self._made = COMPONENTS, ChangeTracker()
        self._spectra: MemberSpectra | None = None
        self._tinted: Any = None
        self._unasked: Selection | None = None  # what was selected by itself as the files were opened
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self.waiting = WaitingPage(exploring)
        self._plane = QWidget(self)
        self._plane.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        for page in (self.empty, self.waiting, self._plane):
            self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self._soon = QTimer(self, singleShot=True)  # many changes in one turn of the event loop are one redraw
        self._soon.timeout.connect(self.refresh)
        self._colour_soon = QTimer(self, singleShot=True, interval=WHILE_DRAGGED_MS)
        self._colour_soon.timeout.connect(self._colour)
        session.changed.connect(self._follow)
        session.selection_changed.connect(lambda: self._refresh_soon())
        exploring.changed.connect(lambda: self._refresh_soon())
        exploring.layout_moved.connect(self._step)
        exploring.group_summaries_changed.connect(self._draw_curves)

    def make_view(self) -> None:
        """Make the plane and what goes with it, if it is not there yet."""
        if self.view is not None:
            return
        from ramanstudio.gui.explore.explore_strip import ExploreSpectrumStrip
        from ramanstudio.gui.explore.scatter_toolbar import ScatterToolbar
        from ramanstudio.gui.explore.scatter_view import ScatterView

        self.view, self.bar, self.strip = ScatterView(), ScatterToolbar(self._plane), ExploreSpectrumStrip(self._plane)
        lay_out_with_strip(self._plane, self.bar, self.view, self.strip)
        let_drops_through(self._plane)
        self._connect(self.view, self.bar, self.strip)
        self.set_theme(self._theme or current_theme())

    def _connect(self, view: ScatterView, bar: ScatterToolbar, strip: ExploreSpectrumStrip) -> None:
        view.set_tooltip_source(self._speak)
        view.picked.connect(self._pick)
        view.hovered.connect(self._hover)
        view.toggled.connect(lambda _: self._draw_curves())
        bar.layout_chosen.connect(self.choose_layout)
        bar.settle_asked.connect(lambda on: self._exploring.compute_layout() if on else self._exploring.stop())
        bar.tint_chosen.connect(lambda _: self._tint())
        bar.bands_changed.connect(self._tint)
        bar.tool_chosen.connect(view.set_tool)
        bar.all_asked.connect(view.show_all)
        bar.axes.chosen.connect(self._exploring.choose_comparison)
        strip.band_dragged.connect(self._drag_band)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        for part in (self.view, self.bar, self.strip):
            if part is not None:
                part.set_theme(theme)
        self._draw_curves()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has become of it meanwhile."""
        super().showEvent(event)
        if self.view is None:
            selection, entries = self._session.selection, self._session.project.entries
            first = next((entry.id for entry in entries if entry.source is not None), None)
            self._unasked = selection if selection.ids == (first,) and not selection.rows else None
        self.refresh()

    def _follow(self, before: Project, now: Project) -> None:
        only_results = (
            now.entries is before.entries and now.groups is before.groups and now.exploration is before.exploration
        )
        self._refresh_soon(AFTER_RESULTS_MS if only_results else 0)

    def _refresh_soon(self, after_ms: int = 0) -> None:
        if self.isVisible() and (not self._soon.isActive() or self._soon.interval() > after_ms):
            self._soon.start(after_ms)

    # What is shown

    def refresh(self) -> None:
        """Show what is known now, as far as it is not shown already."""
        project = self._session.project
        readable = sum(len(entry.source) for entry in project.entries if entry.source is not None)
        if not project.entries:
            self._stack.setCurrentWidget(self.empty)
        elif project.exploration is None or readable < MIN_SPECTRA:
            self.waiting.refresh(readable)
            self._stack.setCurrentWidget(self.waiting)
        else:
            self.make_view()
            self._stack.setCurrentWidget(self._plane)
            self._show(project, project.exploration)

    def _show(self, project: Project, explored: Exploration) -> None:
        from ramanstudio.gui.explore.colouring import tints
        from ramanstudio.gui.explore.member_spectra import MemberSpectra

        assert self.view is not None and self.bar is not None
        groups = self._session.groups
        if (
            self._made.has_changed("spectra", explored.members, project.entries, project.results)
            or self._spectra is None
        ):
            self._spectra = MemberSpectra(project, explored.members)
            self._tinted = None
        if self._made.has_changed("points", explored.members, explored.planes, self._layout):
            self._show_plane(explored)
        if self._made.has_changed("gone", explored.members, project.entries):
            self.view.set_hidden(~self._spectra.there)
        if self._made.has_changed("tints", explored.members, project.entries, groups is not None):
            self.bar.offer_tints(tints(self._spectra, groups))
        if self._made.has_changed("tint", self._spectra, groups):
            self._tint()
        self.view.set_selected(self._selected(explored))
        self._draw_curves()
        self.bar.set_moving(self._exploring.computing_layout)
        self._say()

    def _show_plane(self, explored: Exploration) -> None:
        from ramanstudio.gui.explore.texts import component_names

        view, plane = self.view, explored.planes.get(self._layout)
        assert view is not None
        if plane is None:  # another range is compared than when the spectra had settled
            self._exploring.compute_layout()
        moving = self._exploring.moving_layout if self._layout != COMPONENTS else None
        if moving is not None and len(moving) == len(explored.members):
            plane = moving
        same_layout = not self._made.has_changed("layout", self._layout)
        view.show_points(explored.planes[COMPONENTS] if plane is None else plane, keep_view=same_layout)
        names = component_names(explored, explored.planes[COMPONENTS])
        view.set_axis_names(*(names if self._layout == COMPONENTS else ("", "")))

    def _step(self) -> None:
        """The plane of neighbours has settled a bit more."""
        plane, explored = self._exploring.moving_layout, self._session.project.exploration
        if self.view is None or plane is None or explored is None or self._layout == COMPONENTS:
            return
        if len(plane) == len(explored.members) and self.isVisible():
            self.view.show_points(plane, keep_view=True)

    def choose_layout(self, layout: str) -> None:
        """Lay the spectra out by their "components" or by their "neighbours"; the latter settles first."""
        assert self.bar is not None
        self._layout = layout
        self.bar.show_layout(layout)
        explored = self._session.project.exploration
        if explored is not None and layout != COMPONENTS and layout not in explored.planes:
            self._exploring.compute_layout()
        self.refresh()

    def _say(self) -> None:
        from ramanstudio.gui.explore.texts import summary

        explored, bar = self._session.project.exploration, self.bar
        assert explored is not None and bar is not None
        many = int(self._selected(explored).sum())
        sentence, asides = self._exploring.status, self._exploring.notes
        bar.say(summary(explored, self._session.groups, many, sentence if sentence != " ".join(asides) else ""))
        bar.axes.show_for(asides, self._exploring.comparison.offers if asides else ())

    # Colour

    def _tint(self) -> None:
        """Colour the points by what was chosen, and show its bands on the spectra."""
        if self.bar is not None and self.strip is not None:
            if not self.strip.has_bands:
                self.strip.suggest_bands(self._exploring.group_summaries, self.bar)
            self._colour()
            self.strip.show_bands(self.bar.bands)
            self._draw_curves()

    def _colour(self) -> None:
        from ramanstudio.gui.explore.colouring import Categories, tinted

        view, bar, spectra = self.view, self.bar, self._spectra
        if view is None or bar is None or spectra is None:
            return
        self._tinted = tinted(bar.tinted_by, spectra, self._session.groups, bar.bands)
        if self._tinted is None:
            view.set_plain()
        elif isinstance(self._tinted, Categories):
            view.set_categories(self._tinted.indices, self._tinted.names, self._tinted.colours, self._tinted.rest)
        else:
            view.set_values(self._tinted.values, self._tinted.label)

    def _drag_band(self, index: int, low: float, high: float) -> None:
        assert self.bar is not None
        bands = self.bar.bands
        if index < len(bands):
            bands[index] = (low, high)
            self.bar.set_bands(bands)
            if not self._colour_soon.isActive():
                self._colour_soon.start()

    # What is selected, and what lies under the mouse

    def _selected(self, explored: Exploration) -> NDArray[np.bool_]:
        """Which spectra are selected (N,); all of them, or what nobody chose, is none in particular."""
        selected = self._session.selected_mask(explored.members)
        none = selected.all() or self._session.selection is self._unasked
        return np.zeros_like(selected) if none else selected

    def _pick(self, indices: NDArray[np.intp], mode: str) -> None:
        explored = self._session.project.exploration
        if explored is None:
            return
        mask = self._session.selected_mask(explored.members) if mode == "remove" else self._selected(explored)
        if mode == "replace":
            mask = np.zeros_like(mask)
        mask[indices] = mode != "remove"
        chosen = explored.members[np.flatnonzero(mask)]
        self._session.select_spectra(chosen.entry_ids, chosen.rows)

    def _hover(self, index: int) -> None:
        if self.strip is not None and self._spectra is not None:
            self.strip.show_hover(self._spectra, index)

    def _speak(self, index: int) -> TooltipContent | None:
        from ramanstudio.gui.explore.texts import spoken_of

        return None if self._spectra is None else spoken_of(self._spectra, self._session.groups, self._tinted, index)

    def _draw_curves(self) -> None:
        explored = self._session.project.exploration
        if self.strip is None or self.view is None or self._spectra is None or explored is None:
            return
        if not self.isVisible() or len(self._spectra) != len(explored.members):
            return
        hidden = self.view.hidden_rows if self.bar is not None and self.bar.tinted_by == "group" else frozenset()
        self.strip.show_for(
            self._spectra, self._selected(explored), self._session.groups, self._exploring.group_summaries, hidden
        )

    def set_current(self, on: bool) -> None:
        """Keep the projection up to date while the page is shown."""
        self._exploring.set_active(on)

    # What can be taken away

    @property
    def has_figure(self) -> bool:
        """Whether the spectra have been projected."""
        return self._session.project.exploration is not None

    def figure(self) -> DrawFigure | None:
        """Draws the scatter plot and the spectra beneath it; None while there is none."""
        from ramanstudio.export.scatter_figure import draw_scatter

        picture = self.picture()
        return None if picture is None else partial(draw_scatter, content=picture)

    def picture(self) -> ScatterFigure | None:
        """What is drawn, to be drawn again; None where nothing is."""
        from ramanstudio.gui.explore.figure_export import picture_of

        if self.view is None or self.strip is None or self.bar is None or self._stack.currentWidget() != self._plane:
            return None
        return picture_of(self.view, self.strip, self.bar.said.text().rpartition("   ")[2])

    def numbers(self) -> str:
        """Name, place and group of what is selected, or of all, as tab separated text."""
        from ramanstudio.gui.explore.texts import as_text

        explored, spectra = self._session.project.exploration, self._spectra
        plane = explored.planes.get(self._layout) if explored is not None else None
        if explored is None or spectra is None or plane is None or len(spectra) != len(explored.members):
            return ""
        return as_text(spectra, plane, self._session.groups, self._selected(explored))
