"""Classic classifiers on any features: what is chosen is chosen on the labels given, by cross-validation among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

Floats = NDArray[np.floating[Any]]
Labels = NDArray[Any]
Classify = Callable[[Floats, Labels, Floats], Labels]  # features (n, D), labels (n,), features (M, D) -> labels (M,)

MIN_LABELS_TO_SELECT = 3  # labels in every class; with fewer, settings are the defaults
STRENGTHS: Final = (3.0, 30.0, 300.0, 3000.0)  # of logistic regression and SVM, for rows of unit length
STRENGTH = 300.0
TREES = 300


def folds(labels: Labels) -> StratifiedKFold | None:
    """The inner folds that settings are chosen by; None where a class has too few labels."""
    fewest = int(np.unique(labels, return_counts=True)[1].min())
    return StratifiedKFold(min(5, fewest), shuffle=True, random_state=0) if fewest >= MIN_LABELS_TO_SELECT else None


def in_their_span(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both (n, D), (M, D) in the n coordinates that the labelled ones span about their mean.

    Logistic regression and SVM with a squared penalty see nothing else, and are many times faster there.
    """
    mean = train.mean(axis=0)
    basis = np.linalg.svd(train - mean, full_matrices=False)[2]
    return (train - mean) @ basis.T, (test - mean) @ basis.T


def _chosen(candidates: Sequence[Any], default: Any, train: Floats, labels: Labels) -> Any:
    inner = folds(labels)
    if inner is None:
        return default
    scores = [cross_val_score(clone(candidate), train, labels, cv=inner).mean() for candidate in candidates]
    return candidates[int(np.argmax(scores))]


def nearest_neighbour(train: Floats, labels: Labels, test: Floats) -> Labels:
    """1-NN."""
    return np.asarray(KNeighborsClassifier(1).fit(train, labels).predict(test))


def _means(rows: Floats, labels: Labels) -> tuple[Labels, Floats, Floats]:
    """The classes (K,), their means (K, D), and what each row has beside the mean of its class (n, D)."""
    classes, which = np.unique(labels, return_inverse=True)
    means = np.stack([rows[which == index].mean(axis=0) for index in range(len(classes))])
    return classes, means, rows - means[which]


def nearest_mean(train: Floats, labels: Labels, test: Floats) -> Labels:
    """The class whose mean is nearest in angle."""
    classes, means, _ = _means(train, labels)
    return np.asarray(classes[np.argmax(test @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T, axis=1)])


def logistic(train: Floats, labels: Labels, test: Floats) -> Labels:
    """Multinomial logistic regression, its strength chosen."""
    train, test = in_their_span(train, test)
    candidates = [LogisticRegression(C=strength, max_iter=500) for strength in STRENGTHS]
    best = _chosen(candidates, LogisticRegression(C=STRENGTH, max_iter=500), train, labels)
    return np.asarray(best.fit(train, labels).predict(test))


def svm(train: Floats, labels: Labels, test: Floats) -> Labels:
    """Support vector machine, linear or with a Gaussian kernel, kernel and strength chosen."""
    train, test = in_their_span(train, test)
    candidates = [SVC(C=strength, kernel=kernel) for kernel in ("linear", "rbf") for strength in STRENGTHS]
    best = _chosen(candidates, SVC(C=STRENGTH, kernel="linear"), train, labels)
    return np.asarray(best.fit(train, labels).predict(test))


def pca_lda(train: Floats, labels: Labels, test: Floats) -> Labels:
    """Linear discriminants of as many principal components as are chosen; the default is one for each class."""
    train, test = in_their_span(train, test)
    n_classes = len(np.unique(labels))
    most = len(train) - n_classes  # fewer spectra than that in a fold: its covariance would be singular
    if most < 2:
        return nearest_mean(train, labels, test)  # which is what LDA comes to without a spread within classes
    smallest_fold = min(int(0.6 * len(train)) - n_classes, train.shape[1])
    sizes = sorted({min(size, most, max(2, smallest_fold)) for size in (5, 10, 20, 30, 40, 60, 90)})
    candidates = [make_pipeline(PCA(size), LinearDiscriminantAnalysis()) for size in sizes]
    default = make_pipeline(PCA(min(n_classes, most, train.shape[1])), LinearDiscriminantAnalysis())
    return np.asarray(_chosen(candidates, default, train, labels).fit(train, labels).predict(test))


def shrinkage_lda(train: Floats, labels: Labels, test: Floats) -> Labels:
    """Linear discriminants, the covariance within classes shrunk as Ledoit and Wolf 2004 say; no setting."""
    train, test = in_their_span(train, test)
    classes, means, beside = _means(train, labels)
    if len(train) - len(classes) < 2:
        return nearest_mean(train, labels, test)  # about the mean of all that is labelled
    covariance = ledoit_wolf(beside, assume_centered=True)[0]
    weights = np.linalg.solve(covariance, means.T)
    return np.asarray(classes[np.argmax(test @ weights - np.sum(means.T * weights, axis=0) / 2, axis=1)])


def forest(train: Floats, labels: Labels, test: Floats) -> Labels:
    """Random forest."""
    return np.asarray(RandomForestClassifier(TREES, random_state=0).fit(train, labels).predict(test))


RIVALS: Final[dict[str, Classify]] = {
    "1-NN": nearest_neighbour,
    "PCA-LDA": pca_lda,
    "logistic": logistic,
    "SVM": svm,
}
