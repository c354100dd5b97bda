"""The supervised rival of Ho et al. 2019: of the published size, and a classifier like the others."""

import numpy as np
import pytest
import torch

from benchmarks.rivals.learning import LearningPlan
from benchmarks.rivals.resnet import ResNet, ResNetPlan, classify

SMALL = ResNetPlan(channels_in=8, channels=8, layers=3)


def substances(many: int, points: int = 96, seed: int = 0):
    """Three substances of one line each at random heights, `many` spectra of each, and their names."""
    draw = np.random.default_rng(seed)
    centre = np.repeat([20.0, 48.0, 76.0], many)[:, None]
    lines = np.exp(-0.5 * ((np.arange(points) - centre) / 3) ** 2) * draw.uniform(1, 9, centre.shape)
    return lines + 0.1 * draw.standard_normal(lines.shape), np.repeat(["talc", "quartz", "zircon"], many)


def test_the_network_is_the_published_one():
    network = ResNet(points=1000, classes=30)
    assert len(network.blocks) == 6 * 2
    assert network.encode(torch.zeros(2, 1000)).shape == (2, 100 * 32)  # halved five times: 1000 -> 32
    # counted by hand: stem, first block (64 -> 100), seven plain blocks less one, five of stride two, the linear layer
    stem, norm = 64 * 5, 2 * 100
    plain = 2 * 100 * 100 * 5 + 2 * norm
    first = 64 * 100 * 5 + 100 * 100 * 5 + 64 * 100 + 3 * norm
    strided = plain + 100 * 100 + norm
    linear = 3200 * 30 + 30
    expected = stem + 2 * 64 + first + 6 * plain + 5 * strided + linear
    assert sum(weight.numel() for weight in network.parameters()) == expected


@pytest.mark.parametrize("many", [4, 12])  # with and without enough labels to choose the epoch by
def test_it_tells_substances_apart_and_gives_their_names(many):
    values, names = substances(many)
    unseen, truth = substances(20, seed=1)
    told = classify(values, names, unseen, LearningPlan(epochs=8, fewest_steps=60), SMALL, "cpu")
    assert set(told) <= set(names)
    assert np.mean(told == truth) > 0.9


def test_the_height_of_a_spectrum_does_not_matter():
    values, names = substances(6)
    how = LearningPlan(epochs=2, fewest_steps=1)
    told = classify(values, names, values, how, SMALL, "cpu")
    assert np.array_equal(told, classify(1000 * values + 7, names, 3 * values, how, SMALL, "cpu"))


def test_the_same_seed_gives_the_same_labels():
    values, names = substances(6)
    unseen, _ = substances(6, seed=2)
    how = LearningPlan(epochs=2, fewest_steps=1, seed=3)
    one, other = (classify(values, names, unseen, how, SMALL, "cpu") for _ in range(2))
    assert np.array_equal(one, other)
