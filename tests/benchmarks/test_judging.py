"""The judge learns from lessons whose truth is known, and what is kept of it says what was learned."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks.identifying import judging
from benchmarks.identifying.judging import Lessons, learn
from ramanstudio.search.candidate_features import CANDIDATES, NUMBERS
from ramanstudio.search.ranker import UNKNOWN_THRESHOLD, Ranker, first_of
from ramanstudio.search.tree_ensemble import TreeEnsemble


def lessons(many: int, seed: int) -> Lessons:
    """Queries whose right candidate is two higher in each number; every other one lacks its substance."""
    random = np.random.default_rng(seed)
    evidence = random.normal(0, 1, (many, CANDIDATES, NUMBERS)).astype(np.float32)
    evidence[:, CANDIDATES // 2 :] = np.nan  # small libraries have fewer candidates
    here = np.arange(many) % 2 == 0
    right = np.where(here, random.integers(0, 3, many), CANDIDATES)
    evidence[np.flatnonzero(here), right[here]] += 2
    return Lessons(evidence, right, here, np.arange(many) % 3 > 0, np.arange(many) % 5)


def test_a_judge_finds_the_right_candidate_and_what_is_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for trees in (judging.ONE_TREES, judging.NONE_TREES):
        monkeypatch.setitem(trees, "max_iter", 30)
    judge, unseen = Ranker.of(learn(lessons(800, 0))), lessons(400, 1)
    chances = judge.chances(unseen.evidence)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances[:, CANDIDATES // 2 : -1] == 0).all()  # who is not there has no chance
    found = chances[unseen.here, :-1].argmax(axis=1) == unseen.right[unseen.here]
    assert found.mean() > 0.95
    unknown = chances[:, -1] >= UNKNOWN_THRESHOLD
    assert unknown[~unseen.here].mean() > 0.9
    assert unknown[unseen.here].mean() < 0.15


def test_trees_as_they_are_kept_say_what_was_grown() -> None:
    some = lessons(1000, 2)
    grown = HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=9, random_state=0)
    other = np.zeros(NUMBERS)
    grown.fit(first_of(some.evidence, other), ~some.among)
    arrays = {f"none.{name}": rows for name, rows in judging._as_arrays(grown).items()}
    rows = first_of(lessons(300, 3).evidence, other)
    assert np.allclose(TreeEnsemble.of(arrays, "none").score(rows), grown.decision_function(rows), atol=1e-4)
