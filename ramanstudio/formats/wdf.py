"""Renishaw WiRE files (.wdf): single spectra, depth and time series, lines, maps, and measurements cut short.

Header and enumerations are Renishaw's own (renishaw-wdf). The blocks are walked here, because a length stated in a
damaged file must be checked against the file before anything is read or skipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.validation import read_error, rising, size_of

if TYPE_CHECKING:
    from wdf.wdf import WdfHeader

_BLOCK_HEADER: Final = 16
_MOST_BLOCKS: Final = 10_000
_AGAIN: Final = "Copy it again from the instrument, or open it in WiRE and save it anew."
_UNITS: Final = {
    0: axes.UNKNOWN,
    1: axes.SHIFT,
    2: axes.WAVENUMBER,
    3: axes.NM,
    4: axes.EV,
    5: axes.MICRON,
    16: axes.PIXEL,
}
_MICROMETRES: Final = {5: 1.0, 8: 1e3, 9: 1e6}  # what a length is told in -> µm
_FILETIME: Final = 24
_PRIMARY_FLAG: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class _Block:
    start: int  # of its content
    length: int  # of its content, as far as the file reaches


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is a WiRE file."""
    return start.startswith(b"WDF1")


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """The spectra that were collected, with x, y, z (µm) and time (s) where the file has them.

    Raises StudioError when it is damaged, or its axis cannot become Raman shift.
    """
    size = size_of(path)
    header = _header(path, size)
    blocks = _blocks(path, size)
    axis, unit = _axis(path, blocks, header)
    own_nm = round(1e7 / header.laser_wavenumber, 4) if 1e3 < header.laser_wavenumber < 1e5 else None
    values, notes = _values(path, blocks, header)
    shift = axes.raman_shift(path, axis, unit, laser_nm if own_nm is None else own_nm)
    about: dict[str, Plain] = {"instrument": "Renishaw", **axes.laser_fact(axis, unit, own_nm, laser_nm)}
    if header.title.strip():
        about["title"] = header.title.strip()
    if header.naccum:
        about["accumulations"] = header.naccum
    if header.units_ == 6:
        about["intensity_unit"] = "counts"
    if unit == axes.UNKNOWN:
        notes = [*notes, "The file does not say what its axis is; it was read as Raman shift in cm⁻¹."]
    if notes:
        about["notes"] = " ".join(notes)
    table = _origins(path, blocks, header, len(values))
    return (rising(path, shift, values).with_about(**about).with_table(**table),)


def _header(path: Path, size: int) -> WdfHeader:
    from wdf.wdf import WdfHeader

    if size < WdfHeader._SIZE:
        raise read_error(path, f"it ends after {size} bytes, before its header does", _AGAIN)
    with path.open("rb") as file:
        header = WdfHeader.fromstream(file)
    if header.signature != 0x31464457:
        raise read_error(path, "it is named like a Renishaw file but does not begin like one")
    if header.npoints < 2 or header.nspectra < 1:
        raise read_error(path, "it holds no spectrum", "Open it in WiRE to see what it holds.")
    if header.flags_ & 0b1001:
        raise read_error(
            path,
            "each of its spectra has an axis of its own (multitrack)",
            "In WiRE, split it and save single spectra.",
        )
    if math.isnan(header.laser_wavenumber):
        raise read_error(path, "its header is damaged", _AGAIN)
    return header


def _blocks(path: Path, size: int) -> dict[bytes, _Block]:
    """The first block of each kind, each no longer than the file."""
    blocks: dict[bytes, _Block] = {}
    place = 0
    with path.open("rb") as file:
        for _ in range(_MOST_BLOCKS):
            file.seek(place)
            start = file.read(_BLOCK_HEADER)
            if len(start) < _BLOCK_HEADER:
                break
            length = int.from_bytes(start[8:], "little")
            if length < _BLOCK_HEADER:
                break
            content = min(length, size - place) - _BLOCK_HEADER
            blocks.setdefault(start[:4], _Block(place + _BLOCK_HEADER, content))
            place += length
            if place >= size:
                break
    return blocks


def _floats(path: Path, block: _Block, skip: int, count: int, kind: str = "<f4") -> NDArray[Any]:
    return np.fromfile(path, dtype=kind, count=count, offset=block.start + skip)


def _axis(path: Path, blocks: dict[bytes, _Block], header: WdfHeader) -> tuple[NDArray[Any], str]:
    block = blocks.get(b"XLST")
    if block is None or block.length < 8 + 4 * header.npoints:
        raise read_error(path, "it ends before its axis, or is damaged", _AGAIN)
    if header.xlistcount != header.npoints:
        found = f"its axis has {header.xlistcount} points and its spectra have {header.npoints}"
        raise read_error(path, found, "It may be an image or a filter scan; save spectra in WiRE.")
    kind, unit = (int(number) for number in _floats(path, block, 0, 2, "<u4"))
    if unit not in _UNITS or kind not in (0, 1, 19):
        raise read_error(path, "its axis is not a spectral one", "Save the spectra themselves in WiRE.")
    axis = _floats(path, block, 8, header.npoints)
    if not np.all(np.isfinite(axis)):
        raise read_error(path, "its axis is damaged", _AGAIN)
    return axis.astype(np.float64), _UNITS[unit]


def _values(path: Path, blocks: dict[bytes, _Block], header: WdfHeader) -> tuple[NDArray[Any], list[str]]:
    block = blocks.get(b"DATA")
    whole = block.length // (4 * header.npoints) if block else 0
    collected = min(header.ncollected, header.nspectra)
    if block is None or not whole:
        raise read_error(path, "it ends before its first spectrum does", _AGAIN)
    if not collected:
        raise read_error(path, "the measurement was stopped before its first spectrum", "Measure again.")
    if whole < collected:
        found = f"it states {collected} spectra of {header.npoints} points and has room for {whole}"
        raise read_error(path, found, _AGAIN)
    values = _floats(path, block, 0, collected * header.npoints).reshape(collected, header.npoints)
    notes = []
    if collected < header.nspectra:
        notes.append(f"The measurement was stopped: {collected} of {header.nspectra} spectra were collected.")
    return values, notes


def _origins(path: Path, blocks: dict[bytes, _Block], header: WdfHeader, count: int) -> dict[str, NDArray[Any]]:
    """Where and when each spectrum was taken: x, y, z in µm and time in s since the first."""
    from wdf.origin import WdfDataType

    columns = {
        WdfDataType.Spatial_X.value: "x",
        WdfDataType.Spatial_Y.value: "y",
        WdfDataType.Spatial_Z.value: "z",
        WdfDataType.Time.value: "time",
        WdfDataType.Temperature.value: "temperature",
    }
    block = blocks.get(b"ORGN")
    each = 24 + 8 * header.nspectra
    table: dict[str, NDArray[Any]] = {}
    if block is None or block.length < 4:
        return table
    stated = int(_floats(path, block, 0, 1, "<u4")[0])
    for place in range(min(stated, (block.length - 4) // each)):
        skip = 4 + place * each
        kind, unit = (int(number) for number in _floats(path, block, skip, 2, "<u4"))
        column = columns.get(kind & ~_PRIMARY_FLAG)
        if column is None or column in table or (column == "time" and count == 1):
            continue
        numbers = _floats(path, block, skip + 24, count, "<u8" if unit == _FILETIME else "<f8")
        if unit == _FILETIME:  # tenths of µs since 1601
            numbers = (numbers - numbers.min()).astype(np.float64) / 1e7
        elif column in "xyz":
            numbers = numbers * _MICROMETRES.get(unit, 1.0)
        if np.all(np.isfinite(numbers)):
            table[column] = numbers
    return table
