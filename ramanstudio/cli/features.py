"""The verbs embed and cluster: what spectra are of, and which are alike, as a table with a line for each spectrum."""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.cli import files as cli_files
from ramanstudio.cli.files import Reading, Source
from ramanstudio.cli.terminal import ProgressBar, table
from ramanstudio.clustering import clusters, projection, silhouette
from ramanstudio.clustering.clusters import METHODS, Clusters
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet, stacked
from ramanstudio.core.writing import atomic_write
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.signal import comparison
from ramanstudio.signal.comparison import FEWEST_POINTS

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

Features = NDArray[np.float32]
PLANES: Final = ("components", "neighbours")  # by principal components, or settled so that likes lie by likes
OUTLIER: Final = "outlier"  # in the table, in place of a number
LONGEST_TABLE = 60  # lines printed; the file has them all


def add_plane(parser: ArgumentParser) -> None:
    """What both verbs can be asked for."""
    told = "write where each spectrum lies in a plane too: by principal components, or settled by nearest neighbours"
    parser.add_argument("--plane", choices=PLANES, help=told)


def add_grouping(parser: ArgumentParser) -> None:
    """What `cluster` can be asked for."""
    parser.add_argument("--clusters", type=int, metavar="N", help="how many groups (as many as the data show)")
    ways = " ".join(f"{method.key}: {method.help}" for method in METHODS)
    parser.add_argument(
        "--method",
        choices=[method.key for method in METHODS],
        default=METHODS[0].key,
        help=f"how groups are found ({METHODS[0].key}). {ways}",
    )


def embed(
    engine: Engine, files: Sequence[Path], laser_nm: float | None, out: Path, plane: str | None = None
) -> tuple[int, int]:
    """Write the features f1, f2, … of each spectrum of `files` to the CSV `out`, after its file and name.

    With its place in one of PLANES, where one is asked for, as the columns plane_x and plane_y.

    Returns how many spectra were written and how many files failed; when cancelled, what was found is written.
    Raises StudioError when the model gives no features or `out` cannot be written.
    """
    reading = Reading("Reading features", files, laser_nm)
    found: list[tuple[Source, Features]] = []
    try:
        for report, some in reading.some_at_a_time():
            found += _embedded(
                engine, _with_numbers(some, reading), reading, Progress(report, on_warning=reading.bar.say)
            )
    finally:
        reading.bar.clear()
        if found:
            write_table(out, _feature_lines(found))
    if found and plane is not None:  # the features are kept should this be cancelled
        write_table(out, _feature_lines(found, _laid_out(np.concatenate([rows for _, rows in found]), plane)))
    spectra = sum(len(features) for _, features in found)
    if found:
        many = found[0][1].shape[1]
        print(f"{many} features of {spectra} spectra by {engine.card.name} on {engine.device_name}. Table: {out}")
    return spectra, len(reading.failed)


def _embedded(
    engine: Engine, some: Sequence[Source], reading: Reading, progress: Progress
) -> list[tuple[Source, Features]]:
    """Each source with its features (N, D) where it has any, in the order given; those of one axis in one go."""
    groups: dict[bytes, list[int]] = {}
    for index, (_, one) in enumerate(some):
        groups.setdefault(one.axis.tobytes(), []).append(index)
    found: dict[int, Features] = {}
    done, total = 0, sum(len(one) for _, one in some)
    for indices in groups.values():
        sources = [some[index] for index in indices]
        rows = _features(engine, sources, reading, progress.part(done, total))
        found.update((index, one) for index, one in zip(indices, rows, strict=True) if one is not None)
        done += sum(len(one) for _, one in sources)
    return [(some[index], found[index]) for index in sorted(found)]


def _features(engine: Engine, sources: Sequence[Source], reading: Reading, progress: Progress) -> list[Features | None]:
    """Each source's features (N, D), of all in one go; where that fails one by one, with None for those at fault."""
    try:
        rows = engine.embed(stacked([one for _, one in sources]), progress)
    except StudioError as error:
        if engine.card.embedder is None:  # not the fault of a file
            raise
        if len(sources) == 1:
            reading.fail(sources[0][0], error)
            return [None]
        return [found for source in sources for found in _features(engine, [source], reading, progress)]
    ends = np.cumsum([len(one) for _, one in sources])
    return list(np.split(rows, ends[:-1]))


def cluster(
    engine: Engine,
    files: Sequence[Path],
    laser_nm: float | None,
    out: Path,
    n_clusters: int | None = None,
    method: str = METHODS[0].key,
    plane: str | None = None,
) -> tuple[int, int]:
    """Group the spectra of all `files` by one of METHODS, and write what became of each to the CSV `out`.

    Its cluster, probability and silhouette, and its place in one of PLANES where one is asked for. Returns how many
    spectra were grouped and how many files failed. Raises StudioError when too little is common to the spectra, they
    are fewer than `n_clusters`, or `out` cannot be written.
    """
    reading = Reading("Reading", files, laser_nm)
    sources: list[Source] = []
    for report, some in reading.some_at_a_time():
        report(1, 1, "")
        sources += [source for source in _with_numbers(some, reading) if _is_usable(*source, reading)]
    reading.bar.clear()
    if not sources:
        return 0, len(reading.failed)
    sources = _of_most(sources, reading)
    if n_clusters is not None and any(one.key == method and one.chooses for one in METHODS):
        reading.bar.say(f"The method '{method}' chooses the number of groups itself; --clusters is not used.")
        n_clusters = None
    spectra = on_one_axis(sources)
    with bars("Grouping") as progress:
        denoised = engine.denoise(spectra, progress=progress).spectra
        likeness = engine.compare([denoised], progress).likeness
        found = clusters.cluster(likeness, n_clusters, method, progress)
    silhouettes = silhouette.silhouettes(likeness, found.labels)
    places = None if plane is None else _laid_out(likeness, plane)
    write_table(out, _group_lines(sources, found, silhouettes, places))
    _tell_of_groups(sources, found)
    if any(not one.same_axis(spectra) for _, one in sources):
        print(f"Compared from {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹, the range that all of them have.")
    print(f"Found {_in_words(found)} in {len(spectra)} spectra on {engine.device_name}. Table: {out}")
    return len(spectra), len(reading.failed)


def _in_words(found: Clusters) -> str:
    """How many groups and outliers there are, and how far apart: "3 groups and 1 outlier (silhouette 0.42)"."""
    outliers = int((found.labels < 0).sum())
    words = f"{found.n_clusters} group{'s' if found.n_clusters != 1 else ''}"
    words += f" and {outliers} outlier{'s' if outliers > 1 else ''}" if outliers else ""
    return words + (f" (silhouette {found.silhouette:.2f})" if found.n_clusters > 1 else "")


def _laid_out(rows: Features, plane: str) -> Features:
    """Where each of `rows` (N, K) lies in one of PLANES -> (N, 2)."""
    start = projection.components_plane(rows)
    if plane == PLANES[0]:
        return start
    with bars("Settling the plane") as progress:
        return projection.settle(rows, start, progress)


@contextmanager
def bars(title: str) -> Iterator[Progress]:
    """A progress that is drawn as a bar for each kind of step, which are counted apart; gone when the work is done."""
    bars: dict[str, ProgressBar] = {}

    def report(done: int, total: int, note: str) -> None:
        if note not in bars:
            clear()
            bars[note] = ProgressBar(title, total)
        bars[note](done, note)

    def clear() -> None:
        for bar in bars.values():
            bar.clear()

    def warn(sentence: str) -> None:
        clear()
        ProgressBar("", 0).say(sentence)

    try:
        yield Progress(report, on_warning=warn)
    finally:
        clear()


def _with_numbers(sources: Sequence[Source], reading: Reading) -> list[Source]:
    """The sources without the spectra that hold NaN or infinities, which is said; one with no other fails."""
    kept = list[Source]()
    for file, spectra in sources:
        whole = np.asarray(np.isfinite(spectra.values).all(axis=1))
        broken = int((~whole).sum())
        which = "The spectrum holds" if len(spectra) == 1 else f"{broken} of {len(spectra)} spectra hold"
        sentence = f"{which} values that are not numbers (NaN or infinite)."
        if whole.all():
            kept.append((file, spectra))
        elif whole.any():
            reading.bar.say(f"'{file.name}': {sentence} They are left out.")
            kept.append((file, spectra.with_table(name=spectrum_names(spectra))[whole]))
        else:
            reading.fail(file, StudioError(sentence, remedy="Crop the range where the detector gave nothing."))
    return kept


def _is_usable(file: Path, spectra: SpectrumSet, reading: Reading) -> bool:
    """Whether the spectra of a file can be compared with others; one that cannot must not stop those that can."""
    if spectra.points < FEWEST_POINTS:
        remedy = f"At least {FEWEST_POINTS} points are needed."
        reading.fail(file, StudioError(f"A spectrum of {spectra.points} points is too short to group.", remedy=remedy))
    else:
        return True
    return False


def _of_most(sources: Sequence[Source], reading: Reading) -> list[Source]:
    """The sources to compare: those that share a range with most; of the others it is said."""
    kept, counts = comparison.of_most([one for _, one in sources]), np.array([len(one) for _, one in sources])
    for index in np.flatnonzero(~kept).tolist():
        file, one = sources[index]
        sentence = (
            f"'{file.name}' reaches only from {one.axis[0]:.0f} to {one.axis[-1]:.0f} cm⁻¹, unlike"
            f" {counts[kept].sum()} of {counts.sum()} spectra, and is left out."
        )
        reading.fail(file, StudioError(sentence, remedy="Group it with others of its range."))
    return [source for source, keep in zip(sources, kept, strict=True) if keep]


def on_one_axis(sources: Sequence[Source]) -> SpectrumSet:
    """The spectra of all sources on one axis: their own, or interpolated in the range they share, by their usual step.

    Raises StudioError when they share fewer than 32 points.
    """
    sets = [one for _, one in sources]
    if all(one.same_axis(sets[0]) for one in sets):
        return stacked(sets)
    axis = comparison.common_axis(sets)
    if axis is None:
        late, early = max(sources, key=lambda one: one[1].axis[0]), min(sources, key=lambda one: one[1].axis[-1])
        raise StudioError(
            f"These spectra have too little of a range in common: '{late[0].name}' begins at"
            f" {late[1].axis[0]:.0f} cm⁻¹ and '{early[0].name}' ends at {early[1].axis[-1]:.0f} cm⁻¹.",
            remedy=f"Give files that share at least {FEWEST_POINTS * comparison.usual_step(sets):.0f} cm⁻¹.",
        )
    return SpectrumSet(axis, np.concatenate([comparison.resampled(one, axis) for one in sets]))


def _feature_lines(found: Sequence[tuple[Source, Features]], places: Features | None = None) -> Iterator[Sequence[str]]:
    features = (f"f{number}" for number in range(1, found[0][1].shape[1] + 1))
    yield "file", "spectrum", *_place_cells(places), *features
    row = 0
    for (file, one), rows in found:
        for name, values in zip(spectrum_names(one), rows.tolist(), strict=True):
            yield str(file), name, *_place_cells(places, row), *(f"{value:.6g}" for value in values)
            row += 1


def _place_cells(places: Features | None, row: int | None = None) -> tuple[str, ...]:
    """The cells of a spectrum's place in the plane, or their heads; none where there is no plane."""
    if places is None:
        return ()
    return ("plane_x", "plane_y") if row is None else (f"{places[row, 0]:.6g}", f"{places[row, 1]:.6g}")


def _group_lines(
    sources: Sequence[Source], found: Clusters, silhouettes: Features, places: Features | None
) -> Iterator[Sequence[str]]:
    yield "file", "spectrum", "cluster", "probability", "silhouette", *_place_cells(places)
    names = [(str(file), name) for file, one in sources for name in spectrum_names(one)]
    for row, ((file, name), label) in enumerate(zip(names, found.labels.tolist(), strict=True)):
        width = "" if np.isnan(silhouettes[row]) else f"{silhouettes[row]:.3f}"
        group = f"{label + 1}" if label >= 0 else OUTLIER
        yield file, name, group, f"{found.probabilities[row]:.3g}", width, *_place_cells(places, row)


def _tell_of_groups(sources: Sequence[Source], found: Clusters) -> None:
    """A line for each group: its number, its spectra, how surely they belong on the average, and the surest's file."""
    if found.n_clusters > LONGEST_TABLE:
        return
    files = [file.name for file, one in sources for _ in range(len(one))]
    rows: list[tuple[str, ...]] = []
    for label in range(found.n_clusters):
        inside = np.flatnonzero(found.labels == label)
        sure = found.probabilities[inside]
        rows.append((f"{label + 1}", f"{len(inside)}", f"{sure.mean():.2f}", files[inside[np.argmax(sure)]]))
    strays = np.flatnonzero(found.labels < 0)
    if len(strays):
        rows.append((OUTLIER, f"{len(strays)}", "", files[strays[0]]))
    print(table(("cluster", "spectra", "probability", "for example"), rows))


def files_for(out: Path, given: Sequence[Path]) -> list[Path]:
    """The files to read, once `out` is a place that a table can go to.

    Raises StudioError when it is not, is one of the files, or there is no file.
    """
    if out.is_dir():
        raise StudioError(f"'{out}' is a folder.", remedy="Give the name of the table: --out results.csv.")
    files = cli_files.find(given, out)
    if out.exists() and any(out.samefile(file) for file in files if file.exists()):
        raise StudioError(
            f"'{out.name}' is one of the files to read, and raw data is never overwritten.",
            remedy="Choose another name for the table.",
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(out, error) from error
    return files


def write_table(out: Path, lines: Iterable[Sequence[str]]) -> None:
    """Write `lines` of cells as CSV, atomically; raises StudioError when that cannot be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    try:
        atomic_write(out, text.getvalue())
    except OSError as error:
        raise _not_written(out, error) from error


def _not_written(out: Path, error: OSError) -> StudioError:
    reason = error.strerror or str(error)
    return StudioError(f"Could not write '{out}': {reason}.", remedy="Choose a folder that exists and may be written.")
