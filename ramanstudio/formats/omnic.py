"""Thermo OMNIC files: one Raman spectrum (.spa) or a group of them (.spg).

A table of entries of 16 bytes begins at byte 304 and states the place of each part: headers (key 2: number of points,
units and ends of the axis), intensities (key 3, float32), the history (key 27) and, in groups, titles (key 107). The
layout follows published readers of the format (SpectroChemPy's documentation of .spa).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet, stacked
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import ByteReader
from ramanstudio.formats.conversion import raman_spectra
from ramanstudio.formats.validation import read_error

_SIGNATURES: Final = (b"Spectral Data File", b"Spectral Exte File")
_N_ENTRIES, _DATE, _ENTRIES, _ENTRY, _TITLE = 294, 296, 304, 16, 30
_HEADER, _INTENSITIES, _HISTORY, _GROUP_TITLE = 2, 3, 27, 107
_X_UNITS: Final = {1: axes.WAVENUMBER, 3: axes.PIXEL, 4: axes.NM, 5: axes.MICRON, 32: axes.SHIFT}
_RAMAN_SHIFT, _RAMAN_INTENSITY = 32, 31
_OTHER_INTENSITIES: Final = {
    11: "reflectance", 12: "log(1/R)", 15: "a single-beam spectrum", 16: "transmittance", 17: "absorbance",
    20: "Kubelka-Munk units", 21: "reflectance", 22: "a detector signal", 26: "a photoacoustic signal",
}  # fmt: skip
_EPOCH: Final = datetime(1899, 12, 31)


@dataclass(frozen=True, slots=True)
class _Entry:
    key: int
    start: int
    length: int


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an OMNIC file."""
    return start.startswith(_SIGNATURES)


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the Raman spectra of a file; spectra of a group that share an axis become one set.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged or holds infrared spectra.
    """
    source = ByteReader.of(path)
    if not looks_like(source.content):
        raise read_error(path, "it has the suffix of an OMNIC file but not its signature")
    entries = _entries(source)
    headers = [entry for entry in entries if entry.key == _HEADER]
    intensities = [entry for entry in entries if entry.key == _INTENSITIES]
    if not headers or len(headers) != len(intensities):
        raise read_error(
            path, "it contains no spectrum", "Open it in OMNIC and save the spectrum itself, not an interferogram."
        )
    if sum(entry.length for entry in intensities) > source.size:
        raise source.damaged("its spectra overlap")
    titles = [entry for entry in entries if entry.key == _GROUP_TITLE]
    names = [source.text(entry.start, min(256, entry.length)) for entry in titles]
    if len(names) != len(headers):
        names = [source.text(_TITLE, 256)] * len(headers)
    about = _metadata(source, entries)
    sets: list[SpectrumSet] = []
    for header, block, name in zip(headers, intensities, names, strict=True):
        spectra = _spectrum(source, header, block, about, laser_nm)
        if len(headers) > 1:
            spectra = spectra.with_table(name=np.array([name]))
        elif name:
            spectra = spectra.with_about(title=name)
        sets.append(spectra)
    return tuple(_grouped(sets))


def _entries(source: ByteReader) -> list[_Entry]:
    """Return the table of entries; raises StudioError when the file ends before it."""
    entries = []
    for index in range(source.number("<H", _N_ENTRIES)):
        offset = _ENTRIES + _ENTRY * index
        key, start, length = source.unpack("<BxII", offset)
        if key in (_HEADER, _INTENSITIES, _HISTORY, _GROUP_TITLE) and start:
            entries.append(_Entry(key, start, length))
    return entries


def _spectrum(
    source: ByteReader, header: _Entry, block: _Entry, about: dict[str, Plain | None], laser_nm: float | None
) -> SpectrumSet:
    """Return one spectrum; raises StudioError when it is not Raman or does not fit its header."""
    n_points = source.number("<I", header.start + 4)
    x_unit, y_unit = source.number("<B", header.start + 8), source.number("<B", header.start + 12)
    first, last = source.unpack("<ff", header.start + 16)
    if x_unit != _RAMAN_SHIFT and y_unit != _RAMAN_INTENSITY:
        raise _not_raman(source.path, _OTHER_INTENSITIES.get(y_unit, "another measurement"))
    if n_points < 2 or 4 * n_points > block.length:
        raise source.damaged(f"it states {n_points:,} points and has {block.length // 4:,}")
    if not np.isfinite([first, last]).all():
        raise source.damaged("the ends of its axis")
    values = source.array("<f4", n_points, block.start)
    laser_cm = source.number("<f", header.start + 96)
    file_laser = 1e7 / laser_cm if 1e4 / 3 < laser_cm < 1e5 else None
    scans = source.number("<I", header.start + 36)
    metadata = about | {
        "accumulations": scans if 0 < scans < 10_000_000 else None,
        "intensity_unit": "counts" if y_unit == _RAMAN_INTENSITY else None,
    }
    axis: NDArray[Any] = np.linspace(first, last, n_points)
    unit = _X_UNITS.get(x_unit, axes.UNKNOWN)
    laser = round(file_laser, 3) if file_laser else None
    return raman_spectra(source.path, axis, unit, values[None], file_laser_nm=laser, laser_nm=laser_nm, about=metadata)


def _not_raman(path: Path, what: str) -> StudioError:
    return StudioError(
        f"'{path.name}' holds {what}, not Raman scattering.", remedy="Open a Raman spectrum; infrared is not supported."
    )


def _metadata(source: ByteReader, entries: list[_Entry]) -> dict[str, Plain | None]:
    """Return what the file says about the measurement."""
    seconds = source.number("<I", _DATE)
    date = (_EPOCH + timedelta(seconds=seconds)).isoformat(" ", "seconds") if seconds else None
    about: dict[str, Plain | None] = {"instrument": "Thermo", "date": date}
    history = next((entry for entry in entries if entry.key == _HISTORY), None)
    if history is not None:
        text = source.text(history.start, min(history.length, source.size - history.start))
        about["history"] = text
        for key, pattern in (
            ("exposure_s", r"[Ee]xposure time:?\s*([\d.]+)\s*s"),
            ("laser_power_mw", r"[Ll]aser power(?: level)?:?\s*([\d.]+)\s*mW"),
        ):
            match = re.search(pattern, text)
            if match:
                about[key] = float(match[1].rstrip("."))
        match = re.search(r"[Gg]rating:?\s*([^\n]+)", text)
        about["grating"] = match[1] if match else None
        match = re.search(r"[Oo]bjective:?\s*([^\n]+)", text)
        about["objective"] = match[1] if match else None
    return about


def _grouped(sets: list[SpectrumSet]) -> list[SpectrumSet]:
    """Join spectra that share an axis, in the order in which the axes first occur."""
    groups: dict[bytes, list[SpectrumSet]] = {}
    for spectra in sets:
        groups.setdefault(spectra.axis.tobytes(), []).append(spectra)
    return [stacked(group) for group in groups.values()]
