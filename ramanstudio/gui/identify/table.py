"""The hits of all open spectra as a table. Knows no Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio import export
from ramanstudio.errors import StudioError
from ramanstudio.paths import replace_atomically
from ramanstudio.progress import Progress
from ramanstudio.project import Project

if TYPE_CHECKING:
    from ramanstudio.analysis.library import Library
    from ramanstudio.analysis.search import Match

KINDS: Final = "Table (*.csv)"
PLACES: Final = ("x", "y", "z", "time", "label", "sample")
HEADS: Final = (
    *("rank", "substance", "chance", "unknown", "candidate", "HQI", "gap", "Pearson", "Euclid"),
    *("matched bands", "missing bands", "extra bands", "library", "reference", "note"),
)


def write(project: Project, libraries: Sequence[Library], path: Path, progress: Progress) -> int:
    """Write a row for each hit, best first, or one where a spectrum has none; returns how many spectra there are.

    Raises StudioError when the file cannot be written.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    many = 0
    entries = [entry for entry in project.entries if project.identification(entry) is not None]
    columns = [name for name in PLACES if any(name in entry.source.table for entry in entries if entry.source)]
    rows.writerow(("file", "spectrum", *columns, *HEADS))
    of_hash = {library.hash: library for library in libraries}
    for entry in progress.steps(entries, "entries"):
        identified, source = project.identification(entry), entry.source
        assert identified is not None and source is not None
        names = export.spectrum_names(source)
        searched = [of_hash.get(one) for one in identified.libraries]
        for row, found in enumerate(identified.found):
            if found is None:
                continue
            many += 1
            places = [source.table[name][row] if name in source.table else "" for name in columns]
            head = (str(entry.path), names[row], *places)
            unknown = int(found.unknown)
            for rank, match in enumerate(found.matches):
                candidate = int(not unknown and rank < found.candidates)
                rows.writerow((*head, *_cells(rank, match, unknown, candidate, searched)))
            if not found.matches:
                rows.writerow((*head, "", "", "", unknown, 0, *[""] * 9, found.why))
    try:
        replace_atomically(path, table.getvalue())
    except OSError as error:
        raise StudioError(
            f"Could not save '{path.name}': {error.strerror or error}.", remedy="Choose another folder."
        ) from error
    return many


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
