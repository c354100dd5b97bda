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
        "Browse, create, edit and merge libraries of reference spectra",
        "ph.books",
    ),
    Action(
        "more_references",
        "Download guides…",
        "Analyse",
        "",
        "Where to download libraries of measured spectra, and how to add them",
        "ph.download-simple",
    ),
)
