"""HORIBA LabSpec 5 files (.ngc, .ngs, .tsf): a spectrum, line or map, with its axes and the table of settings.

After the signature and a name stands one array of float32 with its shape, then names and units of the axes, which
dimension of the array each of them is, their ends, and their points where they are not evenly spaced; tables of
settings follow. The layout of the first part is that which WrightTools (MIT) documents, the rest was found by reading
files byte by byte.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

_SIGNATURE: Final = b"NGSNextGen"
_NAMES: Final = 19  # offset of "DataMatrix" behind the signature, two versions and the length
_COLUMNS: Final = {"x": "x", "y": "y", "z": "z", "time": "time", "t": "time"}
_NOT_ZERO: Final = re.compile(rb"[^\0]")
MAX_AXES: Final = 8


@dataclass(frozen=True, slots=True)
class _Axis:
    name: str
    unit: str
    points: NDArray[np.float64]


class _Cursor:
    """Reads the values of a file in their order: each begins where the last one ended."""

    def __init__(self, source: ByteReader, offset: int) -> None:
        self.source = source
        self.offset = offset

    def number(self, layout: str, size: int) -> Any:
        self.offset += size
        return self.source.number(layout, self.offset - size)

    def short(self) -> int:
        return int(self.number("<h", 2))

    def text(self) -> str:
        length = int(self.number("<B", 1))
        self.offset += length
        return self.source.bytes_at(self.offset - length, length).decode("latin-1")

    def texts(self) -> list[str]:
        return [self.text() for _ in range(self._count())]

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        numbers = self.source.array(dtype, count, self.offset)
        self.offset += numbers.nbytes
        return numbers

    def _count(self) -> int:
        count = self.short()
        if not 0 <= count <= 1000:
            raise self.source.damaged("its list of axes")
        return count


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a LabSpec 5 file."""
    return start.startswith(_SIGNATURE)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a file, with x, y, z in µm or time in s where it has them, and the instrument's settings.

    Points of a map that were not measured are left out. `laser_nm` of the user wins over the file's where the axis has
    to be converted. Raises StudioError when the file is damaged or its axis cannot be converted to Raman shift.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content) or source.bytes_at(_NAMES, 10) != b"DataMatrix":
        raise read_error(path, "it has the suffix of a LabSpec 5 file but not its beginning")
    cursor = _Cursor(source, _NAMES + 10)
    cursor.text()  # kind of file
    title = cursor.text()
    values, dimensions, intensity_unit = _array_and_axes(source, cursor)
    spectral = next((axis for axis in dimensions if axis.name.lower().startswith("spectr")), None)
    if spectral is None:
        raise read_error(path, "it contains no spectrum", "In LabSpec, open it and save the spectra themselves.")
    order = dimensions.index(spectral)
    rows = np.moveaxis(values, order, -1).reshape(-1, spectral.points.size)
    others = [axis for axis in dimensions if axis is not spectral]
    table = _columns(others)
    if len(rows) > 1:
        measured = np.any(rows != 0, axis=1)
        if not np.any(measured):
            raise read_error(path, "none of its points was measured", "Measure again.")
        rows, table = rows[measured], {name: column[measured] for name, column in table.items()}
    settings = _settings(source)
    unit = axes.ABSOLUTE if "abs" in spectral.unit.lower() else axes.unit_from_text(spectral.unit)
    spectra = raman_spectra(
        path, spectral.points, unit, rows, file_laser_nm=_number(settings.get("Laser")), laser_nm=laser_nm,
        about={"title": title, **_metadata(source, settings, intensity_unit)}, table=table,
    )  # fmt: skip
    return (spectra,)


def _array_and_axes(source: ByteReader, cursor: _Cursor) -> tuple[NDArray[Any], list[_Axis], str]:
    """Return the array, its axes in the order of its dimensions, and the unit of its numbers."""
    cursor.offset += 16
    n_stored, n_dimensions = int(cursor.number("<i", 4)), cursor.short()
    if not 1 <= n_dimensions <= MAX_AXES:
        raise source.damaged(f"it states {n_dimensions} dimensions")
    shape = [int(length) for length in cursor.array("<i4", n_dimensions)]
    cursor.offset += 6
    count = math.prod(shape)
    if min(shape) < 1 or count > n_stored or 4 * count > source.size:
        raise source.damaged(f"it states {' × '.join(map(str, shape))} intensities")
    values = cursor.array("<f4", count).reshape(shape)
    cursor.offset += 4 * (n_stored - count)
    behind_zeros = _NOT_ZERO.search(source.content, cursor.offset)
    if behind_zeros is None:
        raise source.cut_off()
    cursor.offset = behind_zeros.start()
    names, units = cursor.texts(), cursor.texts()
    skipped = cursor.short()
    cursor.offset += max(0, skipped)
    dimensions = cursor.array("<i2", 2 * cursor.short())[::2]
    ends = cursor.array("<f4", cursor.short())
    stored = cursor.array("<i4", cursor.short())
    n_axes = len(names)
    if len(units) != n_axes or len(dimensions) != n_axes or len(ends) < 2 * n_axes or len(stored) != n_axes:
        raise source.damaged("its list of axes")
    axis_of_dimension: dict[int, _Axis] = {}
    intensity_unit = ""
    for index, dimension in enumerate(int(number) for number in dimensions):
        if not 0 <= dimension < n_dimensions:
            intensity_unit = units[index]
            continue
        length = shape[dimension]
        if stored[index]:
            points = cursor.array("<f4", cursor.short() // 4).astype(np.float64)
        else:
            points = np.linspace(float(ends[2 * index]), float(ends[2 * index + 1]), length)
        if points.size != length or dimension in axis_of_dimension:
            raise source.damaged(f"its axis '{names[index]}'")
        axis_of_dimension[dimension] = _Axis(names[index], units[index], points)
    if len(axis_of_dimension) != n_dimensions:
        raise source.damaged("its list of axes")
    return values, [axis_of_dimension[dimension] for dimension in range(n_dimensions)], intensity_unit


def _columns(others: list[_Axis]) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of the axes beside the spectral one; the last of them runs fastest."""
    table = {}
    for axis, grid in zip(others, np.meshgrid(*(axis.points for axis in others), indexing="ij"), strict=True):
        factor = 1e3 if axis.unit == "mm" else 1e-3 if axis.unit == "nm" else 1.0
        table[_COLUMNS.get(axis.name.lower(), axis.name.lower() or "position")] = grid.ravel() * factor
    return table


def _settings(source: ByteReader) -> dict[str, str]:
    """Return {name: value} of the table of the acquisition and that of the sample; what is damaged is left out."""
    settings: dict[str, str] = {}
    for match in list(re.finditer(rb"\x05Table", source.content))[:20]:
        cursor = _Cursor(source, match.end())
        try:
            cursor.text(), cursor.text()
            cursor.offset += 4
            names, columns = cursor.texts(), cursor.texts()
            n_flags = cursor.short()
            cursor.offset += 4 * max(0, n_flags)
            if not columns or columns[0] != "Value":
                continue
            settings |= dict(zip(names, cursor.texts(), strict=True))
        except Exception:  # a table in another form
            continue
    return settings


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _metadata(source: ByteReader, settings: dict[str, str], intensity_unit: str) -> dict[str, Plain | None]:
    """Return what the file says about the measurement."""
    accumulations, grating = _number(settings.get("Accumulation")), _number(settings.get("Grating"))
    date = settings.get("Date", "")
    american = re.fullmatch(r"(\d\d)/(\d\d)/(\d\d) (\d\d:\d\d:\d\d)", date)  # month first, as LabSpec writes
    if american:
        date = f"20{american[3]}-{american[1]}-{american[2]} {american[4]}"
    return {
        "instrument": settings.get("Instrument") or "HORIBA",
        "exposure_s": positive(_number(settings.get("Exposition"))),
        "accumulations": int(accumulations) if accumulations and 1 <= accumulations < 1e9 else None,
        "date": iso_date(date) if date else None,
        "grating": f"{grating:g} gr/mm" if grating else None,
        "objective": settings.get("Objective"),
        "laser_power_mw": positive(_number(settings.get("Power"))),
        "nd_filter": settings.get("Filter"),
        "hole_um": positive(_number(settings.get("Hole"))),
        "detector": settings.get("Detector"),
        "sample": settings.get("Sample"),
        "remark": settings.get("Remark"),
        "intensity_unit": {"cnt": "counts", "cnt/sec": "counts/s"}.get(intensity_unit.lower(), intensity_unit),
    }
