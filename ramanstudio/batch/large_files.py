"""HDF5 files whose spectra are larger than a block: their rows are read as they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.batch import computing
from ramanstudio.core.spectra import Plain, SpectrumSet


class LazySet:
    """N spectra on one axis in an HDF5 file, of which slices of rows are read."""

    def __init__(
        self, file: Path, group: str, head: SpectrumSet, table: dict[str, NDArray[Any]], n_spectra: int
    ) -> None:
        """`head` holds the first spectrum, with the axis and metadata of all."""
        self._file, self._group, self._head, self._table, self._n_spectra = file, group, head, table, n_spectra

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

        with open_file(self._file) as file:
            values = file[self._group]["values"][rows].astype(np.float32)
        values[~np.isfinite(values)] = np.nan
        table = {name: column[rows] for name, column in self._table.items()}
        return SpectrumSet(self._head.axis, values, table, self._head.about)


def open_large(file: Path) -> LazySet | None:
    """Return the spectra of an HDF5 file with one group `spectra` whose intensities are more than a block, or None.

    Its axis has to be Raman shift that increases; other files are read as a whole. Raises StudioError when the file is
    damaged.
    """
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
