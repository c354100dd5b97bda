"""Zip archives of unknown origin: their list of members and each member are limited before anything is unpacked."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.validation import file_size, read_error

MAX_ZIP_MB: Final = 1024
MAX_DIRECTORY_BYTES: Final = 2**25  # of the list of members, some 150 for each
MAX_RATIO: Final = 200  # of unpacked to packed bytes of a member above a megabyte; text of numbers has less than ten
ZIP_ERRORS: Final = (  # what zipfile and its decompressors raise for damaged files
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_END_RECORD, _END_RECORD_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


def directory_bytes(path: Path) -> int:
    """Return the size of a zip file's list of members, which zipfile reads as a whole; 0 where there is none."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2**16 - 100))
        tail = file.read()
        end = tail.rfind(_END_RECORD)
        if end < 0 or len(tail) < end + 22:
            return 0
        locator = tail.rfind(_LOCATOR_64, 0, end)
        if locator >= 0:
            file.seek(min(int.from_bytes(tail[locator + 8 : locator + 16], "little"), size))
            record = file.read(56)
            if record.startswith(_END_RECORD_64):
                return int.from_bytes(record[40:48], "little")
    return int.from_bytes(tail[end + 12 : end + 16], "little")


@contextmanager
def open_zip(path: Path, max_members: int, max_bytes: int) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive of at most `max_members` files that unpack to at most `max_bytes`.

    Raises StudioError when it is damaged, locked by a password, or would unpack to more; also for errors of zipfile
    while the archive is in use.
    """
    file_size(path, MAX_ZIP_MB)
    try:
        if directory_bytes(path) > MAX_DIRECTORY_BYTES:
            raise read_error(path, "its list of files is too long", "Unpack it and open the files.")
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > max_members:
                reason = f"it holds {len(members):,} files; up to {max_members:,} are opened at once"
                raise read_error(path, reason, "Unpack it and open the files or folders you need.")
            if sum(member.file_size for member in members) > max_bytes or any(map(_is_bomb, members)):
                reason = f"it states {sum(member.file_size for member in members):,} bytes when unpacked"
                raise read_error(path, reason, "Unpack it, and open the files you need.")
            if any(member.flag_bits & 1 for member in members):
                raise read_error(path, "it is locked by a password", "Unpack it with its password and open the files.")
            yield archive
    except ZIP_ERRORS:
        raise read_error(path, "it is damaged or incomplete", COPY_AGAIN) from None


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > 2**20 and member.file_size > MAX_RATIO * max(1, member.compress_size)
