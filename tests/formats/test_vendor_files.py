"""Vendor files: each agrees with another reader or with its twin in another format, or is refused."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read
from tests.formats.sample_files import VENDOR_FILES, needs_vendor_files

pytestmark = needs_vendor_files

# What each file must open as: spectra, points, first and last Raman shift; or the words of its refusal.
OPENED = {
    "andor/600_1%_532e_Mo F1_80sec.asc": (1, 458, 100.199, 898.896),
    "labspec_txt/Activation.txt": (532, 1024, 198.15, 1693.42),
    "labspec_txt/plate3_15mgml_multiwell.txt": (96, 1212, 5.94051, 1998.81),
    "labspec_txt/serie190214-1.txt": (168, 1024, 12.5534, 1726.5),
    "rod/rod_file_1000679.rod": (1, 1159, 50.0, 1400.643),
    "spc/DOERNER.spc": (1, 1602, 100.0, 1800.0),
    "spc/CAthickyellow_try4_17_ZSCAN.spc": (31, 1024, 310.77, 5121.06),
    "spc/Witec_image2x3_SPC.Data 1_F.spc": (6, 1024, 28.6704, 3891.32),
    "jcamp/tannic_acid.jdx": (1, 1949, 100.595, 2854.713),
    "text/CC-125-TAP.txt": (1, 2048, 87.8957, 3513.15),
    "text/CC-125_TAP_multipoint.txt": (4, 1015, 712.416, 1808.187),
    "text/acetonitrile_473nm.txt": (1, 1600, -560.91, 6267.38),
    "text/T-25-10-1-2025-S183-1-ST.xlsx": (4, 266, 351.969, 1798.563),
    "nexus/witec_ref.nxs": (1, 1600, -46.678, 3684.807),
    "mat/3D THP1 map 001 L5 (B+R) (Sub BG).mat": (1600, 500, 501.265, 1802.4656),
    "text/graphene_map_wide.csv": (64, 1022, 1270.81, 2766.1),
    "text/microplastics_references_semicolon.CSV": (11, 1600, -26.96249, 3681.31383),
    "text/raman_hdpe.csv": (1, 964, 301.04, 3198.12),
    "text/saliva_matrix_no_axis.csv": (25, 991, 401.286, 1599.56),
    "text/spectraguru_matrix.csv": (5, 2509, 300.141602, 2501.088135),
    "text/wasatch_acetonitrile.csv": (1, 2038, 260.19, 3653.54),
    "witec/Witec-Map_full.txt": (25, 1024, 87.7367, 2821.31),
    "witec/Witec-Map_no.txt": (25, 1024, 87.7367, 2821.31),
    "witec/Witec-Map-y.dat": (25, 1024, 87.7367, 2821.31),
    "witec/Witec-timeseries_label.txt": (100, 1024, 87.7367, 2821.31),
    "witec/01 REFEL Ne 300 2,5dpa--Spectrum--001--Spec.Data 1.txt": (1, 1600, 26.5845, 3732.14),
}
REFUSED = {
    "ocean/BB_PF21_4.txt": "Ocean Optics",
    "ocean/OOusb4000.txt": "wavelength in nm",
    "ocean/OceanView_nonEN.txt": "wavelength in nm",
    "ocean/avasoft8.txt": "wavelength in nm",
    "ocean/feather_2.TXT": "wavelength in nm",
    "ocean/jazspec.jaz": "wavelength in nm",
    "other/ftir_ldpe_soil.asp": "axis",
    "other/fitr_nitrocellulose.jdx": "infrared",
    "spc/BC408_5mmHorizontal.spc": "wavelength in nm",
    "spc/TS01.SPC": "wavelength in nm",
    "spc/HENE27.SPC": "absolute wavenumber",
    "spc/RUBY18.SPC": "absolute wavenumber",
    "spc/Ft-ir.spc": "infrared",
    "spc/s_evenx.spc": "infrared",
    "spc/m_ordz.spc": "infrared",
    "spc/4d_map.spc": "infrared",
    "spc/test_input.spc": "infrared",
    "spc/NMR_SPC.SPC": "ppm",
    "spc/ms.spc": "m/z",
    "jcamp/BRUKDIF.DX": "nmr",
    "jcamp/SPECFILE.DX": "infrared",
    "jcamp/ISAS_MS2.DX": "mass",
    "text/openraman_acetonitrile.csv": "pixels",
    "text/双氧水20%+乙醇80% 17-58-11.txt": "peak list",
    "witec/Si-wafer-Raman-Spectrum-1.txt": "wavelength in nm",
    "witec/Witec-Map-x.dat": "only an axis",
    "ocean/BB_PF21_4.ProcSpec": "Transmission",
    "spc/UV-2600_labeled_DNA.spc": "Shimadzu",
    "trivista/linescan.tvf": "wavelength in nm",
    "other/ftir_ps.0": "absorbance",
}


@cache
def opened(name: str, laser_nm: float | None = None) -> tuple[SpectrumSet, ...]:
    return read(VENDOR_FILES / name, laser_nm)


def all_files() -> list[str]:
    return (
        sorted(str(path.relative_to(VENDOR_FILES)) for path in VENDOR_FILES.rglob("*") if path.is_file())
        if VENDOR_FILES.is_dir()
        else []
    )


@pytest.mark.parametrize("name", all_files())
def test_every_vendor_file_opens_as_raman_shift_or_raises_a_sentence(name: str) -> None:
    try:
        sets = read(VENDOR_FILES / name)
    except StudioError as refusal:
        assert f"'{Path(name).name}'" in refusal.sentence and refusal.remedy
        assert name not in OPENED
        return
    assert name not in REFUSED
    for spectra in sets:
        assert spectra.points >= 30 and np.all(np.isfinite(spectra.values))
        assert -1000 < spectra.axis[0] < spectra.axis[-1] < 7000
        assert spectra.about["source"] == str(VENDOR_FILES / name)


@pytest.mark.parametrize("name", OPENED)
def test_axis_and_number_of_spectra_are_right(name: str) -> None:
    (spectra,) = opened(name)
    actual = (len(spectra), spectra.points, spectra.axis[0], spectra.axis[-1])
    assert actual == pytest.approx(OPENED[name], abs=0.01)


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_are_not_raman_spectra_are_refused_for_the_right_reason(name: str) -> None:
    with pytest.raises(StudioError) as refusal:
        read(VENDOR_FILES / name)
    assert REFUSED[name] in refusal.value.sentence


@pytest.mark.parametrize("name", [name for name in all_files() if name.endswith(".wdf")])
def test_wire_files_agree_with_another_reader(name: str) -> None:
    truth = json.loads((VENDOR_FILES / "truth.json").read_text())[name]
    (spectra,) = opened(name)
    if "error" in truth:
        return  # the other reader failed
    assert spectra.points == truth["shape"][-1]
    copies = len(spectra) // int(np.prod(truth["shape"][:-1]))  # that reader takes one of two equal spectra
    assert spectra.values.sum(dtype=np.float64) == pytest.approx(copies * truth["sum"], rel=1e-6)
    assert spectra.values.max() == pytest.approx(truth["max"])
    ends = np.array([truth["axis_first"], truth["axis_last"]])
    if truth["axis_units"] == "nm":
        ends = 1e7 / float(spectra.about["laser_nm"]) - 1e7 / ends
    np.testing.assert_allclose([spectra.axis[0], spectra.axis[-1]], ends, atol=0.01)
    for axis, count, _ in truth["navigation"]:
        assert np.unique(spectra.table[axis.lower()].round(3)).size in (count, 1)  # 1: a stage that stood still


def test_maps_that_the_other_reader_cannot_read_have_positions() -> None:
    for name, counts in (("renishaw_test_map", (3, 3)), ("renishaw_test_linescan", (5, 5))):
        (spectra,) = opened(f"wdf/{name}.wdf")
        assert spectra.is_map
        assert tuple(np.unique(spectra.table[axis]).size for axis in "xy") == counts
    (spectra,) = opened("wdf/interrupted_acquisition.wdf")
    assert len(spectra) == 12 and "12 of 16" in str(spectra.about["notes"])


def correlation(first: SpectrumSet, second: SpectrumSet) -> float:
    low, high = max(first.axis[0], second.axis[0]), min(first.axis[-1], second.axis[-1])
    grid = np.linspace(low, high, 3000)
    return float(np.corrcoef(*(np.interp(grid, spectra.axis, spectra.values[0]) for spectra in (first, second)))[0, 1])


TWINS = [
    ("twins/Renishaw/nCal_Qontor785_z005H12_100_1x3s.wdf", "twins/Renishaw/nCal_Qontor785_z005H12_100_1x3s.txt", 1.0),
    ("twins/Renishaw/nCal_Qontor785_z005H12_100_1x3s.wdf", "twins/Renishaw/nCal_Qontor785_z005H12_100_1x3s.spc", 0.98),
    ("twins/BWTEK/PST10_iR532_Probe_100_3000msx7.txt", "twins/BWTEK/PST10_iR532_Probe_100_3000msx7.spc", 0.98),
]


@pytest.mark.parametrize(("path", "twin", "least"), TWINS)
def test_one_measurement_in_two_formats_agrees(path: str, twin: str, least: float) -> None:
    (first,), (second,) = opened(path), opened(twin)
    assert correlation(first, second) >= least - 1e-6
    if least == 1.0:
        np.testing.assert_allclose(first.axis, second.axis, atol=1e-3)
        np.testing.assert_allclose(first.values, second.values, rtol=1e-5)


def test_four_exports_of_one_witec_map_agree() -> None:
    (full,), (plain,), (apart,) = (opened(f"witec/Witec-Map{end}") for end in ("_full.txt", "_no.txt", "-y.dat"))
    np.testing.assert_array_equal(full.values, plain.values)
    pixels = np.lexsort((full.table["x"], full.table["y"]))
    assert pixels.tolist() == list(range(25))
    np.testing.assert_allclose(np.sort(apart.values.sum(1)), np.sort(full.values.sum(1)), rtol=1e-6)


def test_laser_and_exposure_are_read_from_headers() -> None:
    for name, laser, exposure in (
        ("labspec_txt/serie190214-1.txt", 532, 60),
        ("text/acetonitrile_473nm.txt", 473, 0.4),
        ("text/wasatch_acetonitrile.csv", 785.041, 3),
        ("twins/BWTEK/PST10_iR532_Probe_100_3000msx7.txt", 532.02, 3),
        ("twins/Renishaw/nCal_Qontor785_z005H12_100_1x3s.spc", 785, 3),
        ("rod/rod_file_1000679.rod", 488, 300),
    ):
        about = opened(name)[0].about
        assert (about["laser_nm"], about["exposure_s"]) == (laser, exposure), name


def test_silicon_in_nm_shows_its_line_with_the_laser_wavelength() -> None:
    (spectra,) = opened("witec/Si-wafer-Raman-Spectrum-1.txt", 532.1)
    near = (spectra.axis > 400) & (spectra.axis < 650)
    assert spectra.axis[near][np.argmax(spectra.values[0, near])] == pytest.approx(520.5, abs=15)


def test_the_rruff_header_names_the_mineral() -> None:
    (spectra,) = opened("twins/rruf/Anatase__R060277__Broad_Scan____0__unoriented__Raman_Data_RAW__21346.txt")
    assert spectra.table["label"].tolist() == ["Anatase"] and spectra.about["sample"] == "R060277"
    line = spectra.axis[np.argmax(spectra.values[0])]
    assert line == pytest.approx(144, abs=3)


def test_the_corpus_can_be_read() -> None:
    path = VENDOR_FILES.parent / "corpus.h5"
    if not path.is_file():
        pytest.skip("the corpus is not beside the project")
    sets = read(path)
    assert sum(map(len, sets)) == 16105
    maps = [spectra for spectra in sets if spectra.about.get("group") == "cell_map"]
    assert len(maps) == 1 and maps[0].is_map and maps[0].values.shape == (1600, 500)
