"""A test set of the user's own: labelled spectra, kept out of training, on which a model is evaluated once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import accuracy, labels, regression
from ramanstudio.finetuning.labels import LabelInput

if TYPE_CHECKING:
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.model_card import FineTunedModelCard

IntArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The accuracy, or RMSE, of `n_spectra` labelled test spectra with its 95 % interval `low` to `high`.

    `recall` holds class, number of spectra and recall, none for a quantity. `n_untrained` further spectra have labels
    that are no classes of the model, `n_untrained_unknown` of them were called unknown. `expected_low` to
    `expected_high` is the interval that was stated before; NaN where it was not. `shift` says where the test spectra
    differ from those learned, or values are extrapolated; "" where neither.
    """

    is_quantity: bool
    n_spectra: int
    figure: float
    low: float
    high: float
    recall: tuple[tuple[str, int, float], ...]
    n_untrained: int
    n_untrained_unknown: int
    expected_low: float
    expected_high: float
    shift: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was measured, in sentences."""
        scale, unit = (1.0, "") if self.is_quantity else (100.0, " %")
        name = "error (RMSE)" if self.is_quantity else "accuracy"
        style = ".3g" if self.is_quantity else ".0f"
        figure = f"{scale * self.figure:{style}}{unit}"
        span = f"{scale * self.low:{style}} to {scale * self.high:{style}}{unit}"
        interval = f" (95 % interval {span})" if np.isfinite(self.low) else ""
        lines = [f"Test set of {self.n_spectra} spectra: {name} {figure}{interval}."]
        if np.isfinite(self.expected_low):
            inside = self.expected_low <= self.figure <= self.expected_high
            stated = f"{scale * self.expected_low:{style}} to {scale * self.expected_high:{style}}{unit}"
            where = "inside" if inside else "outside"
            lines.append(f"That is {where} the 95 % interval stated by cross-validation, {stated}.")
        if self.n_untrained:
            lines.append(
                f"Of classes that were not trained on there are {self.n_untrained} more in the test set;"
                f" {self.n_untrained_unknown} of them were called unknown."
            )
        return (*lines, self.shift) if self.shift else tuple(lines)


def evaluate_test_set(
    classified: Classified, given: LabelInput, samples: LabelInput | None, card: FineTunedModelCard
) -> Evaluation:
    """Return how good the predictions for N test spectra are, whose labels are `given` (N,); a blank is left out.

    `samples` (N,) name the sample of each, whose spectra fail together. Raises StudioError when none has a label that
    the model can be right about.
    """
    n_spectra = len(classified.labels)
    shift = " ".join(filter(None, (classified.shift, classified.extrapolation)))
    if classified.values is not None:
        numbers = labels.parse_test_numbers(given, n_spectra)
        rows = np.flatnonzero(np.isfinite(numbers))
        _require(rows)
        errors = classified.values[rows] - numbers[rows]
        low, high = regression.rmse_interval(errors, _groups(samples, rows, n_spectra))
        rmse = float(np.sqrt(np.mean(errors**2)))
        expected = _stated(card, "RMSE")
        return Evaluation(True, len(rows), rmse, low, high, (), 0, 0, *expected, shift)
    words = np.array([labels.clean_label(label) for label in np.asarray(given, dtype=object).reshape(-1)])
    if len(words) != n_spectra:
        raise StudioError(f"There are {len(words)} labels for {n_spectra} spectra.", "Give one for each spectrum.")
    is_known = np.isin(words, card.classes)
    rows, untrained = np.flatnonzero(is_known), np.flatnonzero(~is_known & (words != ""))
    _require(rows)
    correct = np.asarray(classified.labels[rows] == words[rows])
    size = accuracy.effective_size(correct, np.unique(_groups(samples, rows, n_spectra), return_inverse=True)[1])
    share = float(correct.mean())
    low, high = accuracy.wilson_interval(share, size)
    recall = tuple(
        (name, int(np.sum(words[rows] == name)), float(correct[words[rows] == name].mean()))
        for name in card.classes
        if np.any(words[rows] == name)
    )
    n_unknown = int(classified.unknown[untrained].sum())
    expected = _stated(card, "accuracy")
    return Evaluation(False, len(rows), share, low, high, recall, len(untrained), n_unknown, *expected, shift)


def _require(rows: NDArray[Any]) -> None:
    if not len(rows):
        raise StudioError(
            "None of the test spectra has a label that the model was trained on.",
            remedy="Label the test spectra with the same words, or numbers, as the training spectra.",
        )


def _groups(samples: LabelInput | None, rows: IntArray, n_spectra: int) -> IntArray:
    """Return the sample numbers (n,) of the `rows`; each is a sample of its own where they are unknown."""
    parsed = labels.parse_samples(samples, rows, n_spectra)
    return np.arange(len(rows)) if parsed is None else parsed


def _stated(card: FineTunedModelCard, figure: str) -> tuple[float, float]:
    """Return the 95 % interval that the card states; NaN where it states none."""
    ends = (card.figures.get(f"{figure}, {end} end of the 95 % interval", float("nan")) for end in ("low", "high"))
    low, high = (float(end) for end in ends)
    return low, high
