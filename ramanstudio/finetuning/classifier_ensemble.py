"""Ensembles of classifiers: weighted means of calibrated probabilities, evaluated with weights of other folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.candidate_selection import (
    ClassifierCandidate,
    EnsembleCandidate,
    EvaluatedCandidate,
    correct_predictions,
    select_candidate,
    selection_margins,
)
from ramanstudio.finetuning.classifiers import AnyClassifier, NearestNeighbourClassifier, Subspace, fit_classifier
from ramanstudio.finetuning.config import NEAREST
from ramanstudio.finetuning.cross_validation import Folds

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
RowsOf = Callable[[str], FloatArray]  # the rows (N, D) of spectra in a representation

SHRINKAGE: Final = 30.0  # samples that the weights before any evidence count as
DEFAULT_WEIGHT: Final = 0.5  # before any evidence, of the default candidate; the rest is shared by all equally
MARGIN: Final = 1.0  # standard errors by which an ensemble has to be ahead of the single candidate
MIN_WEIGHT: Final = 0.01  # of a member; what is below is left out
MIN_PROBABILITY: Final = 1e-6
LOWEST_SCORE: Final = 1e3  # below the highest, of classes that a classifier has not seen
INVERSE_TEMPERATURES: Final = np.geomspace(1e-2, 1e3, 41)


@dataclass(frozen=True, slots=True, eq=False)
class EnsembleClassifier:
    """Fitted members (M), each a classifier on its representation, with weights and inverse temperatures (M)."""

    representations: tuple[str, ...]
    classifiers: tuple[AnyClassifier, ...]
    weights: FloatArray
    inverse_temperatures: FloatArray

    def scores(self, rows_of: RowsOf) -> NDArray[np.float64]:
        """Return the logarithms of the mean probabilities (N, K) of N spectra; `rows_of` gives a representation."""
        members = zip(self.representations, self.classifiers, self.inverse_temperatures, strict=True)
        probabilities = [
            member_probabilities(classifier.scores(rows_of(name)), float(factor))
            for name, classifier, factor in members
        ]
        return log_mean(np.stack(probabilities), self.weights)


def fit_candidate(
    candidate: ClassifierCandidate | EnsembleCandidate, rows_of: RowsOf, targets: IntArray, n_classes: int
) -> AnyClassifier | EnsembleClassifier:
    """Return a candidate fitted to n spectra of classes `targets` (n,); it takes rows of the representation itself."""
    if isinstance(candidate, EnsembleCandidate):
        fitted = tuple(_fit_single(member, rows_of, targets, n_classes) for member in candidate.members)
        names = tuple(member.representation for member in candidate.members)
        return EnsembleClassifier(names, fitted, np.array(candidate.weights), np.array(candidate.inverse_temperatures))
    return _fit_single(candidate, rows_of, targets, n_classes)


def _fit_single(candidate: ClassifierCandidate, rows_of: RowsOf, targets: IntArray, n_classes: int) -> AnyClassifier:
    rows = rows_of(candidate.representation)
    if candidate.estimator == NEAREST:
        return NearestNeighbourClassifier(rows, targets, n_classes)
    subspace = Subspace.of(rows)
    classifier = fit_classifier(candidate.estimator, subspace.project(rows), targets, n_classes, candidate.strength)
    assert not isinstance(classifier, NearestNeighbourClassifier)
    return classifier.in_full_space(subspace)


def score(classifier: AnyClassifier | EnsembleClassifier, representation: str, rows_of: RowsOf) -> NDArray[np.float64]:
    """Return the scores (N, K) of a fitted candidate; `representation` is that of a single classifier."""
    if isinstance(classifier, EnsembleClassifier):
        return classifier.scores(rows_of)
    return classifier.scores(rows_of(representation))


def member_probabilities(scores: FloatArray, inverse_temperature: float) -> NDArray[np.float64]:
    """Return scores (N, K) as probabilities (N, K); classes that score -inf get none."""
    highest = scores.max(axis=1, keepdims=True)
    exponents = inverse_temperature * np.maximum(scores - highest, -LOWEST_SCORE)
    weights = np.where(np.isfinite(scores), np.exp(exponents), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def log_mean(probabilities: FloatArray, weights: FloatArray) -> NDArray[np.float64]:
    """Return the logarithm of the weighted mean (N, K) of `probabilities` (M, N, K)."""
    return np.asarray(np.log(np.maximum(np.tensordot(weights, probabilities, axes=1), MIN_PROBABILITY)))


def evaluate_ensemble(
    evaluated: Sequence[EvaluatedCandidate], default: int, targets: IntArray, folds: Folds
) -> EvaluatedCandidate | None:
    """Return the ensemble of all evaluated candidates (C), with scores of each fold by weights found without it.

    Before any evidence the candidate `default` has most of the weight. None where there are fewer than two candidates
    or folds, or one candidate has all the weight.
    """
    tested, splits = folds.tested, folds.splits()
    if len(evaluated) < 2 or len(splits) < 2:
        return None
    held_out = np.stack([each.scores for each in evaluated])
    scores = np.full(held_out.shape[1:], np.nan)
    prior = np.full(len(evaluated), (1 - DEFAULT_WEIGHT) / len(evaluated))
    prior[default] += DEFAULT_WEIGHT
    for _, test in splits:
        others = tested.copy()
        others[test] = False
        factors, weights = weigh(held_out[:, others], targets[others], folds.group[others], prior)
        scores[test] = log_mean(_probabilities(held_out[:, test], factors), weights)
    factors, weights = weigh(held_out[:, tested], targets[tested], folds.group[tested], prior)
    order = [int(row) for row in np.argsort(-weights, kind="stable") if weights[row] > 0]
    if len(order) < 2:
        return None
    candidates = [each.candidate for each in evaluated]
    members = tuple(each for row in order if isinstance(each := candidates[row], ClassifierCandidate))
    ensemble = EnsembleCandidate(members, tuple(weights[order].tolist()), tuple(factors[order].tolist()))
    accuracy = float(np.mean(np.argmax(scores[tested], axis=1) == targets[tested]))
    return EvaluatedCandidate(ensemble, scores, accuracy)


def is_ahead(
    ensemble: EvaluatedCandidate,
    evaluated: Sequence[EvaluatedCandidate],
    default: int,
    targets: IntArray,
    folds: Folds,
) -> bool:
    """Return whether an ensemble is ahead of the single candidate by more than MARGIN standard errors over samples.

    Both are evaluated alike: in each fold the single candidate is the one that was selected on the other folds.
    """
    tested = folds.tested
    correct, fold = correct_predictions(evaluated, targets, tested), folds.fold[tested]
    margins, groups = selection_margins(evaluated, default), folds.group[tested]
    single = np.empty(len(correct), dtype=bool)
    for number in np.unique(fold):
        test = fold == number
        others = np.unique(groups[~test], return_inverse=True)[1]
        single[test] = correct[test, select_candidate(correct[~test], default, others, margins=margins)[0]]
    lead = correct_predictions([ensemble], targets, tested)[:, 0].astype(float) - single
    by_sample = np.bincount(np.unique(groups, return_inverse=True)[1], lead)
    return float(by_sample.sum()) > MARGIN * float(np.sqrt(np.sum(by_sample**2)))


def weigh(
    held_out: FloatArray, targets: IntArray, group: IntArray, prior: FloatArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the inverse temperatures (C,) and weights (C,) for scores `held_out` (C, n, K) of classes `targets` (n,).

    Weights of sum one minimise the squared error of the mean probability (Brier 1950) by non-negative least squares
    (Breiman 1996); the penalty on their distance from `prior` (C,) is that of SHRINKAGE of the samples `group` (n,).
    """
    from scipy.optimize import nnls

    factors = np.array([_likeliest_factor(scores, targets) for scores in held_out])
    probabilities = _probabilities(held_out, factors)
    n_candidates, n_spectra, n_classes = probabilities.shape
    errors = (probabilities - np.eye(n_classes)[targets]).reshape(n_candidates, -1).T
    size = float(np.sqrt((errors**2).sum(axis=0).min()))
    if size < 1e-6 * np.sqrt(n_spectra):  # one is perfect, and then others are too
        return factors, np.asarray(prior, dtype=np.float64)
    if len(errors) > n_candidates:  # the same normal equations
        errors = np.asarray(np.linalg.qr(errors)[1])
    penalty = size * np.sqrt(SHRINKAGE / len(np.unique(group)))
    equations = np.vstack([errors, penalty * np.eye(n_candidates), np.full((1, n_candidates), 1e3 * size)])
    wanted = np.concatenate([np.zeros(len(errors)), penalty * prior, [1e3 * size]])
    weights = nnls(equations / size, wanted / size)[0]
    weights[weights < MIN_WEIGHT * weights.sum()] = 0
    return factors, np.asarray(weights / weights.sum())


def _probabilities(scores: FloatArray, factors: FloatArray) -> NDArray[np.float64]:
    """Return scores (C, N, K) as probabilities (C, N, K)."""
    return np.stack([member_probabilities(rows, factor) for rows, factor in zip(scores, factors.tolist(), strict=True)])


def _likeliest_factor(scores: FloatArray, targets: IntArray) -> float:
    """Return the inverse temperature that makes `targets` (n,) likeliest for scores (n, K)."""
    rows = np.arange(len(targets))
    losses = [
        -float(np.log(np.maximum(member_probabilities(scores, factor)[rows, targets], MIN_PROBABILITY)).mean())
        for factor in INVERSE_TEMPERATURES.tolist()
    ]
    return float(INVERSE_TEMPERATURES[int(np.argmin(losses))])
