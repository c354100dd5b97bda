"""The hits of all open spectra as a table. Knows no Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.writing import atomic_write
from ramanstudio.export import tables
from ramanstudio.project.project import Entry, Predictions, Project

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

KINDS: Final = "Table (*.csv)"
PLACES: Final = ("x", "y", "z", "time", "label", "sample")
HEADS: Final = (
    *("rank", "substance", "chance", "unknown", "candidate", "HQI", "gap", "Pearson", "Euclid"),
    *("matched bands", "missing bands", "extra bands", "library", "reference", "note"),
)


def write(project: Project, libraries: Sequence[Library], path: Path, progress: Progress) -> int:
    """Write a row for each hit, best first, or one where a spectrum has none; returns how many spectra there are.

    In each stands what taught models say of the spectrum. Raises StudioError when the file cannot be written.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    many = 0
    entries = [entry for entry in project.entries if project.identification(entry) or project.predictions_for(entry)]
    columns = [name for name in PLACES if any(name in entry.source.table for entry in entries if entry.source)]
    models = sorted({said.model for entry in entries for said in project.predictions_for(entry)})
    told = [f"{model} (taught){part}" for model in models for part in ("", ", chance or error", ", unknown")]
    rows.writerow(("file", "spectrum", *columns, *told, *HEADS))
    of_hash = {library.hash: library for library in libraries}
    for entry in progress.steps(entries, "entries"):
        identified = project.identification(entry)
        searched = [of_hash.get(one) for one in identified.libraries] if identified is not None else []
        answers = {said.model: said for said in project.predictions_for(entry)}
        for row, place in enumerate(_places(entry, columns)):
            found = identified.results[row] if identified is not None else None
            said = [cell for model in models for cell in _said(answers.get(model), row)]
            if found is not None or any(said):
                many += 1
                rows.writerows((*place, *said, *cells) for cells in _hits(found, searched))
    try:
        atomic_write(path, table.getvalue())
    except OSError as error:
        raise StudioError(
            f"Could not save '{path.name}': {error.strerror or error}.", remedy="Choose another folder."
        ) from error
    return many


def _places(entry: Entry, columns: Sequence[str]) -> Iterator[tuple[object, ...]]:
    """Of each spectrum the file, its name, and what the columns of its table say."""
    source = entry.source
    assert source is not None
    for row, name in enumerate(tables.spectrum_names(source)):
        places = (source.table[column][row] if column in source.table else "" for column in columns)
        yield str(entry.path), name, *places


def _hits(found: Identification | None, searched: Sequence[Library | None]) -> Iterator[Sequence[object]]:
    """A row of cells for each hit, or one that says why there is none."""
    if found is None:
        yield [""] * len(HEADS)
        return
    unknown = int(found.unknown)
    for rank, match in enumerate(found.matches):
        candidate = int(not unknown and rank < found.candidate_set_size)
        yield tuple(_cells(rank, match, unknown, candidate, searched))
    if not found.matches:
        yield "", "", "", unknown, 0, *[""] * 9, found.explanation


def _said(said: Predictions | None, row: int) -> tuple[str, str, str]:
    """What a taught model says of a spectrum: its class or value, the chance or the error, whether it is unknown."""
    if said is None or said.problem or said.labels[row] == "":
        return "", "", ""
    aside = f"{said.error:.3g}" if said.values is not None else f"{said.probabilities[row]:.4f}"
    return str(said.labels[row]), aside, str(int(said.unknown[row]))


def _cells(
    rank: int, match: Match, unknown: int, candidate: int, searched: Sequence[Library | None]
) -> Iterator[object]:
    library = searched[match.library] if match.library < len(searched) else None
    yield from (rank + 1, match.name, f"{match.probability:.4f}", unknown, candidate)
    yield from (f"{match.hqi:.0f}", f"{match.gap:.3f}", f"{match.pearson:.4f}", f"{match.euclid:.4f}")
    for bands in (match.matched, match.missing, match.extra):
        yield " ".join(f"{shift:.0f}" for shift in bands)
    yield library.title if library is not None else ""
    yield match.reference + 1
    yield str(library.notes[match.reference]) if library is not None else ""
