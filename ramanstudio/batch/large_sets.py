"""Sets that are larger than a block: processed and written block by block, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.batch.analyses import Analyses
from ramanstudio.batch.computing import SpectrumRows, apply_by_blocks
from ramanstudio.batch.results import quality_codes, result_rows
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.writing import atomic_path
from ramanstudio.export.processed_files import (
    error_path,
    extra_datasets,
    write_matrix_header,
    write_matrix_rows,
)
from ramanstudio.export.text_table import make_folder
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Processed
from ramanstudio.processing.step import Denoiser

TEXT_BYTES: Final = 256  # of a text in a column that grows


def write_by_blocks(
    spectra: SpectrumRows,
    recipe: Recipe,
    engine: Denoiser | None,
    path: Path | None,
    name: str,
    progress: Progress,
    analyses: Analyses,
) -> list[list[Any]]:
    """Process a set block by block into the file `path`, CSV or HDF5; return its rows of the results table.

    Raises StudioError when a block cannot be processed, or the format cannot be written block by block.
    """
    rows = list[list[Any]]()
    with _writer(path) as write:
        for block, outcome in apply_by_blocks(spectra, recipe, engine, progress):
            if isinstance(outcome, StudioError):
                raise outcome
            if path is not None:
                write(outcome)
            source = spectra[block]
            cells = analyses.columns([source], [outcome], Progress(on_warning=progress.warn))[0]
            rows += result_rows(source, outcome, quality_codes([source])[0], name, cells)
    return rows


@contextmanager
def _writer(path: Path | None) -> Iterator[Any]:
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
    else:
        raise StudioError(f"A set this large cannot be written as '{path.suffix}'.", remedy="Write it as csv or h5.")


class _CsvBlocks:
    def __init__(self, values: IO[str], errors: IO[str]) -> None:
        self._values, self._errors, self._n_rows = values, errors, 0

    def add(self, processed: Processed) -> None:
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

    def add(self, processed: Processed) -> None:
        from ramanstudio.formats import hdf5

        spectra = processed.spectra
        extra = {**extra_datasets(processed), "replaced": processed.replaced.astype(np.uint8)}
        columns = {"values": spectra.values, **spectra.table, **extra}
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
