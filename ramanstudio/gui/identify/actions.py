"""The actions about identifying and libraries, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, Moment


def _any(moment: Moment) -> bool:
    return moment.entries > 0


def _one(moment: Moment) -> bool:
    return moment.readable > 0 and moment.engine


TAB_IDENTIFY: Final = Action("tab_identify", "Identify", "View", "Ctrl+4", "What it is", enabled=_any, choice="page")

EXPORT_IDENTIFIED: Final = Action(
    "export_identified",
    "Export identifications…",
    "File",
    "",
    "Save the hits of every spectrum, with chance, hit quality and bands, as CSV",
    "ph.table",
    lambda now: now.identified,
)

IDENTIFY_ACTIONS: Final = (
    Action(
        "identify_all",
        "Identify all that is open",
        "Analyse",
        "Ctrl+I",
        "Find out what every open spectrum is, in the libraries that are chosen",
        "ph.magnifying-glass",
        _one,
        parts=True,
    ),
    Action(
        "is_mixture",
        "Is it a mixture?",
        "Analyse",
        "Ctrl+Shift+I",
        "Fit up to four substances of the libraries to the spectrum that is looked at",
        "ph.flask",
        _one,
    ),
    Action("hit_before", "Previous hit", "Analyse", "Alt+Up", "", "ph.caret-up", lambda now: now.identified),
    Action("hit_after", "Next hit", "Analyse", "Alt+Down", "", "ph.caret-down", lambda now: now.identified),
    Action(
        "libraries",
        "Libraries…",
        "Analyse",
        "Ctrl+Shift+L",
        "Browse the libraries of references, make, edit and merge them",
        "ph.books",
    ),
    Action(
        "more_references",
        "Get more references…",
        "Analyse",
        "",
        "Where libraries of measured spectra can be downloaded, and how they come in here",
        "ph.download-simple",
    ),
)
