"""Damaged fine-tuned models, and those of strangers, are refused with a sentence that names them; the rest opens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import model_mutations
from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.training import finetune
from tests.finetuning.substances import EXTRACTOR, substances

FAULTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "faults"
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def models():
    return model_mutations.make_models()


@pytest.mark.parametrize("seed", range(4))
def test_mutated_models_are_refused_with_a_sentence_or_work(seed, models, tmp_path):
    rng, (spectra, _) = np.random.default_rng(1000 + seed), model_mutations.make_spectra(1)
    path, outcomes = tmp_path / "mutant.ramanmodel", []
    for number in range(100):
        path.write_bytes(model_mutations.mutate(models[number % len(models)], rng))
        outcomes.append(model_mutations.use(path, spectra))
    assert outcomes.count("refused") > 50


def test_unchanged_models_work(models, tmp_path):
    spectra, _ = model_mutations.make_spectra(1)
    for model in models:
        finetuned_model.save(model, model.card.estimator)
        assert model_mutations.use(finetuned_model.models_folder() / model.card.estimator, spectra) == "works"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("axis_cm", [200, None], r"'axis_cm\[1\]' is None, not a number"),
        ("axis_cm", [200, "../../x"], r"'axis_cm\[1\]' is '../../x', not a number"),
        ("axis_cm", [1800, 200], "a range from low to high"),
        ("counts", [8, 8, 8, 8], "3 numbers, one for each class"),
        ("classes", ["a", "a", "b"], "two or more different classes"),
        ("made", True, "'made' is True, not a text"),
        ("figures", {"accuracy": 10**400}, "'figures.accuracy' is a very large number"),
        ("estimator", "ridge", "'estimator' is 'ridge', not a classifier"),
        ("novelty_threshold", "far", "'novelty_threshold' is 'far', not a number"),
    ],
)
def test_a_wrong_field_of_the_card_is_named(field, value, message, models):
    finetuned_model.save(models[0], "minerals")
    path = finetuned_model.models_folder() / "minerals" / finetuned_model.CARD
    card = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(card | {field: value}), encoding="utf-8")
    for read in (finetuned_model.read_card, finetuned_model.load):
        with pytest.raises(StudioError, match=f"'minerals' is damaged: .*{message}"):
            read("minerals")


def test_a_damaged_model_leaves_the_others_usable(models):
    finetuned_model.save(models[0], "good")
    finetuned_model.save(models[1], "bad")
    (finetuned_model.models_folder() / "bad" / finetuned_model.CARD).write_text("[" * 100_000, encoding="utf-8")
    assert finetuned_model.list_names() == ("bad", "good")
    with pytest.raises(StudioError, match="'bad' is damaged"):
        finetuned_model.read_card("bad")
    assert finetuned_model.read_card("good").classes == models[0].card.classes
    finetuned_model.delete("bad")
    assert finetuned_model.list_names() == ("good",)


@pytest.mark.parametrize("name", ["x" * 300, "a\x00b", "/dev/zero", ""])
def test_a_name_that_is_no_model_is_a_sentence(name):
    with pytest.raises(StudioError, match="no fine-tuned model"):
        finetuned_model.load(name)


@pytest.mark.skipif(not FAULTS.exists(), reason="the shared damaged files are not here")
@pytest.mark.parametrize("name", ["taught_0", "taught_21", "taught_110", "taught_123"])
def test_models_of_strangers_that_broke_the_program_are_refused(name):
    spectra, _ = substances(2)
    with pytest.raises(StudioError):
        model = finetuned_model.load(FAULTS / f"{name}.ramanmodel")
        model.card.text()
        classify(EXTRACTOR, spectra, model)


def test_the_arrays_of_a_model_must_fit_each_other():
    spectra, names = substances(4)
    model = finetune(EXTRACTOR, spectra, names).model
    for name, array, message in (
        ("axis", model.arrays["axis"] + 500, "'axis'"),
        ("axis", model.arrays["axis"][::-1], "'axis'"),
        ("kept", model.arrays["kept"][0], "'kept'"),
        ("offset", np.full(3, np.nan, np.float32), "'offset'"),
        ("line components.scale", np.ones(2, np.float32), "'line components.scale'"),
    ):
        saved = finetuned_model.FineTunedModel(model.card, {**model.arrays, name: np.ascontiguousarray(array)})
        finetuned_model.save(saved, "odd")
        with pytest.raises(StudioError, match=f"'odd' is damaged: {message}"):
            finetuned_model.load("odd")
        finetuned_model.delete("odd")
