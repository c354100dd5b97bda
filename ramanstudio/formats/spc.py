"""Galactic SPC files (.spc), new (4Bh) and old (4Dh): one or several spectra, even, shared or separate axes.

Parsed here and not by spc-io, which the tests compare with: spc-io rejects files whose log text is not laid out as it
expects, and trusts the lengths stated in a damaged file. The layout follows Galactic's "A brief guide to SPC file
format and using GSPCIO" (1997) and its SPC.H.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.spc_log import SpcText, read_log_text, spc_axis_unit
from ramanstudio.formats.validation import file_size, read_error, sorted_spectra

MAX_MB: Final = 2000
_COPY_AGAIN: Final = "Copy it again from the instrument, or export it as text."
_ASSUMED: Final = "The file does not state that its axis is Raman shift; it was read as Raman shift."
_SIXTEEN_BIT, _SEVERAL, _OWN_AXES, _X_VALUES, _LABELS = 0x01, 0x04, 0x40, 0x80, 0x20
_SUBHEADER: Final = 32
_FLOAT_EXPONENT: Final = -128
_Z_TYPES: Final = {2: ("z", 1.0), 3: ("z", 1e-3), 4: ("time", 1.0), 5: ("time", 60.0)}  # -> µm, s
MAX_SUBFILES: Final = 1_000_000
MAX_AXES: Final = 10_000
_HEADER: Final = 512  # bytes of the larger of the two headers
_BLOCK_BYTES: Final = 2**25  # read at a time
_ZAndW = tuple[float, float]  # where a subfile stands on the third and the fourth axis


@dataclass(frozen=True, slots=True)
class _SpcHeader:
    """The fields of the main header that are used; `length` is its length in bytes, `log` where the log begins."""

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
    date: str = ""
    software: str = ""
    old: bool = False


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an SPC file of either version."""
    if len(start) < 256 or start[1] not in (0x4B, 0x4D) or start.startswith((b"PK\x03\x04", b"BM")):  # zip, bitmap
        return False
    x_type = start[28] if start[1] == 0x4B else start[16]
    return b"\0\0" in start[:256] and (x_type <= 30 or x_type == 255)  # text has no null bytes


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of an SPC file, one set for each axis.

    `laser_nm` is used where the axis has to be converted and the file states no laser. Raises StudioError when the
    file is damaged, holds no Raman spectra, or its axis needs a laser wavelength that is unknown.
    """
    size = file_size(path, MAX_MB)
    with path.open("rb") as file:
        source = _Source(file, size)
        header = _header(path, source.read(0, _HEADER), size)
        texts = read_log_text(source.read, size, header.log, header.memo, header.labels)
        unit = spc_axis_unit(path, header.x_type, header.y_type, header.experiment, texts, (header.first, header.last))
        laser = axes.chosen_laser(texts.laser_nm, laser_nm)
        spectra, notes = _spectra(path, source, header)
    sets = []
    for axis, rows, table in spectra:
        if axis.size < 2 or not np.all(np.isfinite(axis)):
            raise read_error(path, "its axis is damaged", _COPY_AGAIN)
        if unit in (axes.UNKNOWN, axes.WAVENUMBER) and header.x_type == 0 and _counts_pixels(axis):
            unit = axes.PIXEL
        shift = axes.raman_shift(path, axis, unit, laser)
        about = _about(texts, header) | axes.laser_metadata(axis, unit, texts.laser_nm, laser_nm)
        assumed = unit == axes.UNKNOWN or (unit == axes.WAVENUMBER and not axes.needs_laser(axis, unit))
        if notes or assumed:
            about["notes"] = " ".join([*notes, *([_ASSUMED] if assumed else [])])
        own_about, own_table = texts.own_metadata(len(rows))
        spectra_set = sorted_spectra(path, shift, rows).with_about(**(own_about or about))
        sets.append(spectra_set.with_table(**(own_table or table)))
    return tuple(sets)


@dataclass(frozen=True, slots=True)
class _Source:
    """An open file and its size; only what is needed is read of it."""

    file: BinaryIO
    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Return `count` bytes, fewer where the file ends."""
        self.file.seek(offset)
        return self.file.read(count)


def _header(path: Path, content: bytes, size: int) -> _SpcHeader:
    """Parse and check the main header, in the first bytes of a file; raises StudioError when it cannot be used."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        remedy = "It is a UV-Vis file of another program with the same suffix. Open a Raman spectrum."
        raise read_error(path, "it is a Shimadzu file, not a Galactic SPC file", remedy)
    if len(content) < 256 or content[1] not in (0x4B, 0x4D):
        if len(content) >= 2 and content[1] == 0x4C:
            raise read_error(path, "it is a big-endian SPC file", "Export it again as SPC or text.")
        raise read_error(path, "it has the suffix of an SPC file but not its signature", _COPY_AGAIN)
    header = _old_header(content) if content[1] == 0x4D else _new_header(path, content)
    if not (np.isfinite(header.first) and np.isfinite(header.last)) or abs(header.exponent) > 128:
        raise read_error(path, "its header is damaged", _COPY_AGAIN)
    if header.flags & _SEVERAL and header.subfiles > MAX_SUBFILES:
        raise read_error(path, f"its header states {header.subfiles:,} spectra", _COPY_AGAIN)
    if not header.flags & _OWN_AXES and header.length + 2 * header.points > size:
        raise read_error(path, f"its header states {header.points} points but the file ends earlier", _COPY_AGAIN)
    return header


def _new_header(path: Path, content: bytes) -> _SpcHeader:
    if len(content) < 512:
        raise read_error(path, f"it ends after {len(content)} bytes, within its header", _COPY_AGAIN)
    points, first, last, subfiles = struct.unpack_from("<iddi", content, 4)
    (log,) = struct.unpack_from("<i", content, 248)
    return _SpcHeader(
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
        date=_packed_date(int.from_bytes(content[32:36], "little")),
        software=_text(content[45:54].split(b"\0")[0]),
    )


def _old_header(content: bytes) -> _SpcHeader:
    # The old header's first 224 bytes are followed by the first subfile's header, which completes the 256.
    exponent, points, first, last = struct.unpack_from("<hfff", content, 2)
    return _SpcHeader(
        flags=content[0],
        exponent=exponent,
        points=int(points) if np.isfinite(points) and 0 <= points < 2**31 else -1,
        first=first,
        last=last,
        subfiles=-1,  # not stated: up to the end of the file
        x_type=content[16],
        y_type=content[17],
        z_type=0,
        experiment=0,
        length=224,
        log=0,
        memo=_text(content[64:194].split(b"\0")[0]),
        labels=_text(content[194:224]) if content[0] & _LABELS else "",
        date=_date(int.from_bytes(content[18:20], "little") & 0xFFF, *content[20:24]),
        old=True,
    )


def _packed_date(packed: int) -> str:
    """Return the date of the new header: year, month, day, hour and minute in 12, 4, 5, 5 and 6 bits."""
    return _date(packed >> 20, packed >> 16 & 0xF, packed >> 11 & 0x1F, packed >> 6 & 0x1F, packed & 0x3F)


def _date(year: int, month: int, day: int, hour: int, minute: int) -> str:
    """Return a date as '2005-12-14 17:54'; empty where it is none."""
    try:
        return datetime(year, month, day, hour, minute).strftime("%Y-%m-%d %H:%M") if 1980 <= year < 2100 else ""
    except ValueError:
        return ""


def _counts_pixels(axis: NDArray[np.float64]) -> bool:
    """Whether an axis (B,) without a unit is 1, 2, 3, …, as of a spectrometer that was not calibrated."""
    return bool(axis[0] in (0.0, 1.0) and np.allclose(np.diff(axis), 1.0, rtol=0, atol=1e-6))


def _text(raw: bytes) -> str:
    """Join the printable null-terminated strings in `raw`."""
    return " ".join(part for part in raw.decode("latin-1").split("\0") if part.strip() and part.isprintable()).strip()


def _about(texts: SpcText, header: _SpcHeader) -> dict[str, Plain]:
    about: dict[str, Plain] = dict(texts.metadata)
    if header.memo:
        about["title"] = header.memo
    if header.date:
        about["date"] = header.date
    if header.software:
        about["software"] = header.software
    if header.y_type == 4:
        about["intensity_unit"] = "counts"
    return about


_Spectra = list[tuple[NDArray[np.float64], NDArray[Any], dict[str, NDArray[Any]]]]


def _spectra(path: Path, source: _Source, header: _SpcHeader) -> tuple[_Spectra, list[str]]:
    """Return each axis (B,) with its intensities (N, B) and columns (N,), and notes for the user."""
    stated = max(1, header.subfiles) if header.flags & _SEVERAL and not header.old else 1
    if header.old and header.flags & _SEVERAL:
        stated = MAX_SUBFILES  # not stated: up to the end of the file
    try:
        offset, axis = _shared_axis(path, source, header)
        if axis is None:
            spectra, n_read = _separate_subfiles(path, source, offset, header, min(stated, MAX_SUBFILES))
        else:
            values, z_and_w = _shared_subfiles(source, offset, header, min(stated, MAX_SUBFILES))
            spectra, n_read = [(axis, values, _columns(header, z_and_w))], len(values)
    except _TruncatedError as error:
        raise read_error(path, str(error), _COPY_AGAIN) from None
    is_truncated = n_read < stated and not header.old
    return spectra, [f"The file ends after {n_read} of {stated} spectra."] if is_truncated else []


def _shared_axis(path: Path, source: _Source, header: _SpcHeader) -> tuple[int, NDArray[np.float64] | None]:
    """Return the offset of the first subfile, and the axis (B,) shared by all; None when each has its own."""
    if header.flags & _OWN_AXES:
        return header.length, None
    if header.points < 2:
        raise read_error(path, f"its header states {header.points} points", _COPY_AGAIN)
    if header.flags & _X_VALUES:
        axis = _numbers(source, header.length, header.points, "<f4").astype(np.float64)
        return header.length + 4 * header.points, axis
    _numbers(source, header.length, header.points, "<i2")  # raises before memory is allocated for so many points
    return header.length, np.linspace(header.first, header.last, header.points)


class _TruncatedError(Exception):
    """The file ends within an axis or a spectrum."""


def _encoding(header: _SpcHeader, exponent: int) -> tuple[str, int]:
    """Return how a subfile of this exponent is stored: the type of its numbers, and the exponent that scales them."""
    if not header.flags & _SEVERAL or (header.old and exponent == 0):
        exponent = header.exponent
    if exponent == _FLOAT_EXPONENT:
        return "<f4", exponent
    return ("<i2" if header.flags & _SIXTEEN_BIT else "<i4"), exponent


def _intensities(header: _SpcHeader, numbers: NDArray[Any], exponents: NDArray[np.int64] | int) -> NDArray[np.float32]:
    """Scale stored numbers (…, B) by the exponents of their subfiles to intensities (…, B)."""
    if numbers.dtype.kind == "f":
        return numbers.astype(np.float32)
    if header.old and numbers.dtype.itemsize == 4:
        numbers = _swapped_words(numbers)
    scale = np.exp2(np.asarray(exponents, dtype=np.float64) - 8 * numbers.dtype.itemsize)
    return (numbers * scale[..., None]).astype(np.float32)


def _shared_subfiles(
    source: _Source, offset: int, header: _SpcHeader, stated: int
) -> tuple[NDArray[np.float32], list[_ZAndW]]:
    """Return the intensities (N, B), and z and w (N,), of subfiles that share an axis, up to the end of the file.

    They are read in blocks of equal subfiles. Raises _TruncatedError when not one is complete.
    """
    smallest = _SUBHEADER + header.points * (2 if header.flags & _SIXTEEN_BIT else 4)
    values = np.empty((min(stated, max(0, source.size - offset) // smallest), header.points), dtype=np.float32)
    z_and_w: list[_ZAndW] = []
    while len(z_and_w) < stated and offset + _SUBHEADER <= source.size:
        first = source.read(offset + 1, 1)
        dtype, _ = _encoding(header, int.from_bytes(first, "little", signed=True))
        length = _SUBHEADER + header.points * np.dtype(dtype).itemsize
        count = min(stated - len(z_and_w), max(1, _BLOCK_BYTES // length), (source.size - offset) // length)
        if count == 0:
            break
        records = np.frombuffer(source.read(offset, count * length), np.uint8).reshape(count, length)
        encodings = [_encoding(header, int(exponent)) for exponent in records[:, 1].view(np.int8)]
        count = next((i for i, encoding in enumerate(encodings) if encoding[0] != dtype), count)
        numbers = records[:count, _SUBHEADER:].copy().view(dtype)
        exponents = np.array([exponent for _, exponent in encodings[:count]], dtype=np.int64)
        values[len(z_and_w) : len(z_and_w) + count] = _intensities(header, numbers, exponents)
        z_values, w_values = (records[:count, at : at + 4].copy().view("<f4")[:, 0].tolist() for at in (4, 24))
        z_and_w += zip(z_values, w_values, strict=True)
        offset += count * length
    if not z_and_w:
        raise _TruncatedError(f"its header states {header.points} points but the file ends earlier")
    return values[: len(z_and_w)], z_and_w


def _separate_subfiles(
    path: Path, source: _Source, offset: int, header: _SpcHeader, stated: int
) -> tuple[_Spectra, int]:
    """Return the spectra of subfiles with axes of their own, those of equal axes together, and how many were read.

    Raises _TruncatedError when not one is complete.
    """
    groups: dict[bytes, tuple[NDArray[np.float64], list[NDArray[Any]], list[_ZAndW]]] = {}  # by axis
    n_read = 0
    try:
        while n_read < stated:
            offset, axis, values, z_w = _separate_subfile(source, offset, header)
            group = groups.setdefault(axis.tobytes(), (axis, [], []))
            group[1].append(values)
            group[2].append(z_w)
            n_read += 1
            if len(groups) > MAX_AXES:
                raise read_error(path, f"it has more than {MAX_AXES} different axes", "Export it in parts.")
    except _TruncatedError:
        if n_read == 0:
            raise
    return [(axis, np.stack(rows), _columns(header, z_and_w)) for axis, rows, z_and_w in groups.values()], n_read


def _separate_subfile(
    source: _Source, offset: int, header: _SpcHeader
) -> tuple[int, NDArray[np.float64], NDArray[np.float32], _ZAndW]:
    """Return the offset after a subfile, its axis (B,), intensities (B,), z and w; raises _TruncatedError when cut."""
    if offset + _SUBHEADER > source.size:
        raise _TruncatedError("it ends before its first spectrum")
    subheader = source.read(offset, _SUBHEADER)
    z, _, _, points = struct.unpack_from("<fffi", subheader, 4)
    (w,) = struct.unpack_from("<f", subheader, 24)
    offset += _SUBHEADER
    axis = _numbers(source, offset, points, "<i4" if header.exponent != _FLOAT_EXPONENT else "<f4").astype(np.float64)
    if header.exponent != _FLOAT_EXPONENT:
        axis *= 2.0 ** (header.exponent - 32)
    offset += 4 * points
    dtype, exponent = _encoding(header, int.from_bytes(subheader[1:2], "little", signed=True))
    values = _intensities(header, _numbers(source, offset, points, dtype), exponent)
    return offset + np.dtype(dtype).itemsize * points, axis, values, (float(z), float(w))


def _swapped_words(values: NDArray[Any]) -> NDArray[Any]:
    """Return 32-bit integers whose two 16-bit words are stored with the high one first."""
    return values.view("<u2").reshape(*values.shape, 2)[..., ::-1].copy().view("<i4")[..., 0]


def _numbers(source: _Source, offset: int, count: int, dtype: str) -> NDArray[Any]:
    """Return `count` numbers at `offset`; raises _TruncatedError when the file ends before."""
    n_bytes = count * np.dtype(dtype).itemsize
    if count < 0 or offset + n_bytes > source.size:
        raise _TruncatedError(f"its header states {count} points but the file ends earlier")
    return np.frombuffer(source.read(offset, n_bytes), dtype)


def _columns(header: _SpcHeader, z_and_w: list[_ZAndW]) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of the third and fourth axis: time in s, z in µm, positions; none of running numbers.

    LabRAM and others leave the type of the third axis open and write stage positions there; with a fourth it is a map.
    """
    if len(z_and_w) < 2:
        return {}
    steps, levels = np.array(z_and_w, dtype=np.float64).T
    if not np.all(np.isfinite(steps)) or np.all(steps == steps[0]):
        return {}
    column, scale = _Z_TYPES.get(header.z_type, ("", 1.0))
    if np.all(np.isfinite(levels)) and np.any(levels != levels[0]):
        return {"x": steps, "y": levels} if not column else {column: steps * scale, "y": levels}
    if column:
        return {column: steps * scale}
    if np.array_equal(steps, np.arange(steps.size) + steps[0]) and steps[0] in (0.0, 1.0):
        return {}
    return {"x": steps} if header.z_type == 0 else {}
