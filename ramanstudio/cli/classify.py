"""`ramanstudio classify`: what a fine-tuned model predicts, as a table with a row per spectrum."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import exit_code
from ramanstudio.cli.files import BatchReader, Source
from ramanstudio.cli.outputs import find_files_for_table
from ramanstudio.cli.spectra import all_finite
from ramanstudio.cli.terminal import format_table, plural
from ramanstudio.cli.verb import Verb
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.export.text_table import spectrum_names, write_csv
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.finetuned_model import FineTunedModel

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

_PRINTED_ROWS: Final = 30  # the table has them all
_PRINTED_COLUMNS: Final = 5


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `classify`."""
    options.add_files(parser)
    parser.add_argument(
        "--model", required=True, metavar="NAME", help="name of a fine-tuned model, or a file that one was exported to"
    )
    options.add_out_table(parser, "spectrum")
    options.add_device(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Classify spectra with a fine-tuned model; returns the exit code.

    When cancelled, the predictions made so far are written. Raises StudioError when there is no such model or the table
    cannot be written.
    """
    from ramanstudio.engine import Engine

    files = find_files_for_table(arguments.files, arguments.out, arguments.overwrite)
    model = finetuned_model.load(arguments.model)
    engine = Engine.load(model.card.parent, arguments.device)
    reader = BatchReader("Classifying", files, arguments.laser_nm)
    rows: list[tuple[str, ...]] = []
    try:
        for batch in reader.batches():
            for item in batch.sources:
                if (source := all_finite(item, reader)) is not None:
                    rows += _rows_or_failure(engine, source, model, batch.progress, reader)
    finally:
        reader.bar.clear()
        if rows:
            write_csv(arguments.out, [_header(model), *rows])
    if rows:
        _print_predictions(rows, model, arguments.out)
    return exit_code(len(rows), len(reader.failed))


VERB: Final = Verb("classify", "Classify spectra with a fine-tuned model.", add_arguments, run)


def _rows_or_failure(
    engine: Engine, source: Source, model: FineTunedModel, progress: Progress, reader: BatchReader
) -> list[tuple[str, ...]]:
    try:
        return list(_rows(engine, source, model, progress))
    except Cancelled:
        raise
    except Exception as error:
        reader.fail(source.file, error)
    return []


def _header(model: FineTunedModel) -> tuple[str, ...]:
    if not model.card.is_classifier:
        return "file", "spectrum", "value", "error", "unknown", "extrapolated"
    return "file", "spectrum", "label", "probability", "unknown", *model.card.classes


def _rows(engine: Engine, source: Source, model: FineTunedModel, progress: Progress) -> Iterator[tuple[str, ...]]:
    file, spectra = source
    predictions = engine.classify(spectra, model, progress)
    for row, name in enumerate(spectrum_names(spectra)):
        unknown = "yes" if predictions.unknown[row] else "no"
        if predictions.values is not None:
            extrapolated = "yes" if predictions.extrapolated[row] else "no"
            yield str(file), name, f"{predictions.values[row]:.6g}", f"{predictions.error:.3g}", unknown, extrapolated
            continue
        probabilities = predictions.probabilities[row]
        cells = (f"{probability:.4f}" for probability in probabilities)
        yield str(file), name, str(predictions.labels_or_unknown[row]), f"{probabilities.max():.3f}", unknown, *cells


def _print_predictions(rows: Sequence[tuple[str, ...]], model: FineTunedModel, out: Path) -> None:
    if len(rows) <= _PRINTED_ROWS:
        n_columns = _PRINTED_COLUMNS if model.card.is_classifier else len(_header(model))
        shown = [(Path(row[0]).name, *row[1:n_columns]) for row in rows]
        print(format_table(_header(model)[:n_columns], shown))
    from ramanstudio.finetuning.classification import describe_extrapolation
    from ramanstudio.finetuning.novelty import describe_shift

    n_unknown = sum(row[4] == "yes" for row in rows)
    remark = f", {n_unknown} of them unlike all training spectra" if n_unknown else ""
    print(f"Classified {plural(len(rows), 'spectrum', 'spectra')} with '{model.card.name}'{remark}. Table: {out}")
    if shift := describe_shift(n_unknown, len(rows), model.card.false_unknown_rate):
        print(shift)
    n_extrapolated = 0 if model.card.is_classifier else sum(row[5] == "yes" for row in rows)
    if extrapolation := describe_extrapolation(n_extrapolated, len(rows), model.card.calibrated_range):
        print(extrapolation)
