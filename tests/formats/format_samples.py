"""Small files of every format, made here byte by byte, and where the real ones lie."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

VENDOR_FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "formats"
needs_vendor_files = pytest.mark.skipif(
    not VENDOR_FILES.is_dir(), reason="the instruments' files are not beside the project"
)

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
    place: NDArray[np.float64] | None = None,
) -> bytes:
    """A WiRE file: header, intensities, axis and, for a map, where each spectrum was taken (N, 2) in µm."""
    count, points = values.shape
    header = struct.pack(
        "<4sIQQ16s12xIIIQQIIII24s4HIIQQIf48x32s160s48x32x32x",
        b"WDF1", 1, 512, 0, b"", 0, 0, points, count, count if collected is None else collected, 3, 1, points,
        0 if place is None else 2, b"", 1, 0, 0, 0, 1, 3 if place is not None else 1, 0, 0, 6,
        1e7 / laser_nm if laser_nm else 0.0, b"", b"a sample",
    )  # fmt: skip

    def block(name: bytes, content: bytes) -> bytes:
        return struct.pack("<4sIQ", name, 0, 16 + len(content)) + content

    blocks = block(b"DATA", values.astype("<f4").tobytes())
    blocks += block(b"XLST", struct.pack("<II", 19, unit) + axis.astype("<f4").tobytes())
    if place is not None:
        origins = struct.pack("<I", 2)
        for kind, name, column in ((3, b"X", place[:, 0]), (4, b"Y", place[:, 1])):
            origins += struct.pack("<II16s", kind | 1 << 31, 5, name) + column.astype("<f8").tobytes()
        blocks += block(b"ORGN", origins)
    return header + blocks


def spc_bytes(
    values: NDArray[np.float64],
    x_type: int = 13,
    y_type: int = 4,
    ends: tuple[float, float] = (100.0, 1000.0),
    log: bytes | None = None,
    axis: NDArray[np.float64] | None = None,
    old: bool = False,
) -> bytes:
    """An SPC file of one or several spectra: floats in the new version, whole numbers in the old one."""
    count, points = values.shape
    flags = (0x04 if count > 1 else 0) | (0x80 if axis is not None else 0)
    exponent = 20
    if old:
        start = struct.pack("<BBhfffBB", flags, 0x4D, exponent, points, *ends, x_type, y_type).ljust(224, b"\0")
        content = b""
        for row in values:
            whole = np.round(row * 2.0 ** (32 - exponent)).astype("<i4")
            words = whole.view("<u2").reshape(-1, 2)[:, ::-1]  # the higher word first
            content += struct.pack("<BBHfffiif", 0, exponent, 0, 0, 0, 0, 0, 0, 0).ljust(32, b"\0") + words.tobytes()
        return start + content
    content = axis.astype("<f4").tobytes() if axis is not None else b""
    for place, row in enumerate(values):
        content += struct.pack("<BbHfffiif", 0, -128, place, place, 0, 0, 0, 0, 0).ljust(32, b"\0")
        content += row.astype("<f4").tobytes()
    begin = 512 + len(content) if log is not None else 0
    start = struct.pack("<BBBbiddi", flags, 0x4B, 0, -128, points, *ends, count) + bytes([x_type, y_type, 0, 0])
    header = start.ljust(248, b"\0") + struct.pack("<i", begin)
    return header.ljust(512, b"\0") + content + (log or b"")


def spc_log(text: bytes) -> bytes:
    """A log block as the standard wants it, holding `text`."""
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
