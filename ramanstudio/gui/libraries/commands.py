"""What the actions on libraries do: one method for each action, named by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ramanstudio.gui.common.jobs import Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.text_dialog import TextDialog
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.session import Session

if TYPE_CHECKING:
    from ramanstudio.gui.libraries.library_window import LibraryWindow
    from ramanstudio.library.library import Library


class LibraryCommands:
    """Opens the library window, of which there is one, and the download guides."""

    def __init__(
        self, session: Session, workers: Workers, messages: Messages, libraries: Libraries, window: QWidget
    ) -> None:
        self._session, self._workers, self._messages = session, workers, messages
        self._libraries, self._window = libraries, window
        self._library_window: LibraryWindow | None = None

    def libraries(self) -> None:
        """Open the library window."""
        self._show_window()

    def show_reference(self, library: Library, row: int) -> None:
        """Show reference `row` of `library` in the library window."""
        self._show_window().show_reference(library, row)

    def more_references(self) -> None:
        """Show the download guides."""
        from ramanstudio.gui.libraries.download_guides import download_guides

        TextDialog("Download guides", download_guides(), self._window).open()

    def _show_window(self) -> LibraryWindow:
        from ramanstudio.gui.libraries.library_window import LibraryWindow

        if self._library_window is None:
            self._library_window = LibraryWindow(
                self._session, self._workers, self._messages, self._libraries, self.more_references, self._window
            )
            self._library_window.destroyed.connect(self._forget_window)
        self._library_window.show()
        self._library_window.raise_()
        self._library_window.activateWindow()
        return self._library_window

    def _forget_window(self) -> None:
        self._library_window = None
