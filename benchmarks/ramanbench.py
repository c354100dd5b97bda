"""Fine-tuning on public tasks, beside what sixty models are published to reach: python -m benchmarks.ramanbench

Tasks and folds are those of RamanBench v1 (arXiv 2605.02003): trained on two folds, tested on the third. Only the
training spectra are given to `finetune`, with default options; nothing is set for a task. Samples are given where the
folds keep them whole. `--cache FOLDER` keeps denoised spectra and features, which do not depend on labels.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.cached_extractor import cached_extractor
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.report import RegressionReport
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.finetuning.training import finetune
from ramanstudio.mae.model_store import DEFAULT_MODEL

FOLDER: Final = CORPUS.parent / "ramanbench"
PUBLISHED: Final = FOLDER / "published.csv"


@dataclass(frozen=True, slots=True)
class Task:
    """A task: its `name` here, the group of sets.h5, the number of its target in published.csv, and the quantity.

    `quantity` is the name of the target's array; "" stands for classes. `folds` is the array of folds; tasks whose
    folds are not those of RamanBench have no published figures.
    """

    name: str
    group: str
    target: int = 0
    quantity: str = ""
    folds: str = "fold_v1"

    @property
    def published_name(self) -> str:
        """The name of the task in published.csv; "" where nothing is published."""
        return f"{self.group}__{self.target}" if self.folds == "fold_v1" else ""


ANTON, TIMEGATE = "bioprocess_analytes_anton_532", "bioprocess_analytes_timegate"
ANALYTES: Final = (("glucose", "Glucose"), ("acetate", "Acetate"), ("MgSO₄", "MagnesiumSulfate"))
TASKS: Final = (
    Task("ait", "ait_glucose_blood_sers", 0, "target"),
    *(Task(f"anton {title}", ANTON, number, array) for number, (title, array) in enumerate(ANALYTES)),
    *(Task(f"timegate {title}", TIMEGATE, number, array) for number, (title, array) in enumerate(ANALYTES)),
    Task("diabetes", "diabetes_skin_ear_lobe"),
    Task("chlorinated", "chlorinated_samples"),
    Task("marine", "marine_pathogens_binary"),
    Task("alzheimer", "alzheimer"),
    Task("parkinson", "parkinson"),
    Task("alzheimer by person", "alzheimer", folds="fold_grouped"),
    Task("parkinson by person", "parkinson", folds="fold_grouped"),
)


@dataclass(frozen=True, slots=True, eq=False)
class TaskData:
    """The spectra of a task with their labels (N,) as a user types them, samples (N,) if known, and folds (N,)."""

    spectra: SpectrumSet
    labels: NDArray[np.str_]
    samples: NDArray[Any] | None
    folds: NDArray[np.intp]

    def splits(self) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield the rows to train on and to test on, fold by fold."""
        for fold in np.unique(self.folds):
            yield np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)


def read_task(task: Task, folder: Path = FOLDER) -> TaskData:
    """Return the data of a task. Samples are left out where the folds part them, as the training folds then may."""
    with h5py.File(folder / "sets.h5") as file:
        group = file[task.group]
        spectra = SpectrumSet.of(group["axis"][:], group["values"][:], source=task.group)
        folds = group[task.folds][:].astype(np.intp)
        target = group[task.quantity][:] if task.quantity else group["label"].asstr()[:]
        samples = group["sample"][:] if "sample" in group else None
    if samples is not None and any(len(np.unique(folds[samples == name])) > 1 for name in np.unique(samples)):
        samples = None
    return TaskData(spectra, target.astype(str), samples, folds)


def published_figures(task: Task, path: Path = PUBLISHED) -> dict[str, float]:
    """Return the mean over the folds of each published model that has a figure for all of them."""
    column = "rmse" if task.quantity else "accuracy"
    figures: dict[str, list[float]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["dataset"] == task.published_name:
                figures[row["model"]].append(float(row[column] or "nan"))
    n_folds = max((len(values) for values in figures.values()), default=0)
    means = {model: float(np.mean(values)) for model, values in figures.items() if len(values) == n_folds}
    return {model: mean for model, mean in means.items() if np.isfinite(mean)}


def rank_of(figure: float, published: dict[str, float], lower_is_better: bool) -> int:
    """Return the place of a figure among the published ones: one more than how many of them are better."""
    return 1 + sum(other < figure if lower_is_better else other > figure for other in published.values())


@dataclass(frozen=True, slots=True)
class Measured:
    """The mean over the folds of the metric, how many of them the stated interval held in, seconds, and choices."""

    figure: float
    n_held: int
    n_folds: int
    calibration_error: float
    seconds: float
    chosen: tuple[str, ...]


def measure(extractor: FeatureExtractor, task: Task, data: TaskData) -> Measured:
    """Fine-tune on two folds and test on the third, for each of them."""
    figures, held, errors, chosen = list[float](), list[bool](), list[float](), list[str]()
    started = time.perf_counter()
    plan = FinetunePlan(quantity=bool(task.quantity), importance=False)
    for train, test in data.splits():
        samples = None if data.samples is None else data.samples[train]
        result = finetune(extractor, data.spectra[train], data.labels[train], samples, plan)
        predicted, report = classify(extractor, data.spectra[test], result.model), result.report
        chosen.append(report.chosen)
        if isinstance(report, RegressionReport):
            assert predicted.values is not None
            figures.append(float(np.sqrt(np.mean((predicted.values - data.labels[test].astype(float)) ** 2))))
            held.append(report.low <= figures[-1] <= report.high)
        else:
            correct = predicted.labels == data.labels[test]
            figures.append(float(correct.mean()))
            held.append(report.expected.low <= figures[-1] <= report.expected.high)
            errors.append(expected_calibration_error(predicted.probabilities.max(axis=1), correct))
    seconds = time.perf_counter() - started
    calibration_error = float(np.mean(errors)) if errors else float("nan")
    return Measured(float(np.mean(figures)), sum(held), len(held), calibration_error, seconds, tuple(chosen))


def expected_calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], n_bins: int = 10) -> float:
    """Return the mean distance of probability and accuracy, in `n_bins` bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, confidence - correct.astype(float), n_bins)
    return float(np.abs(gaps).sum() / len(confidence))


def to_row(task: Task, measured: Measured) -> list[str]:
    """Return a row of the table: task, ours, rank, best, median, PLS, time, interval, calibration."""
    published = published_figures(task) if task.published_name else {}
    lower = bool(task.quantity)
    values = sorted(published.values(), reverse=not lower)
    beside = [f"{values[0]:.3g}", f"{np.median(values):.3g}", f"{published['PLS']:.3g}"] if values else ["", "", ""]
    rank = f"{rank_of(measured.figure, published, lower)} of {len(published) + 1}" if values else ""
    error = "" if task.quantity else f"{measured.calibration_error:.3f}"
    held = f"{measured.n_held} of {measured.n_folds}"
    return [task.name, f"{measured.figure:.3g}", rank, *beside, held, error, f"{measured.seconds:.0f} s"]


HEAD: Final = ("task", "ours", "rank", "best", "median", "PLS", "interval held", "calibration error", "time")


def main() -> None:
    """Measure all tasks, or those named, and write the section when all were measured."""
    parser = argparse.ArgumentParser(description="Fine-tuning on public tasks, beside published figures.")
    parser.add_argument("--task", action="append", choices=[task.name for task in TASKS], help="only this task")
    parser.add_argument("--cache", type=Path, help="a folder to keep denoised spectra and features in")
    parser.add_argument("--title", default="Fine-tuning: RamanBench", help="of the section in RESULTS.md")
    parser.add_argument("--write", action="store_true", help="write the section even for some tasks")
    options = parser.parse_args()
    engine = Engine.load(DEFAULT_MODEL, device="cpu", threads=1)
    rows, ranks = [], []
    for task in TASKS:
        if options.task and task.name not in options.task:
            continue
        data = read_task(task)
        measured = measure(cached_extractor(engine, data.spectra, options.cache), task, data)
        rows.append(to_row(task, measured))
        if rows[-1][2]:
            ranks.append(int(rows[-1][2].split()[0]))
        print(" | ".join(rows[-1]), "|", "; ".join(measured.chosen), flush=True)
    mean_rank = f"Mean rank {np.mean(ranks):.1f}." if ranks else ""
    print(mean_rank)
    if options.write or not options.task:
        text = (
            f"`python -m benchmarks.ramanbench`, {machine()}. Tasks and folds of RamanBench v1 with what some sixty"
            " models are published to reach (mean over three folds; *best* and *median* of them): accuracy of classes,"
            " RMSE of quantities. Default options, only the training spectra given, samples where the folds keep them"
            " whole. *Interval held*: in how many folds the stated 95 % interval held the figure of the test fold;"
            " *calibration error*: expected, ten bins, on test folds; *time*: three trainings without denoising."
            f" {mean_rank} Ours: {engine.card.name}, model {engine.card.sha256[:12]}.\n\n"
        )
        write_section(options.title, text + table(HEAD, rows))


if __name__ == "__main__":
    main()
