"""Groups as a table with a row per spectrum, and their means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.export.group_table import GroupMean, write_groups
from ramanstudio.project.groups import Groups, Members
from ramanstudio.project.project import Entry, Exploration, Project, Result
from tests.export.denoised_samples import denoised_sample, read_csv


def grouped(tmp_path: Path) -> tuple[Project, Groups]:
    """A map of four spectra, denoised, and a spectrum that is not, in two groups, with one outlier."""
    raw, denoised = denoised_sample(4, tmp_path / "map.wdf", x=np.array([0, 1.5, 0, 1.5]), y=np.array([0, 0, 2, 2.0]))
    entries = (
        Entry(7, "map.wdf", tmp_path / "map.wdf", raw),
        Entry(9, "one.txt", tmp_path / "one.txt", denoised_sample(1, tmp_path / "one.txt")[0]),
    )
    members = Members.of_entries([(7, 4), (9, 1)])
    probabilities = np.array([1, 0.5, 0.75, 0, 1], dtype=np.float32)
    groups = Groups.from_clustering(members, np.array([0, 1, 0, -1, 1]), probabilities).renamed(1, "calcite, white")
    rows = np.eye(5, dtype=np.float32)
    plane = np.arange(10, dtype=np.float32).reshape(5, 2)
    explored = Exploration(members[::-1], rows, rows).with_plane("components", plane[::-1])
    return Project(entries, {7: Result(raw, denoised)}, explored, groups), groups


def test_groups_become_a_row_for_each_spectrum(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    header, *rows = read_csv(write_groups(tmp_path / "groups.csv", project, groups))
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["group"] for row in table] == ["Group 1", "calcite, white", "Group 1", "outlier", "calcite, white"]
    assert [row["outlier"] for row in table] == ["0", "0", "0", "1", "0"]
    assert [row["probability"] for row in table] == ["1", "0.5", "0.75", "0", "1"]
    assert [(row["x"], row["y"]) for row in table] == [("0", "0"), ("1.5", "0"), ("0", "2"), ("1.5", "2"), ("", "")]
    assert [row["components 1"] for row in table] == ["0", "2", "4", "6", "8"], "each its own place, whatever the order"
    assert [(row["SNR before"], row["SNR after"]) for row in table] == [("80", "240")] * 4 + [("", "")]
    assert [Path(row["file"]).name for row in table] == ["map.wdf"] * 4 + ["one.txt"]
    assert [row["spectrum"] for row in table][:2] == ["x=0 y=0", "x=1.5 y=0"]


def test_group_means_are_columns_of_a_second_file(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    axis = np.linspace(100.25, 1200.75, 64)
    means = [
        GroupMean(group.name, axis, np.full(64, 3.5, np.float32), np.full(64, 0.25 * number, np.float32))
        for number, group in enumerate(groups.groups)
    ]
    path = write_groups(tmp_path / "groups.csv", project, groups, means)
    header, *rows = read_csv(tmp_path / "groups-means.csv")
    assert path.exists()
    assert header[1:3] == ["Group 1 mean", "Group 1 spread"]
    columns = np.array(rows, dtype=float).T
    np.testing.assert_allclose(columns[0], axis, rtol=1e-7)
    np.testing.assert_allclose(columns[1:], np.repeat([[3.5], [0], [3.5], [0.25]], 64, axis=1))


def test_spectra_of_closed_files_are_left_out(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    _, *rows = read_csv(write_groups(tmp_path / "groups.csv", project.without([7]), groups))
    assert [Path(row[0]).name for row in rows] == ["one.txt"]


def test_a_table_of_groups_never_replaces_raw_spectra(tmp_path: Path) -> None:
    project, groups = grouped(tmp_path)
    (tmp_path / "one.txt").write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        write_groups(tmp_path / "one.txt", project, groups)
    assert (tmp_path / "one.txt").read_text() == "raw"
    with pytest.raises(StudioError, match="Could not write"):
        write_groups(tmp_path / "no such folder" / "groups.csv", project, groups)
