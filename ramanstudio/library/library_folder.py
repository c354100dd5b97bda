"""The libraries that are searched when none is named: those in the user's folder, and the starter library."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.library import library, starter_library
from ramanstudio.library.library import SUFFIX, Library, Reference

STARTER: Final = "Starter library"


@dataclass(frozen=True, slots=True)
class UnreadableLibrary:
    """A file of the user's folder that could not be opened as the library it should be, and why."""

    path: Path
    error: StudioError


@dataclass(frozen=True, slots=True)
class LibraryFolder:
    """The libraries that could be opened, the user's by title, then the starter; and what could not."""

    libraries: tuple[Library, ...]
    problems: tuple[StudioError, ...]
    unreadable: tuple[UnreadableLibrary, ...]


def shelf(folder: Path | None = None) -> LibraryFolder:
    """Open all libraries of the user's folder (or of `folder`) and the starter library.

    A damaged one is a problem that names it, and does not stop the others.
    """
    found, unreadable = list[Library](), list[UnreadableLibrary]()
    folder = folder or paths.user_libraries()
    for path in sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")):
        try:
            found.append(library.open(path))
        except StudioError as error:
            unreadable.append(UnreadableLibrary(path, error))
    problems = [one.error for one in unreadable]
    found.sort(key=lambda one: one.title.lower())
    try:
        found.append(starter())
    except StudioError as error:
        problems.append(error)
    return LibraryFolder(tuple(found), tuple(problems), tuple(unreadable))


def starter() -> Library:
    """The library that is simulated from the peak tables which come with the program; made when first asked for.

    Raises StudioError when the tables are missing or it cannot be written.
    """
    references = starter_library.starter()  # read first: what is wrong with the tables is its sentence
    version = hashlib.sha256(starter_library.tables_file().read_bytes()).hexdigest()[:12]
    path = paths.user_data() / f"starter-{version}{SUFFIX}"
    if path.is_file():
        try:
            return library.open(path)
        except StudioError:
            pass  # cut short: it is made again
    for old in paths.user_data().glob(f"starter-*{SUFFIX}"):
        old.unlink(missing_ok=True)
    return library.write(path, [Reference(**one._asdict()) for one in references], STARTER)
