"""Tables of labels for fine-tuning: which label, and which sample, each file or spectrum has."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ramanstudio.cli.files import Source
from ramanstudio.cli.terminal import say
from ramanstudio.core.errors import StudioError
from ramanstudio.export.text_table import spectrum_names

LABEL_COLUMNS: Final = ("label", "class")
_FILE_COLUMNS: Final = ("file", "filename", "path", "name")
_SPECTRUM_COLUMN: Final = "spectrum"
_LISTED: Final = 3  # names in a sentence

Labels = list[str]  # one per spectrum; "" where there is none
_Key = tuple[str, str]  # file, and spectrum or ""


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Labels and samples by file, or by file and spectrum."""

    path: Path
    labels: dict[_Key, str]
    samples: dict[_Key, str] | None

    @classmethod
    def read(cls, path: Path, column: str | None, group_column: str | None) -> LabelTable:
        """Read a CSV table with comma, semicolon or tab. Raises StudioError when it is unreadable or lacks a column."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise StudioError(f"There is no table '{path}'.", remedy="Give the path of a CSV table.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise StudioError(f"The table '{path}' cannot be read.", remedy="Give a CSV table in UTF-8.") from error
        first_line = text.splitlines()[0] if text.strip() else ""
        separator = max(",;\t", key=first_line.count)
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        known = {name.strip().casefold(): name for name in (rows[0] if rows else {}) if name}
        file = _find_column(path, known, _FILE_COLUMNS)
        label = _find_column(path, known, (column,) if column else LABEL_COLUMNS)
        sample = _find_column(path, known, (group_column,)) if group_column else None
        spectrum = known.get(_SPECTRUM_COLUMN)
        keys = [(_plain(row[file]), (row[spectrum] or "").strip() if spectrum else "") for row in rows]
        labels = {key: row[label] or "" for key, row in zip(keys, rows, strict=True)}
        samples = {key: row[sample] or "" for key, row in zip(keys, rows, strict=True)} if sample else None
        return cls(path, labels, samples)

    def for_sources(self, sources: Sequence[Source]) -> tuple[Labels, Labels | None]:
        """Return the labels of all spectra in order, and their samples if the table has them.

        Labels of files that were not given are reported. Raises StudioError when no spectrum has a label.
        """
        labels, samples, used = list[str](), list[str](), set[_Key]()
        for file, spectra in sources:
            for number, name in enumerate(spectrum_names(spectra), start=1):
                key = self._key(file, name, number)
                used.add(key)
                labels.append(self.labels.get(key, ""))
                samples.append((self.samples or {}).get(key, ""))
        unused = sorted({file for file, spectrum in self.labels if (file, spectrum) not in used})
        if not any(labels):
            raise StudioError(
                f"None of the files is in the table '{self.path.name}'.",
                remedy=f"It lists {list_names(unused)}; the files given are"
                f" {list_names([str(source.file) for source in sources])}.",
            )
        if unused:
            count = "one file that was" if len(unused) == 1 else f"{len(unused)} files that were"
            say(f"The table lists {count} not given: {list_names(unused)}.")
        return labels, samples if self.samples is not None else None

    def _key(self, file: Path, name: str, number: int) -> _Key:
        """The row of a spectrum: by its file's path, name or stem, with its own name or number, else without."""
        for path in (_plain(str(file)), file.name.casefold(), file.stem.casefold()):
            for spectrum in (name, str(number), ""):
                if (path, spectrum) in self.labels:
                    return path, spectrum
        return "", ""


def labels_in_files(
    sources: Sequence[Source], column: str | None, group_column: str | None
) -> tuple[Labels, Labels | None]:
    """Return the labels, and the samples if asked for, from columns of the files themselves.

    Raises StudioError when they have no such column.
    """
    labels = _column_of_files(sources, column or LABEL_COLUMNS[0])
    return labels, _column_of_files(sources, group_column) if group_column else None


def list_names(names: Sequence[str]) -> str:
    """Return names in quotes with commas, of many the first few and how many there are more."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(f"'{name}'" for name in names[:_LISTED]) + more


def _column_of_files(sources: Sequence[Source], column: str) -> Labels:
    cells = [
        str(cell) for source in sources for cell in source.spectra.table.get(column, np.full(len(source.spectra), ""))
    ]
    if not any(cells):
        columns = sorted({name for source in sources for name in source.spectra.table})
        raise StudioError(
            f"The files have no column '{column}'.",
            remedy=f"Give a table of labels (--labels), or one of their columns: {', '.join(columns) or 'none'}.",
        )
    return cells


def _plain(path: str) -> str:
    return (path or "").strip().replace("\\", "/").casefold()


def _find_column(path: Path, known: dict[str, str], wanted: Sequence[str | None]) -> str:
    for name in wanted:
        if name is not None and name.strip().casefold() in known:
            return known[name.strip().casefold()]
    raise StudioError(
        f"The table '{path.name}' has no column '{wanted[0]}'.",
        remedy=f"Its columns are {', '.join(known) or 'none: it is empty'}.",
    )
