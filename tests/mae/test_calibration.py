"""A model is told, on spectra it has not learned from, how far its claims are to be trusted."""

import json

import numpy as np
import pytest
import torch

from ramanstudio.core.errors import StudioError
from ramanstudio.mae import model_store
from ramanstudio.mae.calibration import Calibration, calibrate
from ramanstudio.mae.config import NetworkConfig
from ramanstudio.mae.network import SpectrumAutoencoder
from ramanstudio.mae.predictor import Predictor
from ramanstudio.mae.training_batch import TrainingBatch

SMALL = NetworkConfig(width=16, heads=2, encoder_layers=1)


def batches(n_spectra=12, spectra=8, points=320):
    """White noise of sigma one on nothing, and nothing else."""
    draw = torch.Generator().manual_seed(0)
    for _ in range(n_spectra):
        noise = torch.randn(spectra, points, generator=draw)
        axis = torch.linspace(200, 1800, points).expand(spectra, -1).contiguous()
        yield TrainingBatch(noise, axis, noise, torch.zeros_like(noise), torch.ones_like(noise))


def card_of(folder):
    network = SpectrumAutoencoder(SMALL)
    card = model_store.ModelCard("small", "made up", SMALL, 1, 1, 1, {}, error_scale=2.0)
    model_store.save(folder, card, network.state_dict())
    return network.eval()


def test_claims_that_are_wrong_by_their_size_are_set_right():
    draw = np.random.default_rng(0)
    spread = np.exp(draw.uniform(np.log(0.1), np.log(2), 4000))
    error = spread * np.where(spread < 0.4, 1.2, 0.8) * draw.lognormal(0, 0.2, 4000)
    result = Calibration.fit(spread, error)
    claimed = spread * result.factor(spread)
    for part in (spread < 0.3, spread > 0.6):
        assert np.median(claimed[part] / error[part]) == pytest.approx(1, abs=0.03)


def test_a_few_spectra_are_enough_for_one_factor():
    result = Calibration.fit(np.full(7, 0.5), np.full(7, 0.25))
    assert result.factor(np.array([0.01, 0.5, 100.0])) == pytest.approx(0.5)


def test_a_calibrated_model_claims_the_error_it_has_and_keeps_what_it_was_told(tmp_path):
    network = card_of(tmp_path)
    assert model_store.read_card(tmp_path).error_calibration == Calibration.constant(2.0)
    model_store.save_calibration(tmp_path, calibrate(network, batches()))
    card, network = model_store.load(tmp_path)
    predictor = Predictor(network, card.error_calibration, "cpu")
    ratios = []
    for example in batches():
        values, axis = example.samples.numpy(), example.axis[0].numpy().astype(float)
        noise, error = predictor.noise(axis, values, np.ones(len(values), np.float32))
        ratios += list(np.sqrt((error**2).mean(axis=1) / ((noise - values) ** 2).mean(axis=1)))
    assert np.median(ratios) == pytest.approx(1, abs=0.05)


def test_the_claims_of_spectra_with_cosmic_rays_do_not_count():
    hit = [
        TrainingBatch(
            item.samples, item.axis, item.noise, item.drift, item.weight.clone().index_fill_(1, torch.tensor([5]), 1e-3)
        )
        for item in batches(2)
    ]
    network = SpectrumAutoencoder(SMALL).eval()
    assert calibrate(network, hit) == Calibration.constant(1.0)


@pytest.mark.parametrize(
    "damage", [{"spread": [1.0, 0.5], "scale": [1, 1]}, {"spread": [], "scale": []}, {"scale": [1]}]
)
def test_a_damaged_calibration_is_a_damaged_card(tmp_path, damage):
    card_of(tmp_path)
    row = json.loads((tmp_path / model_store.CARD).read_text(encoding="utf-8"))
    (tmp_path / model_store.CARD).write_text(json.dumps({**row, "calibration": damage}), encoding="utf-8")
    with pytest.raises(StudioError, match="cannot be read"):
        model_store.read_card(tmp_path)
