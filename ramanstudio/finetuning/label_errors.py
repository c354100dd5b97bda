"""Possible label errors: spectra that contradict their labels, and duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning import accuracy, labels
from ramanstudio.finetuning.candidate_selection import ClassifierCandidate, cross_validate
from ramanstudio.finetuning.classifiers import Subspace, half_squared_distances
from ramanstudio.finetuning.config import LDA
from ramanstudio.finetuning.cross_validation import assign_folds
from ramanstudio.finetuning.labels import LabelInput
from ramanstudio.finetuning.report import Misclassification
from ramanstudio.finetuning.representations import require_usable, to_safe_range
from ramanstudio.signal import spectral_features
from ramanstudio.signal.pca import unit_rows

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

# A label is in doubt when another class has at least the first probability, and its own at most the second.
MIN_OTHER, MAX_OWN = 0.8, 0.05
DUPLICATE_DISTANCE: Final = 1e-6  # half of the squared distance of two spectra of unit length that are identical
MAX_COMPARED: Final = 4000
MAX_CHECKED: Final = 3000  # labelled spectra checked before training; more would take too long
MIN_SPECTRA_PER_CLASS: Final = 3  # on average; with fewer, any of them may be the odd one


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Possible label errors, the most certain first, and duplicates: sets of indices of identical spectra."""

    label_errors: tuple[Misclassification, ...] = ()
    duplicates: tuple[tuple[int, ...], ...] = ()


def check_labels(
    spectra: SpectrumSet,
    denoised: SpectrumSet,
    given: LabelInput,
    samples: LabelInput | None = None,
    quantity: bool = False,
    progress: Progress = SILENT,
) -> LabelCheck:
    """Check the labels `given` (N,) of `spectra` (N, B) before training, by the `denoised` spectra (N, B).

    A label is in doubt when LDA on the bands of the other spectra, its own sample held out, is nearly certain of
    another class. For a `quantity`, only duplicates are looked for. Raises StudioError when there are fewer than two
    classes, Cancelled when asked to stop.
    """
    require_usable(spectra)
    progress(0, 2)
    if quantity:
        indices = np.flatnonzero(np.isfinite(labels.parse_numbers(given, len(spectra))))[:MAX_CHECKED]
        return LabelCheck((), find_duplicates(spectra.values[indices], indices))
    known = labels.parse_classes(given, samples, len(spectra))
    chosen = np.random.default_rng(0).permutation(len(known.indices))[:MAX_CHECKED]
    chosen.sort()
    indices, targets = known.indices[chosen], known.targets[chosen]
    duplicates = find_duplicates(spectra.values[indices], indices)
    progress(1, 2)
    if len(indices) < MIN_SPECTRA_PER_CLASS * len(known.classes):
        return LabelCheck((), duplicates)
    folds = assign_folds(targets, known.samples[chosen] if known.samples is not None else None)
    scaled = to_safe_range(denoised[indices])
    bands = np.hstack(spectral_features.lines_and_slopes(scaled.axis, scaled.values))
    rows = Subspace.of(bands).project(bands)
    evaluated = cross_validate(rows, targets, len(known.classes), folds, ClassifierCandidate("lines", LDA), progress)
    tested = folds.tested
    scores, targets, indices = evaluated.scores[tested], targets[tested], indices[tested]
    if not len(scores):
        return LabelCheck((), duplicates)
    factor = accuracy.fit_inverse_temperature(scores, targets, evaluated.accuracy)
    probabilities = accuracy.softmax(scores, factor)
    misclassified = find_misclassified(probabilities, targets, known.classes, indices)
    return LabelCheck(find_label_errors(misclassified, probabilities, targets, indices), duplicates)


def confusion_matrix(probabilities: FloatArray, targets: IntArray, n_classes: int) -> NDArray[np.intp]:
    """Return the counts (K, K) of held-out spectra by true class (rows) and predicted class (columns)."""
    counts = np.zeros((n_classes, n_classes), dtype=np.intp)
    np.add.at(counts, (targets, np.argmax(probabilities, axis=1)), 1)
    return counts


def find_misclassified(
    probabilities: FloatArray, targets: IntArray, classes: Sequence[str], indices: IntArray
) -> tuple[Misclassification, ...]:
    """Return the held-out spectra predicted wrongly, the most confident first.

    `probabilities` (M, K), true class numbers `targets` (M,), indices of the spectra `indices` (M,).
    """
    predicted = np.argmax(probabilities, axis=1)
    wrong = np.flatnonzero(predicted != targets)
    wrong = wrong[np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")]
    return tuple(
        Misclassification(
            int(indices[row]),
            classes[targets[row]],
            classes[predicted[row]],
            float(probabilities[row, predicted[row]]),
        )
        for row in wrong
    )


def find_label_errors(
    misclassified: Sequence[Misclassification], probabilities: FloatArray, targets: IntArray, indices: IntArray
) -> tuple[Misclassification, ...]:
    """Return those of the misclassified whose label is probably wrong: another class nearly certain, its own not.

    `probabilities` (N, C) of the classes `targets` (N,) are those of the held-out spectra `indices` (N,)."""
    own = dict(zip(indices.tolist(), probabilities[np.arange(len(targets)), targets].tolist(), strict=True))
    return tuple(row for row in misclassified if row.probability >= MIN_OTHER and own[row.index] <= MAX_OWN)


def find_duplicates(values: FloatArray, indices: IntArray) -> tuple[tuple[int, ...], ...]:
    """Return sets of `indices` (N,) whose spectra `values` (N, B) are identical up to scale and offset."""
    rows = unit_rows(values[:MAX_COMPARED].astype(np.float64))
    remaining, duplicates = set(range(len(rows))), list[tuple[int, ...]]()
    identical = half_squared_distances(rows, rows) < DUPLICATE_DISTANCE
    for row in range(len(rows)):
        same = [int(other) for other in np.flatnonzero(identical[row]) if other in remaining]
        if row in remaining and len(same) > 1:
            duplicates.append(tuple(int(indices[other]) for other in same))
            remaining -= set(same)
    return tuple(duplicates)
