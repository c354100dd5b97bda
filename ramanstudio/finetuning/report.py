"""Results of fine-tuning: the model, its cross-validated figures, possible label errors and suggested labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.accuracy import AccuracyEstimate, CalibrationCurve
from ramanstudio.finetuning.finetuned_model import FineTunedModel

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]


def describe_members(members: tuple[str, ...]) -> str:
    """Return the members (M,) of an ensemble in a sentence; "" for none."""
    return f"Members of the ensemble: {'; '.join(members)}." if members else ""


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """A candidate that was evaluated, in words, and its cross-validated accuracy or RMSE; NaN where not measured."""

    title: str
    score: float


@dataclass(frozen=True, slots=True)
class Misclassification:
    """A labelled spectrum, by its index, that was `predicted` another class while held out, with that probability."""

    index: int
    label: str
    predicted: str
    probability: float


@dataclass(frozen=True, slots=True)
class ImportantRange:
    """A range of Raman shifts, and the mean log-probability of the true class that is lost without it."""

    low_cm: float
    high_cm: float
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationReport:
    """Cross-validated figures of a classifier with K classes. Indices are those of the spectra given to `finetune`.

    `indices` (n,) are the labelled spectra; `confusion` (K, K) counts held-out spectra by true class (rows) and
    predicted class (columns); `misclassified` are the wrong predictions, most confident first, and `label_errors`
    those of them whose label is probably wrong. `suggested` are the unlabelled spectra to label next.
    """

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    expected: AccuracyEstimate
    majority_baseline: float
    by_sample: bool
    chosen: str
    candidates: tuple[CandidateScore, ...]
    indices: IntArray
    confusion: NDArray[np.intp]
    misclassified: tuple[Misclassification, ...]
    label_errors: tuple[Misclassification, ...]
    duplicates: tuple[tuple[int, ...], ...]
    calibration: CalibrationCurve
    important_ranges: tuple[ImportantRange, ...]
    suggested: tuple[int, ...]
    warnings: tuple[str, ...]
    seconds: float
    members: tuple[str, ...] = ()

    @property
    def members_sentence(self) -> str:
        """The members of an ensemble in a sentence; "" for a single classifier."""
        return describe_members(self.members)

    @property
    def recall(self) -> NDArray[np.float64]:
        """The recall of each class (K,); NaN where none of it was held out."""
        n_held_out = self.confusion.sum(axis=1)
        recall: NDArray[np.float64] = np.divide(
            np.diag(self.confusion), n_held_out, out=np.full(len(n_held_out), np.nan), where=n_held_out > 0
        )
        return recall

    @property
    def headline(self) -> str:
        """The expected accuracy with its interval and the majority-class baseline, in a sentence."""
        if not self.expected.is_measured:
            return "The accuracy is not measured: with one spectrum of each class, none can be held out."
        expected = self.expected
        where = f"the {expected.n_unlabelled} unlabelled spectra" if expected.n_unlabelled else "new spectra"
        return (
            f"Expected accuracy on {where}: {100 * expected.accuracy:.0f} % (95 % interval {100 * expected.low:.0f} to"
            f" {100 * expected.high:.0f} %); majority-class baseline: {100 * self.majority_baseline:.0f} %."
        )


@dataclass(frozen=True, slots=True, eq=False)
class RegressionReport:
    """Cross-validated figures of a model of a quantity: `predicted` (n,) of held-out spectra against `true` (n,).

    `rmse` has the 95 % interval `low` to `high`; `standard_deviation` is that of the quantity itself, the error of
    predicting its mean. `chosen` names the regressor in words; `members` (M,) are those of an ensemble with their
    weights, largest first, empty for a single regressor. Where there is a choice, each spectrum is predicted by what
    was chosen without its fold.
    """

    indices: IntArray
    true: FloatArray
    predicted: FloatArray
    rmse: float
    low: float
    high: float
    standard_deviation: float
    by_sample: bool
    chosen: str
    candidates: tuple[CandidateScore, ...]
    duplicates: tuple[tuple[int, ...], ...]
    warnings: tuple[str, ...]
    seconds: float
    members: tuple[str, ...] = ()

    @property
    def members_sentence(self) -> str:
        """The members of an ensemble in a sentence; "" for a single regressor."""
        return describe_members(self.members)

    @property
    def r_squared(self) -> float:
        """The share of the variance that is explained, R²; NaN for a constant quantity."""
        return 1 - (self.rmse / self.standard_deviation) ** 2 if self.standard_deviation > 0 else float("nan")

    @property
    def headline(self) -> str:
        """The error with its interval, in a sentence."""
        if not np.isfinite(self.rmse):
            return "The error is not measured: there are too few spectra to hold any out."
        return (
            f"Cross-validated error (RMSE): {self.rmse:.3g} (95 % interval {self.low:.3g} to {self.high:.3g});"
            f" R²: {self.r_squared:.2f}; standard deviation of the quantity: {self.standard_deviation:.3g}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class FineTuningResult:
    """The fine-tuned model, to be saved with `finetuned_model.save` or used at once, and the report on it."""

    model: FineTunedModel
    report: ClassificationReport | RegressionReport


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """Progress of training: the `candidate` evaluated last and the `best` so far, `done` of `total`.

    `loss` is that of the last epoch while features are fine-tuned, else NaN.
    """

    candidate: CandidateScore
    best: CandidateScore
    done: int
    total: int
    loss: float = float("nan")
