"""`ramanstudio identify`: what spectra are, as a table with a row per match."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
from ramanstudio.core.numbers import format_probability
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.identifications import IdentifiedSet, write_identifications
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.library import library as libraries
from ramanstudio.library.library import SUFFIX, Library

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region, ShiftRange
    from ramanstudio.engine import Engine
    from ramanstudio.search.matches import Identification

_PRINTED_ROWS: Final = 60  # the table has them all
_MIN_POINTS: Final = 8  # of a spectrum that are compared


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search: in the files or titles `libraries`, for the `top` matches, within `region` or the whole range."""

    libraries: Sequence[str]
    top: int
    region: Region | None
    mixtures: bool


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

    search = _search_options(arguments)
    mixtures_path = arguments.out.with_name(f"{arguments.out.stem}_mixtures{arguments.out.suffix}")
    also = [mixtures_path] if search.mixtures else []
    files = find_files_for_table(arguments.files, arguments.out, arguments.overwrite, also)
    engine = Engine.load(arguments.model, arguments.device)
    opened = _with_fingerprints(engine, open_libraries(search.libraries))
    reader = BatchReader("Identifying", files, arguments.laser_nm)
    sets: list[IdentifiedSet] = []
    try:
        for batch in reader.batches():
            sets += _identify(engine, opened, search, batch.sources, reader, batch.progress)
    finally:
        reader.bar.clear()
        if sets:
            write_identifications(arguments.out, sets)
    if sets:
        if search.mixtures:
            write_mixtures(mixtures_path, [(item.path, item.spectra) for item in sets], opened, search.region)
        _print_best(sets)
        n_spectra = plural(sum(len(item.spectra) for item in sets), "spectrum", "spectra")
        titles = ", ".join(library.title for library in opened)
        print(f"Compared {n_spectra} with {titles} on {engine.device_name}. Table: {arguments.out}")
        if search.mixtures:
            print(f"Components of each spectrum: {mixtures_path}")
    return exit_code(sum(len(item.spectra) for item in sets), len(reader.failed))


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
) -> list[IdentifiedSet]:
    """The sources that could be searched, with the identification of each spectrum."""

    def identify(spectra: SpectrumSet, progress: Progress) -> Sequence[Identification]:
        if search.region is not None and search.region.contains(spectra.axis).sum() < _MIN_POINTS:
            span = f"{spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹"
            raise StudioError(
                f"Fewer than {_MIN_POINTS} points are left to compare.",
                remedy=f"These spectra span {span}: change --from, --to or --without.",
            )
        return engine.identify(spectra, opened, search.top, search.region, progress)

    return [
        IdentifiedSet(file, spectra, identifications, opened)
        for (file, spectra), identifications in compute_per_axis(sources, reader, progress, identify)
    ]


def _print_best(sets: Sequence[IdentifiedSet]) -> None:
    """Print the best match of each spectrum, or for many spectra the number of each substance."""
    identifications = [identification for item in sets for identification in item.identifications if identification]
    if len(identifications) > _PRINTED_ROWS:
        counts = Counter(UNKNOWN if item.unknown else item.matches[0].name for item in identifications)
        substances = [(name, str(count)) for name, count in counts.most_common(_PRINTED_ROWS)]
        print(format_table(("substance", "spectra"), substances))
        return
    rows = []
    for item in sets:
        file = short_name(item.path.name)
        for name, identification in zip(spectrum_names(item.spectra), item.identifications, strict=True):
            spectrum = file if len(item.spectra) == 1 else f"{file} {name}"
            if identification is not None:
                rows.append((spectrum, *_best_cells(identification)))
    print(format_table(("spectrum", "best match", "probability", "HQI"), rows))
    if len(identifications) == 1 and identifications[0].explanation:
        print(identifications[0].explanation)


def _best_cells(identification: Identification) -> tuple[str, str, str]:
    """The best match of a spectrum with its probability and HQI."""
    if not identification.matches:
        return UNKNOWN, "", ""
    best = identification.matches[0]
    name = f"{UNKNOWN}; nearest {best.name}" if identification.unknown else best.name
    return name, format_probability(best.probability), f"{best.hqi:.0f}"


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
