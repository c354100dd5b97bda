"""HDF5 files of spectra: each group holds `axis`, `values`, one dataset per table column, metadata as attributes.

Without a dataset `offsets`, `axis` is (B,) and `values` is (N, B). With it, spectra differ in length: spectrum i is
`axis[offsets[i]:offsets[i + 1]]` and `values[offsets[i]:offsets[i + 1]]`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.formats import axis as axes
from ramanstudio.formats import nexus
from ramanstudio.formats.safe_hdf5 import create_file, open_file
from ramanstudio.formats.validation import read_error, sorted_spectra

if TYPE_CHECKING:
    import h5py

_LAYOUT: Final = "Each group needs 'axis' (Raman shift in cm⁻¹) and 'values' (one row for each spectrum)."
_NEXUS: Final = ("NX_class", "signal", "axes", "default")  # attributes of an NXdata group
_OTHER_LAYOUT: Final = (
    "NeXus files, and groups of intensities beside an axis that is named or has a unit (1/cm, nm), are read."
    " Export the spectra as text from the program that wrote it."
)
_SPECTRA_DATASETS: Final = ("axis", "values", "offsets")
MAX_GROUPS: Final = 10_000
MAX_ITEMS: Final = 100_000
MAX_NOTES: Final = 3  # sentences about groups that were left out
MAX_STRING_COLUMN_BYTES: Final = 2**28
MAX_FIXED_ATTRIBUTE_BYTES: Final = 60_000  # HDF5 keeps up to 64 kB in the header of an object
MIN_COMPRESSED_BYTES: Final = 2**16


def looks_like(start: bytes) -> bool:
    """Return whether a file that begins with these bytes is an HDF5 file."""
    return start.startswith(b"\x89HDF\r\n\x1a\n")


def read(path: Path, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    """Read the sets of all groups in the order of their names, one for each axis.

    `laser_nm` is used where the axis has to be converted and the file states no laser. Raises StudioError when no
    group has the layout above, or the file is damaged.
    """
    with open_file(path) as file:
        groups = _groups(file)
        if not groups:
            foreign = nexus.read_foreign(path, file, laser_nm)
            if not foreign:
                raise read_error(path, "it is an HDF5 file with a different layout", _OTHER_LAYOUT)
            return foreign
        sets: list[SpectrumSet] = []
        errors: list[StudioError] = []
        for group in groups:
            try:
                sets += _sets(path, group, len(groups) > 1, laser_nm)
            except StudioError as error:
                errors.append(error)
    if not sets:
        raise errors[0] if errors else read_error(path, "it contains no spectrum", _LAYOUT)
    if errors:
        left_out = " ".join(error.sentence for error in errors[:MAX_NOTES])
        sets[0] = sets[0].with_about(notes=f"{len(errors)} of {len(groups)} groups were left out. {left_out}")
    return tuple(sets)


def _groups(file: h5py.File) -> list[h5py.Group]:
    """Return the groups that hold an axis and intensities, the root first."""
    names: set[bytes | str] = set()  # names alone: h5py takes as long for an object as for small spectra

    def look(name: bytes | str) -> bool | None:
        names.add(name)
        return True if len(names) >= MAX_ITEMS else None

    file.visit(look)
    parents = sorted({name[:-5] for name in names if isinstance(name, str) and name.endswith("/axis")})
    groups = [file] if "axis" in names and "values" in names else []
    groups += [file[parent] for parent in parents[:MAX_GROUPS] if f"{parent}/values" in names]
    return [group for group in groups if _is_spectra(group)]


def _is_spectra(group: h5py.Group) -> bool:
    """Return whether a group has datasets of numbers named like those of spectra."""
    import h5py

    datasets = [group.get(name) for name in ("axis", "values")]
    return all(isinstance(dataset, h5py.Dataset) and dataset.dtype.kind in "iuf" for dataset in datasets)


def _sets(path: Path, group: h5py.Group, named: bool, laser_nm: float | None) -> list[SpectrumSet]:
    """Read the sets of a group; `named` adds its name to the metadata."""
    axis, values = group["axis"], group["values"]
    if axis.shape is None or values.shape is None:
        raise read_error(path, f"in '{group.name}' the axis or the intensities are empty", _LAYOUT)
    check_dataset_size(path, axis, values, *([group["offsets"]] if "offsets" in group else []))
    about = {
        name: plain
        for name, value in group.attrs.items()
        if (plain := _plain_value(value)) is not None and name not in _NEXUS
    }
    about.pop("source", None)
    unit = axes.unit_from_text(str(_plain_value(axis.attrs.get("units", "")) or "")) or axes.SHIFT
    if named:
        about["group"] = group.name.strip("/")
    count = len(group["offsets"]) - 1 if "offsets" in group else (values.shape[0] if values.ndim == 2 else 1)
    table = read_columns(path, group, count)
    if "offsets" in group:
        return _ragged_sets(path, group, table, about, unit, laser_nm)
    if axis.ndim != 1 or values.shape[-1:] != axis.shape or values.ndim > 2:
        reason = f"in '{group.name}' an axis of shape {axis.shape} does not fit values of shape {values.shape}"
        raise read_error(path, reason, _LAYOUT)
    rows = np.atleast_2d(values[()]).astype(np.float32, copy=False)
    return [_with_raman_shift(path, axis[()], rows, unit, about, laser_nm).with_table(**table)]


def _with_raman_shift(
    path: Path, axis: NDArray[Any], rows: NDArray[Any], unit: str, about: dict[str, Plain], laser_nm: float | None
) -> SpectrumSet:
    """Convert the axis (B,) of intensities (N, B) to Raman shift."""
    stated = about.get("laser_nm")
    file_laser_nm = float(stated) if isinstance(stated, int | float) and 100.0 <= stated <= 3000.0 else None
    shift = axes.raman_shift(path, axis, unit, axes.chosen_laser(file_laser_nm, laser_nm))
    metadata = about | axes.laser_metadata(axis, unit, file_laser_nm, laser_nm)
    return sorted_spectra(path, shift, rows).with_about(**metadata)


def check_dataset_size(path: Path, *datasets: h5py.Dataset) -> None:
    """Raise StudioError for a dataset that states over a thousand times the size of its file, as damaged ones do."""
    length = path.stat().st_size
    for dataset in datasets:
        if dataset.nbytes > 1100 * length:
            raise read_error(
                path, f"'{dataset.name}' states {dataset.nbytes:,} bytes, more than it can hold", "Copy it again."
            )


def _ragged_sets(
    path: Path,
    group: h5py.Group,
    table: dict[str, NDArray[Any]],
    about: dict[str, Plain],
    unit: str,
    laser_nm: float | None,
) -> list[SpectrumSet]:
    """Read spectra of different lengths: one set for each axis, in the order in which the axes first occur."""
    offsets = np.asarray(group["offsets"][()], dtype=np.int64)
    axis, values = group["axis"][()].astype(np.float64), group["values"][()].astype(np.float32)
    if offsets.ndim != 1 or axis.shape != values.shape or axis.ndim != 1 or not len(offsets):
        raise read_error(path, f"the offsets of '{group.name}' do not fit its axis and values", _LAYOUT)
    if np.any(np.diff(offsets) < 2) or offsets[0] < 0 or offsets[-1] > axis.size:
        raise read_error(path, f"the offsets of '{group.name}' do not increase within its values", _LAYOUT)
    rows_by_axis: dict[bytes, list[int]] = {}
    for row, (begin, end) in enumerate(itertools.pairwise(offsets)):
        rows_by_axis.setdefault(axis[begin:end].tobytes(), []).append(row)
    sets = []
    for rows in rows_by_axis.values():
        begin, end = offsets[rows[0]], offsets[rows[0] + 1]
        stacked = np.stack([values[offsets[row] : offsets[row + 1]] for row in rows])
        columns = {name: entries[rows] for name, entries in table.items()}
        sets.append(_with_raman_shift(path, axis[begin:end], stacked, unit, about, laser_nm).with_table(**columns))
    return sets


def read_columns(path: Path, group: h5py.Group, count: int) -> dict[str, NDArray[Any]]:
    """Return the columns (N,) of a group: its datasets of texts or numbers with `count` entries.

    Raises StudioError when one is too large.
    """
    import h5py

    table = {}
    for name, entry in group.items():
        if name in _SPECTRA_DATASETS or not isinstance(entry, h5py.Dataset) or entry.shape != (count,):
            continue
        check_dataset_size(path, entry)
        if h5py.check_string_dtype(entry.dtype) is not None:
            table[name] = _read_strings(path, entry)
        elif entry.dtype.kind in "iufb":
            table[name] = entry[()]
    return table


def _read_strings(path: Path, entry: h5py.Dataset) -> NDArray[Any]:
    """Read a column of texts (N,); in an array each takes the room of the longest, which could fill the memory."""
    texts = entry.asstr(errors="replace")[()]
    if 4 * len(texts) * max(map(len, texts), default=0) > MAX_STRING_COLUMN_BYTES:
        raise read_error(path, f"'{entry.name}' has texts too long for a column", "Shorten them, or leave it out.")
    return np.array(texts, dtype=str)


def _plain_value(value: Any) -> Plain | None:
    """Return an attribute as a plain Python value; None when it is an array."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else None


def write(path: Path, spectra: SpectrumSet, **extra: ArrayLike) -> None:
    """Write a set as one group 'spectra', with `extra` datasets beside its columns.

    Raises StudioError when the file cannot be written.
    """
    with create_file(path) as file:
        group = file.create_group("spectra")
        for name, value in spectra.about.items():
            write_attribute(group, name, value)
        group.create_dataset("axis", data=spectra.axis)
        group.create_dataset("values", data=spectra.values, compression="gzip", compression_opts=1, shuffle=True)
        for name, entries in {**spectra.table, **extra}.items():
            write_column(group, name, entries)


def write_column(group: h5py.Group, name: str, entries: ArrayLike) -> None:
    """Add a dataset (N,) of numbers, or of texts of fixed length in UTF-8, to a group."""
    import h5py

    column = np.asarray(entries)
    if column.dtype.kind not in "UO":
        group.create_dataset(name, data=column)
        return
    encoded = np.array([str(entry).encode("utf-8", "replace") for entry in column.ravel()], dtype=bytes)
    fixed = encoded.reshape(column.shape).astype(h5py.string_dtype("utf-8", max(1, encoded.dtype.itemsize)))
    group.create_dataset(name, data=fixed, compression="gzip" if fixed.nbytes > MIN_COMPRESSED_BYTES else None)


def write_attribute(group: h5py.Group, name: str, value: Plain) -> None:
    """Add an attribute to a group; texts have a fixed length in UTF-8 where HDF5 allows it."""
    import h5py

    encoded = value.encode("utf-8", "replace") if isinstance(value, str) else b""
    if not isinstance(value, str) or len(encoded) > MAX_FIXED_ATTRIBUTE_BYTES:
        group.attrs[name] = value
        return
    fixed = h5py.string_dtype("utf-8", max(1, len(encoded)))
    group.attrs.create(name, np.array(encoded, dtype=fixed), dtype=fixed)
