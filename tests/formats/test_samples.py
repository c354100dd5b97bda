"""Every sample in tests/data/samples opens with the right axis, intensities, columns and metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import FORMATS, read
from tools import make_format_samples as samples

FOLDER = Path(__file__).resolve().parents[1] / "data" / "samples"
SETS = {
    "wide_titles.csv", "wide_r_names.csv", "wide_label_last.csv", "tidy.csv", "pairs.csv", "axis_rows.csv", "scans.txt",
    "labspec_map.txt", "labspec_series.txt", "map.h5", "matrix_rows.csv", "new_separate_axes.spc", "new_series.spc",
    "old_multifile.spc", "separate_spectra.csv", "spreadsheet.csv", "spreadsheet_decimal_comma.csv", "wire_depth.wdf",
    "wire_interrupted.wdf", "wire_map.txt",
    *(name for name in samples.vendor_files() | samples.container_files() if "_" in name and name != "envi_map.dat"),
    "nexus_map.nxs",
    "wire_map.wdf", "wire_map_mm.wdf", "wire_series.wdf", "witec_map.txt",
}  # fmt: skip
SINGLE = sorted(
    path.name
    for path in FOLDER.iterdir()
    if path.name not in SETS | {"separate_axis.csv", "one_below_the_other.txt", "envi_map.dat"}
)
WITH_LASER = [name for name in SINGLE if name.startswith(("jcamp", "labspec", "nm", "wire.wdf", "wire_nm", "new.spc"))]


def test_the_samples_are_those_that_the_tool_writes() -> None:
    files = samples.binary_files() | samples.text_files() | samples.vendor_files() | samples.container_files()
    assert {path.name for path in FOLDER.iterdir()} == {
        *files,
        "map.h5",
        "different_lengths.h5",
        "nexus_map.nxs",
        "ramanchada.cha",
    }
    for name, content in files.items():
        assert (FOLDER / name).read_bytes() == content, "run: python tools/make_format_samples.py"


def test_every_format_has_a_sample() -> None:
    assert {read(FOLDER / name)[0].about["format"] for name in (*SINGLE, *SETS)} == {row.name for row in FORMATS}


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_spectrum_opens_with_the_simulated_axis_and_counts(name: str) -> None:
    spectra = read(FOLDER / name)[0]
    exact = samples.SPECTRUM
    if "_dup" in name:
        exact = np.round(exact / samples.DUP_FACTOR) * samples.DUP_FACTOR
    # float32, and six decimals, of a wavelength; the fifth order of a polynomial
    tolerance = {"wire_nm.wdf": 2e-3, "nm.txt": 1e-4, "winspec.spe": 1e-2}.get(name, 1e-6)
    np.testing.assert_allclose(spectra.axis, samples.AXIS, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(spectra.values, exact[None])


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_set_opens_with_the_simulated_axis_and_counts(name: str) -> None:
    (spectra,) = read(FOLDER / name)
    count = 4 if name == "wire_interrupted.wdf" else 6
    np.testing.assert_allclose(spectra.axis, samples.AXIS, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(spectra.values, samples.SET[:count])


@pytest.mark.parametrize(
    "name",
    ["wire_map.wdf", "wire_map_mm.wdf", "wire_map.txt", "labspec_map.txt", "map.h5", "labspec6_map.l6m",
     "labspec5_map.ngc", "labspec_map.xml", "matlab_map.mat", "nexus_map.nxs", "witec_map.wip"],
)  # fmt: skip
def test_positions_of_a_map_are_in_micrometres(name: str) -> None:
    (spectra,) = read(FOLDER / name)
    np.testing.assert_allclose(np.column_stack([spectra.table["x"], spectra.table["y"]]), samples.POSITIONS_UM)


def test_a_witec_map_has_pixel_numbers() -> None:
    (spectra,) = read(FOLDER / "witec_map.txt")
    assert spectra.table["x"].tolist() == [0, 1, 2, 0, 1, 2] and spectra.table["y"].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    "name",
    ["wire_series.wdf", "new_series.spc", "labspec_series.txt", "labspec6_series.l6m", "opus_series.0",
     "trivista_series.tvf"],
)  # fmt: skip
def test_times_of_a_series_are_in_seconds(name: str) -> None:
    np.testing.assert_allclose(read(FOLDER / name)[0].table["time"], samples.TIMES_S, rtol=1e-6)


def test_depths_are_in_micrometres() -> None:
    np.testing.assert_allclose(read(FOLDER / "wire_depth.wdf")[0].table["z"], samples.DEPTHS_UM)


def test_an_interrupted_map_notes_how_many_spectra_it_has() -> None:
    assert "4 of 6" in str(read(FOLDER / "wire_interrupted.wdf")[0].about["notes"])


@pytest.mark.parametrize("name", WITH_LASER)
def test_the_laser_wavelength_is_read_from_the_file(name: str) -> None:
    assert read(FOLDER / name)[0].about["laser_nm"] == pytest.approx(samples.LASER_NM)


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        *(
            (name, {"exposure_s": 10, "accumulations": 2, "date": date})
            for name, date in [
                ("labspec6.l6s", "2022-07-06 11:30:03"),
                ("labspec5.ngc", "2019-07-16 14:31:31"),
                ("labspec.xml", "2022-07-06 11:30:03"),
                ("witec_map.wip", "2015-07-06 11:01:23"),
                ("omnic.spa", "2021-03-05 11:51:36"),
                ("winspec.spe", "2006-12-21 14:41:16"),
                ("andor.sif", "2021-08-05 13:49:52"),
                ("trivista_series.tvf", "2016-09-29 12:51:30"),
            ]
        ),
        ("nexus_map.nxs", {"exposure_s": 10, "laser_nm": 532, "date": "2026-01-05 10:00:00"}),
        ("ramanchada.cha", {"laser_nm": 532}),
        ("matlab_set.mat", {"laser_nm": 532}),
        ("jasco.jws", {"instrument": "JASCO", "laser_nm": 532}),
        ("lightfield.spe", {"exposure_s": 10, "date": "2024-10-01 11:32:24"}),
        ("opus.0", {"accumulations": 2, "laser_power_mw": 5, "date": "2023-07-04 16:59:10"}),
        *((name, {"exposure_s": 10, "accumulations": 2}) for name in ("german.txt", "japanese.txt", "solis.asc")),
        ("labspec.txt", {"exposure_s": 10, "accumulations": 2, "grating": "600", "objective": "x50"}),
        ("oceanview.txt", {"exposure_s": 3}),
        ("wire.wdf", {"accumulations": 3, "intensity_unit": "counts"}),
        ("new.spc", {"exposure_s": 10, "intensity_unit": "counts"}),
        ("witec.txt", {"intensity_unit": "counts", "title": "simulated--Spectrum--001"}),
        ("utf16.txt", {"sample": "Prüfkörper"}),
        ("gb18030.txt", {"sample": "二氯甲烷"}),
        ("latin1.txt", {"sample": "Prüfkörper 5 µm"}),
        ("Simulatedite__R000000__Raman__532__0__unoriented.txt", {"label": "Simulatedite", "laser_nm": 532}),
    ],
)
def test_metadata_of_the_headers_is_read(name: str, metadata: dict[str, object]) -> None:
    about = read(FOLDER / name)[0].about
    assert {key: about[key] for key in metadata} == metadata


def test_names_of_spectra_are_read() -> None:
    names = ["first", "second", "third", "fourth", "fifth", "sixth"]
    for name in ("spreadsheet.csv", "spreadsheet_decimal_comma.csv", "workbook_set.xlsx"):
        assert read(FOLDER / name)[0].table["name"].tolist() == names
    for name in ("matrix_rows.csv", "map.h5"):
        assert read(FOLDER / name)[0].table["name"].tolist() == [f"s{i}" for i in range(6)]


def test_spectra_of_different_lengths_are_separate_sets() -> None:
    long, short = read(FOLDER / "different_lengths.h5")
    np.testing.assert_array_equal(short.axis, samples.AXIS[:100])
    np.testing.assert_array_equal(short.values[0], samples.SPECTRUM[:100])
    assert len(long) == 1


def test_spectra_one_below_the_other_are_all_read() -> None:
    (spectra,) = read(FOLDER / "one_below_the_other.txt")
    np.testing.assert_array_equal(spectra.values, np.stack([samples.SPECTRUM] * 2))
    assert spectra.table["name"].tolist() == ["first", "second"]


def test_a_file_with_only_an_axis_is_refused() -> None:
    with pytest.raises(StudioError, match="only an axis"):
        read(FOLDER / "separate_axis.csv")
