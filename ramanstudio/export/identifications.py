"""The table of identifications, the same from the window and the command line: a row for each match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import SPECTRUM_COLUMNS, cell_text, spectrum_names, write_csv
from ramanstudio.project.project import Predictions, Project

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.search.matches import Identification, Match

MATCH_COLUMNS: Final = (
    *("rank", "substance", "probability", "unknown", "candidate", "HQI", "gap", "Pearson", "Euclid"),
    *("matched bands / cm-1", "missing bands / cm-1", "extra bands / cm-1"),
    *("library", "reference", "reference sample", "note", "explanation"),
)


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedSet:
    """The spectra of one file, or of one set in it, with what is known of each of the N.

    `identifications` (N,) are None for spectra that were not searched; a match counts `libraries` in their order, None
    for those that are no longer here. `predictions` has those of each fine-tuned model.
    """

    path: Path
    spectra: SpectrumSet
    identifications: Sequence[Identification | None]
    libraries: Sequence[Library | None]
    predictions: Sequence[Predictions] = ()


def identified_sets(project: Project, libraries: Sequence[Library]) -> list[IdentifiedSet]:
    """The entries of a project that have identifications or predictions."""
    by_hash = {library.hash: library for library in libraries}
    sets = []
    for entry in project.entries:
        identifications, predictions = project.identification(entry), project.predictions_for(entry)
        if entry.source is None or (identifications is None and not predictions):
            continue
        results: Sequence[Identification | None] = [None] * len(entry.source)
        searched: list[Library | None] = []
        if identifications is not None:
            results = identifications.results
            searched = [by_hash.get(hash_) for hash_ in identifications.libraries]
        sets.append(IdentifiedSet(entry.path, entry.source, results, searched, predictions))
    return sets


def identification_rows(sets: Sequence[IdentifiedSet], progress: Progress = SILENT) -> Iterator[Sequence[str]]:
    """The header, then a row for each match of each spectrum, best first, or one row where it has none.

    A spectrum of which nothing is known has no row. Raises Cancelled when asked to stop.
    """
    columns = [name for name in SPECTRUM_COLUMNS if any(name in item.spectra.table for item in sets)]
    models = sorted({predictions.model for item in sets for predictions in item.predictions})
    model_columns = (
        f"{model} (fine-tuned){suffix}" for model in models for suffix in ("", ", probability or error", ", unknown")
    )
    yield "file", "spectrum", *columns, *model_columns, *MATCH_COLUMNS
    for item in progress.steps(sets, "files"):
        by_model = {predictions.model: predictions for predictions in item.predictions}
        for row, name in enumerate(spectrum_names(item.spectra)):
            predicted = [cell for model in models for cell in _prediction_cells(by_model.get(model), row)]
            identification = item.identifications[row]
            if identification is None and not any(predicted):
                continue
            known = (
                cell_text(item.spectra.table[column][row]) if column in item.spectra.table else "" for column in columns
            )
            first = (str(item.path), name, *known, *predicted)
            for cells in _match_rows(identification, item.libraries):
                yield *first, *cells


def write_identifications(path: Path, sets: Sequence[IdentifiedSet], progress: Progress = SILENT) -> int:
    """Write the table as CSV; returns how many spectra it holds.

    Raises StudioError when it would replace a file that spectra came from, or cannot be written.
    """
    if any(item.path.absolute() == path.absolute() for item in sets):
        raise StudioError(f"'{path.name}' holds spectra that are open.", remedy="Choose another name.")
    write_csv(path, identification_rows(sets, progress))
    return _count_spectra(sets)


def _count_spectra(sets: Sequence[IdentifiedSet]) -> int:
    """How many spectra have an identification or a prediction."""
    return sum(
        identification is not None or any(predictions.labels[row] for predictions in item.predictions)
        for item in sets
        for row, identification in enumerate(item.identifications)
    )


def _prediction_cells(predictions: Predictions | None, row: int) -> tuple[str, str, str]:
    """Label or value, its probability or error, and whether the spectrum is unlike the training spectra."""
    if predictions is None or predictions.problem or predictions.labels[row] == "":
        return "", "", ""
    is_quantity = predictions.values is not None
    precision = f"{predictions.error:.3g}" if is_quantity else f"{predictions.probabilities[row]:.4f}"
    return str(predictions.labels[row]), precision, _yes(bool(predictions.unknown[row]))


def _match_rows(identification: Identification | None, libraries: Sequence[Library | None]) -> Iterator[Sequence[str]]:
    """The cells of each match, or those that say why there is none."""
    if identification is None:
        yield [""] * len(MATCH_COLUMNS)
        return
    cells: Mapping[str, str] = {"unknown": _yes(identification.unknown), "explanation": identification.explanation}
    for rank, match in enumerate(identification.matches):
        is_candidate = not identification.unknown and rank < identification.candidate_set_size
        row = {**cells, "rank": str(rank + 1), "candidate": _yes(is_candidate), **_match_cells(match, libraries)}
        yield [row.get(column, "") for column in MATCH_COLUMNS]
    if not identification.matches:
        yield [cells.get(column, "") for column in MATCH_COLUMNS]


def _match_cells(match: Match, libraries: Sequence[Library | None]) -> Mapping[str, str]:
    cells = {
        "substance": match.name,
        "probability": f"{match.probability:.4f}",
        "HQI": f"{match.hqi:.0f}",
        "gap": f"{match.gap:.3f}",
        "Pearson": f"{match.pearson:.4f}",
        "Euclid": f"{match.euclid:.4f}",
        "reference": str(match.reference + 1),
    }
    for kind, bands in (("matched", match.matched), ("missing", match.missing), ("extra", match.extra)):
        cells[f"{kind} bands / cm-1"] = " ".join(f"{shift:.0f}" for shift in bands)
    library = libraries[match.library] if match.library < len(libraries) else None
    if library is not None:
        cells["library"] = library.title
        cells["reference sample"] = str(library.samples[match.reference])
        cells["note"] = str(library.notes[match.reference])
    return cells


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
