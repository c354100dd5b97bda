"""What a taught model is worth beside what it says it is worth: python -m benchmarks.teaching

The program's own finetune and classify, nothing chosen by hand: single cells and raw minerals at each budget of labels,
microplastics after months in the sea, the D₂O in single cells as a quantity, and the time from button to result.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from sklearn.cross_decomposition import PLSRegression

from benchmarks.fewshot import BARS, CLASSIC, OF_THE_SET, raw
from benchmarks.labelled import Labelled, Rows, minerals_raw, single_cells
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from benchmarks.rivals import classifiers
from ramanstudio.engine import DEFAULT_MODEL, Engine
from ramanstudio.progress import Progress
from ramanstudio.spectra import SpectrumSet
from ramanstudio.teaching import choosing, heads
from ramanstudio.teaching.classifying import Classified, classify
from ramanstudio.teaching.heads import Span
from ramanstudio.teaching.learning import finetune
from ramanstudio.teaching.plan import FinetunePlan
from ramanstudio.teaching.readings import Readings, Sight, read
from ramanstudio.teaching.report import FineTuned

DRAWS = 20  # of labels, to see how often the stated interval holds
FEW_DRAWS = 5
PLAN = FinetunePlan(bands=False)
# How a person would choose PLS: by the error on samples held out.
PLS_COMPONENTS = (2, 4, 6, 9, 13)
Mask = NDArray[np.bool_]


def remembered(engine: Engine, spectra: SpectrumSet) -> Sight:
    """The engine as teaching sees it, that has looked at `spectra` once and knows them again: draws share the work."""
    denoised = engine.denoise(spectra).spectra
    features = engine.compare([denoised]).features
    place = {row.tobytes(): index for index, row in enumerate(spectra.values)}
    again = {row.tobytes(): index for index, row in enumerate(denoised.values)}

    def denoise(some: SpectrumSet, _: Progress) -> SpectrumSet:
        return some.with_values(denoised.values[[place[row.tobytes()] for row in some.values]])

    def embed(some: SpectrumSet, _: Progress) -> NDArray[np.float32] | None:
        found: NDArray[np.float32] = features[[again[row.tobytes()] for row in some.values]]
        return found if found.shape[1] else None

    return Sight(engine.card.name, engine.card.fingerprint, denoise, embed)


def taught(
    sight: Sight,
    spectra: SpectrumSet,
    labels: NDArray[Any],
    train: Rows,
    groups: NDArray[Any] | None,
    plan: FinetunePlan,
) -> FineTuned:
    """A model taught the labels of `train` only, all other spectra without one."""
    given = np.full(len(spectra), "", dtype=object)
    given[train] = labels[train]
    return finetune(sight, spectra, given, groups, plan)


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


def best_simple(readings: Readings, labels: NDArray[Any], train: Rows, test: Rows) -> dict[str, float]:
    """The accuracy on `test` of each simple head that the program may choose from."""
    classes, which = np.unique(labels[train], return_inverse=True)
    found = {}
    for one in choosing.candidates(FinetunePlan(), readings, len(train), len(classes)):
        rows = readings.rows(one.reading)
        span = Span.of(rows[train])
        head = heads.fit(one.head, span.of_rows(rows[train]), which, len(classes), one.strength)
        told = classes[np.argmax(head.scores(span.of_rows(rows[test])), axis=1)]
        found[one.words] = float(np.mean(told == labels[test]))
    return found


def draws_of(sight: Sight, labelled: Labelled, budget: int | None, many: int) -> tuple[list[Draw], dict[str, float]]:
    """Each draw, and the mean accuracy of each simple head over them."""
    readings = read(sight, labelled.spectra)
    groups = labelled.spectra.table.get("sample")
    rows, simple = [], Counter[str]()
    for train, test in labelled.splits(budget, many):
        found = taught(sight, labelled.spectra, labelled.labels, train, groups, PLAN)
        told = classify(sight, labelled.spectra[test], found.model)
        accuracies = best_simple(readings, labelled.labels, train, test)
        simple.update({name: one / many for name, one in accuracies.items()})
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


def measure_honesty(sight: Sight, labelled: Labelled, budgets: tuple[int | None, ...], note: str) -> None:
    """The section on one set: stated and true accuracy, and what the best of the simple heads would have given."""
    lines: list[list[object]] = []
    for budget in budgets:
        many = FEW_DRAWS if budget is None else DRAWS
        rows, simple = draws_of(sight, labelled, budget, many)
        first = [row.accuracy for row in rows[:FEW_DRAWS]]
        bars = dict(zip(labelled.budgets, BARS[labelled.name], strict=True))
        mark = "" if budget not in bars else f" (≥ {bars[budget]:.2f} {_mark(np.mean(first) >= bars[budget])})"
        best = max(simple, key=lambda name: simple[name])
        regret = simple[best] - mean(rows, lambda row: row.accuracy)
        measured = np.isfinite(rows[0].stated)
        holds = mean(rows, lambda row: row.holds)
        lines.append(
            [
                budget or "all",
                f"{np.mean(first):.3f} ± {np.std(first):.3f}{mark}",
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
    head = (
        "labels a class", f"accuracy, {FEW_DRAWS} draws", f"{DRAWS} draws", "stated", "95 % interval",
        "holds (≥ 90 %)", "best simple head", "behind it (≤ .01)", "mean probability told", "called unknown", "chosen",
    )  # fmt: skip
    write_section(
        f"Taught: {labelled.name}",
        f"`python -m benchmarks.teaching`, {machine()}. The program's own `finetune` and `classify`; what is chosen is"
        f" chosen on the labels given. {DRAWS} draws of labels ({FEW_DRAWS} where all are given, which differ only in"
        " their order). *Holds*: in how many draws the accuracy on all other spectra lies in the stated interval."
        " *Best simple head*: of all readings and heads that the program may choose from, the one with the best mean on"
        f" the spectra to be named, which nobody could know. {note}\n\n" + table(head, lines),
    )


def _mark(met: bool | np.bool_) -> str:
    return "✓" if met else "✗"


def microplastics() -> tuple[SpectrumSet, NDArray[np.str_], Mask]:
    """Polymers, their names, and which of the spectra are from sea water."""
    with h5py.File(CORPUS) as file:
        group = file["microplastics"]
        axis, values = group["axis"][:].astype(float), group["values"][:]
        label, state, sample = (group[name].asstr()[:].astype(str) for name in ("label", "state", "sample"))
    known = label != ""
    table_ = {"sample": np.char.strip(sample[known]), "state": state[known]}
    spectra = SpectrumSet.of(axis, values[known], source="microplastics").with_table(**table_)
    return spectra, label[known], state[known] == "sea water"


def measure_microplastics(engine: Engine, note: str, with_resnet: bool) -> None:
    """Learn pristine and fresh-water polymers, name those from the sea; beside every rival."""
    spectra, labels, sea = microplastics()
    sight = remembered(engine, spectra)
    train, test = np.flatnonzero(~sea), np.flatnonzero(sea)
    found = taught(sight, spectra, labels, train, spectra.table["sample"], PLAN)
    told: Classified = classify(sight, spectra[test], found.model)
    ours = float(np.mean(told.labels == labels[test]))
    rows = [[f"**taught** ({found.report.chosen})", ours]]
    for features, make in {**CLASSIC, **OF_THE_SET}.items():
        seen = make(spectra)
        for name, judge in {**classifiers.RIVALS, "random forest": classifiers.forest}.items():
            rows.append(
                [f"{features}, {name}", float(np.mean(judge(seen[train], labels[train], seen[test]) == labels[test]))]
            )
    if with_resnet:
        from benchmarks.rivals import resnet

        answers = resnet.classify(spectra.values[train], labels[train], spectra.values[test])
        rows.append(["ResNet from scratch", float(np.mean(answers == labels[test]))])
    best = max(row[1] for row in rows[1:])
    one = found.report.expected
    met = f"{_mark(ours > best)}{' (level with the best)' if ours == best else ''}"
    missing = "" if with_resnet else " The ResNet from scratch was not run."
    write_section(
        "Taught: microplastics in the sea",
        f"`python -m benchmarks.teaching`, {machine()}. {len(train)} spectra of eleven polymers, pristine and after"
        f" months in fresh water, are learned; {len(test)} from sea water are named. Stated before: {one.accuracy:.3f}"
        f" ({one.low:.2f} – {one.high:.2f}), on samples held out of those learned. Bar: ahead of every rival"
        f" {met}.{missing} {note}\n\n" + table(("", "accuracy"), [[name, f"{value:.3f}"] for name, value in rows]),
    )


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


def measure_d2o(sight: Sight, cells: SpectrumSet, note: str) -> None:
    """The D₂O in single cells as a quantity, beside PLS."""
    culture = cells.table["label"]
    percent = np.array([float(name.split("_")[1]) for name in culture])
    seen = {"raw": raw(cells), "derivative": CLASSIC["derivative"](cells)}
    rows: dict[str, list[float]] = {}
    inside, chosen = [], Counter[str]()
    for train, test in d2o_splits(percent, culture):
        words = percent.astype(str)
        found = taught(sight, cells, words, train, culture, FinetunePlan(quantity=True, bands=False))
        told = classify(sight, cells[test], found.model)
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


def measure_time(engine: Engine, cells: Labelled, note: str) -> None:
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


def main(model: str, only: str, with_resnet: bool) -> None:
    """Measure, and write the sections."""
    engine = Engine.load(model, device="cpu", threads=1)
    note = f"Ours: {engine.card.name}, model {engine.card.sha256[:12]}."
    if only in ("", "microplastics"):
        measure_microplastics(engine, note, with_resnet)
    cells = single_cells()
    if only in ("", "time"):
        measure_time(engine, cells, note)
    if only in ("", "d2o", "single_cells"):
        sight = remembered(engine, cells.spectra)
        if only != "single_cells":
            measure_d2o(sight, cells.spectra, note)
        if only != "d2o":
            measure_honesty(sight, cells, (1, 2, 3, *cells.budgets[1:]), note)
    if only in ("", "minerals_raw"):
        minerals = minerals_raw()
        sight = remembered(engine, minerals.spectra)
        measure_honesty(sight, minerals, (1, 2, *minerals.budgets[1:]), note)


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description="Measure what taught models are worth.")
    ask.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parts = ("microplastics", "time", "d2o", "single_cells", "minerals_raw")
    ask.add_argument("--only", choices=parts, default="", help="one part of it")
    ask.add_argument("--resnet", action="store_true", help="with the ResNet from scratch, which takes long on a CPU")
    asked = ask.parse_args()
    main(asked.model, asked.only, asked.resnet)
