"""Archives, compressed files and workbooks: each file or sheet in them opens, and nothing vanishes without a word."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.axis import LaserNeededError
from ramanstudio.formats.registry import read
from tests.formats.container_sample_files import gzip_bytes, procspec_bytes, sheet_of, xlsx_bytes, zip_bytes
from tests.formats.sample_files import AXIS, SPECTRUM, two_column_text, wdf_bytes

TEXT = two_column_text(header="Raman shift\tCounts\n").encode()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_every_file_of_an_archive_opens_with_its_name_and_the_others_are_told(tmp_path: Path) -> None:
    files = {
        "a.txt": TEXT,
        "deep/b.wdf": wdf_bytes(SPECTRUM[None]),
        "photo.png": b"\x89PNG\r\n",
        "__MACOSX/._a.txt": b"x",
    }
    first, second = read(write(tmp_path / "a.zip", zip_bytes(files)))
    assert (first.about["file_in_archive"], second.about["file_in_archive"]) == ("a.txt", "deep/b.wdf")
    assert first.about["source"] == str(tmp_path / "a.zip")
    np.testing.assert_allclose(second.values[0], SPECTRUM, rtol=1e-6)
    assert "1 of 3 files" in str(first.about["notes"]) and "'photo.png' is an image" in str(first.about["notes"])


def test_an_archive_without_spectra_says_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"'a\.zip': none of the 2 files .* 'a\.png' is an image"):
        read(write(tmp_path / "a.zip", zip_bytes({"a.png": b"\x89PNG\r\n", "b.png": b"\x89PNG\r\n"})))


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "a/../../../b.txt", "\u202etxt.a", "a" * 300 + ".txt"]
)
def test_names_in_an_archive_lead_nowhere(tmp_path: Path, name: str) -> None:
    (spectra,) = read(write(tmp_path / "a.zip", zip_bytes({name: TEXT})))
    assert spectra.points == AXIS.size
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"] and not (tmp_path.parent / "evil.txt").exists()


def test_an_archive_that_unpacks_to_far_more_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 20_000_000)
    with pytest.raises(StudioError, match=r"20,000,000 bytes when unpacked"):
        read(tmp_path / "a.zip")
    with gzip.open(tmp_path / "a.txt.gz", "wb") as file:
        file.write(b"0" * 80_000_000)
    with pytest.raises(StudioError, match="unpacks to more than"):
        read(tmp_path / "a.txt.gz")


def test_an_archive_within_an_archive_and_a_document_are_named(tmp_path: Path) -> None:
    inner = zip_bytes({"a.txt": TEXT})
    with pytest.raises(StudioError, match="archive within an archive") as refusal:
        read(write(tmp_path / "a.zip", zip_bytes({"b.zip": inner})))
    assert "Unpack" in refusal.value.remedy
    with pytest.raises(StudioError, match="a Word document"):
        read(write(tmp_path / "a.docx", zip_bytes({"word/document.xml": b"<w/>"})))
    with pytest.raises(StudioError, match="a LibreOffice document") as refusal:
        read(write(tmp_path / "a.ods", zip_bytes({"content.xml": b"<w/>"})))
    assert ".xlsx" in refusal.value.remedy


def test_a_file_that_needs_the_laser_asks_for_it_through_an_archive(tmp_path: Path) -> None:
    nm = wdf_bytes(SPECTRUM[None], 1e7 / (1e7 / 532 - AXIS), unit=3, laser_nm=None)
    for path in (write(tmp_path / "a.zip", zip_bytes({"a.wdf": nm})), write(tmp_path / "a.wdf.gz", gzip_bytes(nm))):
        with pytest.raises(LaserNeededError, match=path.name):
            read(path)
        np.testing.assert_allclose(read(path, 532.0)[0].axis, AXIS, atol=0.01)


def test_sheets_of_a_workbook_open_and_those_without_spectra_are_named(tmp_path: Path) -> None:
    values = np.stack([SPECTRUM, 2 * SPECTRUM])
    sheets: dict[str, list[list[object]]] = {
        "Notes": [["measured", "on Monday"]],
        "Map": sheet_of(AXIS, values, ["a", "b"]),
        "Table": [["sample", "mass"], *([f"s{i}", 1.0 + i] for i in range(12))],
        "More": sheet_of(AXIS[5:], values[:1, 5:], ["c"]),
    }
    first, second = read(write(tmp_path / "a.xlsx", xlsx_bytes(sheets)))
    assert (first.about["sheet"], second.about["sheet"]) == ("Map", "More")
    np.testing.assert_array_equal(first.values, values.astype(np.float32))
    assert first.table["name"].tolist() == ["a", "b"]
    assert "'Table'" in str(first.about["notes"])
    assert read(write(tmp_path / "a.zip", xlsx_bytes(sheets)))[0].about["sheet"] == "Map"  # whatever its suffix says


def test_a_workbook_of_words_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"'a\.xlsx': its sheets are empty"):
        read(write(tmp_path / "a.xlsx", xlsx_bytes({"Notes": [["no", "numbers"]]})))


def test_a_workbook_that_declares_entities_is_refused(tmp_path: Path) -> None:
    good = xlsx_bytes({"Spectra": sheet_of(AXIS, SPECTRUM[None], ["a"])})
    with zipfile.ZipFile(write(tmp_path / "good.xlsx", good)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>'
    files["xl/worksheets/sheet1.xml"] = bomb + files["xl/worksheets/sheet1.xml"].removeprefix(b'<?xml version="1.0"?>')
    with pytest.raises(StudioError, match="declares entities"):
        read(write(tmp_path / "a.xlsx", zip_bytes(files)))


def test_a_long_text_that_many_cells_share_takes_no_memory(tmp_path: Path) -> None:
    rows: list[list[object]] = sheet_of(AXIS, SPECTRUM[None], ["a"])
    rows[0][0] = "Raman shift " + "x" * 30_000
    (spectra,) = read(write(tmp_path / "a.xlsx", xlsx_bytes({"Spectra": rows})))
    assert spectra.points == AXIS.size and max(map(len, map(str, spectra.about.values()))) < 2000


def test_columns_of_uneven_length_and_a_workbook_in_an_archive(tmp_path: Path) -> None:
    rows: list[list[object]] = [["A x", "A y", "B x", "B y"]]
    for i, (shift, value) in enumerate(zip(AXIS.tolist(), SPECTRUM.tolist(), strict=True)):
        rows.append([shift, value, *((shift, f"{value:.3f}") if i < AXIS.size - 10 else ())])
    path = write(tmp_path / "a.zip", zip_bytes({"a.xlsx": xlsx_bytes({"S": rows})}))
    first, second = read(path)
    assert (first.points, second.points) == (AXIS.size, AXIS.size - 10)
    np.testing.assert_allclose(second.values[0], SPECTRUM[: AXIS.size - 10], atol=1e-3)


def test_a_workbook_of_numbers_as_text(tmp_path: Path) -> None:
    rows: list[list[object]] = [[f"{a:.2f}".replace(".", ","), f"{b:.3f}".replace(".", ",")] for a, b in
                                zip(AXIS, SPECTRUM, strict=True)]  # fmt: skip
    (spectra,) = read(write(tmp_path / "a.xlsx", xlsx_bytes({"S": rows})))
    np.testing.assert_allclose(spectra.values[0], SPECTRUM, atol=1e-3)


def test_a_project_of_spectrasuite_opens_in_counts_and_is_refused_as_transmission(tmp_path: Path) -> None:
    wavelengths = 1e7 / (1e7 / 532.0 - AXIS)
    with pytest.raises(LaserNeededError):
        read(write(tmp_path / "a.ProcSpec", procspec_bytes(SPECTRUM, wavelengths)))
    (spectra,) = read(write(tmp_path / "a.zip", procspec_bytes(SPECTRUM, wavelengths)), 532.0)
    np.testing.assert_allclose(spectra.axis, AXIS, atol=1e-3)
    np.testing.assert_allclose(spectra.values[0], SPECTRUM, rtol=1e-6)
    assert (spectra.about["exposure_s"], spectra.about["accumulations"]) == (0.25, 4)
    assert (spectra.about["date"], spectra.about["instrument"]) == ("2016-03-16 13:18:31 UTC", "QE65000 Q1")
    with pytest.raises(StudioError, match="'Transmission', which is not Raman"):
        read(write(tmp_path / "b.ProcSpec", procspec_bytes(SPECTRUM, wavelengths, "Transmission")))
