"""The actions on identification, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _one(context: ActionContext) -> bool:
    return context.readable > 0 and context.engine


IDENTIFY_ACTIONS: Final = (
    Action(
        "export_identified",
        "Export identifications…",
        "File",
        "",
        "Save the hits of every spectrum, with chance, hit quality and bands, as CSV",
        "ph.table",
        lambda context: context.identified,
    ),
    Action(
        "identify_all",
        "Identify all that is open",
        "Analyse",
        "Ctrl+I",
        "Find out what every open spectrum is, in the libraries that are chosen",
        "ph.magnifying-glass",
        _one,
        separator=True,
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
    Action("hit_before", "Previous hit", "Analyse", "Alt+Up", "", "ph.caret-up", lambda context: context.identified),
    Action("hit_after", "Next hit", "Analyse", "Alt+Down", "", "ph.caret-down", lambda context: context.identified),
)
