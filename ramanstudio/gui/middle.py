"""Which pages the middle of the window has, and which panel stands beside each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from ramanstudio.gui.pages import Pages, Side
from ramanstudio.gui.theme import Theme
from ramanstudio.project import Entry, Project

if TYPE_CHECKING:
    from ramanstudio.gui.main_window import MainWindow
    from ramanstudio.gui.studio import Studio

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
        self.side.add("spectrum", window.facts, window.facts.heading)
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
        self._window.page.set_theme(theme)
        self._window.facts.set_theme(theme)

    def _follow(self, before: Project, now: Project) -> None:
        if now.entries is not before.entries:
            self._offer()

    def _offer(self) -> None:
        entries = self._session.project.entries
        self.pages.tabs.setVisible(bool(entries))

    def _follow_page(self, key: str) -> None:
        self.side.show_for(key)
        self._window.acts[f"tab_{key}"].setChecked(True)
        self._studio.exploring.want(key in EXPLORED)
