"""The user's folder of libraries and the starter library: what is searched when no library is named."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.writing import atomic_path
from ramanstudio.library import building, library, starter_library
from ramanstudio.library.building import LIBRARY, RRUFF, BuiltLibrary
from ramanstudio.library.library import SUFFIX, Library

STARTER: Final = "Starter library"


@dataclass(frozen=True, slots=True)
class UnreadableLibrary:
    """A library file of the user's folder that could not be opened, and the reason."""

    path: Path
    error: StudioError


@dataclass(frozen=True, slots=True)
class LibraryFolder:
    """The libraries that could be opened, the user's by title, then the starter library; and those that could not.

    `problems` has the error of each unreadable library, and that of the starter library if there was one.
    """

    libraries: tuple[Library, ...]
    problems: tuple[StudioError, ...]
    unreadable: tuple[UnreadableLibrary, ...]


def open_library_folder(folder: Path | None = None) -> LibraryFolder:
    """Open all libraries of the user's folder (or of `folder`) and the starter library.

    A damaged library is reported in the result and does not stop the others.
    """
    libraries, unreadable = list[Library](), list[UnreadableLibrary]()
    folder = folder or paths.user_libraries()
    for path in sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")):
        try:
            libraries.append(library.open(path))
        except StudioError as error:
            unreadable.append(UnreadableLibrary(path, error))
    problems = [entry.error for entry in unreadable]
    libraries.sort(key=lambda opened: opened.title.lower())
    try:
        libraries.append(open_starter_library())
    except StudioError as error:
        problems.append(error)
    return LibraryFolder(tuple(libraries), tuple(problems), tuple(unreadable))


def open_starter_library() -> Library:
    """Open the library simulated from the peak tables that come with the program, writing it on first use.

    Raises StudioError when the tables are missing or it cannot be written.
    """
    references = starter_library.starter_references()  # read first: damaged tables are reported as such
    version = hashlib.sha256(starter_library.tables_file().read_bytes()).hexdigest()[:12]
    path = paths.user_data() / f"starter-{version}{SUFFIX}"
    if path.is_file():
        try:
            return library.open(path)
        except StudioError:
            pass  # damaged: it is written again
    for outdated in paths.user_data().glob(f"starter-*{SUFFIX}"):
        outdated.unlink(missing_ok=True)
    return library.write(path, references, STARTER)


def install(path: Path, title: str = "", progress: Progress = SILENT) -> BuiltLibrary:
    """Add a library file, a zip of RRUFF or a table of Open Specy to the user's folder.

    A copy of a library that is already there is not added twice. Raises StudioError when `path` is none of these or
    holds no reference, Cancelled when asked to stop.
    """
    kind = building.detect_library_kind(path)
    if not kind:
        raise building.rds_error(path) or StudioError(
            f"'{path.name}' is not a library.",
            remedy="Choose a library of RamanStudio, a zip of RRUFF, or a table exported from Open Specy.",
        )
    folder = paths.user_libraries()
    if kind != LIBRARY:
        title = title or (f"RRUFF {path.stem}" if kind == RRUFF else path.stem)
        return building.build(free_path(folder, title), [path], title, progress=progress)
    given = library.open(path)
    if path.resolve().parent == folder.resolve():
        return BuiltLibrary(given, ())
    for other in folder.glob(f"*{SUFFIX}"):
        if _is_copy(other, given):
            return BuiltLibrary(library.open(other), ())
    target = free_path(folder, path.stem)
    with atomic_path(target) as draft:
        shutil.copyfile(path, draft)
    return BuiltLibrary(library.open(target), ())


def free_path(folder: Path, title: str) -> Path:
    """Return a file name in `folder` for a library with this title that does not exist yet."""
    stem = "".join(letter if letter.isalnum() or letter in " -_.()" else "-" for letter in title).strip(" .")
    stem = stem or "library"
    candidates = [folder / f"{stem}{SUFFIX}", *(folder / f"{stem} {number}{SUFFIX}" for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def _is_copy(path: Path, given: Library) -> bool:
    """Whether the library in `path` holds the same spectra and texts."""
    try:
        return library.open(path).hash == given.hash
    except StudioError:
        return False
