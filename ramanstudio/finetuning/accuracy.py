"""Expected accuracy of a classifier with its confidence interval, and calibration of its probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.candidate_selection import (
    EvaluatedCandidate,
    correct_predictions,
    select_candidate,
    selection_margins,
)
from ramanstudio.finetuning.cross_validation import Folds

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

N_BOOTSTRAP: Final = 400
Z_95: Final = 1.96  # standard errors of a 95 % interval
# Errors fall with about the square root of the labels: measured on single cells (exponents .5 to .7 between 1 and 20
# labels a class) and minerals (.4 to .5).
LEARNING_EXPONENT: Final = 0.5
# Where a class has few spectra, an odd one spoils the predictions of the others that were trained with it: with this
# power of the training share, the interval held in nine of ten draws of three labels a class, with 1 in 85 of 100.
DEPENDENCE_EXPONENT: Final = 1.5
DEFAULT_INVERSE_TEMPERATURE: Final = 3.0  # of the nearest neighbour where none is held out: 1.7 to 4.3 fitted best
INVERSE_TEMPERATURES: Final = np.geomspace(1e-3, 1e3, 181)
MAX_SHARPENING: Final = 4.0
N_BINS: Final = 5


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """The expected accuracy on unlabelled spectra, `low` to `high` its 95 % interval; NaN where it is not measured.

    `n_unlabelled` is the number of these spectra, 0 where there are none yet. `cross_validated` is the plain share of
    held-out spectra that were correct, with fewer labels to train on.
    """

    accuracy: float
    low: float
    high: float
    cross_validated: float
    n_unlabelled: int = 0

    @property
    def is_measured(self) -> bool:
        """Whether any spectrum was held out."""
        return bool(np.isfinite(self.accuracy))


UNMEASURED: Final = AccuracyEstimate(float("nan"), float("nan"), float("nan"), float("nan"))


def estimate_accuracy(
    evaluated: Sequence[EvaluatedCandidate],
    default: int,
    chosen: int,
    targets: IntArray,
    folds: Folds,
    n_unlabelled: int = 0,
) -> AccuracyEstimate:
    """Return the accuracy to expect of the candidate `chosen` on `n_unlabelled` spectra, trained on all `targets` (N,).

    Selection among several candidates makes the best one look too good: in bootstrap samples of the held-out
    predictions it is repeated and evaluated on what was not drawn (Tsamardinos et al. 2018). The interval is Wilson's
    (1927), with the effective number of independent predictions: spectra of one sample fail together, the few
    spectra of a class depend on each other, and a small unlabelled set may be easy or hard by chance.
    """
    tested = folds.tested
    if not tested.any():
        return UNMEASURED
    correct = correct_predictions(evaluated, targets, tested)
    groups = np.unique(folds.group[tested], return_inverse=True)[1]
    cross_validated = float(correct[:, chosen].mean())
    error = 1 - _bootstrap_accuracy(correct, default, selection_margins(evaluated, default), groups, cross_validated)
    error *= folds.training_share**LEARNING_EXPONENT
    n_effective = effective_size(correct[:, chosen], groups) * folds.training_share**DEPENDENCE_EXPONENT
    if n_unlabelled:
        n_effective = 1 / (1 / n_effective + 1 / n_unlabelled)
    return AccuracyEstimate(1 - error, *wilson_interval(1 - error, n_effective), cross_validated, n_unlabelled)


def _bootstrap_accuracy(
    correct: NDArray[np.bool_], default: int, margins: FloatArray, groups: IntArray, fallback: float
) -> float:
    """Return the out-of-bag accuracy when the selection is repeated in each bootstrap sample of groups."""
    n_groups = int(groups.max()) + 1
    drawn = np.random.default_rng(0).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_BOOTSTRAP)
    weights = drawn[:, groups].astype(float)
    out_of_bag = weights == 0
    usable = out_of_bag.any(axis=1) & (weights.sum(axis=1) > 0)
    if not usable.any():
        return fallback
    drawn, out_of_bag = drawn[usable].astype(float), out_of_bag[usable]
    correct_of_selected = correct[:, select_candidate(correct, default, groups, drawn, margins)].T
    return float((correct_of_selected & out_of_bag).sum() / out_of_bag.sum())


def effective_size(correct: NDArray[np.bool_], groups: IntArray) -> float:
    """Return how many independent predictions these are worth, when spectra of one sample are right together."""
    deviations = correct - correct.mean()
    within = float(np.sum(deviations**2))
    between = float(np.sum(np.bincount(groups, deviations) ** 2))
    n_groups, n_spectra = int(groups.max()) + 1, len(correct)
    return n_spectra if within == 0 or between <= within else max(n_groups, n_spectra * within / between)


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a `share` observed in `n` independent cases (Wilson 1927)."""
    square = Z_95**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half_width = Z_95 * np.sqrt(share * (1 - share) / n + square / (4 * n**2)) / (1 + square / n)
    return max(0.0, float(centre - half_width)), min(1.0, float(centre + half_width))


def softmax(scores: FloatArray, inverse_temperature: float) -> NDArray[np.float64]:
    """Return scores (M, K) as probabilities (M, K) that sum to one."""
    scaled = inverse_temperature * (scores - scores.max(axis=1, keepdims=True))
    weights = np.exp(scaled)
    probabilities: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return probabilities


def fit_inverse_temperature(scores: FloatArray, targets: IntArray, accuracy: float) -> float:
    """Return the factor for held-out `scores` (M, K) that makes their mean top probability equal to `accuracy`.

    It starts from the likeliest factor (temperature scaling, Guo et al. 2017) and is at most MAX_SHARPENING times as
    large: held-out spectra are classified with fewer labels than the model has, so the likeliest alone is too low.
    """
    if not np.isfinite(scores).any():
        return DEFAULT_INVERSE_TEMPERATURE
    finite = np.where(np.isfinite(scores), scores, np.min(scores[np.isfinite(scores)]) - 1e6)
    true_class = np.arange(len(finite)), targets
    losses, confidences = list[float](), list[float]()
    for factor in INVERSE_TEMPERATURES:
        probabilities = softmax(finite, factor)
        losses.append(-float(np.log(np.maximum(probabilities[true_class], 1e-12)).sum()))
        confidences.append(float(probabilities.max(axis=1).mean()))
    likeliest = int(np.argmin(losses))
    wanted = min(accuracy, 1 - 1 / (len(scores) + 2))
    sufficient = int(np.searchsorted(confidences, wanted))
    limit = int(np.searchsorted(INVERSE_TEMPERATURES, INVERSE_TEMPERATURES[likeliest] * MAX_SHARPENING))
    return float(INVERSE_TEMPERATURES[min(max(sufficient, 0), limit, len(INVERSE_TEMPERATURES) - 1)])


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Held-out predictions in bins of confidence: mean predicted probability, accuracy, and size of each bin."""

    predicted: tuple[float, ...]
    accuracy: tuple[float, ...]
    n_spectra: tuple[int, ...]

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of probability and accuracy; NaN without predictions."""
        if not self.n_spectra:
            return float("nan")
        distances = np.abs(np.subtract(self.predicted, self.accuracy))
        return float(np.average(distances, weights=self.n_spectra))


def calibration_curve(probabilities: FloatArray, targets: IntArray) -> CalibrationCurve:
    """Return the calibration of held-out `probabilities` (M, K) with true classes (M,), in bins of about equal size."""
    if not len(targets):
        return CalibrationCurve((), (), ())
    confidence, correct = probabilities.max(axis=1), np.argmax(probabilities, axis=1) == targets
    bins = [rows for rows in np.array_split(np.argsort(confidence, kind="stable"), N_BINS) if len(rows)]
    return CalibrationCurve(
        tuple(float(confidence[rows].mean()) for rows in bins),
        tuple(float(correct[rows].mean()) for rows in bins),
        tuple(len(rows) for rows in bins),
    )
