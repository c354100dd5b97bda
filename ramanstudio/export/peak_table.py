"""The table of peaks, the same from the window and the command line: a row for each peak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramanstudio.core.axis_uncertainty import axis_sd_cm
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import spectrum_names

if TYPE_CHECKING:
    from ramanstudio.peaks import PeakTable

PeaksOfSet = tuple[Path, SpectrumSet, "PeakTable"]


def peak_rows(tables: Sequence[PeaksOfSet]) -> Iterator[Sequence[Any]]:
    """The header and a row for each peak; columns of all tables, empty where one has them not.

    Where a calibration states how well an axis is known, the column `axis_error` has its standard uncertainty: the
    errors of positions hold it already, and it is common to all peaks of a spectrum.
    """
    columns = list(dict.fromkeys(name for _, _, table in tables for name in table.columns if name != "spectrum"))
    has_axis = any(axis_sd_cm(spectra.about) > 0 for _, spectra, _ in tables)
    yield "file", "spectrum", *columns, *(("axis_error",) if has_axis else ())
    for file, spectra, table in tables:
        names = spectrum_names(spectra)
        axis_error = (peak_cell(axis_sd_cm(spectra.about) or float("nan")),) if has_axis else ()
        for row in table.rows():
            cells = (peak_cell(row.get(name, "")) for name in columns)
            yield str(file), names[row["spectrum"]], *cells, *axis_error


def peak_cell(value: Any) -> Any:
    """A value of a table of peaks as a cell: seven digits, counted from 1, empty where it is NaN."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.7g}"
    return value + 1 if isinstance(value, int) and not isinstance(value, bool) else value
