"""Princeton Instruments files (.spe): WinSpec 2.x with a fixed header, LightField 3.0 with an XML footer.

The header of 4100 bytes follows the description in the WinSpec manual, the footer Princeton's "SPE 3.0 File Format
Specification". Every frame, and every row of a region of several rows, is a spectrum.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEADER: Final = 4100
_TYPES: Final = {0: "<f4", 1: "<i4", 2: "<i2", 3: "<u2", 5: "<f8", 6: "u1", 8: "<u4"}
_PIXEL_FORMATS: Final = {
    "MonochromeUnsigned16": "<u2", "MonochromeUnsigned32": "<u4", "MonochromeFloating32": "<f4"
}  # fmt: skip
_UNITS: Final = {4: axes.NM, 5: axes.ABSOLUTE, 6: axes.SHIFT}  # of WinSpec's list of units
_NO_CALIBRATION: Final = "In LightField or WinSpec, calibrate the wavelength axis and save the spectrum again."
MAX_FOOTER_MB: Final = 64


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes has the header of a Princeton Instruments file."""
    if len(start) < _HEADER - 4:
        return False
    version = np.frombuffer(start, "<f4", 1, 1992)[0]
    n_points, kind = (int(np.frombuffer(start, "<u2", 1, offset)[0]) for offset in (42, 108))
    # 0x01234567 or 0x55550000 marks the end of WinSpec's structures; the other fields alone would fit many files.
    is_marked = start[2996:3000] in (b"\x67\x45\x23\x01", b"\x00\x00\x55\x55") or start[4098:4100] == b"\x55\x55"
    return n_points > 0 and kind in _TYPES and ((1.0 <= version < 3.0 and is_marked) or 3.0 <= version < 4.0)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of all frames, with exposure, date, grating and laser where the file has them.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged, has no wavelength calibration, or its laser wavelength is unknown.
    """
    source = ByteReader.of(path)
    version = source.number("<f", 1992)
    if source.size < _HEADER or not 0.5 <= version < 4.0:
        raise read_error(path, "it has the suffix of a Princeton Instruments file but not its header")
    return _read_3(source, laser_nm) if version >= 3.0 else _read_2(source, laser_nm)


def _read_2(source: ByteReader, laser_nm: float | None) -> tuple[SpectrumSet, ...]:
    """Read a WinSpec file."""
    n_columns, n_rows = source.number("<H", 42), source.number("<H", 656)
    n_frames, kind = source.number("<i", 1446), source.number("<h", 108)
    dtype = _TYPES.get(kind)
    if dtype is None or n_columns < 2 or n_rows < 1 or n_frames < 1:
        raise source.damaged(f"it states {n_frames} frames of {n_columns} × {n_rows} points of type {kind}")
    values = source.array(dtype, n_frames * n_rows * n_columns, _HEADER).reshape(-1, n_columns)
    order = min(source.number("<B", 3101), 5)
    coefficients = np.nan_to_num(source.array("<f8", order + 1, 3263), posinf=0.0, neginf=0.0)
    pixels = np.arange(1, n_columns + 1, dtype=np.float64)
    axis = np.polynomial.polynomial.polyval(pixels, coefficients)
    unit = _UNITS.get(source.number("<B", 3100)) or axes.unit_from_text(source.text(3018, 40))
    if not np.any(coefficients[1:]) or unit in (axes.UNKNOWN, axes.PIXEL):
        raise read_error(source.path, "its axis counts detector pixels", _NO_CALIBRATION)
    laser = source.number("<d", 3311)
    file_laser = laser if 100.0 <= laser <= 3000.0 else 1e7 / laser if 3000.0 < laser < 1e5 else None
    date, time = source.text(20, 10), source.text(172, 7)
    accumulations, gratings = source.number("<i", 668), source.number("<f", 650)
    about: dict[str, Plain | None] = {
        "instrument": "Princeton Instruments",
        "exposure_s": positive(source.number("<f", 10)),
        "accumulations": accumulations if accumulations > 1 else None,
        "date": iso_date(date + time) if date else None,
        "grating": f"{gratings:g} g/mm" if 1.0 < gratings < 1e5 else None,
        "title": " ".join(filter(None, (source.text(200 + 80 * line, 80) for line in range(5)))),
        "intensity_unit": "counts",
    }
    return (_spectra(source, axis, unit, values, n_rows, file_laser, laser_nm, about),)


def _read_3(source: ByteReader, laser_nm: float | None) -> tuple[SpectrumSet, ...]:
    """Read a LightField file; one set for each region of interest."""
    footer = _footer(source)
    frame = footer.find("DataFormat/DataBlock")
    if frame is None:
        raise source.damaged("its footer describes no frames")
    dtype = _PIXEL_FORMATS.get(frame.get("pixelFormat", ""))
    n_frames, stride = _integer(frame, "count"), _integer(frame, "stride")
    if dtype is None or n_frames < 1 or stride < 1:
        raise source.damaged("its footer describes frames that are not understood")
    wavelengths, file_laser = _wavelengths(source, footer)
    about = _metadata_3(footer)
    sets, offset = [], _HEADER
    for region in frame.findall("DataBlock"):
        width, height, size = (_integer(region, key) for key in ("width", "height", "size"))
        item = np.dtype(dtype).itemsize
        if width < 2 or height < 1 or size != width * height * item or size > stride:
            raise source.damaged(f"a region of {width} × {height} points")
        last = offset + (n_frames - 1) * stride + size
        if last > source.number("<Q", 678):  # where the footer begins
            raise source.cut_off()
        rows = np.ndarray((n_frames, height, width), dtype, source.content, offset, (stride, width * item, item))
        axis = _region_axis(source, footer, region, wavelengths, width)
        values = rows.reshape(-1, width)
        sets.append(_spectra(source, axis, axes.NM, values, height, file_laser, laser_nm, about))
        offset += size
    if not sets:
        raise source.damaged("its footer describes no region")
    return tuple(sets)


def _footer(source: ByteReader) -> Element:
    """Return the XML footer without namespaces; raises StudioError when it is missing or damaged."""
    from ramanstudio.formats.safe_xml import parse_xml

    start = source.number("<Q", 678)
    if not _HEADER <= start < source.size or source.size - start > MAX_FOOTER_MB * 2**20:
        raise source.cut_off()
    return parse_xml(source.path, source.content[start:])


def _wavelengths(source: ByteReader, footer: Element) -> tuple[NDArray[np.float64], float | None]:
    """Return the wavelength (B,) in nm of each column of the sensor, and the laser wavelength in nm."""
    mapping = footer.find("Calibrations/WavelengthMapping")
    if mapping is None:
        raise read_error(source.path, "its axis counts detector pixels", _NO_CALIBRATION)
    text, has_errors = mapping.findtext("Wavelength"), False
    if text is None:
        text, has_errors = mapping.findtext("WavelengthError"), True
    try:
        if has_errors:  # "wavelength,error wavelength,error …"
            numbers = [float(pair.split(",")[0]) for pair in (text or "").split()]
        else:
            numbers = [float(number) for number in (text or "").split(",")]
        laser = float(mapping.get("laserLine", "nan"))
    except ValueError:
        raise source.damaged("its wavelengths") from None
    return np.array(numbers), laser if np.isfinite(laser) else None


def _region_axis(
    source: ByteReader, footer: Element, region: Element, wavelengths: NDArray[np.float64], width: int
) -> NDArray[np.float64]:
    """Return the wavelengths (B,) of a region: of its columns where the mapping covers the whole sensor."""
    if wavelengths.size == width:
        return wavelengths
    numbers = region.get("calibrations", "").split(",")
    for sensor in footer.iterfind("Calibrations/SensorMapping"):
        if sensor.get("id") in numbers:
            begin, binning = _integer(sensor, "x"), max(1, _integer(sensor, "xBinning"))
            columns = wavelengths[begin : begin + width * binning] if begin >= 0 else wavelengths[:0]
            if columns.size == width * binning:
                return np.asarray(columns.reshape(width, binning).mean(axis=1), dtype=np.float64)
    raise source.damaged(f"it has {wavelengths.size} wavelengths for {width} points")


def _metadata_3(footer: Element) -> dict[str, Plain | None]:
    """Return what the footer says about the measurement."""

    def value(name: str, parent: str = "") -> str | None:
        for element in footer.iter(parent) if parent else [footer]:
            for found in element.iter(name):
                if found.text and found.text.strip():
                    return found.text.strip()
        return None

    def number(text: str | None) -> float | None:
        try:
            return float(text) if text else None
        except ValueError:
            return None

    origin = next(footer.iter("Origin"), None)
    exposure_ms = positive(number(value("ExposureTime", "ShutterTiming")))
    combined = number(value("FramesCombined"))
    camera = next(footer.iter("Camera"), None)
    created = origin.get("created", "")[:19] if origin is not None else ""
    return {
        "instrument": (camera.get("model") if camera is not None else None) or "Princeton Instruments",
        "exposure_s": round(exposure_ms / 1000.0, 9) if exposure_ms else None,
        "accumulations": int(combined) if combined and 1 <= combined < 1e9 else None,
        "date": iso_date(created) if created else None,
        "grating": value("Selected", "Grating"),
        "intensity_unit": "counts",
    }


def _integer(element: Element, key: str) -> int:
    text = element.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else -1


def _spectra(
    source: ByteReader,
    axis: NDArray[Any],
    unit: str,
    values: NDArray[Any],
    n_rows: int,
    file_laser_nm: float | None,
    laser_nm: float | None,
    about: dict[str, Plain | None],
) -> SpectrumSet:
    """Return the frames and rows (N, B) as a set, numbered where there are several."""
    table: dict[str, NDArray[Any]] = {}
    if len(values) > n_rows:
        table["frame"] = np.arange(len(values)) // n_rows
    if n_rows > 1:
        table["row"] = np.arange(len(values)) % n_rows
    return raman_spectra(
        source.path, axis, unit, values,
        file_laser_nm=file_laser_nm, laser_nm=laser_nm, about=about, table=table,
    )  # fmt: skip
