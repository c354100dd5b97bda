"""One export: which files it plans, what is in them, and that nothing is replaced without being known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.export_files import ExportContext, write_export
from ramanstudio.export.export_plan import ExportItem, ExportOptions, plan_export
from ramanstudio.formats.registry import read
from ramanstudio.processing.normalise import Normalise
from ramanstudio.processing.ranges import Crop
from ramanstudio.processing.recipe import Recipe
from ramanstudio.processing.runner import Runner
from ramanstudio.project.entry_processing import result_of
from ramanstudio.project.project import Entry, Project

AXIS = np.linspace(200.0, 1200.0, 300)
CROPPED = Recipe.of(Crop(300.0, 1100.0))
SCALED = Recipe.of(Normalise())


def item(number: int, recipe: Recipe = SCALED, count: int = 1) -> ExportItem:
    line = 100 / (1 + ((AXIS - 464) / 5) ** 2)
    values = line + np.random.default_rng(number).normal(5, 1, (count, AXIS.size))
    file = Path(f"/data/day 1/quartz_{number}.wdf")
    source = SpectrumSet.of(AXIS, values, sample="=quartz", source=str(file), laser_nm=785.0)
    entry = Entry(number, file.name, file, source, recipe=recipe)
    return ExportItem(entry, result_of(entry, Runner(source).run(recipe.steps)))


def project_of(*items: ExportItem) -> Project:
    results = {each.entry.id: each.result for each in items if each.result is not None}
    return Project(tuple(each.entry for each in items)).with_results(results)


def names(items: list[ExportItem], folder: Path, **options: object) -> list[str]:
    plan = plan_export(items, replace(ExportOptions(), **options), folder)  # type: ignore[arg-type]
    return [path.name for path in plan.paths]


def test_contents_on_one_axis_share_a_file_of_columns_and_others_get_their_own(tmp_path: Path) -> None:
    assert names([item(1), item(2)], tmp_path) == ["quartz_1-processed.csv", "quartz_2-processed.csv", "snr.csv"]
    assert names([item(1, CROPPED)], tmp_path, tables=()) == ["quartz_1-raw.csv", "quartz_1-processed.csv"]
    assert names([item(1)], tmp_path, tables=(), format="jdx") == [
        "quartz_1-raw.jdx",
        "quartz_1-processed.expected-error.jdx",
        "quartz_1-processed.jdx",
    ]
    maps = names([item(1, count=4)], tmp_path, tables=(), contents=("processed",))
    assert maps == ["quartz_1-processed.expected-error.csv", "quartz_1-processed.csv"]
    pattern = names([item(1), item(2)], tmp_path, tables=(), pattern="{folder}/{sample} {number}")
    assert pattern == ["day 1_=quartz 1.csv", "day 1_=quartz 2.csv"]


def test_one_file_holds_all_spectra_of_an_axis(tmp_path: Path) -> None:
    items = [item(1), item(2, count=2), item(3, CROPPED)]
    options = ExportOptions(("processed",), (), "csv", one_file=True, with_error=False)
    plan = plan_export(items, options, tmp_path)
    assert [path.name for path in plan.paths] == ["spectra-processed.csv", "spectra-processed-2.csv"]
    write_export(plan, ExportContext(project_of(*items)))
    (opened,) = read(tmp_path / "spectra-processed.csv")
    assert opened.table["name"].tolist() == ["quartz_1.wdf", "quartz_2.wdf · 1", "quartz_2.wdf · 2"]
    np.testing.assert_allclose(opened.values[0], items[0].spectra("processed").values[0], rtol=1e-6)


@pytest.mark.parametrize("format", ["csv", "h5", "jdx", "spc", "nxs", "xlsx"])
def test_every_format_holds_the_numbers_and_says_how_they_came_about(tmp_path: Path, format: str) -> None:
    only = item(1)
    report = write_export(plan_export([only], ExportOptions(format=format), tmp_path), ExportContext(project_of(only)))
    assert not report.problems and all(path.is_file() for path in report.written)
    text = (tmp_path / "provenance.txt").read_text()
    assert "1. Normalise" in text and "BLAKE2b" in text and "Program: RamanStudio" in text
    assert (tmp_path / "recipe.toml").is_file() and "quartz_1" in (tmp_path / "snr.csv").read_text()
    if format == "csv":
        columns = np.loadtxt(tmp_path / "quartz_1-processed.csv", delimiter=",", skiprows=1)
        np.testing.assert_allclose(columns[:, 1], only.spectra("raw").values[0], rtol=1e-6)
        np.testing.assert_allclose(columns[:, 2], only.spectra("processed").values[0], rtol=1e-6)
        return
    (opened,) = read(tmp_path / f"quartz_1-processed.{format}")
    np.testing.assert_allclose(opened.values[0], only.spectra("processed").values[0], rtol=1e-6)
    assert "1. Normalise" in str(opened.about["provenance"]) and opened.about["sample"] == "=quartz"
    if format == "h5":
        with h5py.File(tmp_path / "quartz_1-processed.h5") as file:
            assert {"raw", "processed", "expected_error"} <= set(file["spectra"])


def test_files_that_exist_are_known_before_and_can_be_kept(tmp_path: Path) -> None:
    items = [item(1), item(2)]
    options = ExportOptions(tables=("snr",))
    first = plan_export(items, options, tmp_path)
    assert first.existing == ()
    write_export(first, ExportContext(project_of(*items)))
    (tmp_path / "quartz_1-processed.csv").write_text("mine")
    again = plan_export(items, options, tmp_path)
    assert [path.name for path in again.existing] == [path.name for path in first.paths]
    kept = plan_export(items, options, tmp_path, keep_existing=True)
    assert kept.existing == () and kept.paths[0].name == "quartz_1-processed-2.csv"
    write_export(kept, ExportContext(project_of(*items)))
    assert (tmp_path / "quartz_1-processed.csv").read_text() == "mine"
    assert len(list(tmp_path.glob("recipe*"))) == len(list(tmp_path.glob("provenance*"))) == 1  # they are the same


def test_a_source_is_never_replaced_and_nothing_to_export_is_said(tmp_path: Path) -> None:
    file = tmp_path / "quartz.csv"
    file.write_text("source")
    entry = Entry(1, file.name, file, SpectrumSet.of(AXIS, np.ones((1, AXIS.size)), source=str(file)))
    with pytest.raises(StudioError, match="never overwritten"):
        plan_export([ExportItem(entry)], ExportOptions(("raw",), (), pattern="{name}"), tmp_path)
    with pytest.raises(StudioError, match="none of these spectra is denoised"):
        plan_export([ExportItem(entry)], ExportOptions(("processed",), ()), tmp_path)
    with pytest.raises(StudioError, match="nothing to export"):
        plan_export([], ExportOptions(), tmp_path)
    for pattern in ("{nam}", "{name", " "):
        with pytest.raises(StudioError, match=r"placeholder|brace|names"):
            plan_export([ExportItem(entry)], ExportOptions(pattern=pattern), tmp_path)


def test_a_file_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    items = [item(1), item(2)]
    plan = plan_export(items, ExportOptions(tables=("snr", "identifications")), tmp_path)
    (tmp_path / "quartz_1-processed.csv").mkdir()
    report = write_export(plan, ExportContext(project_of(*items)))
    assert (tmp_path / "quartz_2-processed.csv").is_file() and (tmp_path / "snr.csv").is_file()
    assert len(report.problems) == 2 and "quartz_1-processed.csv" in report.problems[0]
    assert "identified" in report.problems[1]
