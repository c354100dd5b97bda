"""Writing what an export plan says: spectra, tables, recipes and how each entry came about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.core.version import __version__
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.export_plan import ExportItem, ExportPlan, PlannedFile
from ramanstudio.export.group_table import GroupMean, write_groups
from ramanstudio.export.identifications import identified_sets, write_identifications
from ramanstudio.export.peak_table import PeaksOfSet, peak_rows
from ramanstudio.export.processed_files import SHIFT_HEADER, write_matrix
from ramanstudio.export.summary import summary_rows, write_summary
from ramanstudio.export.text_table import make_folder, write_csv
from ramanstudio.export.writers import writer_for
from ramanstudio.project.entry_processing import recipe_as_applied
from ramanstudio.project.project import Project
from ramanstudio.project.provenance import provenance_of, provenance_text

if TYPE_CHECKING:
    from ramanstudio.library.library import Library

PROVENANCE: Final = "provenance"  # key of metadata, and the name of a text file
_COLUMNS: Final = {"raw": "raw", "denoised": "denoised", "processed": "processed"}


@dataclass(frozen=True, slots=True, eq=False)
class ExportContext:
    """What an export takes from the open project beside its items.

    `means` computes the mean spectra of the groups.
    """

    project: Project
    libraries: Sequence[Library] = ()
    means: Callable[[Progress], Sequence[GroupMean]] = lambda _progress: ()


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The files that were written, and the sentences about those that could not be."""

    written: tuple[Path, ...]
    problems: tuple[str, ...]


def write_export(plan: ExportPlan, context: ExportContext, progress: Progress = SILENT) -> ExportReport:
    """Write all files of a plan; one that cannot be written does not stop the others. Existing files are replaced.

    Raises StudioError when the folder cannot be made, Cancelled when asked to stop.
    """
    make_folder(plan.folder)
    written: list[Path] = []
    problems: list[str] = []
    texts = _provenance(plan, context.project, progress)
    for file in progress.steps(list(plan.files), "files"):
        try:
            _write_file(plan, file, texts)
            written += file.files
        except StudioError as error:
            problems.append(str(error))
    for key, path in plan.tables:
        try:
            _TABLES[key](path, plan, context, progress)
            written.append(path)
        except StudioError as error:
            problems.append(str(error))
    try:
        written += _write_recipes(plan)
        everything = "\n\n".join(provenance_text(rows) for rows in texts.values()) + "\n"
        written.append(write_new(plan.folder, PROVENANCE, "txt", everything))
    except StudioError as error:
        problems.append(str(error))
    return ExportReport(tuple(written), tuple(dict.fromkeys(problems)))


def write_new(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """Write a text under a name that is free, `a.txt`, `a-2.txt`, …, or leave the file that holds it already."""
    number = 1
    while True:
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}.{suffix}"
        if not path.exists():
            atomic_write(path, text)
            return path
        if _holds(path, text):
            return path
        number += 1


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _provenance(plan: ExportPlan, project: Project, progress: Progress) -> dict[int, Any]:
    """How each entry came about, by its id; entries that are exported by some of their spectra as a whole."""
    whole = {entry.id: entry for entry in project.entries}
    return {
        item.entry.id: provenance_of(whole.get(item.entry.id, item.entry), project, progress) for item in plan.items
    }


def _write_recipes(plan: ExportPlan) -> list[Path]:
    """Write each recipe of the results, with the program's version and the model: `recipe.toml`, …."""
    if not {"denoised", "processed"} & set(plan.options.contents):
        return []
    results = [item.result for item in plan.items if item.result is not None and item.result.denoised is not None]
    texts = dict.fromkeys(
        recipe_as_applied(result).to_text({"program": f"RamanStudio {__version__}", "model": result.model})
        for result in results
    )
    return [write_new(plan.folder, "recipe", "toml", text) for text in texts]


def _write_file(plan: ExportPlan, file: PlannedFile, texts: Mapping[int, Any]) -> None:
    main = file.contents[-1]
    spectra, error = _set_of(file.items, main, texts)
    if plan.options.format == "csv":
        if len(spectra) == 1 and file.error_path is None:
            _write_columns(file, spectra, error if plan.options.with_error else None)
            return
        if file.error_path is not None and error is not None:
            write_matrix(file.error_path, spectra, error)
        write_matrix(file.path, spectra, spectra.values)
    elif plan.options.format == "h5":
        _write_hdf5(plan, file, spectra, error)
    else:
        writer = writer_for(file.path, plan.options.format)
        if file.error_path is not None and error is not None:
            what = f"expected error of the {main} spectra"
            writer.write(file.error_path, spectra.with_values(error).with_about(content=what))
        writer.write(file.path, spectra)


def _set_of(items: Sequence[ExportItem], content: str, texts: Mapping[int, Any]) -> tuple[SpectrumSet, Any]:
    """The spectra of items on one axis as one set, with their expected error (N, B) where it is known."""
    sets = [_described(item, content, texts) for item in items]
    if len(items) > 1:
        sets = [_named(spectra, item.entry.name) for spectra, item in zip(sets, items, strict=True)]
    errors = [item.error(content) for item in items]
    known = [error for error in errors if error is not None]
    return stacked(sets), np.concatenate(known) if len(known) == len(errors) else None


def _described(item: ExportItem, content: str, texts: Mapping[int, Any]) -> SpectrumSet:
    spectra = item.spectra(content)
    title = str(spectra.about.get("title", "") or item.entry.path.stem)
    about = {"title": title if content == "raw" else f"{title} ({content})", "content": content}
    return spectra.with_about(**about, **{PROVENANCE: provenance_text(texts[item.entry.id], "; ")})


def _named(spectra: SpectrumSet, name: str) -> SpectrumSet:
    """A set whose table names each spectrum."""
    if len(spectra) == 1:
        return spectra.with_table(name=np.array([name]))
    known = spectra.table.get("name", np.arange(1, len(spectra) + 1))
    return spectra.with_table(name=np.array([f"{name} · {part}" for part in known.tolist()]))


def _write_columns(file: PlannedFile, spectra: SpectrumSet, error: Any) -> None:
    """Write the contents of one spectrum as columns of a CSV file, with every digit."""
    item = file.items[0]
    columns = [item.spectra(content).values[0] for content in file.contents]
    heads = [SHIFT_HEADER, *(_COLUMNS[content] for content in file.contents)]
    if error is not None:
        columns.append(error[0])
        heads.append("expected error")
    numbers = np.stack(columns, axis=1).astype(np.float64).tolist()
    rows = (
        ",".join([repr(shift), *(f"{value:.9g}" for value in row)])
        for shift, row in zip(spectra.axis.tolist(), numbers, strict=True)
    )
    atomic_write(file.path, "\n".join([",".join(heads), *rows]) + "\n")


def _write_hdf5(plan: ExportPlan, file: PlannedFile, spectra: SpectrumSet, error: Any) -> None:
    from ramanstudio.formats import hdf5

    extra: dict[str, Any] = {}
    if len(file.items) == 1:
        extra = {content: file.items[0].spectra(content).values for content in file.contents}
    if error is not None and plan.options.with_error:
        extra["expected_error"] = error
    denoised = [item.result.denoised for item in file.items if item.result is not None and item.result.denoised]
    if file.contents[-1] != "raw" and len(denoised) == len(file.items):
        extra["snr_before"] = np.concatenate([one_set.snr_before for one_set in denoised])
        extra["snr_after"] = np.concatenate([one_set.snr_after for one_set in denoised])
    hdf5.write(file.path, spectra, **extra)


def _write_snr(path: Path, plan: ExportPlan, _context: ExportContext, _progress: Progress) -> None:
    rows = []
    for item in plan.items:
        denoised = item.result.final_denoised if item.result is not None else None
        if item.result is not None and denoised is not None:
            rows += summary_rows(item.result.unprocessed, denoised)
    if not rows:
        raise StudioError("No SNR is known: none of the spectra is denoised.", remedy="Denoise them first: Ctrl+D.")
    write_summary(path, rows)


def _write_peaks(path: Path, plan: ExportPlan, _context: ExportContext, progress: Progress) -> None:
    """Write the peaks that the user found or fitted, and of all other spectra those that are found automatically."""
    tables: list[PeaksOfSet] = []
    for item in progress.steps(list(plan.items), "Finding peaks"):
        tables += _peaks_of(item, progress)
    write_csv(path, peak_rows(tables))


def _peaks_of(item: ExportItem, progress: Progress) -> list[PeaksOfSet]:
    from ramanstudio import peaks

    content = "processed" if item.has("processed") else "raw"
    spectra, error = item.spectra(content), item.error(content)
    if item.peaks is not None and len(spectra) == 1:
        return [(item.entry.path, spectra, item.peaks)]
    processed = item.result.processed if item.result is not None else None
    correlation_cm = processed.results[-1].state.correlation_cm if processed is not None and processed.results else 0.0
    try:
        found = peaks.find(spectra, expected_error=error, correlation_cm=correlation_cm, progress=progress)
    except StudioError:
        return []  # too short, or without numbers: it has no peaks
    return [(item.entry.path, spectra, found)]


def _write_identifications(path: Path, plan: ExportPlan, context: ExportContext, progress: Progress) -> None:
    sets = identified_sets(_chosen(plan, context), context.libraries)
    if not sets:
        raise StudioError("None of the spectra is identified.", remedy="Identify them first (Ctrl+5).")
    write_identifications(path, sets, progress)


def _write_groups(path: Path, plan: ExportPlan, context: ExportContext, progress: Progress) -> None:
    if context.project.groups is None:
        raise StudioError("There are no groups.", remedy="Group the spectra first (Explore, Ctrl+3).")
    write_groups(path, _chosen(plan, context), context.project.groups, context.means(progress))


def _chosen(plan: ExportPlan, context: ExportContext) -> Project:
    """The project with the entries of the plan alone."""
    ids = {item.entry.id for item in plan.items}
    return replace(context.project, entries=tuple(entry for entry in context.project.entries if entry.id in ids))


_TABLES: Final[Mapping[str, Callable[[Path, ExportPlan, ExportContext, Progress], None]]] = {
    "snr": _write_snr,
    "peaks": _write_peaks,
    "identifications": _write_identifications,
    "groups": _write_groups,
}
