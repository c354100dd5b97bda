"""Writing Galactic SPC files in the new format (4Bh): one spectrum, or many on one axis with their positions.

After Galactic's "A brief guide to SPC file format and using GSPCIO" (1997) and its SPC.H.
"""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.formats import own_metadata

_SEVERAL, _X_VALUES, _ORDERED = 0x04, 0x80, 0x10
_RAMAN_SHIFT, _COUNTS, _RAMAN_EXPERIMENT = 13, 4, 11
_FLOAT_EXPONENT: Final = 0x80
_Z_CODES: Final = {"time": 4, "z": 2}  # seconds, micrometres
_EVEN: Final = 1e-6  # of a step: an axis as even is stated by its ends
MAX_LOG_BYTES: Final = 60_000
_BATCH: Final = 512  # spectra


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as an SPC file: float32 intensities, Raman shift in cm⁻¹, metadata in its log.

    Positions x and y, a time or a depth stand in the subheaders. Raises StudioError when the file cannot be written.
    """
    even = _is_even(spectra.axis)
    flags = (_SEVERAL | _ORDERED if len(spectra) > 1 else 0) | (0 if even else _X_VALUES)
    steps, levels, z_code = _places(spectra)
    axis_bytes = 0 if even else 4 * spectra.points
    log_at = 512 + axis_bytes + len(spectra) * (32 + 4 * spectra.points)
    with atomic_path(path) as draft, draft.open("wb") as file:
        file.write(_header(spectra, flags, z_code, log_at if log_at < 2**31 else 0))
        if not even:
            file.write(spectra.axis.astype("<f4").tobytes())
        _write_subfiles(file, spectra, steps, levels)
        if log_at < 2**31:
            file.write(_log(spectra))


def _header(spectra: SpectrumSet, flags: int, z_code: int, log_at: int) -> bytes:
    about = spectra.about
    header = bytearray(512)
    struct.pack_into("<BBBBiddi", header, 0, flags, 0x4B, _RAMAN_EXPERIMENT, _FLOAT_EXPONENT, spectra.points,
                     float(spectra.axis[0]), float(spectra.axis[-1]), len(spectra))  # fmt: skip
    counts = about.get("intensity_unit") == "counts"
    struct.pack_into("<BBBBI", header, 28, _RAMAN_SHIFT, _COUNTS if counts else 0, z_code, 0, _packed_date(about))
    header[45:54] = b"RamanStud"
    memo = str(about.get("title", about.get("sample", ""))).encode("latin-1", "replace")[:129]
    header[88 : 88 + len(memo)] = memo
    struct.pack_into("<i", header, 248, log_at)
    return bytes(header)


def _write_subfiles(
    file: BinaryIO, spectra: SpectrumSet, steps: NDArray[np.float64], levels: NDArray[np.float64]
) -> None:
    record = np.dtype([("head", "V4"), ("z", "<f4"), ("next", "<f4"), ("pad", "V12"), ("w", "<f4"), ("end", "V4"),
                       ("values", "<f4", (spectra.points,))])  # fmt: skip
    for begin in range(0, len(spectra), _BATCH):
        rows = slice(begin, min(begin + _BATCH, len(spectra)))
        records = np.zeros(rows.stop - rows.start, record)
        numbers = np.arange(rows.start, rows.stop)
        heads = np.zeros((len(records), 4), np.uint8)
        heads[:, 1] = _FLOAT_EXPONENT
        heads[:, 2:] = (numbers & 0xFFFF).astype("<u2").view(np.uint8).reshape(-1, 2)
        records["head"] = heads.view("V4")[:, 0]
        records["z"] = records["next"] = steps[rows]
        records["w"] = levels[rows]
        records["values"] = spectra.values[rows]
        file.write(records.tobytes())


def _places(spectra: SpectrumSet) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return the third and fourth axis (N,) of the subfiles, and the type code of the third."""
    table, zeros = spectra.table, np.zeros(len(spectra))
    numbers = {name: np.asarray(table[name], float) for name in ("x", "y", "z", "time") if _is_number(table.get(name))}
    if "x" in numbers and "y" in numbers:
        return numbers["x"], numbers["y"], 0
    for name, code in _Z_CODES.items():
        if name in numbers:
            return numbers[name], zeros, code
    return numbers.get("x", np.arange(len(spectra), dtype=float)), zeros, 0


def _is_number(column: NDArray[Any] | None) -> bool:
    return column is not None and column.dtype.kind in "iuf" and bool(np.all(np.isfinite(column)))


def _log(spectra: SpectrumSet) -> bytes:
    """Return the log block: a line for each of the metadata, then all of them and the columns for our reader."""
    about = own_metadata.written_about(spectra)
    short = {_LOG_NAMES.get(key, key): str(value).replace("=", ":") for key, value in about.items()}
    lines = [f"{key.replace('=', ':')}={value}" for key, value in short.items() if len(value) < 200][:200]
    lines.append(f"{own_metadata.LABEL}={own_metadata.to_json(spectra, limit=MAX_LOG_BYTES // 2)}")
    text = "\r\n".join(" ".join(line.split("\n")) for line in lines).encode("latin-1", "replace")[:MAX_LOG_BYTES]
    return struct.pack("<iiiii44x", 64 + len(text) + 1, 4096 * (1 + len(text) // 4096), 64, 0, 0) + text + b"\0"


_LOG_NAMES: Final = {
    "laser_nm": "Laser_Wavelength",
    "exposure_s": "Exposure_time_s",
    "accumulations": "Accumulations",
    "laser_power_mw": "Laser_power_mW",
}


def _packed_date(about: Any) -> int:
    """Return the date of the metadata in 12, 4, 5, 5 and 6 bits; 0 without one."""
    try:
        moment = datetime.fromisoformat(str(about.get("date", "")))
    except ValueError:
        return 0
    return moment.year << 20 | moment.month << 16 | moment.day << 11 | moment.hour << 6 | moment.minute


def _is_even(axis: NDArray[Any]) -> bool:
    line = np.linspace(axis[0], axis[-1], axis.size)
    return bool(np.max(np.abs(axis - line)) <= _EVEN * float(np.min(np.diff(axis))))
