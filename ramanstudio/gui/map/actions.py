"""The actions on maps, as rows."""

from __future__ import annotations

from typing import Final

from ramanstudio.gui.common.action import Action

MAP_ACTIONS: Final = (
    Action(
        "export_map",
        "Export map…",
        "File",
        "",
        "Save the map as it is shown: a picture (PNG, SVG), its numbers as 32-bit TIFF, or a table (CSV)",
        "ph.map-trifold",
        lambda context: "map" in context.tabs,
    ),
)
