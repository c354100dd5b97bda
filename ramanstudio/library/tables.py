"""Libraries as tables of text, as Open Specy exports them and as we export them: spectra, and what is known beside.

Spectra come in one of three forms, all with a header: a line for each point (`wavenumber,intensity,sample_name`), a
column for each spectrum (`wavenumber,1,2,…`), or a line for each spectrum with its facts at the end (`400,401,…,
spectrum_identity,…`, what `write_spec` writes). The first two have their facts in a table beside, found by its name.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.writing import atomic_path
from ramanstudio.library.library import Library, Reference, measured

LARGEST: Final = 4 * 2**30  # bytes of a table
MOST_BESIDE: Final = 40  # tables looked at for one with facts
_REPORTED: Final = 2**22  # bytes between two reports
_LONG: Final = {"wavenumber", "intensity"}
_IDS: Final = ("sample_name", "spectrum_id", "library_id", "sample_id", "col_id", "id")
# Our words -> Open Specy's, in the order in which they are asked.
_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("spectrum_identity", "material", "polymer", "identity"),
    "group": ("material_class", "class", "group", "material_type", "plastic_or_not"),
    "formula": ("formula", "chemical_formula"),
    "source": ("citation", "organization", "source"),
    "licence": ("license", "licence"),
    "sample": ("sample", *_IDS),
    "note": ("note",),
}
_LASER: Final = ("laser_light_used", "laser_nm", "laser")
_EXPORTED: Final = (
    "sample_name",
    "spectrum_type",
    "spectrum_identity",
    "material_class",
    "formula",
    "laser_light_used",
)
_EXPORTED_TEXTS: Final = ("citation", "license", "sample", "note")

Facts = Mapping[str, str]
Spectra = dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]  # axis and intensities (B,) by the spectrum's id


@dataclass(frozen=True, slots=True)
class _Header:
    """The cells of a table's first line, lower case, and what separates them."""

    cells: tuple[str, ...]
    separator: str

    @property
    def id(self) -> int | None:
        """Which column names the spectrum."""
        return next((self.cells.index(one) for one in _IDS if one in self.cells), None)

    @property
    def is_long(self) -> bool:
        return set(self.cells) >= _LONG and self.id is not None

    @property
    def is_wide(self) -> bool:
        return len(self.cells) > 2 and self.cells[0] == "wavenumber" and not self.is_long

    @property
    def is_flat(self) -> bool:
        shifts = [cell for cell in self.cells if _is_number(cell)]
        return len(shifts) >= 32 and "spectrum_identity" in self.cells


def looks_like(path: Path) -> bool:
    """Whether a table is a library: by its first line; where that names columns, by its name or the facts beside it."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        return False
    header = _header(path)
    if header is None:
        return False
    named = "library" in path.stem.lower() or (header.is_wide and beside(path) is not None)
    return header.is_long or header.is_flat or (header.is_wide and named)


def beside(path: Path) -> Path | None:
    """The table with the facts of the spectra in `path`, beside it; None where there is none."""
    stem = path.stem
    likely = [
        re.sub("library|spectra", "metadata", stem, flags=re.I),
        f"{stem}_metadata",
        f"{stem}-metadata",
        "metadata",
    ]
    named = [path.with_name(f"{name}{path.suffix}") for name in likely if name != stem]
    others = sorted(one for one in path.parent.glob(f"*{path.suffix}") if one != path)[:MOST_BESIDE]
    return next((one for one in dict.fromkeys(named + others) if one.is_file() and _has_facts(one)), None)


def read(path: Path, progress: Progress = SILENT) -> tuple[list[Reference], list[StudioError]]:
    """The references of a table, and a sentence for each that is none; spectra said to be of another kind are left out.

    Raises StudioError when it is no such table, Cancelled when asked to stop.
    """
    header = _header(path)
    if header is None or not (header.is_long or header.is_wide or header.is_flat):
        raise StudioError(
            f"'{path.name}' is no table of a library.",
            remedy="Export it with a first line 'wavenumber,intensity,sample_name', or 'wavenumber' and a column for"
            " each spectrum.",
        )
    if path.stat().st_size > LARGEST:
        raise StudioError(f"'{path.name}' is larger than 4 GB.", remedy="Export it in parts.")
    facts_table = None if header.is_flat else beside(path)
    facts = {} if facts_table is None else _facts(facts_table)
    rows = _cells(path, header, progress)
    try:
        if header.is_flat:
            spectra, facts = _flat(header, rows)
        else:
            spectra = _long(header, rows) if header.is_long else _wide(header, path, rows)
    except (csv.Error, OSError, MemoryError) as error:
        raise StudioError(f"Could not read '{path.name}': {error}.", remedy="Export it again, or in parts.") from error
    return _references(path, spectra, facts)


def _references(path: Path, spectra: Spectra, facts: Mapping[str, Facts]) -> tuple[list[Reference], list[StudioError]]:
    references, failed = list[Reference](), list[StudioError]()
    for key, (axis, values) in spectra.items():
        known = facts.get(key, {})
        kind = known.get("spectrum_type", "")
        if kind and "raman" not in kind.lower():
            continue
        texts = {ours: next((known[one] for one in theirs if known.get(one)), "") for ours, theirs in _FACTS.items()}
        laser = re.search(r"\d+(\.\d+)?", next((known[one] for one in _LASER if known.get(one)), ""))
        try:
            spectrum = measured(texts["name"] or key, axis, values)
        except StudioError as error:
            failed.append(error)
            continue
        texts |= {
            "name": texts["name"] or key,
            "source": texts["source"] or path.name,
            "sample": texts["sample"] or key,
        }
        references.append(Reference(spectrum=spectrum, laser_nm=float(laser[0]) if laser else math.nan, **texts))
    if not references and not failed:
        failed.append(
            StudioError(f"'{path.name}' holds no Raman spectrum.", remedy="Choose the table of Raman spectra.")
        )
    return references, failed


# Reading


def _header(path: Path) -> _Header | None:
    try:
        with path.open("rb") as file:
            line = file.readline(2**22)
    except OSError:
        return None
    text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
    if "\0" in text or not text:
        return None
    separator = max(",;\t", key=text.count)
    cells = next(csv.reader([text], delimiter=separator), [])
    return _Header(tuple(cell.strip().lower() for cell in cells), separator)


def _has_facts(path: Path) -> bool:
    header = _header(path)
    return header is not None and header.id is not None and "spectrum_identity" in header.cells and not header.is_flat


def _cells(path: Path, header: _Header, progress: Progress) -> Iterator[list[str]]:
    """The lines below the header, cut into cells."""
    size, done, told = path.stat().st_size, 0, 0

    def lines() -> Iterator[str]:
        nonlocal done, told
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for line in file:
                done += len(line)
                if done - told >= _REPORTED:
                    told = done
                    progress(min(done, size), size, "bytes read")
                yield line.replace("\0", "")

    rows = csv.reader(lines(), delimiter=header.separator)
    next(rows, None)
    return rows


def _facts(path: Path) -> dict[str, Facts]:
    """What a table of facts says of each spectrum, by the spectrum's id and the column."""
    header = _header(path)
    if header is None or header.id is None:
        return {}
    rows = (row for row in _cells(path, header, SILENT) if len(row) > (header.id or 0))
    return {row[header.id]: _known(header, row) for row in rows}


def _known(header: _Header, row: Sequence[str]) -> Facts:
    return {
        column: cell.strip()
        for column, cell in zip(header.cells, row, strict=False)
        if cell.strip() not in ("", "NA") and not _is_number(column)
    }


def _long(header: _Header, rows: Iterable[Sequence[str]]) -> Spectra:
    shift, value, key = header.cells.index("wavenumber"), header.cells.index("intensity"), header.id or 0
    points: dict[str, tuple[array[float], array[float]]] = {}
    whole = (row for row in rows if len(row) > max(shift, value, key))
    for one, lines in itertools.groupby(whole, itemgetter(key)):  # a spectrum's lines follow one another
        columns = list(zip(*((row[shift], row[value]) for row in lines), strict=True))
        axis, values = points.setdefault(one, (array("d"), array("d")))
        axis.extend(_numbers(columns[0]))
        values.extend(_numbers(columns[1]))
    return {one: (np.array(axis), np.array(values)) for one, (axis, values) in points.items()}


def _wide(header: _Header, path: Path, rows: Iterable[Sequence[str]]) -> Spectra:
    """Columns of spectra; their names are those of the header as they are written."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = next(csv.reader([file.readline()], delimiter=header.separator))
    table = [_numbers(row) for row in rows if len(row) == len(header.cells)]
    numbers = np.array(table).reshape(-1, len(header.cells))
    return {name.strip(): (numbers[:, 0], numbers[:, column]) for column, name in enumerate(names) if column}


def _flat(header: _Header, rows: Iterable[Sequence[str]]) -> tuple[Spectra, dict[str, Facts]]:
    """A line for each spectrum, with its facts at the end."""
    columns = [column for column, cell in enumerate(header.cells) if _is_number(cell)]
    axis = np.array([float(header.cells[column]) for column in columns])
    spectra, facts = Spectra(), dict[str, Facts]()
    for number, row in enumerate(rows, start=1):
        if len(row) >= len(header.cells):
            spectra[str(number)] = axis, np.array(_numbers([row[column] for column in columns]))
            facts[str(number)] = _known(header, row)
    return spectra, facts


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


def write(path: Path, library: Library, progress: Progress = SILENT) -> tuple[Path, Path]:
    """Write a library as two tables, which `read` and Open Specy understand: spectra, a line for each point, and facts.

    Returns both paths. Raises StudioError when they cannot be written, Cancelled when asked to stop.
    """
    facts = path.with_name(f"{path.stem}_metadata{path.suffix}")
    try:
        with atomic_path(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            file.write("wavenumber,intensity,sample_name\n")
            for index in progress.steps(range(len(library)), "references written"):
                one = library.spectrum(index)
                points = zip(one.axis.tolist(), one.values[0].tolist(), strict=True)
                file.writelines(f"{shift:.8g},{value:.8g},{index + 1}\n" for shift, value in points)
        with atomic_path(facts) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_fact_lines(library))
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(f"Could not write '{path.name}': {reason}.", remedy="Choose another folder.") from error
    return path, facts


def _fact_lines(library: Library) -> Iterator[Sequence[Any]]:
    yield *_EXPORTED, *_EXPORTED_TEXTS
    for index in range(len(library)):
        one = library.reference(index)
        laser = "" if math.isnan(one.laser_nm) else f"{one.laser_nm:g}"
        yield index + 1, "Raman", one.name, one.group, one.formula, laser, one.source, one.licence, one.sample, one.note
