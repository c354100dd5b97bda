"""The actions on identification, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action, ActionContext


def _can_identify(context: ActionContext) -> bool:
    return context.readable > 0 and context.engine


IDENTIFY_ACTIONS: Final = (
    Action(
        "export_identifications",
        "Export identifications…",
        "File",
        "",
        "Save the matches of every spectrum as CSV, with probability, hit quality index and bands",
        "ph.table",
        lambda context: context.identified,
    ),
    Action(
        "identify_all",
        "Identify all open spectra",
        "Analyse",
        "Ctrl+I",
        "Search for all open spectra in the chosen libraries",
        "ph.magnifying-glass",
        _can_identify,
        separator=True,
    ),
    Action(
        "analyse_mixture",
        "Analyse as mixture",
        "Analyse",
        "Ctrl+Shift+I",
        "Fit up to four substances of the libraries to the spectrum that is shown",
        "ph.flask",
        _can_identify,
    ),
    Action("previous_match", "Previous match", "Analyse", "Alt+Up", "", "ph.caret-up", lambda now: now.identified),
    Action("next_match", "Next match", "Analyse", "Alt+Down", "", "ph.caret-down", lambda now: now.identified),
)
