"""Layouts: similar spectra lie close together, and any number of spectra has one."""

import numpy as np
import pytest

from ramanstudio.clustering import projection
from ramanstudio.core.progress import Cancelled, Progress


def clustered_rows(random, each=25, n_groups=4):
    """Spectra of several clustered_rows, and which they are."""
    labels = np.repeat(np.arange(n_groups), each)
    return (np.eye(12)[labels] + random.normal(0, 0.1, (len(labels), 12))).astype(np.float32), labels


def separation(layout, labels):
    """How much farther the means of the clustered_rows lie from each other than the spectra from their mean."""
    means = np.stack([layout[labels == group].mean(axis=0) for group in np.unique(labels)])
    within = np.mean(np.linalg.norm(layout - means[labels], axis=1))
    between = np.linalg.norm(means[:, None] - means, axis=2)
    return between[between > 0].min() / within


def test_pca_spreads_most_along_its_first_axis():
    features, _ = clustered_rows(np.random.default_rng(0))
    layout = projection.pca_layout(features)
    assert layout.shape == (100, 2)
    assert layout.dtype == np.float32
    assert layout[:, 0].std() >= layout[:, 1].std() > 0
    assert np.corrcoef(layout.T)[0, 1] == pytest.approx(0, abs=1e-3)


def test_tsne_separates_groups_shows_its_steps_and_repeats_with_its_seed():
    features, labels = clustered_rows(np.random.default_rng(1))
    steps, shown = [], []
    start = projection.pca_layout(features)
    layout = projection.tsne_layout(features, start, Progress(lambda *step: steps.append(step), shown.append))
    assert separation(layout, labels) > 3
    assert [done for done, *_ in steps] == sorted(done for done, *_ in steps)
    assert steps[-1][0] == steps[-1][1] > len(shown)
    assert len(shown) >= 30
    assert all(frame.shape == (100, 2) and np.isfinite(frame).all() for frame in shown)
    assert np.abs(shown[0] - shown[-1]).max() > 1
    again = projection.tsne_layout(features, start)
    assert np.array_equal(layout, again)
    assert not np.array_equal(layout, projection.tsne_layout(features, start, seed=1))


def test_cancelling_tsne_keeps_the_steps_already_shown():
    features, _ = clustered_rows(np.random.default_rng(2))
    shown = []
    progress = Progress(on_show=shown.append, is_cancelled=lambda: len(shown) >= 3)
    with pytest.raises(Cancelled):
        projection.tsne_layout(features, projection.pca_layout(features), progress)
    assert len(shown) == 3
    assert np.isfinite(shown[-1]).all()


@pytest.mark.parametrize("n_spectra", [0, 1, 2, 3, 5, 8])
def test_few_spectra_have_layouts(n_spectra):
    features = np.random.default_rng(3).normal(0, 1, (n_spectra, 6)).astype(np.float32)
    start = projection.pca_layout(features)
    layout = projection.tsne_layout(features, start)
    assert start.shape == layout.shape == (n_spectra, 2)
    assert np.isfinite(start).all()
    assert np.isfinite(layout).all()


def test_equal_spectra_have_layouts():
    features = np.ones((30, 6), np.float32)
    start = projection.pca_layout(features)
    assert np.all(start == 0)
    assert np.all(projection.tsne_layout(features, start) == 0)
    twice = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    assert np.isfinite(projection.tsne_layout(twice, projection.pca_layout(twice))).all()


def test_new_spectra_are_placed_beside_their_nearest_neighbours():
    features, labels = clustered_rows(np.random.default_rng(4))
    layout = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], np.float32)[labels]
    new, new_labels = clustered_rows(np.random.default_rng(5), each=3)
    assert projection.place_in_layout(features, layout, new) == pytest.approx(layout[::25][new_labels], abs=0.01)
    moved = np.random.default_rng(6).normal(0, 1, (100, 2)).astype(np.float32)
    assert projection.place_in_layout(features, moved, features[:7]) == pytest.approx(moved[:7], abs=1e-3)
    assert projection.place_in_layout(features[:0], layout[:0], new).shape == (12, 2)
    assert projection.place_in_layout(features, layout, new[:0]).shape == (0, 2)
