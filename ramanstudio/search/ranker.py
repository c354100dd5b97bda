"""Rank the candidates of a spectrum with calibrated probabilities, that of "none of these" included."""

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
from ramanstudio.search.candidate_features import N_RANKING_FEATURES, N_SIMILARITIES
from ramanstudio.signal.tree_ensemble import TreeEnsemble

Floats = NDArray[np.floating[Any]]

# Probability of "none of these" from which a spectrum is unknown; 2 to 6 % of RRUFF's queries whose substance is in the
# library reach it.
UNKNOWN_THRESHOLD: Final = 0.6
N_FOR_NONE: Final = 5  # best candidates that "none of these" is decided by
CANDIDATE_TREES, NONE_TREES = "candidate", "none"  # names of the ensembles in the file of weights
_ABSENT: Final = -2.0  # in place of a similarity of a candidate that is not there


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """Gradient-boosted trees that score each candidate, and others that score "none of these".

    `filler` (D,) are the features of a typical fifth candidate, used where a library has fewer. The candidates whose
    probabilities sum to `candidate_set_mass` form the 90 % candidate set. Trained by tools/train_ranker.py.
    """

    candidate_trees: TreeEnsemble
    none_trees: TreeEnsemble
    filler: NDArray[np.float32]
    candidate_set_mass: float

    @classmethod
    def from_weights(cls, weights: Mapping[str, NDArray[Any]]) -> Ranker:
        """Return the ranker kept as `weights`; raises KeyError when some of them are missing."""
        return cls(
            TreeEnsemble.from_arrays(weights, CANDIDATE_TREES),
            TreeEnsemble.from_arrays(weights, NONE_TREES),
            weights["filler"],
            float(weights["candidate_set_mass"][0]),
        )

    def probabilities(self, features: Floats) -> NDArray[np.float32]:
        """Return the probability of each of K candidates by their `features` (N, K, D), and of none -> (N, K + 1).

        Absent candidates have NaN features, and probability 0.
        """
        scores = self.scores(features)
        odds = np.exp(scores - np.maximum(scores.max(axis=1, keepdims=True), -1e30))
        shares = odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-30)
        none_score = self.none_trees.score(none_features(features, self.filler))
        none = 1 / (1 + np.exp(-np.clip(none_score, -60, 60)))[:, None]
        probabilities: NDArray[np.float32] = np.concatenate([shares * (1 - none), none], axis=1).astype(np.float32)
        return probabilities

    def scores(self, features: Floats) -> NDArray[np.float64]:
        """Return the score of each of K candidates by their `features` (N, K, D) -> (N, K); -inf for absent ones."""
        present = ~np.isnan(features[..., 0])
        scores = np.full(present.shape, -np.inf)
        scores[present] = self.candidate_trees.score(ranking_features(features)[present])
        return scores


def ranking_features(features: Floats) -> NDArray[np.float32]:
    """Return what candidates are ranked by -> (N, K, N_RANKING_FEATURES + N_SIMILARITIES).

    The first of their `features` (N, K, D), and how far their similarities exceed those of the best other candidate.
    """
    similarity = np.nan_to_num(features[..., :N_SIMILARITIES], nan=_ABSENT)
    second, best = np.partition(similarity, (-2, -1), axis=1)[:, -2:].swapaxes(0, 1)
    best_other = np.where(similarity >= best[:, None], second[:, None], best[:, None])
    joined: NDArray[np.float32] = np.concatenate([features[..., :N_RANKING_FEATURES], similarity - best_other], axis=2)
    return joined


def none_features(features: Floats, filler: Floats) -> NDArray[np.float32]:
    """Return what "none of these" is decided by: `features` (N, K, D) of the first candidates -> (N, N_FOR_NONE * D).

    Where there are fewer, `filler` (D,) takes their place.
    """
    first = features[:, :N_FOR_NONE]
    filled: NDArray[np.float32] = np.where(np.isnan(first), filler, first).reshape(len(first), -1).astype(np.float32)
    return filled


@cache
def load_ranker(path: Path | None = None) -> Ranker:
    """Load the ranker that comes with the program, or that in `path`. Raises StudioError when the file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = path or bundled_path("resources", "ranker.safetensors")
    try:
        return Ranker.from_weights(load_file(path))
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise StudioError(
            f"'{path.name}', which ranks matches, is damaged.", remedy="Install RamanStudio again."
        ) from error
