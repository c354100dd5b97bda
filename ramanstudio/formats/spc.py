"""Galactic SPC files (.spc), new (4Bh) and old (4Dh): one or many spectra, even or own axes.

Parsed here and not by spc-io (which the tests compare with): that refuses every file whose log text is not laid out
to its liking, and trusts the lengths stated in a damaged file. The layout is Galactic's "A brief guide to SPC file
format and using GSPCIO" (1997) and its SPC.H.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.spc_log import SpcWords, axis_unit_of, words_in_log
from ramanstudio.formats.validation import bytes_of, read_error, rising

LARGEST_MB: Final = 2000
_AGAIN: Final = "Copy it again from the instrument, or export it as text."
_ASSUMED: Final = "The file does not say that its axis is Raman shift; it was read as such."
_SIXTEEN_BIT, _SEVERAL, _OWN_AXES, _X_VALUES, _LABELS = 0x01, 0x04, 0x40, 0x80, 0x20
_SUBHEADER: Final = 32
_FLOAT_EXPONENT: Final = -128
_Z_TYPES: Final = {2: ("z", 1.0), 3: ("z", 1e-3), 4: ("time", 1.0), 5: ("time", 60.0)}  # -> µm, s
_MOST_SUBFILES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Header:
    flags: int
    exponent: int
    points: int
    first: float
    last: float
    subfiles: int
    x_type: int
    y_type: int
    z_type: int
    experiment: int
    length: int
    log: int
    memo: str
    labels: str
    old: bool = False


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is an SPC file of either version."""
    if len(start) < 256 or start[1] not in (0x4B, 0x4D) or start.startswith((b"PK\x03\x04", b"BM")):  # zip, bitmap
        return False
    x_type = start[28] if start[1] == 0x4B else start[16]
    return b"\0\0" in start[:256] and (x_type <= 30 or x_type == 255)  # no text has K or M there and nulls besides


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """The spectra of an SPC file, as one set for each axis.

    Raises StudioError when it is damaged, holds no Raman spectra, or its axis needs a laser wavelength.
    """
    content = bytes_of(path, LARGEST_MB)
    header = _header(path, content)
    words = words_in_log(content, header.log, header.memo, header.labels)
    unit = axis_unit_of(path, header.x_type, header.y_type, header.experiment, words, (header.first, header.last))
    laser = laser_nm if words.laser_nm is None else words.laser_nm
    spectra, notes = _spectra(path, content, header)
    sets = []
    for axis, rows, table in spectra:
        if axis.size < 2 or not np.all(np.isfinite(axis)):
            raise read_error(path, "its axis is damaged", _AGAIN)
        shift = axes.raman_shift(path, axis, unit, laser)
        about = _about(words, header) | axes.laser_fact(axis, unit, words.laser_nm, laser_nm)
        assumed = unit == axes.UNKNOWN or (unit == axes.WAVENUMBER and not axes.needs_laser(axis, unit))
        if notes or assumed:
            about["notes"] = " ".join([*notes, *([_ASSUMED] if assumed else [])])
        sets.append(rising(path, shift, rows).with_about(**about).with_table(**table))
    return tuple(sets)


def _header(path: Path, content: bytes) -> _Header:
    if len(content) < 256 or content[1] not in (0x4B, 0x4D):
        if len(content) >= 2 and content[1] == 0x4C:
            raise read_error(path, "it is an SPC file of a big-endian machine", "Export it again as SPC or text.")
        raise read_error(path, "it is named like an SPC file but does not begin like one", _AGAIN)
    header = _old_header(content) if content[1] == 0x4D else _new_header(path, content)
    if not (np.isfinite(header.first) and np.isfinite(header.last)) or abs(header.exponent) > 128:
        raise read_error(path, "its header is damaged", _AGAIN)
    return header


def _new_header(path: Path, content: bytes) -> _Header:
    if len(content) < 512:
        raise read_error(path, f"it ends after {len(content)} bytes, before its header does", _AGAIN)
    points, first, last, subfiles = struct.unpack_from("<iddi", content, 4)
    (log,) = struct.unpack_from("<i", content, 248)
    return _Header(
        flags=content[0],
        exponent=int.from_bytes(content[3:4], "little", signed=True),
        points=points,
        first=first,
        last=last,
        subfiles=subfiles,
        x_type=content[28],
        y_type=content[29],
        z_type=content[30],
        experiment=content[2],
        length=512,
        log=log,
        memo=_text(content[88:218].split(b"\0")[0]),
        labels=_text(content[218:248]) if content[0] & _LABELS else "",
    )


def _old_header(content: bytes) -> _Header:
    # The old header's first 224 bytes are followed by the first subfile's header, which completes the 256.
    exponent, points, first, last = struct.unpack_from("<hfff", content, 2)
    return _Header(
        flags=content[0],
        exponent=exponent,
        points=int(points) if np.isfinite(points) and 0 <= points < 2**31 else -1,
        first=first,
        last=last,
        subfiles=-1,  # as many as follow
        x_type=content[16],
        y_type=content[17],
        z_type=0,
        experiment=0,
        length=224,
        log=0,
        memo=_text(content[64:194].split(b"\0")[0]),
        labels=_text(content[194:224]) if content[0] & _LABELS else "",
        old=True,
    )


def _text(raw: bytes) -> str:
    return " ".join(part for part in raw.decode("latin-1").split("\0") if part.strip() and part.isprintable()).strip()


def _about(words: SpcWords, header: _Header) -> dict[str, Plain]:
    about: dict[str, Plain] = dict(words.facts)
    if header.memo:
        about["title"] = header.memo
    if header.y_type == 4:
        about["intensity_unit"] = "counts"
    return about


_Spectra = list[tuple[NDArray[np.float64], NDArray[Any], dict[str, NDArray[Any]]]]


def _spectra(path: Path, content: bytes, header: _Header) -> tuple[_Spectra, list[str]]:
    """Axes (B,) with their intensities (N, B) and columns, and what to note about them."""
    stated = header.subfiles if header.flags & _SEVERAL and not header.old else 1
    if header.old and header.flags & _SEVERAL:
        stated = _MOST_SUBFILES  # the old header does not say: until the file ends
    found: dict[bytes, tuple[NDArray[np.float64], list[NDArray[Any]], list[float]]] = {}
    read = 0
    try:
        place, shared = _shared_axis(path, content, header)
        while read < max(1, min(stated, _MOST_SUBFILES)):
            place, axis, values, z = _subfile(content, place, header, shared)
            group = found.setdefault(b"" if shared is not None else axis.tobytes(), (axis, [], []))
            group[1].append(values)
            group[2].append(z)
            read += 1
    except _Cut as cut:
        if read == 0:
            raise read_error(path, str(cut), _AGAIN) from None
    cut_short = read < stated and not header.old
    notes = [f"The file ends after {read} of {stated} spectra."] if cut_short else []
    return [(axis, np.stack(rows), _column(header, zs)) for axis, rows, zs in found.values()], notes


def _shared_axis(path: Path, content: bytes, header: _Header) -> tuple[int, NDArray[np.float64] | None]:
    """Where the first subfile begins, and the axis of all of them; None when each has its own."""
    if header.flags & _OWN_AXES:
        return header.length, None
    if header.points < 2:
        raise read_error(path, f"its header states {header.points} points", _AGAIN)
    if header.flags & _X_VALUES:
        axis = _numbers(content, header.length, header.points, "<f4").astype(np.float64)
        return header.length + 4 * header.points, axis
    _numbers(content, header.length, header.points, "<i2")  # before memory is taken for so many points
    return header.length, np.linspace(header.first, header.last, header.points)


class _Cut(Exception):
    """The file ends within an axis or a spectrum."""


def _subfile(
    content: bytes, place: int, header: _Header, shared: NDArray[np.float64] | None
) -> tuple[int, NDArray[np.float64], NDArray[Any], float]:
    """The place after a subfile, its axis, its intensities and its z; raises _Cut when the file ends within it."""
    if place + _SUBHEADER > len(content):
        raise _Cut("it ends before its first spectrum")
    exponent = int.from_bytes(content[place + 1 : place + 2], "little", signed=True)
    z, _, _, own_points = struct.unpack_from("<fffi", content, place + 4)
    place += _SUBHEADER
    points = header.points
    if shared is None:
        points = own_points
        axis = _numbers(content, place, points, "<i4" if header.exponent != _FLOAT_EXPONENT else "<f4")
        axis = axis.astype(np.float64)
        if header.exponent != _FLOAT_EXPONENT:
            axis *= 2.0 ** (header.exponent - 32)
        place += 4 * points
    else:
        axis = shared
    if not header.flags & _SEVERAL or (header.old and exponent == 0):
        exponent = header.exponent
    sixteen = bool(header.flags & _SIXTEEN_BIT) and exponent != _FLOAT_EXPONENT
    width = 2 if sixteen else 4
    kind = "<f4" if exponent == _FLOAT_EXPONENT else "<i2" if sixteen else "<i4"
    values = _numbers(content, place, points, kind)
    if kind == "<i4" and header.old:  # two 16-bit words, the higher first
        words = np.frombuffer(content, "<u2", 2 * points, place).reshape(-1, 2).astype(np.int64)
        values = ((words[:, 0] << 16 | words[:, 1]) + 2**31) % 2**32 - 2**31
    if kind != "<f4":
        values = values * 2.0 ** (exponent - 8 * width)
    return place + width * points, axis, values.astype(np.float32), float(z)


def _numbers(content: bytes, place: int, count: int, kind: str) -> NDArray[Any]:
    if count < 0 or place + count * np.dtype(kind).itemsize > len(content):
        raise _Cut(f"its header states {count} points and the file ends before")
    return np.frombuffer(content, kind, count, place)


def _column(header: _Header, zs: list[float]) -> dict[str, NDArray[Any]]:
    """What the third axis of a file of several spectra counts: time (s), depth (µm); a plain number is left out."""
    steps = np.array(zs, dtype=np.float64)
    column, scale = _Z_TYPES.get(header.z_type, ("", 1.0))
    if not column or len(zs) < 2 or not np.all(np.isfinite(steps)) or np.all(steps == steps[0]):
        return {}
    return {column: steps * scale}
