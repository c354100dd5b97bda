"""The protocol on the bacteria of Ho et al. 2019: says what is missing, keeps the test apart, gives patches back."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import bacteria_id, results
from benchmarks.bacteria import arrays, protocol
from benchmarks.bacteria.clustering import Agreement, cluster
from benchmarks.bacteria.recipes import RECIPES, Bench, quick
from benchmarks.rivals.learning import Learning, LearningPlan
from benchmarks.rivals.smae_paper import SmaePaper, SmaePlan, loss_of_hidden, standard, taken, varied
from ramanstudio.core.errors import StudioError

SCALE = 0.001  # five spectra of each class in every split
TINY = SmaePlan(patch=20, width=32, depth=1, heads=2, inner_width=32)


@pytest.fixture
def folder(tmp_path):
    """A folder with arrays of the published names, five spectra a class, the wavenumbers falling."""
    arrays.write(arrays.synthetic(SCALE), tmp_path / "arrays")
    return tmp_path / "arrays"


def bench_in(folder, bacteria):
    return Bench(bacteria, quick(), torch.device("cpu"), folder, lambda _: None)


def test_a_folder_without_the_arrays_is_told_each_name_and_shape(tmp_path, capsys):
    assert bacteria_id.main(["--data", str(tmp_path)]) == 1
    said = capsys.readouterr()
    for name, shape in {
        "X_reference.npy": (60000, 1000),
        "y_reference.npy": (60000,),
        "X_finetune.npy": (3000, 1000),
        "X_test.npy": (3000, 1000),
        "X_2018clinical.npy": (10000, 1000),
        "y_2019clinical.npy": (2500,),
        "wavenumbers.npy": (1000,),
    }.items():
        assert f"{name} {shape} is missing" in said.err
    assert "Download" in said.err and "Traceback" not in said.err and not said.out


@pytest.mark.parametrize(("words", "said"), [(["--folds", "9"], "9 folds"), (["--device", "nowhere"], "'nowhere'")])
def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path, capsys, words, said):
    asked = ["--synthetic", "--scale", str(SCALE), "--quick", "--work", str(tmp_path), *words]
    assert bacteria_id.main(asked) == 1
    assert said in capsys.readouterr().err


def test_an_array_of_another_shape_is_named_with_both_shapes(folder, capsys):
    np.save(folder / "X_test.npy", np.zeros((7, 1000)))
    (folder / "y_finetune.npy").unlink()
    with pytest.raises(StudioError) as refused:
        arrays.load(folder, SCALE)
    assert "X_test.npy (150, 1000) has the shape (7, 1000)" in str(refused.value)
    assert "y_finetune.npy (150,) is missing" in str(refused.value)
    assert "X_finetune" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("X_test.npy", b"<html>not found</html>", "could not be read"),
        ("X_finetune.npy", np.full((150, 1000), np.nan), "other than finite numbers"),
        ("y_test.npy", np.zeros(150), "are not the 30"),
        ("y_2019clinical.npy", np.repeat(np.arange(5.0), 5), "are not the 5"),
        ("wavenumbers.npy", np.abs(np.arange(1000.0) - 500), "neither fall nor rise"),
    ],
)
def test_a_damaged_array_is_refused_by_name(folder, name, content, said):
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        np.save(folder / name, content)
    with pytest.raises(StudioError) as refused:
        arrays.load(folder, SCALE)
    assert name in refused.value.sentence and said in refused.value.sentence and refused.value.remedy


def test_falling_wavenumbers_are_put_right_with_their_spectra(folder):
    stored, axis = np.load(folder / "X_test.npy"), np.load(folder / "wavenumbers.npy")
    assert axis[0] > axis[-1]
    bacteria = arrays.load(folder, SCALE)
    assert np.all(np.diff(bacteria.axis) > 0)
    for row in range(3):  # the strongest line stays at its Raman shift
        assert bacteria.axis[bacteria["test"].values[row].argmax()] == axis[stored[row].argmax()]
    np.save(folder / "wavenumbers.npy", axis[::-1])
    assert np.allclose(arrays.load(folder, SCALE)["test"].values, stored)  # rising already: left as they are


def test_the_published_shapes_are_asked_for():
    shapes = arrays.shapes()
    assert shapes["X_reference.npy"] == (60_000, 1000) and shapes["y_2018clinical.npy"] == (10_000,)
    assert arrays.simulated(SCALE).splits.keys() == arrays.SPLITS.keys()
    assert set(arrays.simulated(SCALE)["2019clinical"].labels) == {0, 2, 3, 5, 6}


def test_folds_are_stratified_and_hold_back_every_spectrum_once_a_seed():
    labels = np.repeat(np.arange(30), 10)
    parts = list(protocol.folds(labels, 5, 2))
    assert [part[:2] for part in parts] == [(seed, fold) for seed in range(2) for fold in range(5)]
    for _, _, learn, held in parts:
        assert not set(learn) & set(held) and len(learn) + len(held) == len(labels)
        assert np.all(np.bincount(labels[held]) == 2)
    for seed in range(2):
        held = np.concatenate([part[3] for part in parts if part[0] == seed])
        assert np.array_equal(np.sort(held), np.arange(len(labels)))
    assert not np.array_equal(parts[0][3], parts[5][3])


def test_the_test_is_seen_by_finished_networks_only_and_by_each_once(tmp_path, monkeypatch):
    bacteria = arrays.simulated(SCALE)
    given, test = bacteria["finetune"], bacteria["test"]
    asked, learned = [], []
    monkeypatch.setattr(
        protocol,
        "network_output",
        lambda network, rows, device: asked.append(rows) or network_output(network, rows, device),
    )
    monkeypatch.setattr(protocol, "Learning", lambda *a: learned.append(a[2]) or Learning(*a))
    network_output = bacteria_id.network_output
    bench = bench_in(tmp_path / "one", bacteria)
    recipe = RECIPES["resnet-scratch"](bench)
    found = protocol.identify(bench, recipe, given, test, seeds=2)
    assert len(asked) == len(found.tested) == 2 * 2 and all(len(rows) == len(test.labels) for rows in asked)
    spectra_of_test = {row.tobytes() for row in recipe.prepare(test.values)}
    assert learned and not any(row.tobytes() in spectra_of_test for rows in learned for row in rows)
    # another test changes its own scores and nothing that was chosen
    other = replace(test, values=test.values[::-1].copy())
    again = protocol.identify(bench_in(tmp_path / "other", bacteria), recipe, given, other, seeds=2)
    assert again.held_back == found.held_back
    # what is done is not done again
    assert protocol.identify(bench, recipe, given, test, seeds=2) == found and len(asked) == 8


def test_a_killed_pretraining_goes_on_to_the_same_weights(tmp_path):
    rows = arrays.simulated(SCALE)["finetune"].values[:40]
    how = LearningPlan(epochs=3, fewest_steps=0, spectra_per_step=16, learning_rate=1e-3)

    def learning():
        torch.manual_seed(0)
        return Learning(SmaePaper(1000, quick().smae), how, rows, vary=varied, loss=loss_of_hidden)

    whole, killed, second = learning(), learning(), learning()
    whole.run()
    killed.take_epoch()
    killed.save(tmp_path / "checkpoint.safetensors")
    second.run(tmp_path / "checkpoint.safetensors")
    assert second.epoch == 3
    for name, weight in whole.network.state_dict().items():
        assert torch.equal(weight, second.network.state_dict()[name]), name


def test_groups_are_matched_with_classes_as_they_fit_best():
    labels = np.array([0, 0, 0, 1, 1, 1])
    renamed = Agreement.of(np.array([2, 2, 2, 1, 1, 1]), labels)
    assert renamed == Agreement(1.0, 1.0, 1.0, 1.0)
    found = Agreement.of(np.array([1, 1, 0, 0, 0, 0]), labels)
    assert found.accuracy == pytest.approx(5 / 6)
    # pairs: 6 of 15 in one class, 7 in one group, 4 in both; expected 6 × 7 / 15 (Hubert and Arabie 1985)
    assert found.adjusted_rand == pytest.approx((4 - 2.8) / (6.5 - 2.8))
    # information: groups know ln 2 - (4 / 6) × H(1/4) of the classes, over the mean of both entropies
    of_group = -(np.log(1 / 3) / 3 + 2 * np.log(2 / 3) / 3)
    within = -(np.log(1 / 4) / 4 + 3 * np.log(3 / 4) / 4)
    assert found.normalized_mutual == pytest.approx((np.log(2) - 4 / 6 * within) / ((np.log(2) + of_group) / 2))
    assert Agreement.of(np.random.default_rng(0).integers(0, 3, 3000), np.arange(3000) % 3).adjusted_mutual < 0.01


def test_clusters_of_what_lies_apart_are_the_classes():
    labels = np.repeat(np.arange(4), 20)
    features = 10.0 * np.eye(4)[labels] + np.random.default_rng(0).standard_normal((80, 4))
    mean, spread = cluster(features, labels, seeds=2)
    assert mean.accuracy == mean.adjusted_rand == 1 and spread.accuracy == 0


def test_a_patch_seen_is_rebuilt_at_its_own_place():
    torch.manual_seed(0)
    network = SmaePaper(200, TINY)
    order, seen = network.draw(6, torch.device("cpu"))
    assert seen == 5
    tokens = torch.randn(6, 10, 32)
    back = network.put_back(taken(tokens, order[:, :seen]), order)
    for row in range(6):
        for patch in range(10):
            was_seen = bool((order[row, :seen] == patch).any())
            assert torch.equal(back[row, patch], tokens[row, patch] if was_seen else network.hidden)


def test_what_changes_in_a_patch_changes_what_is_rebuilt_there():
    torch.manual_seed(0)
    network = SmaePaper(200, replace(TINY, depth=0, decoder_depth=0)).eval()  # no layer: no patch looks at another
    spectrum = torch.rand(1, 200)
    turned = spectrum.clone()
    turned[:, 60:80] = spectrum[:, 60:80].flip(1)  # patch 3, of the same mean and deviation
    for order in (torch.tensor([[3, 7, 1, 0, 9, 2, 4, 5, 6, 8]]), torch.tensor([[9, 8, 3, 1, 2, 0, 4, 5, 6, 7]])):
        changed = (network(spectrum, order, 5) - network(turned, order, 5)).abs().amax(dim=2)[0] > 1e-6
        assert changed.tolist() == [patch == 3 for patch in range(10)]


def test_hidden_patches_are_foretold_from_those_seen():
    """Spectra of one substance at random phases: what is hidden follows from what is seen, at its own place."""
    draw = np.random.default_rng(0)
    phase = draw.uniform(0, 2 * np.pi, (256, 1))
    rows = (np.sin(phase + np.arange(200) / 11) * (1 + np.arange(200) / 200)).astype(np.float32)
    torch.manual_seed(0)
    network = SmaePaper(200, TINY)
    how = LearningPlan(epochs=40, fewest_steps=0, spectra_per_step=32, learning_rate=3e-3, momentum=0.9)
    learning = Learning(network, how, rows, loss=loss_of_hidden)
    losses = [learning.take_epoch() for _ in range(how.epochs)]
    assert losses[0] > 0.5 and losses[-1] < 0.1
    network.eval()
    spectra = torch.from_numpy(rows[:8])
    order = torch.tensor([[0, 2, 4, 6, 8, 1, 3, 5, 7, 9]]).expand(8, -1)
    with torch.inference_mode():
        rebuilt = network(spectra, order, 5)
    patches = standard(spectra).unflatten(1, (10, 20))
    for patch in (1, 3, 5, 7, 9):  # nearer to the patch of its own place than to any other
        wrong = [(rebuilt[:, patch] - patches[:, other]).square().mean() for other in range(10)]
        assert int(np.argmin(wrong)) == patch


def test_the_whole_path_on_simulated_spectra(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    words = ["--synthetic", "--scale", str(SCALE), "--quick", "--seeds", "1", "--device", "cpu", "--clinical"]
    words += ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "tables.md"), "--splits", "finetune"]
    assert bacteria_id.main(words) == 0
    text = (tmp_path / "tables.md").read_text(encoding="utf-8")
    for name in ("ResNet, labels", "ResNet, no pretraining", "smae-paper, then labels", "ours, hiding and views"):
        assert f"| {name} |" in text
    for figure in ("83.40", "83.90", "85.40", "77.80", "83.8 / 76.2 / 76.1", "81.3 / 76.8 / 76.7", "87.5", "87.8"):
        assert figure in text
    for line in (
        "| 4 classes | X_finetune, 20 |",
        "| 6 classes | X_finetune, 30 |",
        "| 30 classes | X_finetune, 150 |",
    ):
        assert line in text
    assert text.startswith("Simulated") and "X_2019clinical" in text
    assert not (tmp_path / "RESULTS.md").exists()
    # a second run has nothing left to train
    capsys.readouterr()
    assert bacteria_id.main(words) == 0
    assert "epoch" not in capsys.readouterr().out.split("Simulated")[0]


def test_figures_are_written_only_when_the_spectra_are_real(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    words = [
        "--data",
        str(folder),
        "--scale",
        str(SCALE),
        "--rows",
        "resnet-scratch",
        "--device",
        "cpu",
        "--seeds",
        "1",
    ]
    words += ["--splits", "test", "--work", str(tmp_path / "work"), "--folds", "2"]
    assert bacteria_id.main([*words, "--quick"]) == 0
    assert "| ResNet, no pretraining |" in capsys.readouterr().out and not (tmp_path / "RESULTS.md").exists()
    monkeypatch.setattr(bacteria_id.arrays, "load", lambda data, scale: replace(arrays.simulated(SCALE), real=True))
    monkeypatch.setattr(bacteria_id, "quick", lambda: pytest.fail("asked for the published sizes"))
    monkeypatch.setattr(bacteria_id, "Settings", quick)
    assert bacteria_id.main(words) == 0
    assert "## Bacteria of Ho et al. 2019" in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_labels_of_the_reference_help_the_resnet(tmp_path):
    bench = bench_in(tmp_path, arrays.simulated(0.01))
    given, test = bench.bacteria["finetune"], bench.bacteria["test"]
    with_labels, without = (
        protocol.identify(bench, RECIPES[name](bench), given, test, seeds=1) for name in ("resnet", "resnet-scratch")
    )
    assert with_labels.together > 0.5 > without.together
