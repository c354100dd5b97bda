"""Bounded reading of numbers and texts from the bytes of a file: what lies outside the file is one sentence."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.validation import read_all_bytes, read_error

MAX_MB: Final = 2000  # of a binary file that is read as a whole
COPY_AGAIN: Final = "Copy it again from the computer of the instrument; this copy is incomplete or was changed."


class ByteReader:
    """The bytes of one file, and checked access to them: every offset and length is compared with their number."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.content = content
        self.size = len(content)

    @classmethod
    def of(cls, path: Path, limit_mb: int = MAX_MB) -> ByteReader:
        """Read a whole file; raises StudioError when it cannot be opened or is larger than `limit_mb`."""
        return cls(path, read_all_bytes(path, limit_mb))

    def cut_off(self) -> StudioError:
        """Return the error of a file that ends before what its header states."""
        return read_error(self.path, f"it ends after {self.size:,} bytes, before what its header states", COPY_AGAIN)

    def damaged(self, what: str) -> StudioError:
        """Return the error of a file whose structure contradicts itself; `what` says where."""
        return read_error(self.path, f"it is damaged: {what}", COPY_AGAIN)

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.cut_off()

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        """Return the fields of a struct `layout` at `offset`; raises StudioError beyond the end."""
        self._check(offset, struct.calcsize(layout))
        return struct.unpack_from(layout, self.content, offset)

    def number(self, layout: str, offset: int) -> Any:
        """Return the one number of a struct `layout` at `offset`; raises StudioError beyond the end."""
        return self.unpack(layout, offset)[0]

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes at `offset`; raises StudioError beyond the end."""
        self._check(offset, length)
        return self.content[offset : offset + length]

    def text(self, offset: int, length: int, encoding: str = "latin-1") -> str:
        """Return the text of at most `length` bytes at `offset`, up to its first NUL, without surrounding blanks."""
        return self.bytes_at(offset, length).split(b"\0")[0].decode(encoding, "replace").strip()

    def array(self, dtype: str, count: int, offset: int) -> NDArray[Any]:
        """Return `count` numbers (count,) at `offset` without copying; raises StudioError beyond the end."""
        self._check(offset, count * np.dtype(dtype).itemsize if count >= 0 else -1)
        return np.frombuffer(self.content, dtype, count, offset)
