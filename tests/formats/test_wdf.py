"""WiRE files open with axis, positions and laser; damaged ones are refused."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from ramanstudio.formats.wdf import white_light_image
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


def pset(items: dict[str, object], custom: int = 0x8001) -> bytes:
    """A property set of texts, numbers and nested sets, each with a key that another item names."""
    content = b""
    for key, (name, value) in enumerate(items.items(), custom):
        encoded = name.encode()
        content += struct.pack("<BBHI", ord("k"), 0, key, len(encoded)) + encoded
        if isinstance(value, dict):
            nested = pset(value, key + 100)[8:]
            content += struct.pack("<BBHI", ord("p"), 0, key, len(nested)) + nested
        elif isinstance(value, str):
            content += struct.pack("<BBHI", ord("u"), 0, key, len(value.encode())) + value.encode()
        elif isinstance(value, int):
            content += struct.pack("<BBHi", ord("i"), 0, key, value)
        else:
            content += struct.pack("<BBHd", ord("q"), 0, key, value)
    return b"PSET" + struct.pack("<I", len(content)) + content


def block(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sIQ", name, 0, 16 + len(content)) + content


def test_exposure_objective_grating_and_date_are_read(tmp_path: Path) -> None:
    content = bytearray(wdf_bytes(SPECTRUM[None]))
    struct.pack_into("<Q", content, 136, 133_972_313_704_766_439)  # 2025-07-17 13:09:30
    content += block(
        b"WXDM", pset({"NamedItems": {"Scan": {"Exposure Time": 5000, "Accumulations": 7}, "NDPercent": 0.5}})
    )
    content += block(
        b"WXCS", pset({"Lens": {"Objective name": "x50 L"}, "Gratings": {"Groove Density (lines/mm)": 1200}})
    )
    (tmp_path / "a.wdf").write_bytes(content)
    about = read(tmp_path / "a.wdf")[0].about
    assert (about["exposure_s"], about["objective"], about["grating"]) == (5.0, "x50 L", "1200 l/mm")
    assert about["laser_power_percent"] == 0.5
    assert about["date"] == "2025-07-17 13:09:30"
    assert about["accumulations"] == 7  # as set; the header, with 3, also counts readouts for cosmic rays


@pytest.mark.parametrize("cut", [9, 20, 37, 60])
def test_damaged_properties_are_left_out(tmp_path: Path, cut: int) -> None:
    properties = pset({"Scan": {"Exposure Time": 5000}})
    content = wdf_bytes(SPECTRUM[None]) + block(b"WXDM", properties[:cut] + b"\xff" * (len(properties) - cut))
    (tmp_path / "a.wdf").write_bytes(content)
    assert len(read(tmp_path / "a.wdf")[0]) == 1


def test_the_white_light_image_is_kept(tmp_path: Path) -> None:
    image = b"\xff\xd8\xff\xe1" + bytes(200)
    (tmp_path / "a.wdf").write_bytes(wdf_bytes(SPECTRUM[None]) + block(b"WHTL", image))
    assert read(tmp_path / "a.wdf")[0].about["white_light_image"] == "in the file"
    assert white_light_image(tmp_path / "a.wdf") == image
    (tmp_path / "b.wdf").write_bytes(wdf_bytes(SPECTRUM[None]))
    assert white_light_image(tmp_path / "b.wdf") is None


def test_intensities_are_contiguous_whatever_the_order_of_the_axis(tmp_path: Path) -> None:
    # torch takes no array with negative strides, or off the boundaries of its numbers.
    for order in (slice(None), slice(None, None, -1)):
        (tmp_path / "a.wdf").write_bytes(wdf_bytes(np.stack([SPECTRUM[order]] * 2), AXIS[order]))
        (spectra,) = read(tmp_path / "a.wdf")
        assert spectra.values.flags.c_contiguous and spectra.axis.flags.c_contiguous
        np.testing.assert_allclose(spectra.values[0], SPECTRUM, rtol=1e-6)
