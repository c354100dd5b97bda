"""A quantity is learned by an ensemble of regressors where there are samples enough, by a single one otherwise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model, regressor_ensemble
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.config import GAUSSIAN_PROCESS, LINEAR_PROCESS, RIDGE, FinetunePlan
from ramanstudio.finetuning.cross_validation import assign_folds
from ramanstudio.finetuning.finetuned_model import FineTunedModel
from ramanstudio.finetuning.regressors import FittedRegressor, RegressorCandidate
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, mixtures

QUANTITY = FinetunePlan(quantity=True)


@pytest.fixture(scope="module")
def ensemble():
    spectra, share = mixtures(32)
    return finetune(EXTRACTOR, spectra, [f"{100 * value:.2f}" for value in share], plan=QUANTITY)


def folds_of(n_spectra, groups=None):
    return assign_folds(np.zeros(n_spectra, dtype=np.intp), groups, 10)


def independent_errors(n_spectra, n_candidates=8, seed=0):
    """Return values (n,) and held-out predictions (n, C) that are all equally bad, each in its own way."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 10, n_spectra)
    return values, values[:, None] + rng.standard_normal((n_spectra, n_candidates))


def test_candidates_that_fail_differently_are_averaged():
    values, predictions = independent_errors(60)
    selection = regressor_ensemble.select_regressors(predictions, values, folds_of(60))
    assert selection.weights.sum() == pytest.approx(1) and np.sum(selection.weights > 0.05) > 4
    new_values, new_predictions = independent_errors(500, seed=1)
    rmse = np.sqrt(np.mean((new_predictions @ selection.weights - new_values) ** 2))
    assert rmse < 0.5, "a single candidate is wrong by 1"
    stated = np.sqrt(np.mean((selection.predicted - values) ** 2))
    assert stated == pytest.approx(rmse, rel=0.25), "stated without the spectra that the weights were fitted to"


def test_a_candidate_that_is_right_alone_is_kept_alone():
    values, predictions = independent_errors(60)
    predictions[:, 3] = values
    weights = regressor_ensemble.select_regressors(predictions, values, folds_of(60)).weights
    assert np.flatnonzero(weights > 0.01).tolist() == [3]


def test_few_samples_are_learned_by_one_candidate():
    values, predictions = independent_errors(60)
    folds = folds_of(60, np.arange(60) // 6)
    assert np.max(regressor_ensemble.select_regressors(predictions, values, folds).weights) == 1


def test_an_ensemble_is_saved_and_predicts_as_before(ensemble):
    spectra, share = mixtures(32)
    assert len(ensemble.report.members) > 1 and ensemble.report.chosen.startswith("ensemble of")
    before = classify(EXTRACTOR, spectra, ensemble.model)
    assert np.sqrt(np.mean((before.values - 100 * share) ** 2)) < 3
    finetuned_model.save(ensemble.model, "quartz")
    loaded = finetuned_model.load("quartz")
    assert np.allclose(classify(EXTRACTOR, spectra, loaded).values, before.values, atol=1e-3)
    assert "Members of the ensemble" in loaded.card.text()


def test_a_model_saved_before_there_were_ensembles_is_read():
    spectra, share = mixtures(20)
    plan = FinetunePlan(quantity=True, representation="lines", estimator=GAUSSIAN_PROCESS)
    result = finetune(EXTRACTOR, spectra, [f"{value:.3f}" for value in share], plan=plan)
    assert set(result.model.arrays) >= {"span.mean", "span.basis", "curve.mean", "curve.weights", "curve.rows"}
    finetuned_model.save(result.model, "old")
    path = finetuned_model.models_folder() / "old" / finetuned_model.CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    assert card.pop("members") == []
    path.write_text(json.dumps(card), encoding="utf-8")
    values = classify(EXTRACTOR, spectra, finetuned_model.load("old")).values
    assert np.allclose(values, classify(EXTRACTOR, spectra, result.model).values, atol=1e-4)


def test_damaged_arrays_of_a_member_are_refused(ensemble):
    prefix = "member 1."
    arrays = dict(ensemble.model.arrays)
    for number, (name, array) in enumerate(
        {
            f"{prefix}curve.weights": arrays[f"{prefix}curve.weights"][1:],
            f"{prefix}span.mean": arrays[f"{prefix}span.mean"][1:],
            "member weights": np.append(arrays["member weights"], 0.5),
        }.items()
    ):
        changed = {**arrays, name: np.ascontiguousarray(array)}
        finetuned_model.save(FineTunedModel(ensemble.model.card, changed), f"odd {number}")
        with pytest.raises(StudioError, match=f"is damaged: '{name}"):
            finetuned_model.load(f"odd {number}")


@pytest.mark.parametrize("estimator", [RIDGE, GAUSSIAN_PROCESS, LINEAR_PROCESS])
def test_a_regressor_of_arrays_predicts_as_the_fitted_one(estimator):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((40, 12))
    values = 3 * rows[:, 0] + np.sin(rows[:, 1])
    fitted = FittedRegressor.fit(RegressorCandidate("measured", estimator), rows, values)
    stored = FittedRegressor.from_arrays(fitted.to_arrays("member 0."), "member 0.")
    assert np.allclose(stored.predict(rows), fitted.predict(rows), atol=1e-4)
    assert np.corrcoef(fitted.predict(rows), values)[0, 1] > 0.9


def test_a_process_with_a_linear_part_goes_on_as_a_line():
    rows = np.linspace(-1, 1, 30)[:, None] * np.array([[1.0, 0.5]])
    far = np.array([[300.0, 150.0]])
    line, smooth = (
        FittedRegressor.fit(RegressorCandidate("measured", name), rows, 10 * rows[:, 0]).predict(far)[0]
        for name in (LINEAR_PROCESS, GAUSSIAN_PROCESS)
    )
    assert line == pytest.approx(3000, rel=0.05) and smooth < 1000
