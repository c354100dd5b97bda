"""The row that describes an action, and the state that decides whether it is enabled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionContext:
    """The state of the window that decides which actions are enabled."""

    entries: int = 0
    selected: int = 0
    readable: int = 0  # selected entries that hold spectra
    denoised: int = 0  # selected entries with a result
    lacking: int = 0  # selected entries whose result is not the one asked for now
    sets: int = 0  # selected entries that are, or belong to, a set with structure to share
    one_axis: bool = False  # whether the selected entries could be denoised as one set
    unread: int = 0  # selected entries that could not be read
    spectra: int = 0  # spectra in the only selected entry
    chosen_spectra: int = 0  # selected spectra of all entries
    has_baseline: bool = False  # whether the recipe of the selection subtracts a baseline
    tabs: frozenset[str] = frozenset()  # keys of the tabs that can be chosen
    working: bool = False
    undo_title: str = ""
    redo_title: str = ""
    engine: bool = False
    explored: bool = False  # whether the spectra have been projected
    grouped: bool = False  # whether there are groups
    groups: int = 0  # chosen groups
    identified: bool = False  # whether some of the spectra have been identified or classified
    has_figure: bool = False  # whether the page that is shown exports a figure of its own
    has_laser: bool = False  # whether one laser wavelength is known for the selected spectra
    uncertain: bool = False  # whether the group of a selected spectrum is uncertain


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the menus; `id` is the name of the method that carries it out."""

    id: str
    text: str
    menu: str
    shortcut: str = ""
    tooltip: str = ""
    icon: str = ""
    enabled: Callable[[ActionContext], bool] = lambda _context: True
    checkable: bool = False
    choice: str = ""  # one of several that exclude each other: the name of that group
    toolbar: str = ""  # text of its toolbar button
    synonyms: str = ""  # other words by which the command palette finds it
    separator: bool = False  # a separator above it in the menu
    submenu: str = ""  # the submenu of `menu` that holds it

    @property
    def tooltip_with_shortcut(self) -> str:
        """The tooltip as it is shown: "Open spectra from files (Ctrl+O)"."""
        words = self.tooltip or self.text.rstrip("…")
        return f"{words} ({self.shortcut})" if self.shortcut else words
