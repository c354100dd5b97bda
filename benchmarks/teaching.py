"""What a taught model is worth beside what it says it is worth: python -m benchmarks.teaching

The program's own finetune and classify, nothing chosen by hand, on single cells and raw minerals at each budget of
labels; the D₂O in single cells as a quantity; the time from button to result. Beside its rivals: benchmarks.fewshot.
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

from benchmarks.fewshot import CLASSIC
from benchmarks.labelled import LabelledSpectra, Rows, minerals_raw, single_cells
from benchmarks.remembered import remembered, taught
from benchmarks.results import machine, table, write_section
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning import candidate_selection, classifiers
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.representations import FeatureExtractor, Representations, represent
from ramanstudio.mae.model_store import DEFAULT_MODEL

DRAWS = 20  # of labels, to see how often the stated interval holds
FEW_DRAWS = 5
# How a person would choose PLS: by the error on samples held out.
PLS_COMPONENTS = (2, 4, 6, 9, 13)


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw of labels: what the model said it is worth, and what it was worth on the others."""

    accuracy: float
    stated: float
    low: float
    high: float
    best_simple: float
    surely: float
    unknown: float
    chosen: str

    @property
    def holds(self) -> bool:
        return self.low <= self.accuracy <= self.high


def best_simple(representations: Representations, labels: NDArray[Any], train: Rows, test: Rows) -> dict[str, float]:
    """The accuracy on `test` of each simple head that the program may choose from."""
    classes, which = np.unique(labels[train], return_inverse=True)
    found = {}
    for one in candidate_selection.candidates(FinetunePlan(), representations, len(train), len(classes)):
        rows = representations.rows(one.representation)
        span = Subspace.of(rows[train])
        estimator = classifiers.fit(one.estimator, span.of_rows(rows[train]), which, len(classes), one.strength)
        told = classes[np.argmax(estimator.scores(span.of_rows(rows[test])), axis=1)]
        found[one.words] = float(np.mean(told == labels[test]))
    return found


def draws_of(
    extractor: FeatureExtractor, labelled: LabelledSpectra, budget: int | None
) -> tuple[list[Draw], dict[str, float]]:
    """Each draw, and the mean accuracy of each simple head over them."""
    representations = represent(extractor, labelled.spectra)
    groups = labelled.spectra.table.get("sample")
    rows, simple = [], Counter[str]()
    splits = list(labelled.splits(budget, DRAWS))
    for train, test in splits:
        found = taught(extractor, labelled.spectra, labelled.labels, train, groups)
        told = classify(extractor, labelled.spectra[test], found.model)
        accuracies = best_simple(representations, labelled.labels, train, test)
        simple.update({name: one / len(splits) for name, one in accuracies.items()})
        expected = found.report.expected
        rows.append(
            Draw(
                float(np.mean(told.labels == labelled.labels[test])),
                expected.accuracy,
                expected.low,
                expected.high,
                max(accuracies.values()),
                float(told.probabilities.max(axis=1).mean()),
                float(told.unknown.mean()),
                found.report.chosen,
            )
        )
    return rows, dict(simple)


def mean(rows: list[Draw], of: Callable[[Draw], float]) -> float:
    return float(np.mean([of(row) for row in rows]))


def measure_honesty(
    extractor: FeatureExtractor, labelled: LabelledSpectra, budgets: tuple[int | None, ...], note: str
) -> None:
    """The section on one set: stated and true accuracy, and what the best of the simple heads would have given."""
    lines: list[list[object]] = []
    for budget in budgets:
        rows, simple = draws_of(extractor, labelled, budget)
        best = max(simple, key=lambda name: simple[name])
        regret = simple[best] - mean(rows, lambda row: row.accuracy)
        measured = np.isfinite(rows[0].stated)
        holds = mean(rows, lambda row: row.holds)
        lines.append(
            [
                budget or "all",
                f"{len(rows)}",
                f"{mean(rows, lambda row: row.accuracy):.3f}",
                f"{mean(rows, lambda row: row.stated):.3f}" if measured else "not stated",
                f"{mean(rows, lambda row: row.low):.2f} – {mean(rows, lambda row: row.high):.2f}" if measured else "",
                f"{holds:.0%} {_mark(holds >= 0.9)}" if measured else "",
                f"{best} {simple[best]:.3f}",
                f"{regret:+.3f} {_mark(regret <= 0.01)}",
                f"{mean(rows, lambda row: row.surely):.3f}",
                f"{mean(rows, lambda row: row.unknown):.3f}",
                ", ".join(f"{name} {count}" for name, count in Counter(row.chosen for row in rows).most_common(3)),
            ]
        )
        print(labelled.name, *lines[-1], flush=True)
    estimator = (
        "labels a class", "draws", "accuracy", "stated", "95 % interval",
        "holds (≥ 90 %)", "best simple head", "behind it (≤ .01)", "mean probability told", "called unknown", "chosen",
    )  # fmt: skip
    write_section(
        f"Taught: {labelled.name}",
        f"`python -m benchmarks.teaching`, {machine()}. The program's own `finetune` and `classify`; what is chosen is"
        f" chosen on the labels given, drawn {DRAWS} times (once where all are given). *Holds*: in how many draws the"
        " accuracy on all other spectra lies in the stated interval."
        " *Best simple head*: of all readings and heads that the program may choose from, the one with the best mean on"
        f" the spectra to be named, which nobody could know. {note}\n\n" + table(estimator, lines),
    )


def _mark(met: bool | np.bool_) -> str:
    return "✓" if met else "✗"


def d2o_splits(percent: NDArray[np.float64], culture: NDArray[np.str_]) -> list[tuple[Rows, Rows]]:
    """Ten spectra of each level to learn from, of all cultures but one a level, which is tested on whole."""
    found = []
    for draw in range(FEW_DRAWS):
        random = np.random.default_rng(draw)
        levels = np.unique(percent)
        apart = [random.choice(np.unique(culture[percent == level])) for level in levels]
        test = np.isin(culture, apart)
        some = [random.permutation(np.flatnonzero(~test & (percent == level)))[:10] for level in levels]
        found.append((np.sort(np.concatenate(some)), np.flatnonzero(test)))
    return found


def pls_of(rows: NDArray[Any], values: NDArray[Any], groups: NDArray[Any], train: Rows, test: Rows) -> NDArray[Any]:
    """Partial least squares, its components chosen by leaving out each group of the training rows in turn."""

    def fitted(learn: Rows, many: int) -> PLSRegression:
        return PLSRegression(many, scale=False).fit(rows[learn], values[learn])

    wrong = []
    for many in PLS_COMPONENTS:
        errors = [
            fitted(train[groups[train] != one], many).predict(rows[train[groups[train] == one]]).ravel()
            - values[train[groups[train] == one]]
            for one in np.unique(groups[train])
        ]
        wrong.append(float(np.mean(np.concatenate(errors) ** 2)))
    answers: NDArray[Any] = fitted(train, PLS_COMPONENTS[int(np.argmin(wrong))]).predict(rows[test]).ravel()
    return answers


def measure_d2o(extractor: FeatureExtractor, cells: SpectrumSet, note: str) -> None:
    """The D₂O in single cells as a quantity, beside PLS."""
    culture = cells.table["label"]
    percent = np.array([float(name.split("_")[1]) for name in culture])
    seen = {name: make(cells) for name, make in CLASSIC.items()}
    rows: dict[str, list[float]] = {}
    inside, chosen = [], Counter[str]()
    for train, test in d2o_splits(percent, culture):
        words = percent.astype(str)
        found = taught(extractor, cells, words, train, culture, FinetunePlan(quantity=True, importance=False))
        told = classify(extractor, cells[test], found.model)
        assert told.values is not None
        error = float(np.sqrt(np.mean((told.values - percent[test]) ** 2)))
        rows.setdefault("**taught**", []).append(error)
        inside.append(found.report.low <= error <= found.report.high)
        chosen[found.report.chosen] += 1
        for name, values in seen.items():
            answers = pls_of(values, percent, culture, train, test)
            rows.setdefault(f"{name}, PLS", []).append(float(np.sqrt(np.mean((answers - percent[test]) ** 2))))
    met = np.mean(rows["**taught**"]) < min(np.mean(errors) for name, errors in rows.items() if "PLS" in name)
    write_section(
        "Taught: D₂O in single cells",
        f"`python -m benchmarks.teaching`, {machine()}. Percent of D₂O in the medium (0 to 50), predicted for cultures"
        " none of whose cells was learned from, by ten spectra of each level of the others; root mean square error in"
        f" percent, mean ± standard deviation of {FEW_DRAWS} draws of cultures. *PLS*: its components chosen by leaving"
        f" out a culture at a time. Bar: ahead of PLS {_mark(met)}. The reading that is usual for quantities was found"
        f" on these cells (benchmarks/EXPERIMENTS.md). The stated interval held in {sum(inside)} of {len(inside)}"
        " draws."
        f" Chosen: {', '.join(f'{name} {count}' for name, count in chosen.items())}. {note}\n\n"
        + table(("", "RMSE"), [[name, f"{np.mean(one):.2f} ± {np.std(one):.2f}"] for name, one in rows.items()]),
    )


def measure_time(engine: Engine, cells: LabelledSpectra, note: str) -> None:
    """From button to result: everything, the report's bands too, on all spectra of the set."""
    rows = []
    for budget, bar in ((1, 10), (10, 90)):
        train, _ = next(cells.splits(budget))
        given = np.full(len(cells.spectra), "", dtype=object)
        given[train] = cells.labels[train]
        begun, computed = time.perf_counter(), time.process_time()
        engine.finetune(cells.spectra, given)
        taken, computed = time.perf_counter() - begun, time.process_time() - computed
        what = f"14 × {budget} labels, {len(cells.spectra)} spectra"
        rows.append([what, f"{taken:.0f} s", f"{computed:.0f} s", f"≤ {bar} s {_mark(taken <= bar)}"])
    write_section(
        "Taught: time",
        f"`python -m benchmarks.teaching`, {machine()}. From button to result, on {engine.device_name}, with whatever"
        f" else the computer did meanwhile (load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores). {note}\n\n"
        + table(("", "taken", "of it computing", "bar"), rows),
    )


def main(model: str, only: str) -> None:
    """Measure, and write the sections."""
    engine = Engine.load(model, device="cpu", threads=1)
    note = f"Ours: {engine.card.name}, model {engine.card.sha256[:12]}."
    cells = single_cells()
    if only in ("", "time"):
        measure_time(engine, cells, note)
    if only in ("", "d2o", "single_cells"):
        extractor = remembered(engine, cells.spectra)
        if only != "single_cells":
            measure_d2o(extractor, cells.spectra, note)
        if only != "d2o":
            measure_honesty(extractor, cells, (1, 2, 3, *cells.budgets[1:]), note)
    if only in ("", "minerals_raw"):
        minerals = minerals_raw()
        extractor = remembered(engine, minerals.spectra)
        measure_honesty(extractor, minerals, (1, 2, *minerals.budgets[1:]), note)


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description="Measure what taught models are worth.")
    ask.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parts = ("time", "d2o", "single_cells", "minerals_raw")
    ask.add_argument("--only", choices=parts, default="", help="one part of it")
    asked = ask.parse_args()
    main(asked.model, asked.only)
