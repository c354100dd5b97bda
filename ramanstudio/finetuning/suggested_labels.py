"""Active learning: the unlabelled spectra whose labels would help a model most."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.classifiers import half_squared_distances

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]
N_SUGGESTED: Final = 5


def suggest_labels(
    probabilities: FloatArray, rows: FloatArray, indices: IntArray, count: int = N_SUGGESTED
) -> tuple[int, ...]:
    """Return `count` of the unlabelled `indices` (M,): the most uncertain spectra, unlike each other.

    `probabilities` (M, K) are the predictions, their entropy the uncertainty; `rows` (M, D) the representation by
    whose distances each selected spectrum lowers the worth of its neighbours.
    """
    if not len(indices):
        return ()
    entropy = -np.sum(probabilities * np.log(np.maximum(probabilities, 1e-12)), axis=1)
    shortlist = np.argsort(-entropy, kind="stable")[: 20 * count]
    entropy, rows = entropy[shortlist], rows[shortlist]
    separation, selected = np.ones(len(shortlist)), list[int]()
    for _ in range(min(count, len(shortlist))):
        worth = entropy * separation
        worth[selected] = -1
        selected.append(int(np.argmax(worth)))
        distance = half_squared_distances(rows, rows[selected[-1:]])[:, 0]
        separation = np.minimum(separation, distance / max(float(distance.max()), 1e-12))
    return tuple(int(indices[shortlist[row]]) for row in selected)
