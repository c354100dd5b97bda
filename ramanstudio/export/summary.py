"""The summary table of a folder of results: the signal-to-noise ratio of each spectrum before and after denoising."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ramanstudio.core.csv_cells import printable, unescape_formula
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.denoised_files import (
    ResultFormat,
    candidate_paths,
    files_of_result,
    is_taken,
    write_denoised,
)
from ramanstudio.export.source_files import source_path
from ramanstudio.export.text_table import make_folder, snr_cell, spectrum_names, write_csv

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised

SUMMARY_NAME: Final = "summary.csv"
SUMMARY_HEADER: Final = ("file", "spectrum", "points", "SNR before", "SNR after", "gain", "result")
_HEADER_LINE: Final = ",".join(SUMMARY_HEADER).encode()


class SummaryRow(NamedTuple):
    """One spectrum of the summary: its file, its name in it, its ratios, and the file of the result."""

    file: str
    spectrum: str
    points: int
    snr_before: float
    snr_after: float
    gain: float
    result: str


def summary_rows(raw: SpectrumSet, denoised: Denoised, result: Path | None = None) -> list[SummaryRow]:
    """Return the rows of one set; `file` is the absolute path of its source."""
    file = printable(str(source_path(raw) or ""))
    return [
        SummaryRow(file, name, raw.points, float(before), float(after), float(gain), printable(str(result or "")))
        for name, before, after, gain in zip(
            spectrum_names(raw), denoised.snr_before, denoised.snr_after, denoised.gain, strict=True
        )
    ]


def write_summary(path: Path, rows: Sequence[SummaryRow]) -> Path:
    """Write a summary with SUMMARY_HEADER. Raises StudioError when the file cannot be written."""
    cells = [
        (row.file, row.spectrum, row.points, *map(snr_cell, (row.snr_before, row.snr_after, row.gain)), row.result)
        for row in rows
    ]
    return write_csv(path, [SUMMARY_HEADER, *cells])


def is_taken_by_other(path: Path) -> bool:
    """Whether there is something at `path` that is no summary."""
    if not os.path.lexists(path):
        return False
    if path.is_symlink() or not path.is_file():
        return True
    try:
        with path.open("rb") as file:
            return not file.read(len(_HEADER_LINE)).startswith(_HEADER_LINE)
    except OSError:
        return True


def read_summary(path: Path) -> list[SummaryRow]:
    """Return the rows of a summary; none when the file is missing or is another kind of table."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = list(csv.reader(lines))
        if not table or tuple(table[0]) != SUMMARY_HEADER:
            return []
        return [
            SummaryRow(
                file, name, int(points), float(before or "nan"), float(after or "nan"), float(gain or "nan"), result
            )
            for file, name, points, before, after, gain, result in (map(unescape_formula, row) for row in table[1:])
        ]
    except (OSError, ValueError, csv.Error):
        return []


def earlier_files(folder: Path) -> set[Path]:
    """Return the absolute paths of the files in `folder` that earlier runs wrote, as its summary tells."""
    rows = read_summary(folder / SUMMARY_NAME)
    results = {(folder / row.result).absolute() for row in rows if row.result}
    return {file for path in results for file in files_of_result(path)} | {(folder / SUMMARY_NAME).absolute()}


class ResultFolder:
    """A folder of denoised spectra with its summary.

    Results are named after their source. A result replaces only what an earlier run made from the same source, as the
    summary tells: two sources of one name, or somebody else's file, are not replaced, except with `overwrite`; the
    `inputs` of a run never are.
    """

    def __init__(
        self, folder: Path, format: ResultFormat = "csv", inputs: Collection[Path] = (), overwrite: bool = False
    ) -> None:
        """Raises StudioError when the folder cannot be made, or its summary is another program's."""
        make_folder(folder)
        if not overwrite and is_taken_by_other(folder / SUMMARY_NAME):
            raise StudioError(
                f"'{SUMMARY_NAME}' in '{folder}' was not written by RamanStudio.", remedy="Choose another folder."
            )
        self._inputs = {path.absolute() for path in inputs}
        self._overwrite = overwrite
        self.folder = folder
        self.format = format
        self._earlier_rows = read_summary(folder / SUMMARY_NAME)
        self._rows: list[SummaryRow] = []
        self._written_names: set[str] = set()

    @property
    def summary(self) -> Path:
        """The path of the summary."""
        return self.folder / SUMMARY_NAME

    def write(self, raw: SpectrumSet, denoised: Denoised) -> Path:
        """Write the result of one set and note its rows for the summary; return the file of the denoised spectra.

        Raises StudioError when the file cannot be written.
        """
        source = printable(str(source_path(raw) or ""))
        replaceable = {row.result.casefold() for row in self._earlier_rows if row.file == source}
        path = next(
            candidate
            for candidate in candidate_paths(self.folder, raw, self.format)
            if printable(candidate.name).casefold() not in self._written_names
            and self._may_write(candidate, replaceable)
        )
        write_denoised(path, raw, denoised, self.format)
        self._written_names.add(printable(path.name).casefold())
        self._rows += summary_rows(raw, denoised, Path(path.name))
        return path

    def _may_write(self, path: Path, replaceable: Collection[str]) -> bool:
        """Whether a result may go to `path`; `replaceable` are the names of earlier results of the same source."""
        if any(file.is_symlink() or file.absolute() in self._inputs for file in files_of_result(path)):
            return False
        return self._overwrite or printable(path.name).casefold() in replaceable or not is_taken(path)

    def write_summary(self) -> Path:
        """Write the summary: the results of this run, after those of earlier runs that it did not replace."""
        kept = [row for row in self._earlier_rows if row.result.casefold() not in self._written_names]
        return write_summary(self.summary, kept + self._rows)
