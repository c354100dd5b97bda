"""PeakTable: peaks of several spectra as named columns of equal length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.csv_cells import escape_formula, printable
from ramanstudio.core.errors import StudioError
from ramanstudio.core.writing import atomic_write

UNITS: Final = MappingProxyType({"center": "cm⁻¹", "position": "cm⁻¹", "fwhm": "cm⁻¹", "area": "intensity · cm⁻¹"})
_SYNONYMS: Final = MappingProxyType(
    {
        "position": "center",
        "center": "position",
        "position_error": "center_error",
        "center_error": "position_error",
        "width": "fwhm",
        "amplitude": "height",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class PeakTable:
    """A row for each peak; columns by name, as `table["center"]`, all of length M = `len(table)`.

    `pandas.DataFrame(dict(table))` is a data frame of it.

    Parameters
    ----------
    columns : {name: (M,)}; `spectrum` counts from 0, positions and widths are in cm⁻¹, `*_error` is one standard error
    about : what was fitted to what: profile, baseline, weights
    problems : {spectrum: error} for spectra that could not be fitted
    """

    columns: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any] = field(default_factory=dict)
    problems: Mapping[int, StudioError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {}
        for name, entries in self.columns.items():
            column = np.asarray(entries).view()
            column.flags.writeable = False
            columns[name] = column
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise StudioError("The columns of this table of peaks differ in length.", remedy="Give one entry a peak.")
        object.__setattr__(self, "columns", MappingProxyType(columns))

    def __len__(self) -> int:
        """The number of peaks, M."""
        return len(next(iter(self.columns.values()), ()))

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self.columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.columns and _SYNONYMS.get(name) in self.columns:
            name = _SYNONYMS[name]
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def where(self, rows: NDArray[Any]) -> PeakTable:
        """Return a part of the rows: `rows` is a mask (M,) or indices."""
        return PeakTable({name: column[rows] for name, column in self.columns.items()}, self.about, self.problems)

    def of(self, spectrum: int) -> PeakTable:
        """Return the peaks of one spectrum."""
        return self.where(np.flatnonzero(self["spectrum"] == spectrum))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each peak as {column: plain value}."""
        lists = {name: column.tolist() for name, column in self.columns.items()}
        for index in range(len(self)):
            yield {name: values[index] for name, values in lists.items()}

    def to_csv(self, path: Path | str) -> Path:
        """Write the table with a header line, atomically. Raises StudioError when the file cannot be written."""
        path = Path(path)
        lines = [",".join(self.columns)]
        lines += [",".join(map(cell, row)) for row in zip(*(c.tolist() for c in self.columns.values()), strict=True)]
        atomic_write(path, "\n".join(lines) + "\n")
        return path

    def __repr__(self) -> str:
        return f"PeakTable of {len(self)} peaks: {', '.join(self.columns)}"


def cell(value: Any) -> str:
    """Return a value as a cell of a CSV table: numbers with seven digits, nothing for NaN, texts quoted as needed."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.7g}"
    text = escape_formula(printable(str(value)))
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def joined(tables: list[PeakTable]) -> PeakTable:
    """Return the rows of several tables with the same columns, in order."""
    names = list(tables[0].columns)
    problems = {spectrum: error for table in tables for spectrum, error in table.problems.items()}
    columns = {name: np.concatenate([table.columns[name] for table in tables]) for name in names}
    return PeakTable(columns, tables[0].about, problems)


def as_table(peaks: Any) -> PeakTable:
    """Return any table of peaks as a PeakTable: a mapping of columns, a structured array, or a data frame.

    Raises StudioError when it has no column `center` (or `position`).
    """
    if isinstance(peaks, PeakTable):
        return peaks
    if isinstance(peaks, np.ndarray) and peaks.dtype.names:
        names = list(peaks.dtype.names)
    elif hasattr(peaks, "keys"):
        names = list(peaks.keys())
    else:
        raise StudioError(
            "The start of a fit is not a table of peaks.",
            remedy="Give columns by name, such as {'center': [520], 'fwhm': [5]}, or what peaks.find returns.",
        )
    columns = {str(name): np.atleast_1d(np.asarray(peaks[name])) for name in names}
    if not {"center", "position"} & set(columns):
        raise StudioError("The table of peaks has no column 'center'.", remedy="Give the position of each peak.")
    return PeakTable(columns)
