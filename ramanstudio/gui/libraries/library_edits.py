"""What the library window does to libraries: each verb asks what it has to, and hands the work over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QInputDialog, QLineEdit

from ramanstudio.core.paths import user_libraries
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.library_problems import ask_to_remove, is_sure
from ramanstudio.gui.libraries.add_dialog import NamingDialog, references_of

if TYPE_CHECKING:
    from ramanstudio.gui.document.libraries import Libraries
    from ramanstudio.gui.document.session import Session
    from ramanstudio.gui.libraries.library_window import LibraryWindow
    from ramanstudio.library.library import Library

KIND: Final = "Library (*.ramanlib)"
HOLDS: Final = "Libraries and downloads (*.ramanlib *.zip *.csv *.rds);;All files (*)"


def is_starter(library: Library) -> bool:
    """Whether it comes with the program, and stays as it is."""
    return library.path.parent != user_libraries()


class LibraryEdits:
    """The verbs of `window`, about the library and the references that are chosen there."""

    def __init__(self, session: Session, libraries: Libraries, window: LibraryWindow) -> None:
        self._session, self._libraries, self._window = session, libraries, window

    def ask_file(self) -> None:
        """Put files that hold references on the shelf: libraries, downloads, or spectra of known substances."""
        self.take(dialogs.ask_any_files(self._window, "Add a library from files", HOLDS))

    def ask_folder(self) -> None:
        """Make a library of a folder; its subfolders are groups."""
        folder = dialogs.ask_folder(self._window, "Make a library of a folder", str(Path.home()))
        if folder is not None:
            self._libraries.make(folder.name, [folder])

    def take(self, paths: Sequence[Path]) -> None:
        """Put these on the shelf: libraries as they are, spectra as one new library."""
        known = {".ramanlib", ".zip", ".rds"}
        for path in paths:
            if path.suffix.lower() in known:
                self._libraries.install(path)
        rest = [path for path in paths if path.suffix.lower() not in known]
        if rest:
            self._libraries.make(rest[0].stem if len(rest) == 1 else rest[0].parent.name, rest)

    def add_selected(self) -> None:
        """Add the spectra that are selected in the main window to a library, or make one of them."""
        parts = [self._session.selection.part_of(entry) for entry in self._session.selected if entry.source is not None]
        many = sum(len(entry.source) for entry in parts if entry.source is not None)
        own = [library for library in self._libraries.all if not is_starter(library)]
        what = f"Add {count_of(many, 'selected spectrum', 'selected spectra')} as references."
        name = parts[0].path.stem if len(parts) == 1 else ""
        dialog = NamingDialog(self._window, own, self._window.chosen, what, name)

        def add() -> None:
            references = references_of(parts, dialog.substance.text().strip(), dialog.group.text().strip())
            library = dialog.where.currentData()
            if library is None:
                self._libraries.make_of(dialog.title.text().strip() or "My library", references)
            else:
                self._libraries.edit(library, lambda now, way: now.added(references(), way), "Adding references")

        dialog.accepted.connect(add)
        dialog.open()

    def rename(self) -> None:
        """Give the chosen references another substance's name."""
        library, some = self._window.chosen, self._window.references
        if library is not None and some:
            name = self._ask("Rename", "Name of the substance", str(library.names[some[0]]))
            if name:
                self._libraries.edit(library, lambda now, way: now.renamed(some, name, way), "Renaming references")

    def remove(self) -> None:
        """Take the chosen references out of their library."""
        library, some = self._window.chosen, self._window.references
        question = f"Remove {count_of(len(some), 'reference')} for good?"
        if library is not None and some and is_sure(self._window, question):
            self._libraries.edit(library, lambda now, way: now.removed(some, way), "Removing references")

    def retitle(self) -> None:
        """Give the library another title."""
        library = self._window.chosen
        title = self._ask("Rename the library", "Title", library.title) if library is not None else ""
        if library is not None and title:
            self._libraries.edit(library, lambda now, way: now.titled(title, way), "Renaming the library")

    def merge(self) -> None:
        """Make one library of all that are searched."""
        several = self._libraries.searched
        if len(several) < 2:
            several = self._libraries.all
        names = " and ".join(library.title for library in several)
        title = self._ask("Merge libraries", f"Title of the library made of {names}", "Merged library")
        if title:
            self._libraries.merge(title, several)

    def export(self) -> None:
        """Save a copy of the library elsewhere."""
        library = self._window.chosen
        if library is not None:
            path = dialogs.ask_name(self._window, "Export the library", Path.home() / f"{library.title}.ramanlib", KIND)
            if path is not None:
                self._libraries.export(library, path)

    def take_off(self) -> None:
        """Take the library off the shelf, with its file."""
        library, unreadable = self._window.chosen, self._window.chosen_unopened
        if unreadable is not None:
            ask_to_remove(unreadable, self._libraries, self._window)
        elif library is not None and is_sure(
            self._window, f"Remove the library '{library.title}' and its file for good?"
        ):
            self._libraries.delete(library)

    def _ask(self, title: str, words: str, value: str) -> str:
        text, ok = QInputDialog.getText(self._window, title, words, QLineEdit.EchoMode.Normal, value)
        return text.strip() if ok else ""
