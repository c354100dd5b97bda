"""The spectra that a model is trained on: those of several files on one axis, with labels, samples and folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.finetuning.cross_validation import Folds
from ramanstudio.finetuning.labels import ClassLabels
from ramanstudio.finetuning.representations import Representations
from ramanstudio.signal import comparison


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """N spectra with their representations, the n of them that are labelled, and the cross-validation folds (n,)."""

    spectra: SpectrumSet
    representations: Representations
    labels: ClassLabels
    folds: Folds

    def rows(self, representation: str) -> NDArray[np.float32]:
        """Return the rows (N, D) of the labelled spectra."""
        return self.representations.rows(representation)[self.labels.indices]


def on_common_axis(sets: Sequence[SpectrumSet]) -> tuple[SpectrumSet, NDArray[np.bool_]]:
    """Return the spectra of `sets` on one axis (N, B), and which of the sets (S,) are among them.

    Sets are left out that share too little of the range of most. Raises StudioError when the others share too little.
    """
    kept = np.asarray(comparison.largest_overlap(sets), dtype=bool)
    chosen = [spectra for spectra, keep in zip(sets, kept.tolist(), strict=True) if keep]
    axis = comparison.common_axis(chosen)
    if axis is None:
        raise StudioError(
            "These spectra share too small a range to be trained on together.",
            remedy="Select spectra of the same range.",
        )
    return SpectrumSet(axis, resample(chosen, axis)), kept


def resample(sets: Sequence[SpectrumSet], axis: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the intensities (N, B) of all `sets` at `axis` (B,), one set after the other."""
    return np.concatenate([comparison.resample(spectra, axis) for spectra in sets])
