"""`ramanstudio identify`: what spectra are, as a table with a row per match."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.cli.library import open_libraries
from ramanstudio.cli.mixtures import write_mixtures
from ramanstudio.cli.outputs import find_files_for_table
from ramanstudio.cli.spectra import compute_per_axis
from ramanstudio.cli.terminal import format_table, plural, progress_bars, short_name
from ramanstudio.cli.verb import Verb
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.library import library as libraries
from ramanstudio.library.library import SUFFIX, Library

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region, ShiftRange
    from ramanstudio.engine import Engine
    from ramanstudio.search.matches import Identification

_HIGHEST_PROBABILITY: Final = 0.99  # shown; nothing is more certain than that
_PRINTED_ROWS: Final = 60  # the table has them all
HEADER: Final = (
    "file", "spectrum", "rank", "name", "chance", "HQI", "Pearson", "Euclid", "gap", "matched bands / cm-1",
    "missing bands / cm-1", "extra bands / cm-1", "unknown", "candidate", "library", "sample", "why",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search: in the files or titles `libraries`, for the `top` matches, within `region` or the whole range."""

    libraries: Sequence[str]
    top: int
    region: Region | None
    mixtures: bool


class Identified(NamedTuple):
    """One spectrum with its identification: row `row` of `spectra`, read from `file`, where it is called `name`."""

    file: Path
    spectra: SpectrumSet
    row: int
    name: str
    identification: Identification


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `identify`."""
    options.add_files(parser)
    options.add_out_table(parser, "match")
    parser.add_argument(
        "--library",
        action="append",
        default=[],
        metavar="LIB",
        help="a library to search: its file, or the title of one of yours; may be given several times (all of yours)",
    )
    parser.add_argument("--top", type=int, default=5, metavar="N", help="matches per spectrum (5)")
    parser.add_argument(
        "--from", dest="low", type=float, metavar="CM", help="compare only above this Raman shift, in cm⁻¹"
    )
    parser.add_argument("--to", dest="high", type=float, metavar="CM", help="compare only below this Raman shift")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="A-B",
        help="exclude a range of Raman shifts, such as 500-540; may be given several times",
    )
    parser.add_argument(
        "--mixtures",
        action="store_true",
        help="also fit each spectrum as a mixture of up to four substances, and write the fractions to X_mixtures.csv",
    )
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Identify spectra by libraries; returns the exit code.

    When cancelled, the identifications made so far are written. Raises StudioError when there is no library or the
    table cannot be written.
    """
    from ramanstudio.engine import Engine

    files = find_files_for_table(arguments.files, arguments.out)
    search = _search_options(arguments)
    engine = Engine.load(arguments.model, arguments.device)
    opened = _with_fingerprints(engine, open_libraries(search.libraries))
    reader = BatchReader("Identifying", files, arguments.laser_nm)
    identified: list[Identified] = []
    try:
        for batch in reader.batches():
            identified += _identify(engine, opened, search, batch.sources, reader, batch.progress)
    finally:
        reader.bar.clear()
        if identified:
            write_csv(arguments.out, _match_rows(identified, opened))
    if identified:
        mixtures_path = arguments.out.with_name(f"{arguments.out.stem}_mixtures{arguments.out.suffix}")
        if search.mixtures:
            write_mixtures(
                mixtures_path,
                [(item.file, item.name, item.spectra[item.row]) for item in identified],
                opened,
                search.region,
            )
        _print_best(identified)
        titles = ", ".join(library.title for library in opened)
        print(
            f"Compared {plural(len(identified), 'spectrum', 'spectra')} with {titles} on {engine.device_name}."
            f" Table: {arguments.out}"
        )
        if search.mixtures:
            print(f"Components of each spectrum: {mixtures_path}")
    return exit_code(len(identified), len(reader.failed))


VERB: Final = Verb("identify", "Identify spectra by libraries of reference spectra.", add_arguments, run)


def _search_options(arguments: Namespace) -> SearchOptions:
    """Raises StudioError when a number or a range makes no sense."""
    if arguments.top < 1:
        raise StudioError("--top must be 1 or more.", remedy="Give how many matches to write.")
    return SearchOptions(arguments.library, arguments.top, _region(arguments), arguments.mixtures)


def _region(arguments: Namespace) -> Region | None:
    excluded = tuple(_parse_range(text) for text in arguments.without)
    if arguments.low is None and arguments.high is None and not excluded:
        return None
    low = -np.inf if arguments.low is None else arguments.low
    high = np.inf if arguments.high is None else arguments.high
    if not low < high:
        raise StudioError(f"There is nothing from {low:g} to {high:g} cm⁻¹.", remedy="Give --from below --to.")
    from ramanstudio.core.ranges import Region

    return Region(float(low), float(high), excluded)


def _parse_range(text: str) -> ShiftRange:
    try:
        low, high = map(float, text.replace("–", "-").split("-"))
    except ValueError:
        low, high = 0.0, 0.0
    if not low < high:
        raise StudioError(f"'{text}' is not a range of Raman shifts.", remedy="Give one such as --without 500-540.")
    return low, high


def _identify(
    engine: Engine,
    opened: Sequence[Library],
    search: SearchOptions,
    sources: Sequence[Source],
    reader: BatchReader,
    progress: Progress,
) -> list[Identified]:
    """The identification of each spectrum of the sources, in their order."""

    def identify(spectra: SpectrumSet, progress: Progress) -> Sequence[Identification]:
        return engine.identify(spectra, opened, search.top, search.region, progress)

    return [
        Identified(file, spectra, row, name, identification)
        for (file, spectra), identifications in compute_per_axis(sources, reader, progress, identify)
        for row, (name, identification) in enumerate(zip(spectrum_names(spectra), identifications, strict=True))
    ]


def _match_rows(identified: Sequence[Identified], opened: Sequence[Library]) -> Iterator[Sequence[str]]:
    yield HEADER
    for file, _, _, name, identification in identified:
        unknown = "yes" if identification.unknown else "no"
        if not identification.matches:
            yield (str(file), name, *[""] * 10, unknown, "", "", "", identification.explanation)
        for rank, match in enumerate(identification.matches, start=1):
            library, bands = opened[match.library], (match.matched, match.missing, match.extra)
            indices = (f"{match.hqi:.0f}", f"{match.pearson:.3f}", f"{match.euclid:.3f}", f"{match.gap:.3f}")
            shifts = (" ".join(f"{shift:.0f}" for shift in kind) for kind in bands)
            candidate = "yes" if rank <= identification.candidate_set_size else "no"
            reference = (library.title, str(library.samples[match.reference]))
            numbers = (f"{match.probability:.3f}", *indices)
            verdict = (unknown, candidate, *reference, identification.explanation)
            yield (str(file), name, str(rank), match.name, *numbers, *shifts, *verdict)


def _print_best(identified: Sequence[Identified]) -> None:
    """Print the best match of each spectrum, or for many spectra the number of each substance."""
    if len(identified) > _PRINTED_ROWS:
        counts = Counter(
            UNKNOWN if item.identification.unknown else item.identification.matches[0].name for item in identified
        )
        rows = [(name, str(count)) for name, count in counts.most_common(_PRINTED_ROWS)]
        print(format_table(("substance", "spectra"), rows))
        return
    print(format_table(("spectrum", "best match", "probability", "HQI"), [_best_row(item) for item in identified]))
    if len(identified) == 1 and identified[0].identification.explanation:
        print(identified[0].identification.explanation)


def _best_row(item: Identified) -> tuple[str, ...]:
    best = item.identification.matches[0] if item.identification.matches else None
    file = short_name(item.file.name)
    spectrum = file if len(item.spectra) == 1 else f"{file} {item.name}"
    if best is None:
        return spectrum, UNKNOWN, "", ""
    name = f"{UNKNOWN}; nearest {best.name}" if item.identification.unknown else best.name
    return spectrum, name, _format_probability(best.probability), f"{best.hqi:.0f}"


def _format_probability(probability: float) -> str:
    """A probability in percent, never 100 and never 0."""
    if probability >= _HIGHEST_PROBABILITY:
        return "> 99 %"
    return "< 1 %" if probability < 1 - _HIGHEST_PROBABILITY else f"{100 * probability:.0f} %"


def _with_fingerprints(engine: Engine, opened: Sequence[Library]) -> list[Library]:
    """The libraries with the fingerprints that the engine compares; they are computed where they are missing.

    Where a library cannot be written, a copy in the user's folder has them, and is used from then on.
    """
    prepared = []
    for library in opened:
        if library.fingerprint_version != engine.fingerprint_version and not os.access(library.path.parent, os.W_OK):
            copy = paths.user_data() / f"prepared-{library.hash[:16]}{SUFFIX}"
            library = libraries.open(copy) if copy.is_file() else libraries.merged(copy, [library], library.title)
        with progress_bars(f"Preparing '{library.title}'") as progress:
            prepared.append(library.with_fingerprints(engine, progress))
    return prepared
