"""Writing spectra as text: two columns, or a matrix with the axis in its first row; metadata above."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.formats.own_metadata import written_about

OWN_FILE: Final = "# RamanStudio spectra"  # the first line; what follows are metadata as '# key = value'
_COLUMN: Final = "table."  # of a single spectrum, among the metadata


def write(path: Path, spectra: SpectrumSet) -> None:
    """Write spectra as text, separated by commas in .csv and by tabs otherwise.

    One spectrum becomes two columns; several become a matrix whose first row is the axis, with the columns of the
    table before it. Metadata lines '# key = value' go above. Raises StudioError when the file cannot be written.
    """
    separator = "," if path.suffix.lower() == ".csv" else "\t"
    axis = [repr(float(shift)) for shift in spectra.axis]
    with atomic_path(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in metadata_lines(spectra))
        if len(spectra) == 1:
            unit = spectra.about.get("intensity_unit")
            file.write(f"# Raman shift (cm-1){separator}Intensity{f' ({unit})' if unit else ''}\n")
            values = spectra.values[0].astype(str)
            file.writelines(f"{shift}{separator}{value}\n" for shift, value in zip(axis, values, strict=True))
            return
        columns = {name: [_cell(entry, separator) for entry in entries] for name, entries in spectra.table.items()}
        file.write(separator.join([*columns, *axis]) + "\n")
        for row, values in enumerate(spectra.values):
            file.write(separator.join([*(entries[row] for entries in columns.values()), *values.astype(str)]) + "\n")


def metadata_lines(spectra: SpectrumSet) -> list[str]:
    """Return the lines above the numbers: each of the metadata, and the columns of a single spectrum."""
    about = written_about(spectra)
    if len(spectra) == 1:
        about |= {f"{_COLUMN}{name}": _plain(entries) for name, entries in spectra.table.items()}
    return [OWN_FILE, *(f"# {name} = {_value_text(value)}" for name, value in about.items())] if about else []


def own_metadata(content: str) -> tuple[dict[str, Plain], dict[str, NDArray[Any]], str]:
    """Return metadata and columns (1,) of a single spectrum from a file that `write` made, and what is below them.

    Other files are returned whole, without metadata.
    """
    about: dict[str, Plain] = {}
    table: dict[str, NDArray[Any]] = {}
    if not content.startswith(OWN_FILE):
        return about, table, content
    rest = content.partition("\n")[2]
    while rest.startswith("# "):
        line, _, below = rest.partition("\n")
        name, equals, text = line.removeprefix("# ").rstrip("\r").partition(" = ")
        if not equals:
            break  # the titles of the columns
        value = _value(text)
        if name.startswith(_COLUMN):
            table[name.removeprefix(_COLUMN)] = np.array([value])
        else:
            about[name] = value
        rest = below
    return about, table, rest


def _plain(entries: NDArray[Any]) -> Plain:
    value = entries.tolist()[0]
    return value if isinstance(value, str | bool | int | float) else str(value)


def _value_text(value: Plain) -> str:
    """Return a value as text; texts that would be read as another type stand in quotation marks."""
    if not isinstance(value, str):
        return json.dumps(value) if isinstance(value, bool) else repr(value)
    plain = value == value.strip() and value.isprintable() and isinstance(_value(value), str) and value[:1] != '"'
    return value if plain else json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Plain:
    """Return the value that `_value_text` wrote."""
    if text[:1] == '"':
        try:
            unquoted = json.loads(text)
        except ValueError:
            return text
        return unquoted if isinstance(unquoted, str) else text
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _cell(entry: object, separator: str) -> str:
    """Return a table entry as text that cannot be taken for two cells or two lines."""
    return str(entry).replace(separator, " ").replace("\n", " ").replace('"', "'")
