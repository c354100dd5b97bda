"""Renishaw WiRE files (.wdf): single spectra, depth and time series, line scans, maps, interrupted measurements.

The header and enumerations come from Renishaw's package renishaw-wdf. The blocks are parsed here, because each length
that a damaged file states must be checked against the length of the file before anything is read or skipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.validation import file_size, read_error, sorted_spectra
from ramanstudio.formats.wdf_properties import MAX_BYTES, measurement_metadata, property_facts

if TYPE_CHECKING:
    from wdf.wdf import WdfHeader

_BLOCK_HEADER: Final = 16
MAX_BLOCKS: Final = 10_000
_COPY_AGAIN: Final = "Copy it again from the instrument, or open it in WiRE and save it again."
_UNITS: Final = {
    0: axes.UNKNOWN,
    1: axes.SHIFT,
    2: axes.WAVENUMBER,
    3: axes.NM,
    4: axes.EV,
    5: axes.MICRON,
    16: axes.PIXEL,
}
_UM_PER_UNIT: Final = {5: 1.0, 8: 1e3, 9: 1e6}  # WdfDataUnits: µm, mm, m
_FILETIME: Final = 24  # WdfDataUnits: 100 ns since 1601
_PRIMARY_FLAG: Final = 1 << 31
_FILETIME_1980, _FILETIME_2100 = 119_600_064_000_000_000, 157_469_184_000_000_000
MAX_IMAGE_BYTES: Final = 2**26


@dataclass(frozen=True, slots=True)
class _WdfBlock:
    """Where the content of a block lies: its first byte and its length, cut at the end of the file."""

    start: int
    length: int


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a WiRE file."""
    return start.startswith(b"WDF1")


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra that were collected, with x, y, z in µm and time in s where the file has them.

    `laser_nm` is used where the axis has to be converted and the file states no laser. Raises StudioError when the
    file is damaged or its axis cannot be converted to Raman shift.
    """
    return (read_rows(path, slice(None), laser_nm),)


def shape(path: Path) -> tuple[int, int]:
    """Return the numbers of spectra that were collected and of points. Raises StudioError when the file is damaged."""
    header = _header(path, file_size(path))
    return min(header.ncollected, header.nspectra), header.npoints


def read_rows(path: Path, rows: slice, laser_nm: float | None = None) -> SpectrumSet:
    """Read some of the spectra, as `read` does: a map may be larger than memory."""
    size = file_size(path)
    header = _header(path, size)
    blocks = _blocks(path, size)
    axis, unit = _axis(path, blocks, header)
    file_laser_nm = round(1e7 / header.laser_wavenumber, 4) if 1e3 < header.laser_wavenumber < 1e5 else None
    values, notes = _values(path, blocks, header, rows)
    shift = axes.raman_shift(path, axis, unit, axes.chosen_laser(file_laser_nm, laser_nm))
    about: dict[str, Plain] = {"instrument": "Renishaw", **axes.laser_metadata(axis, unit, file_laser_nm, laser_nm)}
    about |= _measurement(path, blocks, header)
    if header.units_ == 6:
        about["intensity_unit"] = "counts"
    if b"WHTL" in blocks:
        about["white_light_image"] = "in the file"
    if unit == axes.UNKNOWN:
        notes = [*notes, axes.ASSUMED_SHIFT]
    if notes:
        about["notes"] = " ".join(notes)
    table = _origin_table(path, blocks, header, min(header.ncollected, header.nspectra))
    table = {name: column[rows] for name, column in table.items()}
    return sorted_spectra(path, shift, values).with_about(**about).with_table(**table)


def _measurement(path: Path, blocks: dict[bytes, _WdfBlock], header: WdfHeader) -> dict[str, Plain]:
    """Return what header and property sets say of the measurement: date, exposure, accumulations, objective, …"""
    about: dict[str, Plain] = {}
    if header.title.strip():
        about["title"] = header.title.strip()
    if header.naccum:
        about["accumulations"] = header.naccum
    if _FILETIME_1980 < header.time_start_ < _FILETIME_2100:
        moment = datetime(1601, 1, 1) + timedelta(microseconds=header.time_start_ // 10)
        about["date"] = moment.strftime("%Y-%m-%d %H:%M:%S")
    operator = header.user_.split(b"\0")[0].decode("utf-8", "replace").strip()
    if operator:
        about["operator"] = operator
    software = header.appname_.split(b"\0")[0].decode("utf-8", "replace").strip()
    if software:
        about["software"] = f"{software} {header.appver_maj}.{header.appver_min}"
    facts, setup = (
        property_facts(_content(path, blocks[name])) if name in blocks else {} for name in (b"WXDM", b"WXCS")
    )
    # The header also counts the readouts that WiRE adds to remove cosmic rays; the property is what was set.
    return about | measurement_metadata(facts, setup)


def _content(path: Path, block: _WdfBlock) -> bytes:
    """Return the bytes of a block of properties, up to the largest that is parsed."""
    with path.open("rb") as file:
        file.seek(block.start)
        return file.read(min(block.length, MAX_BYTES))


def white_light_image(path: Path) -> bytes | None:
    """Return the white-light image of the sample (JPEG) that a WiRE file holds; None without one.

    Raises StudioError when the file cannot be opened.
    """
    block = _blocks(path, file_size(path)).get(b"WHTL")
    if block is None or not 4 < block.length <= MAX_IMAGE_BYTES:
        return None
    with path.open("rb") as file:
        file.seek(block.start)
        image = file.read(block.length)
    return image if image.startswith(b"\xff\xd8") else None


def _header(path: Path, size: int) -> WdfHeader:
    """Read and check the header; raises StudioError when it is damaged or holds no spectra that can be read."""
    from wdf.wdf import WdfHeader

    if size < WdfHeader._SIZE:
        raise read_error(path, f"it ends after {size} bytes, within its header", _COPY_AGAIN)
    with path.open("rb") as file:
        header = WdfHeader.fromstream(file)
    if header.signature != 0x31464457:
        raise read_error(path, "it has the suffix of a Renishaw file but not its signature")
    if header.npoints < 2 or header.nspectra < 1:
        raise read_error(path, "it contains no spectrum", "Open it in WiRE to see what it contains.")
    if header.flags_ & 0b1001:
        raise read_error(
            path,
            "each of its spectra has its own axis (multitrack)",
            "In WiRE, split it and save the spectra separately.",
        )
    if math.isnan(header.laser_wavenumber):
        raise read_error(path, "its header is damaged", _COPY_AGAIN)
    return header


def _blocks(path: Path, size: int) -> dict[bytes, _WdfBlock]:
    """Return the first block of each kind by its four-letter name."""
    blocks: dict[bytes, _WdfBlock] = {}
    offset = 0
    with path.open("rb") as file:
        for _ in range(MAX_BLOCKS):
            file.seek(offset)
            start = file.read(_BLOCK_HEADER)
            if len(start) < _BLOCK_HEADER:
                break
            length = int.from_bytes(start[8:], "little")
            if length < _BLOCK_HEADER:
                break
            content = min(length, size - offset) - _BLOCK_HEADER
            blocks.setdefault(start[:4], _WdfBlock(offset + _BLOCK_HEADER, content))
            offset += length
            if offset >= size:
                break
    return blocks


def _read_numbers(path: Path, block: _WdfBlock, skip: int, count: int, dtype: str = "<f4") -> NDArray[Any]:
    """Return `count` numbers of a block, beginning `skip` bytes after its start."""
    return np.fromfile(path, dtype=dtype, count=count, offset=block.start + skip)


def _axis(path: Path, blocks: dict[bytes, _WdfBlock], header: WdfHeader) -> tuple[NDArray[Any], str]:
    """Return the axis (B,) and its unit; raises StudioError when it is damaged or not spectral."""
    block = blocks.get(b"XLST")
    if block is None or block.length < 8 + 4 * header.npoints:
        raise read_error(path, "it ends before its axis, or is damaged", _COPY_AGAIN)
    if header.xlistcount != header.npoints:
        reason = f"its axis has {header.xlistcount} points but its spectra have {header.npoints}"
        raise read_error(path, reason, "It may be an image or a filter scan; save spectra in WiRE.")
    kind, unit = (int(number) for number in _read_numbers(path, block, 0, 2, "<u4"))
    if unit not in _UNITS or kind not in (0, 1, 19):
        raise read_error(path, "its axis is not spectral", "In WiRE, save the spectra themselves.")
    axis = _read_numbers(path, block, 8, header.npoints)
    if not np.all(np.isfinite(axis)):
        raise read_error(path, "its axis is damaged", _COPY_AGAIN)
    return axis.astype(np.float64), _UNITS[unit]


def _values(
    path: Path, blocks: dict[bytes, _WdfBlock], header: WdfHeader, rows: slice
) -> tuple[NDArray[Any], list[str]]:
    """Return `rows` of the collected intensities (n, B), and notes for the user."""
    block = blocks.get(b"DATA")
    n_complete = block.length // (4 * header.npoints) if block else 0
    collected = min(header.ncollected, header.nspectra)
    if block is None or not n_complete:
        raise read_error(path, "it ends within its first spectrum", _COPY_AGAIN)
    if not collected:
        raise read_error(path, "the measurement was stopped before its first spectrum", "Measure again.")
    if n_complete < collected:
        reason = f"it states {collected} spectra of {header.npoints} points but has room for {n_complete}"
        raise read_error(path, reason, _COPY_AGAIN)
    start, stop, _ = rows.indices(collected)
    skip, count = 4 * start * header.npoints, (stop - start) * header.npoints
    values = _read_numbers(path, block, skip, count).reshape(stop - start, header.npoints)
    notes = []
    if collected < header.nspectra:
        notes.append(f"The measurement was stopped: {collected} of {header.nspectra} spectra were collected.")
    return values, notes


def _origin_table(path: Path, blocks: dict[bytes, _WdfBlock], header: WdfHeader, count: int) -> dict[str, NDArray[Any]]:
    """Return columns (N,) of where and when each spectrum was measured: x, y, z in µm, time in s since the first."""
    from wdf.origin import WdfDataType

    columns = {
        WdfDataType.Spatial_X.value: "x",
        WdfDataType.Spatial_Y.value: "y",
        WdfDataType.Spatial_Z.value: "z",
        WdfDataType.FocusTrack.value: "focus_z",
        WdfDataType.Time.value: "time",
        WdfDataType.Temperature.value: "temperature",
    }
    block = blocks.get(b"ORGN")
    entry_size = 24 + 8 * header.nspectra
    table: dict[str, NDArray[Any]] = {}
    if block is None or block.length < 4:
        return table
    stated = int(_read_numbers(path, block, 0, 1, "<u4")[0])
    for index in range(min(stated, (block.length - 4) // entry_size)):
        skip = 4 + index * entry_size
        kind, unit = (int(number) for number in _read_numbers(path, block, skip, 2, "<u4"))
        column = columns.get(kind & ~_PRIMARY_FLAG)
        if column is None or column in table or (column == "time" and count == 1):
            continue
        numbers = _read_numbers(path, block, skip + 24, count, "<u8" if unit == _FILETIME else "<f8")
        if unit == _FILETIME:
            numbers = (numbers - numbers.min()).astype(np.float64) / 1e7
        elif column in ("x", "y", "z", "focus_z"):
            numbers = numbers * _UM_PER_UNIT.get(unit, 1.0)
        if np.all(np.isfinite(numbers)):
            table[column] = numbers
    focus = table.pop("focus_z", None)
    if focus is not None and ("z" not in table or np.unique(table["z"]).size == 1 < np.unique(focus).size):
        table["z"] = focus  # where the stage followed the surface
    return table
