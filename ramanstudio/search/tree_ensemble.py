"""Boosted trees: many small rows of questions about numbers, whose answers add up to a score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
BLOCK: Final = 128  # rows at once: what is asked of them then stays near the processor, twice as quick as all at once
PARTS = ("feature", "threshold", "left", "right", "value")  # of trees, as they are kept


@dataclass(frozen=True, slots=True, eq=False)
class TreeEnsemble:
    """T trees of up to N nodes, arrays (T, N) each; node 0 is the root.

    At a node a row goes on to the node `left` where its number `feature` is at most `threshold`, else to `right`; a
    leaf leads to itself, and has a `value`. The score of a row is the sum of those it comes to, and `start`.
    """

    feature: NDArray[np.integer[Any]]
    threshold: Floats
    left: NDArray[np.integer[Any]]
    right: NDArray[np.integer[Any]]
    value: Floats
    start: float

    @classmethod
    def of(cls, weights: Mapping[str, NDArray[Any]], name: str) -> TreeEnsemble:
        """Those that are kept among `weights` under `name`; raises KeyError when some of them are missing."""
        start = float(weights[f"{name}.start"][0])
        return cls(**{part: weights[f"{name}.{part}"] for part in PARTS}, start=start)

    def score(self, rows: Floats) -> NDArray[np.float64]:
        """The score of each of `rows` (M, D), none of whose numbers is NaN -> (M,)."""
        first = (np.arange(len(self.feature)) * self.feature.shape[1])[:, None]  # of each tree, in one long row
        feature, threshold, value = (part.ravel() for part in (self.feature, self.threshold, self.value))
        left, right = ((first + part).ravel() for part in (self.left, self.right))
        score = np.empty(len(rows))
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            numbers, own = some.ravel(), (np.arange(len(some)) * some.shape[1])[:, None]
            at, before = np.repeat(first.T, len(some), axis=0), None
            while before is None or (at != before).any():
                goes_left = numbers.take(own + feature.take(at)) <= threshold.take(at)
                at, before = np.where(goes_left, left.take(at), right.take(at)), at
            score[start : start + BLOCK] = self.start + value.take(at).sum(axis=1, dtype=np.float64)
        return score
