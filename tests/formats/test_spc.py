"""SPC files of both versions, compared with spc-io; spectra other than Raman are refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM, VENDOR_FILES, needs_vendor_files, spc_bytes, spc_log

SEVERAL = np.outer([1.0, 2.0, 3.0], SPECTRUM)


def opened(path: Path, content: bytes, laser_nm: float | None = None) -> SpectrumSet:
    path.write_bytes(content)
    (spectra,) = read(path, laser_nm)
    return spectra


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("values", [SPECTRUM[None], SEVERAL])
def test_both_versions_with_one_and_several_spectra(tmp_path: Path, old: bool, values: np.ndarray) -> None:
    spectra = opened(tmp_path / "a.spc", spc_bytes(values, old=old))
    np.testing.assert_allclose(spectra.axis, AXIS, rtol=1e-6)
    np.testing.assert_allclose(spectra.values, values, rtol=1e-4)


def test_an_uneven_axis(tmp_path: Path) -> None:
    uneven = AXIS**1.01
    spectra = opened(tmp_path / "a.spc", spc_bytes(SEVERAL, axis=uneven, ends=(uneven[0], uneven[-1])))
    np.testing.assert_allclose(spectra.axis, uneven, rtol=1e-6)
    np.testing.assert_allclose(spectra.values, SEVERAL, rtol=1e-6)


@pytest.mark.parametrize(
    "log",
    [
        spc_log(b"Laser = 785 nm\r\nExposure_time=Time: 3000\r\n"),
        spc_log(b"a line without a key\r\n[a section]\r\n== =\r\nLaser=785\r\nExposure time = 3\r\n"),
        spc_log(b"Laser=785\0\0Exposure=3\xff\xfe")[:90],
        b"\xff" * 64 + b"Laser=785",
    ],
)
def test_a_damaged_log_block_does_not_prevent_reading(tmp_path: Path, log: bytes) -> None:
    spectra = opened(tmp_path / "a.spc", spc_bytes(SPECTRUM[None], log=log))
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], rtol=1e-6)
    assert spectra.about.get("laser_nm", 785) == 785 and spectra.about.get("exposure_s", 3) == 3


def test_the_laser_in_the_log_converts_wavelengths(tmp_path: Path) -> None:
    nm = 1e7 / (1e7 / 532.2 - AXIS)
    content = spc_bytes(SPECTRUM[None], x_type=3, axis=nm, ends=(nm[0], nm[-1]), log=spc_log(b"EXCIT_LINE = 532.2\r\n"))
    np.testing.assert_allclose(opened(tmp_path / "a.spc", content).axis, AXIS, atol=0.3)


@pytest.mark.parametrize(
    ("x_type", "y_type", "ends", "says"),
    [
        (3, 4, (550.0, 600.0), "wavelength in nm.*laser"),
        (1, 2, (4000.0, 450.0), "absorbance.*infrared"),
        (1, 128, (400.0, 4000.0), "transmittance"),
        (1, 129, (200.0, 4000.0), "reflectance"),
        (1, 0, (400.0, 7900.0), "beyond any Raman shift"),
        (1, 4, (15600.0, 15500.0), "absolute wavenumber.*laser"),
        (9, 0, (40.0, 400.0), "m/z"),
        (10, 0, (200.0, -10.0), "ppm"),
        (5, 0, (0.0, 60.0), "minutes"),
    ],
)
def test_spectra_that_are_not_raman_are_refused(
    tmp_path: Path, x_type: int, y_type: int, ends: tuple[float, float], says: str
) -> None:
    (tmp_path / "a.spc").write_bytes(spc_bytes(SPECTRUM[None], x_type, y_type, ends))
    with pytest.raises(StudioError, match=rf"'a\.spc'.*{says}"):
        read(tmp_path / "a.spc")


def test_a_truncated_file_gives_its_complete_spectra_and_a_note(tmp_path: Path) -> None:
    spectra = opened(tmp_path / "a.spc", spc_bytes(SEVERAL)[:-100])
    np.testing.assert_allclose(spectra.values, SEVERAL[:2], rtol=1e-6)
    assert "2 of 3" in str(spectra.about["notes"])
    (tmp_path / "a.spc").write_bytes(spc_bytes(SPECTRUM[None])[:-8])
    with pytest.raises(StudioError, match="46 points but the file ends earlier"):
        read(tmp_path / "a.spc")


def as_spc_io(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    from spc_io import SPC

    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spc = SPC.from_bytes_io(file)
        return [(np.array(sub.xarray), np.array(sub.yarray)) for sub in spc]


@needs_vendor_files
def test_vendor_files_agree_with_spc_io_where_it_can_read_them() -> None:
    compared = opened_alone = 0
    for path in sorted(
        [
            *VENDOR_FILES.glob("spc*/*.[sS][pP][cC]"),
            *VENDOR_FILES.glob("twins/*/*.spc"),
            *VENDOR_FILES.glob("other/*.spc"),
        ]
    ):
        try:
            sets = read(path)
        except StudioError:
            assert path.parent.name == "spc", f"{path.name} is a Raman spectrum"
            continue
        try:
            theirs = as_spc_io(path)
        except Exception:  # whatever spc-io raises: its failures are what is tested
            opened_alone += 1
            continue
        rows = [row for spectra in sets for row in spectra.values]
        assert len(rows) == len(theirs)
        for row, (x, y) in zip(rows, theirs, strict=True):
            np.testing.assert_allclose(row, y[np.argsort(x)], rtol=1e-4, atol=1e-3)
        compared += 1
    assert compared >= 10 and compared + opened_alone >= 35


def test_the_date_of_the_header_is_read(tmp_path: Path) -> None:
    content = bytearray(spc_bytes(SPECTRUM[None]))
    content[32:36] = (2005 << 20 | 12 << 16 | 14 << 11 | 17 << 6 | 54).to_bytes(4, "little")
    assert opened(tmp_path / "a.spc", bytes(content)).about["date"] == "2005-12-14 17:54"
    old = bytearray(spc_bytes(SPECTRUM[None], old=True))
    old[18:24] = (1997).to_bytes(2, "little") + bytes([3, 2, 8, 15])
    assert opened(tmp_path / "b.spc", bytes(old)).about["date"] == "1997-03-02 08:15"


@pytest.mark.parametrize(
    ("line", "seconds"),
    [("Exposure_time=10s", 10), ("Exposure time = 250 ms", 0.25), ("Exposure_Length=10000", 10),
     ("Exposure_time=Time: 3000", 3), ("Integration time (s)=2,5", 2.5)],
)  # fmt: skip
def test_the_unit_of_the_exposure_counts(tmp_path: Path, line: str, seconds: float) -> None:
    log = spc_log(f"Acquisition_Date_Time=22.09.2009 03:41:30\r\n{line}\r\n".encode())
    about = opened(tmp_path / "a.spc", spc_bytes(SPECTRUM[None], log=log)).about
    assert about["exposure_s"] == pytest.approx(seconds)
    assert about["date"] == "2009-09-22 03:41:30"


def test_stage_positions_of_a_line_are_kept_and_running_numbers_are_not(tmp_path: Path) -> None:
    spectra = opened(tmp_path / "a.spc", spc_bytes(SEVERAL, z_values=[-40.0, -30.0, -18.5]))
    assert spectra.table["x"].tolist() == [-40.0, -30.0, -18.5]
    assert not opened(tmp_path / "b.spc", spc_bytes(SEVERAL)).table


def test_an_axis_that_counts_pixels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.spc").write_bytes(spc_bytes(SPECTRUM[None], x_type=0, y_type=0, ends=(1.0, float(AXIS.size))))
    with pytest.raises(StudioError, match="detector pixels"):
        read(tmp_path / "a.spc")
