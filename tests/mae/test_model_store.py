"""Models on disk: both halves, each held to its checksum, neither lost when the other is written."""

import json
from dataclasses import replace

import pytest
import torch

from ramanstudio.core.errors import StudioError
from ramanstudio.mae import model_store
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.config import EmbedderConfig, NetworkConfig
from ramanstudio.mae.embedder import Embedder
from ramanstudio.mae.network import SpectrumAutoencoder

TINY = NetworkConfig(width=16, heads=2, encoder_layers=1)
PLAN = EmbedderConfig(tokens=8, token=16, width=16, heads=2, layers=1, features=8)


@pytest.fixture
def folder(tmp_path):
    """A model of both halves."""
    torch.manual_seed(0)
    card = model_store.ModelCard(
        "tiny", "for a test", TINY, 1, 0, 0, {"lines": 3}, calibration=Calibration((0.2, 1.0), (1.1, 0.9))
    )
    model_store.save(tmp_path, card, SpectrumAutoencoder(TINY).state_dict())
    model_store.save_embedder(tmp_path, model_store.EmbedderCard(PLAN, 1, 5, {"lines": 7}), Embedder(PLAN).state_dict())
    return tmp_path


def test_a_model_is_read_as_it_was_written_with_both_halves(folder):
    card, _ = model_store.load(folder)
    assert card.embedder.plan == PLAN
    assert card.embedder.trained_on == {"lines": 7}
    assert card.error_calibration == Calibration((0.2, 1.0), (1.1, 0.9))
    assert "trained without labels on: lines 7" in card.text()
    assert not model_store.load_embedder(folder).training


def test_writing_one_half_anew_leaves_the_other(folder):
    before = model_store.read_card(folder)
    denoises = replace(before, embedder=None, steps=9)
    after = model_store.save(folder, denoises, SpectrumAutoencoder(TINY).state_dict())
    assert after.steps == 9
    assert after.embedder == before.embedder
    assert model_store.load_embedder(folder) is not None


def test_a_model_without_features_says_so(folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "embedder": None}))
    assert model_store.load_embedder(folder) is None


@pytest.mark.parametrize("damage", [lambda content: content[:-9], lambda content: b"x" * len(content), lambda _: b""])
def test_damaged_features_are_refused_with_a_sentence(folder, damage):
    weights = folder / "embedder.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(StudioError, match="damaged"):
        model_store.load_embedder(folder)
    assert model_store.load(folder)[0].name == "tiny", "the half that denoises is whole"


@pytest.mark.parametrize("absurd", [{"width": 10**8}, {"encoder_layers": 10**12}, {"window": 2**40, "stride": 2**39}])
def test_a_card_that_states_a_network_larger_than_its_file_takes_no_memory(folder, absurd):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "network": card["network"] | absurd}))
    with pytest.raises(StudioError, match="damaged"):
        model_store.load(folder)


@pytest.mark.parametrize("absurd", [{"width": 10**8}, {"layers": 10**12}, {"features": 10**12}, {"tokens": -1}])
def test_a_card_that_states_absurd_features_takes_no_memory(folder, absurd):
    card = json.loads((folder / "card.json").read_text())
    card["embedder"]["plan"] |= absurd
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(StudioError, match=r"damaged|cannot be"):
        model_store.load_embedder(folder)


def test_features_without_a_model_to_go_with_are_refused(tmp_path):
    with pytest.raises(StudioError, match="card of the model"):
        model_store.save_embedder(tmp_path, model_store.EmbedderCard(PLAN, 1, 5, {}), Embedder(PLAN).state_dict())
