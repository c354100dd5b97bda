"""Writing spectra as text: two columns, or a matrix with the axis in its first row."""

from __future__ import annotations

from pathlib import Path

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_write


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as text, separated by commas in .csv and by tabs otherwise.

    One spectrum becomes two columns; several become a matrix whose first row is the axis, with the columns of the
    table before it. Metadata lines '# key = value' go above. Raises StudioError when the file cannot be written.
    """
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    lines = [
        f"# {name} = {value}"
        for name, value in spectra.about.items()
        if name not in ("source", "format") and "\n" not in str(value)
    ]
    axis = [repr(float(shift)) for shift in spectra.axis]
    if len(spectra) == 1:
        unit = spectra.about.get("intensity_unit")
        lines.append(f"# Raman shift (cm-1){separator}Intensity{f' ({unit})' if unit else ''}")
        lines += [
            f"{shift}{separator}{value}" for shift, value in zip(axis, spectra.values[0].astype(str), strict=True)
        ]
    else:
        columns = {name: [_cell(entry, separator) for entry in entries] for name, entries in spectra.table.items()}
        lines.append(separator.join([*columns, *axis]))
        for row, values in enumerate(spectra.values):
            lines.append(separator.join([*(entries[row] for entries in columns.values()), *values.astype(str)]))
    atomic_write(path, "\n".join(lines) + "\n")


def _cell(entry: object, separator: str) -> str:
    """Return a table entry as text that cannot be taken for two cells or two lines."""
    return str(entry).replace(separator, " ").replace("\n", " ")
