"""Files of our own making in the instruments' formats: several spectra, units, lasers, and what is refused and why."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from witio.tag import WitTag, read_bytes, write_bytes

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.axis import LaserNeededError
from ramanstudio.formats.registry import read
from tests.formats import vendor_sample_files as vendor
from tests.formats.sample_files import AXIS, SPECTRUM

SET = np.outer([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], SPECTRUM)
NM = 1e7 / (1e7 / 532.0 - AXIS)
LINE = (540.0, 0.5)  # nm of the first pixel, less one step, and of a step


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def refusal(path: Path, content: bytes) -> str:
    with pytest.raises(StudioError) as error:
        read(write(path, content))
    assert path.name in error.value.sentence and error.value.remedy
    return error.value.sentence


# WITec --------------------------------------------------------------------------------------------------------------


def witec_project(path: Path, change: object) -> Path:
    """A WITec project of a map whose list of data `change` may alter."""
    magic, root = read_bytes(vendor.witec_bytes(SET, 3, 2, NM))
    data = root["Data"]
    change(data)  # type: ignore[operator]
    return write(path, write_bytes(magic, root))


def graph(data: WitTag) -> WitTag:
    return data["Data 3"]["TDGraph"]


def test_the_laser_of_the_user_wins_over_that_of_the_project(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wip", vendor.witec_bytes(SET, 3, 2, NM))
    np.testing.assert_allclose(read(path)[0].axis, AXIS, atol=1e-6)
    (spectra,) = read(path, 531.0)
    np.testing.assert_allclose(spectra.axis, AXIS + 1e7 / 531.0 - 1e7 / 532.0, atol=1e-6)
    assert spectra.about["laser_nm"] == 531.0


def test_lines_that_were_not_measured_are_left_out_with_a_note(tmp_path: Path) -> None:
    def stop(data: WitTag) -> None:
        graph(data).children.append(WitTag("LineValid", 8, np.array([True, False])))

    (spectra,) = read(witec_project(tmp_path / "a.wip", stop))
    np.testing.assert_allclose(spectra.values, SET[:3], rtol=1e-6)
    assert spectra.table["y"].tolist() == [0, 0, 0] and "3 of 6 spectra" in str(spectra.about["notes"])


def test_images_are_counted_and_a_damaged_graph_is_named(tmp_path: Path) -> None:
    def add(data: WitTag) -> None:
        for index, kind, caption in ((5, "TDImage", "sum"), (6, "TDGraph", "broken")):
            about = WitTag("TData", 0, children=[WitTag("Caption", 9, caption)])
            data.children += [WitTag(f"DataClassName {index}", 9, kind)]
            data.children += [WitTag(f"Data {index}", 0, children=[about, WitTag(kind, 0)])]
        data["NumberOfData"].data = np.array([7], dtype="<i4")

    (spectra,) = read(witec_project(tmp_path / "a.wip", add))
    notes = str(spectra.about["notes"])
    assert "1 images and other curves" in notes and "1 measurements were left out" in notes and "'broken'" in notes


def test_a_curve_of_lengths_in_nm_is_no_spectrum(tmp_path: Path) -> None:
    def heights(data: WitTag) -> None:
        data["DataClassName 2"].data = "TDSpaceInterpretation"
        data["Data 2"]["TDSpectralInterpretation"].name = "TDSpaceInterpretation"

    with pytest.raises(StudioError, match="contains no spectra"):
        read(witec_project(tmp_path / "a.wip", heights))


def test_sizes_that_a_project_states_are_compared_with_its_data(tmp_path: Path) -> None:
    def enlarge(data: WitTag) -> None:
        graph(data)["SizeGraph"].data = np.array([2**31 - 1], dtype="<i4")

    with pytest.raises(StudioError, match="3 × 2 spectra of 2147483647 points"):
        read(witec_project(tmp_path / "a.wip", enlarge))


def test_a_tag_that_points_backwards_is_refused(tmp_path: Path) -> None:
    content = bytearray(vendor.witec_bytes(SET, 3, 2, NM))
    place = content.index(b"SizeGraph") + len("SizeGraph") + 4
    struct.pack_into("<QQ", content, place, 8, 12)  # where the root begins: for ever
    assert "damaged" in refusal(tmp_path / "a.wip", bytes(content))


# Princeton Instruments ----------------------------------------------------------------------------------------------


def test_frames_and_rows_are_numbered(tmp_path: Path) -> None:
    content = bytearray(vendor.spe2_bytes(SET, LINE, 532.0))
    (spectra,) = read(write(tmp_path / "a.spe", bytes(content)))
    assert spectra.table["frame"].tolist() == [0, 1, 2, 3, 4, 5] and "row" not in spectra.table
    struct.pack_into("<H", content, 656, 2)
    struct.pack_into("<i", content, 1446, 3)
    (spectra,) = read(write(tmp_path / "a.spe", bytes(content)))
    assert spectra.table["frame"].tolist() == [0, 0, 1, 1, 2, 2] and spectra.table["row"].tolist() == [0, 1] * 3


@pytest.mark.parametrize("name", ["a.spe", "a.dat"])
def test_a_winspec_file_in_nm_asks_for_the_laser(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, vendor.spe2_bytes(SET, LINE))
    with pytest.raises(LaserNeededError, match="laser wavelength is unknown"):
        read(path)
    nm = 540.0 + 0.5 * np.arange(1, 47)
    np.testing.assert_allclose(read(path, 532.0)[0].axis, 1e7 / 532.0 - 1e7 / nm, atol=1e-9)


def test_princeton_files_without_calibration_or_with_too_many_frames_are_refused(tmp_path: Path) -> None:
    assert "counts detector pixels" in refusal(tmp_path / "a.spe", vendor.spe2_bytes(SET, (0.0, 0.0), 532.0))
    content = bytearray(vendor.spe2_bytes(SET, LINE, 532.0))
    struct.pack_into("<i", content, 1446, 2**31 - 1)
    assert "ends after" in refusal(tmp_path / "a.spe", bytes(content))
    assert "ends after" in refusal(tmp_path / "a.spe", vendor.spe3_bytes(SET, NM).replace(b'count="6"', b'count="9"'))


# Bruker, Thermo, Andor ----------------------------------------------------------------------------------------------


def test_infrared_spectra_are_refused_by_name(tmp_path: Path) -> None:
    absorbance = vendor.opus_bytes(SPECTRUM[None], 1000.0, 100.0, kind=4).replace(b"Laser\0", b"Globar")
    assert "holds absorbance, not Raman" in refusal(tmp_path / "a.0", absorbance)
    infrared = vendor.omnic_bytes(SPECTRUM[None], 4000.0, 400.0, x_unit=1, y_unit=17)
    assert "holds absorbance, not Raman" in refusal(tmp_path / "a.spa", infrared)


def test_a_group_of_omnic_spectra_keeps_their_names(tmp_path: Path) -> None:
    (spectra,) = read(write(tmp_path / "a.spg", vendor.omnic_bytes(SET[:, ::-1], 1000.0, 100.0)))
    assert spectra.table["name"].tolist() == [f"spectrum {index}" for index in range(6)]
    np.testing.assert_allclose(spectra.values, SET, rtol=1e-6)


def test_an_andor_axis_is_converted_only_where_the_file_says_raman(tmp_path: Path) -> None:
    nm = 540.0 + 0.5 * np.arange(1, 47)
    (spectra,) = read(write(tmp_path / "a.sif", vendor.sif_bytes(SET, LINE)))
    np.testing.assert_allclose(spectra.axis, 1e7 / 532.0 - 1e7 / nm, atol=1e-6)
    with pytest.raises(LaserNeededError):
        read(write(tmp_path / "a.sif", vendor.sif_bytes(SET, LINE, "Wavelength")))
    assert "counts detector pixels" in refusal(tmp_path / "a.sif", vendor.sif_bytes(SET, (0.0, 1.0), "Pixel number"))


def test_intensities_lie_on_the_boundaries_of_their_numbers(tmp_path: Path) -> None:
    for laser_nm in (532.0, 532.1, 532.12, 532.125):  # each moves what is behind it by a byte
        spectra = read(write(tmp_path / "a.sif", vendor.sif_bytes(SET, LINE, laser_nm=laser_nm)))[0]
        assert spectra.values.flags.aligned and spectra.values.flags.c_contiguous


# HORIBA LabSpec 5 and XML, TriVista -----------------------------------------------------------------------------------


def test_points_of_a_labspec5_map_that_were_not_measured_are_left_out(tmp_path: Path) -> None:
    values = SET.copy()
    values[[1, 4]] = 0.0
    content = vendor.labspec5_bytes(values, x=np.arange(3.0), y=np.array([10.0, 20.0]))
    (spectra,) = read(write(tmp_path / "a.ngc", content))
    assert spectra.table["x"].tolist() == [0, 2, 0, 2] and spectra.table["y"].tolist() == [10, 10, 20, 20]


def test_xml_of_other_programs_and_with_entities_is_refused(tmp_path: Path) -> None:
    assert "not one of LabSpec" in refusal(tmp_path / "a.xml", b'<?xml version="1.0"?><office/>')
    numbers = "".join(f"<peak><x>{x}</x><y>{y}</y></peak>\n" for x, y in zip(AXIS, SPECTRUM, strict=True))
    assert "not one of LabSpec" in refusal(tmp_path / "a.xml", f"<peaks>\n{numbers}</peaks>".encode())
    content = vendor.labspec_xml_bytes(SET)
    bomb = content.replace(b"<LSX_Data>", b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><LSX_Data>', 1)
    assert "declares entities" in refusal(tmp_path / "a.xml", bomb)
    deep = b"<LSX_Data>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</LSX_Data>"
    assert "nested too deep" in refusal(tmp_path / "a.xml", deep)


def test_a_trivista_file_without_a_laser_asks_for_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tvf", vendor.trivista_bytes(SET, NM, laser_nm=0.0))
    with pytest.raises(LaserNeededError):
        read(path)
    np.testing.assert_allclose(read(path, 532.0)[0].axis, AXIS, atol=1e-5)
