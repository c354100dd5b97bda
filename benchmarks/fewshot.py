"""Few labels and clusters, ours beside what a user would otherwise pick: python -m benchmarks.fewshot"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.signal import savgol_filter
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.labelled import DRAWS, Labelled, labelled_sets
from benchmarks.results import machine, table, write_section
from benchmarks.rivals import classifiers
from benchmarks.rivals.classifiers import Classify, Floats, Joined, Labels
from benchmarks.rivals.smoothers import baseline
from ramanstudio.engine import DEFAULT_MODEL, Engine
from ramanstudio.spectra import SpectrumSet

Features = Callable[[SpectrumSet], Floats]  # spectra -> (N, D)
DERIVATIVE = (15, 2)  # window in samples and degree of the Savitzky-Golay filter
COMPONENTS = 32


def unit(rows: Floats) -> Floats:
    """Rows (N, D) about their own mean, of unit length: the standard normal variate but for its scale."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    scaled: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def raw(spectra: SpectrumSet) -> Floats:
    """The spectra without their baseline, of unit length (N, B)."""
    return unit(spectra.values - baseline(spectra.values))


def derivative(spectra: SpectrumSet) -> Floats:
    """The first derivative, of unit length (N, B)."""
    return unit(savgol_filter(spectra.values, *DERIVATIVE, deriv=1, axis=1))


def components(spectra: SpectrumSet) -> Floats:
    """The first derivative's principal components over the whole set, COMPONENTS of them, of unit length."""
    rows = derivative(spectra)
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    return unit((left * sizes)[:, :COMPONENTS])


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracies at one budget of labels, one for each draw."""

    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.accuracies))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {np.std(self.accuracies):.3f}"


def score(labelled: Labelled, features: Floats, classify: Classify) -> list[Score]:
    """The accuracy of `classify` on `features` (N, D) at each budget of labels."""
    rows = []
    for budget in labelled.budgets:
        right = []
        for train, test in labelled.splits(budget):
            with warnings.catch_warnings():
                # scikit-learn wonders whether so many classes are a regression, and warns of folds that lack one
                warnings.simplefilter("ignore", UserWarning)
                told = classify(features[train], labelled.labels[train], features[test])
            right.append(float(np.mean(told == labelled.labels[test])))
        rows.append(Score(tuple(right)))
    return rows


SEEDS = range(5)


@dataclass(frozen=True, slots=True)
class Clustering:
    """How groups found without labels agree with the classes: accuracy by the best matching, its spread, AMI."""

    accuracy: float
    mutual: float
    spread: float = 0.0


def agreement(groups: NDArray[Any], labels: Labels) -> Clustering:
    """`groups` against `labels` (N,); each group counts for one class, matched by the Hungarian method."""
    inside = np.unique(groups, return_inverse=True)[1], np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((inside[0].max() + 1, inside[1].max() + 1), dtype=int)
    np.add.at(counts, inside, 1)
    matched = counts[linear_sum_assignment(-counts)].sum()
    return Clustering(matched / len(labels), float(adjusted_mutual_info_score(labels, groups)))


def cluster(labelled: Labelled, features: Floats, starts: int = 20) -> Clustering:
    """K-means on `features` (N, D) with the true number of classes, the mean over seeds."""
    many = len(np.unique(labelled.labels))
    runs = [KMeans(many, n_init=starts, random_state=seed).fit_predict(features) for seed in SEEDS]
    found = [agreement(groups, labelled.labels) for groups in runs]
    accuracies = [one.accuracy for one in found]
    mutual = float(np.mean([one.mutual for one in found]))
    return Clustering(float(np.mean(accuracies)), mutual, float(np.std(accuracies)))


# The figures of issue 3 that ours is to reach: accuracy at each budget, clustering accuracy and AMI.
BARS = {"single_cells": (0.66, 0.87, 0.92, 0.95), "minerals_raw": (0.72, 0.84, 0.87)}
CLUSTER_BARS = (0.80, 0.80)
CLASSIC: dict[str, Features] = {"raw": raw, "derivative": derivative}
# Ours is joined with the classic features; these see the spectra without labels too, as a user who has them all could.
OF_THE_SET: dict[str, Features] = {"components of the set": components}
JUDGED = "embedding beside raw and derivative, LDA"  # the row held to the bars: named here, not picked by its score

Row = tuple[str, list[Score], float]  # features and classifier, scores, seconds


def timed(name: str, labelled: Labelled, features: Floats, classify: Classify) -> Row:
    """A row of the table; says on the terminal how far it is."""
    begun = time.perf_counter()
    scores = score(labelled, features, classify)
    row = name, scores, time.perf_counter() - begun
    print(labelled.name, name, *scores, f"{row[2]:.0f} s", flush=True)
    return row


def rows_of_rivals(labelled: Labelled, rivals: dict[str, Floats]) -> list[Row]:
    """Each classic classifier on each of the rivals' features."""
    judges = {**classifiers.RIVALS, "random forest": classifiers.forest}
    return [
        timed(f"{features}, {judge}", labelled, rivals[features], classify)
        for features in rivals
        for judge, classify in judges.items()
    ]


def rows_of_ours(labelled: Labelled, classic: dict[str, Floats], embedding: Floats) -> list[Row]:
    """Simple classifiers on the embedding (N, D), and on it beside the classic features."""
    joined = np.hstack([embedding, *classic.values()])
    widths = embedding.shape[1], *(features.shape[1] for features in classic.values())
    beside = "embedding beside raw and derivative"
    judges: dict[str, Classify] = {
        "1-NN": classifiers.nearest_neighbour,
        "nearest mean": classifiers.nearest_mean,
        "logistic": classifiers.logistic,
        "LDA": classifiers.shrinkage_lda,
    }
    return [
        *(timed(f"embedding, {judge}", labelled, embedding, classify) for judge, classify in judges.items()),
        timed(JUDGED, labelled, joined, Joined(widths, classifiers.shrinkage_lda)),
        timed(f"{beside}, logistic", labelled, joined, Joined(widths, classifiers.logistic)),
    ]


def write_labels(labelled: Labelled, ours: Sequence[Row], rivals: Sequence[Row], note: str) -> None:
    """The table of one labelled set: ours, the bars, the best of the rivals at each budget, the rivals."""
    many = len(labelled.budgets)
    bars = BARS[labelled.name]
    best = [f"{max(row[1][budget].mean for row in rivals):.3f}" for budget in range(many)]
    judged = next((row for row in ours if row[0] == JUDGED), None)
    met = [
        f"≥ {bar:.2f}" + ("" if judged is None else " ✓" if judged[1][budget].mean >= bar else " ✗")
        for budget, bar in enumerate(bars)
    ]
    lines: list[list[object]] = [
        *([_bold(row[0]) if row is judged else row[0], *row[1], f"{row[2]:.0f}"] for row in ours),
        ["bar", *met, ""],
        ["best of the rivals, each budget by itself", *best, ""],
        *([row[0], *row[1], f"{row[2]:.0f}"] for row in rivals),
    ]
    head = ("features, classifier", *(f"{budget or 'all'} a class" for budget in labelled.budgets), "s")
    write_section(
        f"Few labels: {labelled.name}",
        f"`python -m benchmarks.fewshot`, {machine()}. Accuracy, mean ± standard deviation of {DRAWS} draws of the"
        " labels, split by sample where a class has several (`benchmarks/labelled.py`). Settings and weights are chosen"
        " by cross-validation among the labels given, or fixed where a class has fewer than three. *Raw*: without its"
        " baseline, of unit length; *derivative*: Savitzky-Golay;"
        f" *components of the set*: {COMPONENTS} principal components of the derivative over all spectra, those without"
        " a label too. *s*: seconds of all fits on one thread."
        f" The bars are for {_bold(JUDGED)}. {note}\n\n" + table(head, lines),
    )


def _bold(text: str) -> str:
    return f"**{text}**"


def write_clustering(labelled: Labelled, features: dict[str, Floats], note: str) -> None:
    """The table of K-means on each of the features."""
    found = {name: cluster(labelled, rows) for name, rows in features.items()}
    lines: list[list[str]] = [
        [name, f"{one.accuracy:.3f} ± {one.spread:.3f}", f"{one.mutual:.3f}"] for name, one in found.items()
    ]
    write_section(
        f"Clustering: {labelled.name}",
        f"`python -m benchmarks.fewshot`, {machine()}. K-means with the true number of classes, {len(SEEDS)} seeds of"
        " 20 starts each; accuracy by the Hungarian method, adjusted mutual information."
        f" {note}\n\n"
        + table(("features", "accuracy", "AMI"), [*lines, ["bar", *(f"≥ {bar}" for bar in CLUSTER_BARS)]]),
    )


def embedding_of(model: str) -> tuple[Features | None, str]:
    """What the model makes of spectra, and a sentence on which model that was; None where it has no embedding."""
    engine = Engine.load(model, device="cpu")
    embed = getattr(engine, "embed", None)
    if embed is None:
        return None, "This engine embeds no spectra yet, so the rivals stand alone."
    return embed, f"Embedding: {engine.card.name}, model {engine.card.sha256[:12]}."


def main(features: Features | None = None, note: str = "", model: str = DEFAULT_MODEL) -> None:
    """Measure `features`, or the embedding of `model`, beside the rivals on both sets, and write the sections."""
    if features is None:
        features, note = embedding_of(model)
    for labelled in labelled_sets():
        classic = {name: make(labelled.spectra) for name, make in CLASSIC.items()}
        embedding = None if features is None else np.asarray(features(labelled.spectra))
        rivals = {**classic, **{name: make(labelled.spectra) for name, make in OF_THE_SET.items()}}
        if labelled.name == "single_cells":
            known = rivals if embedding is None else {**rivals, "embedding": embedding}
            write_clustering(labelled, known, note)
        ours = [] if embedding is None else rows_of_ours(labelled, classic, embedding)
        write_labels(labelled, ours, rows_of_rivals(labelled, rivals), note)


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description="Measure few labels and clusters.")
    ask.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    main(model=ask.parse_args().model)
