"""Training from the command line: killed and taken up again, shared by processes, on folders of spectrum files."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ramanstudio.cli import exit_codes, main
from ramanstudio.core.progress import Cancelled, Progress
from ramanstudio.mae import corpus, model_store
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig
from ramanstudio.mae.feature_pretraining import pretrain_features

SMALL = ["--width", "32", "--heads", "2", "--encoder-layers", "1", "--samples-per-step", "4096", "--device", "cpu"]
AXIS = np.linspace(200, 1800, 900)
NAMES = ("whole", "killed")
ROOT = Path(__file__).resolve().parents[2]

# Each of the processes ends itself: torchrun starts them in sessions of their own, which a kill of its own misses.
KILLED = """
import os, pathlib, signal, threading, time
from ramanstudio.cli.main import main

def kill_at_first_checkpoint():
    while not pathlib.Path({checkpoint!r}).exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=kill_at_first_checkpoint, daemon=True).start()
main({killed})
"""


def clean(n_spectra, seed=0):
    random = np.random.default_rng(seed)
    centre = random.uniform(300, 1700, (n_spectra, 6, 1))
    return 1000 * np.exp(-0.5 * ((AXIS - centre) / 9) ** 2).sum(axis=1) + random.normal(0, 1, (n_spectra, 900))


@pytest.fixture(scope="module")
def corpus_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.h5"
    with h5py.File(path, "w") as file:
        file["lines/axis"], file["lines/values"] = AXIS, clean(40)
    return path


def arguments(corpus_file, out, steps):
    return ["pretrain", str(corpus_file), "--out", str(out), "--steps", str(steps), *SMALL]


def start(*command):
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    return output


def weights(folder):
    return load_file(folder / "weights.safetensors")


def same(first, other, rtol=0.0):
    return first.keys() == other.keys() and all(
        torch.allclose(first[name], other[name], rtol=rtol, atol=1e-3 * rtol) for name in first
    )


def last_step(folder):
    return int((folder / "loss.csv").read_text().splitlines()[-1].split(",")[0])


def kill_at_first_checkpoint(process, folder):
    """Kill a training as soon as it has written a checkpoint."""
    while not (folder / "checkpoint.safetensors").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_a_killed_training_resumes_to_the_same_weights_and_loss(corpus_file, tmp_path):
    whole, killed = ([*arguments(corpus_file, tmp_path / name, 12), "--checkpoint-every", "3"] for name in NAMES)
    kill_at_first_checkpoint(start("-m", "ramanstudio", *killed), tmp_path / "killed")
    assert last_step(tmp_path / "killed") < 12
    for command in (whole, killed):
        assert main.main(command) == exit_codes.DONE
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"))
    assert (tmp_path / "whole" / "loss.csv").read_text() == (tmp_path / "killed" / "loss.csv").read_text()


@pytest.mark.slow
def test_two_processes_train_one_model_and_resume_to_the_same_weights(corpus_file, tmp_path):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    whole, killed, alone = (
        [*arguments(corpus_file, tmp_path / name, 8), "--checkpoint-every", "2"] for name in (*NAMES, "alone")
    )
    output = finish(start(*torchrun, "-m", "ramanstudio", *whole))
    assert output.count("million parameters") == 1, "one of the two tells of the model"
    script = tmp_path / "killed.py"
    checkpoint = str(tmp_path / "killed" / "checkpoint.safetensors")
    script.write_text(KILLED.format(killed=killed, checkpoint=checkpoint))
    process = start(*torchrun, str(script))
    process.communicate(timeout=200)
    assert process.returncode != 0, "both were killed"
    assert last_step(tmp_path / "killed") < 8
    finish(start(*torchrun, "-m", "ramanstudio", *killed))
    # sums over two processes may differ in the last digits; a step that is lost or repeated changes tenths
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "killed"), rtol=1e-4)
    assert main.main(alone) == exit_codes.DONE
    cards = [model_store.read_card(tmp_path / name) for name in ("whole", "alone")]
    assert cards[0].spectra_seen == 2 * cards[1].spectra_seen
    assert not same(weights(tmp_path / "whole"), weights(tmp_path / "alone")), (
        "the second process had spectra of its own"
    )


def test_pretraining_on_a_folder_of_spectrum_files_names_the_bad_one(tmp_path, capsys):
    folder = tmp_path / "spectra"
    (folder / "more").mkdir(parents=True)
    for number, values in enumerate(clean(12)):
        target = folder / "more" if number % 2 else folder
        np.savetxt(target / f"{number}.txt", np.column_stack([AXIS, values]))
    (folder / "holiday.txt").write_text("not a spectrum")
    assert main.main(arguments(folder, tmp_path / "model", 2)) == 0
    assert "holiday.txt" in capsys.readouterr().err
    assert model_store.read_card(tmp_path / "model").trained_on.keys() == {"spectra", "more"}
    gathered = next((tmp_path / "model").glob("*-corpus.h5"))
    before = gathered.stat().st_mtime_ns
    assert main.main(arguments(folder, tmp_path / "model", 2)) == 0
    assert gathered.stat().st_mtime_ns == before, "the same files are gathered once"


def test_a_picture_of_another_program_is_not_written_over(corpus_file, tmp_path, capsys):
    picture = tmp_path / "loss.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n of a holiday")
    assert main.main(arguments(corpus_file, tmp_path, 2)) == exit_codes.NOTHING_DONE
    assert "exists, and RamanStudio did not write it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["loss.png"]


def test_an_impossible_network_is_refused_in_a_sentence(corpus_file, tmp_path, capsys):
    assert main.main([*arguments(corpus_file, tmp_path, 2), "--window", "40"]) == 2
    assert "window of a network cannot be 40. Give a multiple of the stride" in capsys.readouterr().err.replace(
        "\n", " "
    )


def test_a_corpus_larger_than_memory_gives_the_same_spectra(corpus_file, tmp_path):
    with h5py.File(tmp_path / "ragged.h5", "w") as file:
        rows = clean(20, seed=1)
        file["ragged/axis"], file["ragged/values"] = np.tile(AXIS, 20), rows.ravel()
        file["ragged/offsets"] = 900 * np.arange(21)
    paths = [corpus_file, tmp_path / "ragged.h5"]
    whole, little = (corpus.load(paths, memory=memory)[0] for memory in (2**30, 50_000))
    drawn = [real.draw(np.random.default_rng(3), 30, 400) for real in (whole, little)]
    assert all(np.array_equal(first, other) for first, other in zip(*drawn, strict=True))
    cache = next(iter(little.groups.values()))[0].cache
    assert sum(axis.nbytes + values.nbytes for axis, values in cache._spectra.values()) <= 50_000


def test_feature_pretraining_resumes_to_the_same_weights(corpus_file, tmp_path):
    few = ["--tokens", "16", "--step-cm", "4", "--width", "16", "--heads", "2", "--layers", "1", "--features", "8"]

    def trained(name):
        more = ["--steps", "4", "--checkpoint-every", "2", "--spectra-per-step", "8", "--device", "cpu", *few]
        return main.main(["pretrain-features", str(corpus_file), "--out", str(tmp_path / name), *more])

    assert trained("nothing") == 2, "features go with a model that denoises"
    for name in ("whole", "stopped"):
        assert main.main(arguments(corpus_file, tmp_path / name, 2)) == 0
    assert trained("whole") == 0
    card = model_store.read_card(tmp_path / "whole")
    assert card.embedder.trained_on == {"lines": 40}
    assert card.sha256 == model_store.read_card(tmp_path / "stopped").sha256, "the half that denoises stays as it was"

    plan = EmbedderConfig(tokens=16, step_cm=4.0, width=16, heads=2, layers=1, features=8)
    how = FeaturePretrainingConfig(steps=4, checkpoint_every=2, spectra_per_step=8)
    steps = iter(range(100))
    stopping = Progress(is_cancelled=lambda: next(steps) >= 2)
    with pytest.raises(Cancelled):
        pretrain_features(how, [corpus_file], tmp_path / "stopped", stopping, plan)
    assert model_store.read_card(tmp_path / "stopped").embedder is None
    assert trained("stopped") == 0
    assert model_store.read_card(tmp_path / "stopped").embedder == card.embedder


@pytest.mark.parametrize(
    ("flags", "field"),
    [
        (["--steps", "0"], "steps"),
        (["--checkpoint-every", "0"], "checkpoint every"),
        (["--mask-ratio", "2"], "mask ratio"),
        (["--hidden-share", "2"], "mask ratio"),
        (["--learning-rate", "nan"], "learning rate"),
        (["--seed", "-1"], "seed"),
    ],
)
def test_impossible_training_settings_are_refused_in_a_sentence(
    tmp_path: Path, flags: list[str], field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["pretrain", "a.h5", "--out", str(tmp_path / "model"), "--device", "cpu", *flags]
    assert main.main(given) == exit_codes.NOTHING_DONE
    assert f"The {field} of a training cannot be {flags[1]}" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


def test_a_flag_of_an_earlier_version_works_and_names_its_successor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["pretrain", "a.h5", "--out", str(tmp_path / "model"), "--device", "cpu", "--samples-a-step", "0"]
    assert main.main(given) == exit_codes.NOTHING_DONE
    said = capsys.readouterr().err
    assert "--samples-a-step is deprecated: use --samples-per-step." in said
    assert "The samples per step of a training cannot be 0." in said


def test_pretrain_has_a_flag_for_each_field_of_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ramanstudio.mae import pretraining

    seen: dict[str, Any] = {}

    def pretrain(plan: Any, paths: Any, out: Path, progress: Progress, network_plan: Any, device: str) -> Any:
        seen.update(plan=plan, paths=paths, out=out, device=device)
        out.mkdir()
        progress.show([{"step": 50.0, "loss": 1.0, "noise": 0.9}, {"step": 100.0, "loss": 0.8, "noise": 0.7}])
        return SimpleNamespace(text=lambda: "done")

    monkeypatch.setattr(pretraining, "pretrain", pretrain)
    out = tmp_path / "model"
    given = [
        "pretrain",
        "a.h5",
        "b.h5",
        "--out",
        str(out),
        "--steps",
        "7",
        "--learning-rate",
        "0.01",
        "--device",
        "cpu",
    ]
    assert main.main(given) == exit_codes.DONE
    assert (seen["plan"].steps, seen["plan"].learning_rate, seen["device"]) == (7, 0.01, "cpu")
    assert seen["paths"] == [Path("a.h5"), Path("b.h5")]
    assert (out / "loss.png").stat().st_size > 5000
