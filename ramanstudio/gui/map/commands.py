"""What the actions on maps do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ramanstudio.gui.map.map_panel import MapPanel


class MapCommands:
    """Exports the map that is shown; `show_panel` brings Map to the front and returns its panel."""

    def __init__(self, show_panel: Callable[[], MapPanel]) -> None:
        self._show_panel = show_panel

    def export_map(self) -> None:
        """Ask for a file name, and save the map."""
        self._show_panel().ask_export()
