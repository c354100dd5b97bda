"""MATLAB files (.mat): spectra and their axis among the variables, or a data set as WITec and PLS_Toolbox write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.array_layout import NamedArray, is_monotonic, spectra_from_arrays
from ramanstudio.formats.conversion import raman_spectra
from ramanstudio.formats.mat5 import Mat5Reader
from ramanstudio.formats.safe_hdf5 import open_file
from ramanstudio.formats.validation import file_size, first_bytes, read_all_bytes, read_error

MAX_MB: Final = 1024
_LAYOUT: Final = (
    "Save the spectra as a matrix and their Raman shift as a vector named 'raman_shift' or 'wavenumber' (save -v7)."
)
_LASER_NAMES: Final = ("laser_nm", "laser", "laser_wavelength", "excitation_wavelength", "excitation")


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is a MATLAB file of version 5 or later."""
    return start.startswith((b"MATLAB 5.0 MAT-file", b"MATLAB 7.3 MAT-file"))


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the spectra among the variables of a file, with x and y where they are there by name.

    `laser_nm` of the user wins over a variable of that name. Raises StudioError when the file is damaged, of version 4,
    or no variable is an axis.
    """
    file_size(path, MAX_MB)
    start = first_bytes(path)
    if not looks_like(start):
        raise read_error(path, "it is a MATLAB file of version 4, or none", "In MATLAB, save it again with 'save -v7'.")
    if start.startswith(b"MATLAB 7.3"):
        with open_file(path) as file:
            variables = {name: np.asarray(item[()]).T for name, item in file.items() if hasattr(item, "shape")}
    else:
        variables = Mat5Reader(path, read_all_bytes(path, MAX_MB)).variables()
    sets: list[SpectrumSet] = []
    for name, value in list(variables.items()):
        if isinstance(value, dict) and isinstance(value.get("data"), np.ndarray) and "axisscale" in value:
            sets.append(_data_set(path, name, value, laser_nm))
    if sets:
        return tuple(sets)
    arrays, texts = _flattened(variables)
    numbers = {array.leaf.lower(): float(array.values.ravel()[0]) for array in arrays if array.values.size == 1}
    laser = next((numbers[name] for name in _LASER_NAMES if name in numbers), None)
    about: dict[str, Plain | None] = {key: texts.get(key) for key in ("sample", "title", "instrument", "date")}
    sets = spectra_from_arrays(path, [array for array in arrays if array.values.size > 1], laser_nm, laser, about)
    if not sets:
        names = ", ".join(f"'{name}'" for name in list(variables)[:5]) or "nothing"
        raise read_error(path, f"none of its variables ({names}) is the axis of spectra", _LAYOUT)
    return tuple(sets)


def _flattened(variables: dict[str, Any]) -> tuple[list[NamedArray], dict[str, str]]:
    """Return the arrays of numbers in variables and structures by their path, and the texts by their name."""
    arrays: list[NamedArray] = []
    texts: dict[str, str] = {}
    pending: list[tuple[str, Any]] = list(variables.items())
    while pending:
        name, value = pending.pop(0)
        if isinstance(value, dict):
            pending += [(f"{name}/{key}", item) for key, item in value.items()]
        elif isinstance(value, str):
            texts.setdefault(name.rpartition("/")[2].lower(), value)
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.size:
            kept = value.ravel() if value.size == max(value.shape, default=1) else value
            arrays.append(NamedArray(name, kept))
    return arrays, texts


def _data_set(path: Path, name: str, data_set: dict[str, Any], laser_nm: float | None) -> SpectrumSet:
    """Return a DataSet object: rows are spectra, `axisscale` has the axis, `imageaxisscale` the positions in µm."""
    values: NDArray[Any] = data_set["data"]
    scales = [scale for scale in _listed(data_set["axisscale"]) if isinstance(scale, np.ndarray)]
    fitting = [scale for scale in scales if values.ndim == 2 and scale.size == values.shape[1] and is_monotonic(scale)]
    if not fitting or values.dtype.kind not in "iuf":
        raise read_error(path, f"'{name}' has no axis for its spectra", _LAYOUT)
    titles = [text for text in _listed(data_set["axisscale"]) if isinstance(text, str)]
    unit = next((stated for text in titles if (stated := axes.unit_from_text(text))), axes.UNKNOWN)
    table: dict[str, NDArray[Any]] = {}
    size = data_set.get("imagesize")
    places = [scale for scale in _listed(data_set.get("imageaxisscale")) if isinstance(scale, np.ndarray)]
    if isinstance(size, np.ndarray) and size.size == 2 and int(size.prod()) == len(values):
        n_x, n_y = (int(length) for length in size.ravel())
        steps = [scale.ravel() for scale in places if scale.size > 1]
        x = next((scale for scale in steps if scale.size == n_x), np.arange(n_x, dtype=float))
        y = next((scale for scale in reversed(steps) if scale.size == n_y), np.arange(n_y, dtype=float))
        table = {"x": np.tile(x, n_y), "y": np.repeat(y, n_x)}
    date = data_set.get("date")
    text = str(data_set.get("name") or "")
    about: dict[str, Plain | None] = {"title": text, "group": name, "date": _date(date)}
    return raman_spectra(path, fitting[0].ravel(), unit, values, laser_nm=laser_nm, about=about, table=table)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _date(value: Any) -> str | None:
    """Return MATLAB's vector of year, month, day, hour, minute and second as text."""
    if not isinstance(value, np.ndarray) or value.size != 6 or not np.all(np.isfinite(value)):
        return None
    year, month, day, hour, minute, second = (int(number) for number in value.ravel())
    if not (1900 < year < 2200 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}"
