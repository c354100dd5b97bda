"""JCAMP-DX in all its forms, compared with the package jcamp; spectra other than Raman are refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import read
from tests.formats.sample_files import AXIS, SPECTRUM, VENDOR_FILES, jcamp_plain, jcamp_text, needs_vendor_files


def values_of(path: Path, content: str) -> list[float]:
    path.write_text(content)
    (spectra,) = read(path)
    return [2 * value for value in spectra.values[0].tolist()]  # YFACTOR is 0.5


def test_plain_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.jdx").write_text(jcamp_plain())
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, AXIS)
    np.testing.assert_allclose(spectra.values, np.round(SPECTRUM)[None])
    assert spectra.about["intensity_unit"] == "counts" and spectra.about["title"] == "a sample"


# The example of the standard: 1 2 3 3 2 1 0 -1 -2 -3 in each form (McDonald & Wilks 1988, table V and VI).
@pytest.mark.parametrize(
    "line",
    [
        "100 1 2 3 3 2 1 0 -1 -2 -3",
        "100+1+2+3+3+2+1+0-1-2-3",
        "100 1.0E+00 2 3 3 2 1 0 -1 -2 -3.0E+00",
        "100ABCCBA@abc",
        "100ABCTBA@abc",
        "100AJJ%jjjjjj",
        "100AJT%jX",
    ],
)
def test_every_form_of_the_standard(tmp_path: Path, line: str) -> None:
    assert values_of(tmp_path / "a.dx", jcamp_text(line + "\n", 10)) == [1, 2, 3, 3, 2, 1, 0, -1, -2, -3]


def test_the_check_value_of_a_difference_line_is_not_a_point(tmp_path: Path) -> None:
    assert values_of(tmp_path / "a.dx", jcamp_text("100AJJ%jj\n600Ajj\n700aj$$ remark\n", 9)) == [
        1, 2, 3, 3, 2, 1, 0, -1, -2,
    ]  # fmt: skip


def test_xy_pairs(tmp_path: Path) -> None:
    data = "".join(f"{shift:g}, {2 * value:g}\n" for shift, value in zip(AXIS, SPECTRUM, strict=True))
    (tmp_path / "a.jdx").write_text(jcamp_text(data, AXIS.size, form="(XY..XY)"))
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, AXIS, atol=1e-3)
    np.testing.assert_allclose(spectra.values[0], SPECTRUM, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "units", "ordinate", "says"),
    [
        ("INFRARED SPECTRUM", "1/CM", "ABSORBANCE", "infrared"),
        ("", "1/CM", "TRANSMITTANCE", "infrared"),
        ("NMR SPECTRUM", "HZ", "ARBITRARY UNITS", "nmr"),
        ("MASS SPECTRUM", "M/Z", "COUNTS", "mass"),
        ("", "MINUTES", "COUNTS", "minutes"),
        ("RAMAN SPECTRUM", "NANOMETERS", "COUNTS", "wavelength in nm.*laser"),
    ],
)
def test_other_data_types_are_refused(tmp_path: Path, kind: str, units: str, ordinate: str, says: str) -> None:
    path = tmp_path / "a.jdx"
    path.write_text(jcamp_text("100 1 2 3 4 5 6 7 8\n", 8, kind=kind, units=units, y=ordinate))
    with pytest.raises(StudioError, match=rf"'a\.jdx'.*{says}"):
        read(path)


@pytest.mark.parametrize(
    ("data", "points", "says"),
    [
        ("100 1 2 3 4\n", 10, "ends after 4 of 10"),
        ("100AS999999999999\n", 10, "repeat counts"),
        ("100Z9Z9Z9Z9\n", 10, "repeat counts"),
        ("", 10, "ends after 0"),
        ("##NPOINTS= many\n", 10, "0 points|ends after"),
    ],
)
def test_damaged_data_is_refused(tmp_path: Path, data: str, points: int, says: str) -> None:
    path = tmp_path / "a.jdx"
    path.write_text(jcamp_text(data, points))
    with pytest.raises(StudioError, match=says):
        read(path)


@needs_vendor_files
@pytest.mark.parametrize("name", ["LABCALC.DX", "SPECFILE.DX", "br_3.DX", "br_5.DX", "fort_1.DX", "lp_4.DX"])
def test_vendor_files_agree_with_the_package_jcamp(tmp_path: Path, name: str) -> None:
    import jcamp

    original = (VENDOR_FILES / "jcamp" / name).read_text(encoding="latin-1")
    path = tmp_path / name  # infrared, so refused as it is: called Raman, its digits can be compared
    path.write_text(original.replace("INFRARED SPECTRUM", "RAMAN SPECTRUM"), encoding="latin-1")
    (spectra,) = read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = jcamp.readfile(str(VENDOR_FILES / "jcamp" / name))
    order = np.argsort(theirs["x"])
    np.testing.assert_allclose(spectra.axis, theirs["x"][order], rtol=1e-5)
    np.testing.assert_allclose(spectra.values[0], theirs["y"][order], rtol=1e-5, atol=1e-7)


def lines_of(decimal: str = ".") -> str:
    rows = [
        f"{AXIS[begin]:.1f} " + " ".join(f"{value:.2f}" for value in 2 * SPECTRUM[begin : begin + 8]) + "\n"
        for begin in range(0, AXIS.size, 8)
    ]
    return "".join(rows).replace(".", decimal)


def test_decimal_commas_are_read_as_decimal_commas(tmp_path: Path) -> None:
    text = (
        jcamp_text(lines_of(","), AXIS.size).replace("FIRSTX=100", "FIRSTX=100,0").replace("YFACTOR=0.5", "YFACTOR=0,5")
    )
    (tmp_path / "a.jdx").write_text(text)
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, AXIS, atol=1e-6)
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], atol=0.01)
    pairs = "".join(f"{x:.1f} {2 * y:.2f}\n".replace(".", ",") for x, y in zip(AXIS, SPECTRUM, strict=True))
    text = jcamp_text(pairs, AXIS.size, "(XY..XY)").replace("FIRSTX=100", "FIRSTX=100,0")
    (tmp_path / "b.jdx").write_text(text.replace("YFACTOR=0.5", "YFACTOR=0,5"))
    (spectra,) = read(tmp_path / "b.jdx")
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], atol=0.01)


@pytest.mark.parametrize("stated", [AXIS.size + 5, AXIS.size - 5])
def test_a_wrong_number_of_points_is_noted_where_the_axis_is_complete(tmp_path: Path, stated: int) -> None:
    text = jcamp_text(lines_of(), stated).replace("##XYDATA", "##DELTAX=20\n##XYDATA")
    (tmp_path / "a.jdx").write_text(text)
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, AXIS, atol=1e-6)
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], atol=0.01)


def test_of_linked_blocks_the_raman_spectra_are_read(tmp_path: Path) -> None:
    uv = jcamp_text(lines_of(), AXIS.size, kind="UV/VIS SPECTRUM", units="NANOMETERS")
    raman = jcamp_text(lines_of(), AXIS.size)
    (tmp_path / "a.jdx").write_text(f"##TITLE=both\n##JCAMP-DX=5\n##DATA TYPE=LINK\n##BLOCKS=2\n{uv}{raman}##END=\n")
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], atol=0.01)
    (tmp_path / "b.jdx").write_text(f"##TITLE=one\n##JCAMP-DX=5\n##DATA TYPE=LINK\n##BLOCKS=1\n{uv}##END=\n")
    with pytest.raises(StudioError, match="uv/vis spectrum"):
        read(tmp_path / "b.jdx")


def test_laser_exposure_scans_and_date_are_read(tmp_path: Path) -> None:
    labels = "##$LASER WAVELENGTH=785.2\n##$EXPOSURE TIME=4\n##AVERAGES=16\n##DATE=05/12/14\n##TIME=17:54:00\n##XUNITS="
    (tmp_path / "a.jdx").write_text(jcamp_text(lines_of(), AXIS.size).replace("##XUNITS=", labels))
    about = read(tmp_path / "a.jdx")[0].about
    assert (about["laser_nm"], about["exposure_s"], about["accumulations"]) == (785.2, 4, 16)
    assert about["date"] == "2005-12-14 17:54:00"


def test_pages_of_ntuples_are_spectra_of_one_set(tmp_path: Path) -> None:
    header = (
        "##TITLE= t\n##JCAMP-DX= 5.00\n##DATA TYPE= RAMAN SPECTRUM\n##NTUPLES= RAMAN SPECTRUM\n"
        "##SYMBOL= X, Y, N\n##UNITS= 1/CM, COUNTS,\n##FACTOR= 1, 2, 1\n##FIRST= 100, 1, 1\n##LAST= 800, 1, 2\n"
    )
    pages = "".join(
        f"##PAGE= N={page}\n##NPOINTS= 8\n##DATA TABLE= (X++(Y..Y)), XYDATA\n100 {page} 2 3 4\n500 5 6 7 8\n"
        for page in (1, 9)
    )
    (tmp_path / "a.jdx").write_text(header + pages + "##END NTUPLES=\n##END=\n", encoding="utf-16")
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, np.linspace(100, 800, 8))
    np.testing.assert_allclose(spectra.values, [[2 * n, 4, 6, 8, 10, 12, 14, 16] for n in (1, 9)])
    assert list(spectra.table["name"]) == ["N=1", "N=9"]


def test_the_axis_is_read_from_the_lines_where_its_ends_are_not_stated(tmp_path: Path) -> None:
    text = jcamp_text("100 1 2 3 4\n500 5 6 7 8\n", 8)
    kept = [line for line in text.splitlines() if not line.startswith(("##FIRSTX", "##LASTX", "##DELTAX"))]
    (tmp_path / "a.jdx").write_text("\n".join(kept) + "\n")
    (spectra,) = read(tmp_path / "a.jdx")
    np.testing.assert_allclose(spectra.axis, np.linspace(100, 800, 8))
