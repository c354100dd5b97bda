"""Simple classifiers on representations, fast with few labels. Each gives scores (M, K), the highest for its choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.config import LDA, LOGISTIC, NEAREST, SUPPORT_VECTORS

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

MAX_BASIS_ROWS: Final = 1500  # rows that a subspace is found from; more would take minutes
STRENGTHS: Final = (10.0, 100.0, 1000.0)  # C of logistic regression on rows of unit length
STRENGTH: Final = 100.0
MIN_VARIANCE: Final = 1e-30  # of rows of unit length
BLOCK: Final = 4096  # rows compared with all references at once
MARGIN_PENALTY: Final = 10.0  # C of support vector machines


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """Coordinates (R) in the subspace that training rows (n, D) span about their `mean` (D,), with `basis` (R, D).

    Discriminants and regressions with a squared penalty see nothing outside it, and are many times faster inside.
    """

    mean: FloatArray
    basis: FloatArray

    @classmethod
    def of(cls, rows: FloatArray) -> Subspace:
        """Return the subspace of `rows` (N, D), found from at most MAX_BASIS_ROWS of them."""
        from ramanstudio.signal.pca import thin_svd

        mean = rows.mean(axis=0, dtype=np.float64)
        subset = rows
        if len(rows) > MAX_BASIS_ROWS:
            subset = rows[np.random.default_rng(0).permutation(len(rows))[:MAX_BASIS_ROWS]]
        _, sizes, basis = thin_svd(subset - mean)
        is_spanned = sizes > 1e-5 * max(sizes[0], 1e-300)
        is_spanned[0] = True  # rows that are all equal span nothing, but classifiers need a coordinate
        return cls(mean, basis[is_spanned])

    def project(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return `rows` (M, D) in the coordinates of the subspace (M, R)."""
        projected: NDArray[np.float64] = (rows - self.mean) @ self.basis.T
        return projected


@dataclass(frozen=True, slots=True, eq=False)
class LinearClassifier:
    """Linear scores: rows @ `weights` (D, K) + `offset` (K,)."""

    weights: FloatArray
    offset: FloatArray

    def scores(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the scores (M, K) of `rows` (M, D)."""
        scores: NDArray[np.float64] = rows @ self.weights + self.offset
        return scores

    def in_full_space(self, subspace: Subspace) -> LinearClassifier:
        """Return this classifier of coordinates in `subspace` as one of the original rows."""
        weights = subspace.basis.T @ self.weights
        return LinearClassifier(weights, self.offset - subspace.mean @ weights)


@dataclass(frozen=True, slots=True, eq=False)
class NearestNeighbourClassifier:
    """Scores by the nearest training row of each class: minus half its squared distance.

    `rows` (n, D) are the training rows, `targets` (n,) their class numbers.
    """

    rows: FloatArray
    targets: IntArray
    n_classes: int

    def scores(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the scores (M, K) of `rows` (M, D); -inf for classes without a training row."""
        scores = np.full((len(rows), self.n_classes), -np.inf)
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            closeness = -half_squared_distances(rows[block], self.rows)
            for target in np.unique(self.targets):
                scores[block, target] = closeness[:, self.targets == target].max(axis=1)
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class KernelClassifier:
    """Scores exp(-d² / (2 `length`²)) @ `dual` (n, K) + `offset` (K,), d being the distances to `rows` (n, D).

    A support vector machine with a radial kernel for each class against the others.
    """

    rows: FloatArray
    dual: FloatArray
    offset: FloatArray
    length: float

    def scores(self, rows: FloatArray) -> NDArray[np.float64]:
        """Return the scores (M, K) of `rows` (M, D)."""
        scores = np.empty((len(rows), len(self.offset)))
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            kernel = np.exp(-half_squared_distances(rows[block], self.rows) / self.length**2)
            scores[block] = kernel @ self.dual + self.offset
        return scores

    def in_full_space(self, subspace: Subspace) -> KernelClassifier:
        """Return this classifier of coordinates in `subspace` as one of the original rows."""
        return replace(self, rows=self.rows @ subspace.basis + subspace.mean)


AnyClassifier = LinearClassifier | NearestNeighbourClassifier | KernelClassifier


def half_squared_distances(rows: FloatArray, others: FloatArray) -> NDArray[np.float64]:
    """Return half of the squared distances between `rows` (M, D) and `others` (n, D) as (M, n)."""
    squares = (rows.astype(np.float64) ** 2).sum(axis=1)[:, None] + (others.astype(np.float64) ** 2).sum(axis=1)
    distances: NDArray[np.float64] = np.maximum(squares / 2 - rows @ others.T, 0)
    return distances


def fit_classifier(
    name: str, rows: FloatArray, targets: IntArray, n_classes: int, strength: float = STRENGTH
) -> AnyClassifier:
    """Return the classifier `name` (one of CLASSIFIERS) fitted to `rows` (N, R) with class numbers `targets` (N,).

    Rows are coordinates in their subspace. A class without a row is never chosen. `strength` is the C of logistic
    regression.
    """
    if name == NEAREST:
        return NearestNeighbourClassifier(rows, targets, n_classes)
    if name == LOGISTIC and len(np.unique(targets)) > 1:
        return _fit_logistic(rows, targets, n_classes, strength)
    if name == SUPPORT_VECTORS and len(np.unique(targets)) > 1:
        return _fit_support_vectors(rows, targets, n_classes)
    return _fit_discriminants(rows, targets, n_classes, shrunk=name == LDA)


def _fit_discriminants(rows: FloatArray, targets: IntArray, n_classes: int, shrunk: bool) -> LinearClassifier:
    """Fit nearest means, or linear discriminants with a shrunk covariance (Ledoit and Wolf 2004)."""
    present, codes = np.unique(targets, return_inverse=True)
    counts = np.bincount(codes)
    means = np.zeros((len(present), rows.shape[1]))
    np.add.at(means, codes, rows)
    means /= counts[:, None]
    weights = means.T
    if shrunk and len(rows) - len(present) >= 2:
        from sklearn.covariance import ledoit_wolf

        covariance = ledoit_wolf(rows - means[codes], assume_centered=True)[0]
        total = float(np.trace(covariance))
        if total > MIN_VARIANCE:  # otherwise the rows of a class are equal, and the nearest mean is all there is
            # divided by its mean variance, so that the scale of the scores does not depend on the number of labels
            covariance *= len(covariance) / total
            weights = np.linalg.solve(covariance, means.T)
    offset = -np.sum(means.T * weights, axis=0) / 2
    return _with_all_classes(LinearClassifier(weights, offset), present, n_classes)


def _fit_logistic(rows: FloatArray, targets: IntArray, n_classes: int, strength: float) -> LinearClassifier:
    import warnings

    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # many classes may look like a regression, and the last digit may not be reached: neither matters here
        warnings.simplefilter("ignore")
        fitted = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(rows, targets)
    weights, offset = fitted.coef_.T, fitted.intercept_
    if weights.shape[1] == 1:  # two classes share one score
        weights, offset = np.hstack([-weights, weights]) / 2, np.array([-offset[0], offset[0]]) / 2
    return _with_all_classes(LinearClassifier(weights, offset), fitted.classes_, n_classes)


def _fit_support_vectors(rows: FloatArray, targets: IntArray, n_classes: int) -> KernelClassifier:
    """Fit a machine for each class against the others; the radial kernel is as wide as the rows spread."""
    from sklearn.svm import SVC

    present = np.unique(targets)
    length = float(np.sqrt(max(np.var(rows, axis=0).sum() / 2, MIN_VARIANCE)))
    kernel = np.exp(-half_squared_distances(rows, rows) / length**2)
    dual, offset = np.zeros((len(rows), n_classes)), np.full(n_classes, -np.inf)
    for target in present[1:] if len(present) == 2 else present:
        machine = SVC(C=MARGIN_PENALTY, kernel="precomputed").fit(kernel, targets == target)
        dual[machine.support_, target] = machine.dual_coef_[0]
        offset[target] = machine.intercept_[0]
    if len(present) == 2:  # two classes share one machine
        dual[:, present[0]], offset[present[0]] = -dual[:, present[1]], -offset[present[1]]
    is_used = dual.any(axis=1)
    return KernelClassifier(rows[is_used], dual[is_used], offset, length)


def _with_all_classes(classifier: LinearClassifier, present: IntArray, n_classes: int) -> LinearClassifier:
    """Return a classifier of the classes `present` as one of all classes; the others score -inf."""
    if len(present) == n_classes:
        return classifier
    weights, offset = np.zeros((len(classifier.weights), n_classes)), np.full(n_classes, -np.inf)
    weights[:, present], offset[present] = classifier.weights, classifier.offset
    return LinearClassifier(weights, offset)
