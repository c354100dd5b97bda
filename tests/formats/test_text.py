"""Text files of instruments and spreadsheets open with the right axis and intensities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats.registry import read
from ramanstudio.formats.text import writer
from tests.formats.sample_files import AXIS, SPECTRUM, two_column_text


def opened(path: Path, content: str | bytes, laser_nm: float | None = None) -> SpectrumSet:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (spectra,) = read(path, laser_nm)
    return spectra


def assert_is_sample(spectra: SpectrumSet) -> None:
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.006)
    np.testing.assert_allclose(spectra.values, SPECTRUM[None], rtol=1e-5)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("separator", "decimal"),
    [("\t", "."), (",", "."), (";", "."), (" ", "."), ("   ", "."), (", ", "."), ("\t", ","), (";", ","), (" ", ","),
     (" ; ", ","), ("\t\t", ".")],
)  # fmt: skip
def test_two_columns_with_any_separator_and_decimal_mark(
    tmp_path: Path, separator: str, decimal: str, newline: str
) -> None:
    assert_is_sample(opened(tmp_path / "a.txt", two_column_text(separator, decimal, newline=newline)))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".dat", ".asc", ".xy", ".TXT", ".weird", ""])
def test_the_suffix_does_not_matter_for_text(tmp_path: Path, suffix: str) -> None:
    assert_is_sample(opened(tmp_path / f"a{suffix}", two_column_text(",")))


@pytest.mark.parametrize(
    "header",
    [
        "# a comment\n# another\n",
        "Raman shift (cm-1)\tIntensity (a.u.)\n",
        "##NAMES=Quartz\n##RRUFFID=R040031\n##MEASURED CHEMISTRY=Si O2\n",
        "Sample: a thing\nOperator: somebody\n\n\n",
        "% made by a script\n",
        '"wavenumber"\t"intensity"\n',
        "[Header]\nSizeGraph = 46\n\n[Data]\n",
    ],
)
def test_header_lines_are_skipped(tmp_path: Path, header: str) -> None:
    assert_is_sample(opened(tmp_path / "a.txt", two_column_text(header=header)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "gbk"])
def test_every_encoding_is_decoded(tmp_path: Path, encoding: str) -> None:
    sample = {"latin-1": "Prüfkörper 5 µm", "gbk": "样品 二氯甲烷"}.get(encoding, "Prüfkörper 样品")
    spectra = opened(tmp_path / "a.txt", two_column_text(header=f"#Sample=\t{sample}\n").encode(encoding))
    assert_is_sample(spectra)
    assert spectra.about["sample"] == sample


def test_a_file_with_a_chinese_name_opens(tmp_path: Path) -> None:
    assert_is_sample(opened(tmp_path / "双氧水20%+乙醇80%.txt", two_column_text()))


@pytest.mark.parametrize("order", [np.s_[::-1], np.random.default_rng(3).permutation(AXIS.size)])
def test_a_decreasing_or_unsorted_axis_is_sorted(tmp_path: Path, order: object) -> None:
    lines = np.array(two_column_text().splitlines())[order]
    assert_is_sample(opened(tmp_path / "a.txt", "\n".join(lines)))


def test_missing_points_are_dropped(tmp_path: Path) -> None:
    content = "Wavenumber,Intensity\n50,NA\n60,\n" + two_column_text(",") + "2000,NaN\n"
    assert_is_sample(opened(tmp_path / "a.csv", content))


def test_lines_after_the_numbers_are_skipped(tmp_path: Path) -> None:
    content = "SpectraSuite Raman\n>>>>>Begin<<<<<\n" + two_column_text() + ">>>>>End Processed Spectral Data<<<<<\n\n"
    assert_is_sample(opened(tmp_path / "a.txt", content))


def matrix() -> np.ndarray:
    return np.round(np.outer([1.0, 2.0, 0.5], SPECTRUM), 3)


def test_a_matrix_with_the_axis_in_its_first_column_names_its_spectra(tmp_path: Path) -> None:
    rows = ["RamanShift;PS;PET;ABS"] + [
        ";".join(map(str, row)).replace(".", ",") for row in np.column_stack([AXIS, matrix().T])
    ]
    spectra = opened(tmp_path / "a.csv", "\n".join(rows))
    np.testing.assert_allclose(spectra.axis, AXIS)
    np.testing.assert_allclose(spectra.values, matrix(), rtol=1e-5)
    assert spectra.table["name"].tolist() == ["PS", "PET", "ABS"]


@pytest.mark.parametrize("first", ["", "name,", "sample,"])
def test_a_matrix_with_the_axis_in_its_first_row(tmp_path: Path, first: str) -> None:
    names = ["one,", "two,", "three,"] if first else ["", "", ""]
    rows = [first + ",".join(map(str, AXIS))]
    rows += [name + ",".join(map(str, row)) for name, row in zip(names, matrix(), strict=True)]
    spectra = opened(tmp_path / "a.csv", "\n".join(rows))
    np.testing.assert_allclose(spectra.axis, AXIS)
    np.testing.assert_allclose(spectra.values, matrix(), rtol=1e-5)
    if first:
        assert spectra.table[first.strip(",")].tolist() == ["one", "two", "three"]


def test_spectra_named_by_numbers_are_not_an_axis(tmp_path: Path) -> None:
    times = np.arange(0, 120, 10)
    rows = ["Raman shift," + ",".join(map(str, times))]
    rows += [
        f"{shift}," + ",".join(str(value + time) for time in times) for shift, value in zip(AXIS, SPECTRUM, strict=True)
    ]
    spectra = opened(tmp_path / "a.csv", "\n".join(rows))
    assert spectra.values.shape == (12, AXIS.size)
    np.testing.assert_allclose(spectra.axis, AXIS)
    assert spectra.table["name"][1] == "10"


def test_a_labspec_map_has_positions(tmp_path: Path) -> None:
    rows = ["#Acq. time (s)=\t10", "#Laser=\t532nm_Edge", "#AxisUnit[1]=\t1/cm", "\t\t" + "\t".join(map(str, AXIS))]
    rows += [f"{x}\t{y}\t" + "\t".join(map(str, SPECTRUM + x + y)) for y in (0.0, 1.5) for x in (-2.0, 0.0, 2.0)]
    spectra = opened(tmp_path / "map.txt", "\n".join(rows))
    assert spectra.is_map and spectra.values.shape == (6, AXIS.size)
    assert spectra.table["x"].tolist() == [-2, 0, 2] * 2 and spectra.table["y"].tolist() == [0] * 3 + [1.5] * 3
    np.testing.assert_allclose(spectra.values[4], SPECTRUM + 1.5, rtol=1e-5)
    assert spectra.about["laser_nm"] == 532 and spectra.about["exposure_s"] == 10


def test_the_wells_of_a_labspec_plate_have_numbers_not_positions(tmp_path: Path) -> None:
    header = "#AxisType[2]=Column\n#AxisUnit[2]=Number\n#AxisType[3]=Row\n#AxisUnit[3]=Number\n"
    rows = [
        f"{column}\t{row}\t" + "\t".join(f"{value:.1f}" for value in SPECTRUM) for column in (1, 2) for row in (1, 2)
    ]
    path = tmp_path / "plate.txt"
    path.write_text(header + "\t\t" + "\t".join(f"{shift:.2f}" for shift in AXIS) + "\n" + "\n".join(rows) + "\n")
    (plate,) = read(path)
    assert plate.is_map
    assert plate.about["place_unit"] == ""


def test_a_labspec_series_has_times(tmp_path: Path) -> None:
    rows = ["#Acq. time (s)=\t60", "#Accumulations=\t1", "\t" + "\t".join(map(str, AXIS))]
    rows += [f"{59.88 * place}\t" + "\t".join(map(str, SPECTRUM + place)) for place in range(9)]
    spectra = opened(tmp_path / "series.txt", "\n".join(rows))
    np.testing.assert_allclose(spectra.table["time"], 59.88 * np.arange(9))
    np.testing.assert_allclose(spectra.axis, AXIS)


def test_a_witec_map_has_pixel_numbers(tmp_path: Path) -> None:
    pixels = [(x, y) for y in range(2) for x in range(3)]
    rows = ["X-Axis\t" + "\t".join(f"Map_000_Spec.Data 1({x}/{y})" for x, y in pixels)]
    rows += ["rel. 1/cm" + "\tCCD cts" * 6]
    rows += [
        f"{shift}" + "".join(f"\t{value + x}" for x, _ in pixels) for shift, value in zip(AXIS, SPECTRUM, strict=True)
    ]
    spectra = opened(tmp_path / "map.txt", "\n".join(rows))
    assert spectra.table["x"].tolist() == [0, 1, 2, 0, 1, 2] and spectra.table["y"].tolist() == [0, 0, 0, 1, 1, 1]
    assert spectra.table["name"][1] == "Map_000_Spec.Data 1(1/0)" and spectra.about["intensity_unit"] == "counts"


def test_a_renishaw_map_written_point_by_point_is_assembled(tmp_path: Path) -> None:
    rows = ["#X\t\t#Y\t\t#Wave\t\t#Intensity"]
    rows += [
        f"{x}\t{y}\t{s}\t{v + x}"
        for y in (0, 5)
        for x in (1, 2)
        for s, v in zip(AXIS[::-1], SPECTRUM[::-1], strict=True)
    ]
    spectra = opened(tmp_path / "map.txt", "\n".join(rows))
    assert spectra.values.shape == (4, AXIS.size)
    assert spectra.table["x"].tolist() == [1, 2, 1, 2] and spectra.table["y"].tolist() == [0, 0, 5, 5]
    np.testing.assert_allclose(spectra.values[1], SPECTRUM + 2, rtol=1e-5)


def test_an_axis_file_beside_a_matrix_is_used_and_noted(tmp_path: Path) -> None:
    (tmp_path / "saliva_axis.csv").write_text("\n".join(map(str, AXIS)))
    noisy = matrix() + np.random.default_rng(0).normal(size=(3, AXIS.size))
    spectra = opened(tmp_path / "saliva_spectra.csv", "\n".join(",".join(map(str, row)) for row in noisy))
    np.testing.assert_allclose(spectra.axis, AXIS)
    np.testing.assert_allclose(spectra.values, noisy, rtol=1e-5)
    assert "saliva_axis.csv" in str(spectra.about["notes"])


def test_a_matrix_without_any_axis_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "saliva_spectra.csv"
    noisy = matrix() + np.random.default_rng(0).normal(size=(3, AXIS.size))
    path.write_text("\n".join(",".join(map(str, row)) for row in noisy))
    with pytest.raises(StudioError, match=r"saliva_spectra\.csv.*none of which is a Raman shift axis.*_axis"):
        read(path)


def test_a_table_of_processing_stages_gives_the_dark_corrected_spectrum(tmp_path: Path) -> None:
    header = "laser_wavelength;785,0\nintigration times(ms);3000\n"
    names = "Pixel;Wavelength;Wavenumber;Raman Shift;Dark;Reference;Raw data #1;Dark Subtracted #1;%TR #1;\n"
    rows = ["0;   ;   ;   ;7,5;65535,0;9,0;1,5;0,0;"]
    rows += [
        f"{i};{790 + i};{12000 - i};{shift};7,5;65535,0;{value + 7.5};{value};0,0;".replace(".", ",")
        for i, (shift, value) in enumerate(zip(AXIS, SPECTRUM, strict=True), 1)
    ]
    spectra = opened(tmp_path / "a.txt", header + names + "\n".join(rows))
    assert_is_sample(spectra)
    assert spectra.about["laser_nm"] == 785 and spectra.about["exposure_s"] == 3


def in_nm(laser_nm: float = 532.0) -> list[str]:
    return [f"{1e7 / (1e7 / laser_nm - shift):.6f}\t{value}" for shift, value in zip(AXIS, SPECTRUM, strict=True)]


def test_wavelengths_become_raman_shift_with_the_laser_of_the_header(tmp_path: Path) -> None:
    rows = ["Laser wavelength: 532.0 nm", "Wavelength (nm)\tCounts", *in_nm()]
    spectra = opened(tmp_path / "a.txt", "\n".join(rows))
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.01)
    assert spectra.about["laser_nm"] == 532 and spectra.about["intensity_unit"] == "counts"


def test_the_laser_wavelength_of_the_user_wins_over_that_of_the_header(tmp_path: Path) -> None:
    rows = ["Laser wavelength: 785 nm", "Wavelength (nm)\tCounts", *in_nm()]
    spectra = opened(tmp_path / "a.txt", "\n".join(rows), laser_nm=532.0)
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.01)
    assert spectra.about["laser_nm"] == 532 and spectra.about["laser_in_file_nm"] == 785


@pytest.mark.parametrize("header", ["nm\tcts", "Wavelength\tIntensity", "X-Axis\tSpectrum 1\nnm\tCCD cts"])
def test_wavelengths_need_a_laser_wavelength(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("\n".join([header, *in_nm()]))
    with pytest.raises(StudioError, match=r"a\.txt.*wavelength in nm.*laser"):
        read(path)
    (spectra,) = read(path, 532.0)
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.01)
    assert spectra.about["laser_nm"] == 532
    with pytest.raises(StudioError, match="outside the Raman range of a 1064 nm laser"):
        read(path, 1064.0)


@pytest.mark.parametrize("word", ["Wellenlänge", "Longueur d'onde", "Longitud de onda", "波长", "Lambda (nm)"])
def test_wavelength_titles_in_other_languages_are_recognised(tmp_path: Path, word: str) -> None:
    (tmp_path / "a.txt").write_text("\n".join([f"{word}\tI", *in_nm()]), encoding="utf-8")
    with pytest.raises(StudioError, match="wavelength in nm"):
        read(tmp_path / "a.txt")


@pytest.mark.parametrize("line", ["Slit width (nm): 5", "# Laser wavelength 532 nm", "Number of Pixels: 2048"])
def test_units_of_header_values_are_not_the_unit_of_the_axis(tmp_path: Path, line: str) -> None:
    assert_is_sample(opened(tmp_path / "a.txt", two_column_text(header=line + "\n")))


def test_spectra_one_below_the_other_are_all_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("first\n" + two_column_text() + "\nsecond\n" + two_column_text())
    (spectra,) = read(tmp_path / "a.txt")
    assert len(spectra) == 2
    for row in range(2):
        assert_is_sample(spectra[row])


def test_a_laser_wavelength_that_was_not_used_is_not_in_the_metadata(tmp_path: Path) -> None:
    assert "laser_nm" not in opened(tmp_path / "a.txt", two_column_text(), laser_nm=532.0).about


def test_photon_energies_and_absolute_wavenumbers_are_converted(tmp_path: Path) -> None:
    absolute = 1e7 / 532.0 - AXIS
    for name, axis in (("eV", absolute / 8065.543937), ("Wavenumber (cm-1)", absolute)):
        content = f"{name}\tIntensity\n" + "\n".join(f"{a:.8f}\t{v}" for a, v in zip(axis, SPECTRUM, strict=True))
        np.testing.assert_allclose(opened(tmp_path / "a.txt", content, 532.0).axis, AXIS, atol=0.01)
        with pytest.raises(StudioError, match="laser"):
            read(tmp_path / "a.txt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("this is a letter\nto a friend\n", "no table of numbers"),
        ("Pixels #,Intensity\n" + two_column_text(","), "detector pixels"),
        ("Wavenumber,Absorbance\n" + two_column_text(","), "not Raman"),
        ("100,5\n148,7\n152,2\n590,8\n", "peak list"),
        ("1 2\n", "no table"),
        ("5\n" * 40, "one column of numbers"),
        ("5 1\n" * 40, "repeat"),
        ("\n".join(f"{x} 1" for x in range(2000, 12000, 50)), "not a Raman shift"),
        ("\n".join(f"{x:.2f} 1" for x in np.linspace(176.36, 893.69, 3648)), "Ocean Optics"),
        (" \n\n", "no table of numbers"),
    ],
)
def test_text_that_is_not_a_raman_spectrum_raises_a_sentence_that_names_the_file(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content)
    with pytest.raises(StudioError) as refusal:
        read(path)
    assert "'notes.txt'" in refusal.value.sentence and says in refusal.value.sentence
    assert refusal.value.remedy


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_one_spectrum_survives_writing_and_reading(tmp_path: Path, name: str) -> None:
    written = SpectrumSet.of(AXIS, np.float32(SPECTRUM) / 3, laser_nm=785.0, exposure_s=0.5, intensity_unit="counts")
    writer.write(tmp_path / name, written)
    (spectra,) = read(tmp_path / name)
    assert spectra.same_axis(written) and np.array_equal(spectra.values, written.values)
    assert {key: spectra.about[key] for key in written.about} == dict(written.about)


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
@pytest.mark.parametrize("columns", [(), ("name",), ("x", "y"), ("name", "x", "y", "time")])
def test_a_set_survives_writing_and_reading(tmp_path: Path, name: str, columns: tuple[str, ...]) -> None:
    values = np.float32(matrix() / 7)
    table = {
        "name": np.array(["one", "two", "three"]),
        "x": np.array([0.5, 1.5, 2.5]),
        "y": np.array([1.0, 1.0, 2.0]),
        "time": np.array([0.0, 10.0, 20.0]),
    }
    written = SpectrumSet(AXIS, values, {column: table[column] for column in columns}, {"laser_nm": 532.0})
    writer.write(tmp_path / name, written)
    (spectra,) = read(tmp_path / name)
    assert spectra.same_axis(written) and np.array_equal(spectra.values, values)
    assert set(spectra.table) == set(columns)
    assert all(np.array_equal(spectra.table[column], written.table[column]) for column in columns)
    assert spectra.about["laser_nm"] == 532.0


def test_writing_to_a_missing_folder_raises_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"Could not write 'a\.csv'"):
        writer.write(tmp_path / "missing" / "a.csv", SpectrumSet.of(AXIS, SPECTRUM))


def test_a_separator_within_quotation_marks_is_part_of_the_name(tmp_path: Path) -> None:
    shifts = ",".join(f"{shift:g}" for shift in AXIS)
    rows = "".join(f'"{name}",{",".join(f"{value:g}" for value in SPECTRUM)}\n' for name in ("left, top", "right", "7"))
    spectra = opened(tmp_path / "a.csv", f"name,{shifts}\n{rows}")
    assert len(spectra) == 3
    assert list(spectra.table["name"]) == ["left, top", "right", "7"]
    np.testing.assert_allclose(spectra.values[0], SPECTRUM, rtol=1e-5)
