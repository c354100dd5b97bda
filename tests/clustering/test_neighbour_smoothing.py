import numpy as np
import pytest

from ramanstudio.clustering import neighbour_smoothing


def kinds(random, each, many=4, spread=0.3):
    belongs = np.repeat(np.arange(many), each)
    return (np.eye(16)[belongs] + random.normal(0, spread, (len(belongs), 16))).astype(np.float32), belongs


def apart(rows, belongs):
    """The least distance of two groups' means over the mean distance of the spectra from theirs."""
    means = np.stack([rows[belongs == one].mean(axis=0) for one in np.unique(belongs)])
    between = np.linalg.norm(means[:, None] - means, axis=2)
    return between[between > 0].min() / np.linalg.norm(rows - means[belongs], axis=1).mean()


@pytest.mark.parametrize("enough", [1000, 60])
def test_groups_lie_farther_apart_once_each_is_drawn_to_its_likes(monkeypatch, enough):
    monkeypatch.setattr(neighbour_smoothing, "ENOUGH", enough)
    monkeypatch.setattr(neighbour_smoothing, "BLOCK", 50)
    rows, belongs = kinds(np.random.default_rng(0), each=40)
    drawn = neighbour_smoothing.smooth_over_neighbours(rows)
    assert drawn.shape == rows.shape
    assert apart(drawn, belongs) > 1.2 * apart(rows, belongs)


def test_a_spectrum_unlike_all_others_stays_apart():
    rows, _ = kinds(np.random.default_rng(1), each=40, spread=0.1)
    rows[-1] = 0
    rows[-1, 9] = -3
    drawn = neighbour_smoothing.smooth_over_neighbours(rows)
    gaps = np.linalg.norm(drawn - drawn[-1], axis=1)[:-1]
    assert gaps.min() > 1


@pytest.mark.parametrize("rows", [np.zeros((0, 4)), np.ones((1, 4)), np.eye(2), np.ones((30, 4)), np.eye(5)])
def test_few_and_equal_spectra_are_left_finite(rows):
    drawn = neighbour_smoothing.smooth_over_neighbours(rows)
    assert drawn.shape == rows.shape
    assert np.isfinite(drawn).all()
    if len(np.unique(rows, axis=0)) == 1:
        assert drawn == pytest.approx(rows)
