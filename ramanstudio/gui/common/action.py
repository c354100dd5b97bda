"""What a row of the actions says, and what counts for whether it makes sense now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """What counts for whether an action makes sense now."""

    entries: int = 0
    selected: int = 0
    readable: int = 0  # selected entries that hold spectra
    denoised: int = 0  # selected entries with a result
    lacking: int = 0  # selected entries whose result is not the one asked for now
    sets: int = 0  # selected entries that are, or belong to, a set with structure to share
    one_axis: bool = False  # whether the selected entries could be denoised as one set
    unread: int = 0  # selected entries that could not be read
    spectra: int = 0  # spectra in the only selected entry
    maps: int = 0  # entries with a place or a time for each spectrum
    working: bool = False
    undo_title: str = ""
    redo_title: str = ""
    recent: int = 0
    engine: bool = False
    explored: bool = False  # whether it is known how the spectra lie to each other
    grouped: bool = False  # whether there are groups
    groups: int = 0  # chosen groups
    identified: bool = False  # whether it is known what some of the spectra are
    pictured: bool = False  # whether the page that is looked at shows a picture of its own
    uncertain: bool = False  # whether the group of a selected spectrum is in doubt


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do; `id` is the name of the method of Commands that does it."""

    id: str
    text: str
    menu: str
    shortcut: str = ""
    tooltip: str = ""
    icon: str = ""
    enabled: Callable[[Moment], bool] = lambda moment: True
    checkable: bool = False
    choice: str = ""  # one of several: the name of the group
    toolbar: str = ""  # the word on the toolbar's button
    parts: bool = False  # a line above it in the menu


def with_shortcut(action: Action) -> str:
    """The tooltip of an action with its shortcut: "Open spectra from files (Ctrl+O)"."""
    words = action.tooltip or action.text.rstrip("…")
    return f"{words} ({action.shortcut})" if action.shortcut else words
