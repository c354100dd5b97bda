"""WiRE files open with axis, positions and laser; damaged ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM, wdf_bytes

MAP = np.outer([1.0, 2.0, 3.0, 4.0], SPECTRUM)
POSITIONS = np.array([[0.0, 0.0], [1.5, 0.0], [0.0, 2.0], [1.5, 2.0]])


def test_a_single_spectrum_opens_with_its_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(SPECTRUM[None, ::-1], AXIS[::-1]))
    (spectra,) = read(tmp_path / "a.wdf")
    np.testing.assert_allclose(spectra.axis, AXIS, rtol=1e-6)
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], rtol=1e-6)
    facts = {"laser_nm": 532, "accumulations": 3, "intensity_unit": "counts", "title": "a sample"}
    assert {name: spectra.about[name] for name in facts} == pytest.approx(facts)


def test_a_map_has_x_and_y(tmp_path: Path) -> None:
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(MAP, positions=POSITIONS))
    (spectra,) = read(tmp_path / "a.wdf")
    assert spectra.is_map
    np.testing.assert_allclose(spectra.values, MAP, rtol=1e-6)
    np.testing.assert_allclose(np.column_stack([spectra.table["x"], spectra.table["y"]]), POSITIONS)


def test_an_interrupted_measurement_gives_what_was_collected_and_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(MAP, collected=3, positions=POSITIONS))
    (spectra,) = read(tmp_path / "a.wdf")
    np.testing.assert_allclose(spectra.values, MAP[:3], rtol=1e-6)
    assert spectra.table["x"].tolist() == [0, 1.5, 0]
    assert "3 of 4 spectra" in str(spectra.about["notes"])


def test_wavelengths_are_converted_with_the_laser_in_the_file(tmp_path: Path) -> None:
    nm = 1e7 / (1e7 / 325.0 - AXIS)
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(SPECTRUM[None], nm, unit=3, laser_nm=325.0))
    (spectra,) = read(tmp_path / "a.wdf")
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.3)
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(SPECTRUM[None], nm, unit=3, laser_nm=None))
    with pytest.raises(StudioError, match=r"a\.wdf.*wavelength in nm.*laser"):
        read(tmp_path / "a.wdf")


@pytest.mark.parametrize(
    ("unit", "collected", "says"),
    [(5, 4, "laser wavelength"), (16, 4, "detector pixels"), (12, 4, "axis is not spectral"), (1, 0, "stopped before")],
)
def test_files_without_spectra_are_refused(tmp_path: Path, unit: int, collected: int, says: str) -> None:
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(MAP, unit=unit, laser_nm=None, collected=collected))
    with pytest.raises(StudioError, match=says):
        read(tmp_path / "a.wdf")


def test_a_header_that_promises_more_than_the_file_holds_takes_no_memory(tmp_path: Path) -> None:
    content = bytearray(wdf_bytes(MAP))
    content[60:64] = (2**31 - 1).to_bytes(4, "little")  # points of a spectrum
    (tmp_path / "a.wdf").write_bytes(content)
    with pytest.raises(StudioError, match=r"a\.wdf"):
        read(tmp_path / "a.wdf")
