"""Processed spectra as files: CSV with every digit, HDF5, or any format that RamanStudio writes."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path, atomic_write
from ramanstudio.export.text_table import cell_text
from ramanstudio.export.writers import WRITER_KEYS, writer_for

if TYPE_CHECKING:
    from ramanstudio.processing.runner import Processed

SHIFT_HEADER: Final = "Raman shift / cm-1"
_ERROR_SUFFIX: Final = ".expected-error"


def writable_formats() -> tuple[str, ...]:
    """Return the suffixes, without a dot, of the formats that processed spectra can be written in."""
    return tuple(dict.fromkeys(("csv", "h5", *WRITER_KEYS, "txt")))


def files_of_processed(path: Path, n_spectra: int) -> tuple[Path, ...]:
    """Return the files that processed spectra consist of: of several as CSV also that of their expected error."""
    if path.suffix == ".csv" and n_spectra > 1:
        return path, error_path(path)
    return (path,)


def error_path(path: Path) -> Path:
    """Return the CSV file beside `path` with the expected error of several spectra."""
    return path.with_suffix(f"{_ERROR_SUFFIX}{path.suffix}")


def write_processed(path: Path, processed: Processed) -> tuple[Path, ...]:
    """Write processed spectra in the format of the suffix of `path`; return the files.

    CSV of one spectrum has the columns Raman shift, processed, expected error, and replaced (1 where a cosmic ray was
    interpolated); CSV of N spectra is a row for each, with a second file for the expected error. HDF5 has all of it in
    one file. Other formats hold the spectra alone. Numbers have all their digits. Raises StudioError when a file cannot
    be written or the format is unknown.
    """
    spectra, kind = processed.spectra, path.suffix.lower().removeprefix(".")
    if kind == "csv":
        if len(spectra) == 1:
            _write_columns(path, processed)
        else:
            # the spectra last: where they are, both files are
            write_matrix(error_path(path), spectra, processed.expected_error)
            write_matrix(path, spectra, spectra.values)
        return files_of_processed(path, len(spectra))
    if kind == "h5":
        from ramanstudio.formats import hdf5

        hdf5.write(path, spectra, **extra_datasets(processed))
        return (path,)
    if kind not in writable_formats():
        raise StudioError(
            f"Spectra cannot be written as '{kind}'.", remedy=f"Choose one of: {', '.join(writable_formats())}."
        )
    writer_for(path).write(path, spectra)
    return (path,)


def extra_datasets(processed: Processed) -> dict[str, NDArray[Any]]:
    """Return what HDF5 holds beside the spectra: their expected error, ratios, and replaced points where there are."""
    extra: dict[str, NDArray[Any]] = {
        "expected_error": processed.expected_error,
        "snr_before": processed.snr_before,
        "snr_after": processed.snr_after,
    }
    if processed.replaced.any():
        extra["replaced"] = processed.replaced.astype(np.uint8)
    return extra


def _write_columns(path: Path, processed: Processed) -> None:
    columns = np.empty((processed.spectra.points, 3))
    columns[:, 0], columns[:, 1] = processed.spectra.values[0], processed.expected_error[0]
    columns[:, 2] = processed.replaced[0]
    rows = _row_formats(processed.spectra.axis.tobytes()) % tuple(columns.ravel().tolist())
    atomic_write(path, f"{SHIFT_HEADER},processed,expected error,replaced\n{rows}")


@lru_cache(maxsize=16)
def _row_formats(axis: bytes) -> str:
    """The rows of a file of one spectrum with the Raman shifts of an `axis`: thrice as fast as row by row."""
    return "".join(f"{shift!r},%.9g,%.5g,%d\n" for shift in np.frombuffer(axis).tolist())


def write_matrix(path: Path, spectra: SpectrumSet, values: NDArray[Any]) -> None:
    """Write `values` (N, B) as CSV, a row per spectrum after the columns of its table, the Raman shifts as header."""
    with atomic_path(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        write_matrix_header(file, spectra)
        write_matrix_rows(file, spectra, values)


def write_matrix_header(file: IO[str], spectra: SpectrumSet) -> None:
    """Write the header of a matrix: the columns of the table, and the Raman shifts."""
    csv.writer(file, lineterminator="\n").writerow(
        [*_columns(spectra), *(repr(shift) for shift in spectra.axis.tolist())]
    )


def write_matrix_rows(file: IO[str], spectra: SpectrumSet, values: NDArray[Any]) -> None:
    """Write rows (N, B) of a matrix after the columns of their table."""
    columns = _columns(spectra)
    row_format = ",".join(["%.9g"] * values.shape[1]) + "\n"  # ten times as fast as formatting number by number
    for row, spectrum in enumerate(values):
        if columns:
            cells = io.StringIO()
            csv.writer(cells, lineterminator="").writerow([cell_text(spectra.table[column][row]) for column in columns])
            file.write(cells.getvalue() + ",")
        file.write(row_format % tuple(spectrum.tolist()))


def _columns(spectra: SpectrumSet) -> list[str]:
    """The columns of the table, the names first."""
    return (["name"] if "name" in spectra.table else []) + [column for column in spectra.table if column != "name"]
