"""A first look at labels, before anything is learned: spectra that are there twice, and labels that they contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import accuracy, candidate_selection, label_errors, labels
from ramanstudio.finetuning.classifiers import Subspace
from ramanstudio.finetuning.config import LDA
from ramanstudio.finetuning.cross_validation import deal
from ramanstudio.finetuning.report import Misclassification
from ramanstudio.signal import spectral_features

MOST: Final = 3000  # labelled spectra looked at; more take longer than a look
FEWEST: Final = 3  # spectra a class on the average, else any of them may be the odd one


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """What is doubtful: labels that spectra contradict, the surest first, and sets of places that hold one spectrum."""

    suspects: tuple[Misclassification, ...] = ()
    duplicates: tuple[tuple[int, ...], ...] = ()


def check_labels(
    spectra: SpectrumSet,
    seen: SpectrumSet,
    given: ArrayLike | Sequence[Any],
    samples: ArrayLike | Sequence[Any] | None = None,
    quantity: bool = False,
    progress: Progress = SILENT,
) -> LabelCheck:
    """Look at the labels `given` (N,) of `spectra`, by what is `seen` of them: denoised; of a `quantity` at duplicates.

    A spectrum is a suspect when linear discriminants of the lines of the others, its own sample left out, are nearly
    sure of another class. Raises StudioError when there are fewer than two classes, Cancelled when asked to stop.
    """
    progress(0, 2)
    if quantity:
        places = np.flatnonzero(np.isfinite(labels.numbers(given, len(spectra))))[:MOST]
        return LabelCheck((), label_errors.duplicates(spectra.values[places], places))
    known = labels.labelled(given, samples, len(spectra))
    chosen = np.random.default_rng(0).permutation(len(known.places))[:MOST]
    chosen.sort()
    places, which = known.places[chosen], known.which[chosen]
    twice = label_errors.duplicates(spectra.values[places], places)
    progress(1, 2)
    if len(places) < FEWEST * len(known.classes):
        return LabelCheck((), twice)
    folds = deal(which, known.samples[chosen] if known.samples is not None else None)
    rows = np.hstack(spectral_features.lines_and_slopes(seen.axis, seen.values[places]))
    tried = candidate_selection.hold_out(
        Subspace.of(rows).of_rows(rows),
        which,
        len(known.classes),
        folds,
        candidate_selection.ClassifierCandidate("lines", LDA),
        progress,
    )
    tested = folds.tested
    scores, which, places = tried.scores[tested], which[tested], places[tested]
    if not len(scores):
        return LabelCheck((), twice)
    told = accuracy.chances(scores, accuracy.inverse_temperature(scores, which, tried.accuracy))
    doubts = label_errors.doubts(told, which, known.classes, places)
    return LabelCheck(label_errors.suspects(doubts, told, which, places), twice)
