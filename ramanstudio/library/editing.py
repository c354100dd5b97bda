"""Edit library files one at a time, and never over a change made in the meantime."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library

_WRITE_LOCK = threading.Lock()  # an edit and a search that computes fingerprints would undo each other


def edit_library(
    library: Library, edit: Callable[[Library, Progress], Library], progress: Progress, must_match: bool = True
) -> Library:
    """Apply `edit` to a library as its file is now, while no other edit runs.

    With `must_match`, for edits of references by their index, raises StudioError when the file has changed since
    `library` was opened. Raises Cancelled when asked to stop while it waits.
    """
    while not _WRITE_LOCK.acquire(timeout=0.1):
        progress(0, 0, "Waiting for the library")  # raises Cancelled when asked to stop
    try:
        current = libraries.open(library.path)
        if must_match and current.hash != library.hash:
            raise StudioError(f"The library '{library.title}' was changed in the meantime.", remedy="Try again.")
        return edit(current, progress)
    finally:
        _WRITE_LOCK.release()
