"""The tree of settings and arrays that LabSpec 6 writes, as a binary file or as XML, and the spectra in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

# Four letters of a name as they stand in the file: the first letters of a word, some of them added up.
SPECTRA, AXES, VALUES = b"\xd6\xd9tz", b"axi{", b"\xdb\xd4l}"
KIND, UNIT, NAME, VALUE, POSITION = b"typm", b"uni|", b"namm", b"\xdbal}", b"pos\x08"
TITLE, NO_CONTENT = b"\xd9itl", b"temx"
_COLUMNS: Final = {
    "x": "x",
    "y": "y",
    "z": "z",
    "xa": "x",
    "ya": "y",
    "time": "time",
    "t": "time",
    "temp": "temperature",
}
_UM_PER_UNIT: Final = {"µm": 1.0, "um": 1.0, "mm": 1e3, "nm": 1e-3}


@dataclass(slots=True)
class LabSpecNode:
    """A node of the tree: its four letters, its value, and the nodes in it where it is a list."""

    name: bytes
    value: Any = None
    children: list[LabSpecNode] = field(default_factory=list)

    def child(self, name: bytes) -> LabSpecNode | None:
        """Return the first node of that name in this list."""
        return next((child for child in self.children if child.name == name), None)

    def value_of(self, name: bytes) -> Any:
        """Return the value of the first node of that name in this list, None without one."""
        child = self.child(name)
        return None if child is None else child.value

    def lists(self) -> Iterator[LabSpecNode]:
        """Yield this list and all lists in it, outer ones first; one that occurs twice only once."""
        pending, seen = [self], set()
        while pending:
            node = pending.pop()
            if id(node.children) in seen:
                continue
            seen.add(id(node.children))
            yield node
            pending.extend(child for child in reversed(node.children) if child.children)


def spectra_of(path: Path, root: LabSpecNode, laser_nm: float | None) -> SpectrumSet:
    """Return the spectra of a tree, with x, y, z in µm or time in s where it has them, and the instrument's settings.

    `laser_nm` of the user wins over the file's where the axis has to be converted. Raises StudioError when there are no
    spectra (a video image), or the axis is not, and cannot be converted to, Raman shift.
    """
    arrays = _axis_arrays(root)
    intensity = next((axis for axis in arrays if _kind(axis) == "intens"), arrays[0] if arrays else None)
    spectral = next((axis for axis in arrays if _kind(axis).startswith("spectr")), None)
    if intensity is None or spectral is None:
        raise read_error(
            path, "it contains no spectrum", "In LabSpec, open it and save the spectra; images are not read."
        )
    axis = np.asarray(spectral.value_of(VALUES), dtype=np.float64)
    values = np.asarray(intensity.value_of(VALUES))
    if axis.size < 2 or not values.size or values.size % axis.size:
        reason = f"it is damaged: its axis has {axis.size} points and its spectra {values.size} in all"
        raise read_error(path, reason, COPY_AGAIN)
    n_spectra = values.size // axis.size
    others = [other for other in arrays if other is not intensity and other is not spectral]
    settings = _settings(root)
    unit_text = str(spectral.value_of(UNIT) or "")
    unit = axes.ABSOLUTE if "abs" in unit_text.lower() else axes.unit_from_text(unit_text) or axes.UNKNOWN
    return raman_spectra(
        path,
        axis,
        unit,
        values.reshape(n_spectra, axis.size),
        file_laser_nm=_laser(settings),
        laser_nm=laser_nm,
        about=_metadata(root, settings, str(intensity.value_of(UNIT) or "")),
        table=_columns(others, n_spectra),
    )


def has_spectra(root: LabSpecNode) -> bool:
    """Return whether a tree, perhaps read in part, has intensities and their axis."""
    kinds = {_kind(axis) for axis in _axis_arrays(root)}
    return "intens" in kinds and any(kind.startswith("spectr") for kind in kinds)


def _axis_arrays(root: LabSpecNode) -> list[LabSpecNode]:
    """Return the axes of the spectra that have points; that of the intensities is among them."""
    data = root.child(SPECTRA)
    axis_list = None if data is None else data.child(AXES)
    if axis_list is None:
        return []
    return [axis for axis in axis_list.children if isinstance(axis.value_of(VALUES), np.ndarray)]


def _kind(axis: LabSpecNode) -> str:
    return str(axis.value_of(KIND) or "").lower()


def _columns(others: list[LabSpecNode], count: int) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of the axes beside the spectral one; the first of them runs fastest."""
    table: dict[str, NDArray[Any]] = {}
    lengths = [np.asarray(other.value_of(VALUES)).size for other in others]
    if not others or int(np.prod(lengths, dtype=np.float64)) != count:
        # Points anywhere: each axis has one number for each spectrum.
        if others and all(length == count for length in lengths):
            return {_column(o): _um(np.asarray(o.value_of(VALUES), float), str(o.value_of(UNIT))) for o in others}
        return table
    repeat = 1
    for other, length in zip(others, lengths, strict=True):
        numbers = _um(np.asarray(other.value_of(VALUES), dtype=np.float64), str(other.value_of(UNIT) or ""))
        table[_column(other)] = np.tile(np.repeat(numbers, repeat), count // (repeat * length))
        repeat *= length
    return table


def _column(axis: LabSpecNode) -> str:
    return _COLUMNS.get(_kind(axis), _kind(axis) or "position")


def _um(numbers: NDArray[np.float64], unit: str) -> NDArray[np.float64]:
    return numbers * _UM_PER_UNIT.get(unit.replace("μ", "µ"), 1.0)


def _settings(root: LabSpecNode) -> dict[str, tuple[Any, Any]]:
    """Return {name: (value, position)} of the lists that have a name and a value; the first of each name."""
    settings: dict[str, tuple[Any, Any]] = {}
    for entry in root.lists():
        name = entry.value_of(NAME)
        if isinstance(name, str) and entry.child(VALUE) is not None:
            settings.setdefault(name, (entry.value_of(VALUE), entry.value_of(POSITION)))
    return settings


def _number(value: Any) -> float | None:
    """Return the first number of a value or a text such as '600 gr/mm'."""
    if isinstance(value, int | float):
        return float(value)
    match = re.match(r"\s*([-+]?\d+(?:[.,]\d+)?)", value) if isinstance(value, str) else None
    return float(match[1].replace(",", ".")) if match else None


def _laser(settings: dict[str, tuple[Any, Any]]) -> float | None:
    """Return the wavelength of the laser: the exact position of its selector, else its name."""
    value, position = settings.get("Laser (nm)", (None, None))
    named, exact = _number(value), _number(position)
    if named is not None and exact is not None and abs(exact - named) < 5.0:
        return exact
    return named


def _metadata(root: LabSpecNode, settings: dict[str, tuple[Any, Any]], unit: str) -> dict[str, Plain | None]:
    """Return what the file says about the measurement."""

    def text(name: str) -> str | None:
        value = settings.get(name, (None, None))[0]
        return value if isinstance(value, str) else None

    def position(name: str) -> float | None:
        value = settings.get(f"{name} (µm)", (None, None))[0]
        return value if isinstance(value, float) else None

    accumulations = _number(settings.get("Accumulations", (None, None))[0])
    date = text("Acquired") or text("Date")
    return {
        "instrument": text("Instrument") or "HORIBA",
        "exposure_s": positive(_number(settings.get("Acq. time (s)", (None, None))[0])),
        "accumulations": int(accumulations) if accumulations else None,
        "date": iso_date(date) if date else None,
        "grating": text("Grating"),
        "objective": text("Objective"),
        "nd_filter": text("ND Filter"),
        "hole_um": positive(_number(settings.get("Hole", (None, None))[0])),
        "detector": text("Detector"),
        "sample": text("Sample"),
        "remark": text("Remark"),
        "title": str(root.value_of(TITLE) or "") or None,
        "x_um": position("X"),
        "y_um": position("Y"),
        "z_um": position("Z"),
        "intensity_unit": {"cnt": "counts", "cnt/sec": "counts/s"}.get(unit.lower(), unit),
    }
