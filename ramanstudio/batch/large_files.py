"""HDF5 and WiRE files and zarr stores whose spectra are larger than a block: rows are read as they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.batch import computing, zarr_store
from ramanstudio.core.spectra import Plain, SpectrumSet


class LargeSet(Protocol):
    """N spectra on one axis in a file, of which slices of rows are read."""

    path: Path

    @property
    def points(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> SpectrumSet: ...


class WdfRows:
    """The spectra of a WiRE file, of which slices of rows are read."""

    def __init__(self, path: Path, laser_nm: float | None, n_spectra: int) -> None:
        from ramanstudio.formats import wdf

        self.path, self.laser_nm, self._n_spectra = path, laser_nm, n_spectra
        self.points = wdf.read_rows(path, slice(0, 1), laser_nm).points

    def __len__(self) -> int:
        return self._n_spectra

    def __getitem__(self, rows: slice) -> SpectrumSet:
        """Read a slice of rows."""
        from ramanstudio.formats import wdf
        from ramanstudio.formats.validation import without_impossible_intensities

        spectra = without_impossible_intensities(self.path, wdf.read_rows(self.path, rows, self.laser_nm))
        return spectra.with_about(source=str(self.path), format="Renishaw WiRE")


class LazySet:
    """N spectra on one axis in an HDF5 file, of which slices of rows are read."""

    def __init__(
        self, file: Path, group: str, head: SpectrumSet, table: dict[str, NDArray[Any]], n_spectra: int
    ) -> None:
        """`head` holds the first spectrum, with the axis and metadata of all."""
        self.path, self._group, self._head, self._table, self._n_spectra = file, group, head, table, n_spectra

    def __len__(self) -> int:
        return self._n_spectra

    @property
    def points(self) -> int:
        """The number of points of each spectrum."""
        return self._head.points

    @property
    def about(self) -> dict[str, Plain]:
        """Metadata of the set."""
        return dict(self._head.about)

    def __getitem__(self, rows: slice) -> SpectrumSet:
        """Read a slice of rows."""
        from ramanstudio.formats.safe_hdf5 import open_file

        with open_file(self.path) as file:
            values = file[self._group]["values"][rows].astype(np.float32)
        values[~np.isfinite(values)] = np.nan
        table = {name: column[rows] for name, column in self._table.items()}
        return SpectrumSet(self._head.axis, values, table, self._head.about)


def open_large(file: Path, laser_nm: float | None = None) -> LargeSet | None:
    """Return the spectra of a file whose intensities are more than a block, or of any zarr store; None of others.

    HDF5 files with one group `spectra` on an increasing Raman shift axis, and WiRE files; others are read as a whole.
    Raises StudioError when the file is damaged.
    """
    suffix = file.suffix.lower()
    if zarr_store.is_store(file):
        return zarr_store.ZarrRows(file)
    if suffix == ".wdf" and file.stat().st_size > 4 * computing.BLOCK_VALUES:
        from ramanstudio.formats import wdf

        n_spectra, points = wdf.shape(file)
        return WdfRows(file, laser_nm, n_spectra) if n_spectra * points > computing.BLOCK_VALUES else None
    return _open_large_hdf5(file)


def _open_large_hdf5(file: Path) -> LazySet | None:
    from ramanstudio.formats import hdf5
    from ramanstudio.formats.safe_hdf5 import open_file

    if file.suffix.lower() not in (".h5", ".hdf5", ".hdf") or file.stat().st_size < computing.BLOCK_VALUES // 8:
        return None
    with open_file(file) as content:
        group = content.get("spectra", content)
        if len(content) > 1 and group is not content:
            return None  # several groups
        axis, values = group.get("axis"), group.get("values")
        if axis is None or values is None or "offsets" in group or values.dtype.kind not in "iuf":
            return None
        if values.ndim != 2 or axis.shape != values.shape[1:] or values.size <= computing.BLOCK_VALUES:
            return None
        hdf5.check_dataset_size(file, axis, values)
        shifts = axis[()].astype(np.float64)
        unit = str(axis.attrs.get("units", "") or "")
        if unit or not np.all(np.isfinite(shifts)) or not np.all(np.diff(shifts) > 0):
            return None
        about = {name: plain for name, value in group.attrs.items() if (plain := _plain(value)) is not None}
        about |= {"source": str(file), "format": "HDF5"}
        head = SpectrumSet(shifts, values[:1], {}, about)
        table = hdf5.read_columns(file, group, len(values))
        return LazySet(file, group.name, head, table, len(values))


def _plain(value: Any) -> Plain | None:
    """An attribute as a plain value; None for arrays."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, (str, int, float, bool)) else None
