"""Taught models on disk: kept, renamed, deleted, carried to another machine, and never trusted when damaged."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.finetuning import finetuned_model
from ramanstudio.finetuning.classification import classify
from ramanstudio.finetuning.training import finetune
from ramanstudio.mae import model_store
from tests.finetuning.substances import EXTRACTOR, substances


@pytest.fixture(scope="module")
def found():
    spectra, names = substances(5)
    return finetune(EXTRACTOR, spectra, names)


@pytest.fixture
def parent(monkeypatch):
    """The parent of the taught models is here."""
    card = SimpleNamespace(name=EXTRACTOR.parent, fingerprint=EXTRACTOR.sha256)
    monkeypatch.setattr(model_store, "find", lambda name: name)
    monkeypatch.setattr(model_store, "read_card", lambda folder: card)
    return card


def test_a_kept_model_answers_as_before(found):
    spectra, _ = substances(5)
    finetuned_model.save(found.model, "my minerals")
    assert finetuned_model.list_names() == ("my minerals",)
    again = classify(EXTRACTOR, spectra, finetuned_model.load("my minerals"))
    assert np.array_equal(again.labels, classify(EXTRACTOR, spectra, found.model).labels)
    text = finetuned_model.load("my minerals").card.text()
    assert "talc 5" in text and "smoother" in text and "expected accuracy" in text


def test_it_is_renamed_and_deleted(found):
    finetuned_model.save(found.model, "one")
    finetuned_model.rename("one", "two")
    assert finetuned_model.list_names() == ("two",) and finetuned_model.load("two").card.name == "two"
    finetuned_model.delete("two")
    assert finetuned_model.list_names() == ()
    with pytest.raises(StudioError, match="no taught model 'two'"):
        finetuned_model.load("two")


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 100, "a:b", "new\nline"])
def test_a_name_that_no_folder_can_have_is_refused(found, name):
    with pytest.raises(StudioError, match="cannot be the name"):
        finetuned_model.save(found.model, name)


def test_a_name_that_is_taken_is_refused(found):
    finetuned_model.save(found.model, "one")
    with pytest.raises(StudioError, match="already"):
        finetuned_model.save(found.model, "one")


def test_it_goes_to_another_machine_in_one_file(found, parent, tmp_path):
    finetuned_model.save(found.model, "one")
    finetuned_model.export_model("one", tmp_path / "one.ramanmodel")
    finetuned_model.delete("one")
    assert finetuned_model.import_model(tmp_path / "one.ramanmodel").card.name == "one"
    assert finetuned_model.list_names() == ("one",)


def test_a_model_of_another_parent_is_refused(found, parent, tmp_path):
    finetuned_model.save(found.model, "one")
    finetuned_model.export_model("one", tmp_path / "one.ramanmodel")
    finetuned_model.delete("one")
    parent.fingerprint = "another"
    with pytest.raises(StudioError, match="another version of smoother"):
        finetuned_model.import_model(tmp_path / "one.ramanmodel")
    assert finetuned_model.list_names() == ()


def test_every_damaged_byte_of_a_file_is_noticed(found, parent, tmp_path):
    finetuned_model.save(found.model, "one")
    file = tmp_path / "one.ramanmodel"
    finetuned_model.export_model("one", file)
    finetuned_model.delete("one")
    whole = file.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 60).astype(int):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        with pytest.raises(StudioError, match="damaged"):
            finetuned_model.import_model(file)
    for rest in (whole[:100], b"", b"not a model at all"):
        file.write_bytes(rest)
        with pytest.raises(StudioError, match="damaged"):
            finetuned_model.import_model(file)


def test_a_damaged_folder_is_refused(found):
    finetuned_model.save(found.model, "one")
    weights = finetuned_model.models_folder() / "one" / finetuned_model.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(StudioError, match="damaged"):
        finetuned_model.load("one")
    card = finetuned_model.models_folder() / "one" / finetuned_model.CARD
    card.write_text(json.dumps({"name": "one"}), encoding="utf-8")
    with pytest.raises(StudioError, match="damaged"):
        finetuned_model.load("one")


def test_models_that_denoise_are_not_among_them(found):
    finetuned_model.save(found.model, "one")
    assert "one" not in model_store.available()
