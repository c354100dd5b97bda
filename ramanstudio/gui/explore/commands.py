"""What the actions on groups do: one method for each action, named by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget

from ramanstudio.core.settings import Settings
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.document.exporting import Exporting
from ramanstudio.gui.document.session import Session

if TYPE_CHECKING:
    from ramanstudio.gui.explore.groups_panel import GroupsPanel


class GroupCommands:
    """Finds, edits and exports groups: those chosen in the panel of Explore, or the selected spectra.

    `show_panel` brings Explore and its panel to the front; `panel` returns the panel, None until it has been shown.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        exporting: Exporting,
        panel: Callable[[], GroupsPanel | None],
        show_panel: Callable[[], GroupsPanel],
        window: QWidget,
    ) -> None:
        self._session, self._settings, self._exporting = session, settings, exporting
        self._panel, self._show_panel, self._window = panel, show_panel, window

    @property
    def n_chosen(self) -> int:
        """How many groups are chosen in the panel."""
        panel = self._panel()
        return len(panel.chosen) if panel is not None else 0

    @property
    def has_uncertain(self) -> bool:
        """Whether the group of a selected spectrum is uncertain."""
        return bool(self._uncertain.any())

    @property
    def _uncertain(self) -> NDArray[np.bool_]:
        """Which members of the groups are selected and uncertain, (N,)."""
        groups = self._session.groups
        if groups is None:
            return np.zeros(0, dtype=np.bool_)
        return self._session.selected_mask(groups.members) & groups.uncertain

    def find_groups(self) -> None:
        """Group the spectra by the method and number set in the panel."""
        self._show_panel().find_groups()

    def rename_group(self) -> None:
        """Edit the name of the chosen group."""
        self._show_panel().rename()

    def recolour_group(self) -> None:
        """Open the colour picker for the chosen groups."""
        self._show_panel().choose_colour()

    def merge_groups(self) -> None:
        """Merge the chosen groups."""
        if (panel := self._panel()) is not None:
            panel.merge()

    def split_group(self) -> None:
        """Split the chosen group."""
        if (panel := self._panel()) is not None:
            panel.split()

    def delete_group(self) -> None:
        """Delete the chosen groups."""
        if (panel := self._panel()) is not None:
            panel.delete()

    def label_selected(self) -> None:
        """Put the keyboard focus into the name field for the selected spectra."""
        self._show_panel().ask_name()

    def select_uncertain(self) -> None:
        """Of the selected spectra, keep those whose group is uncertain."""
        groups, mask = self._session.groups, self._uncertain
        if groups is not None and mask.any():
            self._session.select_spectra(groups.members.entry_ids[mask], groups.members.rows[mask])

    def export_groups(self) -> None:
        """Ask for a file name, and export the groups as a table."""
        entries = self._session.project.entries
        stem = entries[0].path.stem if len(entries) == 1 else "spectra"
        path = dialogs.ask_export(self._window, "Export groups", self._settings, f"{stem}-groups.csv", "Table (*.csv)")
        if path is not None:
            self._exporting.groups(path)
