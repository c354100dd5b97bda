"""Pretraining, from an HDF5 corpus to a model in a folder."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.mae import corpus, model_store
from ramanstudio.mae.config import (
    EmbedderConfig,
    FeaturePretrainingConfig,
    NetworkConfig,
    PretrainingConfig,
    stored_settings,
)
from ramanstudio.mae.distributed import ProcessGroup
from ramanstudio.mae.feature_pretraining import FeaturePretraining, contrastive_loss, load_feature_corpus
from ramanstudio.mae.pretraining import Pretraining, pretrain, pretraining_loss
from ramanstudio.mae.training_batch import draw_batch

TINY = NetworkConfig(width=32, heads=2, encoder_layers=1, decoder_layers=1)
ALONE = ProcessGroup(0, 1, torch.device("cpu"))
QUICK = PretrainingConfig(steps=6, samples_per_step=4096, checkpoint_every=3, warmup_steps=2, average_over=10)


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory):
    """Two groups of clean spectra: one on a shared axis, one with an axis for each spectrum."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.h5"
    random = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        axis = np.linspace(200, 1800, 900)
        centre = random.uniform(300, 1700, (30, 6, 1))
        values = 1000 * np.exp(-0.5 * ((axis - centre) / 9) ** 2).sum(axis=1) + random.normal(0, 1, (30, 900))
        shared = file.create_group("shared")
        shared["axis"], shared["values"] = axis, values
        ragged = file.create_group("ragged")
        lengths = random.integers(300, 900, 20)
        ragged["offsets"] = np.concatenate([[0], np.cumsum(lengths)])
        ragged["axis"] = np.concatenate([axis[:length] for length in lengths])
        ragged["values"] = np.concatenate([row[:length] for row, length in zip(values, lengths, strict=False)])
        ragged["sample"] = [f"sample {number // 2}" for number in range(20)]
        noise = file.create_group("noise")
        noise["axis"], noise["values"] = axis, random.normal(0, 1, (10, 900))
    return path


def weights_of(folder):
    return model_store.load(folder)[1].state_dict()


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_only_clean_spectra_are_learned_from_and_samples_are_never_split(corpus_file):
    train, apart = corpus.load([corpus_file])
    assert set(train.counts) == {"shared", "ragged"}
    assert sum(train.counts.values()) + sum(apart.counts.values()) == 50
    assert corpus.load([corpus_file], ["ragged"])[0].counts.keys() == {"shared"}


def test_a_corpus_of_noise_alone_is_refused_with_a_sentence(corpus_file, tmp_path):
    with pytest.raises(StudioError, match="clean enough"):
        corpus.load([corpus_file], ["shared", "ragged"])
    (tmp_path / "not.h5").write_text("not a corpus")
    with pytest.raises(StudioError, match=r"not\.h5"):
        pretrain(QUICK, [tmp_path / "not.h5"], tmp_path / "model", network_config=TINY)


def test_pretraining_writes_a_model_with_its_card_and_loss_curve(corpus_file, tmp_path):
    shown = []
    card = pretrain(QUICK, [corpus_file], tmp_path / "tiny", Progress(on_show=shown.append), network_config=TINY)
    assert card == model_store.read_card(tmp_path / "tiny")
    assert card.name == "tiny"
    assert (card.licence, card.cite) == ("", ""), "of the user's data neither is known"
    assert f"Pretrained without labels on {sum(card.trained_on.values())} spectra of 2 groups" in card.description
    assert "RRUFF" not in card.text() and "Licence" not in card.text()
    assert card.steps == 6
    assert card.trained_on.keys() == {"shared", "ragged"}
    header, *rows = (tmp_path / "tiny" / "loss.csv").read_text().splitlines()
    assert header == "step,loss,noise,hidden"
    assert [row.split(",")[0] for row in rows] == ["3", "6"], "a row at each checkpoint, however short the run"
    assert [row["step"] for row in shown[-1]] == [3, 6]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(corpus_file, tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        pretrain(replace(QUICK, seed=seed), [corpus_file], tmp_path / name, network_config=TINY)
    assert same(weights_of(tmp_path / "one"), weights_of(tmp_path / "again"))
    assert not same(weights_of(tmp_path / "one"), weights_of(tmp_path / "other"))


def test_a_killed_run_goes_on_to_the_same_weights(corpus_file, tmp_path):
    pretrain(QUICK, [corpus_file], tmp_path / "whole", network_config=TINY)
    steps = iter(range(100))
    killed = Progress(is_cancelled=lambda: next(steps) >= 4)  # after the checkpoint of step 3
    with pytest.raises(Cancelled):
        pretrain(QUICK, [corpus_file], tmp_path / "killed", killed, network_config=TINY)
    assert model_store.read_card(tmp_path / "killed").steps == 3
    pretrain(QUICK, [corpus_file], tmp_path / "killed", network_config=TINY)
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "killed"))
    assert (tmp_path / "whole" / "loss.csv").read_text() == (tmp_path / "killed" / "loss.csv").read_text()


@pytest.mark.parametrize("file", ["loss.csv", "card.json", "weights.safetensors", "checkpoint.safetensors"])
def test_a_run_killed_while_it_writes_its_last_files_goes_on_to_the_same(corpus_file, tmp_path, monkeypatch, file):
    pretrain(QUICK, [corpus_file], tmp_path / "whole", network_config=TINY)
    rename, writes = Path.replace, []

    def killed(self, target):
        writes.append(Path(target).name)
        if writes.count(file) == 2 and writes[-1] == file:  # the first time was at step 3
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as during:
        during.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(QUICK, [corpus_file], tmp_path / "killed", network_config=TINY)
    assert pretrain(QUICK, [corpus_file], tmp_path / "killed", network_config=TINY).steps == 6
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "killed"))
    assert (tmp_path / "whole" / "loss.csv").read_text() == (tmp_path / "killed" / "loss.csv").read_text()


def test_a_checkpoint_of_other_settings_is_refused(corpus_file, tmp_path):
    pretrain(QUICK, [corpus_file], tmp_path / "model", network_config=TINY)
    with pytest.raises(StudioError, match="other settings"):
        pretrain(replace(QUICK, seed=7), [corpus_file], tmp_path / "model", network_config=TINY)
    with pytest.raises(StudioError, match="other settings"):
        pretrain(QUICK, [corpus_file], tmp_path / "model", network_config=replace(TINY, width=64))


def test_a_folder_that_cannot_be_written_is_refused_with_a_sentence(corpus_file, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="Could not write"):
        pretrain(QUICK, [corpus_file], tmp_path / "file" / "model", network_config=TINY)


@pytest.mark.parametrize("layout", ["no axis", "one spectrum", "another axis", "offsets of a matrix"])
def test_a_corpus_of_another_layout_is_refused_with_a_sentence(tmp_path, layout):
    axis, values = np.linspace(200, 1800, 300), np.zeros((4, 300))
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        group = file.create_group("odd")
        group["values"] = values[0] if layout == "one spectrum" else values
        if layout != "no axis":
            group["axis"] = axis[:299] if layout == "another axis" else axis
        if layout == "offsets of a matrix":
            group["offsets"] = [0, 300]
    with pytest.raises(StudioError, match=r"odd\.h5"):
        corpus.load([tmp_path / "odd.h5"])


def test_gaps_in_an_axis_and_datasets_beside_the_groups_are_passed_over_and_labels_may_be_numbers(
    corpus_file, tmp_path
):
    with h5py.File(corpus_file) as file:
        axis, values = file["shared/axis"][:], file["shared/values"][:]
    gap = axis.copy()
    gap[40] = np.nan
    with h5py.File(tmp_path / "mixed.h5", "w") as file:
        file["axis"], file["values"] = axis, values
        for name, group_axis in (("gap", gap), ("good", axis)):
            group = file.create_group(name)
            group["axis"], group["values"], group["label"] = group_axis, values, np.arange(30)
    train, apart = corpus.load([tmp_path / "mixed.h5"])
    assert train.counts.keys() == {"good"}
    assert sum(train.counts.values()) + sum(apart.counts.values()) == 30


def learned_by_heart(corpus_file, part, random_mask):
    """How far a part of the loss of one small batch falls when the network sees nothing else: last over first."""
    real, _ = corpus.load([corpus_file])
    network = Pretraining(TINY, QUICK, real, ALONE).network
    example = draw_batch(np.random.default_rng(1), real, replace(QUICK, samples_per_step=1024), 512)
    count = network.window_count(512)
    visible = network.random_mask(count, 0.5, torch.Generator().manual_seed(0)) if random_mask else None
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    losses = []
    for _ in range(400):
        loss, parts = pretraining_loss(network, example, visible)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(parts[part])
    return losses[-1] / losses[0]


def test_the_network_can_learn_the_noise_of_one_batch_by_heart(corpus_file):
    assert learned_by_heart(corpus_file, "noise", random_mask=False) < 0.2


def test_the_network_can_learn_hidden_windows_by_heart(corpus_file):
    assert learned_by_heart(corpus_file, "hidden", random_mask=True) < 0.2


def test_a_saved_model_is_the_same_when_it_is_loaded(corpus_file, tmp_path):
    real, _ = corpus.load([corpus_file])
    network = Pretraining(TINY, QUICK, real, ALONE).network.eval()
    card = model_store.ModelCard("tiny", "for a test", TINY, 1, 0, 0, {"shared": 30})
    saved = model_store.save(tmp_path / "tiny", card, network.state_dict())
    read, loaded = model_store.load(tmp_path / "tiny")
    assert read == saved
    samples, axis = torch.randn(2, 300), torch.linspace(200, 900, 300).expand(2, -1)
    with torch.inference_mode():
        assert all(
            torch.equal(one, other) for one, other in zip(network(samples, axis), loaded(samples, axis), strict=True)
        )


def test_a_damaged_or_foreign_model_is_refused_with_a_sentence(corpus_file, tmp_path):
    folder = tmp_path / "model"
    pretrain(QUICK, [corpus_file], folder, network_config=TINY)
    whole = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").write_bytes(whole[:-100])
    with pytest.raises(StudioError, match="damaged"):
        model_store.load(folder)
    (folder / "weights.safetensors").write_bytes(whole)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"network": card["network"] | {"width": 48}}))
    with pytest.raises(StudioError, match="damaged"):
        model_store.load(folder)
    (folder / "card.json").write_text("{")
    with pytest.raises(StudioError, match="card"):
        model_store.load(folder)


def test_the_learning_rate_warms_up_linearly_and_then_decays_as_a_cosine_to_a_hundredth(corpus_file):
    config = PretrainingConfig(steps=12, samples_per_step=640, warmup_steps=4, learning_rate=0.01)
    run = Pretraining(TINY, config, corpus.load([corpus_file])[0], ALONE)
    rates = []
    for _ in range(13):
        run.take_step()
        rates.append(run.optimizer.param_groups[0]["lr"])
    assert rates[:4] == pytest.approx([0.0025, 0.005, 0.0075, 0.01])
    decay = 0.01 * (0.01 + 0.99 * (1 + np.cos(np.pi * np.arange(9) / 8)) / 2)
    assert rates[4:] == pytest.approx(decay)
    assert rates[-1] == pytest.approx(1e-4)


def test_the_contrastive_loss_is_the_cross_entropy_of_the_partner_at_its_temperature():
    rows = torch.eye(3)  # similarity 1 with the partner, 0 with the four others
    for temperature in (1.0, 0.1):
        expected = np.log(np.exp(1 / temperature) + 4) - 1 / temperature
        assert float(contrastive_loss(rows, rows, temperature)) == pytest.approx(expected, rel=1e-2)
    assert contrastive_loss(rows, rows.roll(1, 0), 0.1) > 5, "the partner is one of the others"


def test_features_are_learned_with_a_warm_up_and_a_cosine_decay(corpus_file):
    config = FeaturePretrainingConfig(steps=8, spectra_per_step=4, warmup_steps=2, learning_rate=0.01)
    tiny = EmbedderConfig(tokens=20, width=16, heads=2, layers=1, features=8)
    run = FeaturePretraining(config, load_feature_corpus([corpus_file], tiny, config), tiny, torch.device("cpu"))
    rates = []
    for _ in range(9):
        run.take_step()
        rates.append(run.optimizer.param_groups[0]["lr"])
    cosine = 0.01 * (0.01 + 0.99 * (1 + np.cos(np.pi * np.arange(9) / 8)) / 2)
    assert rates == pytest.approx(np.minimum(1, np.arange(1, 10) / 2) * cosine)


def test_checkpoints_store_settings_under_the_names_of_earlier_versions():
    assert stored_settings(PretrainingConfig()) == (
        "PretrainPlan(steps=24000, samples_a_step=65536, learning_rate=0.001, warmup_steps=300, weight_decay=0.02,"
        " real_share=0.5, hiding_steps=0.25, hidden_share=0.5, average_over=1000, checkpoint_every=250, leave_out='',"
        " seed=1)"
    )
    assert "hidden_share=0.25, views_weight=1.0, hiding_weight=0.3" in stored_settings(FeaturePretrainingConfig())
    assert "twins='rruff'" in stored_settings(FeaturePretrainingConfig())
