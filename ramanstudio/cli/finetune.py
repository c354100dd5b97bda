"""`ramanstudio finetune`: train a classifier or a regressor on labelled spectra, and save the model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import DONE, NOTHING_DONE, SOME_FAILED
from ramanstudio.cli.files import BatchReader, Source, find_files
from ramanstudio.cli.label_table import LabelTable, labels_in_files, list_names
from ramanstudio.cli.spectra import all_finite, on_one_axis
from ramanstudio.cli.terminal import format_table, progress_bars
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.numbers import format_significant
from ramanstudio.export.text_table import spectrum_names
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.config import CLASSIFIERS, REGRESSORS, REPRESENTATIONS, TUNING_MODES, FinetunePlan
from ramanstudio.finetuning.report import ClassificationReport, FineTuningResult, RegressionReport

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

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
    parser.add_argument(
        "--test",
        type=options.path,
        metavar="FOLDER",
        help="folder, or file, of spectra to evaluate the model on once; labelled like the others, but not trained on",
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
    test_files = _find_test_files(arguments, files)
    reader = BatchReader("Reading", files, arguments.laser_nm)
    sources = reader.read_all(lambda source: all_finite(source, reader))
    if not sources:
        return NOTHING_DONE
    test_reader = BatchReader("Reading the test set", test_files, arguments.laser_nm)
    test_sources = test_reader.read_all(lambda source: all_finite(source, test_reader)) if test_files else []
    if test_files and not test_sources:
        raise StudioError("No spectrum of the test set can be read.", remedy="Correct --test, or leave it out.")
    every = [*sources, *test_sources]
    if table is not None:
        all_labels, all_samples = table.for_sources(every)
    else:
        all_labels, all_samples = labels_in_files(every, arguments.column, arguments.groups)
    n_trained = sum(len(spectra) for _, spectra in sources)
    labels, samples = all_labels[:n_trained], None if all_samples is None else all_samples[:n_trained]
    spectra = on_one_axis(sources)
    engine = Engine.load(arguments.model, arguments.device)
    quantity = True if arguments.quantity else False if arguments.classes else None
    plan = FinetunePlan(arguments.representation, arguments.classifier, arguments.tune_features, quantity)
    with progress_bars("Training") as progress:
        result = engine.finetune(spectra, labels, plan, samples, progress)
    name = finetuned_model.save(result.model, arguments.out).card.name
    _print_report(result, [name for source in sources for name in _names(source)])
    if test_sources:
        test_samples = None if all_samples is None else all_samples[n_trained:]
        _print_test(engine, result, test_sources, all_labels[n_trained:], test_samples)
    print(
        f"Saved as '{name}', trained on {engine.device_name}."
        f" To use it: ramanstudio classify FILE --model {name!r} --out X.csv"
    )
    return SOME_FAILED if reader.failed or test_reader.failed else DONE


VERB: Final = Verb("finetune", "Fine-tune a model on a few labelled spectra.", add_arguments, run)


def _find_test_files(arguments: Namespace, files: Sequence[Path]) -> list[Path]:
    """Return the files of the test set. Raises StudioError when one of them is trained on."""
    if arguments.test is None:
        return []
    found = find_files([arguments.test])
    labels = None if arguments.labels is None else arguments.labels.absolute()
    trained = {file.absolute() for file in files}
    test_files = [file for file in found if file.absolute() != labels]
    both = [file.name for file in test_files if file.absolute() in trained]
    if both:
        raise StudioError(
            f"Files of the test set are trained on too: {list_names(both)}.",
            remedy="Keep them in a folder of their own, and leave it out of the files to train on.",
        )
    return test_files


def _print_test(
    engine: Engine, result: FineTuningResult, sources: Sequence[Source], labels: list[str], samples: list[str] | None
) -> None:
    """Print how good the model is on the test set; a sentence where it cannot be evaluated, as it is saved already."""
    from ramanstudio.finetuning.evaluation import evaluate_test_set

    try:
        classified = engine.classify(on_one_axis(sources), result.model)
        report = evaluate_test_set(classified, labels, samples, result.model.card)
    except StudioError as error:
        print(f"The test set was not evaluated. {error}")
        return
    if report.recall:
        rows = [(name, str(count), f"{100 * recall:.0f} %") for name, count, recall in report.recall]
        print(format_table(("class", "test spectra", "recall"), rows))
    print("\n".join(report.sentences))


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
