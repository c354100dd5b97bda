"""Features: on any axis, of unit length, and of the substance, not of how it was measured."""

import numpy as np
import pytest
import torch

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.mae import corruption
from ramanstudio.mae.augmentation import augment
from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.embedder import Embedder
from ramanstudio.signal.resampling import resample_to_grid

PLAN = EmbedderConfig(tokens=20, token=16, step_cm=5.0, width=16, heads=2, layers=1, features=8)


@pytest.fixture(scope="module")
def engine():
    return Engine.load(device="cpu")


def minerals(axis, n_spectra=12, seed=1):
    """Made-up substances (N, B) at `axis`, the same whatever the axis."""
    fine = np.linspace(200, 1800, 3200)
    lines = corruption.simulated_lines(np.random.default_rng(seed), np.broadcast_to(fine, (n_spectra, 3200)))
    return np.stack([np.interp(axis, fine, row) for row in lines])


def test_a_line_falls_on_its_place_of_the_grid_whatever_the_axis():
    for axis in (np.linspace(150, 1500, 1351), np.geomspace(120, 1550, 700)):
        line = np.exp(-0.5 * ((axis - 900) / 12) ** 2)
        rows, measured = resample_to_grid(PLAN, axis, line[None])
        centres = PLAN.low_cm + PLAN.step_cm * (np.arange(PLAN.samples) + 0.5)
        assert abs(centres[np.argmax(rows[0])] - 900) <= PLAN.step_cm
        assert not measured[centres < axis[0]].any() and not measured[centres > axis[-1]].any()
        assert np.all(rows[0][~measured] == 0)


def test_what_was_not_measured_says_nothing():
    torch.manual_seed(0)
    network = Embedder(PLAN).eval()
    rows = torch.randn(3, PLAN.samples)
    measured = torch.ones(3, PLAN.samples)
    measured[:, 160:] = 0
    beside = rows.clone()
    beside[:, 160:] = 1000.0
    with torch.inference_mode():
        item, other = (network(subset * measured, measured)[0] for subset in (rows, beside))
    assert torch.equal(item, other)
    assert torch.allclose(item.norm(dim=1), torch.ones(3), atol=1e-5)


def test_a_view_shows_the_same_lines_with_noise_and_less_of_the_range():
    random = np.random.default_rng(3)
    centres = PLAN.low_cm + PLAN.step_cm * np.arange(PLAN.samples)
    rows = minerals(centres, n_spectra=40).astype(np.float32)
    seen, kept = augment(random, PLAN, rows, np.ones(rows.shape, np.float32))
    assert np.all(seen[kept == 0] == 0)
    assert 0.2 < np.mean(kept.min(axis=1) == 0) < 0.8, "half of the views are cropped"
    assert kept.sum(axis=1).min() * PLAN.step_cm >= 300


def test_features_tell_substances_apart_under_noise_fluorescence_and_on_another_axis(engine):
    random = np.random.default_rng(5)
    library_axis, axis = np.linspace(200, 1800, 1000), np.linspace(230, 1750, 640)
    library = SpectrumSet.of(library_axis, minerals(library_axis))
    clean = minerals(axis)
    glow = random.uniform(2, 6, (12, 1)) * np.exp(-(((axis - 800) / random.uniform(600, 1200, (12, 1))) ** 2))
    query = SpectrumSet.of(axis, clean + glow + random.normal(0, 0.1, clean.shape))
    likeness = engine.embed(query) @ engine.embed(library).T
    by_features = np.mean(likeness.argmax(axis=1) == np.arange(12))
    raw = np.corrcoef(query.values, minerals(axis))[:12, 12:]
    assert by_features >= 0.9
    assert by_features > np.mean(raw.argmax(axis=1) == np.arange(12))


def test_spectra_of_many_axes_are_read_in_one_batch_as_each_would_be_alone(engine):
    axes = [np.linspace(200 + step, 1800 - 3 * step, 700 + 10 * step) for step in range(9)]
    sets = [SpectrumSet.of(axis, minerals(axis, n_spectra=1 + centre % 3)) for centre, axis in enumerate(axes)]
    alone = [engine.compare([item, item]).features[: len(item)] for item in sets]
    reports = []
    together = engine.compare(sets, Progress(lambda done, total, _note: reports.append((done, total)))).features
    assert np.allclose(together, np.concatenate(alone), atol=1e-5)
    assert len([done for done, total in reports if total == sum(map(len, sets))]) <= 4  # not a batch for each axis


def test_too_short_a_range_and_a_model_without_features_are_sentences(engine, tmp_path):
    axis = np.linspace(200, 400, 300)
    with pytest.raises(StudioError, match="Only 200 cm⁻¹ of these spectra lie between 100 and 3300 cm⁻¹"):
        engine.embed(SpectrumSet.of(axis, np.ones((1, 300))))
    with pytest.raises(StudioError, match="not numbers"):
        engine.embed(SpectrumSet.of(np.linspace(200, 1800, 300), np.full(300, np.nan)))


@pytest.mark.parametrize("model", ["smae-base", "smae-small"])
def test_every_shipped_model_gives_features_of_unit_length(model):
    axis = np.linspace(150, 1900, 800)
    features = Engine.load(model, device="cpu").embed(SpectrumSet.of(axis, minerals(axis, n_spectra=3)))
    assert features.shape == (3, EmbedderConfig().features)
    assert features.dtype == np.float32
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
