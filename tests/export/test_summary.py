"""The summary of a folder of results, and which results a later run replaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.export.denoised_files import RESULT_FORMATS, ResultFormat, write_denoised
from ramanstudio.export.summary import SUMMARY_NAME, ResultFolder, read_summary, summary_rows, write_summary
from tests.export.denoised_samples import denoised_sample, read_csv


@pytest.mark.parametrize("kind", RESULT_FORMATS)
def test_two_sources_of_one_name_both_keep_their_results(tmp_path: Path, kind: ResultFormat) -> None:
    monday, tuesday = denoised_sample(1, "/monday/a.txt"), denoised_sample(1, "/tuesday/a.txt")
    results = ResultFolder(tmp_path, kind)
    paths = {results.write(*monday), results.write(*tuesday)}
    assert {path.name for path in paths} == {f"a-denoised.{kind}", f"a-2-denoised.{kind}"}
    results.write_summary()

    later = ResultFolder(tmp_path, kind)
    assert later.write(*tuesday).name == f"a-2-denoised.{kind}", "a result replaces only that of its own source"
    assert later.write(*denoised_sample(1, "/wednesday/a.txt")).name == f"a-3-denoised.{kind}"
    later.write_summary()
    results_of = {row.file: row.result for row in read_summary(later.summary)}
    assert results_of == {
        str(Path(f"/{day}/a.txt").absolute()): f"a{number}-denoised.{kind}"
        for day, number in (("monday", ""), ("tuesday", "-2"), ("wednesday", "-3"))
    }


def test_results_never_replace_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "quartz-denoised.csv").write_text("mine")
    results = ResultFolder(tmp_path)
    assert results.write(*denoised_sample()).name == "quartz-2-denoised.csv"
    assert write_denoised(tmp_path, *denoised_sample()).name == "quartz-3-denoised.csv"
    assert (tmp_path / "quartz-denoised.csv").read_text() == "mine"


def test_a_result_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="Could not write"):
        ResultFolder(tmp_path / "file" / "results")


def test_the_summary_has_file_spectrum_points_snr_and_gain(tmp_path: Path) -> None:
    raw, denoised = denoised_sample(2, "/data/map.wdf", x=np.array([0, 5.0]), y=np.array([1, 1.0]))
    rows = summary_rows(raw, denoised, Path("map-denoised.csv"))
    path = write_summary(tmp_path / "table.csv", rows)
    header, *lines = read_csv(path)
    assert header == ["file", "spectrum", "points", "SNR before", "SNR after", "gain", "result"]
    assert lines[1] == [str(Path("/data/map.wdf").absolute()), "x=5 y=1", "64", "80", "240", "3", "map-denoised.csv"]
    assert read_summary(path) == rows


def test_another_kind_of_table_is_not_taken_for_a_summary(tmp_path: Path) -> None:
    (tmp_path / SUMMARY_NAME).write_text("a,b\n1,2\n")
    assert read_summary(tmp_path / SUMMARY_NAME) == []
