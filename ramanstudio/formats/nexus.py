"""HDF5 files of other programs: NeXus (NXraman and any NXdata), ramanchada (.cha, .nxs), and axes beside intensities.

A group of class NXdata names its signal and its axes ("NeXus: A Common Data Format", manual of the class NXdata). A
ramanchada file holds one dataset whose two rows are axis and intensities. In all others the arrays are found by their
names and units (`array_layout`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats.array_layout import NamedArray, is_monotonic, spectra_from_arrays
from ramanstudio.formats.conversion import iso_date, positive, raman_spectra
from ramanstudio.formats.validation import read_error

if TYPE_CHECKING:
    import h5py

MAX_ITEMS: Final = 20_000
MAX_SETS: Final = 2000
MAX_NOTES: Final = 3
_POSITIONS: Final = {
    "x": "x",
    "y": "y",
    "z": "z",
    "pos_x": "x",
    "pos_y": "y",
    "x_pos": "x",
    "y_pos": "y",
    "time": "time",
}
_UM_PER_UNIT: Final = {"um": 1.0, "µm": 1.0, "micrometer": 1.0, "mm": 1e3, "nm": 1e-3, "m": 1e6}
_NOT_RAMAN: Final = re.compile(r"absorbance|reflectance|transmi|infrared|xps|xas|diffract|2.?theta", re.I)
_LASER: Final = re.compile(
    r"(incident|laser|excitation|source)[^/]*(/[^/]*)*wavelength|laser_nm|laser wavelength", re.I
)
# Metadata by the end of the path of a dataset, or the name of an attribute.
_METADATA: Final = (
    ("exposure_s", re.compile(r"(integration|exposure|acquisition|count)_?\s?time$", re.I)),
    ("accumulations", re.compile(r"(no\.?_? ?of_? ?)?accumulations?$|number_of_(accumulations|scans)$", re.I)),
    ("laser_power_mw", re.compile(r"(laser|source|beam)[^/]*(/[^/]*)*power$", re.I)),
    ("date", re.compile(r"start_time$|(^|/)date$|acquisition_date$", re.I)),
    ("sample", re.compile(r"sample(/[^/]*)?/name$|(^|/)sample$", re.I)),
    ("grating", re.compile(r"grating[^/]*(/period|/type|/name|/lines?_density)?$", re.I)),
    ("objective", re.compile(r"(objective|lens)[^/]*(/type|/name|/magnification)?$", re.I)),
    ("instrument", re.compile(r"instrument/(device_information/)?(model|name)$|oem software name$", re.I)),
)


def read_foreign(path: Path, file: h5py.File, laser_nm: float | None) -> tuple[SpectrumSet, ...]:
    """Return the spectra of an open HDF5 file of another program; an empty tuple when none is recognised.

    `laser_nm` of the user wins over the file's where an axis has to be converted. Raises StudioError when the axes that
    were found are not, and cannot be converted to, Raman shift.
    """
    items = _items(file)
    sets: list[SpectrumSet] = []
    errors: list[StudioError] = []
    nxdata = [(name, item) for name, item in items if _is_nxdata(item)]
    for name, group in nxdata[:MAX_SETS]:
        try:
            spectra = _read_nxdata(path, name, group, items, laser_nm, len(nxdata) > 1)
        except StudioError as error:
            errors.append(error)
        else:
            sets += [spectra] if spectra is not None else []
    if not sets and not errors:
        for name, item in items:
            if hasattr(item, "shape") and item.ndim == 2 and item.shape[0] == 2 and "DIMENSION_LABELS" in item.attrs:
                sets.append(_read_chada(path, name, item, laser_nm))
    if not sets and not errors:
        arrays = [
            NamedArray(name, item[()], _text(item.attrs.get("units", item.attrs.get("unit"))))
            for name, item in items
            if hasattr(item, "shape") and item.dtype.kind in "iuf" and 1 <= item.ndim <= 3 and item.size > 1
        ]
        about, laser = _metadata(items, "")
        sets += spectra_from_arrays(path, arrays, laser_nm, laser, about)
    if not sets and errors:
        raise errors[0]
    if errors:
        left_out = " ".join(error.sentence for error in errors[:MAX_NOTES])
        sets[0] = sets[0].with_about(notes=f"{len(errors)} of {len(nxdata)} groups were left out. {left_out}")
    return tuple(sets)


def _items(file: h5py.File) -> list[tuple[str, Any]]:
    """Return the groups and datasets of a file by their paths."""
    items: list[tuple[str, Any]] = [("", file)]

    def keep(name: str | bytes, item: Any) -> bool | None:
        items.append((_text(name), item))  # h5py gives bytes for a name that is not UTF-8
        return True if len(items) >= MAX_ITEMS else None

    file.visititems(keep)
    return items


def _text(value: Any) -> str:
    """Return an attribute or a scalar dataset as text, '' for none."""
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return "" if value is None else str(value).strip()


def _texts(value: Any) -> list[str]:
    """Return an attribute as a list of texts; NeXus separates names in one text by colons or commas."""
    if isinstance(value, np.ndarray | list | tuple):
        return [_text(entry) for entry in np.asarray(value, dtype=object).ravel()]
    return [name.strip() for name in re.split(r"[:,]", _text(value))] if value is not None else []


def _is_nxdata(item: Any) -> bool:
    return not hasattr(item, "shape") and (_text(item.attrs.get("NX_class")) == "NXdata" or "signal" in item.attrs)


def _datasets(group: Any) -> dict[str, Any]:
    return {
        _text(name): entry for name, entry in group.items() if hasattr(entry, "shape") and entry.dtype.kind in "iuf"
    }


def _read_nxdata(
    path: Path, name: str, group: Any, items: list[tuple[str, Any]], laser_nm: float | None, named: bool
) -> SpectrumSet | None:
    """Return the signal of a group NXdata as spectra; None when it has no axis that could be spectral."""
    datasets = _datasets(group)
    signal_name = _text(group.attrs.get("signal"))
    signal = datasets.get(signal_name)
    if signal is None:  # the older way: an attribute of the dataset
        signal_name, signal = next(
            ((key, entry) for key, entry in datasets.items() if _text(entry.attrs.get("signal")) == "1"), ("", None)
        )
    if signal is None or not 1 <= signal.ndim <= 3 or signal.size < 2:
        return None
    words = f"{signal_name} {_text(signal.attrs.get('long_name'))} {_text(signal.attrs.get('units'))}"
    if match := _NOT_RAMAN.search(words):
        raise read_error(path, f"its signal is {match[0].lower()}, not Raman scattering", "Open Raman spectra.")
    stated = _texts(group.attrs.get("axes")) or _texts(signal.attrs.get("axes"))
    found = _spectral_axis(datasets, signal, stated)
    if found is None:
        return None
    axis_name, side, unit = found
    axis = np.asarray(datasets[axis_name][()], dtype=np.float64).ravel()
    values = np.asarray(signal[()])
    rows = np.ascontiguousarray(np.moveaxis(values, side, -1)).reshape(-1, axis.size)
    table = _positions(datasets, stated, side, values.shape, len(rows))
    entry = name.split("/")[0]
    about, laser = _metadata(items, entry)
    if named:
        about["group"] = name
    title = group.get("title")
    if title is not None and getattr(title, "shape", None) == ():
        about["title"] = _text(title[()])
    return raman_spectra(path, axis, unit, rows, file_laser_nm=laser, laser_nm=laser_nm, about=about, table=table)


def _spectral_axis(datasets: dict[str, Any], signal: Any, stated: list[str]) -> tuple[str, int, str] | None:
    """Return name, dimension of the signal, and unit of the axis that is spectral; Raman shift before others."""
    candidates: list[tuple[int, str, int, str]] = []
    for name, entry in datasets.items():
        if entry is signal or entry.size < 2 or entry.size != max(entry.shape, default=0):
            continue
        sides = [side for side, length in enumerate(signal.shape) if length == entry.size]
        words = (_text(entry.attrs.get("units")), _text(entry.attrs.get("long_name")), name.replace("_", " "))
        unit = next((found for text in words if text and (found := axes.unit_from_text(text))), axes.UNKNOWN)
        is_position = name.lower() in _POSITIONS or unit == axes.PIXEL
        if not sides or (unit == axes.UNKNOWN and (name not in stated or is_position)) or not is_monotonic(entry[()]):
            continue
        if words[0].replace("μ", "µ") in ("um", "µm", "mm") or (is_position and unit == axes.NM):
            continue
        side = stated.index(name) if name in stated and stated.index(name) in sides else sides[-1]
        rank = {axes.SHIFT: 3, axes.WAVENUMBER: 2}.get(unit, 1) * 2 + (name in stated)
        candidates.append((rank, name, side, unit))
    if not candidates:
        return None
    _, name, side, unit = max(candidates, key=lambda candidate: candidate[0])
    return name, side, unit


def _positions(
    datasets: dict[str, Any], stated: list[str], side: int, shape: tuple[int, ...], count: int
) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of positions in µm and times among the other axes of a signal."""
    table: dict[str, NDArray[Any]] = {}
    if count < 2:
        return table
    others = [index for index in range(len(shape)) if index != side]
    for name, entry in datasets.items():
        column = _POSITIONS.get(name.lower())
        if column is None or column in table:
            continue
        numbers = np.asarray(entry[()], dtype=np.float64)
        if column != "time":
            numbers = numbers * _UM_PER_UNIT.get(_text(entry.attrs.get("units")).replace("μ", "µ"), 1.0)
        if numbers.size == count:
            table[column] = numbers.ravel()
            continue
        place = stated.index(name) if name in stated else -1
        if place in others and numbers.size == shape[place]:
            form = [numbers.size if index == place else 1 for index in others]
            table[column] = np.broadcast_to(numbers.reshape(form), [shape[index] for index in others]).ravel()
    return table


def _metadata(items: list[tuple[str, Any]], entry: str) -> tuple[dict[str, Plain | None], float | None]:
    """Return what the datasets below `entry` say about the measurement, and the laser wavelength in nm."""
    about: dict[str, Plain | None] = {}
    laser: float | None = None
    for name, value, unit in _scalars(items, entry):
        if laser is None and _LASER.search(name):
            number = _number(value)
            scale = {"um": 1e3, "µm": 1e3, "m": 1e9, "a": 0.1}.get(unit.lower(), 1.0)
            laser = number * scale if number is not None and 100.0 <= number * scale <= 3000.0 else None
        for key, pattern in _METADATA:
            if key in about or not pattern.search(name):
                continue
            if key in ("exposure_s", "laser_power_mw"):
                number = positive(_number(value))
                scale = {"ms": 1e-3, "min": 60.0, "w": 1e3, "uw": 1e-3, "µw": 1e-3}.get(unit.lower(), 1.0)
                about[key] = number * scale if number else None
            elif key == "accumulations":
                number = _number(value)
                about[key] = int(number) if number and 1 <= number < 1e9 else None
            else:
                about[key] = iso_date(value) if key == "date" else f"{value} {unit}".strip()
            break
    return about, laser


def _scalars(items: list[tuple[str, Any]], entry: str) -> Iterator[tuple[str, str, str]]:
    """Yield path, text and unit of the scalar datasets and the attributes below an entry."""
    for name, item in items:
        if entry and not name.startswith(entry):
            continue
        if hasattr(item, "shape") and item.size == 1 and item.dtype.kind in "iufSO":
            yield name, _text(item[()]), _text(item.attrs.get("units", item.attrs.get("unit")))
        if hasattr(item, "shape") and not entry:
            for key, value in item.attrs.items():
                yield _text(key), _text(value), ""


def _number(text: str) -> float | None:
    match = re.match(r"\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)", text)
    number = float(match[1]) if match else None
    return number if number is not None and np.isfinite(number) else None


def _read_chada(path: Path, name: str, item: Any, laser_nm: float | None) -> SpectrumSet:
    """Return the spectrum of a ramanchada dataset (2, B): the axis, then the intensities."""
    labels = _texts(item.attrs.get("DIMENSION_LABELS"))
    axis, values = np.asarray(item[()])
    about, laser = _metadata([(name, item)], "")
    about["title"] = name if name != "raw" else None
    return raman_spectra(
        path, np.asarray(axis, dtype=np.float64), axes.unit_from_text(labels[0]) if labels else axes.UNKNOWN,
        values[None], file_laser_nm=laser, laser_nm=laser_nm, about=about,
    )  # fmt: skip
