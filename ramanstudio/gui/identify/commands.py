"""What the actions about identifying and libraries do: one method for each row, named by its id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramanstudio.gui.common import dialogs
from ramanstudio.gui.explore.commands import GroupCommands
from ramanstudio.gui.shell import about

if TYPE_CHECKING:
    from ramanstudio.gui.identify.identify_page import IdentifyPage
    from ramanstudio.gui.libraries.library_window import LibraryWindow
    from ramanstudio.library.library import Library


class IdentifyCommands(GroupCommands):
    """Asks what spectra are, walks through hits, and opens the libraries."""

    _library_window: LibraryWindow | None = None

    def tab_identify(self, on: bool) -> None:
        self._choose_page("identify", on)

    def identify_all(self) -> None:
        self._show_identify()
        self._studio.identifying.go_on()

    def is_mixture(self) -> None:
        page = self._show_identify()
        if page is not None and page.entry is not None:
            self._studio.unmixing.ask(page.entry, page.row)

    def hit_before(self) -> None:
        self._walk(-1)

    def hit_after(self) -> None:
        self._walk(1)

    def export_identified(self) -> None:
        from ramanstudio.export.identifications import KINDS

        entries = self._session.project.entries
        stem = entries[0].path.stem if len(entries) == 1 else "spectra"
        folder = Path(str(self._studio.settings["export_folder"] or Path.home()))
        path = dialogs.ask_name(self._window, "Export identifications", folder / f"{stem}-identified.csv", KINDS)
        if path is not None:
            self._studio.settings["export_folder"] = str(path.parent)
            self._studio.exporting.identified(path, self._studio.libraries.all)

    def libraries(self) -> None:
        from ramanstudio.gui.libraries.library_window import LibraryWindow

        if self._library_window is None:
            self._library_window = LibraryWindow(self._studio, self._window)
            self._library_window.destroyed.connect(self._forget_library_window)
        self._library_window.show()
        self._library_window.raise_()
        self._library_window.activateWindow()

    def show_reference(self, library: Library, at: int) -> None:
        """Show a reference in its library."""
        self.libraries()
        if self._library_window is not None:
            self._library_window.show_reference(library, at)

    def more_references(self) -> None:
        from ramanstudio.gui.libraries.download_guides import page

        about.TextDialog("Get more references", page(), self._window).open()

    def _show_identify(self) -> IdentifyPage | None:
        from ramanstudio.gui.identify.identify_page import IdentifyPage

        self._window.pages.choose("identify")
        page = self._window.pages.page("identify")
        return page if isinstance(page, IdentifyPage) else None

    def _walk(self, by: int) -> None:
        page = self._show_identify()
        if page is not None and page.hits is not None:
            page.hits.walk(by)

    def _forget_library_window(self) -> None:
        self._library_window = None
