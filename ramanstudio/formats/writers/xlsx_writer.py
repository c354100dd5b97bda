"""Writing Excel workbooks: metadata above, then two columns for one spectrum, or a row for each of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.formats.text.writer import metadata_lines

MAX_COLUMNS: Final = 16_384  # of a sheet
MAX_ROWS: Final = 1_048_576
_NOT_IN_CELLS: Final = {code: None for code in range(32) if code not in (9, 10, 13)}  # control characters


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra to the sheet 'Spectra' of a workbook.

    Raises StudioError when they do not fit into a sheet, or the file cannot be written.
    """
    from openpyxl import Workbook

    several = len(spectra) > 1
    if (several and spectra.points + len(spectra.table) > MAX_COLUMNS) or len(spectra) > MAX_ROWS - 1000:
        raise StudioError(
            f"{len(spectra)} spectra of {spectra.points} points do not fit into an Excel sheet.",
            remedy="Export them as HDF5 or NeXus.",
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Spectra")
    for line in metadata_lines(spectra):
        sheet.append([_safe(sheet, line)])
    if several:
        sheet.append([*(_safe(sheet, name) for name in spectra.table), *spectra.axis.tolist()])
        columns = [entries.tolist() for entries in spectra.table.values()]
        for row, values in enumerate(spectra.values):
            sheet.append([*(_safe(sheet, entries[row]) for entries in columns), *_cells(values)])
    else:
        unit = spectra.about.get("intensity_unit")
        sheet.append(["Raman shift (cm-1)", f"Intensity ({unit})" if unit else "Intensity"])
        for shift, value in zip(spectra.axis.tolist(), _cells(spectra.values[0]), strict=True):
            sheet.append([shift, value])
    with atomic_path(path) as draft, draft.open("wb") as file:
        book.save(file)


def _cells(values: NDArray[np.float32]) -> list[float | None]:
    """Return intensities (B,) as cells with the digits that float32 has: 0.1, not 0.10000000149."""
    return [_cell(float(text)) for text in values.astype(str)]


def _cell(value: float) -> float | None:
    """Return a number for a cell; an empty one where it is not finite."""
    return value if value - value == 0 else None


def _safe(sheet: Any, value: object) -> object:
    """Return a cell whose text Excel takes as text, not as a formula."""
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str):
        return value if not isinstance(value, float) else _cell(value)
    cell = WriteOnlyCell(sheet, value.translate(_NOT_IN_CELLS)[:32_767])
    cell.data_type = "s"
    return cell
