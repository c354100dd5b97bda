import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from ramanstudio.clustering import silhouette


def test_widths_equal_those_of_scikit_learn():
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 300)
    rows = np.eye(4)[labels] + random.normal(0, 0.3, (300, 4))
    assert silhouette.silhouette_widths(rows, labels) == pytest.approx(silhouette_samples(rows, labels), abs=1e-3)


def test_widths_from_a_sample_are_close_to_the_exact_ones(monkeypatch):
    monkeypatch.setattr(silhouette, "SAMPLE", 400)
    monkeypatch.setattr(silhouette, "BLOCK", 300)
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 500)
    rows = np.eye(4)[labels] + random.normal(0, 0.3, (2000, 4))
    assert silhouette.silhouette_widths(rows, labels) == pytest.approx(silhouette_samples(rows, labels), abs=0.1)


def test_outliers_and_a_single_group_have_no_width():
    rows = np.random.default_rng(2).normal(0, 1, (9, 3))
    assert np.isnan(silhouette.silhouette_widths(rows, np.zeros(9, int))).all()
    widths = silhouette.silhouette_widths(rows, np.array([0, 0, 0, 0, 1, 1, 1, -1, 2]))
    assert np.isnan(widths[7])
    assert widths[8] == 0
    assert np.isfinite(np.delete(widths, 7)).all()
