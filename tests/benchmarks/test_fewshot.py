"""The few-label benchmark: no sample on both sides, settings chosen on the labels given, scores to be believed."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.cluster import KMeans

from benchmarks import ablation
from benchmarks.fewshot import Ours, agreement, components, derivative, raw, score
from benchmarks.labelled_sets import LabelledSpectra, minerals_raw, single_cells
from benchmarks.repeats import CORPUS
from benchmarks.rivals import classifiers
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.mae.config import EmbedderConfig
from ramanstudio.mae.embedder import Embedder

needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus of labelled spectra is not here")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(device="cpu")


def substances(many: int = 12, noise: float = 0.1) -> LabelledSpectra:
    """Three substances of one line each, `many` spectra a substance under fluorescence; the last has three samples."""
    draw = np.random.default_rng(0)
    axis = np.linspace(200, 1800, 400)
    centre = np.repeat([500.0, 900.0, 1300.0], many)
    lines = np.exp(-0.5 * ((axis - centre[:, None]) / 12) ** 2)
    background = draw.uniform(0, 5, (len(centre), 1)) * np.exp(-axis / 900)
    values = lines + background + noise * draw.standard_normal(lines.shape)
    names = np.repeat(["talc", "quartz", "zircon"], many)
    samples = np.where(names == "zircon", np.char.add("zircon ", (np.arange(len(names)) % 3).astype(str)), names)
    return LabelledSpectra("made up", SpectrumSet.of(axis, values).with_table(label=names, sample=samples), (1, 4))


def test_no_spectrum_and_no_sample_is_learned_from_and_tested_on():
    labelled = substances()
    samples = labelled.spectra.table["sample"]
    for train, test in labelled.splits(4):
        assert not set(train) & set(test)
        learned = {name for name in samples[train] if name.startswith("zircon")}
        assert learned and not learned & set(samples[test])
        assert all(np.sum(labelled.labels[train] == name) == 4 for name in ("talc", "quartz", "zircon"))


def test_draws_differ_and_are_the_same_next_time():
    labelled = substances()
    draws = [tuple(train) for train, _ in labelled.splits(4)]
    assert len(set(draws)) == len(draws)
    assert draws == [tuple(train) for train, _ in labelled.splits(4)]


@pytest.mark.parametrize("classify", [*classifiers.RIVALS.values(), classifiers.nearest_mean, classifiers.forest])
def test_every_rival_tells_three_substances_apart_by_their_derivative(classify):
    labelled = substances()
    one, four = score(labelled, derivative(labelled.spectra), classify)
    assert one.mean > 0.5 and four.mean > 0.9


@pytest.mark.parametrize("classify", [*classifiers.RIVALS.values(), classifiers.shrinkage_lda])
def test_features_may_be_fewer_than_labels(classify):
    labelled = substances(many=30)
    few = components(labelled.spectra)[:, :4]
    for train, test in labelled.splits(8, draws=1):
        assert np.mean(classify(few[train], labelled.labels[train], few[test]) == labelled.labels[test]) > 0.9


def test_fluorescence_is_taken_off_the_raw_spectra():
    labelled = substances(noise=0.02)
    rows = raw(labelled.spectra)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert abs(labelled.spectra.axis[np.argmax(rows[0])] - 500) < 8


def test_what_ours_sees_of_spectra_tells_substances_apart_at_one_label(engine):
    labelled = substances()
    ours = Ours.of(engine, labelled.spectra)
    one, _ = score(labelled, ours.joined, classifiers.shrinkage_lda)
    assert one.mean > 0.9
    assert agreement(KMeans(3, n_init=5, random_state=0).fit_predict(ours.for_groups), labelled.labels).accuracy > 0.9


def test_groups_agree_with_classes_whatever_they_are_called():
    found = agreement(np.array([7, 7, 3, 3, 5, 5]), np.array(["a", "a", "b", "b", "c", "c"]))
    assert found.accuracy == 1 and found.mutual == pytest.approx(1)
    assert agreement(np.zeros(6), np.array(["a", "a", "b", "b", "c", "c"])).accuracy == pytest.approx(1 / 3)


@needs_corpus
def test_the_sets_are_those_of_the_published_figures():
    cells, minerals = single_cells(), minerals_raw()
    assert len(cells.spectra) == 711 and len(np.unique(cells.labels)) == 14
    train, test = next(minerals.splits(None))
    assert (len(train), len(test)) == (340, 150) and len(np.unique(minerals.labels)) == 63


@needs_corpus
def test_the_strongest_line_of_calcite_is_where_calcite_has_it():
    minerals = minerals_raw()
    lines = derivative(minerals.spectra[minerals.labels == "Calcite"])
    steepest = minerals.spectra.axis[np.argmax(np.abs(lines), axis=1)]
    assert abs(np.median(steepest) - 1086) < 8


def test_what_features_are_learned_from_differs_in_nothing_else():
    plans = ablation.plans(steps=3)
    assert len(set(plans.values())) == len(plans) == 6
    for plan in plans.values():
        assert "minerals_raw_test" in plan.leave_out
        same = {"contrastive_weight": 1.0, "reconstruction_weight": 0.3, "simulated_share": 0.1}
        assert replace(plan, **same) == replace(plans["both, 10% simulated"], **same)


def test_an_ablated_training_is_judged_by_its_features_on_both_sets():
    embedder = Embedder(EmbedderConfig(width=16, heads=2, layers=1, features=8))
    features = ablation.features_of(embedder.eval(), substances())
    assert features.shape == (36, 8)
    assert np.allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
