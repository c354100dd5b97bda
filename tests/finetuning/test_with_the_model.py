"""Teaching with the shipped model, by the engine's two verbs."""

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
def found(engine):
    spectra, names = substances(6, noise=0.15)
    return engine.finetune(spectra, np.where(np.arange(18) % 6 < 2, names, ""), FinetunePlan(importance=False))


def test_two_labels_a_class_name_the_rest(engine, found):
    spectra, names = substances(6, noise=0.15)
    told = engine.classify(spectra, found.model)
    assert np.mean(told.labels == names) > 0.9
    assert found.report.chosen == "lines, slopes and features of the denoised, LDA"


def test_a_kept_model_is_used_by_its_name_and_another_line_is_unknown(engine, found):
    finetuned_model.save(found.model, "minerals")
    other = np.exp(-0.5 * ((AXIS - 1420) / 15) ** 2) + 0.02 * np.random.default_rng(0).standard_normal((3, len(AXIS)))
    assert engine.classify(SpectrumSet.of(AXIS, other), "minerals").unknown.all()


def test_it_is_brought_in_only_where_its_parent_is_here(engine, found, tmp_path, monkeypatch):
    finetuned_model.save(found.model, "minerals")
    finetuned_model.export_model("minerals", tmp_path / "minerals.ramanmodel")
    finetuned_model.delete("minerals")
    assert finetuned_model.import_model(tmp_path / "minerals.ramanmodel", "again").card.parent == engine.card.name
    small = Engine.load("smae-small", device="cpu", threads=1)
    with pytest.raises(StudioError, match="was made for smae-base, not for smae-small"):
        small.classify(substances(1)[0], "again")


def test_a_spectrum_that_holds_no_numbers_is_refused(engine, found):
    values = substances(1)[0].values.copy()
    values[0, 5] = np.nan
    with pytest.raises(StudioError, match="not numbers"):
        engine.finetune(SpectrumSet.of(AXIS, values), ["a", "b", "c"])
    with pytest.raises(StudioError, match="not numbers"):
        engine.classify(SpectrumSet.of(AXIS, values), found.model)
