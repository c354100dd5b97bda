"""`ramanstudio cluster`: groups of similar spectra, as a table with a row per spectrum."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.cli import options, planes
from ramanstudio.cli.exit_codes import NOTHING_DONE, exit_code
from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.cli.outputs import find_files_for_table
from ramanstudio.cli.spectra import on_one_axis, without_non_finite
from ramanstudio.cli.terminal import format_table, plural, progress_bars
from ramanstudio.cli.verb import Verb
from ramanstudio.clustering import clusters, silhouette
from ramanstudio.clustering.clusters import METHODS, Clusters
from ramanstudio.core.errors import StudioError
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.signal import comparison
from ramanstudio.signal.comparison import MIN_POINTS

Floats = NDArray[np.floating[Any]]
OUTLIER: Final = "outlier"  # in the table, in place of a number
_PRINTED_GROUPS: Final = 60
_HIGHEST_INTENSITY: Final = 1e30  # squares of more overflow


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `cluster`."""
    options.add_files(parser)
    options.add_out_table(parser, "spectrum")
    parser.add_argument("--clusters", type=int, metavar="N", help="number of groups (chosen from the data)")
    summaries = " ".join(f"{method.key}: {method.help}" for method in METHODS)
    parser.add_argument(
        "--method",
        choices=[method.key for method in METHODS],
        default=METHODS[0].key,
        help=f"clustering method ({METHODS[0].key}). {summaries}",
    )
    options.add_plane(parser)
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Write the group, probability and silhouette of each spectrum; returns the exit code.

    Raises StudioError when the spectra share too small a range, are fewer than the groups, or the table cannot be
    written.
    """
    from ramanstudio.engine import Engine

    files = find_files_for_table(arguments.files, arguments.out, arguments.overwrite)
    engine = Engine.load(arguments.model, arguments.device)
    reader = BatchReader("Reading", files, arguments.laser_nm)
    sources = reader.read_all(lambda source: _usable(source, reader))
    if not sources:
        return NOTHING_DONE
    sources = _with_common_range(sources, reader)
    n_clusters = arguments.clusters
    if n_clusters is not None and any(item.key == arguments.method and item.chooses for item in METHODS):
        reader.bar.say(f"The method '{arguments.method}' chooses the number of groups itself; --clusters is not used.")
        n_clusters = None
    spectra = on_one_axis(sources)
    with progress_bars("Clustering") as progress:
        denoised = engine.denoise(spectra, progress=progress).spectra
        representation = engine.compare([denoised], progress).coordinates
        groups = clusters.cluster(representation, n_clusters, arguments.method, progress)
    silhouettes = silhouette.silhouette_widths(representation, groups.labels)
    points = None if arguments.plane is None else planes.coordinates(representation, arguments.plane)
    write_csv(arguments.out, _rows(sources, groups, silhouettes, points))
    _print_groups(sources, groups)
    if any(not source.spectra.same_axis(spectra) for source in sources):
        print(f"Compared from {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹, the range that all of them share.")
    count = f"{len(spectra)} {'spectrum' if len(spectra) == 1 else 'spectra'}"
    print(f"Found {_describe(groups)} in {count} on {engine.device_name}. Table: {arguments.out}")
    return exit_code(len(spectra), len(reader.failed))


VERB: Final = Verb("cluster", "Group similar spectra.", add_arguments, run)


def _usable(source: Source, reader: BatchReader) -> Source | None:
    """The source without its NaN spectra, unless it is too short to be compared."""
    finite = without_non_finite(source, reader)
    if finite is not None and finite.spectra.points < MIN_POINTS:
        sentence = f"A spectrum of {finite.spectra.points} points is too short to group."
        reader.fail(finite.file, StudioError(sentence, remedy=f"At least {MIN_POINTS} points are needed."))
        return None
    if finite is not None and np.abs(finite.spectra.values).max(initial=0) > _HIGHEST_INTENSITY:
        sentence = f"Intensities above {_HIGHEST_INTENSITY:.0e} cannot be compared with others."
        reader.fail(finite.file, StudioError(sentence, remedy="Scale the spectra, or leave them out."))
        return None
    return finite


def _with_common_range(sources: Sequence[Source], reader: BatchReader) -> list[Source]:
    """The sources that share a range with most spectra; the others fail."""
    kept = comparison.largest_overlap([source.spectra for source in sources])
    counts = np.array([len(source.spectra) for source in sources])
    for index in np.flatnonzero(~kept).tolist():
        file, spectra = sources[index]
        sentence = (
            f"'{file.name}' reaches only from {spectra.axis[0]:.0f} to {spectra.axis[-1]:.0f} cm⁻¹, unlike"
            f" {counts[kept].sum()} of {counts.sum()} spectra, and is left out."
        )
        reader.fail(file, StudioError(sentence, remedy="Group it with others of its range."))
    return [source for source, keep in zip(sources, kept, strict=True) if keep]


def _describe(groups: Clusters) -> str:
    """The numbers of groups and outliers, and the silhouette: "3 groups and 1 outlier (silhouette 0.42)"."""
    n_outliers = int((groups.labels < 0).sum())
    text = plural(groups.n_clusters, "group")
    text += f" and {plural(n_outliers, 'outlier')}" if n_outliers else ""
    return text + (f" (silhouette {groups.silhouette:.2f})" if groups.n_clusters > 1 else "")


def _rows(
    sources: Sequence[Source], groups: Clusters, silhouettes: Floats, points: Floats | None
) -> Iterator[Sequence[str]]:
    yield "file", "spectrum", "cluster", "probability", "silhouette", *planes.header_cells(points)
    names = [(str(file), name) for file, spectra in sources for name in spectrum_names(spectra)]
    for row, ((file, name), label) in enumerate(zip(names, groups.labels.tolist(), strict=True)):
        width = "" if np.isnan(silhouettes[row]) else f"{silhouettes[row]:.3f}"
        group = f"{label + 1}" if label >= 0 else OUTLIER
        yield file, name, group, f"{groups.probabilities[row]:.3g}", width, *planes.cells(points, row)


def _print_groups(sources: Sequence[Source], groups: Clusters) -> None:
    """Print each group: its number, size and mean probability, and the file of its most probable spectrum."""
    if groups.n_clusters > _PRINTED_GROUPS:
        return
    files = [file.name for file, spectra in sources for _ in range(len(spectra))]
    rows: list[tuple[str, ...]] = []
    for label in range(groups.n_clusters):
        members = np.flatnonzero(groups.labels == label)
        probabilities = groups.probabilities[members]
        example = files[members[np.argmax(probabilities)]]
        rows.append((f"{label + 1}", f"{len(members)}", f"{probabilities.mean():.2f}", example))
    outliers = np.flatnonzero(groups.labels < 0)
    if len(outliers):
        rows.append((OUTLIER, f"{len(outliers)}", "", files[outliers[0]]))
    print(format_table(("cluster", "spectra", "probability", "for example"), rows))
