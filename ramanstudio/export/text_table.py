"""CSV tables of results, and what each spectrum is called in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.csv_cells import escape_formula, printable, safe_cells
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write, write_error

SPECTRUM_COLUMNS: Final = ("x", "y", "z", "time", "label", "sample")  # of a SpectrumSet, written where there are any
_POSITION_COLUMNS: Final = ("x", "y", "z", "time")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Return `rows` of cells as CSV with commas and line feeds; texts that look like formulas are escaped."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(safe_cells, rows))
    return text.getvalue()


def tab_text(rows: Iterable[Sequence[object]]) -> str:
    """Return `rows` of cells as tab-separated lines, for the clipboard; texts that look like formulas are escaped."""
    lines = ("\t".join(" ".join(str(cell).split()) for cell in safe_cells(row)) for row in rows)
    return "\n".join(lines) + "\n"


def write_csv(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write `rows` of cells as CSV, atomically. Raises StudioError when the file cannot be written."""
    atomic_write(path, csv_text(rows))
    return path


def make_folder(folder: Path) -> None:
    """Make a folder and its parents. Raises StudioError when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise write_error(folder, error) from error


def spectrum_names(spectra: SpectrumSet) -> list[str]:
    """Return what to call each spectrum (N,): its name, else its position or time, else its number from 1."""
    if "name" in spectra.table:
        return [str(name) for name in spectra.table["name"]]
    columns = [column for column in _POSITION_COLUMNS if column in spectra.table]
    if columns:
        rows = zip(*(spectra.table[column] for column in columns), strict=True)
        return [" ".join(f"{column}={value:.8g}" for column, value in zip(columns, row, strict=True)) for row in rows]
    return [str(number) for number in range(1, len(spectra) + 1)]


def cell_text(value: Any) -> str:
    """Return a value of a spectrum's table on one line, escaped as in `csv_text`; whole floats without ".0"."""
    text = " ".join(str(value).splitlines())
    return text.removesuffix(".0") if isinstance(value, (float, np.floating)) else escape_formula(printable(text))


def snr_cell(ratio: float) -> str:
    """Return a signal-to-noise ratio for a table; empty where it is NaN."""
    return "" if np.isnan(ratio) else f"{ratio:.4g}"
