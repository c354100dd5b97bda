import numpy as np
import pytest

from ramanstudio.clustering import neighbour_smoothing


def clustered_rows(random, each, n_groups=4, spread=0.3):
    labels = np.repeat(np.arange(n_groups), each)
    return (np.eye(16)[labels] + random.normal(0, spread, (len(labels), 16))).astype(np.float32), labels


def separation(rows, labels):
    """The least distance between two group means over the mean distance of spectra from their own."""
    means = np.stack([rows[labels == group].mean(axis=0) for group in np.unique(labels)])
    between = np.linalg.norm(means[:, None] - means, axis=2)
    return between[between > 0].min() / np.linalg.norm(rows - means[labels], axis=1).mean()


@pytest.mark.parametrize("sample", [1000, 60])
def test_smoothing_separates_groups(monkeypatch, sample):
    monkeypatch.setattr(neighbour_smoothing, "GRAPH_SAMPLE", sample)
    monkeypatch.setattr(neighbour_smoothing, "BLOCK", 50)
    rows, labels = clustered_rows(np.random.default_rng(0), each=40)
    smoothed = neighbour_smoothing.smooth_over_neighbours(rows)
    assert smoothed.shape == rows.shape
    assert separation(smoothed, labels) > 1.2 * separation(rows, labels)


def test_a_spectrum_unlike_all_others_keeps_its_distance():
    rows, _ = clustered_rows(np.random.default_rng(1), each=40, spread=0.1)
    rows[-1] = 0
    rows[-1, 9] = -3
    smoothed = neighbour_smoothing.smooth_over_neighbours(rows)
    gaps = np.linalg.norm(smoothed - smoothed[-1], axis=1)[:-1]
    assert gaps.min() > 1


@pytest.mark.parametrize("rows", [np.zeros((0, 4)), np.ones((1, 4)), np.eye(2), np.ones((30, 4)), np.eye(5)])
def test_few_and_equal_spectra_stay_finite(rows):
    smoothed = neighbour_smoothing.smooth_over_neighbours(rows)
    assert smoothed.shape == rows.shape
    assert np.isfinite(smoothed).all()
    if len(np.unique(rows, axis=0)) == 1:
        assert smoothed == pytest.approx(rows)
