"""Recipes on many files: every output once, nothing overwritten, failures named, and a stopped run goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ramanstudio import batch
from ramanstudio.batch import computing, items
from ramanstudio.batch.large_files import open_large
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.formats.registry import read
from ramanstudio.processing import Recipe
from ramanstudio.processing.cosmic_rays import RemoveCosmicRays
from ramanstudio.processing.denoise import Denoise
from ramanstudio.processing.normalise import Normalise
from tests.processing.test_steps import CountingDenoiser, spectra

RECIPE = Recipe.of(RemoveCosmicRays(), Denoise(), Normalise("maximum"), name="Test")


def write(path: Path, seed: int = 0, n: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = spectra(n, seed=seed)
    if path.suffix == ".h5":
        hdf5.write(path, source)
    else:
        rows = zip(source.axis, source.values[0], strict=True)
        path.write_text("".join(f"{shift:.3f}\t{value:.9g}\n" for shift, value in rows))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of one name, a small map, and a file that is no spectrum."""
    folder = tmp_path / "in"
    write(folder / "monday" / "quartz.txt", 1)
    write(folder / "tuesday" / "quartz.txt", 2)
    write(folder / "map.h5", 3, n=6)
    (folder / "notes.txt").write_text("measured on Monday")
    return folder


def run(paths: object, out: Path | None, **options: object) -> list[batch.FileResult]:
    return list(batch.process(paths, RECIPE, out, engine=CountingDenoiser(), **options))  # type: ignore[arg-type]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_file_has_its_result_and_a_bad_one_a_reason(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    results = {result.file.relative_to(folder).as_posix(): result for result in run(folder, out)}
    assert [name for name, result in results.items() if result.error is not None] == ["notes.txt"]
    assert results["monday/quartz.txt"].outputs == (out / "monday" / "quartz-processed.csv",)
    assert results["tuesday/quartz.txt"].outputs == (out / "tuesday" / "quartz-processed.csv",)
    rows = table(out / "results.csv")
    assert len(rows) == 8 and {row["SNR before"] for row in rows} == {"10"}
    log = {Path(row["file"]).name: row for row in table(out / "log.csv")}
    assert log["notes.txt"]["status"] == "failed" and "table of numbers" in log["notes.txt"]["reason"]
    assert Recipe.load(out / "recipe.toml") == RECIPE


@pytest.mark.parametrize("format", ["csv", "h5"])
def test_the_files_hold_what_python_gives_to_the_last_bit(folder: Path, tmp_path: Path, format: str) -> None:
    for result in run([folder / "map.h5", folder / "monday" / "quartz.txt"], tmp_path / "out", format=format):
        (source,) = read(result.file)
        expected = RECIPE.apply(source, CountingDenoiser())
        (written,) = read(result.outputs[0])
        # a single spectrum as CSV has its expected error in a second column
        np.testing.assert_array_equal(written.values[: len(source)], expected.spectra.values)
        np.testing.assert_array_equal(written.axis, expected.spectra.axis)
        np.testing.assert_array_equal(result.processed[0].expected_error, expected.expected_error)


def test_files_of_one_name_that_are_named_one_by_one_do_not_collide(folder: Path, tmp_path: Path) -> None:
    results = run([folder / "monday" / "quartz.txt", folder / "tuesday" / "quartz.txt"], tmp_path / "out")
    names = [output.name for result in results for output in result.outputs]
    assert names == ["quartz-processed.csv", "quartz-2-processed.csv"]


def test_a_stopped_run_goes_on_where_it_was(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "GROUP_FILES", 1)
    out = tmp_path / "out"
    stopped = batch.process(folder, RECIPE, out, engine=CountingDenoiser())
    first = next(stopped)
    stopped.close()  # type: ignore[attr-defined]
    journal = out / "batch.jsonl"
    journal.write_bytes(journal.read_bytes() + b'\xff\x00\n{"event": "done", "key": "cut sh')  # as a kill leaves it
    stamp = first.outputs[0].stat().st_mtime_ns
    denoiser = CountingDenoiser()
    results = list(batch.process(folder, RECIPE, out, engine=denoiser, resume=True))
    assert [result.resumed for result in results if result.file == first.file] == [True]
    assert first.outputs[0].stat().st_mtime_ns == stamp and len(denoiser.axes) == 2
    assert len(table(out / "results.csv")) == 8
    outputs = [output for result in results for output in result.outputs]
    assert len(set(outputs)) == 3 and all(output.exists() for output in outputs)


def test_an_output_that_a_kill_left_unnoted_is_written_again_under_its_name(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(folder, out)
    journal = out / "batch.jsonl"
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    kept = [event for event in events if not (event["event"] == "done" and "map.h5" in event["file"])]
    journal.write_text("".join(json.dumps(event) + "\n" for event in kept))
    (out / "map-processed.csv").write_text("half a fi")
    results = run(folder, out, resume=True)
    assert [result.file.name for result in results if not result.resumed and result.error is None] == ["map.h5"]
    assert len(read(out / "map-processed.csv")[0]) == 6 and not list(out.glob("map-2*"))


def test_a_file_that_was_replaced_is_processed_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(folder, out)
    write(folder / "monday" / "quartz.txt", 9)
    with (folder / "monday" / "quartz.txt").open("a") as file:
        file.write("1900\t3\n")
    again = [result for result in run(folder, out, resume=True) if not result.resumed and result.error is None]
    assert [result.outputs for result in again] == [(out / "monday" / "quartz-processed.csv",)]
    assert len(table(out / "results.csv")) == 8


def test_results_are_only_replaced_when_that_is_allowed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(folder, out)
    with pytest.raises(StudioError, match="earlier run") as error:
        run(folder, out)
    assert "--resume" in error.value.remedy
    with pytest.raises(StudioError, match="another recipe"):
        list(batch.process(folder, Recipe.default(), out, engine=CountingDenoiser(), resume=True))
    names = sorted(path.name for path in out.rglob("*"))
    run(folder, out, overwrite=True)
    assert sorted(path.name for path in out.rglob("*")) == names
    other = tmp_path / "other"
    other.mkdir()
    (other / "results.csv").write_text("mine")
    with pytest.raises(StudioError, match=r"results\.csv"):
        run(folder, other)
    assert (other / "results.csv").read_text() == "mine"


def test_inputs_and_files_of_others_are_never_replaced(tmp_path: Path) -> None:
    measured = write(tmp_path / "quartz.txt")
    theirs = write(tmp_path / "quartz-processed.csv", 5)
    before = theirs.read_text()
    results = run([measured, theirs], tmp_path, overwrite=True)
    assert theirs.read_text() == before
    assert [output.name for result in results for output in result.outputs] == [
        "quartz-2-processed.csv",
        "quartz-processed-processed.csv",
    ]
    again = run(tmp_path, tmp_path, overwrite=True)
    assert [result.file.name for result in again] == ["quartz-processed.csv", "quartz.txt"]


def test_many_singles_are_computed_at_once_and_give_what_each_gives(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{number:03}.txt", number) for number in range(70)]
    files[3].write_text(files[3].read_text().replace("\n", "\t0\n", 1))
    denoiser = CountingDenoiser()
    results = list(batch.process(files, RECIPE, engine=denoiser))
    assert len(denoiser.axes) < 5
    for result in results[:3]:
        (source,) = read(result.file)
        expected = RECIPE.apply(source, CountingDenoiser())
        np.testing.assert_array_equal(result.processed[0].spectra.values, expected.spectra.values)
        assert result.processed[0].spectra.about["source"] == str(result.file)


@pytest.mark.parametrize("format", ["csv", "h5"])
def test_a_set_larger_than_a_block_is_written_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    source = write(tmp_path / "map.h5", 3, n=10)
    recipe = Recipe.of(Denoise("no"), Normalise("maximum"))
    (whole,) = batch.process(source, recipe, engine=CountingDenoiser())
    monkeypatch.setattr(computing, "BLOCK_VALUES", 3 * 801)
    denoiser = CountingDenoiser()
    (result,) = batch.process(source, recipe, tmp_path / "out", engine=denoiser, format=format)
    assert len(denoiser.axes) == 4 and not result.error
    assert (open_large(source) is not None and open_large(result.outputs[0]) is None) or format == "h5"  # read by rows
    (written,) = read(result.outputs[0])
    np.testing.assert_array_equal(written.values, whole.processed[0].spectra.values)
    assert len(table(tmp_path / "out" / "results.csv")) == 10


def test_a_step_that_fails_on_one_file_names_it_and_the_others_go_on(tmp_path: Path) -> None:
    good = write(tmp_path / "good.txt")
    hdf5.write(tmp_path / "flat.h5", SpectrumSet(np.linspace(200, 1800, 801), np.zeros((1, 801))))
    flat, fine = run([tmp_path / "flat.h5", good], tmp_path / "out")
    assert flat.error is not None and flat.error.sentence.startswith("Normalise: ") and fine.error is None


def test_an_unknown_format_or_recipe_is_a_sentence(tmp_path: Path) -> None:
    file = write(tmp_path / "quartz.txt")
    with pytest.raises(StudioError, match="'docx'"):
        batch.process(file, RECIPE, tmp_path / "out", format="docx")
    with pytest.raises(StudioError, match="no recipe 'Magic'"):
        batch.process(file, "Magic", tmp_path / "out")
    with pytest.raises(StudioError, match="no spectrum"):
        batch.process(tmp_path / "nowhere-else", RECIPE) if (tmp_path / "nowhere-else").mkdir() is None else None


class Identifier(CountingDenoiser):
    """Knows one substance and one class."""

    def identify(self, spectra: SpectrumSet, libraries: object, top: int, progress: object) -> list[SimpleNamespace]:
        assert spectra.values.max() < 1000  # cosmic rays are not compared
        match = SimpleNamespace(name="quartz", probability=0.91234, hqi=987.0)
        return [SimpleNamespace(matches=(match,), unknown=row == 1) for row in range(len(spectra))]


def test_identifications_become_columns_of_the_table(folder: Path, tmp_path: Path) -> None:
    source = spectra(2)
    values = source.values.copy()
    values[0, 600] += 5000
    hdf5.write(tmp_path / "two.h5", source.with_values(values))
    out = tmp_path / "out"
    list(batch.process(tmp_path / "two.h5", RECIPE, out, engine=Identifier(), identify=["library"]))  # type: ignore[list-item]
    rows = table(out / "results.csv")
    assert [row["substance"] for row in rows] == ["quartz", "unknown"]
    assert rows[0]["probability of substance"] == "0.912" and rows[0]["HQI"] == "987"
    with pytest.raises(StudioError, match="analysis"):
        run(tmp_path / "two.h5", out, resume=True)


TEMPLATE = """
title = "Line"
range_cm = [700, 1300]
profile = "gauss"

[[peak]]
name = "A"
center_cm = [950, 1000, 1050]
fwhm_cm = [5, 20, 80]

[[quantity]]
name = "ten times"
expression = "10 * A.height"
unit = "counts"
"""


def test_peaks_of_a_template_become_columns_of_the_table_and_of_a_resumed_one(tmp_path: Path) -> None:
    axis = np.linspace(200, 1800, 801)
    noise = np.random.default_rng(0).normal(0, 1, (3, 801))
    heights = np.array([100.0, 200.0, 400.0])
    values = heights[:, None] * np.exp(-4 * np.log(2) * ((axis - 1003) / 30) ** 2) + noise
    hdf5.write(tmp_path / "lines.h5", SpectrumSet(axis, values))
    hdf5.write(tmp_path / "elsewhere.h5", SpectrumSet(axis + 1500, values))
    (tmp_path / "line.toml").write_text(TEMPLATE)
    out, files = tmp_path / "out", [tmp_path / "elsewhere.h5", tmp_path / "lines.h5"]
    recipe = Recipe.of(RemoveCosmicRays())
    list(batch.process(files, recipe, out, peaks=tmp_path / "line.toml"))
    rows = table(out / "results.csv")
    assert [row["A position / cm⁻¹"] for row in rows[:3]] == [""] * 3  # the template does not reach there
    for row, height in zip(rows[3:], heights, strict=True):
        assert abs(float(row["A position / cm⁻¹"]) - 1003) < 4 * float(row["A position error"]) + 1e-9
        assert abs(float(row["A FWHM / cm⁻¹"]) - 30) < 4 * float(row["A FWHM error"])
        assert float(row["ten times / counts"]) == pytest.approx(10 * height, rel=0.05)
    (again,) = list(batch.process(files[1:], recipe, out, peaks=tmp_path / "line.toml", resume=True))
    assert again.resumed and table(out / "results.csv") == rows
    with pytest.raises(StudioError, match="analysis"):
        list(batch.process(files, recipe, out, resume=True))
