"""What the library window does to libraries: each method asks what it needs to, and submits the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from ramanstudio.core.paths import user_libraries
from ramanstudio.gui.common import dialogs
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.libraries import Libraries
from ramanstudio.gui.document.library_problems import confirm_removal, delete_unreadable
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.libraries.add_dialog import AddReferencesDialog, references_from_entries

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.library.library_folder import UnreadableLibrary

LIBRARY_FILTER: Final = "Library (*.ramanlib)"
ADD_FILTER: Final = "Libraries and downloads (*.ramanlib *.zip *.csv *.rds);;All files (*)"
LIBRARY_SUFFIXES: Final = frozenset({".ramanlib", ".zip", ".rds"})  # added as they are; others become one library


def is_starter(library: Library) -> bool:
    """Whether a library comes with the program and cannot be edited."""
    return library.path.parent != user_libraries()


@dataclass(frozen=True, slots=True, eq=False)
class LibrarySelection:
    """What is selected in the library window: a library with some of its references, or a file it could not open."""

    library: Library | None
    references: Sequence[int]
    unreadable: UnreadableLibrary | None


class LibraryEdits:
    """Edits what is selected in the library window, which is the parent of the dialogs."""

    def __init__(
        self, session: Session, libraries: Libraries, selection: Callable[[], LibrarySelection], parent: QWidget
    ) -> None:
        self._session, self._libraries, self._selection, self._parent = session, libraries, selection, parent

    def add_files(self) -> None:
        """Ask for files that hold references (libraries, downloads, or spectra of known substances) and add them."""
        self.add_paths(dialogs.ask_any_files(self._parent, "Add a library from files", ADD_FILTER))

    def create_from_folder(self) -> None:
        """Ask for a folder and create a library from its spectra; its subfolders are groups."""
        folder = dialogs.ask_folder(self._parent, "Create library from folder", str(Path.home()))
        if folder is not None:
            self._libraries.create(folder.name, [folder])

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add libraries as they are, and spectra as one new library."""
        for path in paths:
            if path.suffix.lower() in LIBRARY_SUFFIXES:
                self._libraries.install(path)
        spectra = [path for path in paths if path.suffix.lower() not in LIBRARY_SUFFIXES]
        if spectra:
            self._libraries.create(spectra[0].stem if len(spectra) == 1 else spectra[0].parent.name, spectra)

    def add_selected_spectra(self) -> None:
        """Add the spectra that are selected in the main window to a library, or create one from them."""
        entries = [
            self._session.selection.restrict_entry(entry)
            for entry in self._session.selected
            if entry.source is not None
        ]
        n_spectra = sum(len(entry.source) for entry in entries if entry.source is not None)
        editable = [library for library in self._libraries.all if not is_starter(library)]
        heading = f"Add {count_of(n_spectra, 'selected spectrum', 'selected spectra')} as references."
        name = entries[0].path.stem if len(entries) == 1 else ""
        dialog = AddReferencesDialog(self._parent, editable, self._selection().library, heading, name)

        def add() -> None:
            make_references = references_from_entries(
                entries, dialog.substance.text().strip(), dialog.group.text().strip()
            )
            library = dialog.library.currentData()
            if library is None:
                title = dialog.title.text().strip() or "My library"
                self._libraries.create_from_references(title, make_references)
            else:
                self._libraries.edit(
                    library, lambda now, progress: now.added(make_references(), progress), "Adding references"
                )

        dialog.accepted.connect(add)
        dialog.open()

    def rename_references(self) -> None:
        """Rename the substance of the selected references."""
        library, rows = self._selection().library, self._selection().references
        if library is not None and rows:
            name = self._ask_text("Rename", "Name of the substance", str(library.names[rows[0]]))
            if name:
                self._libraries.edit(
                    library, lambda now, progress: now.renamed(rows, name, progress), "Renaming references"
                )

    def remove_references(self) -> None:
        """Remove the selected references from their library, if the user agrees."""
        library, rows = self._selection().library, self._selection().references
        question = f"Remove {count_of(len(rows), 'reference')} for good?"
        if library is not None and rows and confirm_removal(self._parent, question):
            self._libraries.edit(library, lambda now, progress: now.removed(rows, progress), "Removing references")

    def rename_library(self) -> None:
        """Give the library another title."""
        library = self._selection().library
        title = self._ask_text("Rename library", "Title", library.title) if library is not None else ""
        if library is not None and title:
            self._libraries.edit(library, lambda now, progress: now.titled(title, progress), "Renaming the library")

    def merge(self) -> None:
        """Merge all libraries that are searched into a new one; all there are where fewer than two are searched."""
        libraries = self._libraries.searched
        if len(libraries) < 2:
            libraries = self._libraries.all
        names = " and ".join(library.title for library in libraries)
        title = self._ask_text("Merge libraries", f"Title of the library merged from {names}", "Merged library")
        if title:
            self._libraries.merge(title, libraries)

    def export(self) -> None:
        """Save a copy of the library elsewhere."""
        library = self._selection().library
        if library is not None:
            suggested = Path.home() / f"{library.title}.ramanlib"
            path = dialogs.ask_name(self._parent, "Export library", suggested, LIBRARY_FILTER)
            if path is not None:
                self._libraries.export(library, path)

    def delete(self) -> None:
        """Delete the library and its file, or a file that could not be opened, if the user agrees."""
        library, unreadable = self._selection().library, self._selection().unreadable
        if unreadable is not None:
            delete_unreadable(unreadable, self._libraries, self._parent)
        elif library is not None and confirm_removal(
            self._parent, f"Delete the library '{library.title}' and its file for good?"
        ):
            self._libraries.delete(library)

    def _ask_text(self, title: str, prompt: str, value: str) -> str:
        text, ok = QInputDialog.getText(self._parent, title, prompt, QLineEdit.EchoMode.Normal, value)
        return text.strip() if ok else ""
