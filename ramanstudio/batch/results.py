"""The results table and the log of a batch, made from its journal; and what stands in a row of the table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from ramanstudio.core.csv_cells import escape_formula, printable
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path, atomic_write
from ramanstudio.export.text_table import snr_cell, spectrum_names
from ramanstudio.processing.runner import Processed
from ramanstudio.signal.quality import check_quality

RESULTS_NAME: Final = "results.csv"
LOG_NAME: Final = "log.csv"
RECIPE_NAME: Final = "recipe.toml"
ROWS_FOLDER: Final = "batch-rows"  # rows of the table of large sets, a file for each
HEADER: Final = (
    "file", "spectrum", "points", "SNR before", "SNR after", "gain", "cosmic rays", "line or spike", "checks", "result",
)  # fmt: skip
LOG_HEADER: Final = ("file", "status", "reason")
_ROWS_AT_ONCE: Final = 10_000


def quality_codes(sets: Sequence[SpectrumSet]) -> list[list[str]]:
    """Return the codes of what checks find in each spectrum of `sets`, in one text each; those on one axis at once."""
    codes: list[list[str]] = [[] for _ in sets]
    groups: dict[bytes, list[int]] = {}
    for index, spectra in enumerate(sets):
        groups.setdefault(spectra.axis.tobytes(), []).append(index)
    for indices in groups.values():
        joint = np.concatenate([sets[index].values for index in indices])
        quality = check_quality(SpectrumSet(sets[indices[0]].axis, joint), search_cosmic_rays=False)
        texts = iter([" ".join(quality.codes(row)) for row in range(len(joint))])
        for index in indices:
            codes[index] = [next(texts) for _ in range(len(sets[index]))]
    return codes


def result_rows(
    source: SpectrumSet, processed: Processed, codes: Sequence[str], output: str, cells: Sequence[Sequence[Any]]
) -> list[list[Any]]:
    """Return the rows of one set after its file: what was measured before and after, what the checks found, `cells`."""
    names = spectrum_names(source)
    counts = _counts(processed, len(source))
    ratio = _gain(processed)
    return [
        [
            printable(names[row]),
            processed.spectra.points,
            snr_cell(processed.snr_before[row]),
            snr_cell(processed.snr_after[row]),
            snr_cell(ratio[row]),
            *(int(column[row]) if column is not None else "" for column in counts),
            codes[row],
            output,
            *cells[row],
        ]
        for row in range(len(source))
    ]


def _gain(processed: Processed) -> np.ndarray[Any, Any]:
    with np.errstate(all="ignore"):
        gain: np.ndarray[Any, Any] = np.where(
            processed.snr_before > 0, processed.snr_after / processed.snr_before, np.nan
        )
    return gain


def _counts(processed: Processed, n_spectra: int) -> tuple[Any, Any]:
    """Cosmic rays and doubtful peaks of each spectrum; None where the recipe does not search."""
    for result in processed.results:
        if "count" in result.curves and len(result.curves["count"]) == n_spectra:
            return result.curves["count"], result.curves.get("doubtful_count")
    return None, None


def write_tables(
    folder: Path, done: Iterable[Mapping[str, Any]], log: Iterable[Sequence[str]], more: Sequence[str] = ()
) -> None:
    """Write results.csv, with `more` columns, and log.csv. Raises StudioError when that cannot be done."""
    atomic_write(folder / RESULTS_NAME, _csv((*HEADER, *more), _rows(folder, done)))
    atomic_write(folder / LOG_NAME, _csv(LOG_HEADER, log))


def _rows(folder: Path, done: Iterable[Mapping[str, Any]]) -> Iterator[Sequence[Any]]:
    for event in done:
        for row in event.get("rows", ()):
            yield [event.get("file", ""), *row]
        for name in event.get("row_files", ()):
            for row in read_row_file(folder / ROWS_FOLDER / Path(str(name)).name):
                yield [event.get("file", ""), *row]


@contextmanager
def row_file(path: Path) -> Iterator[Callable[[list[list[Any]]], None]]:
    """Yield a function that adds rows to a file: those of a million spectra are not kept in memory.

    Raises StudioError when it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as draft, draft.open("w", encoding="utf-8") as file:

        def add(rows: list[list[Any]]) -> None:
            file.write("".join(printable(json.dumps(row, ensure_ascii=False)) + "\n" for row in rows))

        yield add


def read_row_file(path: Path) -> Iterator[list[Any]]:
    """Yield the rows of a file that `row_file` wrote; none where it is gone."""
    with suppress(OSError, ValueError), path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """CSV in pieces, so that a table of a million rows needs little memory."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for number, row in enumerate(rows, start=1):
        writer.writerow([escape_formula(printable(cell)) if isinstance(cell, str) else cell for cell in row])
        if number % _ROWS_AT_ONCE == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
