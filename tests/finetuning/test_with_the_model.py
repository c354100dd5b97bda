"""Fine-tuning the shipped model through the two verbs of the engine."""

from __future__ import annotations

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.config import FinetunePlan
from tests.finetuning.substances import AXIS, substances


@pytest.fixture(scope="module")
def engine():
    return Engine.load(device="cpu", threads=1)


@pytest.fixture(scope="module")
def result(engine):
    spectra, names = substances(6, noise=0.15)
    labels = np.where(np.arange(18) % 6 < 2, names, "")
    return engine.finetune(spectra, labels, plan=FinetunePlan(importance=False))


def test_two_labels_a_class_classify_the_rest(engine, result):
    spectra, names = substances(6, noise=0.15)
    predicted = engine.classify(spectra, result.model)
    assert np.mean(predicted.labels == names) > 0.9
    assert result.report.chosen == "denoised bands, first derivative and features, LDA"


def test_a_saved_model_is_used_by_its_name_and_another_band_is_unknown(engine, result):
    finetuned_model.save(result.model, "minerals")
    other = np.exp(-0.5 * ((AXIS - 1420) / 15) ** 2) + 0.02 * np.random.default_rng(0).standard_normal((3, len(AXIS)))
    assert engine.classify(SpectrumSet.of(AXIS, other), "minerals").unknown.all()


def test_a_model_is_imported_only_where_its_parent_is_installed(engine, result, tmp_path, monkeypatch):
    finetuned_model.save(result.model, "minerals")
    finetuned_model.export_model("minerals", tmp_path / "minerals.ramanmodel")
    finetuned_model.delete("minerals")
    imported = finetuned_model.import_model(tmp_path / "minerals.ramanmodel", "again")
    assert imported.card.parent == engine.card.name
    small = Engine.load("smae-small", device="cpu", threads=1)
    with pytest.raises(StudioError, match="was fine-tuned from smae-base, not from smae-small"):
        small.classify(substances(1)[0], "again")


def test_a_spectrum_with_values_that_are_not_numbers_is_refused(engine, result):
    values = substances(1)[0].values.copy()
    values[0, 5] = np.nan
    with pytest.raises(StudioError, match="not numbers"):
        engine.finetune(SpectrumSet.of(AXIS, values), ["a", "b", "c"])
    with pytest.raises(StudioError, match="not numbers"):
        engine.classify(SpectrumSet.of(AXIS, values), result.model)
