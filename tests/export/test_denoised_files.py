"""Denoised spectra are written with their raw spectra and errors, and never over raw data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.export.denoised_files import RESULT_FORMATS, ResultFormat, write_denoised
from ramanstudio.export.text_table import spectrum_names
from tests.export.denoised_samples import denoised_sample, read_csv


def test_one_spectrum_becomes_four_columns(tmp_path: Path) -> None:
    raw, denoised = denoised_sample()
    path = write_denoised(tmp_path, raw, denoised, "csv")
    header, *rows = read_csv(path)
    assert path == tmp_path / "quartz-denoised.csv"
    assert header == ["Raman shift / cm-1", "raw", "denoised", "expected error"]
    columns = np.array(rows, dtype=float).T
    np.testing.assert_allclose(columns[0], raw.axis, rtol=1e-7)
    np.testing.assert_allclose(columns[1:], [raw.values[0], denoised.spectra.values[0], [3] * 64], rtol=1e-6)


def test_a_map_becomes_three_matrices_that_keep_the_positions(tmp_path: Path) -> None:
    raw, denoised = denoised_sample(6, "map.wdf", x=np.array([0, 1, 2, 0, 1, 2.5]), y=np.array([0, 0, 0, 1, 1, 1.0]))
    path = write_denoised(tmp_path, raw, denoised, "csv")
    for path_of, values in (
        (path, denoised.spectra.values),
        (tmp_path / "map-denoised.raw.csv", raw.values),
        (tmp_path / "map-denoised.expected-error.csv", denoised.expected_error),
    ):
        header, *rows = read_csv(path_of)
        assert header[:2] == ["x", "y"]
        np.testing.assert_allclose(np.array(header[2:], dtype=float), raw.axis, rtol=1e-7)
        matrix = np.array(rows, dtype=float)
        np.testing.assert_allclose(matrix[:, 0], raw.table["x"])
        np.testing.assert_allclose(matrix[:, 2:], values, rtol=1e-6, atol=1e-30)


def test_names_with_commas_stay_one_cell(tmp_path: Path) -> None:
    raw, denoised = denoised_sample(2, name=np.array(["left, top", 'the "big" one']))
    header, *rows = read_csv(write_denoised(tmp_path / "named.csv", raw, denoised))
    assert header[0] == "name"
    assert [row[0] for row in rows] == ["left, top", 'the "big" one']
    assert {len(row) for row in rows} == {len(header)}


def test_table_columns_survive_writing_and_reading(tmp_path: Path) -> None:
    from ramanstudio.formats import registry

    names = np.array(["left, top", "two\nlines", "Gr\u00fcn", "4"])
    times = 1.7e9 + np.arange(4) / 1000
    raw, denoised = denoised_sample(4, name=names, time=times, x=np.arange(4, dtype=np.float32) / 10)
    (again,) = registry.read(write_denoised(tmp_path / "named.csv", raw, denoised))
    np.testing.assert_allclose(again.values, denoised.spectra.values, rtol=1e-6)
    np.testing.assert_allclose(again.axis, raw.axis, rtol=1e-7)
    assert list(again.table["name"]) == ["left, top", "two lines", "Gr\u00fcn", "4"]
    assert np.array_equal(again.table["time"], times), "a time of day to the millisecond"
    assert list(again.table["x"]) == [0, 0.1, 0.2, 0.3]


def test_neighbouring_positions_of_a_map_have_different_names() -> None:
    raw, _ = denoised_sample(2, x=np.array([12345.61, 12345.69]), y=np.zeros(2))
    assert spectrum_names(raw) == ["x=12345.61 y=0", "x=12345.69 y=0"]


def test_hdf5_holds_everything_and_opens_again(tmp_path: Path) -> None:
    import h5py

    from ramanstudio.formats import registry

    raw, denoised = denoised_sample(4, x=np.arange(4.0), y=np.zeros(4))
    path = write_denoised(tmp_path, raw, denoised, "h5")
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


@pytest.mark.parametrize("kind", [kind for kind in RESULT_FORMATS if kind not in ("csv", "h5")])
def test_other_formats_hold_raw_denoised_and_expected_error_in_three_files(tmp_path: Path, kind: ResultFormat) -> None:
    from ramanstudio.formats import registry

    raw, denoised = denoised_sample(4, x=np.arange(4.0), y=np.zeros(4))
    path = write_denoised(tmp_path / f"a.{kind}", raw, denoised, kind)
    values = {"a": denoised.spectra.values, "a.raw": raw.values, "a.expected-error": denoised.expected_error}
    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.{kind}" for name in values}
    if kind == "xlsx":
        return  # the numbers are in tests of the writers
    for name, expected in values.items():
        (again,) = registry.read(path.with_name(f"{name}.{kind}"))
        np.testing.assert_allclose(again.values, expected, rtol=1e-6)
        assert list(again.table["x"]) == [0, 1, 2, 3]


def test_the_raw_file_is_never_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "quartz.csv"
    source.write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        write_denoised(source, *denoised_sample(1, source))
    map_source = tmp_path / "quartz.raw.csv"
    map_source.write_text("raw")
    with pytest.raises(StudioError, match="never overwritten"):
        write_denoised(source, *denoised_sample(3, map_source))
    assert source.read_text() == map_source.read_text() == "raw"


@pytest.mark.parametrize("count", [1, 3])
def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    path = write_denoised(tmp_path / "a.csv", *denoised_sample(count))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StudioError, match="the disk is full"):
        write_denoised(path, *denoised_sample(count))
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
