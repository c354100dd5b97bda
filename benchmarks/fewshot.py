"""Few-shot classification and clustering, ours beside what a user would otherwise use: python -m benchmarks.fewshot"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.signal import savgol_filter
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.cached_extractor import cached_extractor, finetune_on
from benchmarks.labelled_sets import DRAWS, LabelledSpectra, Rows, labelled_sets, microplastics
from benchmarks.results import machine, table, write_section
from benchmarks.rivals import classifiers
from benchmarks.rivals.classifiers import Classify, Floats, Labels
from benchmarks.rivals.smoothers import baseline
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning import classification
from ramanstudio.finetuning.representations import FeatureExtractor
from ramanstudio.mae.model_store import DEFAULT_MODEL
from ramanstudio.signal import pca, spectral_features

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
        spread = f" ± {np.std(self.accuracies):.3f}" if len(self.accuracies) > 1 else ""
        return f"{self.mean:.3f}{spread}"


def scores(labelled: LabelledSpectra, predict: Callable[[Rows, Rows], Labels], draws: int = DRAWS) -> list[Score]:
    """Return the accuracy of `predict(train, test)`, labels (M,) of the test rows, at each budget of labels."""
    results = []
    for budget in labelled.budgets:
        with warnings.catch_warnings():
            # scikit-learn wonders whether so many classes are a regression, and warns of folds that lack one
            warnings.simplefilter("ignore", UserWarning)
            accuracies = [
                float(np.mean(predict(train, test) == labelled.labels[test]))
                for train, test in labelled.splits(budget, draws)
            ]
        results.append(Score(tuple(accuracies)))
    return results


def score(labelled: LabelledSpectra, features: Floats, classify: Classify, draws: int = DRAWS) -> list[Score]:
    """The accuracy of `classify` on `features` (N, D) at each budget of labels."""

    def predict(train: Rows, test: Rows) -> Labels:
        return classify(features[train], labelled.labels[train], features[test])

    return scores(labelled, predict, draws)


def score_finetuned(labelled: LabelledSpectra, extractor: FeatureExtractor) -> list[Score]:
    """Return the accuracy of the program's own `finetune` and `classify`, nothing chosen by hand, at each budget."""
    spectra = labelled.spectra

    def predict(train: Rows, test: Rows) -> Labels:
        result = finetune_on(extractor, spectra, labelled.labels, train, spectra.table.get("sample"))
        return classification.classify(extractor, spectra[test], result.model).labels

    return scores(labelled, predict)


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


def cluster(labelled: LabelledSpectra, features: Floats, starts: int = 20) -> Clustering:
    """K-means on `features` (N, D) with the true number of classes, the mean over seeds."""
    n_classes = len(np.unique(labelled.labels))
    runs = [KMeans(n_classes, n_init=starts, random_state=seed).fit_predict(features) for seed in SEEDS]
    results = [agreement(groups, labelled.labels) for groups in runs]
    accuracies = [result.accuracy for result in results]
    mutual = float(np.mean([result.mutual for result in results]))
    return Clustering(float(np.mean(accuracies)), mutual, float(np.std(accuracies)))


# The figures that ours is to reach: accuracy at each budget, clustering accuracy and AMI.
BARS: dict[str, tuple[float, ...]] = {"single_cells": (0.66, 0.87, 0.92, 0.95), "minerals_raw": (0.72, 0.84, 0.87)}
CLUSTER_BARS = (0.80, 0.80)
CLASSIC: dict[str, Features] = {"raw": raw, "derivative": derivative}
# Rivals too may see the spectra without labels, as a user who has them all could.
GROUPED = "ours: components of lines and slopes, features"
OF_THE_SET: dict[str, Features] = {"components of the set": components}
# the row held to the bars: what a user gets who presses Train
FINE_TUNED = "fine-tuned: selected by cross-validation"
JOINED = "denoised bands, first derivative and features"
RESNET, RESNET_DRAWS, RESNET_S = "ResNet from scratch", 2, 180.0
RESNET_NOTE = (
    f" *{RESNET}*: of the published size, on the spectra averaged to at most 1000 points; mean of {RESNET_DRAWS} draws,"
    f" each fit of the published 30 epochs or 300 steps, ended after {RESNET_S:.0f} s of computing."
)

Row = tuple[str, list[Score], float]  # features and classifier, scores, seconds


def timed(name: str, labelled: LabelledSpectra, measure: Callable[[], list[Score]]) -> Row:
    """A row of the table; says on the terminal how far it is."""
    begun = time.process_time()
    row = name, measure(), time.process_time() - begun
    print(labelled.name, name, *row[1], f"{row[2]:.0f} s", flush=True)
    return row


def rows_of_rivals(labelled: LabelledSpectra, rivals: dict[str, Floats]) -> list[Row]:
    """Each classic classifier on each of the rivals' features."""
    by_name = {**classifiers.RIVALS, "random forest": classifiers.forest}
    return [
        timed(f"{features}, {name}", labelled, partial(score, labelled, rivals[features], classify))
        for features in rivals
        for name, classify in by_name.items()
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Ours:
    """What ours sees of a set: lines and slopes of the denoised spectra, the same as components of the set, features.

    `embedding` is None where the model gives no features.
    """

    lines: tuple[Floats, ...]
    of_the_set: tuple[Floats, ...]
    embedding: Floats | None

    @classmethod
    def of(cls, engine: Engine, spectra: SpectrumSet) -> Ours:
        denoised = engine.denoise(spectra).spectra
        both = spectral_features.lines_and_slopes(denoised.axis, denoised.values)
        embedding = engine.embed(spectra) if engine.card.embedder else None
        return cls(both, tuple(pca.principal_scores(rows) for rows in both), embedding)

    @property
    def joined(self) -> Floats:
        """All of them side by side (N, D)."""
        features = () if self.embedding is None else (self.embedding,)
        return np.hstack([*self.lines, *self.of_the_set, *features])

    @property
    def for_groups(self) -> Floats:
        """What Engine.cluster groups by (N, D)."""
        features = () if self.embedding is None else (self.embedding,)
        return np.hstack([*self.of_the_set, *features])


def rows_of_ours(labelled: LabelledSpectra, extractor: FeatureExtractor, ours: Ours) -> list[Row]:
    """Return fine-tuning, and simple classifiers on the embedding (N, D), on the bands and slopes, and on all."""
    by_name: dict[str, Classify] = {
        "1-NN": classifiers.nearest_neighbour,
        "nearest mean": classifiers.nearest_mean,
        "logistic": classifiers.logistic,
        "LDA": classifiers.shrinkage_lda,
    }
    parts: dict[str, tuple[Floats, Classify]] = {}
    if ours.embedding is not None:
        parts = {f"features, {name}": (ours.embedding, classify) for name, classify in by_name.items()}
    parts |= {
        "denoised bands and first derivative, LDA": (np.hstack(ours.lines), classifiers.shrinkage_lda),
        f"{JOINED}, LDA": (ours.joined, classifiers.shrinkage_lda),
        f"{JOINED}, 1-NN": (ours.joined, classifiers.nearest_neighbour),
    }
    return [
        timed(FINE_TUNED, labelled, partial(score_finetuned, labelled, extractor)),
        *(timed(name, labelled, partial(score, labelled, rows, classify)) for name, (rows, classify) in parts.items()),
    ]


def write_labels(labelled: LabelledSpectra, ours: Sequence[Row], rivals: Sequence[Row], note: str) -> None:
    """The table of one labelled set: ours, the bars, the best of the rivals at each budget, the rivals."""
    budgets = range(len(labelled.budgets))
    best = [max(row[1][budget].mean for row in rivals) for budget in budgets]
    finetuned = next(row for row in ours if row[0] == FINE_TUNED)
    bars = BARS.get(labelled.name)
    met = [
        _ahead(finetuned[1][budget].mean, best[budget])
        if bars is None
        else f"≥ {bars[budget]:.2f} {_mark(finetuned[1][budget].mean >= bars[budget])}"
        for budget in budgets
    ]
    rows: list[list[object]] = [
        *([_bold(row[0]) if row is finetuned else row[0], *row[1], f"{row[2]:.0f}"] for row in ours),
        ["bar", *met, ""],
        ["best of the rivals, each budget by itself", *(f"{accuracy:.3f}" for accuracy in best), ""],
        *([row[0], *row[1], f"{row[2]:.0f}"] for row in rivals),
    ]
    header = ("features, classifier", *(f"{budget or 'all'} a class" for budget in labelled.budgets), "s")
    drawn = f", mean ± standard deviation of {DRAWS} draws of the labels" if any(labelled.budgets) else ""
    lead = f"{labelled.about} " if labelled.about else ""
    write_section(
        f"Few labels: {labelled.name}",
        f"`python -m benchmarks.fewshot`, {machine()}. {lead}Accuracy{drawn},"
        " split by sample where a class has several (`benchmarks/labelled_sets.py`)."
        f" {_bold(FINE_TUNED)}: the program's own `finetune` and `classify`, nothing chosen by hand; the bars are for"
        " it. Settings and weights are chosen by cross-validation among the labels given, or fixed where a class"
        " has fewer than three. *Raw*: without its baseline, of unit length; *derivative*: Savitzky-Golay;"
        f" *components of the set*: {COMPONENTS} principal components of the derivative over all spectra, those without"
        " a label too; *ours* sees them so too. *s*: seconds of computing of all fits."
        f"{RESNET_NOTE if any(RESNET in row[0] for row in rivals) else ' The ResNet from scratch was not run.'}"
        f" {note}\n\n" + table(header, rows),
    )


def _ahead(ours: float, best: float) -> str:
    """Whether ours is ahead of the best of the rivals, where that is the bar."""
    level = " (level with the best; nobody can be ahead of all right)" if ours == best == 1 else ""
    return f"ahead of every rival {_mark(ours > best)}{level}"


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def _bold(text: str) -> str:
    return f"**{text}**"


def write_clustering(labelled: LabelledSpectra, features: dict[str, Floats], note: str) -> None:
    """The table of K-means on each of the features."""
    results = {name: cluster(labelled, values) for name, values in features.items()}
    rows: list[list[str]] = [
        [name, f"{result.accuracy:.3f} ± {result.spread:.3f}", f"{result.mutual:.3f}"]
        for name, result in results.items()
    ]
    write_section(
        f"Clustering: {labelled.name}",
        f"`python -m benchmarks.fewshot`, {machine()}. K-means with the true number of classes, {len(SEEDS)} seeds of"
        " 20 starts each; accuracy by the Hungarian method, adjusted mutual information."
        f" {note}\n\n"
        + table(("features", "accuracy", "AMI"), [*rows, ["bar", *(f"≥ {bar}" for bar in CLUSTER_BARS)]]),
    )


def resnet_from_scratch(labelled: LabelledSpectra) -> Row:
    """The ResNet of Ho et al. 2019, learned from the labels given alone, within RESNET_S seconds a fit."""
    from benchmarks.rivals import resnet
    from benchmarks.rivals.learning import LearningPlan

    rows = resnet.of_published_length(labelled.spectra.values)
    classify = partial(resnet.classify, how=LearningPlan(computing_s=RESNET_S))
    return timed(RESNET, labelled, partial(score, labelled, rows, classify, RESNET_DRAWS))


def main(model: str = DEFAULT_MODEL, with_resnet: bool = False, only: str = "") -> None:
    """Measure a model beside the rivals on all sets, or `only` one of them, and write the sections."""
    engine = Engine.load(model, device="cpu", threads=1)
    note = f"Ours: {engine.card.name}, model {engine.card.sha256[:12]}."
    for labelled in (microplastics(), *labelled_sets()):
        if only not in ("", labelled.name):
            continue
        spectra = labelled.spectra
        rivals = {name: make(spectra) for name, make in (CLASSIC | OF_THE_SET).items()}
        ours = Ours.of(engine, spectra)
        if labelled.name == "single_cells":
            features = {} if ours.embedding is None else {"features": ours.embedding}
            write_clustering(labelled, {**rivals, **features, GROUPED: ours.for_groups}, note)
        of_rivals = rows_of_rivals(labelled, rivals)
        if with_resnet:
            of_rivals.append(resnet_from_scratch(labelled))
        write_labels(labelled, rows_of_ours(labelled, cached_extractor(engine, spectra), ours), of_rivals, note)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure few-shot classification and clustering.")
    parser.add_argument("model", nargs="?", default=DEFAULT_MODEL)
    parser.add_argument(
        "--resnet", action="store_true", help="with the ResNet from scratch, which takes most of an hour on a CPU"
    )
    sets = ("microplastics", "single_cells", "minerals_raw")
    parser.add_argument("--only", choices=sets, default="", help="one of the sets")
    options = parser.parse_args()
    main(options.model, options.resnet, options.only)
