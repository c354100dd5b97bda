"""The distance beyond which a spectrum is unknown: a quantile of what held-out training spectra show."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.finetuning.cross_validation import assign_folds
from ramanstudio.finetuning.novelty import choose_references, nearest_distances, novelty_threshold


@pytest.fixture
def rows():
    return np.random.default_rng(0).standard_normal((400, 6))


def test_the_false_unknown_rate_is_the_share_of_held_out_spectra_beyond_the_threshold(rows):
    targets = np.zeros(len(rows), dtype=np.intp)
    folds = assign_folds(targets, None)
    held_out = np.concatenate([nearest_distances(rows[test], rows[train]) for train, test in folds.splits()])
    for rate in (0.02, 0.1, 0.3):
        beyond = np.mean(held_out > novelty_threshold(rows, targets, folds, rate))
        assert beyond == pytest.approx(rate, abs=1 / len(rows))


def test_new_spectra_of_a_trained_class_are_called_unknown_about_as_often_as_stated(rows):
    targets = np.zeros(len(rows), dtype=np.intp)
    threshold = novelty_threshold(rows, targets, assign_folds(targets, None), 0.05)
    new = np.random.default_rng(1).standard_normal((2000, 6))
    assert 0.02 < np.mean(nearest_distances(new, rows) > threshold) < 0.08


def test_with_few_held_out_spectra_the_threshold_lies_just_beyond_the_farthest(rows):
    few, targets = rows[:20], np.zeros(20, dtype=np.intp)
    folds = assign_folds(targets, None)
    held_out = np.concatenate([nearest_distances(few[test], few[train]) for train, test in folds.splits()])
    assert novelty_threshold(few, targets, folds, 0.02) == pytest.approx(1.1 * held_out.max())


def test_with_one_spectrum_a_class_the_threshold_is_the_distance_between_classes():
    rows, targets = np.array([[0.0, 0], [3.0, 0], [3.0, 4]]), np.arange(3)
    assert novelty_threshold(rows, targets, assign_folds(targets, None), 0.02) == pytest.approx(4.0)


def test_references_of_a_large_set_are_spread_over_the_classes():
    targets = np.repeat([0, 1, 2], [5000, 800, 3])
    kept = targets[choose_references(targets, 900)]
    assert np.bincount(kept).tolist() == [300, 300, 3]
