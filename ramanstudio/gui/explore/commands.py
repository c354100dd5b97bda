"""What the actions about groups do: one method for each row, named by its id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.shell.view_commands import ViewCommands

if TYPE_CHECKING:
    from ramanstudio.gui.explore.groups_panel import GroupsPanel


class GroupCommands(ViewCommands):
    """Finds, edits and takes away groups: those that are chosen in the panel, or the selected spectra."""

    @property
    def _groups(self) -> GroupsPanel:
        return self._window.groups

    def find_groups(self) -> None:
        self._show_groups()
        self._groups.find_groups()

    def rename_group(self) -> None:
        self._show_groups()
        self._groups.rename()

    def recolour_group(self) -> None:
        self._show_groups()
        self._groups.choose_colour()

    def merge_groups(self) -> None:
        self._groups.merge()

    def split_group(self) -> None:
        self._groups.split()

    def delete_group(self) -> None:
        self._groups.delete()

    def label_selected(self) -> None:
        self._show_groups()
        self._groups.ask_name()

    def select_uncertain(self) -> None:
        self._groups.select_uncertain()

    def export_groups(self) -> None:
        entries = self._session.project.entries
        stem = entries[0].path.stem if len(entries) == 1 else "spectra"
        folder = Path(str(self._studio.settings["export_folder"] or Path.home()))
        path = dialogs.ask_name(self._window, "Export groups", folder / f"{stem}-groups.csv", "Table (*.csv)")
        if path is not None:
            self._studio.settings["export_folder"] = str(path.parent)
            self._studio.exporting.groups(path)

    def _show_groups(self) -> None:
        self._window.pages.choose("explore")
        self._window.show_panel("facts", True)
