"""Which pages the middle of the window has, and which panel stands beside each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.theme import Theme
from ramanstudio.gui.explore.explore_page import ExplorePage
from ramanstudio.gui.identify.identify_page import IdentifyPage
from ramanstudio.gui.map.map_page import MapPage
from ramanstudio.gui.shell.pages import Pages, Side
from ramanstudio.gui.spectrum.spectrum_page import SpectrumPage
from ramanstudio.project.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.gui.explore.scatter_view import PlaneView
    from ramanstudio.gui.identify.identify_panel import IdentifyPanel
    from ramanstudio.gui.identify.overlay_view import OverlayView
    from ramanstudio.gui.map.map_panel import MapPanel
    from ramanstudio.gui.map.map_view import MapView
    from ramanstudio.gui.shell.main_window import MainWindow
    from ramanstudio.gui.shell.studio import Studio
    from ramanstudio.gui.viewer.spectrum_view import SpectrumView

    Part = ExplorePage | MapPage | MapPanel | IdentifyPage | IdentifyPanel

Drawing = Callable[..., Path]  # of where to, and whether in dark colours

EXPLORED: Final = ("explore", "map")  # pages that show how the spectra lie to each other


def has_map(entry: Entry) -> bool:
    """Whether the spectra of an entry have a place, or follow each other in depth or time."""
    source = entry.source
    return source is not None and len(source) > 1 and (source.is_map or bool({"z", "time"} & set(source.table)))


class Middle:
    """The pages in the order of the questions they answer; those behind the first are made when looked at."""

    def __init__(self, studio: Studio, window: MainWindow) -> None:
        self._studio, self._window = studio, window
        self._session = studio.session
        self.pages, self.side = Pages(), Side()
        self.pages.chosen.connect(self._follow_page)
        self.pages.add("spectrum", "Spectrum", "How good the spectra are (Ctrl+1)", lambda: window.page)
        self.pages.add("explore", "Explore", "Which spectra are alike (Ctrl+2)", self._make_explore)
        self.pages.add("map", "Map", "Where in a map, or when in a series, it is (Ctrl+3)", self._make_map)
        self.pages.add("identify", "Identify", "What it is (Ctrl+4)", self._make_identify)
        self.side.add("spectrum", window.facts, window.facts.heading)
        self.side.add("explore", window.groups, window.groups.heading)
        self.map_panel: MapPanel | None = None
        self._made: list[Part] = []  # since somebody looked at them
        self._theme: Theme | None = None
        self._session.changed.connect(self._follow)
        self._offer()

    @property
    def shown(self) -> QWidget:
        """The page that is looked at."""
        page = self.pages.page(self.pages.current)
        assert page is not None
        return page

    def set_theme(self, theme: Theme) -> None:
        """Show what has been made so far in these colours."""
        self._theme = theme
        for part in (self._window.page, self._window.facts, self._window.groups):
            part.set_theme(theme)
        for made in self._made:
            made.set_theme(theme)

    @property
    def view(self) -> SpectrumView | PlaneView | MapView | OverlayView | None:
        """What can be zoomed and taken away of the page that is looked at; None while it is not made."""
        shown = self.shown
        return shown.view if isinstance(shown, (SpectrumPage, ExplorePage, MapPage, IdentifyPage)) else None

    @property
    def numbers(self) -> str:
        """What is drawn on the page that is looked at, as text."""
        shown = self.shown
        if isinstance(shown, (ExplorePage, IdentifyPage)):
            return shown.numbers()
        return shown.view.numbers() if isinstance(shown, SpectrumPage) and shown.view is not None else ""

    @property
    def drawing(self) -> Drawing | None:
        """What draws anew what the page that is looked at shows; None where that is what is selected, or nothing."""
        shown = self.shown
        if isinstance(shown, IdentifyPage) and (overlay := shown.picture()) is not None:
            from ramanstudio.export.identification_figure import draw_identification

            return partial(draw_identification, picture=overlay)
        if isinstance(shown, ExplorePage) and (plane := shown.picture()) is not None:
            from ramanstudio.export.scatter_figure import draw_scatter

            return partial(draw_scatter, picture=plane)
        if isinstance(shown, MapPage) and (map_ := shown.picture) is not None:
            from ramanstudio.export import map_files

            return partial(map_files.save, picture=map_)
        return None

    @property
    def shows_picture(self) -> bool:
        """Whether the page that is looked at shows a picture of its own."""
        explored = self._session.project.exploration is not None
        identified = bool(self._session.project.identifications)
        return {"explore": explored, "map": True, "identify": identified}.get(self.pages.current, False)

    def _make_explore(self) -> ExplorePage:
        page = ExplorePage(self._session, self._studio.exploring, self._window.acts)
        self._dress(page)
        return page

    def _make_map(self) -> MapPage:
        from ramanstudio.gui.map.map_panel import MapPanel

        studio, acts = self._studio, self._window.acts
        page = MapPage(self._session, studio.exploring, studio.workers, studio.messages, acts)
        self.map_panel = MapPanel(page, acts)
        self.side.add("map", self.map_panel, self.map_panel.heading)
        self._dress(page, self.map_panel)
        return page

    def _make_identify(self) -> IdentifyPage:
        from ramanstudio.gui.identify.identify_panel import IdentifyPanel

        studio, acts = self._studio, self._window.acts
        page = IdentifyPage(self._session, studio.identifying, studio.unmixing, studio.taught_models, acts)
        panel = IdentifyPanel(page, studio, acts)
        self.side.add("identify", panel, panel.heading)
        page.reference_asked.connect(self._window.commands.show_reference)
        self._dress(page, panel)
        return page

    def _dress(self, *made: Part) -> None:
        self._made += made
        for part in made:
            if self._theme is not None:
                part.set_theme(self._theme)

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._offer()

    def _offer(self) -> None:
        entries = self._session.project.entries
        self.pages.tabs.setVisible(bool(entries))
        self.pages.offer("map", any(has_map(entry) for entry in entries))

    def _follow_page(self, key: str) -> None:
        self.side.show_for(key)
        self._window.acts[f"tab_{key}"].setChecked(True)
        self._studio.exploring.want(key in EXPLORED)
        self._studio.identifying.want(key == "identify")
        self._studio.taught_models.want(key == "identify")
