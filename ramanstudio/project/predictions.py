"""Predictions of fine-tuned models for the spectra of an entry: as the project keeps them, and as texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.finetuned_model import FineTunedModelCard

NOT_FINITE: Final = "–"  # the label of spectra that hold NaN or infinite values
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class ModelPredictions:
    """What one fine-tuned `model` predicts for the spectra `source` (N, B) of an entry.

    `labels` (N,) are classes, or the `values` (N,) of a quantity as text; empty for spectra not classified yet.
    `probabilities` (N,) are those of the predicted classes, 0 to 1; `error` is the cross-validated RMSE of a quantity.
    `unknown` (N,) marks spectra unlike all training spectra. `model_sha256` identifies the model; `problem` says why
    it cannot predict.
    """

    source: SpectrumSet
    model: str
    model_sha256: str
    labels: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    unknown: NDArray[np.bool_]
    values: NDArray[np.float64] | None = None
    error: float = float("nan")
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every spectrum has a prediction, or there is a reason for having none."""
        return bool(self.problem) or bool(np.all(self.labels != ""))

    def merged_over(self, before: ModelPredictions | None) -> ModelPredictions:
        """Return these predictions, completed by those of `before` where they come from the same model and spectra."""
        if (
            before is None
            or before.model_sha256 != self.model_sha256
            or before.source is not self.source
            or before.problem
        ):
            return self
        missing = self.labels == ""
        values = self.values
        if values is not None and before.values is not None:
            values = np.where(missing, before.values, values)
        return replace(
            self,
            labels=np.where(missing, before.labels, self.labels),
            probabilities=np.where(missing, before.probabilities, self.probabilities),
            unknown=np.where(missing, before.unknown, self.unknown),
            values=values,
        )


def predictions_from(
    source: SpectrumSet, rows: NDArray[np.int64], card: FineTunedModelCard, classified: Classified
) -> ModelPredictions:
    """Return the predictions for `source` (N, B) of which `rows` (n,) were `classified`; the other rows stay empty."""
    n_spectra = len(source)
    labels, probabilities = np.full(n_spectra, "", dtype=object), np.zeros(n_spectra, dtype=np.float32)
    unknown, values = np.zeros(n_spectra, dtype=bool), None
    labels[rows], unknown[rows] = classified.labels, classified.unknown
    if classified.values is not None:
        values = np.full(n_spectra, np.nan)
        values[rows] = classified.values
    else:
        probabilities[rows] = classified.probabilities.max(axis=1)
    return ModelPredictions(
        source, card.name, card.sha256, labels.astype(str), probabilities, unknown, values, classified.error
    )


def failed_predictions(source: SpectrumSet, card: FineTunedModelCard, problem: str) -> ModelPredictions:
    """Return predictions without a label for `source` (N, B), and the `problem` that is the reason."""
    n_spectra = len(source)
    return ModelPredictions(
        source,
        card.name,
        card.sha256,
        np.full(n_spectra, ""),
        np.zeros(n_spectra, dtype=np.float32),
        np.zeros(n_spectra, dtype=bool),
        problem=problem,
    )


def prediction_text(predictions: ModelPredictions, row: int) -> str:
    """Return the prediction for one spectrum: `Strain B · 94 %`, `12.3 ± 0.8`, or unknown; empty before there is one."""
    label = str(predictions.labels[row])
    if predictions.problem or label in ("", NOT_FINITE):
        return predictions.problem or ("" if not label else "This spectrum holds values that are not numbers.")
    if predictions.values is not None:
        aside = ", but unlike all training spectra" if predictions.unknown[row] else ""
        error = f" ± {predictions.error:.2g}" if np.isfinite(predictions.error) else ""
        return f"{label}{error}{aside}"
    if predictions.unknown[row]:
        return f"{UNKNOWN}: unlike all training spectra; the nearest class is {label}"
    return f"{label} · {min(100 * float(predictions.probabilities[row]), 99):.0f} %"


@lru_cache(maxsize=8)
def predicted_classes(predictions: ModelPredictions) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the predicted classes, most common first and unknown last, and the class number of each spectrum (N,).

    The number is NaN for spectra without a prediction.
    """
    labels = np.where(predictions.unknown & (predictions.labels != ""), UNKNOWN, predictions.labels)
    names, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    classes = [code for code, name in enumerate(names.tolist()) if name not in ("", NOT_FINITE)]
    order = sorted(classes, key=lambda code: (names[code] == UNKNOWN, -counts[code], names[code]))
    numbers = np.full(len(names), np.nan)
    numbers[order] = np.arange(len(order))
    return tuple(str(names[code]) for code in order), numbers[codes]


def summarise_predictions(models: Sequence[ModelPredictions], rows: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Return (model, text) for some `rows` of an entry: one prediction, or the commonest class or median of several."""
    summaries = []
    for predictions in models:
        text = _summary(predictions, rows)
        if text:
            summaries.append((predictions.model, text))
    return summaries


def _summary(predictions: ModelPredictions, rows: NDArray[np.int64]) -> str:
    """Return the text of `summarise_predictions` for one model; empty where it has predicted nothing."""
    if len(rows) == 1:
        return prediction_text(predictions, int(rows[0]))
    labels = predictions.labels[rows]
    predicted = rows[(labels != "") & (labels != NOT_FINITE)]
    if not len(predicted):
        return predictions.problem
    if predictions.values is not None:
        values = predictions.values[predicted]
        return f"{np.median(values):.4g} (median), {values.min():.4g} to {values.max():.4g}"
    labels = np.where(predictions.unknown[predicted], UNKNOWN, predictions.labels[predicted])
    names, counts = np.unique(labels, return_counts=True)
    commonest = int(np.argmax(counts))
    return f"{names[commonest]}: {counts[commonest]:,} of {len(predicted):,}"
