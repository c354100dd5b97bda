"""The Explore tab: every spectrum a point in a scatter plot, similar ones close together; spectra beneath."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ramanstudio.gui.common.change_tracker import ChangeTracker
from ramanstudio.gui.common.empty_page import EmptyPage
from ramanstudio.gui.common.theme import Theme, current_theme
from ramanstudio.gui.common.widgets import lay_out_with_strip
from ramanstudio.gui.document.comparison_set import MIN_SPECTRA
from ramanstudio.gui.document.dropping import let_drops_through
from ramanstudio.gui.document.exploring import Exploring
from ramanstudio.gui.document.selection import Selection
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.explore.waiting_page import WaitingPage
from ramanstudio.gui.viewer.project_page import ProjectPage
from ramanstudio.gui.viewer.tab_page import DrawFigure
from ramanstudio.project.project import Exploration, Project

if TYPE_CHECKING:
    from ramanstudio.export.scatter_figure import ScatterFigure
    from ramanstudio.gui.explore.colouring import Colouring
    from ramanstudio.gui.explore.explore_strip import ExploreSpectrumStrip
    from ramanstudio.gui.explore.member_spectra import MemberSpectra
    from ramanstudio.gui.explore.point_tooltip import TooltipContent
    from ramanstudio.gui.explore.scatter_toolbar import ScatterToolbar
    from ramanstudio.gui.explore.scatter_view import ScatterView

PCA: Final = "components"  # the key of the layout in an exploration
DRAG_DELAY_MS: Final = 60


class ExplorePage(ProjectPage):
    """Shows the exploration of the session. The plot is made when the page is first shown."""

    def __init__(self, session: Session, exploring: Exploring, actions: Mapping[str, QAction]) -> None:
        super().__init__(session)
        self._exploring = exploring
        self.view: ScatterView | None = None
        self.bar: ScatterToolbar | None = None
        self.strip: ExploreSpectrumStrip | None = None
        self._theme: Theme | None = None
        self._layout, self._tracker = PCA, ChangeTracker()
        self._spectra: MemberSpectra | None = None
        self._colouring: Colouring | None = None
        self._initial_selection: Selection | None = None  # the first file, selected as it was opened
        self.empty = EmptyPage([actions[name] for name in ("open_files", "open_folder", "try_demo")])
        self.waiting = WaitingPage(exploring)
        self._plot = QWidget(self)
        self._plot.setProperty("panel", "true")
        self._stack = QStackedWidget(self)
        for page in (self.empty, self.waiting, self._plot):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._colour_timer = QTimer(self, singleShot=True, interval=DRAG_DELAY_MS)
        self._colour_timer.timeout.connect(self._colour_points)
        exploring.changed.connect(lambda: self._refresh_soon())
        exploring.layout_moved.connect(self._move_layout)
        exploring.group_summaries_changed.connect(self._draw_curves)

    def make_view(self) -> None:
        """Make plot, toolbar and spectrum strip, unless they are there."""
        if self.view is not None:
            return
        from ramanstudio.gui.explore.explore_strip import ExploreSpectrumStrip
        from ramanstudio.gui.explore.scatter_toolbar import ScatterToolbar
        from ramanstudio.gui.explore.scatter_view import ScatterView

        self.view, self.bar, self.strip = ScatterView(), ScatterToolbar(self._plot), ExploreSpectrumStrip(self._plot)
        lay_out_with_strip(self._plot, self.bar, self.view, self.strip)
        let_drops_through(self._plot)
        self._connect(self.view, self.bar, self.strip)
        self.set_theme(self._theme or current_theme())

    def _connect(self, view: ScatterView, bar: ScatterToolbar, strip: ExploreSpectrumStrip) -> None:
        view.set_tooltip_source(self._tooltip)
        view.picked.connect(self._pick)
        view.hovered.connect(self._hover)
        view.toggled.connect(lambda _: self._draw_curves())
        bar.layout_chosen.connect(self.choose_layout)
        bar.recompute_requested.connect(self._exploring.compute_layout)
        bar.stop_requested.connect(self._exploring.stop)
        bar.colouring_chosen.connect(lambda _: self._choose_colouring())
        bar.bands_changed.connect(self._choose_colouring)
        bar.tool_chosen.connect(view.set_tool)
        bar.show_all_requested.connect(view.show_all)
        bar.comparison.chosen.connect(self._exploring.choose_comparison)
        strip.band_dragged.connect(self._drag_band)

    def set_theme(self, theme: Theme) -> None:
        """Apply the colours of a theme."""
        self._theme = theme
        for widget in (self.view, self.bar, self.strip):
            if widget is not None:
                widget.set_theme(theme)
        self._draw_curves()

    def set_current(self, on: bool) -> None:
        """Keep the exploration up to date while the page is shown."""
        self._exploring.set_active(on)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has changed meanwhile; the first time, remember what is selected."""
        if self.view is None:
            selection, entries = self._session.selection, self._session.project.entries
            first = next((entry.id for entry in entries if entry.source is not None), None)
            self._initial_selection = selection if selection.ids == (first,) and not selection.rows else None
        super().showEvent(event)

    # What is shown

    def refresh(self) -> None:
        """Show the present state, as far as it is not shown already."""
        project = self._session.project
        n_readable = sum(len(entry.source) for entry in project.entries if entry.source is not None)
        exploration = project.exploration
        if not project.entries:
            self._stack.setCurrentWidget(self.empty)
        elif exploration is None or n_readable < MIN_SPECTRA or not self._has_open_members(exploration):
            self.waiting.refresh(n_readable)
            self._stack.setCurrentWidget(self.waiting)
        else:
            self.make_view()
            self._stack.setCurrentWidget(self._plot)
            self._show(project, exploration)

    def _has_open_members(self, exploration: Exploration) -> bool:
        """Whether any explored spectrum is still open."""
        open_ids = [entry.id for entry in self._session.project.entries]
        return bool(np.isin(exploration.members.entry_ids, open_ids).any())

    def _show(self, project: Project, exploration: Exploration) -> None:
        from ramanstudio.gui.explore.colouring import colour_options
        from ramanstudio.gui.explore.member_spectra import MemberSpectra

        assert self.view is not None and self.bar is not None
        groups, members, tracker = self._session.groups, exploration.members, self._tracker
        if tracker.has_changed("spectra", members, project.entries, project.results) or self._spectra is None:
            self._spectra = MemberSpectra(project, members)
            self._colouring = None
        if tracker.has_changed("points", members, exploration.planes, self._layout):
            self._show_layout(exploration)
        if tracker.has_changed("closed", members, project.entries):
            self.view.set_hidden(~self._spectra.open)
        if tracker.has_changed("options", members, project.entries, groups is not None):
            self.bar.set_colour_options(colour_options(self._spectra, groups))
        if tracker.has_changed("colouring", self._spectra, groups):
            self._choose_colouring()
        self.view.set_selected(self._selected(exploration))
        self._draw_curves()
        self.bar.set_layout_running(self._exploring.computing_layout)
        self._show_summary(exploration)

    def _show_layout(self, exploration: Exploration) -> None:
        from ramanstudio.gui.explore.texts import pca_axis_names

        view, layout = self.view, exploration.planes.get(self._layout)
        assert view is not None
        if layout is None:  # other spectra, or another range, are compared than when it was computed
            self._exploring.compute_layout()
        moving = self._exploring.moving_layout if self._layout != PCA else None
        if moving is not None and len(moving) == len(exploration.members):
            layout = moving
        same_layout = not self._tracker.has_changed("layout", self._layout)
        scores = exploration.planes[PCA]
        view.show_points(scores if layout is None else layout, keep_view=same_layout)
        view.set_axis_names(*(pca_axis_names(exploration, scores) if self._layout == PCA else ("", "")))

    def _move_layout(self) -> None:
        """Show the t-SNE layout one step further."""
        layout, exploration = self._exploring.moving_layout, self._session.project.exploration
        if self.view is None or layout is None or exploration is None or self._layout == PCA:
            return
        if len(layout) == len(exploration.members) and self.isVisible():
            self.view.show_points(layout, keep_view=True)

    def choose_layout(self, layout: str) -> None:
        """Lay the spectra out by PCA ("components") or by t-SNE ("neighbours"), which is computed first."""
        assert self.bar is not None
        self._layout = layout
        self.bar.show_layout(layout)
        exploration = self._session.project.exploration
        if exploration is not None and layout != PCA and layout not in exploration.planes:
            self._exploring.compute_layout()
        self.refresh()

    def _show_summary(self, exploration: Exploration) -> None:
        from ramanstudio.gui.explore.texts import summary

        assert self.bar is not None and self._spectra is not None
        status, notes = self._exploring.status, self._exploring.notes
        self.bar.show_summary(
            summary(
                self._spectra.open,
                self._session.groups,
                int(self._selected(exploration).sum()),
                status if status != " ".join(notes) else "",
            )
        )
        self.bar.comparison.show_for(notes, self._exploring.options)

    # Colour

    def _choose_colouring(self) -> None:
        """Colour the points by the chosen option, and show its bands on the spectra."""
        if self.bar is not None and self.strip is not None:
            if not self.strip.has_bands:
                self.strip.suggest_bands(self._exploring.group_summaries, self.bar)
            self._colour_points()
            self.strip.show_bands(self.bar.bands)
            self._draw_curves()

    def _colour_points(self) -> None:
        from ramanstudio.gui.explore.colouring import CategoryColouring, colouring_for

        view, bar, spectra = self.view, self.bar, self._spectra
        if view is None or bar is None or spectra is None:
            return
        colouring = self._colouring = colouring_for(bar.coloured_by, spectra, self._session.groups, bar.bands)
        if colouring is None:
            view.set_plain()
        elif isinstance(colouring, CategoryColouring):
            view.set_categories(colouring.indices, colouring.names, colouring.colours, colouring.rest)
        else:
            view.set_values(colouring.values, colouring.label)

    def _drag_band(self, index: int, low: float, high: float) -> None:
        assert self.bar is not None
        bands = self.bar.bands
        if index < len(bands):
            bands[index] = (low, high)
            self.bar.set_bands(bands)
            if not self._colour_timer.isActive():
                self._colour_timer.start()

    # Selection and hover

    def _selected(self, exploration: Exploration) -> NDArray[np.bool_]:
        """Return which spectra are selected (N,); none where all are, or where the user has selected nothing yet."""
        selected = self._session.selected_mask(exploration.members)
        ignored = selected.all() or self._session.selection is self._initial_selection
        return np.zeros_like(selected) if ignored else selected

    def _pick(self, indices: NDArray[np.intp], mode: str) -> None:
        exploration = self._session.project.exploration
        if exploration is None:
            return
        mask = self._session.selected_mask(exploration.members) if mode == "remove" else self._selected(exploration)
        if mode == "replace":
            mask = np.zeros_like(mask)
        mask[indices] = mode != "remove"
        selected = exploration.members[np.flatnonzero(mask)]
        self._session.select_spectra(selected.entry_ids, selected.rows)

    def _hover(self, index: int) -> None:
        if self.strip is not None and self._spectra is not None:
            self.strip.show_hover(self._spectra, index)

    def _tooltip(self, index: int) -> TooltipContent | None:
        from ramanstudio.gui.explore.texts import tooltip_of

        return (
            None if self._spectra is None else tooltip_of(self._spectra, self._session.groups, self._colouring, index)
        )

    def _draw_curves(self) -> None:
        exploration = self._session.project.exploration
        if self.strip is None or self.view is None or self._spectra is None or exploration is None:
            return
        if not self.isVisible() or len(self._spectra) != len(exploration.members):
            return
        by_group = self.bar is not None and self.bar.coloured_by == "group"
        self.strip.show_for(
            self._spectra,
            self._selected(exploration),
            self._session.groups,
            self._exploring.group_summaries,
            self.view.hidden_rows if by_group else frozenset(),
        )

    # Export

    @property
    def has_figure(self) -> bool:
        """Whether the spectra have been explored."""
        return self._session.project.exploration is not None

    def figure(self) -> DrawFigure | None:
        """Return what draws the scatter plot and the spectra beneath it; None while there is none."""
        from ramanstudio.export.scatter_figure import draw_scatter

        picture = self.picture()
        return None if picture is None else partial(draw_scatter, content=picture)

    def picture(self) -> ScatterFigure | None:
        """Return the figure of what is shown; None while there is no plot."""
        from ramanstudio.gui.explore.figure_export import scatter_figure

        if self.view is None or self.strip is None or self.bar is None or self._stack.currentWidget() != self._plot:
            return None
        return scatter_figure(self.view, self.strip, self.bar.summary.text().rpartition("   ")[2])

    def numbers(self) -> str:
        """Return name, coordinates and group of the selected spectra, or of all, as tab-separated text."""
        from ramanstudio.gui.explore.texts import as_text

        exploration, spectra = self._session.project.exploration, self._spectra
        layout = exploration.planes.get(self._layout) if exploration is not None else None
        if exploration is None or spectra is None or layout is None or len(spectra) != len(exploration.members):
            return ""
        return as_text(spectra, layout, self._session.groups, self._selected(exploration))
