"""The border between a file and the program: what cannot be read is refused here, in one sentence."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

EXPORT_AGAIN = "Export it again from the instrument's program, best as two columns of text: Raman shift, intensity."


def read_error(path: Path, found: str, remedy: str = EXPORT_AGAIN) -> StudioError:
    """The error that says which file could not be read, what was found in it and what to do."""
    return StudioError(f"Could not read '{path.name}': {found}.", remedy=remedy)


def size_of(path: Path, limit_mb: int | None = None) -> int:
    """The length of the file in bytes; raises StudioError when it is missing, a folder, empty or above the limit."""
    try:
        state = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _not_opened(path, error) from error
    if path.is_dir():
        raise read_error(path, "it is a folder", "Choose the files in it, or drop the folder on the window.")
    if not path.is_file():
        raise read_error(path, "it is a device, not a file", "Choose a file.")
    if state.st_size == 0:
        raise read_error(path, "the file is empty")
    if limit_mb is not None and state.st_size > limit_mb * 2**20:
        raise read_error(
            path,
            f"it has {state.st_size / 2**20:,.0f} MB, more than the {limit_mb} MB read at once in this format",
            "Export it in parts, or as the instrument's own binary file.",
        )
    return state.st_size


def bytes_of(path: Path, limit_mb: int) -> bytes:
    """The whole file; raises StudioError when it cannot be opened or is larger than the limit."""
    size_of(path, limit_mb)
    try:
        return path.read_bytes()
    except (OSError, MemoryError) as error:
        raise _not_opened(path, error) from error


def start_of(path: Path, length: int = 4096) -> bytes:
    """The first bytes of the file, which tell its format; raises StudioError when it cannot be opened."""
    size_of(path)
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError as error:
        raise _not_opened(path, error) from error


def rising(path: Path, shift: NDArray[np.float64], values: NDArray[Any]) -> SpectrumSet:
    """A set of spectra whose axis (B,) is brought into rising order, `values` (N, B) with it; repeats are averaged.

    Raises StudioError when most of the points repeat one another, which no axis does.
    """
    steps = np.diff(shift)
    disordered = not (np.all(steps > 0) or np.all(steps < 0))
    if disordered and (not np.all(np.isfinite(shift)) or np.unique(shift).size * 2 < shift.size):
        raise read_error(path, "what stands where its axis should be repeats the same numbers")
    if disordered:
        return SpectrumSet.of(shift, values)
    if steps[0] < 0:
        shift, values = shift[::-1].copy(), values[:, ::-1]
    return SpectrumSet(shift, values.astype(np.float32))


def _not_opened(path: Path, error: Exception) -> StudioError:
    if isinstance(error, FileNotFoundError):
        return read_error(path, "there is no such file", "It may have been moved or renamed; choose it again.")
    if isinstance(error, PermissionError):
        return read_error(
            path, "you may not open it", "Ask whoever owns the file for permission, or copy it elsewhere."
        )
    if isinstance(error, MemoryError):
        return read_error(path, "there is not enough memory for it", "Close other programs, or export it in parts.")
    if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
        return read_error(path, "no file can have this name", "Choose it again.")
    reason = getattr(error, "strerror", None) or str(error)
    return read_error(path, f"the system says: {reason}", "Check the disk or the network drive and try again.")
