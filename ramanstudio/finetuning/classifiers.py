"""Heads: simple classifiers on readings, fast with few labels. Each gives scores (M, K), the highest for its choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.config import LDA, LOGISTIC, NEAREST

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

ENOUGH = 1500  # rows that a span is found from; more would take minutes
STRENGTHS = (10.0, 100.0, 1000.0)  # of logistic regression on rows of unit length, weak to strong fits
STRENGTH = 100.0
BLOCK = 4096  # rows compared with all kept ones at once


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """The coordinates (R) that labelled rows (n, D) span about their mean; what a head learns lies inside.

    Discriminants and regressions with a squared penalty see nothing else, and are many times faster there.
    """

    mean: Floats
    basis: Floats

    @classmethod
    def of(cls, rows: Floats) -> Subspace:
        """That of `rows` (n, D), found from at most ENOUGH of them."""
        from ramanstudio.signal.pca import thin_svd

        mean = rows.mean(axis=0, dtype=np.float64)
        some = rows if len(rows) <= ENOUGH else rows[np.random.default_rng(0).permutation(len(rows))[:ENOUGH]]
        _, sizes, basis = thin_svd(some - mean)
        return cls(mean, basis[sizes > 1e-5 * max(sizes[0], 1e-300)])

    def of_rows(self, rows: Floats) -> NDArray[np.float64]:
        """`rows` (M, D) in these coordinates (M, R)."""
        inside: NDArray[np.float64] = (rows - self.mean) @ self.basis.T
        return inside


@dataclass(frozen=True, slots=True, eq=False)
class LinearClassifier:
    """Scores that are sums: `weights` (D, K), `offset` (K,)."""

    weights: Floats
    offset: Floats

    def scores(self, rows: Floats) -> NDArray[np.float64]:
        """Of `rows` (M, D) -> (M, K)."""
        told: NDArray[np.float64] = rows @ self.weights + self.offset
        return told

    def outside(self, span: Subspace) -> LinearClassifier:
        """The same head for rows that are not in the coordinates of `span`."""
        weights = span.basis.T @ self.weights
        return LinearClassifier(weights, self.offset - span.mean @ weights)


@dataclass(frozen=True, slots=True, eq=False)
class NearestNeighbourClassifier:
    """Scores by the nearest of the labelled `rows` (n, D), of classes `which` (n,): less half its squared distance."""

    rows: Floats
    which: Places
    classes: int

    def scores(self, rows: Floats) -> NDArray[np.float64]:
        """Of `rows` (M, D) -> (M, K)."""
        told = np.full((len(rows), self.classes), -np.inf)
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            closeness = -half_distances(rows[block], self.rows)
            for index in np.unique(self.which):
                told[block, index] = closeness[:, self.which == index].max(axis=1)
        return told


AnyClassifier = LinearClassifier | NearestNeighbourClassifier


def half_distances(rows: Floats, others: Floats) -> NDArray[np.float64]:
    """Half of the squared distances between `rows` (M, D) and `others` (n, D) -> (M, n)."""
    squares = (rows.astype(np.float64) ** 2).sum(axis=1)[:, None] + (others.astype(np.float64) ** 2).sum(axis=1)
    distances: NDArray[np.float64] = np.maximum(squares / 2 - rows @ others.T, 0)
    return distances


def fit(estimator: str, rows: Floats, which: Places, classes: int, strength: float = STRENGTH) -> AnyClassifier:
    """A head learned from `rows` (n, R) in the coordinates of their span, and their classes `which` (n,) of `classes`.

    A class that none of the rows has is never chosen.
    """
    if estimator == NEAREST:
        return NearestNeighbourClassifier(rows, which, classes)
    if estimator == LOGISTIC and len(np.unique(which)) > 1:
        return _logistic(rows, which, classes, strength)
    return _discriminants(rows, which, classes, shrunk=estimator == LDA)


def _discriminants(rows: Floats, which: Places, classes: int, shrunk: bool) -> LinearClassifier:
    """Nearest mean, or linear discriminants with the covariance within classes shrunk (Ledoit and Wolf 2004)."""
    there, inside = np.unique(which, return_inverse=True)
    counts = np.bincount(inside)
    means = np.zeros((len(there), rows.shape[1]))
    np.add.at(means, inside, rows)
    means /= counts[:, None]
    weights = means.T
    if shrunk and len(rows) - len(there) >= 2:
        from sklearn.covariance import ledoit_wolf

        covariance = ledoit_wolf(rows - means[inside], assume_centered=True)[0]
        # by its own size, so that scores are of one scale however many labels there are
        covariance *= len(covariance) / max(float(np.trace(covariance)), 1e-30)
        weights = np.linalg.solve(covariance, means.T)
    return _of_all(LinearClassifier(weights, -np.sum(means.T * weights, axis=0) / 2), there, classes)


def _logistic(rows: Floats, which: Places, classes: int, strength: float) -> LinearClassifier:
    import warnings

    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # that many classes may be a regression, and that the last digit is not reached: neither matters here
        warnings.simplefilter("ignore")
        learned = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(rows, which)
    weights, offset = learned.coef_.T, learned.intercept_
    if weights.shape[1] == 1:  # two classes share one score
        weights, offset = np.hstack([-weights, weights]) / 2, np.array([-offset[0], offset[0]]) / 2
    return _of_all(LinearClassifier(weights, offset), learned.classes_, classes)


def _of_all(some: LinearClassifier, there: Places, classes: int) -> LinearClassifier:
    """A head of the classes `there` as one of all classes."""
    if len(there) == classes:
        return some
    weights, offset = np.zeros((len(some.weights), classes)), np.full(classes, -np.inf)
    weights[:, there], offset[there] = some.weights, some.offset
    return LinearClassifier(weights, offset)
