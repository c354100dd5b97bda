"""Errors that nobody foresaw: a sentence for the user, and the traceback in a file."""

from __future__ import annotations

import traceback
from typing import Final

from ramanstudio import __version__
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_log
from ramanstudio.core.writing import atomic_write

_NAME: Final = "command-line-crash.txt"


def unexpected_error(error: Exception) -> StudioError:
    """Return what to tell the user of an unexpected error, after writing its traceback to a log where that works."""
    summary = f"Something unexpected happened: {type(error).__name__}: {error}."
    try:
        log = user_log() / _NAME
        atomic_write(log, f"RamanStudio {__version__}\n{''.join(traceback.format_exception(error))}")
    except (OSError, StudioError, ValueError):
        return StudioError(summary, remedy="The log could not be written.")
    return StudioError(summary, remedy=f"Details: {log}")
