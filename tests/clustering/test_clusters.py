import numpy as np
import pytest

from ramanstudio.clustering import clusters
from ramanstudio.core.errors import StudioError
from ramanstudio.core.labels import OUTLIER
from ramanstudio.core.progress import Cancelled, Progress


def groups(random, sizes=(50, 30, 20), spread=0.05):
    """Points around as many corners of a cube, and which they belong to."""
    belongs = np.repeat(np.arange(len(sizes)), sizes)
    return np.eye(8)[belongs] + random.normal(0, spread, (len(belongs), 8)), belongs


def test_the_number_of_groups_is_found_and_the_largest_comes_first():
    features, belongs = groups(np.random.default_rng(1))
    found = clusters.cluster(features)
    assert found.n_clusters == 3
    assert np.array_equal(found.labels, belongs)
    assert found.silhouette > 0.8
    assert np.all(found.probabilities > 0.9)


def test_who_stands_between_two_groups_belongs_less_surely():
    features, _ = groups(np.random.default_rng(2), sizes=(40, 40))
    middle = (features[:40].mean(axis=0) + features[40:].mean(axis=0)) / 2
    found = clusters.cluster(np.vstack([features, np.tile(middle, (3, 1))]), 2)
    assert np.all(found.probabilities[-3:] < found.probabilities[:-3].min())


def test_the_same_spectra_always_give_the_same_groups():
    features, _ = groups(np.random.default_rng(3), spread=0.4)
    once, again = clusters.cluster(features, 4), clusters.cluster(features, 4)
    assert np.array_equal(once.labels, again.labels)
    assert np.array_equal(once.probabilities, again.probabilities)


@pytest.mark.parametrize("features", [np.ones((1, 4)), np.ones((9, 4)), np.eye(2)])
def test_too_few_or_equal_spectra_are_one_group(features):
    found = clusters.cluster(features)
    assert (found.n_clusters, found.silhouette) == (1, 0.0)
    assert np.all(found.labels == 0)


def test_spectra_that_differ_by_rounding_only_are_equal():
    rows = np.tile(np.random.default_rng(5).normal(0, 1, 12), (30, 1)).astype(np.float32)
    jittered = np.nextafter(rows, np.where(np.arange(30)[:, None] % 2, np.inf, -np.inf).astype(np.float32))
    assert clusters.all_equal(jittered)
    assert clusters.cluster(jittered).n_clusters == 1
    with pytest.raises(StudioError, match="Spectra that are all equal cannot form 4 groups"):
        clusters.cluster(jittered, 4)
    assert not clusters.all_equal(np.vstack([rows, 1.01 * rows[:1]]))


@pytest.mark.parametrize("count", [0, 3])
def test_more_groups_than_different_spectra_are_refused_in_a_sentence(count):
    with pytest.raises(StudioError, match=f"2 different spectra cannot form {count} groups"):
        clusters.cluster(np.repeat(np.eye(2), 5, axis=0), count)


def test_grouping_can_be_cancelled():
    features, _ = groups(np.random.default_rng(4))
    with pytest.raises(Cancelled):
        clusters.cluster(features, progress=Progress(is_cancelled=lambda: True))


METHODS = [method.key for method in clusters.METHODS]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("many", [1, 2, 3, 5])
def test_every_method_takes_few_spectra(method, many):
    found = clusters.cluster(np.eye(8)[:many], method=method)
    assert len(found.labels) == many
    assert found.n_clusters >= 1


@pytest.mark.parametrize("method", METHODS)
def test_a_spectrum_unlike_all_others_is_an_outlier_and_has_no_chance(method):
    features, _ = groups(np.random.default_rng(5), sizes=(60, 50, 40))
    found = clusters.cluster(np.vstack([features, np.full((1, 8), 3.0)]), 3, method)
    assert found.labels[-1] == OUTLIER
    assert found.probabilities[-1] == 0
    assert np.mean(found.labels == OUTLIER) <= 0.02


def test_an_unknown_method_is_a_sentence():
    with pytest.raises(StudioError, match="no clustering method called 'magic'"):
        clusters.cluster(np.eye(3), 2, "magic")
