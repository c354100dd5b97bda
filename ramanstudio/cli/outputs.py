"""What a verb may write over: never an input, a link, a device or a pipe; another program's file only if asked to."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ramanstudio.cli.files import find_files
from ramanstudio.core.errors import StudioError
from ramanstudio.core.writing import write_error
from ramanstudio.export.text_table import make_folder

_START_BYTES: Final = 2**16  # in which a file says what it is
_OWN_TABLES: Final = re.compile(
    rb"(\xef\xbb\xbf)?("
    rb"file,spectrum,(plane_x,plane_y,)?f1[,\r\n]"  # embed
    rb"|file,spectrum,cluster,probability,silhouette"  # cluster
    rb"|file,spectrum,([^\r\n]*,)?rank,(substance,probability|substance,chance|name,chance),"  # identify
    rb"|file,spectrum,(component|part),name,fraction,"  # identify --mixtures
    rb"|file,spectrum,(label,probability|value,error),unknown"  # classify
    rb"|file,spectrum,peak,(name,)?(center|position),"  # peaks
    rb"|file,spectrum,quantity,value,error,"  # peaks --template
    rb"|file,spectrum,points,SNR before,SNR after,gain,result"  # denoise
    rb"|sample_name,spectrum_type,spectrum_identity,[^\r\n]*licen[cs]e"  # library export
    rb")"
)
_BATCH_TABLES: Final = re.compile(rb"file,spectrum,points,SNR before,SNR after,gain,cosmic rays|file,status,reason\s")
_SIGNATURES: Final = (b"\x89HDF\r\n\x1a\n", b"\x89PNG\r\n\x1a\n", b"%PDF-", b"II*\x00")
_OWN_PAGE: Final = b'<meta name="generator" content="RamanStudio">'  # report
_MARK: Final = b"RamanStudio"  # in the HDF5 files and the figures that the program writes


def require_writable(path: Path, inputs: Iterable[Path] = (), overwrite: bool = False) -> None:
    """Raise StudioError unless a verb may write to `path`.

    A file that is there is replaced only if this program wrote it, as its first bytes tell, or with `overwrite`; never
    one of `inputs`, a folder, a link, a device or a pipe.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise write_error(path, error) from error
    if stat.S_ISDIR(mode):
        raise StudioError(f"'{path}' is a folder.", remedy="Give the name of a file, such as --out results.csv.")
    if stat.S_ISLNK(mode):
        raise StudioError(f"'{path.name}' is a link to another file.", remedy="Choose another name for the output.")
    if not stat.S_ISREG(mode):
        raise StudioError(f"'{path.name}' is a device or a pipe, not a file.", remedy="Choose another name.")
    if any(_is_same(path, file) for file in inputs):
        raise StudioError(
            f"'{path.name}' is one of the files to read, and raw data is never overwritten.",
            remedy="Choose another name for the output.",
        )
    if not overwrite and not is_own_output(path):
        raise StudioError(
            f"'{path.name}' exists, and RamanStudio did not write it.",
            remedy="Choose another name, or replace it with --overwrite.",
        )


def is_own_output(path: Path) -> bool:
    """Whether this program wrote the file, as its first bytes tell."""
    start = _first_bytes(path)
    if _OWN_TABLES.match(start):
        return True
    if start.lstrip()[:14].lower() == b"<!doctype html":
        return _OWN_PAGE in start
    is_marked = start.startswith(_SIGNATURES) or start.lstrip().startswith(b"<?xml")
    return is_marked and (_MARK in start or _MARK in _last_bytes(path))  # PDF and TIFF say it at their end


def find_files_for_table(
    given: Sequence[Path], out: Path, overwrite: bool = False, also: Sequence[Path] = ()
) -> list[Path]:
    """Return the files to read, once it is certain that a table may be written to `out`, and to the files `also`.

    Tables of earlier runs are no input unless they are named. Raises StudioError when an output may not be written,
    or there is no file to read.
    """
    require_writable(out, overwrite=True)
    named = {path.absolute() for path in given}
    files = find_files(given, skip=lambda file: file.absolute() not in named and _is_own_table(file))
    for output in (out, *also):
        require_writable(output, files, overwrite)
    make_folder(out.parent)
    return files


def _is_own_table(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    start = _first_bytes(path)
    return bool(_OWN_TABLES.match(start) or _BATCH_TABLES.match(start))


def _first_bytes(path: Path) -> bytes:
    """The start of a regular file; nothing of what cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(_START_BYTES)
    except (OSError, ValueError):
        return b""


def _last_bytes(path: Path) -> bytes:
    """The end of a regular file; nothing of what cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _START_BYTES))
            return file.read(_START_BYTES)
    except (OSError, ValueError):
        return b""


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return path.absolute() == other.absolute()
