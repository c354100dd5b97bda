import numpy as np
import pytest

from ramanstudio.signal import pca, spectral_features

AXIS = np.linspace(200, 2000, 900)


def line(centre, height=100.0, width=15.0):
    return height / (1 + ((AXIS - centre) / width) ** 2)


def test_a_baseline_runs_under_the_lines():
    under = 500 + 300 * np.sin(AXIS / 900)
    found = spectral_features.baseline(AXIS, (under + line(800) + line(1200))[None])[0]
    inside = slice(40, -40)
    assert np.abs(found - under)[inside].max() < 12


def test_neither_fluorescence_nor_scale_changes_what_a_spectrum_looks_like():
    plain = (line(600) + line(1100, 40))[None]
    bright = 7 * plain + 2000 * np.exp(-(((AXIS - 1500) / 1500) ** 2))
    other = (line(700) + line(1300, 40))[None]
    for a, b, c in zip(
        *(spectral_features.lines_and_slopes(AXIS, rows) for rows in (plain, bright, other)), strict=True
    ):
        assert a[0] @ b[0] > 0.9
        assert a[0] @ c[0] < 0.6


def test_features_are_of_unit_length_and_a_flat_spectrum_has_none():
    rows = np.vstack([line(500), np.zeros(900)])
    for features in spectral_features.lines_and_slopes(AXIS, rows):
        assert np.allclose(np.linalg.norm(features, axis=1), [1, 0], atol=1e-6)


def test_components_keep_who_is_like_whom():
    random = np.random.default_rng(1)
    rows = np.repeat(np.stack([line(600), line(900), line(1300)]), 20, axis=0) + random.normal(0, 3, (60, 900))
    features = pca.principal_scores(rows)
    assert features.shape == (60, pca.N_COMPONENTS)
    alike = features @ features.T
    assert alike[:20, :20].mean() > 0.5 > alike[:20, 20:].mean()


def test_baselines_fitted_all_at_once_equal_those_fitted_one_by_one(monkeypatch):
    random = np.random.default_rng(2)
    rows = np.stack([line(random.uniform(300, 1700), random.uniform(5, 40)) for _ in range(150)])
    rows = (rows + 200 * np.exp(-(((AXIS - 900) / 700) ** 2)) + random.normal(0, 1, rows.shape)).astype(np.float32)
    monkeypatch.setattr(spectral_features, "BLOCK", 70)
    together = spectral_features.baseline(AXIS, rows)
    alone = np.concatenate([spectral_features.baseline(AXIS, row[None]) for row in rows])
    assert together == pytest.approx(alone, abs=1e-3)
