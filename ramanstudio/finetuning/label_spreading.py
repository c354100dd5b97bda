"""Label spreading: one label a class is passed on to unlabelled spectra along nearest neighbours, to train on more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning import accuracy
from ramanstudio.finetuning.accuracy import INVERSE_TEMPERATURES
from ramanstudio.finetuning.classifiers import (
    LinearClassifier,
    NearestNeighbourClassifier,
    Subspace,
    fit_classifier,
    half_squared_distances,
)
from ramanstudio.finetuning.config import LDA, REPRESENTATION_TITLES
from ramanstudio.finetuning.labels import ClassLabels

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

N_NEIGHBOURS: Final = 8
SPREADING: Final = 0.9  # share of a spectrum's label that comes from its neighbours, the rest is its own
MIN_PER_CLASS: Final = 20  # spectra for each class; with fewer, neighbours are often of another class
MAX_SPECTRA: Final = 4000  # the cost grows with the cube
TITLE: Final = f"{REPRESENTATION_TITLES['joined']}, {LDA} on labels spread to the unlabelled spectra"
NOTE: Final = (
    "With one label a class, labels were spread to the unlabelled spectra along nearest neighbours (Zhou et al. 2004)"
    " and trained on: predictions for those spectra are transductive. Their accuracy is not measured, and probabilities"
    " are estimates."
)


@dataclass(frozen=True, slots=True, eq=False)
class SpreadLabels:
    """Class numbers `targets` (N,) of all spectra, given or spread; the share that the nearest label agrees with."""

    targets: IntArray
    agreement: float

    def fit(self, rows: FloatArray, n_classes: int) -> tuple[LinearClassifier, float]:
        """Return discriminants of `rows` (N, D) by the spread labels, without neighbours, and inverse temperature.

        Nothing measures the accuracy. The mean top probability is set to the agreement with nearest labels, which is
        about right where spreading does not help and too low where it does.
        """
        subspace = Subspace.of(rows)
        projected = subspace.project(rows)
        classifier = fit_classifier(LDA, projected, self.targets, n_classes)
        assert isinstance(classifier, LinearClassifier)
        scores = classifier.scores(projected)
        means = [float(accuracy.softmax(scores, factor).max(axis=1).mean()) for factor in INVERSE_TEMPERATURES.tolist()]
        row = min(int(np.searchsorted(means, self.agreement)), len(means) - 1)
        return classifier.in_full_space(subspace), float(INVERSE_TEMPERATURES[row])


def is_worthwhile(known: ClassLabels) -> bool:
    """Return whether to spread labels: one label a class, of many more spectra, but not too many."""
    n_spectra = len(known.indices) + len(known.unlabelled)
    return max(known.counts) == 1 and MIN_PER_CLASS * len(known.classes) <= n_spectra <= MAX_SPECTRA


def spread_labels(rows: FloatArray, known: ClassLabels) -> SpreadLabels:
    """Spread the labels of some of N spectra to all, by their neighbours among `rows` (N, D).

    Solves F = a S F + (1 - a) Y with the normalised affinity S of a symmetric graph of nearest neighbours (Zhou et al.
    2004); each class gets the same weight in all (its column of F sums to one).
    """
    squares = 2 * half_squared_distances(rows, rows)
    n_spectra = len(squares)
    nearest = np.argsort(squares, axis=1, kind="stable")[:, 1 : N_NEIGHBOURS + 1]
    at = np.arange(n_spectra)[:, None]
    size = float(squares[at, nearest].mean()) or 1.0
    affinity = np.zeros((n_spectra, n_spectra))
    affinity[at, nearest] = np.exp(-squares[at, nearest] / size)
    affinity = np.maximum(affinity, affinity.T)
    degree = 1 / np.sqrt(np.maximum(affinity.sum(axis=1), 1e-12))
    affinity *= degree[:, None] * degree
    given = np.zeros((n_spectra, len(known.classes)))
    given[known.indices, known.targets] = 1
    spread = np.linalg.solve(np.eye(n_spectra) - SPREADING * affinity, given)
    targets = np.argmax(spread / np.maximum(spread.sum(axis=0), 1e-12), axis=1)
    targets[known.indices] = known.targets
    nearest_given = NearestNeighbourClassifier(rows[known.indices], known.targets, len(known.classes)).scores(rows)
    agrees = np.argmax(nearest_given, axis=1) == targets
    return SpreadLabels(targets, float(agrees[known.unlabelled].mean()))
