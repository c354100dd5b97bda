"""Which reading and which head: chosen on the labels given, by cross-validation, and said with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.finetuning import classifiers
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import AUTO, LDA, LOGISTIC, MEAN, NEAREST, REPRESENTATION_TITLES, FinetunePlan
from ramanstudio.finetuning.cross_validation import Folds
from ramanstudio.finetuning.representations import Representations

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

MIN_LABELS_TO_SELECT: Final = 3  # labels in every class; with fewer, what is taken is fixed
LARGEST_LOGISTIC: Final = 120_000  # spectra times classes; a regression on more takes minutes
MARGIN: Final = 2.0  # standard errors by which another candidate has to be ahead of the one that is usually best


@dataclass(frozen=True, slots=True)
class ClassifierCandidate:
    """A reading and a head on it."""

    representation: str
    estimator: str
    strength: float = classifiers.STRENGTH

    @property
    def words(self) -> str:
        return f"{REPRESENTATION_TITLES[self.representation]}, {self.estimator}"


# In the order in which they are tried: those that are usually best come first, should somebody stop it.
ORDER: Final = (
    ("joined", LDA), ("lines", LDA), ("joined", NEAREST), ("features", LDA), ("spectrum", LOGISTIC),
    ("measured", LOGISTIC), ("slope", LOGISTIC), ("lines", LOGISTIC), ("joined", LOGISTIC), ("features", LOGISTIC),
    ("spectrum", LDA), ("slope", LDA), ("measured", LDA), ("features", NEAREST), ("joined", MEAN),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedCandidate:
    """A candidate and the scores (n, K) it gave to spectra while they were held out; NaN where they never were."""

    candidate: ClassifierCandidate
    scores: Floats
    accuracy: float


def candidates(
    plan: FinetunePlan, representations: Representations, spectra: int, classes: int
) -> list[ClassifierCandidate]:
    """What is tried, the usual best first."""
    slow = spectra * classes > LARGEST_LOGISTIC
    return [
        ClassifierCandidate(representation, estimator)
        for representation, estimator in _order(plan)
        if representations.has(representation) and not (slow and estimator == LOGISTIC and plan.estimator != LOGISTIC)
    ]


def _order(plan: FinetunePlan) -> list[tuple[str, str]]:
    """ORDER, or what the plan leaves of it; a pair that is not in it but asked for is tried alone."""
    some = [
        (representation, estimator)
        for representation, estimator in ORDER
        if plan.representation in (AUTO, representation) and plan.estimator in (AUTO, estimator)
    ]
    return some or [
        (
            "joined" if plan.representation == AUTO else plan.representation,
            LDA if plan.estimator == AUTO else plan.estimator,
        )
    ]


def usual(plan: FinetunePlan, tried: Sequence[ClassifierCandidate], fewest: int) -> ClassifierCandidate:
    """What is taken unless the labels speak against it: with a label or two a class, the nearest spectrum."""
    estimator = NEAREST if fewest < 2 else LDA
    return next((one for one in tried if one.estimator == estimator), tried[0])


def hold_out(
    rows: Floats, which: Places, classes: int, folds: Folds, candidate: ClassifierCandidate, progress: Progress = SILENT
) -> EvaluatedCandidate:
    """The scores of `candidate` on `rows` (n, R) of the classes `which` (n,), each while it was held out.

    Raises Cancelled when asked to stop.
    """
    scores = np.full((len(rows), classes), np.nan)
    for learn, test in progress.steps(folds.splits(), "folds"):
        span = Subspace.of(rows[learn])
        estimator = classifiers.fit(
            candidate.estimator, span.of_rows(rows[learn]), which[learn], classes, candidate.strength
        )
        scores[test] = estimator.scores(span.of_rows(rows[test]))
    return EvaluatedCandidate(candidate, scores, _accuracy(scores, which, folds))


def _accuracy(scores: Floats, which: Places, folds: Folds) -> float:
    tested = folds.tested
    return float(np.mean(np.argmax(scores[tested], axis=1) == which[tested])) if tested.any() else float("nan")


def right(tried: Sequence[EvaluatedCandidate], which: Places, tested: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the held-out spectra each candidate named right (M, C)."""
    return np.stack([np.argmax(one.scores[tested], axis=1) == which[tested] for one in tried], axis=1)


def choose(correct: NDArray[np.bool_], first: int, weights: Floats | None = None) -> Places:
    """The number of the candidate to take, one for each of `weights` (W, M): how often each spectrum counts.

    The best, unless it is ahead of the candidate `first` by less than MARGIN standard errors of their difference:
    among many that are alike the best on a few spectra is best by luck.
    """
    weights = np.ones((1, len(correct))) if weights is None else weights
    total = weights.sum(axis=1, keepdims=True)
    accuracy = weights @ correct / total
    beside = correct.astype(float) - correct[:, [first]]
    ahead = weights @ beside / total
    spread = np.sqrt(np.maximum(weights @ beside**2 / total - ahead**2, 0) / total)
    allowed = ahead > MARGIN * spread
    allowed[:, first] = True
    return np.asarray(np.argmax(np.where(allowed, accuracy, -1), axis=1))
