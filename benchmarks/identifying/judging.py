"""How the judge learns what its evidence is worth, and how many candidates hold the truth."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.identifying.queries import VARIANTS, Minerals, Trials
from ramanstudio.search.ranker import FIRST, NONE, ONE, Ranker, beside_the_others, first_of

TREES = {"max_leaf_nodes": 31, "max_depth": 10, "max_features": 0.4}
ONE_TREES = {"max_iter": 300, "learning_rate": 0.1, "min_samples_leaf": 60, "l2_regularization": 1.0}
NONE_TREES = {"max_iter": 300, "learning_rate": 0.05, "min_samples_leaf": 40, "l2_regularization": 1.0}
ABSENT_SHARE = 0.25  # of unknowns that no library has: how often a user is taken to ask for one
HELD = 0.9
SLOPES = np.geomspace(0.2, 2, 47)  # of scores, of which one is chosen
AIM = 0.92  # at which the line is drawn: on specimens that were not learned from, a little is lost

Weights = dict[str, NDArray[Any]]
_FIELDS: dict[str, tuple[str, type]] = {  # of a tree that was grown
    "feature": ("feature_idx", np.int16),
    "threshold": ("num_threshold", np.float32),
    "left": ("left", np.int16),
    "right": ("right", np.int16),
    "value": ("value", np.float32),
}


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Evidence (Q, K, D) of queries, which candidate is right (Q,), K where none is, and the fold of each (Q,).

    `here` (Q,): the library has the substance; `whole` (Q,): it is all of rruff, where most look alike.
    """

    evidence: NDArray[np.float32]
    right: NDArray[np.intp]
    here: NDArray[np.bool_]
    whole: NDArray[np.bool_]
    folds: NDArray[np.intp]

    @property
    def among(self) -> NDArray[np.bool_]:
        """Where the truth is one of the candidates (Q,)."""
        among: NDArray[np.bool_] = self.right < self.evidence.shape[1]
        return among

    def __getitem__(self, which: NDArray[Any]) -> Lessons:
        return Lessons(*(getattr(self, name)[which] for name in self.__slots__))

    @classmethod
    def of(cls, found: Minerals, trials: Sequence[Trials], variants: Sequence[str] = VARIANTS) -> Lessons:
        """All `trials` in libraries of those `variants`."""
        truth, folds = found.species[found.queries], found.folds[found.queries]
        parts = []
        for one, variant in itertools.product(trials, variants):
            here, whole = "lacking" not in variant, "small" not in variant
            evidence, names = (rows[VARIANTS.index(variant)] for rows in (one.evidence, one.names))
            hit = (names == truth[:, None]) & here
            right = np.where(hit.any(axis=1), hit.argmax(axis=1), names.shape[1])
            parts.append((evidence, right, *(np.full(len(truth), flag) for flag in (here, whole)), folds))
        return cls(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))


def learn(lessons: Lessons, seed: int = 0) -> Weights:
    """Weights from all `lessons`; how far they are to be trusted is seen by a first try, on the fifth apart from it."""
    apart = lessons.folds == lessons.folds.max()
    first, held = _fitted(lessons[~apart], seed), lessons[apart & lessons.whole]
    trust = _trust(first, held)
    return {**_trusted(_fitted(lessons, seed), trust), **_held(_trusted(first, trust), held)}


def _fitted(lessons: Lessons, seed: int) -> Weights:
    other = np.nanmedian(lessons.evidence[~lessons.whole, FIRST - 1], axis=0)
    named = (ONE, _one(lessons[lessons.among], seed)), (NONE, _none(lessons, other, seed))
    trees = {f"{name}.{part}": rows for name, parts in named for part, rows in parts.items()}
    return {**trees, "other": other, "held": np.ones(1, dtype=np.float32)}


def _one(lessons: Lessons, seed: int) -> Weights:
    """The trees that weigh a candidate, from `lessons` whose truth is one of them."""
    there = ~np.isnan(lessons.evidence[..., 0])
    right = np.arange(there.shape[1]) == lessons.right[:, None]
    return _as_arrays(_trees(ONE_TREES, seed).fit(beside_the_others(lessons.evidence)[there], right[there]))


def _none(lessons: Lessons, other: NDArray[np.float32], seed: int) -> Weights:
    """The trees that say whether the truth is none of the candidates, as often as in `lessons`."""
    return _as_arrays(_trees(NONE_TREES, seed).fit(first_of(lessons.evidence, other), ~lessons.among))


def _trees(how: dict[str, Any], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**TREES | how, early_stopping=False, random_state=seed)


def _as_arrays(grown: Any) -> Weights:
    """Trees that were grown, as `ramanstudio.search.tree_ensemble` asks them."""
    trees = [one.nodes for (one,) in grown._predictors]
    most = max(len(nodes) for nodes in trees)
    arrays = {part: np.zeros((len(trees), most), dtype=kind) for part, (_, kind) in _FIELDS.items()}
    for row, nodes in enumerate(trees):
        for part, (field, _) in _FIELDS.items():
            arrays[part][row, : len(nodes)] = nodes[field]
        leaves = np.flatnonzero(nodes["is_leaf"])
        arrays["left"][row, leaves] = arrays["right"][row, leaves] = leaves
    return {**arrays, "start": np.float32(grown._baseline_prediction).reshape(1)}


def _trust(weights: Weights, lessons: Lessons) -> dict[str, tuple[float, float]]:
    """By what the scores of both kinds of trees are to be multiplied, and what to be added, for their chances to hold.

    Trees are surer of what they have not learned from than they ought to be (Platt 1999; Guo et al. 2017).
    """
    from scipy.special import logsumexp
    from sklearn.linear_model import LogisticRegression

    judge, known = Ranker.of(weights), lessons[lessons.among]
    scores = judge.scores(known.evidence)
    right = scores[np.arange(len(scores)), known.right]
    losses = [np.mean(logsumexp(slope * scores, axis=1) - slope * right) for slope in SLOPES]
    score = judge.none.score(first_of(lessons.evidence, judge.other))
    none = ~lessons.among
    weight = np.where(none, ABSENT_SHARE / none.mean(), (1 - ABSENT_SHARE) / (1 - none.mean()))
    found = LogisticRegression(C=1e6).fit(score[:, None], none, sample_weight=weight)
    return {
        ONE: (float(SLOPES[int(np.argmin(losses))]), 0.0),
        NONE: (float(found.coef_[0, 0]), float(found.intercept_[0])),
    }


def _trusted(weights: Weights, trust: dict[str, tuple[float, float]]) -> Weights:
    changed = dict(weights)
    for name, (slope, offset) in trust.items():
        changed[f"{name}.value"] = np.float32(slope) * weights[f"{name}.value"]
        changed[f"{name}.start"] = np.float32(slope) * weights[f"{name}.start"] + np.float32(offset)
    return changed


def _held(weights: Weights, lessons: Lessons) -> Weights:
    """What the chances of the candidates add up to that hold the truth."""
    chances = Ranker.of(weights).chances(lessons.evidence)
    held = min(float(np.quantile(cumulated(chances, lessons)[lessons.here], AIM)), 0.9999)
    return {"held": np.float32([held])}


def cumulated(chances: NDArray[np.float32], lessons: Lessons) -> NDArray[np.float32]:
    """What the chances of the candidates before the right one add up to, of those that are there; 1 where none is."""
    among = chances[:, :-1] / np.maximum(1 - chances[:, -1:], 1e-6)
    order = np.argsort(-among, axis=1, kind="stable")
    sorted_sums = np.cumsum(np.take_along_axis(among, order, axis=1), axis=1)
    place = (order == lessons.right[:, None]).argmax(axis=1)
    before = (
        sorted_sums[np.arange(len(place)), place] - among[np.arange(len(place)), order[np.arange(len(place)), place]]
    )
    found: NDArray[np.float32] = np.where(lessons.right < among.shape[1], before, 1).astype(np.float32)
    return found
