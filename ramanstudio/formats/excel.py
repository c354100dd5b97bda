"""Excel workbooks (.xlsx, .xlsm): the tables of numbers on their sheets, read as a text file with tabs would be."""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.binary import COPY_AGAIN
from ramanstudio.formats.safe_zip import open_zip
from ramanstudio.formats.validation import read_error

MAX_MEMBERS: Final = 5000
MAX_UNPACKED_BYTES: Final = 200 * 2**20
MAX_CELLS: Final = 3_000_000  # openpyxl reads 100 000 a second or fewer
MAX_LETTERS: Final = 2**28  # of the text of one sheet
MAX_CELL_LETTERS: Final = 300
MAX_PADDED_COLUMNS: Final = 100
MAX_ROWS: Final = 1_048_576
MAX_NOTES: Final = 3
_BLOCK: Final = 2**20

_NUMBER: Final = re.compile(r"[-+−]?\d[\d.,]*(?:[eE][-+]?\d+)?")

FromText = Callable[[Path, str, float | None], tuple[SpectrumSet, ...]]


def is_workbook(path: Path) -> bool:
    """Return whether a zip archive is an Excel workbook; raises StudioError when it is damaged or too large."""
    with open_zip(path, 10_000, 2**40) as archive:
        return "xl/workbook.xml" in archive.NameToInfo


def read(path: Path, laser_nm: float | None, from_text: FromText) -> tuple[SpectrumSet, ...]:
    """Read the spectra on each sheet by `from_text`; formulas have the values that Excel saved with them.

    Sheets without spectra are named in the notes of the first set. Raises StudioError when no sheet holds spectra, or
    the workbook is damaged or too large.
    """
    _check_parts(path)
    sets: list[SpectrumSet] = []
    errors: list[tuple[str, StudioError]] = []
    for sheet, text in _sheet_texts(path):
        try:
            found = from_text(path, text, laser_nm)
        except StudioError as error:
            errors.append((sheet, error))
            continue
        sets += [spectra.with_about(sheet=sheet) for spectra in found]
    if not sets:
        if not errors:
            raise read_error(path, "its sheets are empty", "Open the workbook that holds the spectra.")
        raise errors[0][1]
    if errors:
        names = ", ".join(f"'{name}'" for name, _ in errors[:MAX_NOTES]) + (" …" if len(errors) > MAX_NOTES else "")
        notes = f"Sheets without spectra: {names}."
        earlier = str(sets[0].about.get("notes", ""))
        sets[0] = sets[0].with_about(notes=" ".join(filter(None, [earlier, notes])))
    return tuple(sets)


def _check_parts(path: Path) -> None:
    """Raise StudioError for a workbook that is too large, or whose XML declares entities."""
    with open_zip(path, MAX_MEMBERS, MAX_UNPACKED_BYTES) as archive:
        if "xl/workbook.xml" not in archive.NameToInfo:
            raise read_error(
                path, "it is no Excel workbook", "Open it in the program that made it, and save it as .xlsx or .csv."
            )
        for member in archive.infolist():
            if member.filename.endswith((".xml", ".rels")):
                with archive.open(member) as part:
                    if b"<!" in part.read(4096).replace(b"<!--", b""):
                        raise read_error(path, "its XML declares entities, which no workbook has", COPY_AGAIN)


def _sheet_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each sheet that has numbers, and its cells as text with tabs."""
    import openpyxl

    with path.open("rb") as stream:  # not the path: openpyxl goes by the suffix
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles and extensions, which do not matter here
                workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheets = list(workbook.worksheets)
        except Exception:  # whatever openpyxl makes of a damaged workbook
            raise read_error(path, "it is damaged or incomplete", COPY_AGAIN) from None
        n_cells = 0
        for sheet in sheets:
            n_numbers, n_letters = 0, 0
            lines: list[str] = []
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for row in _rows(path, sheet):
                    n_cells += len(row)
                    if n_cells > MAX_CELLS or n_letters > MAX_LETTERS:
                        reason = f"its sheets have more than {MAX_CELLS:,} cells, or too much text"
                        raise read_error(path, reason, "Save the sheets as CSV files, and open those.")
                    n_numbers += sum(isinstance(cell, int | float) or _is_number(cell) for cell in row)
                    lines.append("\t".join(_text(cell) for cell in row).rstrip("\t"))
                    n_letters += len(lines[-1])
            if n_numbers >= 8:
                yield str(sheet.title), "\n".join(_padded(lines))


def _rows(path: Path, sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a sheet as they are stored, whatever extent it states."""
    try:
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            if number > MAX_ROWS:
                return
            yield row
    except Exception:  # whatever openpyxl makes of a damaged sheet
        raise read_error(path, f"its sheet '{sheet.title}' is damaged", COPY_AGAIN) from None


def _padded(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines with as many tabs as the longest has, within limits: the columns of a table may differ in length."""
    width = max((line.count("\t") for line in lines), default=0)
    for line in lines:
        is_table = bool(line) and not line.startswith("#")  # a tab would become part of a fact
        yield line + "\t" * (width - line.count("\t")) if is_table and width <= MAX_PADDED_COLUMNS else line


def _is_number(cell: Any) -> bool:
    """Whether a cell of text holds a number, as cells of imported tables do."""
    return isinstance(cell, str) and bool(_NUMBER.fullmatch(cell.strip()[:40]))


def _text(cell: Any) -> str:
    """Return a cell as it would stand in a text file."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "seconds")
    return " ".join(str(cell)[:MAX_CELL_LETTERS].split())
