"""Accuracy of fine-tuned models against the accuracy that they state: python -m benchmarks.finetuning

The program's own finetune and classify, nothing chosen by hand, on single cells and raw minerals at each number of
labels; D₂O in single cells as a quantity; the time to train. Beside other methods: benchmarks.fewshot.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cross_decomposition import PLSRegression

from benchmarks.cached_extractor import cached_extractor, finetune_on
from benchmarks.fewshot import CLASSIC
from benchmarks.labelled_sets import LabelledSpectra, Rows, minerals_raw, single_cells
from benchmarks.results import machine, table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning.candidate_selection import list_candidates
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.classifiers import Subspace, fit_classifier
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent
from ramanstudio.mae.model_store import DEFAULT_MODEL

N_DRAWS = 20  # of labels, to see how often the stated interval holds
N_DRAWS_D2O = 5
PLS_COMPONENTS = (2, 4, 6, 9, 13)  # chosen by cross-validation, as a user would


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of labels: the true accuracy on the other spectra, and what the model stated."""

    accuracy: float
    stated: float
    low: float
    high: float
    best_candidate: float
    mean_probability: float
    unknown: float
    chosen: str

    @property
    def holds(self) -> bool:
        """Whether the true accuracy lies in the stated interval."""
        return self.low <= self.accuracy <= self.high


def candidate_accuracies(
    representations: Representations, labels: NDArray[Any], train: Rows, test: Rows
) -> dict[str, float]:
    """Return the accuracy on `test` of each candidate that the program may choose from."""
    classes, targets = np.unique(labels[train], return_inverse=True)
    accuracies = {}
    for candidate in list_candidates(FinetunePlan(), representations, len(train), len(classes)):
        rows = representations.rows(candidate.representation)
        subspace = Subspace.of(rows[train])
        classifier = fit_classifier(
            candidate.estimator, subspace.project(rows[train]), targets, len(classes), candidate.strength
        )
        predicted = classes[np.argmax(classifier.scores(subspace.project(rows[test])), axis=1)]
        accuracies[candidate.title] = float(np.mean(predicted == labels[test]))
    return accuracies


def measure_draws(
    extractor: FeatureExtractor, labelled: LabelledSpectra, budget: int | None
) -> tuple[list[Draw], dict[str, float]]:
    """Return each draw of `budget` labels a class, and the mean accuracy of each candidate over them."""
    representations = represent(extractor, labelled.spectra)
    groups = labelled.spectra.table.get("sample")
    draws, means = [], Counter[str]()
    splits = list(labelled.splits(budget, N_DRAWS))
    for train, test in splits:
        result = finetune_on(extractor, labelled.spectra, labelled.labels, train, groups)
        predicted = classify(extractor, labelled.spectra[test], result.model)
        accuracies = candidate_accuracies(representations, labelled.labels, train, test)
        means.update({title: accuracy / len(splits) for title, accuracy in accuracies.items()})
        expected = result.report.expected
        draws.append(
            Draw(
                accuracy=float(np.mean(predicted.labels == labelled.labels[test])),
                stated=expected.accuracy,
                low=expected.low,
                high=expected.high,
                best_candidate=max(accuracies.values()),
                mean_probability=float(predicted.probabilities.max(axis=1).mean()),
                unknown=float(predicted.unknown.mean()),
                chosen=result.report.chosen,
            )
        )
    return draws, dict(means)


def mean(draws: list[Draw], value: Callable[[Draw], float]) -> float:
    """Return the mean of a value over draws."""
    return float(np.mean([value(draw) for draw in draws]))


def measure_stated_accuracy(
    extractor: FeatureExtractor, labelled: LabelledSpectra, budgets: tuple[int | None, ...], note: str
) -> None:
    """Write the section on one set: stated and true accuracy, and what the best candidate would have given."""
    rows: list[list[object]] = []
    for budget in budgets:
        draws, means = measure_draws(extractor, labelled, budget)
        best = max(means, key=lambda title: means[title])
        regret = means[best] - mean(draws, lambda draw: draw.accuracy)
        is_measured = np.isfinite(draws[0].stated)
        holds = mean(draws, lambda draw: draw.holds)
        low, high = mean(draws, lambda draw: draw.low), mean(draws, lambda draw: draw.high)
        rows.append(
            [
                budget or "all",
                f"{len(draws)}",
                f"{mean(draws, lambda draw: draw.accuracy):.3f}",
                f"{mean(draws, lambda draw: draw.stated):.3f}" if is_measured else "not stated",
                f"{low:.2f} – {high:.2f}" if is_measured else "",
                f"{holds:.0%} {_mark(holds >= 0.9)}" if is_measured else "",
                f"{best} {means[best]:.3f}",
                f"{regret:+.3f} {_mark(regret <= 0.01)}",
                f"{mean(draws, lambda draw: draw.mean_probability):.3f}",
                f"{mean(draws, lambda draw: draw.unknown):.3f}",
                ", ".join(f"{name} {count}" for name, count in Counter(draw.chosen for draw in draws).most_common(3)),
            ]
        )
        print(labelled.name, *rows[-1], flush=True)
    header = (
        "labels a class", "draws", "accuracy", "stated", "95 % interval", "holds (≥ 90 %)", "best candidate",
        "behind it (≤ .01)", "mean probability", "called unknown", "chosen",
    )  # fmt: skip
    write_section(
        f"Fine-tuning: {labelled.name}",
        f"`python -m benchmarks.finetuning`, {machine()}. The program's own `finetune` and `classify`; everything is"
        f" selected by cross-validation on the given labels, drawn {N_DRAWS} times (once where all are given). *Holds*:"
        " the share of draws whose accuracy on all other spectra lies in the stated interval."
        " *Best candidate*: of all representations and classifiers that the program may choose from, the one with the"
        f" best mean on the other spectra, which nobody could know. {note}\n\n" + table(header, rows),
    )


def _mark(met: bool | np.bool_) -> str:
    return "✓" if met else "✗"


def d2o_splits(percent: NDArray[np.float64], culture: NDArray[np.str_]) -> list[tuple[Rows, Rows]]:
    """Return rows to train on, ten of each level, and to test on, one whole culture of each level."""
    splits = []
    for draw in range(N_DRAWS_D2O):
        rng = np.random.default_rng(draw)
        levels = np.unique(percent)
        held_out = [rng.choice(np.unique(culture[percent == level])) for level in levels]
        test = np.isin(culture, held_out)
        train = [rng.permutation(np.flatnonzero(~test & (percent == level)))[:10] for level in levels]
        splits.append((np.sort(np.concatenate(train)), np.flatnonzero(test)))
    return splits


def predict_pls(
    rows: NDArray[Any], values: NDArray[Any], groups: NDArray[Any], train: Rows, test: Rows
) -> NDArray[Any]:
    """Return PLS predictions for `test`, the number of components chosen by leave-one-group-out cross-validation."""

    def fit(subset: Rows, n_components: int) -> PLSRegression:
        return PLSRegression(n_components, scale=False).fit(rows[subset], values[subset])

    mean_squares = []
    for n_components in PLS_COMPONENTS:
        errors = [
            fit(train[groups[train] != group], n_components).predict(rows[train[groups[train] == group]]).ravel()
            - values[train[groups[train] == group]]
            for group in np.unique(groups[train])
        ]
        mean_squares.append(float(np.mean(np.concatenate(errors) ** 2)))
    predicted: NDArray[Any] = fit(train, PLS_COMPONENTS[int(np.argmin(mean_squares))]).predict(rows[test]).ravel()
    return predicted


def measure_d2o(extractor: FeatureExtractor, cells: SpectrumSet, note: str) -> None:
    """Write the section on D₂O in single cells as a quantity, beside PLS."""
    culture = cells.table["label"]
    percent = np.array([float(name.split("_")[1]) for name in culture])
    classic = {name: make(cells) for name, make in CLASSIC.items()}
    ours = "**fine-tuned**"
    errors: dict[str, list[float]] = {ours: []}
    holds, chosen = [], Counter[str]()
    for train, test in d2o_splits(percent, culture):
        plan = FinetunePlan(quantity=True, importance=False)
        result = finetune_on(extractor, cells, percent.astype(str), train, culture, plan)
        predicted = classify(extractor, cells[test], result.model)
        assert predicted.values is not None
        rmse = float(np.sqrt(np.mean((predicted.values - percent[test]) ** 2)))
        errors[ours].append(rmse)
        holds.append(result.report.low <= rmse <= result.report.high)
        chosen[result.report.chosen] += 1
        for name, rows in classic.items():
            pls = predict_pls(rows, percent, culture, train, test)
            errors.setdefault(f"{name}, PLS", []).append(float(np.sqrt(np.mean((pls - percent[test]) ** 2))))
    is_ahead = np.mean(errors[ours]) < min(np.mean(values) for name, values in errors.items() if name != ours)
    write_section(
        "Fine-tuning: D₂O in single cells",
        f"`python -m benchmarks.finetuning`, {machine()}. Percent of D₂O in the medium (0 to 50), predicted for"
        " cultures that none of the training cells came from, by ten spectra of each level of the others; root mean"
        f" square error in percent, mean ± standard deviation of {N_DRAWS_D2O} draws of cultures. *PLS*: its components"
        f" chosen by leaving out a culture at a time. Bar: ahead of PLS {_mark(is_ahead)}. The default representation"
        " for quantities was found on these cells (benchmarks/EXPERIMENTS.md). The stated interval held in"
        f" {sum(holds)} of {len(holds)} draws."
        f" Chosen: {', '.join(f'{title} {count}' for title, count in chosen.items())}. {note}\n\n"
        + table(
            ("", "RMSE"), [[name, f"{np.mean(values):.2f} ± {np.std(values):.2f}"] for name, values in errors.items()]
        ),
    )


def measure_time(engine: Engine, cells: LabelledSpectra, note: str) -> None:
    """Write the section on the time of training, with the whole report, on all spectra of the set."""
    rows = []
    for budget, limit_s in ((1, 10), (10, 90)):
        train, _ = next(cells.splits(budget))
        given = np.full(len(cells.spectra), "", dtype=object)
        given[train] = cells.labels[train]
        started, started_cpu = time.perf_counter(), time.process_time()
        engine.finetune(cells.spectra, given)
        elapsed_s, computing_s = time.perf_counter() - started, time.process_time() - started_cpu
        title = f"14 × {budget} labels, {len(cells.spectra)} spectra"
        bar = f"≤ {limit_s} s {_mark(elapsed_s <= limit_s)}"
        rows.append([title, f"{elapsed_s:.0f} s", f"{computing_s:.0f} s", bar])
    write_section(
        "Fine-tuning: time",
        f"`python -m benchmarks.finetuning`, {machine()}. From the button to the result, on {engine.device_name}, with"
        f" whatever else the computer did meanwhile (load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores). {note}"
        "\n\n" + table(("", "elapsed", "of it computing", "bar"), rows),
    )


def main(model: str, only: str) -> None:
    """Measure all parts, or `only` one, and write the sections."""
    engine = Engine.load(model, device="cpu", threads=1)
    note = f"Ours: {engine.card.name}, model {engine.card.sha256[:12]}."
    cells = single_cells()
    if only in ("", "time"):
        measure_time(engine, cells, note)
    if only in ("", "d2o", "single_cells"):
        extractor = cached_extractor(engine, cells.spectra)
        if only != "single_cells":
            measure_d2o(extractor, cells.spectra, note)
        if only != "d2o":
            measure_stated_accuracy(extractor, cells, (1, 2, 3, *cells.budgets[1:]), note)
    if only in ("", "minerals_raw"):
        minerals = minerals_raw()
        extractor = cached_extractor(engine, minerals.spectra)
        measure_stated_accuracy(extractor, minerals, (1, 2, *minerals.budgets[1:]), note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure fine-tuned models against what they state.")
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parts = ("time", "d2o", "single_cells", "minerals_raw")
    parser.add_argument("--only", choices=parts, default="", help="one part of it")
    options = parser.parse_args()
    main(options.model, options.only)
