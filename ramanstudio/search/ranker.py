"""How credible each candidate is, by all readings at once, and how likely it is none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.search.candidate_features import LIKENESSES, WEIGHED
from ramanstudio.search.tree_ensemble import TreeEnsemble

Floats = NDArray[np.floating[Any]]

UNKNOWN_THRESHOLD: Final = 0.6  # chance of none: of rruff's substances, which are there, 2 to 6 in a hundred reach it
FIRST: Final = 5  # candidates that "none of these" is judged by
ONE, NONE = "one", "none"  # names of the trees, as they are kept
_NOT_THERE: Final = -2.0  # in place of a number of a candidate that is not there


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """Boosted trees that weigh each candidate, `one`, and that say how likely it is `none` of them.

    `other` (D,) is what speaks for a fifth candidate as a rule: it stands in where a library has fewer. The candidates
    whose chances add up to `held` hold the truth nine times in ten. All was learned on specimens held apart
    (benchmarks/identify.py).
    """

    one: TreeEnsemble
    none: TreeEnsemble
    other: NDArray[np.float32]
    held: float

    @classmethod
    def of(cls, weights: Mapping[str, NDArray[Any]]) -> Ranker:
        """The judge that is kept as `weights`; raises KeyError when some of them are missing."""
        return cls(
            TreeEnsemble.of(weights, ONE), TreeEnsemble.of(weights, NONE), weights["other"], float(weights["held"][0])
        )

    def chances(self, evidence: Floats) -> NDArray[np.float32]:
        """The chance of each of K candidates by its `evidence` (N, K, D), and of none of them -> (N, K + 1).

        Candidates that are not there have NaN, and no chance.
        """
        scores = self.scores(evidence)
        odds = np.exp(scores - np.maximum(scores.max(axis=1, keepdims=True), -1e30))
        shares = odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-30)
        none = 1 / (1 + np.exp(-np.clip(self.none.score(first_of(evidence, self.other)), -60, 60)))[:, None]
        chances: NDArray[np.float32] = np.concatenate([shares * (1 - none), none], axis=1).astype(np.float32)
        return chances

    def scores(self, evidence: Floats) -> NDArray[np.float64]:
        """The score of each of K candidates by its `evidence` (N, K, D) -> (N, K); minus infinity where none is."""
        there = ~np.isnan(evidence[..., 0])
        scores = np.full(there.shape, -np.inf)
        scores[there] = self.one.score(beside_the_others(evidence)[there])
        return scores


def beside_the_others(evidence: Floats) -> NDArray[np.float32]:
    """What a candidate is weighed by -> (N, K, WEIGHED + LIKENESSES).

    The first of its `evidence` (N, K, D), and how far its likenesses are above the best other's.
    """
    likeness = np.nan_to_num(evidence[..., :LIKENESSES], nan=_NOT_THERE)
    second, best = np.partition(likeness, (-2, -1), axis=1)[:, -2:].swapaxes(0, 1)
    others = np.where(likeness >= best[:, None], second[:, None], best[:, None])
    beside: NDArray[np.float32] = np.concatenate([evidence[..., :WEIGHED], likeness - others], axis=2)
    return beside


def first_of(evidence: Floats, other: Floats) -> NDArray[np.float32]:
    """What "none of these" is judged by: the `evidence` (N, K, D) of the first few candidates -> (N, FIRST * D).

    Where there are fewer, an `other` (D,) stands in, that is like the spectrum as little as others are.
    """
    first = evidence[:, :FIRST]
    filled: NDArray[np.float32] = np.where(np.isnan(first), other, first).reshape(len(first), -1).astype(np.float32)
    return filled


@cache
def judge(path: Path | None = None) -> Ranker:
    """The judge that is shipped, or that in `path`. Raises StudioError when the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = path or bundled_path("resources") / "judge.safetensors"
    try:
        return Ranker.of(load_file(path))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise StudioError(f"'{path.name}', which weighs matches, is damaged.", remedy="Install again.") from error
