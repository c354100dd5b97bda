"""Predictions of fine-tuned models for the spectra of an entry: made to be kept in the project, and as texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.project.project import Predictions

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.finetuned_model import FineTunedModelCard

NOT_FINITE: Final = "–"  # the label of spectra that hold NaN or infinite values


def predictions_from(
    source: SpectrumSet, rows: NDArray[np.int64], card: FineTunedModelCard, classified: Classified
) -> Predictions:
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
    return Predictions(
        source, card.name, card.sha256, labels.astype(str), probabilities, unknown, values, classified.error
    )


def failed_predictions(source: SpectrumSet, card: FineTunedModelCard, problem: str) -> Predictions:
    """Return predictions without a label for `source` (N, B), and the `problem` that is the reason."""
    n_spectra = len(source)
    return Predictions(
        source,
        card.name,
        card.sha256,
        np.full(n_spectra, ""),
        np.zeros(n_spectra, dtype=np.float32),
        np.zeros(n_spectra, dtype=bool),
        problem=problem,
    )


def prediction_text(predictions: Predictions, row: int) -> str:
    """Return the prediction for one spectrum: `Strain B · 94 %`, `12.3 ± 0.8`, or unknown; empty if none yet."""
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
def predicted_classes(predictions: Predictions) -> tuple[tuple[str, ...], NDArray[np.float64]]:
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


def summarise_predictions(models: Sequence[Predictions], rows: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Return (model, text) for some `rows` of an entry: one prediction, or the commonest class or median of several."""
    summaries = []
    for predictions in models:
        text = _summary(predictions, rows)
        if text:
            summaries.append((predictions.model, text))
    return summaries


def _summary(predictions: Predictions, rows: NDArray[np.int64]) -> str:
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
