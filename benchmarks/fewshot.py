"""Few labels and clusters, ours beside what a user would otherwise pick: python -m benchmarks.fewshot"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.signal import savgol_filter
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from benchmarks.labelled import Labelled
from benchmarks.rivals.classifiers import Classify, Floats, Labels
from benchmarks.rivals.smoothers import baseline
from ramanstudio.spectra import SpectrumSet

Features = Callable[[SpectrumSet], Floats]  # spectra -> (N, D)
DERIVATIVE = (15, 2)  # window in samples and degree of the Savitzky-Golay filter


def unit(rows: Floats) -> Floats:
    """Rows (N, D) about their own mean, of unit length: the standard normal variate but for its scale."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def raw(spectra: SpectrumSet) -> Floats:
    """The spectra without their baseline, of unit length (N, B)."""
    return unit(spectra.values - baseline(spectra.values))


def derivative(spectra: SpectrumSet) -> Floats:
    """The first derivative, of unit length (N, B)."""
    return unit(savgol_filter(spectra.values, *DERIVATIVE, deriv=1, axis=1))


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


@dataclass(frozen=True, slots=True)
class Clustering:
    """How well groups found without labels agree with the classes: accuracy by the best matching, and AMI."""

    accuracy: float
    mutual: float


def agreement(groups: NDArray[Any], labels: Labels) -> Clustering:
    """`groups` against `labels` (N,); each group counts for one class, matched by the Hungarian method."""
    inside = np.unique(groups, return_inverse=True)[1], np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((inside[0].max() + 1, inside[1].max() + 1), dtype=int)
    np.add.at(counts, inside, 1)
    matched = counts[linear_sum_assignment(-counts)].sum()
    return Clustering(matched / len(labels), float(adjusted_mutual_info_score(labels, groups)))


def cluster(labelled: Labelled, features: Floats, starts: int = 20) -> Clustering:
    """K-means on `features` (N, D) with the true number of classes."""
    many = len(np.unique(labelled.labels))
    return agreement(KMeans(many, n_init=starts, random_state=0).fit_predict(features), labelled.labels)
