"""What a taught model can do, as it was measured while it learned: figures, doubts, and what would help it most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.accuracy import AccuracyEstimate, CalibrationCurve
from ramanstudio.finetuning.finetuned_model import FineTunedModel

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CandidateScore:
    """One way to tell the classes apart that was tried, and how often it was right on spectra held out (NaN: not)."""

    words: str
    accuracy: float


@dataclass(frozen=True, slots=True)
class Misclassification:
    """A labelled spectrum, by its place, that was named `told` while held out, with that probability."""

    place: int
    label: str
    told: str
    probability: float


@dataclass(frozen=True, slots=True)
class ImportantRange:
    """A range of Raman shifts, and how much of the right answer's log-probability is lost without it."""

    low_cm: float
    high_cm: float
    loss: float


@dataclass(frozen=True, slots=True, eq=False)
class ClassificationReport:
    """How good a classifier is. Places are those of the spectra given to `finetune`.

    `places` (n,) are those with a label; `confusion` (K, K) counts held-out spectra, a row for each true class;
    `recall` (K,) is NaN where none of a class was held out.
    """

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    expected: AccuracyEstimate
    majority: float
    by_sample: bool
    chosen: str
    attempts: tuple[CandidateScore, ...]
    places: Places
    confusion: NDArray[np.intp]
    wrong: tuple[Misclassification, ...]
    suspects: tuple[Misclassification, ...]
    duplicates: tuple[tuple[int, ...], ...]
    calibration_curve: CalibrationCurve
    bands: tuple[ImportantRange, ...]
    next_to_label: tuple[int, ...]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def recall(self) -> NDArray[np.float64]:
        held = self.confusion.sum(axis=1)
        shares: NDArray[np.float64] = np.divide(
            np.diag(self.confusion), held, out=np.full(len(held), np.nan), where=held > 0
        )
        return shares

    @property
    def headline(self) -> str:
        """The accuracy with its bounds, in a sentence."""
        if not self.expected.is_measured:
            return "How often it is right is not measured: with one spectrum of each class none can be held out."
        one = self.expected
        whom = f"the {one.others} others" if one.others else "new spectra"
        return (
            f"Of {whom} {100 * one.accuracy:.0f} % are expected to be named right (95 % interval {100 * one.low:.0f} to"
            f" {100 * one.high:.0f} %); naming the commonest class each time would give {100 * self.majority:.0f} %."
        )


@dataclass(frozen=True, slots=True, eq=False)
class RegressionReport:
    """How good a model of a quantity is: what was predicted (n,) of spectra held out, against what is true (n,).

    `error` is the root mean square of the difference, from `low` to `high` in 95 of 100 cases; `spread` that of the
    quantity itself about its mean, which is what knowing nothing gives.
    """

    places: Places
    true: Floats
    predicted: Floats
    error: float
    low: float
    high: float
    spread: float
    by_sample: bool
    chosen: str
    attempts: tuple[CandidateScore, ...]
    duplicates: tuple[tuple[int, ...], ...]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def explained(self) -> float:
        """The share of the variance that is explained, R²."""
        return 1 - (self.error / self.spread) ** 2 if self.spread > 0 else float("nan")

    @property
    def headline(self) -> str:
        """The error with its bounds, in a sentence."""
        if not np.isfinite(self.error):
            return "How large its error is is not measured: too few spectra to hold any out."
        return (
            f"The error (RMSE) on spectra held out is {self.error:.3g} (95 % interval {self.low:.3g} to"
            f" {self.high:.3g}); the quantity itself spreads by {self.spread:.3g}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class FineTuningResult:
    """What teaching gives: the model, to be kept with `taught.keep` or used at once, and the report on it."""

    model: FineTunedModel
    report: ClassificationReport | RegressionReport


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far learning is, shown while it runs: what was tried last, how often it was right, and the best so far.

    `loss` is of the last epoch, where features are learned anew."""

    attempt: CandidateScore
    best: CandidateScore
    done: int
    total: int
    loss: float = float("nan")
