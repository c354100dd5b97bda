"""TriVista (VistaControl) files (.tvf): XML with the wavelengths of the axis and the intensities of each frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.safe_xml import parse_xml
from ramanstudio.formats.validation import read_all_bytes, read_error

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_MB: Final = 200
_UNITS: Final = {"nanometer": axes.NM, "relativewavenumber": axes.SHIFT, "absolutewavenumber": axes.ABSOLUTE}
_TICKS_PER_S: Final = 1e7  # of .NET


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a TriVista file."""
    return b"<!--TriVista-File" in start[:200] or b"<XmlMain" in start[:400]


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra of each document of a file, with positions of the stage in µm or times in s.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when the file is
    damaged or its laser wavelength is unknown.
    """
    content = read_all_bytes(path, MAX_MB)
    if not looks_like(content):
        raise read_error(path, "it has the suffix of a TriVista file but not its beginning")
    root = parse_xml(path, content)
    documents = [entry for entry in root.iterfind("Documents/Document") if entry.find("Data/Frame") is not None]
    if not documents:
        raise read_error(path, "it contains no spectrum", "In VistaControl, save the spectrum again.")
    return tuple(_spectra(path, root, document, laser_nm) for document in documents)


def _spectra(path: Path, root: Element, document: Element, laser_nm: float | None) -> SpectrumSet:
    """Return the frames of a document as a set."""
    calibration = document.find("xDim/Calibration")
    if calibration is None:
        raise _damaged(path)
    wavelengths = _numbers(path, calibration.get("ValueArray", "").replace("|", ";"))[1:]  # after their number
    unit = _UNITS.get(calibration.get("Unit", "").lower(), axes.unit_from_text(calibration.get("Unit", "")))
    frames = list(document.iterfind("Data/Frame"))
    rows = [_numbers(path, frame.text or "") for frame in frames]
    if wavelengths.size < 2 or any(row.size == 0 or row.size % wavelengths.size for row in rows):
        raise read_error(path, f"its frames do not fit an axis of {wavelengths.size} points", COPY_AGAIN)
    values = np.concatenate(rows).reshape(-1, wavelengths.size)
    settings = _settings(path, document.get("InfoSerialized", ""))
    laser = _number(calibration.get("LaserWave")) or _number(settings.get("Laser_Wavelength"))
    return raman_spectra(
        path, wavelengths, unit, values, file_laser_nm=laser, laser_nm=laser_nm,
        about=_metadata(root, document, settings), table=_columns(settings, frames, len(values)),
    )  # fmt: skip


def _columns(settings: dict[str, str], frames: list[Element], count: int) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of where or when each frame was measured."""
    table: dict[str, NDArray[Any]] = {}
    if count < 2:
        return table
    names = [name for name in "XYZ" if f"{name}-Axis/Points" in settings]
    lengths = [int(_number(settings[f"{name}-Axis/Points"]) or 0) for name in names]
    if names and int(np.prod(lengths, dtype=np.float64)) == count:
        repeat = 1
        for name, length in zip(names, lengths, strict=True):  # the stage's unit is mm
            ends = [_number(settings.get(f"{name}-Axis/{end}")) for end in ("From", "To")]
            if ends[0] is not None and ends[1] is not None:
                steps = 1000.0 * np.linspace(ends[0], ends[1], length)
                table[name.lower()] = np.tile(np.repeat(steps, repeat), count // (repeat * length))
            repeat *= length
        return table
    ticks = [_number(frame.get("TimeStamp")) for frame in frames]
    stamps = np.array([tick for tick in ticks if tick is not None])
    if len(stamps) == count and np.all(stamps > 0):
        table["time"] = (stamps - stamps[0]) / _TICKS_PER_S
    return table


def _settings(path: Path, serialized: str) -> dict[str, str]:
    """Return the settings of a document, by their names and, for the stage, by the group before a slash."""
    settings: dict[str, str] = {}
    if not serialized:
        return settings
    try:
        root = parse_xml(path, serialized.encode("utf-16"))
    except StudioError:
        return settings
    for group in root.iter("Group"):
        name = (group.findtext("Name") or "").strip()
        for item in group.iterfind("Items/Item"):
            key, value = (item.findtext("Name") or "").strip(": "), (item.findtext("Value") or "").strip()
            settings.setdefault(f"{name}/{key}" if name.endswith("-Axis") else key, value)
    return settings


def _metadata(root: Element, document: Element, settings: dict[str, str]) -> dict[str, Plain | None]:
    """Return what the file says about the measurement."""
    exposure_ms, accumulations = (
        _number(settings.get("Exposure_Time_(ms)")),
        _number(settings.get("No_of_Accumulations")),
    )
    date = document.get("RecordTime") or root.get("DateTime") or ""
    month, _, rest = date.partition("/")
    day, _, rest = rest.partition("/")
    year, _, time = rest.partition(" ")
    microscope = next((entry for entry in root.iter() if "ActiveObjectiveIndex" in entry.attrib), None)
    objective = None
    if microscope is not None:
        objectives = list(microscope.iterfind("Objectives/Objective"))
        index = int(_number(microscope.get("ActiveObjectiveIndex")) or 0)
        objective = objectives[index].get("Name") if 0 <= index < len(objectives) else None
    return {
        "instrument": f"TriVista {settings.get('Model', '')}".strip(),
        "exposure_s": positive(exposure_ms / 1000.0 if exposure_ms else None),
        "accumulations": int(accumulations) if accumulations and 1 <= accumulations < 1e9 else None,
        "date": iso_date(f"{year}-{month}-{day} {time[:8]}") if time else None,
        "grating": settings.get("Groove_Density"),
        "objective": objective,
        "detector": settings.get("Name"),
        "intensity_unit": (document.get("DataLabel") or "").lower(),
    }


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and np.isfinite(number) and abs(number) < 1e18 else None


def _numbers(path: Path, text: str) -> NDArray[np.float64]:
    """Return the numbers (n,) of a list with semicolons."""
    try:
        return np.array(text.strip().strip(";").split(";") if text.strip() else [], dtype=np.float64)
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path) -> StudioError:
    return read_error(path, "its axis or its intensities are damaged", COPY_AGAIN)
