"""Checks at the boundary between a file and the program: what cannot be read is refused here, in one sentence."""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet

MAX_INTENSITY: Final = 1e30  # no detector measures as much; the squares of larger numbers overflow
MIN_SPAN_CM: Final = 0.1
_ROWS_AT_ONCE: Final = 4096
_LARGE_BYTES: Final = 2**26
EXPORT_AGAIN: Final = (
    "Export it again from the instrument's software, ideally as two text columns: Raman shift and intensity."
)


class NotRamanSpectraError(StudioError):
    """The file can be read, but holds no Raman spectra: notes, peaks, infrared spectra, detector pixels."""


def not_raman_error(path: Path, reason: str, remedy: str = EXPORT_AGAIN) -> StudioError:
    """Return the error of a file that holds no Raman spectra, with what to do about it."""
    return NotRamanSpectraError(read_error(path, reason, remedy).sentence, remedy=remedy)


def read_error(path: Path, reason: str, remedy: str = EXPORT_AGAIN) -> StudioError:
    """Return the error "Could not read '<file>': <reason>." with what to do about it."""
    return StudioError(f"Could not read '{path.name}': {reason}.", remedy=remedy)


def file_size(path: Path, limit_mb: int | None = None) -> int:
    """Return the length of the file in bytes.

    Raises StudioError when it is missing, a folder, a device, empty or larger than `limit_mb`.
    """
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _open_error(path, error) from error
    if stat.S_ISDIR(status.st_mode):
        raise read_error(path, "it is a folder", "Choose the files in it, or drop the folder on the window.")
    if not stat.S_ISREG(status.st_mode):
        raise read_error(path, "it is a device, not a file", "Choose a file.")
    if status.st_size == 0:
        raise read_error(path, "the file is empty")
    if limit_mb is not None and status.st_size > limit_mb * 2**20:
        raise read_error(
            path,
            f"it has {status.st_size / 2**20:,.0f} MB; files of this format are read up to {limit_mb} MB",
            "Export it in parts, or in the instrument's own binary format.",
        )
    return status.st_size


def read_all_bytes(path: Path, limit_mb: int) -> bytes:
    """Return the whole file; raises StudioError when it cannot be opened or is larger than `limit_mb`."""
    file_size(path, limit_mb)
    try:
        return path.read_bytes()
    except (OSError, MemoryError) as error:
        raise _open_error(path, error) from error


def first_bytes(path: Path, length: int = 4096) -> bytes:
    """Return the first `length` bytes, which identify the format; raises StudioError when it cannot be opened."""
    file_size(path)
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError as error:
        raise _open_error(path, error) from error


def sorted_spectra(path: Path, shift: NDArray[np.float64], values: NDArray[Any]) -> SpectrumSet:
    """Return spectra sorted by Raman shift `shift` (B,), `values` (N, B) with it; repeated shifts are averaged.

    Raises StudioError when most of the shifts are repeated, which no spectral axis does.
    """
    if shift.size < 2:
        raise read_error(path, f"its spectra have {shift.size} points")
    steps = np.diff(shift)
    is_monotonic = np.all(steps > 0) or np.all(steps < 0)
    if not is_monotonic:
        if not np.all(np.isfinite(shift)) or np.unique(shift).size * 2 < shift.size:
            raise read_error(path, "the numbers in place of its axis repeat")
        spectra = SpectrumSet.of(shift, values)
    else:
        if steps[0] < 0:
            shift, values = shift[::-1].copy(), _reversed_rows(values)
        spectra = SpectrumSet(shift, np.require(values, np.float32, ["C", "ALIGNED"]))  # a map of 1 GB is not copied
    if spectra.axis[-1] - spectra.axis[0] < MIN_SPAN_CM:
        raise read_error(path, f"its axis spans only {spectra.axis[-1] - spectra.axis[0]:g} cm⁻¹")
    return spectra


def _reversed_rows(values: NDArray[Any]) -> NDArray[Any]:
    """Return rows (N, B) in reverse: a large array in place, part by part, where it may be changed."""
    if values.nbytes < _LARGE_BYTES or not values.flags.writeable or not values.flags.c_contiguous:
        return values[:, ::-1]
    for begin in range(0, len(values), _ROWS_AT_ONCE):
        part = values[begin : begin + _ROWS_AT_ONCE]
        part[:] = part[:, ::-1].copy()
    return values


def without_impossible_intensities(path: Path, spectra: SpectrumSet) -> SpectrumSet:
    """Return spectra whose intensities beyond ±1e30 are NaN, as if not measured, and a note about it.

    Raises StudioError when that is more than half of them.
    """
    values = spectra.values
    if not values.size or (values.min() >= -MAX_INTENSITY and values.max() <= MAX_INTENSITY):
        return spectra
    impossible = np.abs(values) > MAX_INTENSITY  # NaN is not
    count = int(np.count_nonzero(impossible))
    if count == 0:
        return spectra
    if 2 * count > values.size:
        raise read_error(path, f"most of its intensities are beyond ±{MAX_INTENSITY:g}, which no detector measures")
    note = f"{count} intensities beyond ±{MAX_INTENSITY:g} were left out."
    notes = " ".join(filter(None, [str(spectra.about.get("notes", "")), note]))
    return spectra.with_values(np.where(impossible, np.float32(np.nan), values)).with_about(notes=notes)


def _open_error(path: Path, error: Exception) -> StudioError:
    """Return the sentence for an error of the operating system while a file is opened."""
    if isinstance(error, FileNotFoundError):
        return read_error(path, "the file does not exist", "It may have been moved or renamed; choose it again.")
    if isinstance(error, PermissionError):
        return read_error(
            path, "you do not have permission to open it", "Ask its owner for permission, or copy it elsewhere."
        )
    if isinstance(error, MemoryError):
        return read_error(path, "there is not enough memory", "Close other programs, or export the file in parts.")
    if isinstance(error, OSError) and error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
        return read_error(path, "no file can have this name", "Choose the file again.")
    reason = getattr(error, "strerror", None) or str(error)
    return read_error(path, f"the system reports: {reason}", "Check the disk or the network drive and try again.")
