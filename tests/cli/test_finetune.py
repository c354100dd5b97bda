"""The command line teaches a model with labelled files, keeps it, and lets it name other files."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ramanstudio.cli import main
from ramanstudio.engine import Engine
from ramanstudio.finetuning import classification, finetuned_model, training
from ramanstudio.finetuning.config import FinetunePlan
from tests.finetuning.substances import AXIS, EXTRACTOR, LINES, mixtures, substance


class Teacher:
    """Stands for the engine where the model does not matter."""

    device_name = "CPU · 1 thread"
    card = SimpleNamespace(name=EXTRACTOR.parent)

    def finetune(self, spectra, labels, plan=None, groups=None, progress=None):
        return training.finetune(EXTRACTOR, spectra, labels, groups, plan, progress)

    def classify(self, spectra, model, progress=None):
        return classification.classify(EXTRACTOR, spectra, model, progress)


@pytest.fixture(autouse=True)
def teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: Teacher()))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Five files of each substance, named without a hint."""
    files = []
    for index, name in enumerate(LINES):
        for number, row in enumerate(substance(name, 5, seed=index)):
            file = tmp_path / "spectra" / f"scan{5 * index + number:02}.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_text("".join(f"{shift:.2f}\t{value:.5f}\n" for shift, value in zip(AXIS, row, strict=True)))
            files.append(file)
    return files


def table_of(path: Path, rows: list[tuple[str, ...]], separator: str = ",") -> Path:
    path.write_text("".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def labels_for(files: list[Path], each: int = 4) -> list[tuple[str, ...]]:
    """A table with labels for the first `each` files of each substance."""
    names = np.repeat(list(LINES), 5)
    rows = [(file.name, str(name)) for index, (file, name) in enumerate(zip(files, names)) if index % 5 < each]  # noqa: B905
    return [("file", "label"), *rows]


def teach(files: list[Path], labels: Path, *more: str) -> int:
    return main.main(["finetune", *map(str, files), "--labels", str(labels), "--out", "minerals", *more])


def test_values_beyond_the_calibrated_range_are_marked(tmp_path, capsys):
    spectra, share = mixtures(18, levels=6)
    plan = FinetunePlan("spectrum", "ridge", quantity=True)
    learned = share < 0.7
    finetuned_model.save(training.finetune(EXTRACTOR, spectra[learned], share[learned], plan=plan).model, "share")
    for row in (1, 5):  # 0.2 and 1
        np.savetxt(tmp_path / f"scan{row}.txt", np.column_stack([AXIS, spectra.values[row]]), fmt="%.5f")
    out = tmp_path / "values.csv"
    assert main.main(["classify", str(tmp_path), "--model", "share", "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["extrapolated"] for row in csv.DictReader(file)] == ["no", "yes"]
    printed = capsys.readouterr().out
    assert "1 of 2 values are extrapolated: outside 0 to 0.6" in printed and "extrapolated" in printed.splitlines()[0]


def test_finetune_then_classify_names_unseen_files(files, tmp_path, capsys):
    labels = table_of(tmp_path / "labels.csv", labels_for(files))
    assert teach([tmp_path / "spectra"], labels) == 0
    printed = capsys.readouterr().out
    assert "Saved as 'minerals'" in printed and "Suggested next labels" in printed
    assert "Expected accuracy" in printed
    out = tmp_path / "answers.csv"
    unseen = [files[4], files[9], files[14]]
    assert main.main(["classify", *map(str, unseen), "--model", "minerals", "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == list(LINES)
    assert all(float(row["probability"]) > 0.5 and row["unknown"] == "no" for row in rows)
    assert float(rows[0]["talc"]) == pytest.approx(float(rows[0]["probability"]), abs=1e-3)


def test_labels_of_files_that_were_not_given_are_reported(files, tmp_path, capsys):
    rows = [*labels_for(files), ("holiday.txt", "talc")]
    assert teach(files, table_of(tmp_path / "labels.csv", rows)) == 0
    assert "'holiday.txt'" in capsys.readouterr().err


def test_samples_come_from_a_column_of_a_semicolon_table(files, tmp_path):
    head, *rows = labels_for(files)
    rows_with_samples = [(*head, "grain"), *((*row, f"{row[1]} {index % 2}") for index, row in enumerate(rows))]
    labels = table_of(tmp_path / "labels.csv", rows_with_samples, ";")
    assert teach(files, labels, "--groups", "grain") == 0
    assert not any("optimistic" in note for note in finetuned_model.load("minerals").card.notes)


@pytest.mark.parametrize(
    ("rows", "more", "sentence"),
    [
        ([("file", "kind"), ("scan00.txt", "talc")], (), "no column 'label'"),
        ([("file", "label"), ("other.txt", "talc")], (), "None of the files is in the table"),
        ([("file", "label"), ("scan00.txt", "talc")], (), "one class"),
        ([("file", "label"), ("scan00.txt", "talc")], ("--groups", "grain"), "no column 'grain'"),
        ([], (), "no column 'file'"),
    ],
)
def test_an_unusable_label_table_is_refused(files, tmp_path, capsys, rows, more, sentence):
    assert teach(files, table_of(tmp_path / "labels.csv", rows), *more) == 2
    assert sentence in capsys.readouterr().err
    assert finetuned_model.list_names() == ()


def test_a_model_name_that_is_taken_is_refused_before_training(files, tmp_path, capsys, monkeypatch):
    labels = table_of(tmp_path / "labels.csv", labels_for(files))
    assert teach(files, labels) == 0
    monkeypatch.setattr(Engine, "load", classmethod(lambda *_, **__: pytest.fail("the model was loaded")))
    assert teach(files, labels) == 2
    assert "already" in capsys.readouterr().err


def test_a_broken_file_is_named_and_the_others_are_used(files, tmp_path, capsys):
    labels = table_of(tmp_path / "labels.csv", labels_for(files))
    (tmp_path / "spectra" / "holiday.txt").write_text("not a spectrum")
    assert teach([*files, tmp_path / "spectra" / "holiday.txt"], labels) == 1
    assert "holiday.txt" in capsys.readouterr().err


def test_classify_names_a_missing_model(files, tmp_path, capsys):
    assert main.main(["classify", str(files[0]), "--model", "none", "--out", str(tmp_path / "x.csv")]) == 2
    assert "no fine-tuned model 'none'" in capsys.readouterr().err


def test_a_folder_that_is_not_trained_on_is_tested_once(files, tmp_path, capsys):
    folder = tmp_path / "later"
    folder.mkdir()
    for index in (4, 9, 14):
        files[index] = files[index].rename(folder / files[index].name)
    labels = table_of(tmp_path / "labels.csv", labels_for(files, 5))
    assert teach([tmp_path / "spectra"], labels, "--test", str(folder)) == 0
    assert "Test set of 3 spectra: accuracy 100 %" in capsys.readouterr().out
    assert sum(finetuned_model.load("minerals").card.counts) == 12


def test_files_to_test_on_that_are_trained_on_are_refused(files, tmp_path, capsys):
    labels = table_of(tmp_path / "labels.csv", labels_for(files))
    assert teach(files, labels, "--test", str(files[0])) == 2
    assert "are trained on too" in capsys.readouterr().err
    assert teach(files, labels, "--test", str(tmp_path / "nowhere")) == 2
    assert "No spectrum of the test set can be read" in capsys.readouterr().err
