"""Files in the instruments' own formats, made by instruments: axis, intensities, positions and metadata are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FIELD, FORMATS = DATA / "field", DATA / "formats"
pytestmark = pytest.mark.skipif(not FIELD.is_dir(), reason="the instruments' files are not beside the project")

# Sets, spectra, points, first and last Raman shift, highest intensity, laser of the user in nm; and the metadata.
OPENED: dict[str, tuple[tuple[float, ...], dict[str, Any]]] = {
    "field/omnic_titanium_dioxide.spa": (
        (1, 1, 3319, 100.672, 3299.999, 53533.3, 0),
        {"accumulations": 16, "date": "2021-03-05 11:51:36", "laser_nm": 532.159, "title": "Titanium dioxide powder"},
    ),
    "field/winspec_2x_1d.spe": (
        (1, 1, 1340, 1e7 / 514.5 - 1e7 / 515.0791, 1e7 / 514.5 - 1e7 / 554.6449, 8849, 514.5),
        {"exposure_s": 5, "date": "2006-12-21 14:41:16", "grating": "1200 g/mm"},
    ),
    "formats/princeton/S0N_50x.spe": (
        (1, 1, 1340, 1e7 / 531.988 - 1e7 / 534.000476, 1e7 / 531.988 - 1e7 / 557.354942, 23399, 0),
        {"exposure_s": 30, "accumulations": 6, "date": "2024-10-01 11:32:24", "laser_nm": 531.988},
    ),
    "formats/opus/test_opus.0": (
        (1, 1, 4096, 51.89256, 4000.66097, 0.0759058, 0),
        {"accumulations": 50, "date": "2023-07-04 16:59:10", "laser_nm": 1064.4072, "laser_power_mw": 200},
    ),
    "field/andor_fe2o3_785.sif": (
        (1, 1, 1024, 1e7 / 785 - 1e7 / 789.83536392, 1e7 / 785 - 1e7 / 894.76107669, 64030, 0),
        {"exposure_s": 9.99996, "accumulations": 5, "date": "2021-08-05 13:49:52", "laser_nm": 785},
    ),
    "formats/witec/LineScans.WIP": (
        (2, 50, 1024, 107.1857, 3378.0699, 65535, 0),
        {"exposure_s": 1.01222, "accumulations": 1, "date": "2015-07-06 11:01:23", "laser_nm": 785},
    ),
    "field/labspec5_square_map.ngc": (
        (1, 25, 1024, 1e7 / 441.52 - 1e7 / 429.1526, 1e7 / 441.52 - 1e7 / 619.6451, 2443, 0),
        {"exposure_s": 0.05, "accumulations": 1, "date": "2019-07-16 14:31:31", "grating": "300 gr/mm"},
    ),
    "field/irregular_map.ngc": (
        (1, 85, 1024, 1e7 / 441.52 - 1e7 / 429.1526, 1e7 / 441.52 - 1e7 / 619.6451, 2111, 0),
        {"exposure_s": 0.05, "date": "2019-07-16 14:41:17", "laser_nm": 441.52},
    ),
    "field/ramanchada2_nexus_two_sets.nxs": (
        (2, 1, 762, -3.08, 2000.18, 64110, 0),
        {"laser_nm": 532, "title": "S0B"},
    ),
    "field/ramanchada_cha.cha": (
        (1, 1, 3190, 102.7695, 3703.7109, 178712.1, 0),
        {"laser_nm": 514.5011961147924, "accumulations": 3},
    ),
    "formats/nexus/witec_ref.nxs": (
        (1, 1, 1600, -46.678, 3684.807, 65535, 0),
        {"laser_nm": 532.1, "exposure_s": 1, "date": "2024-06-21 14:04:54", "sample": "Silicon Wafer"},
    ),
    "formats/mat/3D THP1 map 001 L5 (B+R) (Sub BG).mat": (
        (1, 1600, 500, 501.265, 1802.4656, 1598.4048, 0),
        {"date": "2023-02-09 14:32:40"},
    ),
    "formats/text/T-25-10-1-2025-S183-1-ST.xlsx": ((1, 4, 266, 351.969, 1798.563, 0, 0), {"sheet": "Sheet1"}),
    "field/three_csv.zip": ((3, 1, 964, 301.04, 3198.12, 0, 0), {"file_in_archive": "testdata2 - Copy (2).csv"}),
}
REFUSED = {
    "field/CA_tiny_map.zip": "'CA small UF.hdr' holds absorbance, not Raman",
    "field/shimadzu_old.spc": "a Shimadzu UV-Vis file",
    "field/perkinelmer.sp": "a PerkinElmer file",
    "formats/spc/UV-2600_labeled_DNA.spc": "a Shimadzu file",
    "formats/ocean/BB_PF21_4.ProcSpec": "intensities are 'Transmission'",
    "formats/other/ftir_polyethylene_reflectance_adjustment_not_working.spa": "holds reflectance, not Raman",
    "formats/other/ftir_ps.0": "holds absorbance, not Raman",
    "field/winspec_2x_1d.spe": "wavelength in nm .* laser wavelength is unknown",
    "formats/labspec_xml/jobinyvon_test_spec.xml": "outside the Raman range of a 632.8",
    "formats/trivista/linescan.tvf": "wavelength in nm .* laser wavelength is unknown",
}
LABSPEC6 = sorted([*FORMATS.glob("labspec_l6s/*.l6s"), *FORMATS.glob("twins/Horiba/*.l6s")]) if FIELD.is_dir() else []


@pytest.mark.parametrize("name", OPENED)
def test_axis_intensities_and_metadata_are_right(name: str) -> None:
    (n_sets, count, points, first, last, highest, laser_nm), about = OPENED[name]
    sets = read(DATA / name, laser_nm or None)
    spectra = sets[0]
    half_step = abs(last - first) / (points - 1) / 2
    assert (len(sets), len(spectra), spectra.points) == (n_sets, count, points)
    np.testing.assert_allclose([spectra.axis[0], spectra.axis[-1]], [first, last], atol=min(half_step, 0.05))
    assert not highest or spectra.values.max() == pytest.approx(highest, rel=1e-4)
    assert {key: spectra.about.get(key) for key in about} == {
        key: value if isinstance(value, str) else pytest.approx(value) for key, value in about.items()
    }


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_raman_or_needs_the_laser_is_refused_by_name(name: str) -> None:
    with pytest.raises(StudioError, match=REFUSED[name]) as refusal:
        read(DATA / name)
    assert refusal.value.remedy


@pytest.mark.parametrize("path", LABSPEC6, ids=lambda path: path.stem[:40])
def test_labspec6_spectra_equal_the_texts_that_labspec_exported(path: Path) -> None:
    (spectra,) = read(path)
    axis, values = np.loadtxt(path.with_suffix(".txt"), unpack=True)  # with six digits
    np.testing.assert_allclose(spectra.axis, axis, atol=0.0051)
    np.testing.assert_allclose(spectra.values[0], values, rtol=1e-5, atol=1e-6)
    assert spectra.about["exposure_s"] == (8 if "8000ms" in path.name else 45)
    assert spectra.about["laser_nm"] == pytest.approx(784.48 if "8000ms" in path.name else 532.07)
    assert str(spectra.about["date"]).startswith("2022-")


def test_a_labspec6_map_equals_the_text_that_labspec_exported() -> None:
    folder = FORMATS / "labspec_l6s"
    (spectra,) = read(next(folder.glob("*.l6m")))
    lines = next(folder.glob("SERS*.txt")).read_text().splitlines()
    table = np.array([line.split() for line in lines[1:]], dtype=float)
    np.testing.assert_allclose(spectra.axis, np.array(lines[0].split(), dtype=float), atol=0.0051)
    np.testing.assert_allclose(spectra.table["time"], table[:, 0], atol=1e-4)
    # The file holds counts, and says so; the text was exported in counts per second.
    assert spectra.about["intensity_unit"] == "counts" and spectra.about["exposure_s"] == 0.5
    np.testing.assert_allclose(spectra.values / 0.5, table[:, 1:], rtol=1e-5, atol=1e-6)


def xml_truth() -> list[str]:
    truth = json.loads((FORMATS / "truth.json").read_text()) if FIELD.is_dir() else {}
    return [name for name in truth if name.startswith(("labspec_xml", "trivista"))]


@pytest.mark.parametrize("name", xml_truth())
def test_labspec_xml_and_trivista_agree_with_another_reader(name: str) -> None:
    truth = json.loads((FORMATS / "truth.json").read_text())[name]
    laser_nm = 520.0 if truth["axis_first"] < 530 else 600.0 if "labspec" in name else 790.0
    (spectra,) = read(FORMATS / name, laser_nm)
    ends = np.array([truth["axis_first"], truth["axis_last"]])
    absolute = {"nm": lambda x: 1e7 / x, "1/cm": lambda x: x, "eV": lambda x: x * 8065.543937}[truth["axis_units"]](
        ends
    )
    np.testing.assert_allclose([spectra.axis[0], spectra.axis[-1]], np.sort(1e7 / laser_nm - absolute), atol=0.05)
    assert [*spectra.values.shape] == [int(np.prod(truth["shape"][:-1])), truth["shape"][-1]]
    assert spectra.values.sum(dtype=np.float64) == pytest.approx(truth["sum"], rel=1e-6)
    assert spectra.values.max() == pytest.approx(truth["max"])
    for axis, count, _ in truth["navigation"]:
        assert len(np.unique(spectra.table[axis.lower()[:1]])) == count
    assert spectra.about["laser_nm"] == laser_nm  # what the user sets wins


def positions(spectra: SpectrumSet) -> set[tuple[float, float]]:
    return {
        (round(float(x), 1), round(float(y), 1)) for x, y in zip(spectra.table["x"], spectra.table["y"], strict=True)
    }


def test_positions_are_in_micrometres() -> None:
    steps = (-40.0, -20.0, 0.0, 20.0, 40.0)
    assert positions(read(FIELD / "labspec5_square_map.ngc")[0]) == {(x, y) for x in steps for y in steps}
    along_x, along_y = read(FORMATS / "witec/LineScans.WIP")
    assert along_x.about["title"] == "LineX_000_Spec.Data 1" and along_y.about["title"] == "LineY_000_Spec.Data 1"
    np.testing.assert_allclose(along_x.table["x"], -10 + 0.4 * np.arange(50), atol=0.01)
    np.testing.assert_allclose(along_y.table["y"], -10 + 0.4 * np.arange(50), atol=0.01)
    (rotated,) = read(FORMATS / "labspec_xml/jobinyvon_test_map_x2-y2_rotated.xml")
    assert positions(rotated) == {(x, y) for x in (-2.0, 0.0, 2.0) for y in (-1.0, 1.0)}
    (cells,) = read(next(FORMATS.glob("mat/*.mat")))
    np.testing.assert_allclose(np.unique(cells.table["x"]), 0.625 * np.arange(40))
    np.testing.assert_allclose(read(FORMATS / "trivista/linescan.tvf", 790.0)[0].table["x"], np.arange(-10.0, 10.5))
