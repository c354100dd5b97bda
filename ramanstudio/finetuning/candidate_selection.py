"""Selection of a representation and a classifier by cross-validation on the labelled spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.finetuning import classifiers
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import (
    AUTO,
    ENSEMBLE,
    LDA,
    LOGISTIC,
    MEAN,
    NEAREST,
    REPRESENTATION_TITLES,
    SUPPORT_VECTORS,
    FinetunePlan,
)
from ramanstudio.finetuning.cross_validation import Folds
from ramanstudio.finetuning.representations import Representations

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

MIN_LABELS_TO_SELECT: Final = 3  # labels per class (median); with fewer, the default candidate is taken
MAX_LOGISTIC_SIZE: Final = 120_000  # spectra times classes; a regression on more takes minutes
MAX_KERNEL_ROWS, MAX_KERNEL_SIZE = 3000, 30_000  # spectra, and times classes, of support vectors; more take minutes
# Standard errors by which another candidate has to be ahead of the default one. Other classifiers fit what replicates,
# cultures or specimens of one laboratory share: joined support vectors were ahead by 2.3 on the training spectra of all
# minerals and all Alzheimer patients of two folds, and behind by .033 and .008 on those of others.
MARGIN, FAR_MARGIN = 2.0, 2.5


@dataclass(frozen=True, slots=True)
class ClassifierCandidate:
    """A representation and a classifier on it; `strength` is the C of logistic regression."""

    representation: str
    estimator: str
    strength: float = classifiers.STRENGTH

    @property
    def title(self) -> str:
        """The candidate in words, such as `first derivative, LDA`."""
        return f"{REPRESENTATION_TITLES[self.representation]}, {self.estimator}"


@dataclass(frozen=True, slots=True)
class EnsembleCandidate:
    """Candidates whose probabilities are averaged: `members` (M), largest weight first, with `weights` (M) of sum one.

    `inverse_temperatures` (M) turn the scores of each into probabilities.
    """

    members: tuple[ClassifierCandidate, ...]
    weights: tuple[float, ...]
    inverse_temperatures: tuple[float, ...]
    estimator: ClassVar[str] = ENSEMBLE

    @property
    def title(self) -> str:
        """The number of members and the largest of them, in words."""
        return f"{ENSEMBLE} of {len(self.members)}, led by {self.parts[0]}"

    @property
    def parts(self) -> tuple[str, ...]:
        """Each member with its weight, in words."""
        return tuple(
            f"{member.title} ({100 * weight:.0f} %)" for member, weight in zip(self.members, self.weights, strict=True)
        )


# In the order of evaluation: those that are usually best come first, in case the user stops it.
ORDER: Final = (
    ("joined", LDA), ("lines", LDA), ("joined", NEAREST), ("features", LDA), ("spectrum", LOGISTIC),
    ("measured", LOGISTIC), ("slope", LOGISTIC), ("lines", LOGISTIC), ("joined", LOGISTIC), ("features", LOGISTIC),
    ("spectrum", LDA), ("slope", LDA), ("measured", LDA), ("features", NEAREST), ("joined", MEAN),
    ("roots", LDA), ("joined", SUPPORT_VECTORS), ("roots", LOGISTIC), ("lines", SUPPORT_VECTORS),
    ("slope", SUPPORT_VECTORS), ("spectrum", SUPPORT_VECTORS), ("measured", SUPPORT_VECTORS),
    ("roots", SUPPORT_VECTORS),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedCandidate:
    """A candidate with its cross-validated `scores` (n, K), NaN for spectra never held out, and `accuracy`."""

    candidate: ClassifierCandidate | EnsembleCandidate
    scores: FloatArray
    accuracy: float


def list_candidates(
    plan: FinetunePlan, representations: Representations, n_spectra: int, n_classes: int
) -> list[ClassifierCandidate]:
    """Return the candidates to evaluate, in order."""
    is_large = n_spectra > MAX_KERNEL_ROWS or n_spectra * n_classes > MAX_KERNEL_SIZE
    too_slow = n_spectra * n_classes > MAX_LOGISTIC_SIZE and plan.estimator != LOGISTIC
    return [
        ClassifierCandidate(representation, estimator)
        for representation, estimator in _allowed_pairs(plan)
        if representations.has(representation)
        and not (too_slow and estimator == LOGISTIC)
        and not (is_large and estimator == SUPPORT_VECTORS and plan.estimator == AUTO)
    ]


def _allowed_pairs(plan: FinetunePlan) -> list[tuple[str, str]]:
    """Return the pairs of ORDER that the plan allows; a pair outside it that the plan names is evaluated alone."""
    pairs = [
        (representation, estimator)
        for representation, estimator in ORDER
        if plan.representation in (AUTO, representation) and plan.estimator in (AUTO, estimator)
    ]
    named = ("joined" if plan.representation == AUTO else plan.representation,
             LDA if plan.estimator == AUTO else plan.estimator)  # fmt: skip
    return pairs or [named]


def default_candidate(candidates: Sequence[ClassifierCandidate], labels_per_class: int) -> ClassifierCandidate:
    """Return the candidate that others must beat: the nearest neighbour with one label a class, else LDA."""
    estimator = NEAREST if labels_per_class < 2 else LDA
    return next((candidate for candidate in candidates if candidate.estimator == estimator), candidates[0])


def cross_validate(
    rows: FloatArray,
    targets: IntArray,
    n_classes: int,
    folds: Folds,
    candidate: ClassifierCandidate,
    progress: Progress = SILENT,
) -> EvaluatedCandidate:
    """Evaluate `candidate` on `rows` (N, R) with class numbers `targets` (N,), each row scored while held out.

    Raises Cancelled when asked to stop.
    """
    scores = np.full((len(rows), n_classes), np.nan)
    for train, test in progress.steps(folds.splits(), "folds"):
        subspace = Subspace.of(rows[train])
        classifier = classifiers.fit_classifier(
            candidate.estimator, subspace.project(rows[train]), targets[train], n_classes, candidate.strength
        )
        scores[test] = classifier.scores(subspace.project(rows[test]))
    tested = folds.tested
    accuracy = float(np.mean(np.argmax(scores[tested], axis=1) == targets[tested])) if tested.any() else float("nan")
    return EvaluatedCandidate(candidate, scores, accuracy)


def correct_predictions(
    evaluated: Sequence[EvaluatedCandidate], targets: IntArray, tested: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which of the M held-out spectra each of C candidates classified correctly (M, C)."""
    return np.stack([np.argmax(each.scores[tested], axis=1) == targets[tested] for each in evaluated], axis=1)


def selection_margins(evaluated: Sequence[EvaluatedCandidate], default: int) -> NDArray[np.float64]:
    """Return by how many standard errors each candidate (C,) has to be ahead, more where it is another classifier."""
    estimators = [each.candidate.estimator for each in evaluated]
    return np.where([name != estimators[default] for name in estimators], FAR_MARGIN, MARGIN)


def select_candidate(
    correct: NDArray[np.bool_],
    default: int,
    groups: IntArray | None = None,
    weights: FloatArray | None = None,
    margins: FloatArray | float = MARGIN,
) -> IntArray:
    """Return the number of the candidate to take, for each of `weights` (W, G): how often each sample counts.

    `correct` (M, C), samples `groups` (M,) from 0 to G - 1; each spectrum is one without. It is the best one of those
    that are ahead of the candidate `default` by more than `margins` (C,) standard errors of their difference over
    samples, else the default: among many similar candidates, the best on a few spectra is best by chance.
    """
    groups = np.arange(len(correct)) if groups is None else groups
    sums, sizes = np.zeros((int(groups.max()) + 1, correct.shape[1])), np.bincount(groups).astype(float)
    np.add.at(sums, groups, correct)
    weights = np.ones((1, len(sums))) if weights is None else weights
    difference = sums - sums[:, [default]]
    lead = weights @ difference
    mean_square = lead**2 / weights.sum(axis=1, keepdims=True)
    standard_error = np.sqrt(np.maximum(weights @ difference**2 - mean_square, 0))
    allowed = lead > margins * standard_error
    allowed[:, default] = True
    accuracy = weights @ sums / (weights @ sizes)[:, None]
    return np.asarray(np.argmax(np.where(allowed, accuracy, -1), axis=1))
