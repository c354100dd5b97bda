"""The actions on libraries of reference spectra, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action

LIBRARY_ACTIONS: Final = (
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
