"""Which files of dropped files and folders are read, which are of a kind that cannot be, and which are skipped."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.formats import registry
from ramanstudio.formats.unsupported import UNSUPPORTED, unsupported_error

NO_SUFFIX: Final = "without suffix"
_START_BYTES: Final = 512


@dataclass(slots=True)
class FileSurvey:
    """The files to read, {path: error} of files of known formats that cannot be read, and how many others by suffix."""

    files: list[Path] = field(default_factory=list)
    unsupported: dict[Path, StudioError] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)


def survey(paths: Iterable[Path], pattern: str = "") -> FileSurvey:
    """Sort what is dropped: named files are all read; of folders, files with a readable suffix or content.

    `pattern` keeps only files of folders whose name matches it: '*PS*', or words that it contains. Hidden files and
    folders are left out without a word.
    """
    found = FileSurvey()
    files: dict[Path, None] = {}  # keeps the order, drops repetitions
    readable = set(registry.readable_suffixes())
    known = {suffix for row in UNSUPPORTED if row.is_spectral for suffix in row.suffixes}
    for path in map(Path, paths):
        if not registry.is_folder(path):
            files[path] = None
            continue
        for file in registry.walk(path):
            suffix = file.suffix.lower()
            if pattern and not matches(file.name, pattern):
                continue
            if suffix in readable or registry.is_readable_content(start := _start(file)):
                files[file] = None
            elif suffix in known and (error := unsupported_error(file, start)) is not None:
                found.unsupported[file] = error
            else:
                found.skipped[suffix or NO_SUFFIX] += 1
    if not files:  # nothing else: each is listed with its sentence
        files, found.unsupported = dict.fromkeys(found.unsupported), {}
    found.files = list(files)
    return found


def matches(name: str, pattern: str) -> bool:
    """Whether a file name matches a pattern with * and ?, or contains its words."""
    name, pattern = name.casefold(), pattern.casefold().strip()
    if any(mark in pattern for mark in "*?["):
        return fnmatch.fnmatchcase(name, pattern)
    return all(word in name for word in pattern.split())


def _start(path: Path) -> bytes:
    """Return the first bytes of a file; none where it cannot be opened."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_START_BYTES)
    except (OSError, ValueError):
        return b""
