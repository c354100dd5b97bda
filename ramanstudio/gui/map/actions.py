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
        "Save the map as an image (PNG, SVG), its values as 32-bit TIFF, or a table (CSV)",
        "ph.map-trifold",
        lambda context: "map" in context.tabs,
    ),
)
