"""What is written is what was denoised, and nothing that was there before is lost."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.export import tables
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Project, Result


def measured(count: int = 1, source: str | Path = "quartz.txt", **table: np.ndarray) -> tuple[SpectrumSet, Denoised]:
    """Some raw spectra of one line, and their denoised ones."""
    random = np.random.default_rng(5)
    axis = np.linspace(100.25, 1200.75, 64)
    line = 800 * np.exp(-(((axis - 464) / 20) ** 2)) + np.arange(count)[:, None]
    raw = SpectrumSet(axis, line + random.normal(0, 9, line.shape), table, {"source": str(source)})
    error = np.full(line.shape, 3, dtype=np.float32)
    before, after = np.full(count, 80, dtype=np.float32), np.full(count, 240, dtype=np.float32)
    return raw, Denoised(raw.with_values(line), error, before, after)


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_one_spectrum_becomes_four_columns(tmp_path: Path) -> None:
    raw, denoised = measured()
    path = tables.write_denoised(tmp_path, raw, denoised, "csv")
    header, *rows = cells(path)
    assert path == tmp_path / "quartz-denoised.csv"
    assert header == ["Raman shift / cm-1", "raw", "denoised", "expected error"]
    columns = np.array(rows, dtype=float).T
    np.testing.assert_allclose(columns[0], raw.axis, rtol=1e-7)
    np.testing.assert_allclose(columns[1:], [raw.values[0], denoised.spectra.values[0], [3] * 64], rtol=1e-6)


def test_a_map_becomes_three_matrices_that_keep_the_places(tmp_path: Path) -> None:
    raw, denoised = measured(6, "map.wdf", x=np.array([0, 1, 2, 0, 1, 2.5]), y=np.array([0, 0, 0, 1, 1, 1.0]))
    path = tables.write_denoised(tmp_path, raw, denoised, "csv")
    for place, values in (
        (path, denoised.spectra.values),
        (tmp_path / "map-denoised.raw.csv", raw.values),
        (tmp_path / "map-denoised.expected-error.csv", denoised.expected_error),
    ):
        header, *rows = cells(place)
        assert header[:2] == ["x", "y"]
        np.testing.assert_allclose(np.array(header[2:], dtype=float), raw.axis, rtol=1e-7)
        found = np.array(rows, dtype=float)
        np.testing.assert_allclose(found[:, 0], raw.table["x"])
        np.testing.assert_allclose(found[:, 2:], values, rtol=1e-6, atol=1e-30)


def test_names_with_commas_stay_one_cell(tmp_path: Path) -> None:
    raw, denoised = measured(2, name=np.array(["left, top", 'the "big" one']))
    header, *rows = cells(tables.write_denoised(tmp_path / "named.csv", raw, denoised))
    assert header[0] == "name"
    assert [row[0] for row in rows] == ["left, top", 'the "big" one']
    assert {len(row) for row in rows} == {len(header)}


def test_what_csv_cells_say_is_read_again(tmp_path: Path) -> None:
    from ramanstudio.formats import registry

    names = np.array(["left, top", "two\nlines", "Gr\u00fcn", "4"])
    times = 1.7e9 + np.arange(4) / 1000
    raw, denoised = measured(4, name=names, time=times, x=np.arange(4, dtype=np.float32) / 10)
    (again,) = registry.read(tables.write_denoised(tmp_path / "named.csv", raw, denoised))
    np.testing.assert_allclose(again.values, denoised.spectra.values, rtol=1e-6)
    np.testing.assert_allclose(again.axis, raw.axis, rtol=1e-7)
    assert list(again.table["name"]) == ["left, top", "two lines", "Gr\u00fcn", "4"]
    assert np.array_equal(again.table["time"], times), "a time of day to the millisecond"
    assert list(again.table["x"]) == [0, 0.1, 0.2, 0.3]


def test_neighbouring_places_of_a_map_have_names_of_their_own() -> None:
    raw, _ = measured(2, x=np.array([12345.61, 12345.69]), y=np.zeros(2))
    assert tables.spectrum_names(raw) == ["x=12345.61 y=0", "x=12345.69 y=0"]


def test_hdf5_holds_everything_and_opens_again(tmp_path: Path) -> None:
    import h5py

    from ramanstudio.formats import registry

    raw, denoised = measured(4, x=np.arange(4.0), y=np.zeros(4))
    path = tables.write_denoised(tmp_path, raw, denoised, "h5")
    (again,) = registry.read(path)
    np.testing.assert_array_equal(again.values, denoised.spectra.values)
    np.testing.assert_array_equal(again.axis, raw.axis)
    with h5py.File(path) as file:
        group = next(iter(file.values()))
        np.testing.assert_array_equal(group["raw"], raw.values)
        np.testing.assert_array_equal(group["denoised"], denoised.spectra.values)
        np.testing.assert_array_equal(group["expected_error"], denoised.expected_error)
        np.testing.assert_array_equal(group["snr_before"], denoised.snr_before)
        np.testing.assert_array_equal(group["snr_after"], denoised.snr_after)


@pytest.mark.parametrize("kind", tables.RESULT_FORMATS)
def test_two_sources_of_one_name_both_keep_their_results(tmp_path: Path, kind: tables.ResultFormat) -> None:
    monday, tuesday = measured(1, "/monday/a.txt"), measured(1, "/tuesday/a.txt")
    results = tables.ResultFolder(tmp_path, kind)
    paths = {results.keep(*monday), results.keep(*tuesday)}
    assert {path.name for path in paths} == {f"a-denoised.{kind}", f"a-2-denoised.{kind}"}
    results.write_summary()

    later = tables.ResultFolder(tmp_path, kind)
    assert later.keep(*tuesday).name == f"a-2-denoised.{kind}", "a result replaces only that of its own source"
    assert later.keep(*measured(1, "/wednesday/a.txt")).name == f"a-3-denoised.{kind}"
    later.write_summary()
    told = {row.file: row.result for row in tables.read_summary(later.summary)}
    assert told == {
        str(Path(f"/{day}/a.txt").absolute()): f"a{number}-denoised.{kind}"
        for day, number in (("monday", ""), ("tuesday", "-2"), ("wednesday", "-3"))
    }


def test_a_file_that_somebody_else_put_there_stays(tmp_path: Path) -> None:
    (tmp_path / "quartz-denoised.csv").write_text("mine")
    results = tables.ResultFolder(tmp_path)
    assert results.keep(*measured()).name == "quartz-2-denoised.csv"
    assert tables.write_denoised(tmp_path, *measured()).name == "quartz-3-denoised.csv"
    assert (tmp_path / "quartz-denoised.csv").read_text() == "mine"


def test_the_raw_file_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "quartz.csv"
    source.write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        tables.write_denoised(source, *measured(1, source))
    map_source = tmp_path / "quartz.raw.csv"
    map_source.write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        tables.write_denoised(source, *measured(3, map_source))
    assert source.read_text() == map_source.read_text() == "raw"


@pytest.mark.parametrize("count", [1, 3])
def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    path = tables.write_denoised(tmp_path / "a.csv", *measured(count))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StudioError, match="the disk is full"):
        tables.write_denoised(path, *measured(count))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="Could not write"):
        tables.ResultFolder(tmp_path / "file" / "results")


def test_the_table_tells_file_spectrum_points_ratios_and_gain(tmp_path: Path) -> None:
    raw, denoised = measured(2, "/data/map.wdf", x=np.array([0, 5.0]), y=np.array([1, 1.0]))
    rows = tables.summary_rows(raw, denoised, Path("map-denoised.csv"))
    path = tables.write_summary(tmp_path / "table.csv", rows)
    header, *lines = cells(path)
    assert header == ["file", "spectrum", "points", "SNR before", "SNR after", "gain", "result"]
    assert lines[1] == [str(Path("/data/map.wdf").absolute()), "x=5 y=1", "64", "80", "240", "3", "map-denoised.csv"]
    assert tables.read_summary(path) == rows


def test_another_kind_of_table_is_not_taken_for_a_summary(tmp_path: Path) -> None:
    (tmp_path / tables.SUMMARY_NAME).write_text("a,b\n1,2\n")
    assert tables.read_summary(tmp_path / tables.SUMMARY_NAME) == []


def grouped(tmp_path: Path) -> tuple[Project, Groups]:
    """A map of four spectra, denoised, and a spectrum that is not, in two groups, with one outlier."""
    raw, denoised = measured(4, tmp_path / "map.wdf", x=np.array([0, 1.5, 0, 1.5]), y=np.array([0, 0, 2, 2.0]))
    entries = (
        Entry(7, "map.wdf", tmp_path / "map.wdf", raw),
        Entry(9, "one.txt", tmp_path / "one.txt", measured(1, tmp_path / "one.txt")[0]),
    )
    members = Members.of_entries([(7, 4), (9, 1)])
    chances = np.array([1, 0.5, 0.75, 0, 1], dtype=np.float32)
    groups = Groups.from_clustering(members, np.array([0, 1, 0, -1, 1]), chances).renamed(1, "calcite, white")
    rows = np.eye(5, dtype=np.float32)
    plane = np.arange(10, dtype=np.float32).reshape(5, 2)
    explored = Exploration(members[::-1], rows, rows).with_plane("components", plane[::-1])
    return Project(entries, {7: Result(raw, denoised)}, explored, groups), groups


def test_groups_become_a_row_for_each_spectrum(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    header, *rows = cells(tables.write_groups(tmp_path / "groups.csv", project, groups))
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["group"] for row in told] == ["Group 1", "calcite, white", "Group 1", "outlier", "calcite, white"]
    assert [row["outlier"] for row in told] == ["0", "0", "0", "1", "0"]
    assert [row["chance"] for row in told] == ["1", "0.5", "0.75", "0", "1"]
    assert [(row["x"], row["y"]) for row in told] == [("0", "0"), ("1.5", "0"), ("0", "2"), ("1.5", "2"), ("", "")]
    assert [row["components 1"] for row in told] == ["0", "2", "4", "6", "8"], "each its own place, whatever the order"
    assert [(row["SNR before"], row["SNR after"]) for row in told] == [("80", "240")] * 4 + [("", "")]
    assert [Path(row["file"]).name for row in told] == ["map.wdf"] * 4 + ["one.txt"]
    assert [row["spectrum"] for row in told][:2] == ["x=0 y=0", "x=1.5 y=0"]


def test_the_means_of_groups_are_columns_beside_the_table(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    axis = np.linspace(100.25, 1200.75, 64)
    means = [
        tables.GroupMean(group.name, axis, np.full(64, 3.5, np.float32), np.full(64, 0.25 * number, np.float32))
        for number, group in enumerate(groups.groups)
    ]
    path = tables.write_groups(tmp_path / "groups.csv", project, groups, means)
    header, *rows = cells(tmp_path / "groups-means.csv")
    assert path.exists()
    assert header[1:3] == ["Group 1 mean", "Group 1 spread"]
    columns = np.array(rows, dtype=float).T
    np.testing.assert_allclose(columns[0], axis, rtol=1e-7)
    np.testing.assert_allclose(columns[1:], np.repeat([[3.5], [0], [3.5], [0.25]], 64, axis=1))


def test_spectra_of_files_that_are_closed_are_left_out_of_the_table(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    _, *rows = cells(tables.write_groups(tmp_path / "groups.csv", project.without([7]), groups))
    assert [Path(row[0]).name for row in rows] == ["one.txt"]


def test_a_table_of_groups_never_replaces_raw_spectra(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    (tmp_path / "one.txt").write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        tables.write_groups(tmp_path / "one.txt", project, groups)
    assert (tmp_path / "one.txt").read_text() == "raw"
    with pytest.raises(StudioError, match="Could not write"):
        tables.write_groups(tmp_path / "no such folder" / "groups.csv", project, groups)
