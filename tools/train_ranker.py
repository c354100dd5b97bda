"""Train the ranker of library matches on RRUFF, and write its weights to resources/ranker.safetensors.

    python -m tools.train_ranker [../shared/data/corpus.h5]

Two ensembles of gradient-boosted trees (Friedman 2001; scikit-learn's HistGradientBoostingClassifier) are trained on
the features of candidates: one scores whether a candidate is the right one, the other whether none of them is. Their
scores are then scaled so that the probabilities hold for specimens that were not trained on. `benchmarks.identify`
trains on four fifths of the specimens and measures on the rest.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.paths import bundled_path
from ramanstudio.engine import Engine
from ramanstudio.search.ranker import (
    CANDIDATE_TREES,
    N_FOR_NONE,
    NONE_TREES,
    Ranker,
    none_features,
    ranking_features,
)
from tools.rruff_queries import CACHE, CORPUS, VARIANTS, Minerals, QueryFeatures, minerals_and_queries

TREES = {"max_leaf_nodes": 31, "max_depth": 10, "max_features": 0.4}
CANDIDATE_PARAMETERS = {"max_iter": 300, "learning_rate": 0.1, "min_samples_leaf": 60, "l2_regularization": 1.0}
NONE_PARAMETERS = {"max_iter": 300, "learning_rate": 0.05, "min_samples_leaf": 40, "l2_regularization": 1.0}
ABSENT_SHARE = 0.25  # assumed share of queries whose substance is in no library
COVERAGE = 0.9  # how often the candidate set is to contain the true substance
TRAINED_COVERAGE = 0.92  # aimed at on the specimens held out, as a little is lost on others
SLOPES = np.geomspace(0.2, 2, 47)  # of scores, of which one is chosen

Weights = dict[str, NDArray[Any]]
_NODE_FIELDS: dict[str, tuple[str, type]] = {  # our array: scikit-learn's field of a node, our type
    "feature": ("feature_idx", np.int16),
    "threshold": ("num_threshold", np.float32),
    "left": ("left", np.int16),
    "right": ("right", np.int16),
    "value": ("value", np.float32),
}


@dataclass(frozen=True, slots=True, eq=False)
class RankerData:
    """Training data: `features` (Q, K, D) of the candidates of Q queries.

    `right` (Q,) is the index of the right candidate, K where none is right; `in_library` (Q,) says whether the library
    has the substance, `whole_library` (Q,) whether it is all of RRUFF, where most candidates are similar; `folds` (Q,)
    is the fold of the query's specimen.
    """

    features: NDArray[np.float32]
    right: NDArray[np.intp]
    in_library: NDArray[np.bool_]
    whole_library: NDArray[np.bool_]
    folds: NDArray[np.intp]

    @property
    def among_candidates(self) -> NDArray[np.bool_]:
        """Where the true substance is one of the candidates (Q,)."""
        among: NDArray[np.bool_] = self.right < self.features.shape[1]
        return among

    def __getitem__(self, which: NDArray[Any]) -> RankerData:
        return RankerData(*(getattr(self, name)[which] for name in self.__slots__))

    @classmethod
    def from_queries(
        cls, minerals: Minerals, conditions: Sequence[QueryFeatures], variants: Sequence[str] = VARIANTS
    ) -> RankerData:
        """Join the queries of all `conditions` in the library `variants`."""
        truth, folds = minerals.species[minerals.queries], minerals.folds[minerals.queries]
        parts = []
        for condition, variant in itertools.product(conditions, variants):
            in_library, whole = "lacking" not in variant, "small" not in variant
            features, names = (rows[VARIANTS.index(variant)] for rows in (condition.features, condition.names))
            hit = (names == truth[:, None]) & in_library
            right = np.where(hit.any(axis=1), hit.argmax(axis=1), names.shape[1])
            parts.append((features, right, *(np.full(len(truth), flag) for flag in (in_library, whole)), folds))
        return cls(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


def train_ranker(data: RankerData, seed: int = 0) -> Weights:
    """Train a ranker on all of `data`; it is calibrated on one fold with trees that were trained without that fold."""
    held_out = data.folds == data.folds.max()
    first, calibration_data = _fit(data[~held_out], seed), data[held_out & data.whole_library]
    scaling = _fit_scaling(first, calibration_data)
    mass = _candidate_set_mass(_scaled(first, scaling), calibration_data)
    return {**_scaled(_fit(data, seed), scaling), "candidate_set_mass": np.float32([mass])}


def _fit(data: RankerData, seed: int) -> Weights:
    """Weights without calibration."""
    filler = np.nanmedian(data.features[~data.whole_library, N_FOR_NONE - 1], axis=0)
    ensembles = {
        CANDIDATE_TREES: _fit_candidate_trees(data[data.among_candidates], seed),
        NONE_TREES: _fit_none_trees(data, filler, seed),
    }
    trees = {f"{name}.{array}": rows for name, arrays in ensembles.items() for array, rows in arrays.items()}
    return {**trees, "filler": filler, "candidate_set_mass": np.ones(1, dtype=np.float32)}


def _fit_candidate_trees(data: RankerData, seed: int) -> Weights:
    """Trees that score a candidate, from queries whose true substance is one of the candidates."""
    present = ~np.isnan(data.features[..., 0])
    right = np.arange(present.shape[1]) == data.right[:, None]
    classifier = _classifier(CANDIDATE_PARAMETERS, seed)
    return tree_arrays(classifier.fit(ranking_features(data.features)[present], right[present]))


def _fit_none_trees(data: RankerData, filler: NDArray[np.float32], seed: int) -> Weights:
    """Trees that score whether the true substance is none of the candidates, as often as in `data`."""
    classifier = _classifier(NONE_PARAMETERS, seed)
    return tree_arrays(classifier.fit(none_features(data.features, filler), ~data.among_candidates))


def _classifier(parameters: dict[str, Any], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**TREES | parameters, early_stopping=False, random_state=seed)


def tree_arrays(classifier: Any) -> Weights:
    """Return the trees of a fitted HistGradientBoostingClassifier as arrays of a `TreeEnsemble`."""
    trees = [predictor.nodes for (predictor,) in classifier._predictors]
    most = max(len(nodes) for nodes in trees)
    arrays = {array: np.zeros((len(trees), most), dtype=kind) for array, (_, kind) in _NODE_FIELDS.items()}
    for row, nodes in enumerate(trees):
        for array, (field, _) in _NODE_FIELDS.items():
            arrays[array][row, : len(nodes)] = nodes[field]
        leaves = np.flatnonzero(nodes["is_leaf"])
        arrays["left"][row, leaves] = arrays["right"][row, leaves] = leaves
    return {**arrays, "start": np.float32(classifier._baseline_prediction).reshape(1)}


def _fit_scaling(weights: Weights, data: RankerData) -> dict[str, tuple[float, float]]:
    """Slope and offset of the scores of both ensembles that make the probabilities of `data` hold.

    Trees are too sure of data that they were not trained on (Platt 1999; Guo et al. 2017).
    """
    from scipy.special import logsumexp
    from sklearn.linear_model import LogisticRegression

    ranker, known = Ranker.from_weights(weights), data[data.among_candidates]
    scores = ranker.scores(known.features)
    right = scores[np.arange(len(scores)), known.right]
    losses = [np.mean(logsumexp(slope * scores, axis=1) - slope * right) for slope in SLOPES]
    none_scores = ranker.none_trees.score(none_features(data.features, ranker.filler))
    none = ~data.among_candidates
    weight = np.where(none, ABSENT_SHARE / none.mean(), (1 - ABSENT_SHARE) / (1 - none.mean()))
    regression = LogisticRegression(C=1e6).fit(none_scores[:, None], none, sample_weight=weight)
    return {
        CANDIDATE_TREES: (float(SLOPES[int(np.argmin(losses))]), 0.0),
        NONE_TREES: (float(regression.coef_[0, 0]), float(regression.intercept_[0])),
    }


def _scaled(weights: Weights, scaling: dict[str, tuple[float, float]]) -> Weights:
    """`weights` whose ensembles score `slope` times as much and `offset` more."""
    changed = dict(weights)
    for name, (slope, offset) in scaling.items():
        changed[f"{name}.value"] = np.float32(slope) * weights[f"{name}.value"]
        changed[f"{name}.start"] = np.float32(slope) * weights[f"{name}.start"] + np.float32(offset)
    return changed


def _candidate_set_mass(weights: Weights, data: RankerData) -> float:
    """The sum of probabilities at which candidate sets contain the true substance as often as they should."""
    probabilities = Ranker.from_weights(weights).probabilities(data.features)
    before = mass_before_truth(probabilities, data)
    return min(float(np.quantile(before[data.in_library], TRAINED_COVERAGE)), 0.9999)


def mass_before_truth(probabilities: NDArray[np.float32], data: RankerData) -> NDArray[np.float32]:
    """Return the summed probabilities of the candidates ranked above the right one (Q,); 1 where none is right.

    `probabilities` (Q, K + 1) are divided by that of any candidate being right.
    """
    scores = probabilities[:, :-1] / np.maximum(1 - probabilities[:, -1:], 1e-6)
    order = np.argsort(-scores, axis=1, kind="stable")
    cumulated = np.cumsum(np.take_along_axis(scores, order, axis=1), axis=1)
    rows, rank = np.arange(len(order)), (order == data.right[:, None]).argmax(axis=1)
    before = cumulated[rows, rank] - scores[rows, order[rows, rank]]
    mass: NDArray[np.float32] = np.where(data.right < scores.shape[1], before, 1).astype(np.float32)
    return mass


def main(corpus: Path = CORPUS) -> None:
    """Train on all specimens of RRUFF and write the weights that come with the program."""
    from safetensors.numpy import save_file

    engine = Engine.load(threads=1)
    weights = train_ranker(RankerData.from_queries(*minerals_and_queries(engine, corpus, CACHE)))
    contiguous = {name: np.ascontiguousarray(rows) for name, rows in weights.items()}
    save_file(contiguous, bundled_path("resources", "ranker.safetensors"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
