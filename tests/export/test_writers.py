"""Spectra written in any format open again with their axis, intensities, columns and metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio import export
from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.writers import WRITERS, Writer
from ramanstudio.formats.nexus_definition import missing_fields
from ramanstudio.formats.registry import read

EVEN = np.linspace(150.0, 1650.0, 301)
UNEVEN = 150.0 + 1500.0 * np.linspace(0.0, 1.0, 301) ** 1.1
ABOUT = {
    "laser_nm": 532.05,
    "exposure_s": 0.5,
    "accumulations": 3,
    "laser_power_mw": 12.5,
    "date": "2026-01-05 10:30:00",
    "grating": "600 l/mm",
    "objective": "50× LWD",
    "instrument": "Spectrometer, model 2",
    "title": "007",
    "sample": 'quartz "left" $$ = 3',
    "intensity_unit": "counts",
    "header.detector temperature (°C)": "-75",
    "edited": True,
}


def spectra(count: int, axis: np.ndarray) -> SpectrumSet:
    rng = np.random.default_rng(4)
    line = 1000.0 / (1.0 + ((axis - 1001.0) / 6.0) ** 2)
    values = np.float32(100.0 + line + rng.normal(size=(count, axis.size)))
    table = {
        "name": np.array([f"p {row}" for row in range(count)]),
        "x": 1.5 * np.arange(count),
        "y": np.repeat([2.0, 4.5], (count + 1) // 2)[:count],
        "label": np.array(["calcite", "quartz"] * count)[:count],
    }
    return SpectrumSet(axis, values, table, ABOUT)


@pytest.fixture(params=WRITERS, ids=lambda writer: writer.key)
def writer(request: pytest.FixtureRequest) -> Writer:
    row: Writer = request.param
    return row


@pytest.mark.parametrize("axis", [EVEN, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("count", [1, 6])
def test_spectra_survive_writing_and_reading(writer: Writer, tmp_path: Path, count: int, axis: np.ndarray) -> None:
    written = spectra(count, axis)
    path = export.write(written, tmp_path / f"map{writer.suffixes[0]}")
    (opened,) = read(path)
    np.testing.assert_allclose(opened.axis, axis, atol=1e-3 if writer.key == "spc" else 1e-9)
    np.testing.assert_allclose(opened.values, written.values, rtol=1e-6)
    for column, entries in written.table.items():
        np.testing.assert_array_equal(opened.table[column], entries, err_msg=column)
    assert {key: opened.about.get(key) for key in ABOUT} == ABOUT


def test_the_format_can_be_named_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    export.write(spectra(1, EVEN), tmp_path / "plain.out", format="jdx")
    assert (tmp_path / "plain.out").read_text().startswith("##TITLE=")
    for name, format in (("a.docx", None), ("a.csv", "docx")):
        with pytest.raises(StudioError, match=r"docx.*\.jdx"):
            export.write(spectra(1, EVEN), tmp_path / name, format=format)


def test_the_file_that_spectra_came_from_is_not_overwritten(tmp_path: Path) -> None:
    path = export.write(spectra(1, EVEN), tmp_path / "a.csv")
    (opened,) = read(path)
    with pytest.raises(StudioError, match="never overwritten"):
        export.write(opened, path)


def test_a_file_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(StudioError, match="exists already"):
        export.write(spectra(1, EVEN), path)
    assert path.read_text() == "mine"
    assert len(read(export.write(spectra(1, EVEN), path, overwrite=True))) == 1


def test_gaps_survive_where_the_format_has_them(tmp_path: Path) -> None:
    written = spectra(3, EVEN)
    values = written.values.copy()
    values[1, 10:20] = np.nan
    written = written.with_values(values)
    for name in ("a.csv", "a.h5", "a.nxs", "a.spc"):
        (opened,) = read(export.write(written, tmp_path / name))
        np.testing.assert_allclose(opened.values, values, rtol=1e-6, err_msg=name)


def test_the_reference_library_reads_our_spc_files(tmp_path: Path) -> None:
    spc_io = pytest.importorskip("spc_io")
    written = spectra(4, UNEVEN)
    path = export.write(written, tmp_path / "a.spc")
    with path.open("rb") as file:
        parsed = spc_io.SPC.from_bytes_io(file)
    assert len(parsed) == 4
    for row, subfile in enumerate(parsed):
        np.testing.assert_allclose(subfile.xarray, UNEVEN, rtol=1e-6)
        np.testing.assert_allclose(subfile.yarray, written.values[row], rtol=1e-6)


def test_the_reference_library_reads_our_jcamp_files(tmp_path: Path) -> None:
    jcamp = pytest.importorskip("jcamp")
    for axis in (EVEN, UNEVEN):
        written = spectra(1, axis)
        parsed = jcamp.readfile(str(export.write(written, tmp_path / "a.jdx", overwrite=True)))
        np.testing.assert_allclose(parsed["x"], axis, atol=1e-6)
        np.testing.assert_allclose(parsed["y"], written.values[0], rtol=1e-6)


def test_a_nexus_file_has_every_field_that_its_definition_requires(tmp_path: Path) -> None:
    import h5py

    filled = {
        "scattering_configuration": "z(..)z",
        "detector": "Synapse CCD",
        "operator": "A. Author",
        "numerical_aperture": 0.75,
        "date": "2026/01/05 10:30:00",
    }
    with h5py.File(export.write(spectra(4, EVEN).with_about(**filled), tmp_path / "a.nxs")) as file:
        entry = file[file.attrs["default"]]
        assert entry.attrs["NX_class"] == "NXentry"
        assert entry["definition"].attrs["URL"].endswith("NXraman.html") and entry["definition"].attrs["version"]
        texts = {
            "definition": "NXraman",
            "experiment_type": "Raman spectroscopy",
            "raman_experiment_type": "Raman imaging",  # it has positions
            "title": "007",
            "start_time": "2026-01-05T10:30:00",
            "instrument/scattering_configuration": "z(..)z",
            "instrument/beam_incident/parameter_reliability": "nominal",
            "instrument/source_laser/type": "Laser",
            "instrument/detector_spectrometer/detector_channel_type": "multichannel",
            "instrument/objective_lens/type": "objective",
            "instrument/objective_lens/name": "50× LWD",
            "instrument/monochromator/grating/description": "600 l/mm",
            "sample/name": 'quartz "left" $$ = 3',
            "user/name": "A. Author",
        }
        assert {path: entry[path].asstr()[()] for path in texts} == texts
        numbers = {
            "instrument/beam_incident/wavelength": (532.05, "nm"),
            "instrument/beam_incident/average_power": (12.5, "mW"),
            "instrument/detector_spectrometer/count_time": (0.5, "s"),
            "instrument/detector_spectrometer/number_of_cycles": (3.0, None),
            "instrument/objective_lens/numerical_aperture": (0.75, None),
        }
        assert {path: (entry[path][()], entry[path].attrs.get("units")) for path in numbers} == numbers
        classes = {"": "NXentry", "instrument": "NXinstrument", "instrument/beam_incident": "NXbeam"}
        classes |= {"instrument/detector_spectrometer": "NXdetector", "sample": "NXsample", "data": "NXdata"}
        assert {path: (entry[path] if path else entry).attrs["NX_class"] for path in classes} == classes
        data = entry[entry.attrs["default"]]
        assert data[data.attrs["signal"]].shape == (4, 301) and data.attrs["axes"][1] == "axis"


def test_required_fields_that_are_missing_are_named_and_not_made_up(tmp_path: Path) -> None:
    import h5py

    bare = SpectrumSet.of(EVEN, np.ones((1, EVEN.size)), date="05/01/2026", laser_nm=532.0)
    names = ["Kind of experiment", "Date", "Scattering configuration", "Detector channels", "Sample"]
    assert [field.name for field in missing_fields([bare])] == names
    given = bare.with_about(sample="sand", date="2026-01-05", scattering_configuration="z(xx)z")
    given = given.with_about(raman_experiment_type="resonant Raman spectroscopy", detector_channel_type="multichannel")
    assert missing_fields([given]) == () and missing_fields([given, bare]) == missing_fields([bare])
    with h5py.File(export.write(bare, tmp_path / "a.nxs")) as file:
        assert "start_time" not in file["entry"] and "name" not in file["entry/sample"]


def test_an_excel_workbook_holds_metadata_and_numbers(tmp_path: Path) -> None:
    from openpyxl import load_workbook

    written = spectra(1, EVEN)
    sheet = load_workbook(export.write(written, tmp_path / "a.xlsx")).active
    rows = list(sheet.values)
    assert ("# laser_nm = 532.05",) in [row[:1] for row in rows]
    numbers = np.array([row[:2] for row in rows if isinstance(row[0], int | float)])
    np.testing.assert_allclose(numbers, np.column_stack([EVEN, written.values[0]]), rtol=1e-6)
