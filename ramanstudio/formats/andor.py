"""Andor Solis files (.sif): spectra of one or several frames, with the calibration polynomial and the laser.

The header is lines of text with pieces of memory between them, whose number depends on the version. What describes the
data stands before and behind the names of its axes, "11\\nRaman shift6\\nCounts12\\nPixel number65541 …", so these are
searched for. The meaning of the fields follows sif-parser (BSD), which is not used: it waits for ever on files that
were cut off, and needs pandas.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.conversion import positive, raman_spectra
from ramanstudio.formats.validation import read_error

_SIGNATURE: Final = b"Andor Technology Multi-Channel File\n"
_AXIS_NAMES: Final = re.compile(
    rb"(\d{1,3})\n([^\n]{0,80}?)(\d{1,3})\n([^\n]{0,80}?)(\d{1,3})\n([^\n]{0,80}?)(65\d{3}) "
)
_HEADER_LIMIT: Final = 4 * 2**20
MAX_FRAMES: Final = 1_000_000
_LINES_BEFORE: Final = 7  # from the calibration to the length of the first axis name
_NOT_CALIBRATED: Final = "In Solis, calibrate the x axis (wavelength or Raman shift) and save the file again."


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an Andor file."""
    return start.startswith(_SIGNATURE)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of all frames and tracks, with exposure, accumulations, date and laser.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged, is not calibrated, or its laser wavelength is unknown.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content):
        raise read_error(path, "it has the suffix of an Andor file but not its signature")
    anchor = _find_axis_names(source)
    before = source.content[max(0, anchor.start() - 4000) : anchor.start()].split(b"\n")[-_LINES_BEFORE - 1 :]
    if len(before) < _LINES_BEFORE + 1:
        raise source.damaged("its calibration")
    coefficients = _numbers(before[0]) or _numbers(before[1])
    laser = (_numbers(before[3]) or [0.0])[0]
    frame_axis = anchor[2].decode("latin-1")
    values, n_rows = _values(source, anchor)
    pixels = np.arange(1, values.shape[1] + 1, dtype=np.float64)
    axis = np.polynomial.polynomial.polyval(pixels, np.array(coefficients or [0.0, 1.0]))
    if frame_axis.lower().startswith("pixel") or not any(coefficients[1:]) or coefficients[:2] == [0.0, 1.0]:
        raise read_error(path, "its axis counts detector pixels", _NOT_CALIBRATED)
    is_raman = "raman" in frame_axis.lower()
    table: dict[str, NDArray[Any]] = {}
    if len(values) > n_rows:
        table["frame"] = np.arange(len(values)) // n_rows
    if n_rows > 1:
        table["row"] = np.arange(len(values)) % n_rows
    # The polynomial gives nm whatever the axis is shown as.
    spectra = raman_spectra(
        path, axis, axes.NM, values, file_laser_nm=laser if is_raman else None, laser_nm=laser_nm,
        about=_metadata(source, anchor), table=table,
    )  # fmt: skip
    return (spectra,)


def _find_axis_names(source: ByteReader) -> re.Match[bytes]:
    """Return the place of the three axis names; raises StudioError when there is none."""
    for match in _AXIS_NAMES.finditer(source.content, 0, min(source.size, _HEADER_LIMIT)):
        lengths = [int(match[group]) for group in (1, 3, 5)]
        if lengths == [len(match[group]) for group in (2, 4, 6)]:
            return match
    raise source.damaged("its header describes no data")


def _numbers(line: bytes) -> list[float]:
    """Return the numbers of a line, an empty list when it holds anything else."""
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError:
        return []
    return numbers if np.all(np.isfinite(numbers)) else []


def _values(source: ByteReader, anchor: re.Match[bytes]) -> tuple[NDArray[Any], int]:
    """Return the intensities (N, B) of all frames, and the number of rows of each frame."""
    line, offset = _line(source, anchor.end())
    fields = _integers(source, line, 8)
    n_frames, n_regions = fields[4], fields[5]
    if not 1 <= n_frames <= MAX_FRAMES or not 1 <= n_regions <= 1000:
        raise source.damaged(f"it states {n_frames} frames of {n_regions} regions")
    n_rows, width = 0, 0
    for _ in range(n_regions):
        line, offset = _line(source, offset)
        _, left, top, right, bottom, y_bin, x_bin = _integers(source, line, 7)
        if x_bin < 1 or y_bin < 1:
            raise source.damaged("its binning")
        width = (1 + right - left) // x_bin
        n_rows += (1 + top - bottom) // y_bin
    if width < 2 or n_rows < 1:
        raise source.damaged(f"it states regions of {width} × {n_rows} points")
    for _ in range(n_frames):  # a time stamp each
        _, offset = _line(source, offset)
    start = source.content[offset : offset + 2]
    if start == b"0\n":
        offset += 2
    elif start == b"1\n":
        offset += 2
        for _ in range(n_frames):
            _, offset = _line(source, offset)
    return source.array("<f4", n_frames * n_rows * width, offset).reshape(-1, width), n_rows


def _line(source: ByteReader, offset: int) -> tuple[bytes, int]:
    """Return the line at an offset and where the next one begins; raises StudioError at the end of the file."""
    end = source.content.find(b"\n", offset, offset + 10_000)
    if end < 0:
        raise source.cut_off()
    return source.content[offset:end], end + 1


def _integers(source: ByteReader, line: bytes, count: int) -> list[int]:
    """Return the first `count` whole numbers of a line; raises StudioError when there are fewer."""
    words = line.split()[:count]
    if len(words) < count or not all(re.fullmatch(rb"-?\d{1,10}", word) for word in words):
        raise source.damaged("the sizes in its header")
    return [int(word) for word in words]


def _metadata(source: ByteReader, anchor: re.Match[bytes]) -> dict[str, Plain | None]:
    """Return exposure, accumulations, date and camera; what is not understood is left out."""
    about: dict[str, Plain | None] = {"instrument": "Andor"}
    unit = anchor[4].decode("latin-1").strip()
    about["intensity_unit"] = unit.lower() if unit.lower() == "counts" else unit
    # "65567 0 0 1 <seconds since 1970> <temperature> ", ten bytes, "0 <exposure> <cycle> <cycle> <accumulations> …"
    start = re.compile(rb"[^\n]*\n[^\n]*\n(\d+) \S+ \S+ \S+ (\d+) (\S+) ", re.DOTALL).match(source.content)
    if start is None:
        return about
    seconds = int(start[2]) if len(start[2]) < 12 else 0
    if seconds > 0:
        about["date"] = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ", "seconds")
    words = source.content[start.end() + 10 : start.end() + 300].split(b" ")
    numbers = [_numbers(word) for word in words[:5]]
    if len(numbers) == 5 and all(len(number) == 1 for number in numbers):
        about["exposure_s"] = positive(numbers[1][0])
        about["accumulations"] = int(numbers[4][0]) if 1 <= numbers[4][0] < 1e9 else None
    rest = source.content[start.end() : start.end() + 1200].split(b"\n", 2)
    if len(rest) > 1:
        about["detector"] = rest[1].decode("latin-1").strip()
    return about
