"""Edit libraries one at a time, and never over a change that somebody else made. Knows no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress

if TYPE_CHECKING:
    from ramanstudio.library.library import Library

_WRITE_LOCK = threading.Lock()  # an edit and the search, which prepares a library, would undo each other


def edit_library(
    library: Library, edit: Callable[[Library, Progress], Library], progress: Progress, must_match: bool = True
) -> Library:
    """Apply `edit` to a library as its file is now.

    `must_match`: the edit is about numbered references, so the file must hold those of `library`. Raises StudioError
    where it does not, Cancelled when asked to stop.
    """
    from ramanstudio.library import library as libraries

    while not _WRITE_LOCK.acquire(timeout=0.1):
        progress(0, 0, "Waiting for the library")  # raises Cancelled when asked to stop
    try:
        current = libraries.open(library.path)
        if must_match and current.hash != library.hash:
            raise StudioError(f"The library '{library.title}' was changed by another program.", remedy="Try again.")
        return edit(current, progress)
    finally:
        _WRITE_LOCK.release()
