"""`ramanstudio report`: a report of spectra as HTML or PDF, as the window's *Report…* writes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source, find_files
from ramanstudio.cli.library import open_libraries
from ramanstudio.cli.outputs import require_writable
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.export.report import (
    FULL,
    SUMMARY,
    ReportHeader,
    ReportSubject,
    paths_of_each,
    render,
    subject_of_processed,
    write_html,
)

if TYPE_CHECKING:
    from ramanstudio.engine import Engine
    from ramanstudio.library.library import Library
    from ramanstudio.processing.recipe import Recipe

_HTML_TO_PDF: Final = "--html-to-pdf"  # of the program: the library of the window writes PDF, and this verb knows no Qt


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `report`."""
    options.add_files(parser)
    parser.add_argument("--out", type=options.path, required=True, metavar="X.pdf", help="the report: .pdf or .html")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--each", action="store_true", help="a report for each spectrum: X-quartz.pdf, X-calcite.pdf, …")
    how.add_argument("--summary", action="store_true", help="a table with one row for each spectrum")
    options.add_overwrite(parser)
    parser.add_argument("--recipe", default="Default", metavar="RECIPE", help="as for `process` (Default)")
    parser.add_argument(
        "--library",
        action="append",
        default=[],
        metavar="LIB",
        help="identify by this library: its file, or the title of one of yours; may be given several times (none)",
    )
    for name in ("title", "author", "laboratory", "notes"):
        parser.add_argument(f"--{name}", default="", metavar="TEXT", help=f"{name} above the report")
    parser.add_argument("--logo", type=options.path, metavar="PICTURE", help="picture above the report: PNG, JPEG, GIF")
    parser.add_argument("--template", type=options.path, metavar="T.j2", help="template of your own (Jinja2)")
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Write the report; returns the exit code."""
    from ramanstudio.engine import Engine
    from ramanstudio.processing.recipe import find_recipe

    out: Path = arguments.out
    if out.suffix.lower() not in (".pdf", ".html", ".htm"):
        raise StudioError(f"A report cannot be saved as '{out.name}'.", remedy="Choose a name ending in .pdf or .html.")
    recipe = find_recipe(arguments.recipe)
    files = find_files(arguments.files, lambda file: file.absolute() == out.absolute())
    if not arguments.each:
        require_writable(out, files, arguments.overwrite)
    opened = open_libraries(arguments.library) if arguments.library else []
    engine = Engine.load(arguments.model, arguments.device)
    reader = BatchReader("Reading", files, arguments.laser_nm)
    subjects = _subjects(reader.read_all(), recipe, engine, opened, reader)
    if subjects:
        header = ReportHeader(
            arguments.title or "Raman report", arguments.author, arguments.laboratory, arguments.notes, arguments.logo
        )
        if arguments.each:
            _write_each(subjects, header, arguments, files)
        else:
            layout = SUMMARY if arguments.summary else FULL
            _write(out, render(subjects, header, arguments.template, layout=layout))
            print(f"Report: {out}")
    return exit_code(len(subjects), len(reader.failed))


def _write_each(
    subjects: Sequence[ReportSubject], header: ReportHeader, arguments: Namespace, files: Sequence[Path]
) -> None:
    """Write a report of each subject beside `--out`, named after it."""
    outputs = [(subject, path) for subject, path in zip(subjects, paths_of_each(arguments.out, subjects), strict=True)]
    for _, path in outputs:
        require_writable(path, files, arguments.overwrite)
    for subject, path in outputs:
        _write(path, render([subject], header, arguments.template))
        print(f"Report: {path}")


def _subjects(
    sources: Sequence[Source], recipe: Recipe, engine: Engine, opened: Sequence[Library], reader: BatchReader
) -> list[ReportSubject]:
    subjects = []
    for file, spectra in sources:
        try:
            processed = recipe.apply(spectra, engine)
            others: dict[str, Any] = {"model": engine.card.name}
            if opened and len(spectra) == 1:
                others |= {"identification": engine.identify(spectra, opened)[0], "libraries": opened}
            subjects.append(subject_of_processed(file.name, file, spectra, processed, **others))
        except StudioError as error:
            reader.fail(file, error)
    return subjects


def _write(out: Path, html: str) -> None:
    if out.suffix.lower() != ".pdf":
        write_html(out, html)
        return
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "ramanstudio"]
    with tempfile.TemporaryDirectory() as folder:
        page = write_html(Path(folder) / "report.html", html)
        command = [*program, _HTML_TO_PDF, str(page), str(out.absolute())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        reason = f": {said[-1]}" if said else ""
        raise StudioError(f"The report could not be written as PDF{reason}", remedy="Write .html, and print it as PDF.")


VERB: Final = Verb("report", "Write a report of spectra as PDF or HTML.", add_arguments, run)
