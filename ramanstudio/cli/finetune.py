"""The verbs finetune and classify: teach a model with labelled files, and let it name others."""

from __future__ import annotations

import csv
import io
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ramanstudio.cli import features
from ramanstudio.cli import files as cli_files
from ramanstudio.cli.files import Reading, Source
from ramanstudio.cli.terminal import ProgressBar, table
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.tables import spectrum_names
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.config import CLASSIFIERS, REGRESSORS, REPRESENTATIONS, TUNING_MODES, FinetunePlan
from ramanstudio.finetuning.report import ClassificationReport, FineTuningResult, RegressionReport

if TYPE_CHECKING:
    from ramanstudio.engine import Engine

FILE_COLUMNS: Final = ("file", "filename", "path", "name")
SPECTRUM_COLUMN: Final = "spectrum"
LABEL_COLUMNS: Final = ("label", "class")
DONE, SOME_FAILED, NOTHING_DONE = 0, 1, 2  # exit codes
LONGEST_TABLE: Final = 30  # lines printed; the file has them all
MOST_NAMED: Final = 3  # files named in a sentence


def add_verbs(
    verb: Callable[[str, str, Callable[[Namespace], int]], ArgumentParser],
    add_model: Callable[[ArgumentParser], None],
    add_laser: Callable[[ArgumentParser], None],
    devices: Sequence[str],
) -> None:
    """Add both verbs, with what other verbs can be asked for too."""
    one = verb("finetune", "Teach a model to name spectra, by a few that are labelled.", finetune)
    _add_finetune(one)
    add_model(one)
    add_laser(one)
    one = verb("classify", "Let a taught model name the spectra of files and folders.", classify)
    _add_classify(one, devices)
    add_laser(one)


def _add_finetune(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    told = (
        "table with a line for each file, or for each spectrum of it: the columns file, label, and where a file holds"
        " several, spectrum (its name, or its number from 1); a blank label is a spectrum without one"
    )
    parser.add_argument("--labels", type=Path, metavar="X.csv", help=told)
    told = "column with the labels (label), of the table, or of the files themselves where no table is given"
    parser.add_argument("--column", metavar="NAME", help=told)
    told = "column that says which spectra are of one sample; repeats of a sample then never check each other"
    parser.add_argument("--groups", metavar="COLUMN", help=told)
    parser.add_argument("--out", required=True, metavar="NAME", help="name that the model is kept under")
    parser.add_argument("--quantity", action="store_true", help="the labels are numbers to predict, not classes")
    parser.add_argument(
        "--reading", choices=("auto", *REPRESENTATIONS), default="auto", help="how spectra are read (auto)"
    )
    heads = ("auto", *CLASSIFIERS, *REGRESSORS)
    parser.add_argument("--head", choices=heads, default="auto", help="what judges them (auto)")
    parser.add_argument(
        "--full", choices=TUNING_MODES, default="auto", help="whether the features may be learned anew (auto)"
    )


def _add_classify(parser: ArgumentParser, devices: Sequence[str]) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder that is searched")
    told = "name of a taught model, or a file that one was exported to"
    parser.add_argument("--model", required=True, metavar="NAME", help=told)
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="table, a line for each spectrum")
    parser.add_argument("--device", choices=devices, default="auto", help="where to compute (auto)")


def finetune(arguments: Namespace) -> int:
    """Teach a model with labelled files and keep it; returns the exit code.

    Raises StudioError when the table, the labels or the name cannot be used.
    """
    from ramanstudio.engine import Engine

    files = cli_files.find(arguments.files)
    if arguments.labels is not None:
        files = [file for file in files if file.absolute() != arguments.labels.absolute()]
    finetuned_model.require_free(arguments.out)
    lines = None if arguments.labels is None else _Table.of(arguments.labels, arguments.column, arguments.groups)
    reading = Reading("Reading", files, arguments.laser)
    sources = [source for _, some in reading.some_at_a_time() for source in some if _is_whole(*source, reading)]
    reading.bar.clear()
    if not sources:
        return NOTHING_DONE
    labels, groups = lines.columns(sources) if lines else _own_columns(sources, arguments.column, arguments.groups)
    spectra = features.on_one_axis(sources)
    engine = Engine.load(arguments.model, arguments.device)
    plan = FinetunePlan(arguments.reading, arguments.head, arguments.full, arguments.quantity or None)
    with features.bars("Teaching") as progress:
        found = engine.finetune(spectra, labels, plan, groups, progress)
    name = finetuned_model.keep(found.model, arguments.out).card.name
    _tell(found, [name for source in sources for name in _names(source)])
    print(f"Kept as '{name}', on {engine.device_name}. Use it: ramanstudio classify FILE --model {name!r} --out X.csv")
    return SOME_FAILED if reading.failed else DONE


def classify(arguments: Namespace) -> int:
    """Let a taught model name the spectra of files, with a line for each in a table; returns the exit code."""
    from ramanstudio.engine import Engine

    files = features.files_for(arguments.out, arguments.files)
    model = finetuned_model.load(arguments.model)
    engine = Engine.load(model.card.parent, arguments.device)
    reading = Reading("Classifying", files, arguments.laser)
    rows: list[tuple[str, ...]] = []
    try:
        for report, some in reading.some_at_a_time():
            for source in (one for one in some if _is_whole(*one, reading)):
                rows += _answers_or_failure(
                    engine, source, model, Progress(report, on_warning=reading.bar.say), reading
                )
    finally:
        reading.bar.clear()
        if rows:
            features.write_table(arguments.out, [_head(model), *rows])
    if rows:
        _tell_of_answers(rows, model, arguments.out)
    return NOTHING_DONE if not rows else SOME_FAILED if reading.failed else DONE


def _tell_of_answers(rows: Sequence[tuple[str, ...]], model: finetuned_model.FineTunedModel, out: Path) -> None:
    if len(rows) <= LONGEST_TABLE:
        print(table(_head(model)[:5], [(Path(row[0]).name, *row[1:5]) for row in rows]))
    unknown = sum(row[4] == "yes" for row in rows)
    also = f", {unknown} of them unlike all it was taught" if unknown else ""
    print(f"{len(rows)} spectra by '{model.card.name}'{also}. Table: {out}")


def _is_whole(file: Path, spectra: SpectrumSet, reading: Reading) -> bool:
    """Whether all intensities of a file are numbers; one that has others must not stop those that have not."""
    if np.isfinite(spectra.values).all():
        return True
    sentence = f"'{file.name}' holds values that are not numbers (NaN or infinite)."
    reading.fail(file, StudioError(sentence, remedy="Crop the range where the detector gave nothing."))
    return False


def _answers_or_failure(
    engine: Engine, source: Source, model: finetuned_model.FineTunedModel, progress: Progress, reading: Reading
) -> list[tuple[str, ...]]:
    try:
        return list(_answers(engine, source, model, progress))
    except StudioError as error:
        reading.fail(source[0], error)
        return []


def _head(model: finetuned_model.FineTunedModel) -> tuple[str, ...]:
    if model.card.kind == finetuned_model.QUANTITY:
        return "file", "spectrum", "value", "error", "unknown"
    return "file", "spectrum", "label", "probability", "unknown", *model.card.classes


def _answers(
    engine: Engine, source: Source, model: finetuned_model.FineTunedModel, progress: Progress
) -> Iterator[tuple[str, ...]]:
    file, spectra = source
    found = engine.classify(spectra, model, progress)
    for row, name in enumerate(spectrum_names(spectra)):
        unknown = "yes" if found.unknown[row] else "no"
        if found.values is not None:
            yield str(file), name, f"{found.values[row]:.6g}", f"{found.error:.3g}", unknown
            continue
        chances = found.probabilities[row]
        cells = (f"{chance:.4f}" for chance in chances)
        yield str(file), name, str(found.told[row]), f"{chances.max():.3f}", unknown, *cells


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of labels: for each file, or spectrum of a file, its label and its sample."""

    path: Path
    labels: dict[tuple[str, str], str]
    samples: dict[tuple[str, str], str] | None

    @classmethod
    def of(cls, path: Path, column: str | None, groups: str | None) -> _Table:
        """Read it. Raises StudioError when it cannot be read or lacks a column."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError as error:
            raise StudioError(f"There is no table '{path}'.", remedy="Give the path of a CSV table.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise StudioError(f"The table '{path}' cannot be read.", remedy="Give a CSV table in UTF-8.") from error
        first = text.splitlines()[0] if text.strip() else ""
        separator = max(",;\t", key=first.count)
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        known = {name.strip().casefold(): name for name in (rows[0] if rows else {}) if name}
        file = _column(path, known, FILE_COLUMNS)
        label = _column(path, known, (column,) if column else LABEL_COLUMNS)
        sample = _column(path, known, (groups,)) if groups else None
        spectrum = known.get(SPECTRUM_COLUMN)
        keys = [(_plain(row[file]), (row[spectrum] or "").strip() if spectrum else "") for row in rows]
        labels = {key: row[label] or "" for key, row in zip(keys, rows, strict=True)}
        samples = {key: row[sample] or "" for key, row in zip(keys, rows, strict=True)} if sample else None
        return cls(path, labels, samples)

    def columns(self, sources: Sequence[Source]) -> tuple[list[str], list[str] | None]:
        """The labels, and the samples where told, of the spectra of all sources, in order.

        Raises StudioError when no spectrum has a label; labels of files that were not read are only warned of.
        """
        labels, samples, used = list[str](), list[str](), set[tuple[str, str]]()
        for file, spectra in sources:
            for number, name in enumerate(spectrum_names(spectra), start=1):
                key = self._key(file, name, number)
                used.add(key)
                labels.append(self.labels.get(key, ""))
                samples.append((self.samples or {}).get(key, ""))
        missing = sorted({file for file, spectrum in self.labels if (file, spectrum) not in used})
        if not any(labels):
            raise StudioError(
                f"None of the files is in the table '{self.path.name}'.",
                remedy=f"It tells of {_some(missing)}; the files given are {_some([str(one) for one, _ in sources])}.",
            )
        if missing:
            bar = ProgressBar("", 0)
            many = "one file that was" if len(missing) == 1 else f"{len(missing)} files that were"
            bar.say(f"The table tells of {many} not given: {_some(missing)}.")
        return labels, samples if self.samples is not None else None

    def _key(self, file: Path, name: str, number: int) -> tuple[str, str]:
        """The line of a spectrum: by its file's path, name or stem, and its own name or number; else its file's."""
        for path in (_plain(str(file)), file.name.casefold(), file.stem.casefold()):
            for spectrum in (name, str(number), ""):
                if (path, spectrum) in self.labels:
                    return path, spectrum
        return "", ""


def _plain(path: str) -> str:
    return (path or "").strip().replace("\\", "/").casefold()


def _column(path: Path, known: dict[str, str], wanted: Sequence[str | None]) -> str:
    for one in wanted:
        if one is not None and one.strip().casefold() in known:
            return known[one.strip().casefold()]
    raise StudioError(
        f"The table '{path.name}' has no column '{wanted[0]}'.",
        remedy=f"Its columns are {', '.join(known) or 'none: it is empty'}.",
    )


def _own_columns(
    sources: Sequence[Source], column: str | None, groups: str | None
) -> tuple[list[str], list[str] | None]:
    """Labels and samples that the files hold themselves."""
    labels = _of_sources(sources, column or LABEL_COLUMNS[0])
    return labels, _of_sources(sources, groups) if groups else None


def _of_sources(sources: Sequence[Source], column: str) -> list[str]:
    found = [str(cell) for _, one in sources for cell in one.table.get(column, np.full(len(one), ""))]
    if not any(found):
        have = sorted({name for _, one in sources for name in one.table})
        raise StudioError(
            f"The files have no column '{column}'.",
            remedy=f"Give a table of labels (--labels), or one of their columns: {', '.join(have) or 'none'}.",
        )
    return found


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:MOST_NAMED]) + more


def _names(source: Source) -> list[str]:
    file, spectra = source
    return [file.name if len(spectra) == 1 else f"{file.name}, {name}" for name in spectrum_names(spectra)]


def _tell(found: FineTuningResult, names: Sequence[str]) -> None:
    """What was found out, in sentences and a table."""
    report = found.report
    if isinstance(report, RegressionReport):
        lines = [f"Chosen: {report.chosen}.", report.headline]
    else:
        print(table(("class", "spectra", "found again"), list(_rows_of(report))))
        lines = [f"Chosen: {report.chosen}.", report.headline]
        if report.suspects:
            told = [f"{names[one.place]} ({one.label}; looks like {one.told})" for one in report.suspects]
            lines.append(f"Labels that the spectra contradict: {_some(told)}.")
        if report.next_to_label:
            lines.append(f"Label these next: {', '.join(names[one] for one in report.next_to_label)}.")
    if report.duplicates:
        lines.append(f"Spectra that are one and the same: {_some([names[one[0]] for one in report.duplicates])}.")
    print("\n".join([*lines, *report.warnings]))


def _rows_of(report: ClassificationReport) -> Iterator[tuple[str, ...]]:
    for name, count, recall in zip(report.classes, report.counts, report.recall.tolist(), strict=True):
        yield name, f"{count}", "not measured" if np.isnan(recall) else f"{100 * recall:.0f} %"
