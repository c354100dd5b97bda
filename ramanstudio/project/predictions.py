"""What a taught model says of the spectra of an entry, made to be kept, and in words. Knows no Qt."""

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

NO_NUMBERS: Final = "–"  # of spectra that hold something else than numbers


def predictions_from(
    source: SpectrumSet, rows: NDArray[np.int64], card: FineTunedModelCard, found: Classified
) -> Predictions:
    """What was `found` of some `rows` (n,) of a set of N spectra; nothing of the others."""
    many = len(source)
    words, probabilities = np.full(many, "", dtype=object), np.zeros(many, dtype=np.float32)
    unknown, values = np.zeros(many, dtype=bool), None
    words[rows], unknown[rows] = found.labels, found.unknown
    if found.values is not None:
        values = np.full(many, np.nan)
        values[rows] = found.values
    else:
        probabilities[rows] = found.probabilities.max(axis=1)
    return Predictions(source, card.name, card.sha256, words.astype(str), probabilities, unknown, values, found.error)


def failed_predictions(source: SpectrumSet, card: FineTunedModelCard, problem: str) -> Predictions:
    """That a model has no answer about a set, and why."""
    many = len(source)
    nothing = np.zeros(many, dtype=np.float32), np.zeros(many, dtype=bool)
    return Predictions(source, card.name, card.sha256, np.full(many, ""), *nothing, problem=problem)


def prediction_text(said: Predictions, row: int) -> str:
    """What a model says of one spectrum: `Strain B · 94 %`, `12.3 ± 0.8`, or that it is unknown; empty: nothing yet."""
    word = str(said.labels[row])
    if said.problem or word in ("", NO_NUMBERS):
        return said.problem or ("" if not word else "This spectrum holds values that are not numbers.")
    if said.values is not None:
        aside = ", but unlike all it was taught" if said.unknown[row] else ""
        error = f" ± {said.error:.2g}" if np.isfinite(said.error) else ""
        return f"{word}{error}{aside}"
    if said.unknown[row]:
        return f"{UNKNOWN}: unlike all it was taught; the nearest is {word}"
    return f"{word} · {min(100 * float(said.probabilities[row]), 99):.0f} %"


@lru_cache(maxsize=8)
def predicted_classes(said: Predictions) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The classes of one entry, most common first, what is unknown last, and for each spectrum (N,) which it is.

    NaN where nobody has asked yet.
    """
    told = np.where(said.unknown & (said.labels != ""), UNKNOWN, said.labels)
    names, which, counts = np.unique(told, return_inverse=True, return_counts=True)
    real = [place for place, name in enumerate(names.tolist()) if name not in ("", NO_NUMBERS)]
    order = sorted(real, key=lambda place: (names[place] == UNKNOWN, -counts[place], names[place]))
    numbers = np.full(len(names), np.nan)
    numbers[order] = np.arange(len(order))
    return tuple(str(names[place]) for place in order), numbers[which]


def summarise_predictions(answers: Sequence[Predictions], rows: NDArray[np.int64]) -> list[tuple[str, str]]:
    """What models say of some rows of an entry: of one its answer, of several the commonest class or the middle."""
    facts = []
    for said in answers:
        asked = rows[(said.labels[rows] != "") & (said.labels[rows] != NO_NUMBERS)] if len(rows) else rows
        if len(rows) == 1:
            words = prediction_text(said, int(rows[0]))
        elif not len(asked):
            words = said.problem
        elif said.values is not None:
            values = said.values[asked]
            words = f"{np.median(values):.4g} (median), {values.min():.4g} to {values.max():.4g}"
        else:
            told = np.where(said.unknown[asked], UNKNOWN, said.labels[asked])
            names, counts = np.unique(told, return_counts=True)
            best = int(np.argmax(counts))
            words = f"{names[best]}: {counts[best]:,} of {len(asked):,}"
        if words:
            facts.append((said.model, words))
    return facts
