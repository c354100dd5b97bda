"""The libraries on the shelf: opened, chosen for the search, and edited, all off the window's thread."""

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
from ramanstudio.library.editing import edited

if TYPE_CHECKING:
    from ramanstudio.library.building import BuiltLibrary
    from ramanstudio.library.library import Library, Reference
    from ramanstudio.library.library_folder import LibraryFolder, UnreadableLibrary

Edit = Callable[["Library", Progress], "Library"]


class Libraries(QObject):
    """What there is to search in; the only writer of library files in the window."""

    changed = Signal()  # other libraries, or others of them are searched
    edited = Signal(object)  # the Library as it is after an edit that was asked for here

    def __init__(self, workers: Workers, messages: Messages, settings: Settings) -> None:
        super().__init__()
        self._workers, self._messages, self._settings = workers, messages, settings
        self._loading: Job | None = None
        self._asked = False
        self.all: tuple[Library, ...] = ()
        self.problems: tuple[StudioError, ...] = ()
        self.unreadable: tuple[UnreadableLibrary, ...] = ()  # those of the problems that are files on the shelf

    # What there is

    def load(self) -> None:
        """Open what lies on the shelf, once."""
        if not self._asked:
            self.load_again()

    def load_again(self) -> None:
        """Look what lies on the shelf now."""
        self._asked = True
        self._loading = self._workers.submit(_open_shelf, "Opening the libraries", "files", key="shelf")
        self._loading.succeeded.connect(self._keep_shelf)
        self._loading.failed.connect(self._messages.show_error)
        self._loading.finished.connect(self._end_loading)
        self.changed.emit()

    @property
    def loading(self) -> bool:
        """Whether the libraries are being opened, for the first time or again, or are still to be."""
        return self._loading is not None or not self._asked

    @property
    def searched(self) -> tuple[Library, ...]:
        """Those that are searched."""
        return tuple(library for library in self.all if self.is_searched(library))

    def is_searched(self, library: Library) -> bool:
        """Whether a library is searched."""
        return library.path.name not in self._settings["libraries_off"]

    def search_in(self, library: Library, on: bool) -> None:
        """Search a library from now on, or no longer."""
        off = [name for name in self._settings["libraries_off"] if name != library.path.name]
        self._settings["libraries_off"] = tuple(off if on else [*off, library.path.name])
        self.changed.emit()

    def of_hash(self, wanted: str) -> Library | None:
        """The library of this hash; None where it is not here, or has changed."""
        return next((library for library in self.all if library.hash == wanted), None)

    @property
    def only_starter(self) -> bool:
        """Whether nothing but the starter library is here."""
        return bool(self.all) and all(str(library.notes[0]) for library in self.all if len(library))

    def replace(self, before: Library, now: Library) -> None:
        """Have a library in the place of what it was; it need not be on the shelf any more."""
        self.all = tuple(now if one.path == before.path else one for one in self.all)
        self.changed.emit()

    # Edits

    def install(self, path: Path) -> Job:
        """Put a library, or a downloaded file that holds one, on the shelf."""
        job = self._submit(partial(_install, path), f"Reading the library {path.name}")
        job.succeeded.connect(lambda made: self._say_made(made, path.name))
        return job

    def make(self, title: str, paths: Sequence[Path]) -> Job:
        """Make a library of spectrum files and folders; each spectrum is named after its label or its file."""
        job = self._submit(partial(_make, title, tuple(paths)), f"Making the library '{title}'")
        job.succeeded.connect(lambda made: self._say_made(made, title))
        return job

    def make_of(self, title: str, references: Callable[[], Sequence[Reference]]) -> Job:
        """Make a library of references."""
        return self._submit(partial(_write, title, references), f"Making the library '{title}'", self._keep)

    def merge(self, title: str, libraries: Sequence[Library]) -> Job:
        """Make one library of several; they stay."""
        return self._submit(partial(_merge, title, tuple(libraries)), f"Merging into '{title}'", self._keep)

    def edit(self, library: Library, edit: Edit, title: str) -> Job:
        """Change a library; refused where it has changed meanwhile."""
        return self._submit(partial(edited, library, edit), title, self._keep)

    def export(self, library: Library, path: Path) -> Job:
        """Save a copy of a library elsewhere."""
        job = self._submit(partial(_copy, library, path), f"Saving {path.name}")
        job.succeeded.connect(lambda _: self._messages.info(f"The library was saved as '{path}'."))
        return job

    def delete(self, library: Library) -> Job:
        """Take a library off the shelf, and its file with it."""
        job = self._submit(partial(_delete, library.path), f"Removing '{library.title}'")
        job.succeeded.connect(lambda _: self._forget(library.path))
        return job

    def delete_unopened(self, one: UnreadableLibrary) -> Job:
        """Take what could not be opened off the shelf: its file."""
        job = self._submit(partial(_delete, one.path), f"Removing '{one.path.name}'")
        job.succeeded.connect(lambda _: self._forget(one.path))
        job.succeeded.connect(lambda _: self._messages.settle(one.error))
        job.succeeded.connect(lambda _: self._messages.info(f"'{one.path.name}' was removed."))
        return job

    def _submit(self, work: Callable[[Progress], Any], title: str, keep: Callable[[Any], None] | None = None) -> Job:
        job = self._workers.submit(work, title, "files")
        if keep is not None:
            job.succeeded.connect(keep)
        job.warned.connect(self._messages.warning)
        job.failed.connect(self._messages.show_error)
        return job

    def _keep(self, library: Library) -> None:
        there = {one.path for one in self.all}
        if library.path in there:
            self.all = tuple(library if one.path == library.path else one for one in self.all)
        else:
            self.all = (*self.all, library)
        if not self._asked:
            self.load_again()  # nobody has looked at the others yet
        self.changed.emit()
        self.edited.emit(library)

    def _forget(self, path: Path) -> None:
        self.all = tuple(one for one in self.all if one.path != path)
        gone = [one.error for one in self.unreadable if one.path == path]
        self.problems = tuple(error for error in self.problems if error not in gone)
        self.unreadable = tuple(one for one in self.unreadable if one.path != path)
        self.changed.emit()

    def _say_made(self, made: BuiltLibrary, name: str) -> None:
        self._keep(made.library)
        words = f"'{made.library.title}' has {count_of(len(made.library), 'reference')}"
        if made.failed:
            details = "\n\n".join(str(error) for error in made.failed)
            self._messages.warning(f"{words}; {len(made.failed)} of '{name}' could not be read.", details)
        else:
            self._messages.info(f"{words}, and is searched from now on.")

    def _keep_shelf(self, shelf: LibraryFolder) -> None:
        self.all, self.problems, self.unreadable = shelf.libraries, shelf.problems, shelf.unreadable
        for error in self.problems:
            self._messages.show_error(error)

    def _end_loading(self) -> None:
        self._loading = None
        self.changed.emit()


def _open_shelf(progress: Progress) -> LibraryFolder:
    from ramanstudio.library.library_folder import open_library_folder

    progress(0, 0)
    return open_library_folder()


def _install(path: Path, progress: Progress) -> BuiltLibrary:
    from ramanstudio.library.library_folder import install

    return install(path, progress=progress)


def _make(title: str, paths: tuple[Path, ...], progress: Progress) -> BuiltLibrary:
    from ramanstudio.library.building import build
    from ramanstudio.library.library_folder import free_path

    return build(free_path(user_libraries(), title), list(paths), title, progress=progress)


def _write(title: str, references: Callable[[], Sequence[Reference]], progress: Progress) -> Library:
    from ramanstudio.library import library
    from ramanstudio.library.library_folder import free_path

    return library.write(free_path(user_libraries(), title), references(), title, progress)


def _merge(title: str, several: tuple[Library, ...], progress: Progress) -> Library:
    from ramanstudio.library import library
    from ramanstudio.library.library_folder import free_path

    return library.merged(free_path(user_libraries(), title), several, title, progress)


def _copy(library: Library, path: Path, progress: Progress) -> Path:
    progress(0, 0)
    try:
        with atomic_path(path) as draft:
            shutil.copyfile(library.path, draft)
    except OSError as error:
        raise StudioError(
            f"Could not save '{path.name}': {error.strerror or error}.", remedy="Choose another folder."
        ) from error
    return path


def _delete(path: Path, progress: Progress) -> None:
    progress(0, 0)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(
            f"Could not remove '{path.name}': {error.strerror or error}.",
            remedy="Close what else uses it, and try again.",
        ) from error
