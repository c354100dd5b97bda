"""Spectra in a zarr store: a folder of chunks, of which blocks are read and written, also by several processes.

A group holds `axis` (B,), `values` and `expected_error` (N, B), a column for each of the table (N,), and the metadata
as attributes: the arrays of our HDF5 files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.core.writing import write_error

SUFFIX: Final = ".zarr"
CHUNK_VALUES: Final = 500_000  # intensities in a chunk: 2 MB
_DRAFT: Final = ".part"


def is_store(path: Path) -> bool:
    """Return whether a path is a folder that looks like a zarr store."""
    return path.suffix.lower() == SUFFIX and path.is_dir()


def require_zarr() -> Any:
    """Return the library. Raises StudioError when it is not installed."""
    try:
        import zarr
    except ImportError as error:
        raise StudioError(
            "Zarr stores need the package zarr, which is not installed.",
            remedy="Install it: pip install 'ramanstudio[cluster]'.",
        ) from error
    return zarr


class ZarrRows:
    """N spectra on one axis in a zarr store, of which slices of rows are read."""

    def __init__(self, path: Path) -> None:
        """Raises StudioError when the folder is no store of spectra on an increasing axis in cm⁻¹."""
        zarr = require_zarr()
        self.path = path
        try:
            self._group = zarr.open_group(str(path), mode="r")
            names = set(self._group.array_keys())
            if not {"axis", "values"} <= names:
                raise ValueError("it has no arrays 'axis' and 'values'")
            self._values = self._group["values"]
            axis = np.asarray(self._group["axis"][:], dtype=np.float64)
            if self._values.ndim != 2 or axis.shape != self._values.shape[1:] or self._values.dtype.kind not in "iuf":
                raise ValueError(f"an axis of {axis.shape} does not fit values of {self._values.shape}")
            others = sorted(names - {"axis", "values"})
            self._columns = [name for name in others if self._group[name].shape == self._values.shape[:1]]
            about = {str(key): value for key, value in self._group.attrs.items() if isinstance(value, Plain)}
            about |= {"source": str(path), "format": "Zarr"}
            self._head = SpectrumSet(axis, np.zeros((0, len(axis)), dtype=np.float32), {}, about)
        except StudioError:
            raise
        except Exception as error:
            raise StudioError(
                f"'{path.name}' cannot be read as a zarr store of spectra: {error}.",
                remedy="It needs arrays 'axis' (B) in cm⁻¹ and 'values' (N, B).",
            ) from error

    def __len__(self) -> int:
        return int(self._values.shape[0])

    @property
    def points(self) -> int:
        """The number of points of each spectrum."""
        return self._head.points

    def __getitem__(self, rows: slice) -> SpectrumSet:
        """Read a slice of rows. Raises StudioError when a chunk is damaged."""
        try:
            values = np.asarray(self._values[rows], dtype=np.float32)
            table = {name: np.asarray(self._group[name][rows]) for name in self._columns}
        except Exception as error:
            raise StudioError(f"A chunk of '{self.path.name}' is damaged: {error}.", remedy="Copy it again.") from error
        values[~np.isfinite(values)] = np.nan
        table = {name: entries.astype(str) if entries.dtype.kind == "O" else entries for name, entries in table.items()}
        return SpectrumSet(self._head.axis, values, table, self._head.about)


def read(path: Path) -> SpectrumSet:
    """Read a whole store. Raises StudioError when it is damaged."""
    rows = ZarrRows(path)
    return rows[0 : len(rows)]


@contextmanager
def draft_store(path: Path) -> Iterator[Path]:
    """Yield the folder of a draft beside `path`, which takes its place at the end, unless an error is raised.

    Raises StudioError when it cannot be written.
    """
    draft = path.with_name(f".{path.name}{_DRAFT}")
    try:
        shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed
        yield draft
        if path.is_dir():
            shutil.rmtree(path)
        draft.rename(path)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def create(
    path: Path, n_spectra: int, axis: NDArray[Any], about: Mapping[str, Plain], columns: Mapping[str, NDArray[Any]]
) -> int:
    """Make an empty store for `n_spectra` with arrays like the `columns` (n, …); return the rows of a chunk."""
    zarr = require_zarr()
    group = zarr.open_group(str(path), mode="w")
    group.create_array("axis", data=np.asarray(axis))
    rows = rows_of_chunk(len(axis))
    for name, column in columns.items():
        text = column.dtype.kind in "UO"
        shape = (n_spectra, *column.shape[1:])
        group.create_array(
            name, shape=shape, chunks=(min(rows, n_spectra), *column.shape[1:]), dtype=str if text else column.dtype
        )
    group.attrs.update({key: value for key, value in about.items() if isinstance(value, Plain)})
    return rows


def rows_of_chunk(points: int) -> int:
    """Return how many spectra of so many points a chunk holds."""
    return max(1, CHUNK_VALUES // max(1, points))


def write_rows(path: Path, start: int, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write rows from `start` on; processes that write whole chunks do not disturb each other."""
    group = require_zarr().open_group(str(path), mode="r+")
    for name, column in columns.items():
        entries = column.astype(object) if column.dtype.kind == "U" else column
        group[name][start : start + len(column)] = entries


def write(path: Path, spectra: SpectrumSet, **columns: NDArray[Any]) -> Path:
    """Write spectra as a zarr store with further `columns` (N, …). Raises StudioError when it cannot be written."""
    arrays = {"values": spectra.values, **spectra.table, **columns}
    with draft_store(path) as draft:
        create(draft, len(spectra), spectra.axis, spectra.about, arrays)
        write_rows(draft, 0, arrays)
    return path
