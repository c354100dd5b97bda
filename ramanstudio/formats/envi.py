"""ENVI files: a header (.hdr) and, beside it, the data of a map or an image cube of spectra.

The fields of the header follow "ENVI Header Files" of the maker's documentation.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.conversion import raman_spectra
from ramanstudio.formats.validation import file_size, first_bytes, read_all_bytes, read_error

MAX_HEADER_MB: Final = 8
MAX_DATA_MB: Final = 1024
_TYPES: Final = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
_SUFFIXES: Final = ("", ".dat", ".img", ".raw", ".bsq", ".bil", ".bip", ".bin", ".spc", ".sli", ".cube", ".DAT", ".IMG")
_FIELD: Final = re.compile(r"^[ \t]*([^=\n{}]+?)[ \t]*=[ \t]*(\{[^}]*\}|[^\n]*)", re.M)
_NOT_RAMAN: Final = re.compile(r"absorbance|reflectance|transmittance|radiance|infrared|ftir", re.I)


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an ENVI header."""
    return start.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"ENVI") and b"=" in start


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of a header and its data file, with x and y in µm by the size of the pixels.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the data
    file is missing or shorter than stated, the unit of the axis is not stated, or the spectra are not Raman.
    """
    content = read_all_bytes(path, MAX_HEADER_MB)
    if not looks_like(content):
        raise read_error(path, "it is no ENVI header", "Open the .hdr file of the measurement.")
    fields = {key.strip().lower(): value.strip("{} \r\t\n") for key, value in _FIELD.findall(content.decode("latin-1"))}
    words = " ".join(fields.get(key, "") for key in ("z plot titles", "data units", "description", "sensor type"))
    is_raman = "raman" in words.lower()
    if not is_raman and (match := _NOT_RAMAN.search(words)):
        raise StudioError(
            f"'{path.name}' holds {match[0].lower()}, not Raman scattering.",
            remedy="Open a Raman map; images of reflectance and infrared are not supported.",
        )
    n_samples, n_lines, n_bands, kind, offset = (
        _integer(path, fields, key, missing)
        for key, missing in (("samples", 0), ("lines", 1), ("bands", 0), ("data type", 0), ("header offset", 0))
    )
    if "spectral library" in fields.get("file type", "").lower():  # samples are points, lines are spectra
        n_samples, n_bands = n_bands, n_samples
    axis = _axis(path, fields, n_bands)
    unit = _unit(path, fields, words)
    data = _data(path, n_samples * n_lines * n_bands, kind, offset, fields.get("byte order", "0"))
    interleave = fields.get("interleave", "bsq").lower()
    if "spectral library" in fields.get("file type", "").lower():
        rows = data.reshape(n_lines, n_bands)
    else:
        rows = _rows(path, data, interleave, n_samples, n_lines, n_bands)
    about: dict[str, Plain | None] = {"description": fields.get("description"), "instrument": fields.get("sensor type")}
    about["date"] = fields.get("acquisition time")
    laser = re.search(r"(?:laser|excitation)\D{0,30}(\d{3,4}(?:\.\d+)?)\s*nm", words, re.I)
    return (
        raman_spectra(
            path, axis, unit, rows, file_laser_nm=float(laser[1]) if laser else None, laser_nm=laser_nm, about=about,
            table=_positions(fields, n_samples, n_lines) if len(rows) > 1 else {},
        ),
    )  # fmt: skip


def data_file_error(path: Path) -> StudioError | None:
    """Return the error for the binary data of an ENVI header, which is opened by the header; None for other files."""
    header = path.with_suffix(".hdr")
    if header == path or not header.is_file() or not looks_like(first_bytes(header)):
        return None
    return StudioError(f"'{path.name}' is the data of an ENVI map.", remedy=f"Open '{header.name}', which reads it.")


def _integer(path: Path, fields: dict[str, str], key: str, missing: int) -> int:
    text = fields.get(key, str(missing)).strip()
    if not re.fullmatch(r"\d{1,9}", text):
        raise read_error(path, f"its header states '{text[:40]}' for '{key}'", COPY_AGAIN)
    return int(text)


def _axis(path: Path, fields: dict[str, str], n_bands: int) -> NDArray[np.float64]:
    """Return the axis (B,) that the header lists."""
    try:
        axis = np.array([float(number) for number in fields.get("wavelength", "").split(",") if number.strip()])
    except ValueError:
        raise read_error(path, "the list of wavelengths in its header is damaged", COPY_AGAIN) from None
    if axis.size < 2 or axis.size != n_bands:
        reason = f"its header lists {axis.size} points of the axis for {n_bands} bands"
        raise read_error(path, reason, "Export the map with its Raman shift axis.")
    return axis


def _unit(path: Path, fields: dict[str, str], words: str) -> str:
    """Return the unit of the axis; raises StudioError when nothing states it, as for images of other instruments."""
    stated = fields.get("wavelength units", "")
    if stated.lower() in ("unknown", "index"):
        stated = ""
    unit = axes.unit_from_text(stated) or axes.unit_from_text(fields.get("z plot titles", "").split(",")[0])
    if unit in (axes.UNKNOWN, axes.WAVENUMBER) and "raman" in words.lower():
        return axes.SHIFT
    if unit == axes.UNKNOWN:
        reason = "its header does not state the unit of its axis ('wavelength units')"
        raise read_error(path, reason, "Add the line 'wavelength units = Raman shift' to the .hdr file, if it is one.")
    return unit


def _data(path: Path, count: int, kind: int, offset: int, byte_order: str) -> NDArray[Any]:
    """Return the numbers (count,) of the data file beside the header, which has to be long enough."""
    if kind not in _TYPES or not 0 < count < 2**40:
        raise read_error(path, f"its header states {count:,} numbers of type {kind}", COPY_AGAIN)
    dtype = np.dtype(("<" if byte_order.strip() != "1" else ">") + _TYPES[kind])
    stems = (path.with_suffix(""), path)
    candidates = [stem.with_name(stem.name + suffix) for stem in stems for suffix in _SUFFIXES]
    data = next((candidate for candidate in candidates if candidate != path and candidate.is_file()), None)
    if data is None:
        raise read_error(
            path, "the data file that belongs to it is not beside it", f"Put '{path.stem}.dat' (or .img) in its folder."
        )
    if file_size(data, MAX_DATA_MB) < offset + count * dtype.itemsize:
        raise read_error(path, f"'{data.name}' is shorter than its header states", COPY_AGAIN)
    return np.fromfile(data, dtype, count, offset=offset)


def _rows(path: Path, data: NDArray[Any], interleave: str, n_samples: int, n_lines: int, n_bands: int) -> NDArray[Any]:
    """Return the spectra (N, B), line after line."""
    if interleave == "bip":
        return data.reshape(-1, n_bands)
    if interleave == "bil":
        return np.moveaxis(data.reshape(n_lines, n_bands, n_samples), 1, 2).reshape(-1, n_bands)
    if interleave == "bsq":
        return np.moveaxis(data.reshape(n_bands, n_lines, n_samples), 0, 2).reshape(-1, n_bands)
    raise read_error(path, f"its header states the unknown interleave '{interleave[:20]}'", COPY_AGAIN)


def _positions(fields: dict[str, str], n_samples: int, n_lines: int) -> dict[str, NDArray[Any]]:
    """Return the columns x and y (N,) in µm where the header states the size of the pixels, else pixel numbers."""
    size = [1.0, 1.0]
    match = re.match(r"\s*([\d.eE+-]+)\s*,\s*([\d.eE+-]+)", fields.get("pixel size", ""))
    if match:
        try:
            scale = 1.0 if re.search(r"units\s*=\s*(micro|um|µm)", fields["pixel size"], re.I) else 1e6
            size = [float(match[1]) * scale, float(match[2]) * scale]
        except ValueError:
            size = [1.0, 1.0]
    x, y = np.arange(n_samples) * size[0], np.arange(n_lines) * size[1]
    return {"x": np.tile(x, n_lines), "y": np.repeat(y, n_samples)}
