"""Reports: spectra with SNR, processing, identification, peaks and measurement conditions, as HTML from a template.

Every number comes from what was computed; what is not known is left out, and "unknown" is written as such.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.metadata import BY_KEY, value_text
from ramanstudio.core.numbers import format_number, format_probability, format_significant
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.version import __version__
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.figure_options import FigureOptions
from ramanstudio.export.name_pattern import fill_pattern
from ramanstudio.export.report_parts import (
    GroupsOfSet,
    calibration_rows,
    difference_part,
    group_rows,
    image_text,
    map_parts,
)
from ramanstudio.export.snr_text import format_snr
from ramanstudio.export.spectrum_figure import FigureSpectrum, preview
from ramanstudio.project.groups import Members
from ramanstudio.project.project import Entry, Project
from ramanstudio.project.provenance import edit_rows, source_rows

if TYPE_CHECKING:
    from ramanstudio.library.library import Library
    from ramanstudio.processing.runner import Processed
    from ramanstudio.search.matches import Identification

TEMPLATE: Final = "report.html.j2"
FULL, SUMMARY = "full", "summary"
LAYOUTS: Final = {FULL: "Everything about each spectrum", SUMMARY: "One row for each spectrum"}
MAX_SUBJECTS: Final = 50
MAX_ROWS: Final = 2000  # of a summary
_SUMMARY_PEAKS: Final = 5
_FIGURE: Final = FigureOptions(width_mm=170, height_mm=75, font_size=8, title=False, peak_labels=True)
_FIGURE_DPI: Final = 200
_FIGURE_PX: Final = 640  # width on a page
_MAX_PEAKS: Final = 20
_MAX_CANDIDATES: Final = 5
_MAX_LOGO_BYTES: Final = 2_000_000
_LOGO_TYPES: Final = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif"}
_CONDITIONS: Final = (  # keys of metadata
    *("laser_nm", "laser_power_mw", "laser_power_percent", "exposure_s", "accumulations", "grating", "objective"),
    *("numerical_aperture", "slit_um", "detector", "instrument", "date", "sample", "operator"),
)


@dataclass(frozen=True, slots=True)
class ReportHeader:
    """What stands above a report: title, author, laboratory, notes, and the file of a logo."""

    title: str = "Raman report"
    author: str = ""
    laboratory: str = ""
    notes: str = ""
    logo: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReportSubject:
    """One set of spectra of a report.

    `source` as measured (N, B), `measured` the same on the axis and scale of `final` (N, B'), which is what the recipe
    left, with its standard `error` (N, B'), correlated over `correlation_cm`. `snr` are the medians before and after
    denoising. `steps` are titles and what each step did. `identification` is that of a single spectrum, `libraries`
    those that it counts. `groups` are those of the spectra of a set, `edited` what the user set by hand.
    """

    name: str
    path: Path
    source: SpectrumSet
    measured: SpectrumSet
    final: SpectrumSet
    error: Any = None
    snr: tuple[float, float] | None = None
    steps: tuple[tuple[str, str], ...] = ()
    correlation_cm: float = 0.0
    model: str = ""
    identification: Identification | None = None
    libraries: Sequence[Library | None] = field(default=())
    groups: GroupsOfSet | None = None
    edited: tuple[tuple[str, str], ...] = ()

    @property
    def entry(self) -> Entry:
        """The same as an entry of a project, of which provenance is known."""
        return Entry(0, self.name, self.path, self.source, file_index=0)


def subject_of_processed(
    name: str, path: Path, source: SpectrumSet, processed: Processed, **others: Any
) -> ReportSubject:
    """What a recipe made of `source`, for a report; `others` are further fields of ReportSubject."""
    from ramanstudio.processing.stages import like_processed

    before, after = (np.asarray(snr)[np.isfinite(snr)] for snr in (processed.snr_before, processed.snr_after))
    snr = (float(np.median(before)), float(np.median(after))) if before.size and after.size else None
    steps = tuple(
        (step.title, result.summary) for step, result in zip(processed.steps, processed.results, strict=False)
    )
    measured = like_processed(source, processed)
    correlation_cm = processed.results[-1].state.correlation_cm if processed.results else 0.0
    fields: dict[str, Any] = {
        "error": processed.expected_error,
        "snr": snr,
        "steps": steps,
        "correlation_cm": correlation_cm,
    }
    return ReportSubject(name, path, source, measured, processed.spectra, **fields, **others)


def subjects_of_project(
    project: Project, entries: Sequence[Entry], libraries: Sequence[Library]
) -> list[ReportSubject]:
    """The entries of a project for a report; of those that could not be read there is nothing to report."""
    by_hash = {library.hash: library for library in libraries}
    subjects = []
    for entry in entries:
        if entry.source is None:
            continue
        result, found = project.result(entry), project.identification(entry)
        edited = tuple((row.name, row.text) for row in edit_rows(entry))
        others: dict[str, Any] = {"edited": edited, "groups": _groups_of(project, entry)}
        if found is not None and len(entry.source) == 1:
            others |= {"identification": found.results[0], "libraries": [by_hash.get(key) for key in found.libraries]}
        if result is None or result.processed is None:
            subjects.append(ReportSubject(entry.name, entry.path, entry.source, entry.source, entry.source, **others))
        else:
            others["model"] = result.model
            subjects.append(subject_of_processed(entry.name, entry.path, entry.source, result.processed, **others))
    return subjects


def _groups_of(project: Project, entry: Entry) -> GroupsOfSet | None:
    """The groups of the spectra of a set; None where it has none."""
    groups = project.groups
    if groups is None or entry.source is None or len(entry.source) < 2:
        return None
    mine = groups.for_members(Members.of_entries([(entry.id, len(entry.source))]))
    known = np.unique(mine.labels[mine.labels >= 0])
    if not known.size:
        return None
    labels = np.searchsorted(known, mine.labels)
    names = tuple(mine.groups[number].name for number in known.tolist())
    return GroupsOfSet(names, np.where(mine.labels >= 0, labels, OUTLIER))


def render(
    subjects: Sequence[ReportSubject],
    header: ReportHeader,
    template: Path | None = None,
    progress: Progress = SILENT,
    layout: str = FULL,
) -> str:
    """Return the report as HTML, from `template` or the one that ships; `layout` is one of LAYOUTS.

    Raises StudioError when there is nothing to report, or too much, or the template or logo cannot be used.
    """
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    if not subjects:
        raise StudioError("There is nothing to report.", remedy="Select at least one spectrum.")
    most = MAX_SUBJECTS if layout == FULL else MAX_ROWS
    if len(subjects) > most:
        raise StudioError(
            f"A report has at most {most} spectra or maps, and these are {len(subjects)}.",
            remedy="Select fewer, write several reports, or a summary." if layout == FULL else "Select fewer.",
        )
    path = template or bundled_path("resources", "report", TEMPLATE)
    try:
        text = path.read_text(encoding="utf-8")
        # A template that was copied from elsewhere can read what it is given, and nothing else.
        page = SandboxedEnvironment(autoescape=True, trim_blocks=True).from_string(text)
        shown = progress.steps(list(subjects), "spectra")
        return page.render(
            header={
                "title": header.title,
                "author": header.author,
                "laboratory": header.laboratory,
                "notes": header.notes,
                "logo": _logo(header.logo) if header.logo is not None else "",
            },
            created=f"{datetime.now():%Y-%m-%d %H:%M}",
            program=_program(subjects),
            layout=layout,
            subjects=[_rendered(subject) for subject in shown] if layout == FULL else [],
            rows=[_summary(subject) for subject in shown] if layout == SUMMARY else [],
        )
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise StudioError(
            f"The template '{path.name}' cannot be read: {reason}.", remedy="Choose another one."
        ) from error
    except jinja2.TemplateError as error:
        raise StudioError(
            f"The template '{path.name}' has an error: {error}.", remedy="Mend it, or begin with a new copy of ours."
        ) from error


def write_html(path: Path, html: str) -> Path:
    """Write a report. Raises StudioError when it cannot be written."""
    atomic_write(path, html)
    return path


def paths_of_each(path: Path, subjects: Sequence[ReportSubject]) -> list[Path]:
    """Return a file for each subject beside `path`, named after it: `report-quartz.pdf`, `report-quartz-2.pdf`, …."""
    taken: set[str] = set()
    paths = []
    for subject in subjects:
        name = subject.name.replace(subject.path.suffix, "", 1) if subject.path.suffix else subject.name
        stem, number = fill_pattern("{name}", {"name": f"{path.stem}-{name}"}), 1
        while (unique := stem if number == 1 else f"{stem}-{number}").casefold() in taken:
            number += 1
        taken.add(unique.casefold())
        paths.append(path.with_name(f"{unique}{path.suffix}"))
    return paths


def copy_template(path: Path) -> Path:
    """Write a copy of the template that ships, to be changed. Raises StudioError when it cannot be written."""
    atomic_write(path, bundled_path("resources", "report", TEMPLATE).read_bytes())
    return path


def _rendered(subject: ReportSubject) -> Mapping[str, Any]:
    peaks = _peaks(subject)
    return {
        "name": subject.name,
        "path": str(subject.path),
        "facts": _conditions(subject),
        "warnings": _warnings(subject),
        "snr": _snr(subject),
        "steps": [(title, done) for title, done in subject.steps],
        "figure": _figure(subject, [row["position"] for row in peaks]),
        "figure_width": _FIGURE_PX,
        "substance": _substance(subject),
        "difference": _difference(subject),
        "peaks": [row["texts"] for row in peaks],
        "maps": map_parts(subject.final, subject.groups),
        "groups": group_rows(subject.final, subject.groups),
        "calibration": calibration_rows(subject.final.about),
        "origin": [(row.name, row.text) for row in source_rows(subject.entry)[1:]],
        "edited": subject.edited or tuple((row.name, row.text) for row in edit_rows(subject.entry)),
    }


def _summary(subject: ReportSubject) -> Mapping[str, str]:
    """One row of a summary of many."""
    substance = _substance(subject)
    strongest = sorted(_peaks(subject), key=lambda row: row["height"], reverse=True)[:_SUMMARY_PEAKS]
    return {
        "name": subject.name,
        "spectra": format_number(len(subject.source)),
        "snr": _snr(subject) or "–",
        "substance": str(substance["verdict"]) if substance is not None else "–",
        "peaks": ", ".join(f"{row['position']:.0f}" for row in strongest) or "–",
        "groups": ", ".join(f"{name} {share}" for name, _, share, _ in group_rows(subject.final, subject.groups)),
        "warnings": " ".join(_warnings(subject)),
    }


def _difference(subject: ReportSubject) -> Mapping[str, Any] | None:
    """The best match over a single spectrum; none of an unknown, which no reference fits."""
    found = subject.identification
    if found is None or found.unknown or not found.matches or len(subject.final) != 1:
        return None
    best = found.matches[0]
    library = subject.libraries[best.library] if best.library < len(subject.libraries) else None
    return difference_part(subject.name, subject.final, subject.error, best, library)


def _figure(subject: ReportSubject, peaks: Sequence[float]) -> str:
    """The spectrum, or the mean of a set, as an image in the text of a page."""
    is_processed = subject.final is not subject.source
    drawn = FigureSpectrum.of_set(
        subject.name, subject.measured, subject.final, subject.error if is_processed else None, peaks=tuple(peaks)
    )
    if not is_processed:
        drawn = FigureSpectrum(subject.name, drawn.shift, drawn.values, None, None, tuple(peaks), unit=drawn.unit)
    return image_text(preview([drawn], _FIGURE, _FIGURE_DPI))


def _snr(subject: ReportSubject) -> str:
    if subject.snr is None:
        return ""
    before, after = subject.snr
    median = "" if len(subject.source) == 1 else f", medians of {format_number(len(subject.source))} spectra"
    gain = f" (×{format_snr(after / before)})" if before > 0 else ""
    return f"{format_snr(before)} → {format_snr(after)}{gain}{median}"


def _warnings(subject: ReportSubject) -> list[str]:
    """What a check of the measured spectra found."""
    from ramanstudio.signal.quality import check_quality

    return [finding.sentence for finding in check_quality(subject.source).sentences()]


def _conditions(subject: ReportSubject) -> list[tuple[str, str]]:
    source = subject.source
    rows = [("Spectra", format_number(len(source)))] if len(source) > 1 else []
    rows.append(("Range", f"{source.axis[0]:.1f} to {source.axis[-1]:.1f} cm⁻¹, {format_number(source.points)} points"))
    for key in _CONDITIONS:
        if (text := value_text(source.about.get(key))) != "":
            rows.append((BY_KEY[key].name, f"{text} {BY_KEY[key].unit}".strip()))
    return rows


def _substance(subject: ReportSubject) -> Mapping[str, Any] | None:
    found = subject.identification
    if found is None:
        return None
    candidates = found.matches[: max(found.candidate_set_size, 1)][:_MAX_CANDIDATES]
    if found.unknown or not found.matches:
        verdict = "Unknown: no reference fits well enough."
    elif len(candidates) == 1:
        verdict = candidates[0].name
    else:
        verdict = f"One of: {', '.join(match.name for match in candidates)} (nine times in ten)."
    rows = []
    for match in found.matches[:_MAX_CANDIDATES]:
        library = subject.libraries[match.library] if match.library < len(subject.libraries) else None
        rows.append(
            {
                "name": match.name,
                "probability": format_probability(match.probability),
                "hqi": format_number(match.hqi),
                "library": library.title if library is not None else "",
                "missing": ", ".join(f"{shift:.0f}" for shift in match.missing[:6]),
                "extra": ", ".join(f"{shift:.0f}" for shift in match.extra[:6]),
            }
        )
    return {"verdict": verdict, "explanation": found.explanation, "rows": rows}


def _peaks(subject: ReportSubject) -> list[dict[str, Any]]:
    """The most significant peaks of a single spectrum, by position; none of a set."""
    from ramanstudio import peaks

    if len(subject.final) != 1:
        return []
    try:
        table = peaks.find(subject.final, expected_error=subject.error, correlation_cm=subject.correlation_cm)
    except StudioError:
        return []
    strongest = np.argsort(table["significance"])[::-1][:_MAX_PEAKS]
    rows = []
    for index in sorted(strongest, key=lambda index: table["position"][index]):
        value = {name: float(table[name][index]) for name in ("position", "fwhm", "height")}
        error = {name: float(table[f"{name}_error"][index]) for name in value}
        texts = {name: _with_error(value[name], error[name]) for name in value}
        texts["significance"] = format_significant(float(table["significance"][index]), 3)
        rows.append({"position": value["position"], "height": value["height"], "texts": texts})
    return rows


def _with_error(value: float, error: float) -> str:
    """A value with its standard error, to two digits of the error."""
    if not np.isfinite(error) or error <= 0:
        return format_significant(value)
    decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, 6))
    return f"{value:.{decimals}f} ± {error:.{decimals}f}"


def _program(subjects: Sequence[ReportSubject]) -> str:
    models = sorted({subject.model for subject in subjects if subject.model})
    return f"RamanStudio {__version__}" + (f", model {', '.join(models)}" if models else "")


def _logo(path: Path) -> str:
    """A picture as text in a page. Raises StudioError when it is none, or larger than 2 MB."""
    kind = _LOGO_TYPES.get(path.suffix.lower())
    if kind is None:
        raise StudioError(f"'{path.name}' is no picture for a logo.", remedy="Choose a PNG, JPEG or GIF file.")
    content = path.read_bytes()
    if len(content) > _MAX_LOGO_BYTES:
        raise StudioError(f"The logo '{path.name}' is larger than 2 MB.", remedy="Choose a smaller picture.")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
