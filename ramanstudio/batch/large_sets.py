"""Sets that are larger than a block: processed and written block by block, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.batch import zarr_store
from ramanstudio.batch.computing import SpectrumRows, row_blocks
from ramanstudio.batch.parts import LocalComputer, Part
from ramanstudio.batch.results import result_rows
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.export.processed_files import (
    error_path,
    extra_datasets,
    write_matrix_header,
    write_matrix_rows,
)
from ramanstudio.export.text_table import make_folder
from ramanstudio.processing.runner import Processed

Blocks = Iterator[tuple[slice, SpectrumSet, Part]]  # rows of the set, the measured spectra, and what came of them
KeepRows = Callable[[list[list[Any]]], None]
TEXT_BYTES: Final = 256  # of a text in a column that grows


def local_blocks(spectra: SpectrumRows, computer: LocalComputer, progress: Progress) -> Blocks:
    """Yield what comes of blocks of rows of a set, in order, computed in this process; their sources are read once."""
    as_set = len(spectra) >= MIN_TOGETHER
    for rows in row_blocks(len(spectra), spectra.points, computer.recipe):
        source = spectra[rows]
        yield rows, source, computer.block(source, as_set, progress.part(rows.start, len(spectra)))


def write_by_blocks(blocks: Blocks, path: Path | None, name: str, n_spectra: int, keep: KeepRows) -> None:
    """Write blocks into the file `path`, CSV, HDF5 or zarr, and give the rows of the results table to `keep`.

    Raises StudioError when a block cannot be processed, or the format cannot be written block by block.
    """
    with _writer(path, n_spectra) as write:
        for rows, source, part in blocks:
            if isinstance(part.outcome, StudioError):
                raise part.outcome
            if path is not None:
                write(part.outcome, rows.start)
            keep(result_rows(source, part.outcome, part.codes, name, part.cells))


@contextmanager
def _writer(path: Path | None, n_spectra: int) -> Iterator[Any]:
    """A function that appends a processed block to the file."""
    if path is None:
        yield None
        return
    make_folder(path.parent)
    if path.suffix == ".csv":
        # the spectra outermost, so that they come last: where they are, both files are
        with (
            atomic_path(path) as draft,
            atomic_path(error_path(path)) as error_draft,
            draft.open("w", encoding="utf-8", newline="") as values,
            error_draft.open("w", encoding="utf-8", newline="") as errors,
        ):
            yield _CsvBlocks(values, errors).add
    elif path.suffix == ".h5":
        from ramanstudio.formats.safe_hdf5 import create_file

        with create_file(path) as file:
            yield _Hdf5Blocks(file).add
    elif path.suffix == zarr_store.SUFFIX:
        with zarr_store.draft_store(path) as draft:
            yield _ZarrBlocks(draft, n_spectra).add
    else:
        raise StudioError(
            f"A set this large cannot be written as '{path.suffix}'.", remedy="Write it as csv, h5 or zarr."
        )


def columns_of(processed: Processed) -> dict[str, NDArray[Any]]:
    """Return the columns (N, …) of processed spectra in HDF5 files and zarr stores, the same for every block."""
    extra = {**extra_datasets(processed), "replaced": processed.replaced.astype(np.uint8)}
    return {"values": processed.spectra.values, **processed.spectra.table, **extra}


class _ZarrBlocks:
    """Writes blocks to a zarr store."""

    def __init__(self, draft: Path, n_spectra: int) -> None:
        self._draft, self._n_spectra, self._exists = draft, n_spectra, False

    def add(self, processed: Processed, start: int) -> None:
        columns = columns_of(processed)
        if not self._exists:
            spectra = processed.spectra
            zarr_store.create(self._draft, self._n_spectra, spectra.axis, spectra.about, columns)
            self._exists = True
        zarr_store.write_rows(self._draft, start, columns)


class _CsvBlocks:
    def __init__(self, values: IO[str], errors: IO[str]) -> None:
        self._values, self._errors, self._n_rows = values, errors, 0

    def add(self, processed: Processed, _start: int) -> None:
        for file, numbers in ((self._values, processed.spectra.values), (self._errors, processed.expected_error)):
            if not self._n_rows:
                write_matrix_header(file, processed.spectra)
            write_matrix_rows(file, processed.spectra, numbers)
        self._n_rows += len(processed.spectra)


class _Hdf5Blocks:
    """Appends blocks to one group 'spectra', as formats.hdf5 writes and reads it."""

    def __init__(self, file: Any) -> None:
        self._file, self._n_rows = file, 0
        self._group: Any = None

    def add(self, processed: Processed, _start: int) -> None:
        from ramanstudio.formats import hdf5

        spectra, columns = processed.spectra, columns_of(processed)
        if self._group is None:
            self._group = self._file.create_group("spectra")
            for key, value in spectra.about.items():
                hdf5.write_attribute(self._group, key, value)
            self._group.create_dataset("axis", data=spectra.axis)
            for key, column in columns.items():
                _create_growing(self._group, key, column)
        for key, column in columns.items():
            _append_rows(self._group[key], column, self._n_rows)
        self._n_rows += len(spectra)


def _create_growing(group: Any, name: str, column: NDArray[Any]) -> None:
    """Add an empty dataset that rows like those of `column` (N, …) can be appended to."""
    import h5py

    text = column.dtype.kind in "UO"
    group.create_dataset(
        name,
        shape=(0, *column.shape[1:]),
        maxshape=(None, *column.shape[1:]),
        dtype=h5py.string_dtype("utf-8", TEXT_BYTES) if text else column.dtype,
        chunks=(max(1, min(len(column), 65536 // max(1, int(np.prod(column.shape[1:]))))), *column.shape[1:]),
        compression="gzip" if column.ndim > 1 else None,
        compression_opts=1 if column.ndim > 1 else None,
        shuffle=column.ndim > 1,
    )


def _append_rows(dataset: Any, column: NDArray[Any], start: int) -> None:
    """Append the rows of `column` (n, …) after the first `start`."""
    if column.dtype.kind in "UO":
        encoded = [str(entry).encode("utf-8", "replace")[:TEXT_BYTES] for entry in column]
        column = np.array(encoded, dtype=f"S{TEXT_BYTES}").astype(dataset.dtype)
    dataset.resize(start + len(column), axis=0)
    dataset[start:] = column
