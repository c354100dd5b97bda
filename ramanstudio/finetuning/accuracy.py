"""What the held-out answers tell: how right the model will be, between which bounds, and how sure its answers are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.candidate_selection import EvaluatedCandidate, choose, right
from ramanstudio.finetuning.cross_validation import Folds

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

DRAWS: Final = 400  # bootstrap samples
NINETY_FIVE: Final = 1.96  # standard errors
# Errors fall with about the square root of the labels: measured on single cells (exponents .5 to .7 between 1 and 20
# labels a class) and minerals (.4 to .5).
LEARNING: Final = 0.5
# Where a class has few spectra, one that is odd spoils the answers of the others that it was learned with: with this
# power of the share learned from, the interval held in nine of ten draws of three labels a class, with 1 in 85 of 100.
DEPENDENCE: Final = 1.5
SHARPNESS: Final = 3.0  # of the nearest spectrum where nothing can be held out: 1.7 to 4.3 fitted best there
SHARPNESSES: Final = np.geomspace(1e-3, 1e3, 181)
SHARPER: Final = 4.0
BINS: Final = 5


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """How many of the other spectra will be named right, from `low` to `high` in 95 of 100 cases; NaN: not measured.

    `others` are the spectra without a label, 0 where there are none yet; `held_out` is the plain share that was right
    while held out, when there were fewer labels to learn from.
    """

    accuracy: float
    low: float
    high: float
    held_out: float
    others: int = 0

    @property
    def is_measured(self) -> bool:
        return bool(np.isfinite(self.accuracy))


UNMEASURED: Final = AccuracyEstimate(float("nan"), float("nan"), float("nan"), float("nan"))


def expected(
    tried: Sequence[EvaluatedCandidate], first: int, chosen: int, which: Places, folds: Folds, others: int = 0
) -> AccuracyEstimate:
    """The accuracy to expect on `others` of the candidate `chosen`, once it has learned from all labels.

    That one was chosen among several flatters it: in bootstrap samples of the held-out answers the choice is made
    again and judged on what was not drawn (Tsamardinos et al. 2018). The interval is Wilson's. It counts as many
    independent answers as there are, where spectra of one sample fail together and a few spectra of a class decide
    about each other, and that a few others may be easy or hard by luck.
    """
    tested = folds.tested
    if not tested.any():
        return UNMEASURED
    correct, unit = right(tried, which, tested), np.unique(folds.unit[tested], return_inverse=True)[1]
    held_out = float(correct[:, chosen].mean())
    wrong = 1 - _chosen_anew(correct, first, unit, held_out)
    wrong *= folds.learned_share**LEARNING
    many = _independent(correct[:, chosen], unit) * folds.learned_share**DEPENDENCE
    if others:
        many = 1 / (1 / many + 1 / others)
    return AccuracyEstimate(1 - wrong, *wilson(1 - wrong, many), held_out, others)


def _chosen_anew(correct: NDArray[np.bool_], first: int, unit: Places, otherwise: float) -> float:
    many = int(unit.max()) + 1
    drawn = np.random.default_rng(0).multinomial(many, np.full(many, 1 / many), size=DRAWS)
    weights = drawn[:, unit].astype(float)
    left = weights == 0
    usable = left.any(axis=1) & (weights.sum(axis=1) > 0)
    if not usable.any():
        return otherwise
    weights, left = weights[usable], left[usable]
    of_choice = correct[:, choose(correct, first, weights)].T
    return float((of_choice & left).sum() / left.sum())


def _independent(correct: NDArray[np.bool_], unit: Places) -> float:
    """How many independent answers these are worth: fewer where spectra of one sample are right or wrong together."""
    beside = correct - correct.mean()
    alone = float(np.sum(beside**2))
    together = float(np.sum(np.bincount(unit, beside) ** 2))
    samples, spectra = int(unit.max()) + 1, len(correct)
    return spectra if alone == 0 or together <= alone else max(samples, spectra * alone / together)


def wilson(share: float, many: float) -> tuple[float, float]:
    """The bounds of a `share` found in `many` independent answers, with 95 % (Wilson 1927)."""
    square = NINETY_FIVE**2
    middle = (share + square / (2 * many)) / (1 + square / many)
    reach = NINETY_FIVE * np.sqrt(share * (1 - share) / many + square / (4 * many**2)) / (1 + square / many)
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))


def chances(scores: Floats, inverse_temperature: float) -> NDArray[np.float64]:
    """Scores (M, K) as probabilities (M, K) that sum to one."""
    scaled = inverse_temperature * (scores - scores.max(axis=1, keepdims=True))
    weights = np.exp(scaled)
    told: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return told


def inverse_temperature(scores: Floats, which: Places, accuracy: float) -> float:
    """The factor for held-out `scores` (M, K) that makes their `chances` as sure on the average as the model is right.

    Begun from the likeliest factor (temperature scaling, Guo et al. 2017), no more than SHARPER times as sharp: what is
    held out is named by fewer labels than the model has, so the likeliest alone would be too shy.
    """
    if not len(scores):
        return SHARPNESS
    finite = np.where(np.isfinite(scores), scores, np.min(scores[np.isfinite(scores)]) - 1e6)
    own = np.arange(len(finite)), which
    missed, sure = list[float](), list[float]()
    for one in SHARPNESSES:
        told = chances(finite, one)
        missed.append(-float(np.log(np.maximum(told[own], 1e-12)).sum()))
        sure.append(float(told.max(axis=1).mean()))
    likeliest = int(np.argmin(missed))
    wanted = min(accuracy, 1 - 1 / (len(scores) + 2))
    enough = int(np.searchsorted(sure, wanted))
    reach = int(np.searchsorted(SHARPNESSES, SHARPNESSES[likeliest] * SHARPER))
    return float(SHARPNESSES[min(max(enough, 0), reach, len(SHARPNESSES) - 1)])


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """Held-out answers in bins of how sure they were: mean probability told, and share that was right, each bin's size.

    `gap` is the mean distance between the two (expected calibration error).
    """

    told: tuple[float, ...]
    right: tuple[float, ...]
    spectra: tuple[int, ...]

    @property
    def gap(self) -> float:
        if not self.spectra:
            return float("nan")
        apart = np.abs(np.subtract(self.told, self.right))
        return float(np.average(apart, weights=self.spectra))


def calibration_curve(probabilities: Floats, which: Places) -> CalibrationCurve:
    """Of held-out `probabilities` (M, K) and the true classes (M,); bins of about equally many spectra."""
    if not len(which):
        return CalibrationCurve((), (), ())
    sure, correct = probabilities.max(axis=1), np.argmax(probabilities, axis=1) == which
    parts = [part for part in np.array_split(np.argsort(sure, kind="stable"), BINS) if len(part)]
    return CalibrationCurve(
        tuple(float(sure[part].mean()) for part in parts),
        tuple(float(correct[part].mean()) for part in parts),
        tuple(len(part) for part in parts),
    )
