"""MATLAB, foreign HDF5, ENVI and JASCO files: which array is the axis, which the spectra, and what is refused."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from tests.formats.container_sample_files import compound_bytes, envi_header, jasco_bytes, mat5_bytes
from tests.formats.sample_files import AXIS, SPECTRUM

SET = np.outer([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], SPECTRUM)
NM = 1e7 / (1e7 / 532.0 - AXIS)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "variables",
    [
        {"wavenumber": AXIS, "spectra": SET},
        {"data": SET.T, "Raman_shift": AXIS[:, None], "note": "by hand"},
        {"result": {"shift": AXIS, "intensity": SET, "baseline_coef": np.ones((6, 3))}},
        {"table": np.column_stack([AXIS, SET.T])},
        {"a": AXIS, "b": SET, "n": np.arange(46.0)},
        {"wavelength": NM, "counts": SET, "laser_nm": np.array([532.0])},
    ],
)
def test_the_axis_and_the_spectra_of_a_matlab_file_are_found(tmp_path: Path, variables: dict, compressed: bool) -> None:
    (spectra,) = read(write(tmp_path / "a.mat", mat5_bytes(compressed, **variables)))
    np.testing.assert_allclose(spectra.axis, AXIS, atol=1e-6)
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)


def test_scipy_and_our_reader_agree_on_what_a_matlab_file_holds(tmp_path: Path) -> None:
    import scipy.io

    for compressed in (False, True):
        scipy.io.savemat(tmp_path / "a.mat", {"wn": AXIS, "cube": SET.reshape(2, 3, -1)}, do_compression=compressed)
        (spectra,) = read(tmp_path / "a.mat")
        np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)
        assert not spectra.about.get("laser_nm")


def test_a_matlab_file_of_version_7_3_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["wavenumber"], file["spectra"] = AXIS[:, None], SET.T  # MATLAB stores columns first
    content = bytearray((tmp_path / "a.mat").read_bytes())
    content[:19] = b"MATLAB 7.3 MAT-file"
    (spectra,) = read(write(tmp_path / "a.mat", bytes(content)))
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)


def test_a_matlab_file_without_an_axis_names_its_variables(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"none of its variables \('a', 'b'\)") as refusal:
        read(write(tmp_path / "a.mat", mat5_bytes(a=np.eye(3), b="text")))
    assert "wavenumber" in refusal.value.remedy


def test_absorbance_in_a_matlab_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="'Absorbance' in it is absorbance, not Raman"):
        read(write(tmp_path / "a.mat", mat5_bytes(wavenumber=AXIS, Absorbance=SET)))
    assert len(read(write(tmp_path / "a.mat", mat5_bytes(wavenumber=AXIS, Absorbance=SET, raman=SET)))) == 1


def nxdata(path: Path, signal: np.ndarray, axes: list[str], **datasets: tuple[np.ndarray, str]) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group("entry/data")
        group.attrs["NX_class"], group.attrs["signal"], group.attrs["axes"] = "NXdata", "counts", axes
        group["counts"] = signal
        for name, (values, unit) in datasets.items():
            group[name] = values
            group[name].attrs["units"] = unit
    return path


def test_a_nexus_map_has_its_positions_in_micrometres(tmp_path: Path) -> None:
    path = nxdata(
        tmp_path / "a.nxs", SET.reshape(2, 3, -1), ["y", "x", "shift"],
        shift=(AXIS, "1/cm"), x=(np.array([0.0, 0.001, 0.002]), "mm"), y=(np.array([5.0, 7.0]), "um"),
    )  # fmt: skip
    (spectra,) = read(path)
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)
    np.testing.assert_allclose(spectra.table["x"], [0, 1, 2, 0, 1, 2])
    np.testing.assert_allclose(spectra.table["y"], [5, 5, 5, 7, 7, 7])


def test_raman_shift_is_taken_before_a_wavelength_beside_it(tmp_path: Path) -> None:
    path = nxdata(tmp_path / "a.h5", SPECTRUM, ["wavelength"], wavelength=(NM, "nm"), shift=(AXIS, "1/cm"))
    np.testing.assert_allclose(read(path)[0].axis, AXIS)


def test_an_nxdata_of_absorbance_is_refused(tmp_path: Path) -> None:
    path = nxdata(tmp_path / "a.nxs", SPECTRUM, ["shift"], shift=(AXIS, "1/cm"))
    with h5py.File(path, "a") as file:
        file["entry/data/counts"].attrs["long_name"] = "Absorbance"
    with pytest.raises(StudioError, match="absorbance, not Raman"):
        read(path)


@pytest.mark.parametrize("interleave", ["bip", "bil", "bsq"])
def test_an_envi_map_is_read_in_every_interleave(tmp_path: Path, interleave: str) -> None:
    cube = SET.reshape(2, 3, -1)  # lines, samples, bands
    order = {"bip": (0, 1, 2), "bil": (0, 2, 1), "bsq": (2, 0, 1)}[interleave]
    (tmp_path / "a.dat").write_bytes(np.ascontiguousarray(cube.transpose(order)).astype("<f4").tobytes())
    (spectra,) = read(write(tmp_path / "a.hdr", envi_header(AXIS, 3, 2, interleave)))
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)
    np.testing.assert_allclose(spectra.table["x"], [0, 1.5, 3, 0, 1.5, 3])
    np.testing.assert_allclose(spectra.table["y"], [0, 0, 0, 2, 2, 2])
    with pytest.raises(StudioError, match="is the data of an ENVI map") as refusal:
        read(tmp_path / "a.dat")
    assert "a.hdr" in refusal.value.remedy


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (envi_header(AXIS, 3, 2), "is not beside it"),
        (envi_header(AXIS, 300, 200), "shorter than its header states|not beside it"),
        (
            envi_header(AXIS, 3, 2).replace(b"Raman shift (cm-1), Counts", b"Wavenumber, Absorbance"),
            "absorbance, not Raman",
        ),
        (envi_header(AXIS, 3, 2).replace(b"Raman shift (cm-1), Counts", b"a, b"), "does not state the unit"),
    ],
)
def test_what_an_envi_header_lacks_is_said(tmp_path: Path, header: bytes, says: str) -> None:
    if b"samples = 300" in header or b"a, b" in header:
        (tmp_path / "a.dat").write_bytes(SET.astype("<f4").tobytes())
    with pytest.raises(StudioError, match=says):
        read(write(tmp_path / "a.hdr", header))


def test_jasco_files_of_other_measurements_and_other_compound_documents_are_named(tmp_path: Path) -> None:
    np.testing.assert_allclose(read(write(tmp_path / "a.jws", jasco_bytes(SPECTRUM, 100, 1000)))[0].values[0], SPECTRUM)
    with pytest.raises(StudioError, match="another measurement, not Raman"):
        read(write(tmp_path / "a.jws", jasco_bytes(SPECTRUM, 100, 1000, "Circular dichroism J-815")))
    with pytest.raises(StudioError, match="an old Excel workbook") as refusal:
        read(write(tmp_path / "a.xls", compound_bytes({"Workbook": b"x"})))
    assert ".xlsx" in refusal.value.remedy
