"""What the actions of the View menu do, except those of single tabs: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable

from ramanstudio.core.settings import Settings
from ramanstudio.gui.shell.tab_view import TabView
from ramanstudio.gui.spectra_list.entry_list import EntryList

ShowPanel = Callable[[str, bool], None]  # ("list" or "side", on)


class ViewCommands:
    """Zooms and moves the plot of the tab that is shown, shows panels, and chooses the theme."""

    def __init__(self, settings: Settings, tabs: TabView, entries: EntryList, show_panel: ShowPanel) -> None:
        self._settings, self._tabs, self._entries, self._show_panel = settings, tabs, entries, show_panel

    def show_all(self) -> None:
        """Show the whole range of the plot."""
        view = self._tabs.current_page.view
        if view is not None:
            view.show_all()

    def zoom_back(self) -> None:
        """Return to the previous zoom."""
        view = self._tabs.current_page.view
        if view is not None:
            view.zoom_back()

    def zoom_in(self) -> None:
        """Show half the range."""
        self._zoom_by(0.5)

    def zoom_out(self) -> None:
        """Show twice the range."""
        self._zoom_by(2.0)

    def move_left(self) -> None:
        """Pan by a quarter of the range to lower Raman shifts."""
        self._move_by(-0.25)

    def move_right(self) -> None:
        """Pan by a quarter of the range to higher Raman shifts."""
        self._move_by(0.25)

    def find(self) -> None:
        """Focus the filter of the list."""
        self._show_panel("list", True)
        self._entries.find_words()

    def panel_list(self, on: bool) -> None:
        """Show or hide the list of spectra."""
        self._show_panel("list", on)

    def panel_side(self, on: bool) -> None:
        """Show or hide the panel on the right."""
        self._show_panel("side", on)

    def theme_system(self, on: bool) -> None:
        """Use the theme of the system."""
        self._choose_theme("system", on)

    def theme_light(self, on: bool) -> None:
        """Use the light theme."""
        self._choose_theme("light", on)

    def theme_dark(self, on: bool) -> None:
        """Use the dark theme."""
        self._choose_theme("dark", on)

    def _zoom_by(self, factor: float) -> None:
        view = self._tabs.current_page.view
        if view is not None:
            view.zoom_by(factor)

    def _move_by(self, share: float) -> None:
        view = self._tabs.current_page.view
        if view is not None:
            view.move_by(share)

    def _choose_theme(self, choice: str, on: bool) -> None:
        if on:
            self._settings["theme"] = choice
