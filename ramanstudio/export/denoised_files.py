"""Denoised spectra as files of any format that is written, with the raw spectra and the expected error."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path, atomic_write
from ramanstudio.export.source_files import refuse_source, source_path
from ramanstudio.export.text_table import cell_text
from ramanstudio.export.writers import WRITERS, writer_for

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised

ResultFormat = Literal["csv", "h5", "jdx", "spc", "nxs", "xlsx"]
RESULT_FORMATS: Final[tuple[ResultFormat, ...]] = ("csv", "h5", "jdx", "spc", "nxs", "xlsx")  # keys of WRITERS
SHIFT_HEADER: Final = "Raman shift / cm-1"
_MAX_STEM_BYTES: Final = 200  # of 255 bytes of a file name


def write_denoised(path: Path, raw: SpectrumSet, denoised: Denoised, format: ResultFormat | None = None) -> Path:
    """Write `raw`, its denoised spectra and their expected error; return the file with the denoised spectra.

    `path` is a file, or a folder in which a free name is chosen. `format` defaults to that of the suffix of `path`,
    else "csv". HDF5 is one file. CSV of one spectrum is one file of four columns: Raman shift, raw, denoised, expected
    error. CSV of N spectra is three files of one row per spectrum, with its name or position first and the Raman shifts
    as header: `<name>.csv` (denoised), `<name>.raw.csv`, `<name>.expected-error.csv`. Any other format is three such
    files too, with the metadata.
    Raises StudioError when the raw file would be overwritten or the folder cannot be written.
    """
    by_suffix = next((row.key for row in WRITERS if path.suffix.lower() in row.suffixes), "csv")
    kind = format or by_suffix
    if path.is_dir():
        path = next(candidate for candidate in candidate_paths(path, raw, kind) if not is_taken(candidate))
    for target in _files_of(path, raw, kind):
        refuse_source(target, raw)
    if kind == "h5":
        _write_hdf5(path, raw, denoised)
    elif kind != "csv":
        _write_sets(path, kind, raw, denoised)
    elif len(raw) == 1:
        _write_columns(path, raw, denoised)
    else:
        _write_matrices(path, raw, denoised)
    return path


def candidate_paths(folder: Path, raw: SpectrumSet, kind: str) -> Iterator[Path]:
    """Yield `a-denoised.csv`, `a-2-denoised.csv`, `a-3-denoised.csv`, … in `folder` for the source `a.txt`."""
    source = source_path(raw)
    stem = _short_stem(source.stem) if source else "spectrum"
    yield folder / f"{stem}-denoised.{kind}"
    number = 2
    while True:
        yield folder / f"{stem}-{number}-denoised.{kind}"
        number += 1


def _short_stem(stem: str) -> str:
    """A stem that leaves room for what follows it in a file name."""
    return (
        os.fsencode(stem)[:_MAX_STEM_BYTES].decode(errors="ignore")
        if len(os.fsencode(stem)) > _MAX_STEM_BYTES
        else stem
    )


def is_taken(path: Path) -> bool:
    """Whether a result of this name would replace any file or link."""
    return any(os.path.lexists(file) for file in files_of_result(path))


def files_of_result(path: Path) -> tuple[Path, Path, Path]:
    """Return the files that a result `path` may consist of."""
    return path, _raw_path(path), _error_path(path)


def _files_of(path: Path, raw: SpectrumSet, kind: str) -> tuple[Path, ...]:
    return (path,) if kind == "h5" or (kind == "csv" and len(raw) == 1) else files_of_result(path)


def _raw_path(path: Path) -> Path:
    return path.with_suffix(f".raw{path.suffix}")


def _error_path(path: Path) -> Path:
    return path.with_suffix(f".expected-error{path.suffix}")


def _write_sets(path: Path, kind: str, raw: SpectrumSet, denoised: Denoised) -> None:
    """Write raw spectra, expected error and denoised spectra as three files; the denoised one last."""
    writer = writer_for(path, kind)
    title = str(raw.about.get("title", path.stem))
    for target, values, what in (
        (_raw_path(path), raw.values, ""),
        (_error_path(path), denoised.expected_error, "expected error of the denoised spectra"),
        (path, denoised.spectra.values, "denoised"),
    ):
        about = {"title": f"{title} ({what})", "content": what} if what else {}
        writer.write(target, raw.with_values(values).with_about(**about))


def _write_columns(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    columns = np.stack([raw.values[0], denoised.spectra.values[0], denoised.expected_error[0]], axis=1)
    lines = [f"{SHIFT_HEADER},raw,denoised,expected error"]
    lines += [
        f"{shift!r},{measured:.9g},{clean:.9g},{error:.5g}"  # every digit of 32 bits, and of the axis
        for shift, (measured, clean, error) in zip(raw.axis.tolist(), columns, strict=True)
    ]
    atomic_write(path, "\n".join(lines) + "\n")


def _write_matrices(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    # The denoised file last: where it exists, all three do.
    for target, values, number_format in (
        (_raw_path(path), raw.values, "%.9g"),
        (_error_path(path), denoised.expected_error, "%.5g"),
        (path, denoised.spectra.values, "%.9g"),
    ):
        with atomic_path(target) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            _write_matrix(file, raw, values, number_format)


def _write_matrix(file: IO[str], raw: SpectrumSet, values: NDArray[Any], number_format: str) -> None:
    """Write `values` (N, B) with a row per spectrum after the columns of its table."""
    writer = csv.writer(file, lineterminator="\n")
    columns = [column for column in raw.table if column != "name"]
    columns = (["name"] if "name" in raw.table else []) + columns
    writer.writerow((*columns, *(repr(shift) for shift in raw.axis.tolist())))
    row_format = ",".join([number_format] * raw.points) + "\n"  # ten times as fast as formatting number by number
    for row, spectrum in enumerate(values):
        if columns:
            cells = io.StringIO()
            csv.writer(cells, lineterminator="").writerow([cell_text(raw.table[column][row]) for column in columns])
            file.write(cells.getvalue() + ",")
        file.write(row_format % tuple(spectrum.tolist()))


def _write_hdf5(path: Path, raw: SpectrumSet, denoised: Denoised) -> None:
    from ramanstudio.formats import hdf5

    hdf5.write(
        path,
        denoised.spectra,
        raw=raw.values,
        denoised=denoised.spectra.values,
        expected_error=denoised.expected_error,
        snr_before=denoised.snr_before,
        snr_after=denoised.snr_after,
    )
