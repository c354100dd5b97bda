"""The verb identify: what spectra are of, as a table with a line for each hit."""

from __future__ import annotations

import itertools
import os
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.cli.features import bars, write_table
from ramanstudio.cli.files import Reading, Source
from ramanstudio.cli.library import open_all
from ramanstudio.cli.terminal import table
from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.export.tables import spectrum_names
from ramanstudio.library import library as libraries
from ramanstudio.library.library import SUFFIX, Library
from ramanstudio.library.reference import FEWEST_POINTS
from ramanstudio.signal import snr

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region
    from ramanstudio.engine import Engine
    from ramanstudio.search.matches import Identification

MOST_SURE: Final = 0.99  # nothing is surer than can be known
LONGEST_NAME = 48
LONGEST_TABLE = 60  # lines printed; the file has them all
HEADER: Final = (
    "file", "spectrum", "rank", "name", "chance", "HQI", "Pearson", "Euclid", "gap", "matched bands / cm-1",
    "missing bands / cm-1", "extra bands / cm-1", "unknown", "candidate", "library", "sample", "why",
)  # fmt: skip
MIXTURE_HEADER: Final = (
    "file",
    "spectrum",
    "part",
    "name",
    "fraction",
    "error",
    "residual / noise",
    "library",
    "sample",
    "why",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a search: which `libraries`, how many hits, within which shifts, and whether of mixtures too."""

    libraries: Sequence[str]
    top: int
    within: Region | None
    mixtures: bool


# Identify


def add_asking(parser: ArgumentParser) -> None:
    """What `identify` can be asked for."""
    told = "a library: its file, or the title of one of yours; may be given several times (all of yours)"
    parser.add_argument("--library", action="append", default=[], metavar="LIB", help=told)
    parser.add_argument("--top", type=int, default=5, metavar="N", help="hits for each spectrum (5)")
    parser.add_argument(
        "--from", dest="low", type=float, metavar="CM", help="look only above this Raman shift, in cm⁻¹"
    )
    parser.add_argument("--to", dest="high", type=float, metavar="CM", help="look only below this Raman shift")
    told = "leave out what lies between two Raman shifts, such as 500-540; may be given several times"
    parser.add_argument("--without", action="append", default=[], metavar="A-B", help=told)
    told = "fit each spectrum as a mixture of up to four substances, and write the fractions to X_mixtures.csv"
    parser.add_argument("--mixtures", action="store_true", help=told)


def asked(arguments: Namespace) -> Asked:
    """What the arguments of `identify` ask; raises StudioError when a range is none."""
    if arguments.top < 1:
        raise StudioError("--top needs a number of 1 or more.", remedy="Give how many hits to write.")
    return Asked(arguments.library, arguments.top, _region(arguments), arguments.mixtures)


def _region(arguments: Namespace) -> Region | None:
    without = tuple(_ends(text) for text in arguments.without)
    if arguments.low is None and arguments.high is None and not without:
        return None
    low = -np.inf if arguments.low is None else arguments.low
    high = np.inf if arguments.high is None else arguments.high
    if not low < high:
        raise StudioError(f"Nothing lies from {low:g} to {high:g} cm⁻¹.", remedy="Give --from below --to.")
    from ramanstudio.core.ranges import Region

    return Region(float(low), float(high), without)


def _ends(text: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.replace("–", "-").split("-"))
    except ValueError:
        low, high = 0.0, 0.0
    if not low < high:
        raise StudioError(f"'{text}' is no range of Raman shifts.", remedy="Give two, such as --without 500-540.")
    return low, high


def identify(engine: Engine, files: Sequence[Path], laser_nm: float | None, out: Path, asked: Asked) -> tuple[int, int]:
    """Say what each spectrum of `files` is of, a line for each hit of the CSV `out`.

    Returns how many spectra were identified or called unknown, and how many files failed; when cancelled, what was
    found is written. Raises StudioError when there is no library or `out` cannot be written.
    """
    opened = ready(engine, open_all(asked.libraries))
    reading = Reading("Identifying", files, laser_nm)
    found: list[tuple[Source, Sequence[Identification]]] = []
    try:
        for report, some in reading.some_at_a_time():
            found += _identified(engine, opened, asked, some, reading, Progress(report, on_warning=reading.bar.say))
    finally:
        reading.bar.clear()
        if found:
            write_table(out, _hit_lines(found, opened))
    beside = out.with_name(f"{out.stem}_mixtures{out.suffix}")
    if found and asked.mixtures:
        _write_mixtures(beside, found, opened, asked.within)
    if found:
        _tell(found)
        names = ", ".join(one.title for one in opened)
        many = sum(len(one) for _, one in found)
        print(f"{many} spectr{'um' if many == 1 else 'a'} held against {names} on {engine.device_name}. Table: {out}")
        if asked.mixtures:
            print(f"What each is mixed of: {beside}")
    return sum(len(one) for _, one in found), len(reading.failed)


def _identified(
    engine: Engine,
    opened: Sequence[Library],
    asked: Asked,
    some: Sequence[Source],
    reading: Reading,
    progress: Progress,
) -> list[tuple[Source, Sequence[Identification]]]:
    """Each source with what its spectra are of, in the order given; those of one axis are searched in one go."""
    alike: dict[bytes, list[int]] = {}
    for index, (_, one) in enumerate(some):
        alike.setdefault(one.axis.tobytes(), []).append(index)
    found: dict[int, Sequence[Identification]] = {}
    done, total = 0, sum(len(one) for _, one in some)
    for indices in alike.values():
        sources = [some[index] for index in indices]
        answers = _searched(engine, opened, asked, sources, reading, progress.part(done, total))
        found.update((index, one) for index, one in zip(indices, answers, strict=True) if one is not None)
        done += sum(len(one) for _, one in sources)
    return [(some[index], found[index]) for index in sorted(found)]


def _searched(
    engine: Engine,
    opened: Sequence[Library],
    asked: Asked,
    sources: Sequence[Source],
    reading: Reading,
    progress: Progress,
) -> list[Sequence[Identification] | None]:
    """What the spectra of each source are of; where that fails source by source, with None for those at fault."""
    try:
        answers = engine.identify(stacked([one for _, one in sources]), opened, asked.top, asked.within, progress)
    except StudioError as error:
        if len(sources) == 1:
            reading.fail(sources[0][0], error)
            return [None]
        return [one for source in sources for one in _searched(engine, opened, asked, [source], reading, progress)]
    ends = np.cumsum([0, *(len(one) for _, one in sources)]).tolist()
    return [answers[begin:end] for begin, end in itertools.pairwise(ends)]


def _each(
    found: Sequence[tuple[Source, Sequence[Identification]]],
) -> Iterator[tuple[Path, SpectrumSet, int, str, Identification]]:
    """Each spectrum: its file, its set and row, what it is called there, and what it is of."""
    for (file, one), answers in found:
        for row, (name, answer) in enumerate(zip(spectrum_names(one), answers, strict=True)):
            yield file, one, row, name, answer


def _hit_lines(
    found: Sequence[tuple[Source, Sequence[Identification]]], opened: Sequence[Library]
) -> Iterator[Sequence[str]]:
    yield HEADER
    for file, _, _, name, answer in _each(found):
        unknown = "yes" if answer.unknown else "no"
        if not answer.matches:
            yield (str(file), name, *[""] * 10, unknown, "", "", "", answer.explanation)
        for rank, one in enumerate(answer.matches, start=1):
            of, bands = opened[one.library], (one.matched, one.missing, one.extra)
            classic = (f"{one.hqi:.0f}", f"{one.pearson:.3f}", f"{one.euclid:.3f}", f"{one.gap:.3f}")
            cells = (
                f"{one.probability:.3f}",
                *classic,
                *(" ".join(f"{shift:.0f}" for shift in shifts) for shifts in bands),
            )
            candidate = "yes" if rank <= answer.candidate_set_size else "no"
            last = (unknown, candidate, of.title, str(of.samples[one.reference]), answer.explanation)
            yield (str(file), name, str(rank), one.name, *cells, *last)


def _write_mixtures(
    out: Path,
    found: Sequence[tuple[Source, Sequence[Identification]]],
    opened: Sequence[Library],
    within: Region | None,
) -> None:
    """Take each spectrum apart and write its parts; when cancelled, those found by then."""
    lines: list[tuple[str, ...]] = [MIXTURE_HEADER]
    try:
        with bars("Taking mixtures apart") as progress:
            for file, one, row, name, _ in progress.steps(list(_each(found)), "spectra"):
                lines += [(str(file), name, *cells) for cells in _mixture_cells(one[row], opened, within)]
    finally:
        write_table(out, lines)


def _mixture_cells(
    spectrum: SpectrumSet, opened: Sequence[Library], within: Region | None
) -> Iterator[tuple[str, ...]]:
    """The parts of a spectrum, the largest first; or why there are none, which does not stop the others."""
    try:
        parts, left = _parts(spectrum, opened, within)
    except StudioError as error:
        yield (*[""] * 7, str(error))
        return
    if not parts:
        yield (*[""] * 7, "No substance of the libraries is in it beyond doubt.")
    for number, (of, index, fraction, deviation) in enumerate(parts, start=1):
        numbers = (f"{fraction:.3f}", f"{deviation:.3f}", f"{left:.1f}")
        yield str(number), str(of.names[index]), *numbers, of.title, str(of.samples[index]), str(of.notes[index])


def _parts(
    spectrum: SpectrumSet, opened: Sequence[Library], within: Region | None
) -> tuple[list[tuple[Library, int, float, float]], float]:
    """Up to four references that a spectrum (a set of one) is mixed of, each with its fraction and the error of it.

    And what the fit leaves, in units of the noise: far above one, something else is in it. Raises StudioError when too
    little of it is covered by the libraries.
    """
    from ramanstudio.search.mixture_candidates import mixture_candidates
    from ramanstudio.search.mixtures import unmix

    sigma = float(snr.noise_sigma(spectrum.values)[0])
    if within is not None:
        kept = within.contains(spectrum.axis)
        if kept.sum() < FEWEST_POINTS:
            raise StudioError("Too little is left to take apart.", remedy="Compare a wider range.")
        spectrum = spectrum.with_axis(spectrum.axis[kept], spectrum.values[:, kept])
    places = mixture_candidates(spectrum, sigma, opened)
    names = [str(opened[which].names[index]) for which, index in places]
    references = [opened[which].spectrum(index) for which, index in places]
    mixture = unmix(spectrum.axis, spectrum.values[0], sigma, references, names)
    found = [(*places[part.reference], part.fraction, part.error) for part in mixture.components]
    parts = [(opened[which], index, fraction, error) for which, index, fraction, error in sorted(found, key=_share)]
    return parts, float(np.sqrt(np.nanmean(mixture.residual**2))) / max(sigma, 1e-30)


def _share(part: tuple[int, int, float, float]) -> float:
    return -part[2]


def _tell(found: Sequence[tuple[Source, Sequence[Identification]]]) -> None:
    """The best hit of each spectrum, or of many how often each substance was found."""
    answers = list(_each(found))
    if len(answers) > LONGEST_TABLE:
        counts = Counter(UNKNOWN if one.unknown else one.matches[0].name for *_, one in answers)
        print(table(("substance", "spectra"), [(name, str(many)) for name, many in counts.most_common(LONGEST_TABLE)]))
        return
    rows = []
    for file, one, _, name, answer in answers:
        best = answer.matches[0] if answer.matches else None
        said = UNKNOWN if best is None else f"{UNKNOWN}; nearest {best.name}" if answer.unknown else best.name
        numbers = ("", "") if best is None else (_chance_words(best.probability), f"{best.hqi:.0f}")
        short = file.name if len(file.name) <= LONGEST_NAME else f"{file.name[: LONGEST_NAME - 16]}…{file.name[-15:]}"
        rows.append((short if len(one) == 1 else f"{short} {name}", said, *numbers))
    print(table(("spectrum", "best", "chance", "HQI"), rows))
    if len(answers) == 1 and answers[0][-1].explanation:  # of several the file says why
        print(answers[0][-1].explanation)


def _chance_words(chance: float) -> str:
    """`97 %`, never 100 and never 0."""
    return (
        "> 99 %" if chance >= MOST_SURE else "< 1 %" if chance < 1 - MOST_SURE else f"{chance:.0%}".replace("%", " %")
    )


def ready(engine: Engine, opened: Sequence[Library]) -> list[Library]:
    """The libraries with what the model of `engine` compares; those made with another are worked through again.

    Where a library cannot be written, a copy in the user's folder is, and used from then on.
    """
    done = []
    for one in opened:
        if one.fingerprint_version != engine.fingerprint_version and not os.access(one.path.parent, os.W_OK):
            copy = paths.user_data() / f"prepared-{one.hash[:16]}{SUFFIX}"
            one = libraries.open(copy) if copy.is_file() else libraries.merged(copy, [one], one.title)
        with bars(f"Preparing '{one.title}'") as progress:
            done.append(one.with_fingerprints(engine, progress))
    return done
