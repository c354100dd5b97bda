"""Stated accuracy, calibrated probabilities, regression intervals and suggested labels against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.finetuning.accuracy import calibration_curve, fit_inverse_temperature, softmax, wilson_interval
from ramanstudio.finetuning.candidate_selection import select_candidate
from ramanstudio.finetuning.classifiers import fit_classifier
from ramanstudio.finetuning.config import FinetunePlan
from ramanstudio.finetuning.label_errors import find_label_errors, find_misclassified
from ramanstudio.finetuning.labels import label_warnings, parse_classes, parse_samples
from ramanstudio.finetuning.regression import rmse_interval
from ramanstudio.finetuning.suggested_labels import suggest_labels
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, first_labels, mixtures, substances


@pytest.mark.parametrize(
    ("share", "n", "low", "high"), [(0.8, 10, 0.490, 0.943), (0.5, 100, 0.404, 0.596), (1.0, 20, 0.839, 1.0)]
)
def test_wilson_intervals_are_those_of_the_tables(share, n, low, high):
    assert wilson_interval(share, n) == pytest.approx((low, high), abs=2e-3)


@pytest.mark.parametrize("scale", [0.02, 1.0, 50.0])
def test_probabilities_are_on_average_as_high_as_the_accuracy(scale):
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 600)
    scores = scale * (rng.standard_normal((600, 3)) + 1.2 * np.eye(3)[targets])
    accuracy = np.mean(np.argmax(scores, axis=1) == targets)
    probabilities = softmax(scores, fit_inverse_temperature(scores, targets, accuracy))
    assert probabilities.max(axis=1).mean() == pytest.approx(accuracy, abs=0.02)
    curve = calibration_curve(probabilities, targets)
    assert sum(curve.n_spectra) == 600 and curve.error < 0.08
    assert np.all(np.diff(curve.predicted) > 0) and curve.accuracy[-1] > curve.accuracy[0]


def test_the_majority_class_baseline_is_the_share_of_the_largest_class():
    spectra, names = substances(8)
    labels = first_labels(names, 4)
    labels[:8] = names[:8]
    report = finetune(EXTRACTOR, spectra, labels, plan=FinetunePlan(importance=False)).report
    assert report.majority_baseline == pytest.approx(0.5) and "majority-class baseline: 50 %" in report.headline


def test_suggested_labels_are_uncertain_and_unlike_each_other():
    certain, uncertain = [0.98, 0.02], [0.5, 0.5]
    probabilities = np.array([certain] * 5 + [uncertain] * 5)
    rows = np.zeros((10, 3))
    rows[5:7], rows[7:9], rows[9] = [1, 0, 0], [0, 1, 0], [0, 0, 1]
    suggested = suggest_labels(probabilities, rows, np.arange(100, 110), count=3)
    assert {index - 100 for index in suggested} & set(range(5)) == set()
    assert len({tuple(rows[index - 100]) for index in suggested}) == 3


def test_the_most_uncertain_of_many_spectra_are_suggested():
    probabilities = np.tile([0.98, 0.02], (300, 1))
    probabilities[[37, 150, 288]] = [0.5, 0.5]
    rows = np.random.default_rng(0).standard_normal((300, 4))
    assert set(suggest_labels(probabilities, rows, np.arange(300), count=3)) == {37, 150, 288}


def test_another_candidate_is_selected_only_when_it_is_ahead_by_more_than_chance():
    default, slightly_better, much_better = np.zeros(60, bool), np.zeros(60, bool), np.zeros(60, bool)
    default[:40], slightly_better[:42], much_better[:58] = True, True, True
    slightly_better[:2] = False  # right on four that the default got wrong, wrong on two that it got right
    slightly_better[42:44] = True
    assert select_candidate(np.stack([default, slightly_better], axis=1), default=0).tolist() == [0]
    assert select_candidate(np.stack([default, much_better], axis=1), default=0).tolist() == [1]


def test_only_confident_contradictions_are_possible_label_errors():
    # the last is as confidently of another class as a label error, but its own class is not ruled out
    probabilities = np.array([[0.99, 0.01], [0.7, 0.3], [0.1, 0.9], [0.02, 0.98], [0.85, 0.15]])
    targets, indices = np.array([1, 1, 1, 0, 1]), np.array([4, 5, 6, 7, 8])
    misclassified = find_misclassified(probabilities, targets, ("a", "b"), indices)
    assert [row.index for row in misclassified] == [4, 7, 8, 5], "the most confident first"
    assert [row.index for row in find_label_errors(misclassified, probabilities, targets, indices)] == [4, 7]


def test_small_and_unbalanced_classes_are_warned_of():
    warnings = label_warnings(parse_classes(["a"] * 10 + ["b"] * 2, None, 12))
    assert any("Fewer than three spectra of 'b'" in warning for warning in warnings)
    assert any("10 spectra of 'a' but 2 of 'b'" in warning for warning in warnings)
    assert label_warnings(parse_classes(["a"] * 4 + ["b"] * 4, None, 8)) == []


def test_the_interval_of_a_quantity_holds_the_error_on_new_spectra():
    spectra, share = mixtures(80)
    labels = [f"{100 * value:.2f}" if number % 2 else "" for number, value in enumerate(share)]
    report = finetune(EXTRACTOR, spectra, labels, plan=FinetunePlan(quantity=True, estimator="ridge")).report
    assert 0 < report.low < report.rmse < report.high < 5 * report.rmse
    assert report.r_squared > 0.9 and report.standard_deviation == pytest.approx(np.std(100 * share[1::2]), rel=0.01)


def test_the_interval_of_an_rmse_holds_the_true_error_in_about_95_of_100_cases():
    holds, widths = [], []
    for seed in range(100):
        errors = np.random.default_rng(seed).standard_normal(20)
        low, high = rmse_interval(errors, np.arange(20))
        holds.append(low <= 1.0 <= high)
        widths.append(high / low)
    assert 0.85 < np.mean(holds) <= 1 and np.mean(widths) < 2.5
    repeated = rmse_interval(np.repeat(errors, 5), np.repeat(np.arange(20), 5))
    assert repeated == pytest.approx((low, high), rel=0.15), "replicates of a sample tell nothing new"


def test_spectra_without_a_sample_name_are_samples_of_their_own():
    assert parse_samples(["a", "a", "", None, "b"], np.arange(5), 5).tolist() == [0, 0, 1, 2, 3]


def test_scores_of_lda_grow_with_the_square_of_the_rows_whatever_their_variance():
    rng = np.random.default_rng(0)
    rows, targets = rng.standard_normal((40, 3)) + 3 * np.repeat(np.eye(2, 3), 20, axis=0), np.repeat([0, 1], 20)
    once, scaled = (fit_classifier("LDA", factor * rows, targets, 2).scores(factor * rows) for factor in (1.0, 5.0))
    assert np.allclose(scaled, 25 * once)
