"""What the user is told of an error; of one that nobody foresaw, the traceback goes to a file."""

from __future__ import annotations

import traceback
from typing import Final

from ramanstudio import __version__
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_log
from ramanstudio.core.writing import atomic_write

_NAME: Final = "command-line-crash.txt"
_LASER_UNKNOWN: Final = "the laser wavelength is unknown"  # in the sentence of a reader


def error_for_user(error: Exception) -> StudioError:
    """Return what to tell the user of an error while a file is read or worked on, in terms of the command line."""
    if not isinstance(error, StudioError):
        return unexpected_error(error)
    if _LASER_UNKNOWN in error.sentence:
        return StudioError(
            error.sentence, "Give it in nm, such as --laser-nm 785, or export the file in Raman shift (cm⁻¹)."
        )
    return error


def unexpected_error(error: Exception) -> StudioError:
    """Return what to tell the user of an unexpected error, after writing its traceback to a log where that works."""
    summary = f"Something unexpected happened: {type(error).__name__}: {error}."
    try:
        log = user_log() / _NAME
        atomic_write(log, f"RamanStudio {__version__}\n{''.join(traceback.format_exception(error))}")
    except (OSError, StudioError, ValueError):
        return StudioError(summary, remedy="The log could not be written.")
    return StudioError(summary, remedy=f"Details: {log}")
