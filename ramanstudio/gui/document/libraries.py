"""The library folder: libraries are opened, chosen for the search and edited, off the window's thread."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_libraries
from ramanstudio.core.progress import Progress
from ramanstudio.core.settings import Settings
from ramanstudio.core.writing import atomic_path
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.library.editing import edit_library

if TYPE_CHECKING:
    from ramanstudio.library.building import BuiltLibrary
    from ramanstudio.library.library import Library, Reference
    from ramanstudio.library.library_folder import LibraryFolder, UnreadableLibrary

Edit = Callable[["Library", Progress], "Library"]


class Libraries(QObject):
    """The libraries there are, and which are searched; the only writer of library files in the window."""

    changed = Signal()  # there are other libraries, or others are searched
    edited = Signal(object)  # the Library after an edit

    def __init__(self, workers: Workers, messages: Messages, settings: Settings) -> None:
        super().__init__()
        self._workers, self._messages, self._settings = workers, messages, settings
        self._loading: Job | None = None
        self._was_opened = False
        self.all: tuple[Library, ...] = ()
        self.problems: tuple[StudioError, ...] = ()
        self.unreadable: tuple[UnreadableLibrary, ...] = ()  # those of the problems that are files

    # The libraries

    def load(self) -> None:
        """Open the libraries, unless they have been opened."""
        if not self._was_opened:
            self.reload()

    def reload(self) -> None:
        """Open the libraries that there are now."""
        self._was_opened = True
        self._loading = self._workers.submit(_open_libraries, "Opening the libraries", "files", key="open libraries")
        self._loading.succeeded.connect(self._keep_opened)
        self._loading.failed.connect(self._messages.show_error)
        self._loading.finished.connect(self._end_loading)
        self.changed.emit()

    @property
    def loading(self) -> bool:
        """Whether the libraries are being opened, or have not been opened yet."""
        return self._loading is not None or not self._was_opened

    @property
    def searched(self) -> tuple[Library, ...]:
        """The libraries that are searched."""
        return tuple(library for library in self.all if self.is_searched(library))

    def is_searched(self, library: Library) -> bool:
        """Whether a library is searched."""
        return library.path.name not in self._settings["disabled_libraries"]

    def set_searched(self, library: Library, on: bool) -> None:
        """Search a library from now on, or no longer."""
        others = [name for name in self._settings["disabled_libraries"] if name != library.path.name]
        self._settings["disabled_libraries"] = tuple(others if on else [*others, library.path.name])
        self.changed.emit()

    def by_hash(self, wanted: str) -> Library | None:
        """The library of this hash; None where it is gone, or has changed."""
        return next((library for library in self.all if library.hash == wanted), None)

    @property
    def only_starter(self) -> bool:
        """Whether there is no library but the simulated starter library."""
        return bool(self.all) and all(str(library.notes[0]) for library in self.all if len(library))

    def replace(self, before: Library, after: Library) -> None:
        """Put a library in the place of an earlier version of it, unless it is gone."""
        self.all = tuple(after if library.path == before.path else library for library in self.all)
        self.changed.emit()

    # Edits

    def install(self, path: Path) -> Job:
        """Add a library file, or a download that holds one, to the library folder."""
        job = self._submit(partial(_install, path), f"Reading the library {path.name}")
        job.succeeded.connect(lambda made: self._report_created(made, path.name))
        return job

    def create(self, title: str, paths: Sequence[Path]) -> Job:
        """Create a library from spectrum files and folders; each spectrum is named after its label or its file."""
        job = self._submit(partial(_create, title, tuple(paths)), f"Creating the library '{title}'")
        job.succeeded.connect(lambda made: self._report_created(made, title))
        return job

    def create_from_references(self, title: str, references: Callable[[], Sequence[Reference]]) -> Job:
        """Create a library from references."""
        return self._submit(
            partial(_create_from_references, title, references), f"Creating the library '{title}'", self._keep
        )

    def merge(self, title: str, libraries: Sequence[Library]) -> Job:
        """Merge libraries into a new one; they stay."""
        return self._submit(partial(_merge, title, tuple(libraries)), f"Merging into '{title}'", self._keep)

    def edit(self, library: Library, edit: Edit, title: str) -> Job:
        """Edit a library; refused where another program has changed it meanwhile."""
        return self._submit(partial(edit_library, library, edit), title, self._keep)

    def export(self, library: Library, path: Path) -> Job:
        """Save a copy of a library elsewhere."""
        job = self._submit(partial(_copy, library, path), f"Saving {path.name}")
        job.succeeded.connect(lambda _: self._messages.info(f"The library was saved as '{path}'."))
        return job

    def delete(self, library: Library) -> Job:
        """Delete a library and its file."""
        job = self._submit(partial(_delete, library.path), f"Deleting '{library.title}'")
        job.succeeded.connect(lambda _: self._forget(library.path))
        return job

    def delete_unreadable(self, file: UnreadableLibrary) -> Job:
        """Delete the file of a library that could not be opened."""
        job = self._submit(partial(_delete, file.path), f"Deleting '{file.path.name}'")
        job.succeeded.connect(lambda _: self._forget(file.path))
        job.succeeded.connect(lambda _: self._messages.retract(file.error))
        job.succeeded.connect(lambda _: self._messages.info(f"'{file.path.name}' was deleted."))
        return job

    def _submit(self, work: Callable[[Progress], Any], title: str, keep: Callable[[Any], None] | None = None) -> Job:
        job = self._workers.submit(work, title, "files", is_saving=True)
        if keep is not None:
            job.succeeded.connect(keep)
        job.warned.connect(self._messages.warning)
        job.failed.connect(self._messages.show_error)
        return job

    def _keep(self, library: Library) -> None:
        if any(other.path == library.path for other in self.all):
            self.all = tuple(library if other.path == library.path else other for other in self.all)
        else:
            self.all = (*self.all, library)
        if not self._was_opened:
            self.reload()  # the others have not been opened yet
        self.changed.emit()
        self.edited.emit(library)

    def _forget(self, path: Path) -> None:
        self.all = tuple(library for library in self.all if library.path != path)
        gone = [file.error for file in self.unreadable if file.path == path]
        self.problems = tuple(error for error in self.problems if error not in gone)
        self.unreadable = tuple(file for file in self.unreadable if file.path != path)
        self.changed.emit()

    def _report_created(self, made: BuiltLibrary, name: str) -> None:
        self._keep(made.library)
        summary = f"'{made.library.title}' has {count_of(len(made.library), 'reference')}"
        if made.failed:
            details = "\n\n".join(str(error) for error in made.failed)
            self._messages.warning(f"{summary}; {len(made.failed)} of '{name}' could not be read.", details)
        else:
            self._messages.info(f"{summary} and is searched from now on.")

    def _keep_opened(self, shelf: LibraryFolder) -> None:
        self.all, self.problems, self.unreadable = shelf.libraries, shelf.problems, shelf.unreadable
        for error in self.problems:
            self._messages.show_error(error)

    def _end_loading(self) -> None:
        self._loading = None
        self.changed.emit()


def _open_libraries(progress: Progress) -> LibraryFolder:
    from ramanstudio.library.library_folder import open_library_folder

    progress(0, 0)
    return open_library_folder()


def _install(path: Path, progress: Progress) -> BuiltLibrary:
    from ramanstudio.library.library_folder import install

    return install(path, progress=progress)


def _create(title: str, paths: tuple[Path, ...], progress: Progress) -> BuiltLibrary:
    from ramanstudio.library.building import build
    from ramanstudio.library.library_folder import free_path

    return build(free_path(user_libraries(), title), list(paths), title, progress=progress)


def _create_from_references(title: str, references: Callable[[], Sequence[Reference]], progress: Progress) -> Library:
    from ramanstudio.library import library
    from ramanstudio.library.library_folder import free_path

    return library.write(free_path(user_libraries(), title), references(), title, progress)


def _merge(title: str, libraries: tuple[Library, ...], progress: Progress) -> Library:
    from ramanstudio.library import library
    from ramanstudio.library.library_folder import free_path

    return library.merged(free_path(user_libraries(), title), libraries, title, progress)


def _copy(library: Library, path: Path, progress: Progress) -> Path:
    progress(0, 0)
    with atomic_path(path) as draft:
        shutil.copyfile(library.path, draft)
    return path


def _delete(path: Path, progress: Progress) -> None:
    progress(0, 0)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(
            f"Could not delete '{path.name}': {error.strerror or error}.",
            remedy="Close the programs that use it, then try again.",
        ) from error
