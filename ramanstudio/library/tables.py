"""Read and write libraries as tables of text as Open Specy (Cowger et al. 2021) does: spectra, and their metadata.

Spectra come in one of three layouts, all with a header: a line for each point (`wavenumber,intensity,sample_name`,
"long"), a column for each spectrum (`wavenumber,1,2,…`, "wide"), or a line for each spectrum that ends with its
metadata (`400,401,…,spectrum_identity,…`, as Open Specy's `write_spec` writes it, "row per spectrum"). The first two
have their metadata in a second table beside them, found by its name.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.csv_cells import safe_cells, unescape_formula
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.writing import atomic_path
from ramanstudio.library.library import Library
from ramanstudio.library.reference import Reference, reference_spectrum, stated_laser_nm

LARGEST: Final = 4 * 2**30  # bytes of a table
LONGEST_LINE: Final = 2**22  # characters
MOST_EMPTY_LINES: Final = 100_000  # one after the other
MOST_TABLES: Final = 40  # that are examined to find the one with the metadata
_REPORT_BYTES: Final = 2**22  # between two progress reports
_LONG: Final = {"wavenumber", "intensity"}
_IDS: Final = ("sample_name", "spectrum_id", "library_id", "sample_id", "col_id", "id")
# Our fields -> columns of Open Specy, the first that is there is used.
_COLUMNS_OF_FIELD: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("spectrum_identity", "material", "polymer", "identity"),
    "group": ("material_class", "class", "group", "material_type", "plastic_or_not"),
    "formula": ("formula", "chemical_formula"),
    "source": ("citation", "organization", "source"),
    "licence": ("license", "licence"),
    "sample": ("sample", *_IDS),
    "note": ("note",),
}
_LASER_COLUMNS: Final = ("laser_light_used", "laser_nm", "laser")
_EXPORTED_COLUMNS: Final = (
    "sample_name",
    "spectrum_type",
    "spectrum_identity",
    "material_class",
    "formula",
    "laser_light_used",
)
_TEXT_COLUMNS: Final = ("citation", "license", "sample", "note")

Metadata = Mapping[str, str]  # of one spectrum, by column
Spectra = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]  # axis and intensities (B,) by the spectrum's id


@dataclass(frozen=True, slots=True)
class _Header:
    """The cells of the first line of a table, in lower case, and their separator."""

    cells: tuple[str, ...]
    separator: str
    number_columns: tuple[int, ...]  # whose heading is a Raman shift

    @classmethod
    def parse(cls, line: str) -> _Header | None:
        """Parse the first line of a table; None where it is not one."""
        separator = max(",;\t", key=line.count)
        try:
            row = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            return None
        cells = tuple(cell.strip().lower() for cell in row)
        return cls(cells, separator, tuple(column for column, cell in enumerate(cells) if _is_number(cell)))

    @property
    def id_column(self) -> int | None:
        """The index of the column that identifies the spectrum."""
        return next((self.cells.index(name) for name in _IDS if name in self.cells), None)

    @property
    def is_long(self) -> bool:
        """Whether there is a line for each point."""
        return set(self.cells) >= _LONG and self.id_column is not None

    @property
    def is_wide(self) -> bool:
        """Whether there is a column for each spectrum."""
        return len(self.cells) > 2 and self.cells[0] == "wavenumber" and not self.is_long

    @property
    def has_spectrum_per_row(self) -> bool:
        """Whether there is a line for each spectrum."""
        return len(self.number_columns) >= 32 and "spectrum_identity" in self.cells


def looks_like(path: Path) -> bool:
    """Tell by its first line whether a table is a library; a wide one also by its name or the metadata beside it."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return False
    header = _header(path)
    if header is None:
        return False
    named = "library" in path.stem.lower() or (header.is_wide and metadata_table(path) is not None)
    return header.is_long or header.has_spectrum_per_row or (header.is_wide and named)


def metadata_table(path: Path) -> Path | None:
    """Return the table beside `path` that has the metadata of its spectra; None where there is none."""
    stem = path.stem
    likely = [
        re.sub("library|spectra", "metadata", stem, flags=re.I),
        f"{stem}_metadata",
        f"{stem}-metadata",
        "metadata",
    ]
    named = [path.with_name(f"{name}{path.suffix}") for name in likely if name != stem]
    others = sorted(other for other in path.parent.glob(f"*{path.suffix}") if other != path)[:MOST_TABLES]
    candidates = dict.fromkeys(named + others)
    return next((table for table in candidates if table.is_file() and _has_metadata(table)), None)


def read(path: Path, progress: Progress = SILENT) -> tuple[list[Reference], list[StudioError]]:
    """Return the references of a table, and an error for each spectrum that cannot be one.

    Spectra of another kind than Raman are left out.

    Raises StudioError when it is not such a table, Cancelled when asked to stop.
    """
    header = _header(path)
    if header is None or not (header.is_long or header.is_wide or header.has_spectrum_per_row):
        raise StudioError(
            f"'{path.name}' is not a table of library spectra.",
            remedy="Export it with a first line 'wavenumber,intensity,sample_name', or 'wavenumber' and a column for"
            " each spectrum.",
        )
    if path.stat().st_size > LARGEST:
        raise StudioError(f"'{path.name}' is larger than 4 GB.", remedy="Export it in parts.")
    metadata_path = None if header.has_spectrum_per_row else metadata_table(path)
    metadata = {} if metadata_path is None else _read_metadata(metadata_path)
    with _read_errors(path):
        rows = _cells(path, header, progress)
        if header.has_spectrum_per_row:
            spectra, metadata = _spectrum_per_row(header, rows)
        else:
            spectra = _long(header, rows) if header.is_long else _wide(header, path, rows)
    return _references(path, spectra, metadata)


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn what is raised for a damaged table into a StudioError that names it."""
    try:
        yield
    except csv.Error as error:
        raise _unreadable(path, f"it is not a well-formed table ({error})") from None
    except (OSError, MemoryError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or "there is not enough memory") from error


def _unreadable(path: Path, reason: str) -> StudioError:
    return StudioError(f"Could not read '{path.name}': {reason}.", remedy="Export it again, or in parts.")


def _references(
    path: Path, spectra: Spectra, metadata: Mapping[str, Metadata]
) -> tuple[list[Reference], list[StudioError]]:
    references, failed = list[Reference](), list[StudioError]()
    for key, (axis, values) in spectra.items():
        known = metadata.get(key, {})
        kind = known.get("spectrum_type", "")
        if kind and "raman" not in kind.lower():
            continue
        texts = {field: _first_text(known, columns) for field, columns in _COLUMNS_OF_FIELD.items()}
        try:
            spectrum = reference_spectrum(texts["name"] or key, axis, values)
        except StudioError as error:
            failed.append(error)
            continue
        texts |= {
            "name": texts["name"] or key,
            "source": texts["source"] or path.name,
            "sample": texts["sample"] or key,
        }
        laser_nm = stated_laser_nm(_first_text(known, _LASER_COLUMNS))
        references.append(Reference(spectrum=spectrum, laser_nm=laser_nm, **texts))
    if not references and not failed:
        failed.append(
            StudioError(f"'{path.name}' holds no Raman spectrum.", remedy="Choose the table of Raman spectra.")
        )
    return references, failed


def _first_text(metadata: Metadata, columns: Iterable[str]) -> str:
    """The first entry among `columns` that is there; empty where there is none."""
    return next((metadata[column] for column in columns if metadata.get(column)), "")


# Reading


def _header(path: Path) -> _Header | None:
    """The header of a table; None where the file is not one."""
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return None
    text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
    return None if "\0" in text or not text else _Header.parse(text)


def _has_metadata(path: Path) -> bool:
    header = _header(path)
    return (
        header is not None
        and header.id_column is not None
        and "spectrum_identity" in header.cells
        and not header.has_spectrum_per_row
    )


def _cells(path: Path, header: _Header, progress: Progress) -> Iterator[list[str]]:
    """The cells of each line below the header. Raises StudioError where lines are not those of a table."""
    rows = csv.reader(_lines(path, progress), delimiter=header.separator)
    next(rows, None)
    return rows


def _lines(path: Path, progress: Progress) -> Iterator[str]:
    """The lines of a table with their ends, without null characters."""
    size, done, reported, n_empty = path.stat().st_size, 0, 0, 0
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        while line := file.readline(LONGEST_LINE):
            done += len(line)
            if done - reported >= _REPORT_BYTES:
                reported = done
                progress(min(done, size), size, "bytes read")
            if len(line) == LONGEST_LINE:
                raise _unreadable(path, "one of its lines is too long")
            n_empty = n_empty + 1 if len(line) <= 2 else 0
            if n_empty > MOST_EMPTY_LINES:
                raise _unreadable(path, "it is mostly empty lines")
            yield line.replace("\0", "")


def _read_metadata(path: Path) -> dict[str, Metadata]:
    """The metadata of each spectrum in a table, by the spectrum's identifier."""
    header = _header(path)
    if header is None or header.id_column is None:
        return {}
    key = header.id_column
    with _read_errors(path):
        rows = (row for row in _cells(path, header, SILENT) if len(row) > key)
        return {row[key]: _row_metadata(header, row) for row in rows}


def _row_metadata(header: _Header, row: Sequence[str]) -> Metadata:
    """The cells of a row that are not empty, by column; columns of intensities are left out."""
    numbers = set(header.number_columns)
    texts = {
        name: unescape_formula(cell.strip())
        for column, (name, cell) in enumerate(zip(header.cells, row, strict=False))
        if column not in numbers
    }
    return {name: text for name, text in texts.items() if text not in ("", "NA")}


def _long(header: _Header, rows: Iterable[Sequence[str]]) -> Spectra:
    """Spectra of a table with a line for each point."""
    shift, value, key = header.cells.index("wavenumber"), header.cells.index("intensity"), header.id_column or 0
    points: dict[str, tuple[array[float], array[float]]] = {}
    complete = (row for row in rows if len(row) > max(shift, value, key))
    for spectrum_id, lines in itertools.groupby(complete, itemgetter(key)):  # a spectrum's lines follow one another
        columns = list(zip(*((row[shift], row[value]) for row in lines), strict=True))
        axis, values = points.setdefault(spectrum_id, (array("d"), array("d")))
        axis.extend(_numbers(columns[0]))
        values.extend(_numbers(columns[1]))
    return {spectrum_id: (np.array(axis), np.array(values)) for spectrum_id, (axis, values) in points.items()}


def _wide(header: _Header, path: Path, rows: Iterable[Sequence[str]]) -> Spectra:
    """Spectra of a table with a column for each; they are named by the header as it is written."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = next(csv.reader([file.readline()], delimiter=header.separator))
    table = [_numbers(row) for row in rows if len(row) == len(header.cells)]
    numbers = np.array(table).reshape(-1, len(header.cells))
    return {name.strip(): (numbers[:, 0], numbers[:, column]) for column, name in enumerate(names) if column}


def _spectrum_per_row(header: _Header, rows: Iterable[Sequence[str]]) -> tuple[Spectra, dict[str, Metadata]]:
    """Spectra of a table with a line for each, and the metadata at its end."""
    columns = header.number_columns
    axis = np.array([float(header.cells[column]) for column in columns])
    spectra, metadata = Spectra(), dict[str, Metadata]()
    for number, row in enumerate(rows, start=1):
        if len(row) >= len(header.cells):
            spectra[str(number)] = axis, np.array(_numbers([row[column] for column in columns]))
            metadata[str(number)] = _row_metadata(header, row)
    return spectra, metadata


def _numbers(cells: Sequence[str]) -> array[float]:
    try:
        return array("d", map(float, cells))
    except ValueError:
        return array("d", map(_number, cells))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() and not math.isnan(_number(cell))


# Writing


def table_paths(path: Path) -> tuple[Path, Path]:
    """Return the files that `write` makes of `path`: the spectra, and the metadata beside them."""
    return path, path.with_name(f"{path.stem}_metadata{path.suffix}")


def write(path: Path, library: Library, progress: Progress = SILENT) -> tuple[Path, Path]:
    """Write a library as two tables that `read` and Open Specy read: spectra, a line for each point, and metadata.

    Returns both paths. Raises StudioError when they cannot be written, Cancelled when asked to stop.
    """
    path, metadata_path = table_paths(path)
    with atomic_path(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        file.write("wavenumber,intensity,sample_name\n")
        for index in progress.steps(range(len(library)), "references written"):
            spectrum = library.spectrum(index)
            points = zip(spectrum.axis.tolist(), spectrum.values[0].tolist(), strict=True)
            file.writelines(f"{shift:.8g},{value:.8g},{index + 1}\n" for shift, value in points)
    with atomic_path(metadata_path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(map(safe_cells, _metadata_lines(library)))
    return path, metadata_path


def _metadata_lines(library: Library) -> Iterator[Sequence[Any]]:
    """The header and a line for each reference of the table of metadata."""
    yield *_EXPORTED_COLUMNS, *_TEXT_COLUMNS
    for index in range(len(library)):
        row = library.reference(index)
        laser = "" if math.isnan(row.laser_nm) else f"{row.laser_nm:g}"
        yield index + 1, "Raman", row.name, row.group, row.formula, laser, row.source, row.licence, row.sample, row.note
