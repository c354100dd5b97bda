"""Export results in the files lane: spectra with tables, figures, reports, groups, identifications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QObject

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.export.export_plan import ExportItem, ExportOptions, ExportPlan, plan_export
from ramanstudio.export.figure_options import FigureOptions
from ramanstudio.export.group_table import GroupMean, means_path
from ramanstudio.export.group_table import write_groups as write_group_table
from ramanstudio.export.snr_text import format_snr_change
from ramanstudio.export.spectrum_figure import FigurePeak, FigureSpectrum, save_spectra
from ramanstudio.gui.common.html_to_pdf import write_pdf
from ramanstudio.gui.common.jobs import Job, Workers
from ramanstudio.gui.common.messages import Messages
from ramanstudio.gui.common.texts import count_of
from ramanstudio.gui.document.peak_finding import PeakFinding
from ramanstudio.gui.document.peak_label import PeakLabel
from ramanstudio.gui.document.session import Session
from ramanstudio.gui.document.when_processed import WhenProcessed
from ramanstudio.project.groups import Groups
from ramanstudio.project.project import Entry, Project, Result
from ramanstudio.signal.cosmic_rays import interpolate

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.export.export_files import ExportContext, ExportReport
    from ramanstudio.export.report import ReportHeader
    from ramanstudio.library.library import Library

MAX_PANELS: Final = 24  # of one figure

EntryResults = Sequence[tuple[Entry, Result]]
LabelsOf = Callable[[int, Any, Any], Sequence[PeakLabel]]  # of an entry, for axis and intensities (B,)


def plan_files(
    items: Sequence[ExportItem], options: ExportOptions, folder: Path, keep_existing: bool, progress: Progress
) -> tuple[ExportPlan, tuple[Path, ...]]:
    """Return what an export writes, and which of the files are there already."""
    progress(0, 0)
    plan = plan_export(items, options, folder, keep_existing)
    return plan, plan.existing


def write_files(plan: ExportPlan, context: ExportContext, progress: Progress) -> ExportReport:
    """Write all files of a plan."""
    from ramanstudio.export.export_files import write_export

    return write_export(plan, context, progress)


def figure_spectra(entries: EntryResults, labels_of: LabelsOf = lambda *_: ()) -> list[FigureSpectrum]:
    """The spectra of a figure: one for each entry, the mean of a set; `labels_of` knows the labels that Peaks shows."""
    spectra = []
    for entry, result in entries[:MAX_PANELS]:
        denoised = result.final_denoised
        assert denoised is not None
        note = f"SNR {format_snr_change(denoised)}"
        raw, error = _without_cosmic_rays(result), denoised.expected_error
        labels = labels_of(entry.id, denoised.spectra.axis, denoised.spectra.values[0])
        peaks = tuple(FigurePeak(item.shift, item.text, item.by, item.is_hollow) for item in labels)
        spectra.append(FigureSpectrum.of_set(entry.name, raw, denoised.spectra, error, note=note, peaks=peaks))
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
    layout: str,
    progress: Progress,
) -> str:
    """Write a report of entries, or one for each ("each"); returns a message."""
    from ramanstudio.export import report

    subjects = report.subjects_of_project(project, entries, libraries)
    write = write_pdf if path.suffix.lower() == ".pdf" else report.write_html
    if layout != "each":
        write(path, report.render(subjects, header, template, progress, layout))
        return f"The report was saved as '{path}'."
    if not subjects:
        report.render(subjects, header, template)  # raises the error that says so
    paths = report.paths_of_each(path, subjects)
    if there := [each for each in paths if each.exists()]:
        raise StudioError(f"'{there[0].name}' exists already.", remedy="Choose another name or folder.")
    for subject, each in progress.steps(list(zip(subjects, paths, strict=True)), "reports"):
        write(each, report.render([subject], header, template))
    return f"{count_of(len(paths), 'report')} were saved in '{path.parent}'."


def write_groups(project: Project, groups: Groups, path: Path, progress: Progress) -> str:
    """Write the group of each spectrum, and the mean of each group in a file beside it; returns a message."""
    means = group_means(project, groups, progress)
    if means and not path.exists() and means_path(path).exists():  # the dialog asked about the table alone
        raise StudioError(f"'{means_path(path).name}' exists already.", remedy="Choose another name.")
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

    def __init__(
        self,
        session: Session,
        workers: Workers,
        messages: Messages,
        when_processed: WhenProcessed,
        peak_finding: PeakFinding,
    ) -> None:
        super().__init__()
        self._session, self._workers, self._messages = session, workers, messages
        self._when_processed, self._peak_finding = when_processed, peak_finding

    @property
    def denoised(self) -> list[tuple[Entry, Result]]:
        """The selected spectra that are denoised, by entry."""
        return [(entry, result) for entry, result in self._session.selected_results if result.denoised is not None]

    def items(self, scope: str, shown: Iterable[int] = ()) -> list[ExportItem]:
        """The entries to export: "selected" (of a set its selected spectra), "all", or those `shown` in the list."""
        return [self._item(entry, scope == "selected") for entry in self._entries(scope, shown)]

    def count(self, scope: str, shown: Iterable[int] = ()) -> int:
        """How many entries `items` would return."""
        return len(self._entries(scope, shown))

    def pending(self, items: Iterable[ExportItem]) -> list[Entry]:
        """The entries whose recipe is still to be applied, or is being applied."""
        return self._when_processed.pending([item.entry.id for item in items])

    def _entries(self, scope: str, shown: Iterable[int]) -> list[Entry]:
        entries: Sequence[Entry] = self._session.selected if scope == "selected" else self._session.project.entries
        if scope == "shown":
            ids = frozenset(shown)
            entries = [entry for entry in entries if entry.id in ids]
        return [entry for entry in entries if entry.source is not None]

    def _item(self, entry: Entry, restrict: bool) -> ExportItem:
        session = self._session
        result, peaks = session.project.result(entry), None
        rows = session.rows_of(entry) if restrict else np.arange(len(entry.source or ()))
        if len(rows) == 1:
            known = self._peak_finding.peaks((entry.id, int(rows[0])))
            peaks = known.table if known is not None and known.input.is_of(entry, result) else None
        if restrict:
            selection = session.selection
            result = None if result is None else selection.restrict_result(entry, result)
            entry = selection.restrict_entry(entry)
        return ExportItem(entry, result, peaks)

    def plan(
        self, items: Sequence[ExportItem], options: ExportOptions, folder: Path, keep_existing: bool = False
    ) -> Job:
        """Find out which files an export writes; the job returns the plan, and what exists."""
        work = partial(plan_files, items, options, folder, keep_existing)
        return self._workers.submit(work, "", "files")

    def write(self, plan: ExportPlan, libraries: Sequence[Library]) -> Job:
        """Write all files of a plan, and say where they are."""
        from ramanstudio.export.export_files import ExportContext

        project, groups = self._session.project, self._session.groups
        means = partial(group_means, project, groups) if groups is not None else lambda _: ()
        context = ExportContext(project, libraries, means)
        job = self._workers.submit(partial(write_files, plan, context), "Exporting", "files", is_saving=True)
        job.succeeded.connect(partial(self._report, plan))
        job.failed.connect(self._messages.show_error)
        return job

    def _report(self, plan: ExportPlan, report: ExportReport) -> None:
        spectra = count_of(sum(len(item.entry.source or ()) for item in plan.items), "spectrum", "spectra")
        sentence = f"{count_of(len(report.written), 'file')} of {spectra} saved in '{plan.folder}'."
        if report.problems:
            failed = count_of(len(report.problems), "problem")
            self._messages.warning(f"{report.problems[0]} {sentence} {failed} in all.", "\n".join(report.problems))
        else:
            self._messages.info(sentence, "\n".join(map(str, report.written)))

    def figure(self, path: Path, spectra: Sequence[FigureSpectrum], options: FigureOptions) -> Job:
        """Save a figure of spectra."""
        return self._submit(partial(write_figure, path, spectra, options), "Drawing the figure")

    def drawn(self, draw: Callable[[], Path]) -> Job:
        """Save the figure of a page: `draw` draws it and returns the file."""
        return self._submit(partial(write_drawn, draw), "Drawing the figure")

    def report(
        self,
        path: Path,
        header: ReportHeader,
        template: Path | None,
        libraries: Sequence[Library],
        layout: str = "full",
    ) -> None:
        """Save a report of the selected spectra as .pdf or .html, once they are processed.

        `layout` is "full", "summary", or "each" for a report of each, beside `path`; those do not replace files.
        """
        ids = self._session.selected_ids

        def write() -> None:
            entries = [entry for entry_id in ids if (entry := self._session.entry(entry_id)) is not None]
            project = self._session.project
            self._submit(partial(write_report, project, entries, libraries, path, header, template, layout), "Report")

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

    def _submit(self, work: partial[str], title: str) -> Job:
        job = self._workers.submit(work, title, "files", is_saving=True)
        job.succeeded.connect(self._messages.info)
        job.failed.connect(self._messages.show_error)
        return job
