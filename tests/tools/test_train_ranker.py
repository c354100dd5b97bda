"""The ranker is trained on data whose truth is known, and its stored trees give the scores of the fitted ones."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from ramanstudio.search.candidate_features import N_CANDIDATES, N_FEATURES
from ramanstudio.search.ranker import UNKNOWN_THRESHOLD, Ranker, none_features
from ramanstudio.signal.tree_ensemble import TreeEnsemble
from tools import train_ranker
from tools.train_ranker import RankerData


def simulated_data(n_queries: int, seed: int) -> RankerData:
    """Queries whose right candidate is 2 higher in each feature; the substance of every other one is missing."""
    random = np.random.default_rng(seed)
    features = random.normal(0, 1, (n_queries, N_CANDIDATES, N_FEATURES)).astype(np.float32)
    features[:, N_CANDIDATES // 2 :] = np.nan  # small libraries have fewer candidates
    in_library = np.arange(n_queries) % 2 == 0
    right = np.where(in_library, random.integers(0, 3, n_queries), N_CANDIDATES)
    features[np.flatnonzero(in_library), right[in_library]] += 2
    return RankerData(features, right, in_library, np.arange(n_queries) % 3 > 0, np.arange(n_queries) % 5)


def test_a_trained_ranker_finds_the_right_candidate_and_missing_substances(monkeypatch: pytest.MonkeyPatch) -> None:
    for parameters in (train_ranker.CANDIDATE_PARAMETERS, train_ranker.NONE_PARAMETERS):
        monkeypatch.setitem(parameters, "max_iter", 30)
    ranker = Ranker.from_weights(train_ranker.train_ranker(simulated_data(800, 0)))
    unseen = simulated_data(400, 1)
    probabilities = ranker.probabilities(unseen.features)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities[:, N_CANDIDATES // 2 : -1] == 0).all()  # of absent candidates
    first = probabilities[unseen.in_library, :-1].argmax(axis=1)
    assert (first == unseen.right[unseen.in_library]).mean() > 0.95
    unknown = probabilities[:, -1] >= UNKNOWN_THRESHOLD
    assert unknown[~unseen.in_library].mean() > 0.9
    assert unknown[unseen.in_library].mean() < 0.15


def test_stored_trees_give_the_scores_of_the_fitted_classifier() -> None:
    data = simulated_data(1000, 2)
    classifier = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=9, random_state=0)
    filler = np.zeros(N_FEATURES)
    classifier.fit(none_features(data.features, filler), ~data.among_candidates)
    arrays = {f"none.{name}": rows for name, rows in train_ranker.tree_arrays(classifier).items()}
    rows = none_features(simulated_data(300, 3).features, filler)
    ensemble = TreeEnsemble.from_arrays(arrays, "none")
    assert np.allclose(ensemble.score(rows), classifier.decision_function(rows), atol=1e-4)
