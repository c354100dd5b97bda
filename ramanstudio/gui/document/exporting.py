"""Export results in the files lane: spectra with a table, figures, the table alone, groups, identifications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject

from ramanstudio.core.progress import Progress
from ramanstudio.core.version import __version__
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.denoised_files import ResultFormat
from ramanstudio.export.figure_options import FigureOptions
from ramanstudio.export.group_table import GroupMean, means_path
from ramanstudio.export.group_table import write_groups as write_group_table
from ramanstudio.export.snr_text import format_snr_change
from ramanstudio.export.spectrum_figure import FigureSpectrum, save_spectra
from ramanstudio.export.summary import ResultFolder, summary_rows, write_summary
from ramanstudio.gui.common.html_to_pdf import write_pdf
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.document.when_processed import WhenProcessed
from ramanstudio.project.entry_processing import recipe_as_applied
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Entry, Project, Result
from ramanstudio.signal.cosmic_rays import interpolate

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.export.report import ReportHeader
    from ramanstudio.library.library import Library

MAX_PANELS: Final = 24  # of one figure

EntryResults = Sequence[tuple[Entry, Result]]


def write_spectra(entries: EntryResults, folder: Path, format: ResultFormat, progress: Progress) -> str:
    """Write the raw and denoised spectra of entries into `folder`, with the table of all; returns a message."""
    results = ResultFolder(folder, format)
    for _entry, result in progress.steps(list(entries), "files"):
        assert result.final_denoised is not None
        results.write(result.unprocessed, result.final_denoised)
    results.write_summary()
    _write_recipes(entries, folder)
    return f"{count_of(len(entries), 'result')} and the table of their SNR were saved in '{folder}'."


def _write_recipes(entries: EntryResults, folder: Path) -> None:
    """Write each recipe of the results into `folder`, with the program's version and the model: `recipe.toml`, …."""
    texts = dict.fromkeys(
        recipe_as_applied(result).to_text({"program": f"RamanStudio {__version__}", "model": result.model})
        for _, result in entries
    )
    for text in texts:
        names = ("recipe.toml", *(f"recipe-{number}.toml" for number in range(2, 10_000)))
        path = next(path for path in (folder / name for name in names) if not path.exists() or _holds(path, text))
        atomic_write(path, text)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def write_table(entries: EntryResults, path: Path, progress: Progress) -> str:
    """Write the signal-to-noise ratios of all spectra to one CSV file; returns a message."""
    rows = []
    for _entry, result in progress.steps(list(entries), "files"):
        assert result.final_denoised is not None
        rows += summary_rows(result.unprocessed, result.final_denoised)
    write_summary(path, rows)
    return f"The SNR of {count_of(len(rows), 'spectrum', 'spectra')} were saved as '{path}'."


def figure_spectra(entries: EntryResults) -> list[FigureSpectrum]:
    """The spectra of a figure: one for each entry, the mean of a set."""
    spectra = []
    for entry, result in entries[:MAX_PANELS]:
        denoised = result.final_denoised
        assert denoised is not None
        note = f"SNR {format_snr_change(denoised)}"
        raw, error = _without_cosmic_rays(result), denoised.expected_error
        spectra.append(FigureSpectrum.of_set(entry.name, raw, denoised.spectra, error, note=note))
    return spectra


def _without_cosmic_rays(result: Result) -> SpectrumSet:
    """What was measured, on the scale of the result, with a gap for each cosmic ray: it would set the scale.

    In a set, whose mean is drawn, the gaps are closed.
    """
    raw = result.unprocessed
    replaced = result.processed.replaced if result.processed is not None else None
    if replaced is None or replaced.shape != raw.values.shape or not replaced.any():
        return raw
    if len(raw) == 1:
        return raw.with_values(np.where(replaced, np.nan, raw.values))
    return raw.with_values(interpolate(raw.axis, raw.values, replaced))


def write_figure(path: Path, spectra: Sequence[FigureSpectrum], options: FigureOptions, progress: Progress) -> str:
    """Draw spectra to a file; returns a message."""
    progress(0, 0, "Drawing the figure")
    return f"The figure was saved as '{save_spectra(path, spectra, options)}'."


def write_drawn(draw: Callable[[], Path], progress: Progress) -> str:
    """Draw the figure of a page; returns a message."""
    progress(0, 0, "Drawing the figure")
    return f"The figure was saved as '{draw()}'."


def write_report(
    project: Project,
    entries: Sequence[Entry],
    libraries: Sequence[Library],
    path: Path,
    header: ReportHeader,
    template: Path | None,
    progress: Progress,
) -> str:
    """Write a report of entries; returns a message."""
    from ramanstudio.export import report

    html = report.render(report.subjects_of_project(project, entries, libraries), header, template, progress)
    (write_pdf if path.suffix.lower() == ".pdf" else report.write_html)(path, html)
    return f"The report was saved as '{path}'."


def write_groups(project: Project, groups: Groups, path: Path, progress: Progress) -> str:
    """Write the group of each spectrum, and the mean of each group in a file beside it; returns a message."""
    means = group_means(project, groups, progress)
    write_group_table(path, project, groups, means)
    summary = f"{count_of(len(groups.groups), 'group')} of {count_of(len(groups.members), 'spectrum', 'spectra')}"
    beside = f", their means as '{means_path(path).name}' beside it" if means else ""
    return f"{summary} were saved as '{path}'{beside}."


def write_identified(project: Project, libraries: Sequence[Library], path: Path, progress: Progress) -> str:
    """Write the matches of every spectrum that was identified; returns a message."""
    from ramanstudio.export.identifications import identified_sets, write_identifications

    n_spectra = write_identifications(path, identified_sets(project, libraries), progress)
    return f"The matches of {count_of(n_spectra, 'spectrum', 'spectra')} were saved as '{path}'."


def group_means(project: Project, groups: Groups, progress: Progress) -> list[GroupMean]:
    """Mean and spread of the denoised spectra of each group, on an axis that all of them cover."""
    from ramanstudio.project.exploration import EntrySpectra, mean_spectra

    parts = []
    for entry_id, positions in groups.members.by_entry():
        entry = project.entry(entry_id)
        result = project.result(entry) if entry is not None else None
        if entry is not None and result is not None and result.denoised is not None:
            parts.append(
                EntrySpectra.select(entry.id, entry.name, result.denoised.spectra, groups.members.rows[positions])
            )
    parts = [part for part in parts if len(part.rows)]
    if not parts or not groups.groups:
        return []
    axis, middles, spreads = mean_spectra(parts, groups, progress)
    return [
        GroupMean(group.name, axis, mean, spread)
        for group, mean, spread in zip(groups.groups, middles, spreads, strict=True)
    ]


class Exporting(QObject):
    """Exports the selected denoised spectra, groups and identifications, and reports where they are."""

    def __init__(self, session: Session, workers: Workers, messages: Messages, when_processed: WhenProcessed) -> None:
        super().__init__()
        self._session, self._workers, self._messages = session, workers, messages
        self._when_processed = when_processed

    @property
    def denoised(self) -> list[tuple[Entry, Result]]:
        """The selected spectra that are denoised, by entry."""
        return [(entry, result) for entry, result in self._session.selected_results if result.denoised is not None]

    def spectra(self, folder: Path, format: ResultFormat = "csv") -> None:
        """Save the selected spectra in `folder`, in a format of WRITERS, once they are processed."""
        self._when_ready("The export", lambda entries: partial(write_spectra, entries, folder, format))

    def table(self, path: Path) -> None:
        """Save the table of the selected spectra, once they are processed."""
        self._when_ready("The table", lambda entries: partial(write_table, entries, path))

    def figure(self, path: Path, spectra: Sequence[FigureSpectrum], options: FigureOptions) -> Job:
        """Save a figure of spectra."""
        return self._submit(partial(write_figure, path, spectra, options), "Drawing the figure")

    def drawn(self, draw: Callable[[], Path]) -> Job:
        """Save the figure of a page: `draw` draws it and returns the file."""
        return self._submit(partial(write_drawn, draw), "Drawing the figure")

    def report(self, path: Path, header: ReportHeader, template: Path | None, libraries: Sequence[Library]) -> None:
        """Save a report of the selected spectra as .pdf or .html, once they are processed."""
        ids = self._session.selected_ids

        def write() -> None:
            entries = [entry for entry_id in ids if (entry := self._session.entry(entry_id)) is not None]
            project = self._session.project
            self._submit(partial(write_report, project, entries, libraries, path, header, template), "Report")

        self._when_processed.do("The report", write)

    def groups(self, path: Path) -> Job | None:
        """Save the group of every spectrum; None where there are no groups."""
        groups = self._session.groups
        if groups is None:
            return None
        return self._submit(partial(write_groups, self._session.project, groups, path), "Exporting")

    def identified(self, path: Path, libraries: Sequence[Library]) -> Job:
        """Save the matches of every spectrum that was identified."""
        return self._submit(partial(write_identified, self._session.project, libraries, path), "Exporting")

    def _when_ready(self, title: str, work: Callable[[EntryResults], partial[str]]) -> None:
        """Export what is selected now, with the results that there are once it is processed."""
        selection = self._session.selection

        def export() -> None:
            entries = [entry for entry_id in selection.ids if (entry := self._session.entry(entry_id)) is not None]
            results = selection.results(entries, self._session.project)
            self._submit(work([pair for pair in results if pair[1].denoised is not None]), "Exporting")

        self._when_processed.do(title, export)

    def _submit(self, work: partial[str], title: str) -> Job:
        job = self._workers.submit(work, title, "files", is_saving=True)
        job.succeeded.connect(self._messages.info)
        job.failed.connect(self._messages.show_error)
        return job
