"""`ramanstudio finetune`: train a classifier or a regressor on labelled spectra, and save the model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import DONE, NOTHING_DONE, SOME_FAILED
from ramanstudio.cli.files import BatchReader, Source, find_files
from ramanstudio.cli.label_table import LabelTable, labels_in_files, list_names
from ramanstudio.cli.spectra import all_finite, on_one_axis
from ramanstudio.cli.terminal import format_table, progress_bars
from ramanstudio.cli.verb import Verb
from ramanstudio.core.numbers import format_significant
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.config import CLASSIFIERS, REGRESSORS, REPRESENTATIONS, TUNING_MODES, FinetunePlan
from ramanstudio.finetuning.report import ClassificationReport, FineTuningResult, RegressionReport

_AUTO: Final = "auto"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `finetune`."""
    options.add_files(parser)
    parser.add_argument(
        "--labels",
        type=options.path,
        metavar="X.csv",
        help="table with a row per file, or per spectrum of a file: columns file, label and, where a file holds several"
        " spectra, spectrum (its name, or its number from 1); a blank label is a spectrum without one",
    )
    parser.add_argument(
        "--column",
        metavar="NAME",
        help="column with the labels (label), of the table, or of the files themselves where no table is given",
    )
    parser.add_argument(
        "--groups",
        metavar="COLUMN",
        help="column with the sample of each spectrum; replicates of a sample stay in one cross-validation fold",
    )
    parser.add_argument("--out", required=True, metavar="NAME", help="name of the fine-tuned model")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--quantity",
        action="store_true",
        help="the labels are numbers to predict (numbers that are no codes of classes)",
    )
    kind.add_argument(
        "--classes",
        action="store_true",
        help="the labels are classes, even if they are numbers (numbers are a quantity, but for codes such as 0, 1, 2)",
    )
    representations, estimators = (_AUTO, *REPRESENTATIONS), (_AUTO, *CLASSIFIERS, *REGRESSORS)
    parser.add_argument(
        "--representation", choices=representations, default=_AUTO, help="what is classified of a spectrum (auto)"
    )
    parser.add_argument("--classifier", choices=estimators, default=_AUTO, help="classifier or regressor (auto)")
    parser.add_argument(
        "--tune-features", choices=TUNING_MODES, default=_AUTO, help="whether to fine-tune the features too (auto)"
    )
    options.add_renamed(parser, "--reading", "--representation", choices=representations)
    options.add_renamed(parser, "--head", "--classifier", choices=estimators)
    options.add_renamed(parser, "--full", "--tune-features", choices=TUNING_MODES)
    options.add_model(parser)
    options.add_laser(parser)


def run(arguments: Namespace) -> int:
    """Fine-tune a model on labelled files and save it; returns the exit code.

    Raises StudioError when the table, the labels or the name cannot be used.
    """
    from ramanstudio.engine import Engine

    files = find_files(arguments.files)
    if arguments.labels is not None:
        files = [file for file in files if file.absolute() != arguments.labels.absolute()]
    finetuned_model.require_unused_name(arguments.out)
    table = None
    if arguments.labels is not None:
        table = LabelTable.read(arguments.labels, arguments.column, arguments.groups)
    reader = BatchReader("Reading", files, arguments.laser_nm)
    sources = reader.read_all(lambda source: all_finite(source, reader))
    if not sources:
        return NOTHING_DONE
    if table is not None:
        labels, samples = table.for_sources(sources)
    else:
        labels, samples = labels_in_files(sources, arguments.column, arguments.groups)
    spectra = on_one_axis(sources)
    engine = Engine.load(arguments.model, arguments.device)
    quantity = True if arguments.quantity else False if arguments.classes else None
    plan = FinetunePlan(arguments.representation, arguments.classifier, arguments.tune_features, quantity)
    with progress_bars("Training") as progress:
        result = engine.finetune(spectra, labels, plan, samples, progress)
    name = finetuned_model.save(result.model, arguments.out).card.name
    _print_report(result, [name for source in sources for name in _names(source)])
    print(
        f"Saved as '{name}', trained on {engine.device_name}."
        f" To use it: ramanstudio classify FILE --model {name!r} --out X.csv"
    )
    return SOME_FAILED if reader.failed else DONE


VERB: Final = Verb("finetune", "Fine-tune a model on a few labelled spectra.", add_arguments, run)


def _names(source: Source) -> list[str]:
    """What to call each spectrum of a source in a sentence."""
    file, spectra = source
    return [file.name if len(spectra) == 1 else f"{file.name}, {name}" for name in spectrum_names(spectra)]


def _print_report(result: FineTuningResult, names: Sequence[str]) -> None:
    """Print the accuracy, the recall of each class, and which labels may be wrong; `names` (N,) are the spectra's."""
    report = result.report
    lines = [f"Selected: {report.chosen}.", report.headline]
    if isinstance(report, RegressionReport):
        values = np.unique(report.true)
        low, high = format_significant(float(values[0])), format_significant(float(values[-1]))
        lines.insert(0, f"Learned as a quantity from {low} to {high}, {len(values)} different values.")
    lines += [report.members_sentence] if report.members else []
    if isinstance(report, ClassificationReport):
        print(format_table(("class", "spectra", "recall"), list(_recall_rows(report))))
        if report.label_errors:
            errors = [
                f"{names[error.index]} ({error.label}; looks like {error.predicted})" for error in report.label_errors
            ]
            lines.append(f"Possible label errors: {list_names(errors)}.")
        if report.suggested:
            lines.append(f"Suggested next labels: {', '.join(names[index] for index in report.suggested)}.")
    if report.duplicates:
        lines.append(f"Identical spectra: {list_names([names[indices[0]] for indices in report.duplicates])}.")
    print("\n".join([*lines, *report.warnings]))


def _recall_rows(report: ClassificationReport) -> Iterator[tuple[str, ...]]:
    for name, count, recall in zip(report.classes, report.counts, report.recall.tolist(), strict=True):
        yield name, f"{count}", "not measured" if np.isnan(recall) else f"{100 * recall:.0f} %"
