"""Builders of small files of every format, byte by byte, and the folder of vendor files."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

VENDOR_FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "formats"
needs_vendor_files = pytest.mark.skipif(not VENDOR_FILES.is_dir(), reason="the vendor files are not beside the project")

MICROMETRES, MILLIMETRES, FILETIME = 5, 8, 24  # WdfDataUnit
AXIS = np.linspace(100.0, 1000.0, 46)
SPECTRUM = np.round(50.0 + 900.0 * np.exp(-(((AXIS - 520.0) / 40.0) ** 2)), 3)


def two_column_text(separator: str = "\t", decimal: str = ".", header: str = "", newline: str = "\n") -> str:
    """The sample spectrum as text."""
    lines = [f"{shift:.2f}{separator}{value:.3f}" for shift, value in zip(AXIS, SPECTRUM, strict=True)]
    if decimal == ",":
        lines = [line.replace(".", ",") for line in lines]
    return header + newline.join(lines) + newline


def wdf_bytes(
    values: NDArray[np.float64],
    axis: NDArray[np.float64] = AXIS,
    unit: int = 1,
    laser_nm: float | None = 532.0,
    collected: int | None = None,
    positions: NDArray[np.float64] | None = None,
    length_unit: int = MICROMETRES,
    depths: NDArray[np.float64] | None = None,
    times_s: NDArray[np.float64] | None = None,
) -> bytes:
    """A WiRE file of `values` (N, B): header, intensities, axis in WdfDataUnit `unit`, and origins.

    `positions` (N, 2) are x and y and `depths` (N,) z, in WdfDataUnit `length_unit`; `times_s` (N,) are written as
    Windows FILETIME.
    """
    count, points = values.shape
    origins: list[tuple[int, bytes, int, NDArray[np.generic]]] = []
    if positions is not None:
        origins += [(3, b"X", length_unit, positions[:, 0]), (4, b"Y", length_unit, positions[:, 1])]
    if depths is not None:
        origins.append((5, b"Z", length_unit, depths))
    if times_s is not None:
        origins.append((11, b"Time", FILETIME, (times_s * 1e7).astype("<u8") + np.uint64(133_000_000_000_000_000)))
    header = struct.pack(
        "<4sIQQ16s12xIIIQQIIII24s4HIIQQIf48x32s160s48x32x32x",
        b"WDF1", 1, 512, 0, b"", 0, 0, points, count, count if collected is None else collected, 3, 1, points,
        len(origins), b"", 1, 0, 0, 0, 1, 3 if origins else 1, 0, 0, 6,
        1e7 / laser_nm if laser_nm else 0.0, b"", b"a sample",
    )  # fmt: skip

    def block(name: bytes, content: bytes) -> bytes:
        return struct.pack("<4sIQ", name, 0, 16 + len(content)) + content

    blocks = block(b"DATA", values.astype("<f4").tobytes())
    blocks += block(b"XLST", struct.pack("<II", 19, unit) + axis.astype("<f4").tobytes())
    if origins:
        content = struct.pack("<I", len(origins))
        for data_type, name, data_unit, column in origins:
            content += struct.pack("<II16s", data_type | 1 << 31, data_unit, name)
            content += column.astype("<u8" if data_unit == FILETIME else "<f8").tobytes()
        blocks += block(b"ORGN", content)
    return header + blocks


def spc_bytes(
    values: NDArray[np.float64],
    x_type: int = 13,
    y_type: int = 4,
    ends: tuple[float, float] = (100.0, 1000.0),
    log: bytes | None = None,
    axis: NDArray[np.float64] | None = None,
    old: bool = False,
    z_type: int = 0,
    z_values: Sequence[float] | None = None,
    is_16_bit: bool = False,
    separate_axes: bool = False,
) -> bytes:
    """An SPC file of `values` (N, B): floats in the new version (or 16-bit integers), integers in the old one.

    `axis` (B,) is written as the shared axis, or with `separate_axes` before every spectrum.
    """
    count, points = values.shape
    flags = (0x04 if count > 1 or separate_axes else 0) | (0x80 if axis is not None else 0)
    flags |= (0x40 if separate_axes else 0) | (0x01 if is_16_bit else 0)
    exponent = 20
    if old:
        start = struct.pack("<BBhfffBB", flags, 0x4D, exponent, points, *ends, x_type, y_type).ljust(224, b"\0")
        content = b""
        for row in values:
            integers = np.round(row * 2.0 ** (32 - exponent)).astype("<i4")
            words = integers.view("<u2").reshape(-1, 2)[:, ::-1]  # the high word first
            content += _spc_subheader(exponent, 0, 0.0, 0) + words.tobytes()
        return start + content
    content = axis.astype("<f4").tobytes() if axis is not None and not separate_axes else b""
    exponent = 15 if is_16_bit else -128
    for index, row in enumerate(values):
        z = index if z_values is None else z_values[index]
        content += _spc_subheader(exponent, index, z, points if separate_axes else 0)
        if separate_axes and axis is not None:
            content += axis.astype("<f4").tobytes()
        content += (np.round(row * 2.0).astype("<i2") if is_16_bit else row.astype("<f4")).tobytes()
    begin = 512 + len(content) if log is not None else 0
    start = struct.pack("<BBBbiddi", flags, 0x4B, 0, exponent, points, *ends, count) + bytes(
        [x_type, y_type, z_type, 0]
    )
    header = start.ljust(248, b"\0") + struct.pack("<i", begin)
    return header.ljust(512, b"\0") + content + (log or b"")


def _spc_subheader(exponent: int, index: int, z: float, points: int) -> bytes:
    return struct.pack("<BbHfffiif", 0, exponent, index, z, 0, 0, points, 0, 0).ljust(32, b"\0")


def spc_log(text: bytes) -> bytes:
    """An SPC log block that holds `text`."""
    return struct.pack("<iiiii", 64 + len(text), 4096, 64, 0, 0).ljust(64, b"\0") + text


def jcamp_text(
    data: str,
    points: int,
    form: str = "(X++(Y..Y))",
    kind: str = "RAMAN SPECTRUM",
    units: str = "1/CM",
    y: str = "COUNTS",
) -> str:
    """A JCAMP-DX file around lines of data, from 100 to 1000 cm⁻¹."""
    return (
        f"##TITLE=a sample\n##JCAMP-DX=4.24\n##DATA TYPE={kind}\n##XUNITS={units}\n##YUNITS={y}\n##FIRSTX=100\n"
        f"##LASTX=1000\n##XFACTOR=1\n##YFACTOR=0.5\n##NPOINTS={points}\n##XYDATA={form}\n{data}##END=\n"
    )


def jcamp_plain() -> str:
    """The sample spectrum as a JCAMP-DX file of plain numbers."""
    rows = [
        f"{AXIS[begin]:g} " + " ".join(f"{2 * value:g}" for value in np.round(SPECTRUM[begin : begin + 8])) + "\n"
        for begin in range(0, AXIS.size, 8)
    ]
    return jcamp_text("".join(rows), AXIS.size)
