"""Ensembles of regressors: weighted means of candidates, chosen against the best single one by nested evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.cross_validation import Folds

FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.intp]

MARGIN: Final = 1.0  # standard errors by which another candidate has to be ahead of the default one
MIN_GROUPS: Final = 30  # samples; with fewer, weights fit their chance errors
N_BEST: Final = 5  # candidates in the plain mean that weights are shrunk to
SHRINKAGE: Final = 10.0  # samples that the plain mean counts as
MIN_WEIGHT: Final = 0.01  # of a member; what is below is left out
WeightRule = Callable[[FloatArray, FloatArray, IntArray], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class RegressorSelection:
    """The `weights` (C,) of the candidates, one of them 1 where a single one was kept, and nested predictions (n,).

    Each of `predicted` comes from weights chosen without its fold; NaN where never held out.
    """

    weights: NDArray[np.float64]
    predicted: NDArray[np.float64]


def select_regressors(predictions: FloatArray, values: FloatArray, folds: Folds) -> RegressorSelection:
    """Return the single candidate or the ensemble to take, from held-out `predictions` (n, C) of `values` (n,).

    The ensemble is taken where there are MIN_GROUPS samples and it is ahead of the single candidate in nested
    evaluation, both chosen without the fold that they are evaluated on. No further margin is asked of it: with one of
    a standard error, single candidates were kept that were worse on new samples (benchmarks/EXPERIMENTS.md).
    """
    tested = folds.tested
    if not tested.any():
        return RegressorSelection(np.eye(predictions.shape[1])[0], np.full(len(values), np.nan))
    rule: WeightRule = weigh_single
    predicted = _predict_nested(weigh_single, predictions, values, folds)
    if predictions.shape[1] > 1 and len(np.unique(folds.group[tested])) >= MIN_GROUPS:
        stacked = _predict_nested(weigh_stack, predictions, values, folds)
        if np.sum((stacked - values)[tested] ** 2) < np.sum((predicted - values)[tested] ** 2):
            rule, predicted = weigh_stack, stacked
    return RegressorSelection(rule(predictions[tested], values[tested], folds.group[tested]), predicted)


def _predict_nested(rule: WeightRule, predictions: FloatArray, values: FloatArray, folds: Folds) -> NDArray[np.float64]:
    """Return the predictions (n,) for each fold with the weights that `rule` gives for the others."""
    predicted, tested = np.full(len(values), np.nan), folds.tested
    for _, test in folds.splits():
        others = tested.copy()
        others[test] = False
        weights = rule(predictions[others], values[others], folds.group[others])
        predicted[test] = predictions[test] @ weights
    return predicted


def weigh_single(predictions: FloatArray, values: FloatArray, group: IntArray) -> NDArray[np.float64]:
    """Return weights (C,) that are 1 for the best candidate, unless it is hardly ahead of the first, the default."""
    sums = _sum_by_group((predictions - values[:, None]) ** 2, group)
    lead = sums[:, [0]] - sums
    allowed = lead.sum(axis=0) > MARGIN * np.sqrt(np.sum(lead**2, axis=0))
    allowed[0] = True
    weights = np.zeros(predictions.shape[1])
    weights[np.argmin(np.where(allowed, sums.sum(axis=0), np.inf))] = 1
    return weights


def weigh_stack(predictions: FloatArray, values: FloatArray, group: IntArray) -> NDArray[np.float64]:
    """Return weights (C,) of sum one by non-negative least squares (Breiman 1996), shrunk to a mean of the best.

    The penalty on their distance from the plain mean of the N_BEST best candidates weighs as SHRINKAGE samples do.
    """
    from scipy.optimize import nnls

    errors = predictions - values[:, None]
    mean_squares = np.mean(errors**2, axis=0)
    n_candidates, size = len(mean_squares), float(np.sqrt(mean_squares.min() * len(values)))
    best = np.argsort(mean_squares, kind="stable")[:N_BEST]
    plain = np.zeros(n_candidates)
    plain[best] = 1 / len(best)
    if size < 1e-9 * float(np.abs(values).max() or 1.0):
        return plain
    penalty = size * np.sqrt(SHRINKAGE / len(np.unique(group)))
    equations = np.vstack([errors, penalty * np.eye(n_candidates), np.full((1, n_candidates), 1e3 * size)])
    wanted = np.concatenate([np.zeros(len(values)), penalty * plain, [1e3 * size]])
    weights = nnls(equations / size, wanted / size)[0]
    weights[weights < MIN_WEIGHT * weights.sum()] = 0
    return np.asarray(weights / weights.sum())


def _sum_by_group(squares: FloatArray, group: IntArray) -> NDArray[np.float64]:
    """Return the sums (G, C) of `squares` (M, C) over the samples `group` (M,)."""
    groups = np.unique(group, return_inverse=True)[1]
    sums = np.zeros((int(groups.max()) + 1, squares.shape[1]))
    np.add.at(sums, groups, squares)
    return sums
