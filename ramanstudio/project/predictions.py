"""Predictions of a fine-tuned model for the spectra of an entry: made from its output, summarised, and as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.labels import UNKNOWN
from ramanstudio.core.numbers import format_number
from ramanstudio.project.project import Predictions

if TYPE_CHECKING:
    from ramanstudio.core.spectra import SpectrumSet
    from ramanstudio.finetuning.classification import Classified
    from ramanstudio.finetuning.model_card import FineTunedModelCard

NOT_FINITE: Final = "–"  # the label of spectra that hold values that are not numbers


def predictions_from(
    source: SpectrumSet, rows: NDArray[np.int64], card: FineTunedModelCard, classified: Classified
) -> Predictions:
    """The predictions for `rows` (N,) of a set of N spectra; those of the others are empty."""
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
    """Empty predictions for a set, with the `problem` why a model has none."""
    n_spectra = len(source)
    probabilities, unknown = np.zeros(n_spectra, dtype=np.float32), np.zeros(n_spectra, dtype=bool)
    return Predictions(source, card.name, card.sha256, np.full(n_spectra, ""), probabilities, unknown, problem=problem)


def prediction_text(predictions: Predictions, row: int) -> str:
    """The prediction for one spectrum: `Strain B · 94 %`, `12.3 ± 0.8`, or that it is unknown; empty where none."""
    label = str(predictions.labels[row])
    if predictions.problem or label in ("", NOT_FINITE):
        return predictions.problem or ("" if not label else "This spectrum holds values that are not numbers.")
    if predictions.values is not None:
        aside = ", but unlike its training spectra" if predictions.unknown[row] else ""
        error = f" ± {predictions.error:.2g}" if np.isfinite(predictions.error) else ""
        return f"{label}{error}{aside}"
    if predictions.unknown[row]:
        return f"{UNKNOWN}: unlike its training spectra; the nearest class is {label}"
    return f"{label} · {min(100 * float(predictions.probabilities[row]), 99):.0f} %"


@lru_cache(maxsize=8)
def predicted_classes(predictions: Predictions) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The classes of one entry, most common first, unknown last, and the index of each spectrum's class (N,).

    NaN where there is no prediction yet.
    """
    labels = np.where(predictions.unknown & (predictions.labels != ""), UNKNOWN, predictions.labels)
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    classes = [index for index, name in enumerate(names.tolist()) if name not in ("", NOT_FINITE)]
    order = sorted(classes, key=lambda index: (names[index] == UNKNOWN, -counts[index], names[index]))
    ranks = np.full(len(names), np.nan)
    ranks[order] = np.arange(len(order))
    return tuple(str(names[index]) for index in order), ranks[inverse]


def summarise_predictions(models: Sequence[Predictions], rows: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Name and summary of each model's predictions for `rows` (N,) of an entry.

    Of one spectrum its prediction, of several the most common class, or the median and range of a quantity.
    """
    summaries = []
    for predictions in models:
        is_known = (predictions.labels[rows] != "") & (predictions.labels[rows] != NOT_FINITE)
        known = rows[is_known] if len(rows) else rows
        if len(rows) == 1:
            text = prediction_text(predictions, int(rows[0]))
        elif not len(known):
            text = predictions.problem
        elif predictions.values is not None:
            values = predictions.values[known]
            text = f"{np.median(values):.4g} (median), {values.min():.4g} to {values.max():.4g}"
        else:
            labels = np.where(predictions.unknown[known], UNKNOWN, predictions.labels[known])
            names, counts = np.unique(labels, return_counts=True)
            most_common = int(np.argmax(counts))
            text = f"{names[most_common]}: {format_number(counts[most_common])} of {format_number(len(known))}"
        if text:
            summaries.append((predictions.model, text))
    return summaries
