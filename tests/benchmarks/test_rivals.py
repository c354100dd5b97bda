"""The rivals of the denoising benchmark are real opponents: each takes noise off, and none is flattered."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.denoise import Gain, best_of_grid
from benchmarks.repeats import Condition
from benchmarks.rivals import pca, unet
from benchmarks.rivals.smoothers import SMOOTHERS, baseline, whittaker
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.mae.config import PretrainingConfig
from ramanstudio.mae.corpus import Corpus, SpectrumCache, Target


def repeats(many: int = 40, noise: float = 0.1) -> Condition:
    """Repeats of three lines under white noise."""
    axis = np.linspace(200, 1800, 512)
    truth = sum(np.exp(-0.5 * ((axis - centre) / 20) ** 2) for centre in (450.0, 900.0, 1400.0))
    values = truth + noise * np.random.default_rng(0).standard_normal((many, 512))
    return Condition("made up", SpectrumSet.of(axis, values), np.asarray(truth))


@pytest.mark.parametrize("smoother", SMOOTHERS, ids=lambda smoother: smoother.name)
def test_every_smoother_takes_noise_off(smoother):
    gain = best_of_grid(smoother, repeats())
    assert gain.median > 1.8
    assert 0.9 < np.median(gain.signal_left) < 1.05


def test_shrinking_a_spectrum_gains_nothing():
    condition = repeats()
    gain = Gain.of(condition, 0.1 * condition.raw.values)
    assert gain.median == pytest.approx(1, abs=1e-3)
    assert np.median(gain.signal_left) == pytest.approx(0.1, abs=1e-3)


def test_a_stiff_whittaker_leaves_a_straight_line_and_a_soft_one_the_spectrum():
    values = repeats(2).raw.values
    assert np.allclose(whittaker(values, 1e-9), values, atol=1e-6)
    line = np.polynomial.polynomial.polyfit(np.arange(512), values.T, 1)
    assert np.allclose(whittaker(values, 1e12), np.polynomial.polynomial.polyval(np.arange(512), line), atol=1e-2)


def test_the_baseline_lies_under_the_lines():
    condition = repeats(3, noise=0.0)
    slope = 3 + np.linspace(0, 2, 512)
    assert np.median(np.abs(baseline(condition.raw.values + slope) - slope)) < 0.05


def test_pca_finds_how_many_substances_vary():
    draw = np.random.default_rng(1)
    shares = draw.uniform(0, 1, (60, 2))
    axis = np.arange(300)
    lines = np.stack([np.exp(-0.5 * ((axis - centre) / 6) ** 2) for centre in (80, 200)])
    noise = 0.05 * draw.standard_normal((60, 300))
    denoised, many = pca.denoise(shares @ lines + noise)
    assert many == 2
    assert np.std(denoised - shares @ lines) < 0.4 * np.std(noise)


def test_pca_keeps_no_component_of_noise_alone():
    assert pca.denoise(np.random.default_rng(2).standard_normal((50, 200)))[1] <= 1


def corpus() -> Corpus:
    axis = np.linspace(100, 1600, 1500)
    lines = [np.exp(-0.5 * ((axis - centre) / 10) ** 2) for centre in range(200, 1500, 50)]
    shelf = SpectrumCache(10**9)
    places = [(Path("made up"), "lines", row) for row in range(len(lines))]
    for place, values in zip(places, lines, strict=True):
        shelf.put(place, axis, values)
    return Corpus({"made up": tuple(Target(shelf, place, 500.0) for place in places)})


def small_training(seconds: float = 1e6) -> unet.Training:
    torch.manual_seed(0)
    return unet.Training(corpus(), PretrainingConfig(samples_per_step=2048), seconds)


def test_a_killed_unet_goes_on_to_the_same_weights(tmp_path):
    whole, first, second = small_training(), small_training(), small_training()
    for run in (whole, first):
        # the rate follows the time spent, which must not differ for this test
        run._cycle = second._cycle = lambda: 0.5  # type: ignore[method-assign]
    for _ in range(4):
        whole.take_step()
    for _ in range(2):
        first.take_step()
    first.save(tmp_path / "unet.safetensors")
    second.resume(tmp_path / "unet.safetensors")
    for _ in range(2):
        second.take_step()
    assert second.step == whole.step and second.spectra_seen == whole.spectra_seen
    for name, weight in whole.network.state_dict().items():
        assert torch.allclose(weight.float(), second.network.state_dict()[name].float(), atol=1e-5), name


def test_the_unet_learns_and_keeps_the_unit_and_the_length_of_spectra(tmp_path):
    run = small_training()
    losses = [run.take_step() for _ in range(12)]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    run.save(tmp_path / "unet.safetensors")
    network, note = unet.load(tmp_path / "unet.safetensors")
    assert note["step"] == "12"
    values = repeats(3).raw.values[:, :501]
    once, other_unit = unet.denoise(network, values), unet.denoise(network, 1000 * values + 5e4)
    assert once.shape == values.shape
    assert np.allclose(other_unit, 1000 * once + 5e4, atol=50)  # bf16 holds three digits


def test_training_stops_when_its_time_is_spent(tmp_path):
    run = small_training(seconds=0.2)
    unet.train(run, tmp_path / "folder" / "unet.safetensors")
    note = unet.load(tmp_path / "folder" / "unet.safetensors")[1]
    assert float(note["spent_s"]) >= 0.2 and note["step"] == str(run.step)
