"""MATLAB files of version 5 to 7: numbers, texts, cells and structures, checked against the length of the file.

The layout is that of MathWorks' "MAT-File Format". scipy reads it too, but trusts the sizes in it.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.validation import read_error

_HEADER: Final = 128
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CELL, _STRUCT, _OBJECT, _CHAR = 1, 2, 3, 4
_NUMERIC: Final = range(6, 16)
_COMPLEX: Final = 0x0800
MAX_DEPTH: Final = 20
MAX_ELEMENTS: Final = 200_000
DATA_BYTES, DATA_BYTES_PER_BYTE = 200 * 2**20, 20  # a file may hold this much, and this much for each of its bytes


class Mat5Reader:
    """Reads the variables of a file as arrays, texts, lists (cells) and dictionaries (structures)."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.content = content
        self.order = ">" if content[126:128] == b"MI" else "<"
        self.n_elements = 0
        self.unpacked_left = DATA_BYTES + DATA_BYTES_PER_BYTE * len(content)

    def variables(self) -> dict[str, Any]:
        """Return the variables by name; raises StudioError when the file is damaged."""
        variables: dict[str, Any] = {}
        offset = _HEADER
        while offset + 8 <= len(self.content):
            kind, begin, end, offset = self._tag(self.content, offset)
            if kind == _COMPRESSED:
                block = self._unpacked(self.content[begin:end])
                kind, begin, end, _ = self._tag(block, 0)
            else:
                block = self.content
            if kind == _MATRIX:
                name, value, last = self._matrix(block, begin, end, 0)
                offset = max(offset, last) if block is self.content else offset
                if name and value is not None:
                    variables[name] = value
        return variables

    def damaged(self) -> StudioError:
        return read_error(self.path, "it is a damaged or incomplete MATLAB file", COPY_AGAIN)

    def _unpacked(self, packed: bytes) -> bytes:
        try:
            decompressor = zlib.decompressobj()
            block = decompressor.decompress(packed, max(1, self.unpacked_left))
        except zlib.error:
            raise self.damaged() from None
        self.unpacked_left -= len(block)
        if decompressor.unconsumed_tail or self.unpacked_left <= 0:
            raise read_error(self.path, "it unpacks to far more than its size", "Save the spectra in several files.")
        return block

    def _tag(self, block: bytes, offset: int) -> tuple[int, int, int, int]:
        """Return type, begin and end of the element at an offset, and where the next one begins."""
        self.n_elements += 1
        if offset + 8 > len(block) or self.n_elements > MAX_ELEMENTS:
            raise self.damaged()
        word, length = struct.unpack_from(f"{self.order}2I", block, offset)
        if word >> 16:  # a small element: length and type in one word, four bytes of data
            length, begin = word >> 16, offset + 4
            if length > 4:
                raise self.damaged()
            return word & 0xFFFF, begin, begin + length, offset + 8
        begin = offset + 8
        if length > len(block) - begin:
            raise self.damaged()
        padding = 0 if word == _COMPRESSED else -length % 8
        return word, begin, begin + length, begin + length + padding

    def _numbers(self, block: bytes, offset: int) -> tuple[Any, int]:
        """Return the numbers (n,) of the element at an offset, and where the next one begins."""
        kind, begin, end, after = self._tag(block, offset)
        if kind in (16, 17, 18):  # UTF-8, UTF-16, UTF-32
            text = block[begin:end].decode({16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"}[kind], "replace")
            return text, after
        if kind not in _NUMBERS:
            raise self.damaged()
        dtype = np.dtype(f"{self.order}{_NUMBERS[kind]}")
        return np.frombuffer(block, dtype, (end - begin) // dtype.itemsize, begin), after

    def _matrix(self, block: bytes, begin: int, end: int, depth: int) -> tuple[str, Any, int]:
        """Return name and value of an array, and where it ends; the value is None for kinds that are not read.

        Some programs state too short a length for cells and structures; what is in them says where they end.
        """
        if depth > MAX_DEPTH:
            raise self.damaged()
        if begin == end:
            return "", np.empty((0, 0)), end
        flags, offset = self._numbers(block, begin)
        shape_numbers, offset = self._numbers(block, offset)
        name_numbers, offset = self._numbers(block, offset)
        if isinstance(flags, str) or isinstance(shape_numbers, str) or len(flags) < 1:
            raise self.damaged()
        kind, is_complex = int(flags[0]) & 0xFF, bool(int(flags[0]) & _COMPLEX)
        shape = [int(length) for length in shape_numbers]
        name = name_numbers if isinstance(name_numbers, str) else bytes(name_numbers.astype("u1")).decode("latin-1")
        if not 1 <= len(shape) <= 8 or min(shape) < 0:
            raise self.damaged()
        count = math.prod(shape)
        if kind in _NUMERIC:
            values, _ = self._numbers(block, offset)
            if isinstance(values, str) or len(values) != count:
                raise self.damaged()
            return name, None if is_complex else values.reshape(shape, order="F"), end
        if kind == _CHAR:
            letters, _ = self._numbers(block, offset) if count else ("", offset)
            if not isinstance(letters, str):
                letters = "".join(chr(int(letter)) for letter in letters[:10_000] if 0 <= int(letter) < 0x110000)
            return name, letters.strip(), end
        if kind == _CELL:
            values, last = self._matrices(block, offset, count, depth)
            return name, values, max(end, last)
        if kind in (_STRUCT, _OBJECT):
            fields, last = self._structure(block, offset, count, depth, kind == _OBJECT)
            return name, fields, max(end, last)
        return name, None, end  # sparse, functions, …

    def _matrices(self, block: bytes, offset: int, count: int, depth: int) -> tuple[list[Any], int]:
        if 8 * count > len(block):
            raise self.damaged()
        values = []
        for _ in range(count):
            kind, begin, end, after = self._tag(block, offset)
            if kind != _MATRIX:
                raise self.damaged()
            _, value, last = self._matrix(block, begin, end, depth + 1)
            values.append(value)
            offset = max(after, last)
        return values, offset

    def _structure(self, block: bytes, offset: int, count: int, depth: int, is_object: bool) -> tuple[Any, int]:
        """Return a structure as a dictionary, or a list of dictionaries, and where it ends."""
        if is_object:
            _, offset = self._numbers(block, offset)  # the name of its class
        lengths, offset = self._numbers(block, offset)
        names, offset = self._numbers(block, offset)
        if isinstance(lengths, str) or isinstance(names, str) or not len(lengths):
            raise self.damaged()
        length, letters = int(lengths[0]), bytes(names.astype("u1"))
        if not 1 <= length <= 1000:
            raise self.damaged()
        keys = [letters[at : at + length].split(b"\0")[0].decode("latin-1") for at in range(0, len(letters), length)]
        if count * len(keys) * 8 > len(block):
            raise self.damaged()
        values, last = self._matrices(block, offset, count * len(keys), depth)
        rows = [
            dict(zip(keys, values[at : at + len(keys)], strict=True)) for at in range(0, len(values), len(keys) or 1)
        ]
        return (rows[0] if count == 1 and rows else rows), last
