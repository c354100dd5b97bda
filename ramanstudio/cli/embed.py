"""`ramanstudio embed`: the features of spectra, as a table with a row per spectrum."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.cli import options, planes
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.cli.outputs import find_files_for_table
from ramanstudio.cli.spectra import compute_per_axis, without_non_finite
from ramanstudio.cli.verb import Verb
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.text_table import spectrum_names, write_csv

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

Features = NDArray[Any]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `embed`."""
    options.add_files(parser)
    options.add_out_table(parser, "spectrum")
    options.add_plane(parser)
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Write the features f1, f2, … of each spectrum; returns the exit code.

    When cancelled, the features computed so far are written. Raises StudioError when the model gives no features or the
    table cannot be written.
    """
    from ramanstudio.engine import Engine

    files = find_files_for_table(arguments.files, arguments.out, arguments.overwrite)
    engine = Engine.load(arguments.model, arguments.device)
    reader = BatchReader("Computing features", files, arguments.laser_nm)
    embedded: list[tuple[Source, Features]] = []
    try:
        for batch in reader.batches():
            finite = [source for item in batch.sources if (source := without_non_finite(item, reader)) is not None]
            embedded += _embed(engine, finite, reader, batch.progress)
    finally:
        reader.bar.clear()
        if embedded:
            write_csv(arguments.out, _rows(embedded))
    if embedded and arguments.plane is not None:  # the features are there already, should this be cancelled
        points = planes.coordinates(np.concatenate([features for _, features in embedded]), arguments.plane)
        write_csv(arguments.out, _rows(embedded, points))
    n_spectra = sum(len(features) for _, features in embedded)
    if embedded:
        n_features = embedded[0][1].shape[1]
        print(
            f"{n_features} features of {n_spectra} spectra by {engine.card.name} on {engine.device_name}."
            f" Table: {arguments.out}"
        )
    return exit_code(n_spectra, len(reader.failed))


VERB: Final = Verb("embed", "Write the features of spectra, which are close for similar spectra.", add_arguments, run)


def _embed(
    engine: Engine, sources: Sequence[Source], reader: BatchReader, progress: Progress
) -> list[tuple[Source, Features]]:
    """Each source that has features, with them (N, D)."""
    if engine.card.embedder is None and sources:
        engine.embed(sources[0].spectra, progress)  # raises: no file is at fault

    def embed(spectra: SpectrumSet, progress: Progress) -> Features:
        return engine.embed(spectra, progress)

    return [(source, np.asarray(rows)) for source, rows in compute_per_axis(sources, reader, progress, embed)]


def _rows(embedded: Sequence[tuple[Source, Features]], points: Features | None = None) -> Iterator[Sequence[str]]:
    names = (f"f{number}" for number in range(1, embedded[0][1].shape[1] + 1))
    yield "file", "spectrum", *planes.header_cells(points), *names
    row = 0
    for (file, spectra), features in embedded:
        for name, values in zip(spectrum_names(spectra), features.tolist(), strict=True):
            yield str(file), name, *planes.cells(points, row), *(f"{value:.6g}" for value in values)
            row += 1
