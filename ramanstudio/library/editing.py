"""Writing libraries: one at a time, and never over a change that came between. Knows no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress

if TYPE_CHECKING:
    from ramanstudio.library.library import Library

_ONE_WRITER = threading.Lock()  # an edit and the search, which prepares a library, would undo each other


def edited(
    library: Library, edit: Callable[[Library, Progress], Library], progress: Progress, same: bool = True
) -> Library:
    """What `edit` makes of a library as its file is now; raises StudioError where that is another one by now.

    `same`: what is edited are numbered references, which must be those that were seen.
    """
    from ramanstudio.library import library as libraries

    while not _ONE_WRITER.acquire(timeout=0.1):
        progress(0, 0, "Waiting for the library")  # raises Cancelled when asked to stop
    try:
        now = libraries.open(library.path)
        if same and now.hash != library.hash:
            raise StudioError(f"The library '{library.title}' has changed meanwhile.", remedy="Try again.")
        return edit(now, progress)
    finally:
        _ONE_WRITER.release()
