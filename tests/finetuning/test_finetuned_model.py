"""Fine-tuned models on disk: saved, renamed, deleted, exported and imported, and refused when damaged."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model, model_card
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.training import finetune
from ramanstudio.mae import model_store
from tests.finetuning.substances import EXTRACTOR, mixtures, substances


@pytest.fixture(scope="module")
def result():
    spectra, names = substances(5)
    return finetune(EXTRACTOR, spectra, names)


@pytest.fixture
def parent(monkeypatch):
    """The model that was fine-tuned is installed; its card."""
    card = SimpleNamespace(name=EXTRACTOR.parent, weights_hash=EXTRACTOR.sha256)
    monkeypatch.setattr(model_store, "find", lambda name: name)
    monkeypatch.setattr(model_store, "read_card", lambda folder: card)
    return card


def test_a_saved_model_predicts_as_before(result):
    spectra, _ = substances(5)
    finetuned_model.save(result.model, "my minerals")
    assert finetuned_model.list_names() == ("my minerals",)
    loaded = finetuned_model.load("my minerals")
    predicted = classify(EXTRACTOR, spectra, loaded)
    assert np.array_equal(predicted.labels, classify(EXTRACTOR, spectra, result.model).labels)
    text = loaded.card.text()
    assert "talc 5" in text and "Fine-tuned from smoother" in text and "Expected accuracy: " in text


def test_a_model_is_renamed_and_deleted(result):
    finetuned_model.save(result.model, "one")
    finetuned_model.rename("one", "two")
    assert finetuned_model.list_names() == ("two",) and finetuned_model.load("two").card.name == "two"
    finetuned_model.delete("two")
    assert finetuned_model.list_names() == ()
    with pytest.raises(StudioError, match="no fine-tuned model 'two'"):
        finetuned_model.load("two")


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 100, "a:b", "new\nline"])
def test_an_invalid_model_name_is_refused(result, name):
    with pytest.raises(StudioError, match="not a valid model name"):
        finetuned_model.save(result.model, name)


def test_a_name_that_is_taken_is_refused(result):
    finetuned_model.save(result.model, "one")
    with pytest.raises(StudioError, match="already"):
        finetuned_model.save(result.model, "one")


def test_a_model_is_exported_to_one_file_and_imported(result, parent, tmp_path):
    finetuned_model.save(result.model, "one")
    finetuned_model.export_model("one", tmp_path / "one.ramanmodel")
    finetuned_model.delete("one")
    assert finetuned_model.import_model(tmp_path / "one.ramanmodel").card.name == "one"
    assert finetuned_model.list_names() == ("one",)


def test_importing_a_model_fine_tuned_from_another_version_is_refused(result, parent, tmp_path):
    finetuned_model.save(result.model, "one")
    finetuned_model.export_model("one", tmp_path / "one.ramanmodel")
    finetuned_model.delete("one")
    parent.weights_hash = "another"
    with pytest.raises(StudioError, match="another version of smoother"):
        finetuned_model.import_model(tmp_path / "one.ramanmodel")
    assert finetuned_model.list_names() == ()


def test_every_damaged_byte_of_an_exported_file_is_noticed(result, parent, tmp_path):
    finetuned_model.save(result.model, "one")
    file = tmp_path / "one.ramanmodel"
    finetuned_model.export_model("one", file)
    finetuned_model.delete("one")
    content = file.read_bytes()
    for position in np.linspace(0, len(content) - 1, 60).astype(int):
        file.write_bytes(content[:position] + bytes([content[position] ^ 0x15]) + content[position + 1 :])
        with pytest.raises(StudioError, match="damaged"):
            finetuned_model.import_model(file)
    for rest in (content[:100], b"", b"not a model at all"):
        file.write_bytes(rest)
        with pytest.raises(StudioError, match="damaged"):
            finetuned_model.import_model(file)


def test_a_damaged_folder_is_refused(result):
    finetuned_model.save(result.model, "one")
    weights = finetuned_model.models_folder() / "one" / finetuned_model.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(StudioError, match="damaged"):
        finetuned_model.load("one")
    card = finetuned_model.models_folder() / "one" / finetuned_model.CARD
    card.write_text(json.dumps({"name": "one"}), encoding="utf-8")
    with pytest.raises(StudioError, match="damaged"):
        finetuned_model.load("one")


def test_weights_that_were_exchanged_for_others_are_refused(result):
    finetuned_model.save(result.model, "one")
    finetuned_model.save(finetune(EXTRACTOR, *substances(6)).model, "two")
    folder = finetuned_model.models_folder()
    (folder / "one" / finetuned_model.WEIGHTS).write_bytes((folder / "two" / finetuned_model.WEIGHTS).read_bytes())
    with pytest.raises(StudioError, match="'one' is damaged"):
        finetuned_model.load("one")


def test_denoising_models_and_fine_tuned_models_are_listed_apart(result):
    finetuned_model.save(result.model, "one")
    assert "one" not in model_store.available()


def as_written_before(card: dict) -> dict:
    """Return a card with the keys of the versions that called fine-tuning teaching."""
    present = {new: old for old, new in model_card.OLD_KEYS.items()}
    figures = {"RMSE held out" if name == model_card.RMSE else name: figure for name, figure in card["figures"].items()}
    return {present.get(key, key): value for key, value in card.items()} | {"figures": figures}


def test_a_model_saved_with_the_old_card_keys_is_read(result):
    spectra, _ = substances(5)
    model = finetuned_model.save(result.model, "minerals")
    path = finetuned_model.models_folder() / "minerals" / finetuned_model.CARD
    old = as_written_before(json.loads(path.read_text(encoding="utf-8")))
    assert {"reading", "head", "sharpness", "stranger_distance"} <= set(old) and "estimator" not in old
    path.write_text(json.dumps(old), encoding="utf-8")
    loaded = finetuned_model.load("minerals")
    assert loaded.card == model.card
    before = classify(EXTRACTOR, spectra, result.model)
    assert np.array_equal(classify(EXTRACTOR, spectra, loaded).probabilities, before.probabilities)


def test_an_exported_file_with_the_old_card_keys_is_imported(result, parent, tmp_path):
    from safetensors.numpy import save

    spectra, share = mixtures()
    model = finetuned_model.save(
        finetune(EXTRACTOR, spectra, [f"{100 * value:.1f}" for value in share]).model, "quartz"
    )
    card = as_written_before(json.loads((finetuned_model.models_folder() / "quartz" / "card.json").read_text("utf-8")))
    text = json.dumps(card)
    metadata = {"card": text, "card_sha256": hashlib.sha256(text.encode()).hexdigest()}
    (tmp_path / "old.ramanmodel").write_bytes(save(dict(model.arrays), metadata))
    imported = finetuned_model.import_model(tmp_path / "old.ramanmodel", "again")
    assert imported.card.rmse == model.card.rmse > 0
    assert classify(EXTRACTOR, spectra, imported).error == model.card.rmse
