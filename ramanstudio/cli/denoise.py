"""`ramanstudio denoise`: denoised spectra as files, and a summary of their signal-to-noise ratios."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import Batch, BatchReader, Source, find_files
from ramanstudio.cli.terminal import format_table, short_name
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.batches import MIN_TOGETHER
from ramanstudio.export.denoised_files import RESULT_FORMATS
from ramanstudio.export.snr_text import format_snr, median_snr
from ramanstudio.export.summary import ResultFolder, earlier_files

if TYPE_CHECKING:
    from ramanstudio.denoising.denoised import Denoised
    from ramanstudio.engine import Engine

HEADER: Final = ("file", "points", "SNR before", "SNR after", "gain")
BY_FILE, ALL, SEPARATELY = "file", "all", "no"  # what is denoised as a set
_PRINTED_ROWS: Final = 60  # the summary has them all

WriteResult = Callable[[Path, SpectrumSet, "Denoised"], None]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `denoise`."""
    options.add_files(parser)
    options.add_out_folder(parser)
    parser.add_argument("--format", choices=RESULT_FORMATS, default="csv", help="of the results (csv)")
    parser.add_argument(
        "--together",
        choices=(BY_FILE, ALL, SEPARATELY),
        default=BY_FILE,
        help="denoise as a set, using what its spectra share: those of one file that holds four or more, as the window"
        " does (file); all on one axis, such as repeats saved one per file, four million intensities at a time (all);"
        " or each spectrum by itself (no)",
    )
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Denoise files; returns the exit code."""
    from ramanstudio.engine import Engine

    files = _find_files(arguments.files, arguments.out)
    results = ResultFolder(arguments.out, arguments.format, files, arguments.overwrite)
    engine = Engine.load(arguments.model, arguments.device)
    rows: list[tuple[str, ...]] = []

    def write(file: Path, raw: SpectrumSet, denoised: Denoised) -> None:
        results.write(raw, denoised)
        rows.append(table_row(file, raw, denoised))

    try:
        n_failed = denoise_files(engine, files, arguments.laser_nm, write, arguments.together)
    finally:
        if rows:
            results.write_summary()
    if 0 < len(rows) <= _PRINTED_ROWS:
        print(format_table(HEADER, rows))
    if rows:
        print(
            f"Denoised {len(files) - n_failed} of {len(files)} files on {engine.device_name}. Table: {results.summary}"
        )
    return exit_code(len(rows), n_failed)


def _find_files(given: Sequence[Path], out: Path) -> list[Path]:
    """The files to denoise; results in the folder `out` only if they are named."""
    named, folder = {path.absolute() for path in given}, out.absolute()
    earlier = earlier_files(folder)

    def skip(file: Path) -> bool:
        path = file.absolute()
        return path not in named and (path in earlier or (folder in path.parents and folder not in named))

    return find_files(given, skip)


VERB: Final = Verb(
    "denoise", "Denoise files and folders; write the spectra and their SNR before and after.", add_arguments, run
)


def table_row(file: Path, raw: SpectrumSet, denoised: Denoised) -> tuple[str, ...]:
    """Return the printed row of one set under HEADER; medians for several spectra."""
    points = f"{raw.points}" if len(raw) == 1 else f"{len(raw)} × {raw.points}"
    return (short_name(file.name), points, *map(format_snr, median_snr(denoised)))


def denoise_files(
    engine: Engine, files: Sequence[Path], laser_nm: float | None, write: WriteResult, together: str = BY_FILE
) -> int:
    """Read and denoise `files` in batches, and `write` each result; return how many files failed."""
    reader = BatchReader("Denoising", files, laser_nm)
    try:
        for batch in reader.batches():
            _denoise_batch(engine, batch, write, reader, together)
    finally:
        reader.bar.clear()
    return len(reader.failed)


def _denoise_batch(engine: Engine, batch: Batch, write: WriteResult, reader: BatchReader, together: str) -> None:
    written: set[int] = set()

    def show(finished: tuple[int, Denoised | StudioError]) -> None:
        index, result = finished
        written.add(index)
        file, raw = batch.sources[index]
        try:
            if isinstance(result, StudioError):
                raise result
            write(file, raw, result)
        except StudioError as error:
            reader.fail(file, error)

    progress = Progress(batch.progress, show, reader.bar.say)
    try:
        engine.denoise_each([source.spectra for source in batch.sources], progress, _set_ids(batch.sources, together))
    except Cancelled:
        raise
    except Exception as error:  # of one source: the others are denoised by themselves
        pending = [source for index, source in enumerate(batch.sources) if index not in written]
        if len(batch.sources) == 1:
            reader.fail(batch.sources[0].file, error)
            return
        for source in pending:
            _denoise_batch(engine, Batch([source], batch.progress), write, reader, together)


def _set_ids(sources: Sequence[Source], together: str) -> Sequence[int]:
    """For each source the number of the set that it is denoised with; 0, or none at all, for each by itself."""
    if together == ALL:
        return [1] * len(sources)
    if together == SEPARATELY:
        return ()
    return [number if len(source.spectra) >= MIN_TOGETHER else 0 for number, source in enumerate(sources, start=1)]
