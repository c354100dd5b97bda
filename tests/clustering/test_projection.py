"""Planes: like spectra lie by like, and every number of them has one."""

import numpy as np
import pytest

from ramanstudio.clustering import projection
from ramanstudio.core.progress import Cancelled, Progress


def kinds(random, each=25, many=4):
    """Spectra of several kinds, and which they are."""
    belongs = np.repeat(np.arange(many), each)
    return (np.eye(12)[belongs] + random.normal(0, 0.1, (len(belongs), 12))).astype(np.float32), belongs


def apart(plane, belongs):
    """How much farther the means of the kinds lie from each other than the spectra from their mean."""
    means = np.stack([plane[belongs == one].mean(axis=0) for one in np.unique(belongs)])
    within = np.mean(np.linalg.norm(plane - means[belongs], axis=1))
    between = np.linalg.norm(means[:, None] - means, axis=2)
    return between[between > 0].min() / within


def test_the_components_plane_spreads_most_along_its_first_axis():
    features, _ = kinds(np.random.default_rng(0))
    plane = projection.pca_layout(features)
    assert plane.shape == (100, 2)
    assert plane.dtype == np.float32
    assert plane[:, 0].std() >= plane[:, 1].std() > 0
    assert np.corrcoef(plane.T)[0, 1] == pytest.approx(0, abs=1e-3)


def test_a_settled_plane_tells_kinds_apart_and_moves_as_it_settles():
    features, belongs = kinds(np.random.default_rng(1))
    steps, shown = [], []
    start = projection.pca_layout(features)
    plane = projection.tsne_layout(features, start, Progress(lambda *step: steps.append(step), shown.append))
    assert apart(plane, belongs) > 3
    assert [done for done, *_ in steps] == sorted(done for done, *_ in steps)
    assert steps[-1][0] == steps[-1][1] > len(shown)
    assert len(shown) >= 30
    assert all(one.shape == (100, 2) and np.isfinite(one).all() for one in shown)
    assert np.abs(shown[0] - shown[-1]).max() > 1
    again = projection.tsne_layout(features, start)
    assert np.array_equal(plane, again)
    assert not np.array_equal(plane, projection.tsne_layout(features, start, seed=1))


def test_a_plane_that_is_stopped_keeps_what_was_shown():
    features, _ = kinds(np.random.default_rng(2))
    shown = []
    progress = Progress(on_show=shown.append, is_cancelled=lambda: len(shown) >= 3)
    with pytest.raises(Cancelled):
        projection.tsne_layout(features, projection.pca_layout(features), progress)
    assert len(shown) == 3
    assert np.isfinite(shown[-1]).all()


@pytest.mark.parametrize("many", [0, 1, 2, 3, 5, 8])
def test_few_spectra_have_planes_too(many):
    features = np.random.default_rng(3).normal(0, 1, (many, 6)).astype(np.float32)
    start = projection.pca_layout(features)
    plane = projection.tsne_layout(features, start)
    assert start.shape == plane.shape == (many, 2)
    assert np.isfinite(start).all()
    assert np.isfinite(plane).all()


def test_equal_spectra_have_planes_too():
    features = np.ones((30, 6), np.float32)
    start = projection.pca_layout(features)
    assert np.all(start == 0)
    assert np.all(projection.tsne_layout(features, start) == 0)
    twice = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    assert np.isfinite(projection.tsne_layout(twice, projection.pca_layout(twice))).all()


def test_a_new_spectrum_lies_where_its_likes_lie():
    features, belongs = kinds(np.random.default_rng(4))
    plane = np.array([[0, 0], [9, 0], [0, 9], [9, 9]], np.float32)[belongs]
    new, of = kinds(np.random.default_rng(5), each=3)
    assert projection.place(features, plane, new) == pytest.approx(plane[::25][of], abs=0.01)
    moved = np.random.default_rng(6).normal(0, 1, (100, 2)).astype(np.float32)
    assert projection.place(features, moved, features[:7]) == pytest.approx(moved[:7], abs=1e-3)
    assert projection.place(features[:0], plane[:0], new).shape == (12, 2)
    assert projection.place(features, plane, new[:0]).shape == (0, 2)
