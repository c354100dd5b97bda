"""Which of several named arrays is the spectral axis, and which are the spectra: for MATLAB files and foreign HDF5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.conversion import raman_spectra
from ramanstudio.formats.validation import read_error

MIN_POINTS: Final = 16
MAX_SETS: Final = 2000
_AXIS_NAME: Final = re.compile(
    r"wave.?num|raman.?shift|(^|[^a-z])shift|wave.?len|lambda|^w[nl]s?$|^freq|^x$|axis|frequenc|cm.?-?1|abscissa|^nm$|^x.?(data|val)",
    re.I,
)
_NOT_AXIS: Final = re.compile(r"image|time|index|label|class|include|weight|error|std", re.I)
_NOT_SPECTRA: Final = re.compile(r"error|std|sigma|variance|weight|label|class|include|mask|index|peak|coef", re.I)
_NOT_RAMAN: Final = re.compile(r"absorbance|reflectance|transmittance|ftir|infrared|xps|xrd|nmr", re.I)
_COLUMNS: Final = {"x": "x", "y": "y", "z": "z", "pos_x": "x", "pos_y": "y", "time": "time", "label": "label"}


@dataclass(frozen=True, slots=True)
class NamedArray:
    """An array with its path, such as 'entry/data/x', and the unit that is stated for it."""

    name: str
    values: NDArray[Any]
    unit: str = ""

    @property
    def leaf(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def parent(self) -> str:
        return self.name.rpartition("/")[0]

    def axis_unit(self) -> str:
        """Return the unit of this array as an axis, by what is stated or by its name."""
        return axes.unit_from_text(self.unit) or axes.unit_from_text(self.leaf.replace("_", " "))


def spectra_from_arrays(
    path: Path,
    arrays: list[NamedArray],
    laser_nm: float | None,
    file_laser_nm: float | None,
    about: Mapping[str, Plain | None],
) -> list[SpectrumSet]:
    """Return the spectra among arrays: those with as many points as an array that is, by name and order, an axis.

    Without such an axis, a table whose first column or row increases or decreases. An empty list when there is neither.
    Raises StudioError when an axis is found but is not, and cannot be converted to, Raman shift.
    """
    axis_arrays = [array for array in arrays if _axis_score(array) > 0] or _only_axis(arrays)
    sets: list[SpectrumSet] = []
    others: list[str] = []
    for array in arrays:
        fitting = [axis for axis in axis_arrays if axis is not array and axis.values.size in array.values.shape]
        if array.values.ndim > 3 or array in axis_arrays or _NOT_SPECTRA.search(array.leaf) or not fitting:
            continue
        if match := _NOT_RAMAN.search(array.leaf):
            others.append(f"'{array.leaf}' in it is {match[0].lower()}, not Raman scattering")
            continue
        if array.values.size == max(array.values.shape) and is_monotonic(array.values):
            continue  # a second axis, or a counter
        axis = max(fitting, key=lambda axis: _axis_score(axis) + 4 * (axis.parent == array.parent))
        rows = _rows(array.values, axis.values.size)
        table = _columns(arrays, array, len(rows))
        named = {**about, "group": array.name if len(arrays) > 2 else None}
        sets.append(_set(path, axis.values.ravel(), axis.axis_unit(), rows, laser_nm, file_laser_nm, named, table))
        if len(sets) >= MAX_SETS:
            break
    if sets:
        return sets
    if others:
        raise read_error(path, others[0], "Open a file with Raman intensities.")
    for array in arrays:
        found = _table_with_axis(array.values)
        if found is not None:
            sets.append(_set(path, found[0], axes.UNKNOWN, found[1], laser_nm, file_laser_nm, about, {}))
    return sets


def _set(
    path: Path,
    axis: NDArray[Any],
    unit: str,
    rows: NDArray[Any],
    laser_nm: float | None,
    file_laser_nm: float | None,
    about: Mapping[str, Plain | None],
    table: Mapping[str, NDArray[Any]],
) -> SpectrumSet:
    return raman_spectra(
        path, axis, unit, rows, file_laser_nm=file_laser_nm, laser_nm=laser_nm, about=about, table=table
    )


def is_monotonic(numbers: NDArray[Any]) -> bool:
    """Return whether numbers (n,) are finite and increase, or decrease, from each to the next."""
    steps = np.diff(np.asarray(numbers, dtype=np.float64).ravel())
    return bool(np.all(np.isfinite(steps)) and steps.size and (np.all(steps > 0) or np.all(steps < 0)))


def _axis_score(array: NamedArray) -> int:
    """Return how much an array looks like a spectral axis, 0 when it cannot be one."""
    values = array.values
    if values.size < MIN_POINTS or values.size != max(values.shape, default=0) or not is_monotonic(values):
        return 0
    if _NOT_AXIS.search(array.leaf):
        return 0
    if not (array.unit and axes.unit_from_text(array.unit)) and not _AXIS_NAME.search(array.leaf):
        return 0
    score = 1 + 2 * bool(_AXIS_NAME.search(array.leaf))
    unit = array.axis_unit()
    return score + (4 if unit in (axes.SHIFT, axes.WAVENUMBER) else 2 if unit else 0)


def _only_axis(arrays: list[NamedArray]) -> list[NamedArray]:
    """Return the one vector that increases or decreases where none has the name of an axis; no counter of points."""
    vectors = [
        array
        for array in arrays
        if array.values.size >= MIN_POINTS
        and array.values.size == max(array.values.shape)
        and not _NOT_AXIS.search(array.leaf)
        and is_monotonic(array.values)
        and not np.array_equal(np.abs(np.diff(array.values.ravel())), np.ones(array.values.size - 1))
    ]
    return vectors if len(vectors) == 1 else []


def _rows(values: NDArray[Any], n_points: int) -> NDArray[Any]:
    """Return an array with `n_points` along one of its sides as spectra (N, B)."""
    if values.ndim == 1:
        return values[None]
    side = values.ndim - 1 if values.shape[-1] == n_points else list(values.shape).index(n_points)
    return np.ascontiguousarray(np.moveaxis(values, side, -1)).reshape(-1, n_points)


def _columns(arrays: list[NamedArray], spectra: NamedArray, count: int) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) among arrays: x, y, z, time by their names, beside the spectra."""
    if count < 2:
        return {}
    return {
        _COLUMNS[array.leaf.lower()]: array.values.ravel()
        for array in arrays
        if array.leaf.lower() in _COLUMNS and array.values.size == count and array.parent == spectra.parent
    }


def _table_with_axis(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return axis (B,) and spectra (N, B) of a table whose first column, or row, is the axis; None for others."""
    if values.ndim != 2 or min(values.shape) < 2:
        return None
    for table in (values.T, values):
        if table.shape[1] >= MIN_POINTS and is_monotonic(table[0]):
            return table[0], table[1:]
    return None
