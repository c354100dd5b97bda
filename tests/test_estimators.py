"""Fine-tuning behind the interface of scikit-learn, as the public benchmark RamanBench calls it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import cross_val_score

from ramanstudio import estimators
from ramanstudio.core.errors import StudioError
from ramanstudio.estimators import RamanStudioClassifier, RamanStudioRegressor
from ramanstudio.finetuning import classification, training
from tests.finetuning.substances import AXIS, EXTRACTOR, mixtures, substances


class SmoothingEngine:
    """Fine-tunes in earnest, on smoothed spectra."""

    def finetune(self, spectra, labels, plan, groups):
        self.axis = spectra.axis
        return training.finetune(EXTRACTOR, spectra, labels, groups, plan)

    def classify(self, spectra, model):
        return classification.classify(EXTRACTOR, spectra, model)


@pytest.fixture
def engine(monkeypatch):
    engine = SmoothingEngine()
    monkeypatch.setattr(estimators, "_engine", lambda *_: engine)
    return engine


def test_classes_are_the_given_ones_with_probabilities_in_their_order(engine):
    spectra, names = substances(5)
    codes = np.array([{"talc": 12, "quartz": 3, "zircon": -1}[name] for name in names])
    model = clone(RamanStudioClassifier(AXIS, representation="spectrum", estimator="LDA"))
    assert is_classifier(model) and model.fit(spectra.values, codes) is model
    assert model.classes_.tolist() == [-1, 3, 12] and np.array_equal(engine.axis, AXIS)
    restored = pickle.loads(pickle.dumps(model))
    others, truth = substances(3, noise=0.02)
    probabilities = restored.predict_proba(others.values)
    assert probabilities.shape == (9, 3) and np.allclose(probabilities.sum(axis=1), 1)
    expected = [{"talc": 12, "quartz": 3, "zircon": -1}[name] for name in truth]
    assert restored.predict(others.values).tolist() == expected
    assert model.classes_[np.argmax(probabilities, axis=1)].tolist() == expected


def test_more_than_ten_classes_keep_their_order(engine):
    rng = np.random.default_rng(0)
    centres = np.exp(-0.5 * ((AXIS - np.linspace(400, 1600, 12)[:, None]) / 15) ** 2)
    values = np.repeat(centres, 2, axis=0) + 0.01 * rng.standard_normal((24, len(AXIS)))
    names = np.repeat([f"strain {number}" for number in range(12)], 2)
    model = RamanStudioClassifier(AXIS, representation="spectrum", estimator="LDA").fit(values, names)
    assert model.predict(values).tolist() == names.tolist()


def test_a_quantity_is_predicted_and_cross_validated_by_scikit_learn(engine):
    spectra, share = mixtures(24)
    model = RamanStudioRegressor(AXIS, representation="spectrum", estimator="ridge")
    assert is_regressor(model)
    scores = cross_val_score(model, spectra.values, share, cv=3, scoring="r2")
    assert scores.min() > 0.9


def test_without_an_axis_it_is_taken_from_column_names_or_assumed(engine):
    class Frame:
        def __init__(self, values, columns):
            self.values, self.columns = values, columns

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values, dtype)

    spectra, share = mixtures(12)
    model = RamanStudioRegressor(representation="spectrum", estimator="ridge")
    model.fit(Frame(spectra.values, [f"{shift}" for shift in AXIS]), share)
    assert np.allclose(engine.axis, AXIS)
    model.fit(spectra.values, share)
    assert (engine.axis[0], engine.axis[-1]) == estimators.ASSUMED_RANGE_CM


def test_what_cannot_be_used_is_said_in_a_sentence(engine):
    spectra, share = mixtures(12)
    with pytest.raises(StudioError, match="not fitted"):
        RamanStudioRegressor(AXIS).predict(spectra.values)
    with pytest.raises(StudioError, match="table of spectra"):
        RamanStudioRegressor(AXIS).fit(spectra.values[0], share)
