"""Classifiers that fail differently are averaged, one that is right alone is kept, and ensembles are saved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import classifiers, finetuned_model
from ramanstudio.finetuning.candidate_selection import (
    ClassifierCandidate,
    EnsembleCandidate,
    EvaluatedCandidate,
)
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.classifier_arrays import to_arrays
from ramanstudio.finetuning.classifier_ensemble import evaluate_ensemble, fit_candidate, is_ahead, score
from ramanstudio.finetuning.config import LDA, LOGISTIC, NEAREST, SUPPORT_VECTORS
from ramanstudio.finetuning.cross_validation import assign_folds
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.representations import represent
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, substances

MEMBERS = tuple(
    ClassifierCandidate(representation, estimator)
    for representation, estimator in (("joined", LDA), ("slope", SUPPORT_VECTORS), ("lines", NEAREST))
)


def evaluated_candidates(noise: tuple[float, ...], n_spectra: int = 300) -> tuple[list[EvaluatedCandidate], np.ndarray]:
    """Return candidates whose scores for three classes have independent errors of these sizes, and the classes."""
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 3, n_spectra)
    evaluated = []
    for number, size in enumerate(noise):
        scores = np.eye(3)[targets] + size * rng.standard_normal((n_spectra, 3))
        accuracy = float(np.mean(scores.argmax(axis=1) == targets))
        evaluated.append(EvaluatedCandidate(ClassifierCandidate("joined", LOGISTIC, 1.0 + number), scores, accuracy))
    return evaluated, targets


def test_candidates_that_fail_differently_are_averaged():
    evaluated, targets = evaluated_candidates((0.6, 0.6, 0.6, 0.6))
    folds = assign_folds(targets, None)
    ensemble = evaluate_ensemble(evaluated, 0, targets, folds)
    assert ensemble is not None and isinstance(ensemble.candidate, EnsembleCandidate)
    assert len(ensemble.candidate.members) == 4 and sum(ensemble.candidate.weights) == pytest.approx(1)
    assert ensemble.accuracy > max(each.accuracy for each in evaluated) + 0.03
    assert is_ahead(ensemble, evaluated, 0, targets, folds)


def test_a_single_candidate_that_is_as_good_is_kept():
    evaluated, targets = evaluated_candidates((0.3, 0.9, 0.9))
    folds = assign_folds(targets, None)
    ensemble = evaluate_ensemble(evaluated, 0, targets, folds)
    assert ensemble is None or not is_ahead(ensemble, evaluated, 0, targets, folds)


def test_a_lead_on_the_spectra_of_one_sample_is_no_lead():
    evaluated, targets = evaluated_candidates((0.6, 0.6, 0.6, 0.6))
    folds = assign_folds(targets, None)
    ensemble = evaluate_ensemble(evaluated, 0, targets, folds)
    assert ensemble is not None
    of_one_sample = replace(folds, group=np.zeros(len(targets), dtype=np.intp))
    assert not is_ahead(ensemble, evaluated, 0, targets, of_one_sample)


def test_the_weights_of_a_fold_are_found_without_it():
    # a candidate that is right in one fold alone must not be trusted there
    evaluated, targets = evaluated_candidates((0.6, 3.0))
    folds = assign_folds(targets, None)
    spoiled = evaluated[1].scores.copy()
    spoiled[folds.fold == 0] = 10 * np.eye(3)[targets[folds.fold == 0]]
    plain, leaky = (
        evaluate_ensemble([evaluated[0], replace(evaluated[1], scores=scores)], 0, targets, folds)
        for scores in (evaluated[1].scores, spoiled)
    )
    assert plain is not None and leaky is not None
    correct = [
        np.mean(each.scores[folds.fold == 0].argmax(axis=1) == targets[folds.fold == 0]) for each in (plain, leaky)
    ]
    assert correct[1] < 1


@pytest.fixture(scope="module")
def ensemble():
    """A model with three members of three kinds, made from a trained one."""
    spectra, names = substances(8)
    single = finetune(EXTRACTOR, spectra, names).model
    represented = represent(EXTRACTOR, spectra)
    targets = np.unique(names.astype(str), return_inverse=True)[1]
    candidate = EnsembleCandidate(MEMBERS, (0.5, 0.3, 0.2), (5.0, 2.0, 8.0))
    fitted = fit_candidate(candidate, represented.rows, targets, 3)
    names_of_members = tuple(member.representation for member in MEMBERS)
    card = replace(single.card, estimator="ensemble", members=names_of_members)
    arrays = {
        name: array for name, array in single.arrays.items() if name not in ("weights", "offset", "rows", "which")
    }
    return FineTunedModel(card, arrays | to_arrays(fitted)), score(fitted, "", represented.rows), spectra, names


def test_an_ensemble_is_saved_and_predicts_as_before(ensemble):
    model, scores, spectra, names = ensemble
    finetuned_model.save(model, "three kinds")
    before, after = (classify(EXTRACTOR, spectra, each) for each in (model, finetuned_model.load("three kinds")))
    assert np.array_equal(before.probabilities, after.probabilities) and np.mean(after.labels == names) == 1
    assert np.array_equal(np.argmax(scores, axis=1), np.argmax(after.probabilities, axis=1))


@pytest.mark.parametrize("name", ["member 1.dual", "member 1.length", "member 2.which", "member inverse temperatures"])
def test_damaged_arrays_of_a_member_are_refused(name, ensemble):
    model = ensemble[0]
    for number, damaged in enumerate((model.arrays[name][:0], np.zeros((2, 2, 2), np.float32))):
        finetuned_model.save(FineTunedModel(model.card, {**model.arrays, name: damaged}), f"{name} {number}")
        with pytest.raises(StudioError, match=f"damaged: '{name.split('.')[0]}"):
            finetuned_model.load(f"{name} {number}")


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_support_vector_machine_of_stored_rows_scores_as_the_fitted_one(n_classes):
    rng = np.random.default_rng(1)
    targets = np.arange(60) % n_classes
    rows = rng.standard_normal((60, 30)) + 2 * np.eye(30)[targets]
    subspace = classifiers.Subspace.of(rows)
    fitted = classifiers.fit_classifier(SUPPORT_VECTORS, subspace.project(rows), targets, n_classes)
    full = fitted.in_full_space(subspace)
    assert np.allclose(fitted.scores(subspace.project(rows)), full.scores(rows))
    assert np.mean(np.argmax(full.scores(rows), axis=1) == targets) > 0.95
