"""HORIBA LabSpec 6 files (.l6s, .l6m): a spectrum, a series, a line or a map, with the settings of the instrument.

A file is a header of 76 bytes, then a tree of records of 24 bytes: type (uint32), identifier (uint32), four letters of
a name, four bytes without meaning, and eight bytes of value. Numbers and short texts are the value itself; for arrays,
long texts and lists it is an object number and a count, and the content follows when all records of the list have been
read: list after list, in depth-first order. An object that was stored before is not stored again. The layout was found
by comparing files with the texts that LabSpec exported beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.labspec_tree import NO_CONTENT, LabSpecNode, has_spectra, spectra_of
from ramanstudio.formats.validation import read_error

_ROOT: Final = 76  # offset of the first record
_RECORD: Final = 24
_EXTERNAL, _REFERENCE = 0x1000, 0x8000  # flags of a type
_LIST, _TEXT, _UTF16, _FLOAT, _DOUBLE, _INTEGER = 9, 7, 8, 6, 5, 4
_ITEM_BYTES: Final = {1: 1, 2: 1, 3: 2, _INTEGER: 4, _DOUBLE: 8, _FLOAT: 4, _TEXT: 1, _UTF16: 2, 10: 8, 11: 8}
MAX_DEPTH: Final = 40
MAX_RECORDS: Final = 500_000


class _TreeReader:
    """Reads the records of a file; each offset and count is compared with its length first."""

    def __init__(self, source: ByteReader) -> None:
        self.source = source
        self.offset = _ROOT
        self.n_records = 0
        self.objects: dict[int, LabSpecNode] = {}
        self.is_complete = True

    def read(self) -> LabSpecNode:
        """Return the root; raises StudioError when the file ends within its spectra or is damaged.

        Damage behind the spectra costs the settings only.
        """
        kind, record, content = self._record()
        try:
            self._content(kind, record, content, 0)
        except StudioError:
            if not has_spectra(record):
                raise
            self.is_complete = False
        return record

    def _record(self) -> tuple[int, LabSpecNode, bytes]:
        kind, _, name, _, content = self.source.unpack("<II4sI8s", self.offset)
        self.offset += _RECORD
        self.n_records += 1
        if self.n_records > MAX_RECORDS:
            raise self.source.damaged(f"it states more than {MAX_RECORDS:,} settings")
        return kind, LabSpecNode(name), content

    def _content(self, kind: int, record: LabSpecNode, content: bytes, depth: int) -> None:
        if not kind & _EXTERNAL and not kind & _REFERENCE:
            record.value = _plain(kind, content)
            return
        number, count = (int.from_bytes(part, "little") for part in (content[:4], content[4:]))
        if number in self.objects:
            known = self.objects[number]
            record.value, record.children = known.value, known.children
            return
        if kind & _REFERENCE:
            return  # to something that was left out
        self.objects[number] = record
        base = kind & 0xFFF
        if base == _LIST:
            self._list(record, count, depth)
            return
        size = _ITEM_BYTES.get(base)
        if size is None:
            raise self.source.damaged(f"a record of the unknown type {kind:#x}")
        record.value = _external(base, self.source.bytes_at(self.offset, count * size))
        self.offset += count * size

    def _list(self, record: LabSpecNode, count: int, depth: int) -> None:
        if record.name == NO_CONTENT:
            return
        if count * _RECORD > self.source.size - self.offset:
            raise self.source.cut_off()
        if depth > MAX_DEPTH:
            raise self.source.damaged("its settings are nested too deep")
        entries = [self._record() for _ in range(count)]
        record.children = [child for _, child, _ in entries]
        for kind, child, content in entries:
            self._content(kind, child, content, depth + 1)


def _plain(kind: int, content: bytes) -> Any:
    """Return the value that stands in a record itself."""
    if kind == _INTEGER:
        return int.from_bytes(content[:4], "little", signed=True)
    if kind == _DOUBLE:
        return float(np.frombuffer(content, "<f8")[0])
    if kind == _FLOAT:
        return float(np.frombuffer(content[:4], "<f4")[0])
    if kind in (_TEXT, _UTF16):
        return _external(kind, content)
    return None


def _external(base: int, content: bytes) -> Any:
    """Return the value that follows the records of a list."""
    if base == _TEXT:
        return content.split(b"\0")[0].decode("cp1252", "replace").strip()
    if base == _UTF16:
        return content.decode("utf-16-le", "replace").split("\0")[0].strip()
    if base == _FLOAT:
        return np.frombuffer(content, "<f4")
    return np.frombuffer(content, "<f8") if base == _DOUBLE else None


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a LabSpec 6 file."""
    return start.startswith(b"LabSpec6")


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a file, with x, y, z in µm or time in s where it has them, and the instrument's settings.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged, holds no spectra (a video image), or its axis is not, and cannot be converted to, Raman shift.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content):
        raise read_error(path, "it has the suffix of a LabSpec 6 file but not its signature")
    reader = _TreeReader(source)
    spectra = spectra_of(path, reader.read(), laser_nm)
    if not reader.is_complete:
        spectra = spectra.with_about(notes="Some of the settings of the instrument in this file are damaged.")
    return (spectra,)
