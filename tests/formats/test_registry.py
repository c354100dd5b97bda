"""Which files are opened, which reader reads them, and what is said about those that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats.registry import FORMATS, find_files, read, readable_suffixes
from tests.formats.sample_files import AXIS, SPECTRUM, jcamp_plain, spc_bytes, two_column_text, wdf_bytes


def refusal(path: Path) -> str:
    with pytest.raises(StudioError) as error:
        read(path)
    assert f"'{path.name}'" in error.value.sentence and error.value.remedy
    return error.value.sentence


def test_folders_are_searched_and_named_files_are_kept(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a.WDF",
        "deep/er/c.spc",
        ".hidden/d.txt",
        ".e.txt",
        "photo.jpg",
        "f.l6v",
        "b.expected-error.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    named = tmp_path / "f.l6v"
    files = find_files([named, tmp_path, tmp_path / "b.txt", tmp_path / "gone.txt"])
    assert [path.name for path in files] == ["f.l6v", "a.WDF", "b.txt", "c.spc", "gone.txt"]


def test_a_folder_of_unsupported_files_gives_those_files(tmp_path: Path) -> None:
    (tmp_path / "a.l6v").write_bytes(b"LabSpec6\0\0")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert [path.name for path in find_files([tmp_path])] == ["a.l6v"]


def test_every_suffix_belongs_to_one_format() -> None:
    suffixes = [suffix for row in FORMATS for suffix in row.suffixes]
    assert sorted(suffixes) == sorted(set(suffixes)) and set(readable_suffixes()) == set(suffixes)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)


@pytest.mark.parametrize(
    ("name", "content", "format_name"),
    [
        ("a.txt", wdf_bytes(SPECTRUM[None]), "Renishaw WiRE"),
        ("a", spc_bytes(SPECTRUM[None]), "Galactic SPC"),
        ("a.dat", jcamp_plain().encode(), "JCAMP-DX"),
        ("a.xyz", two_column_text().encode(), "Text"),
    ],
)
def test_the_content_decides_where_the_suffix_does_not(
    tmp_path: Path, name: str, content: bytes, format_name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (spectra,) = read(path)
    assert spectra.about["format"] == format_name and spectra.about["source"] == str(path)
    np.testing.assert_allclose(spectra.axis, AXIS, atol=0.01)


@pytest.mark.parametrize(
    ("name", "start", "says"),
    [
        ("a.xlsx", b"PK\x03\x04", "damaged or incomplete"),
        ("a.zip", b"PK\x03\x04", "damaged or incomplete"),
        ("a.txt.gz", b"\x1f\x8b\x08", "damaged or incomplete"),
        ("a.mat", b"MATLAB 5.0 MAT-file", "none of its variables"),
        ("a.jws", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound document"),
        ("a.hdr", b"ENVI\nsamples = 2\n", "0 points of the axis"),
        ("a.sp", b"PEPE2D constant interval", "PerkinElmer"),
        ("a.spc", b"\x00\x08\x02\x00\x03\x00\x05\x00", "Shimadzu"),
        ("a.l6s", b"LabSpec6\0\0\0", "ends after"),
        ("a.wip", b"WIT_PRCT", "ends after"),
        ("a.tvf", b"\xef\xbb\xbf<!--TriVista-File.", "damaged or incomplete"),
        ("a.spa", b"Spectral Data File\r\n\0", "ends after"),
        ("a.0", b"\n\n\xfe\xfe\0\0\0\0", "ends after"),
        ("a.sif", b"Andor Technology Multi-Channel File\n", "describes no data"),
        ("a.spe", b"\0" * 100, "ends after"),
        ("a.png", b"\x89PNG\r\n", "is an image, not a spectrum"),
        ("a.unknown", bytes(range(256)), "format is unknown"),
        ("a.txt", bytes(range(256)), "binary data"),
        ("a.txt", b"", "empty"),
        ("a.wdf", b"", "empty"),
        ("a.wdf", b"WDF1 and no more", "within its header"),
        ("a.spc", b"\0" * 600, "not its signature"),
        ("a.jdx", b"hello", "no JCAMP-DX labels"),
        ("a.h5", b"hello", "damaged"),
    ],
)
def test_a_file_that_cannot_be_read_gives_a_sentence_and_a_remedy(
    tmp_path: Path, name: str, start: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(start)
    assert says in refusal(tmp_path / name)


def test_a_missing_file_and_a_folder_give_a_sentence(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "gone.txt")
    assert "folder" in refusal(tmp_path)
    assert refusal(tmp_path / ("x" * 300 + ".txt"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may open every file")
def test_a_file_without_permission_gives_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(two_column_text())
    path.chmod(0)
    assert "do not have permission" in refusal(path)


def test_permission_denied_by_the_system_gives_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text(two_column_text())

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    assert "do not have permission" in refusal(path)


@pytest.mark.parametrize("suffix", [*readable_suffixes(), ".unknown", ""])
def test_a_file_of_two_gigabytes_is_refused_without_reading_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    with path.open("wb") as file:
        file.write(b"100 1\n" * 1000 if suffix not in (".wdf", ".spc") else b"\0")
        file.truncate(2 * 2**30 + 1)
    begin = process_time()
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert process_time() - begin < 2


@pytest.mark.parametrize("laser_nm", [0.0, -5.0, float("nan"), 1e9])
def test_an_impossible_laser_is_refused(tmp_path: Path, laser_nm: float) -> None:
    with pytest.raises(StudioError, match="laser"):
        read(tmp_path / "a.txt", laser_nm)


def test_two_columns_read_fast_from_two_threads(tmp_path: Path) -> None:
    axis = np.linspace(100, 3000, 1000)
    content = "".join(f"{shift:.3f}\t{value:.4f}\n" for shift, value in zip(axis, np.cos(axis), strict=True))
    paths = [tmp_path / f"{number}.txt" for number in range(100)]
    for path in paths:
        path.write_text(content)
    begin = process_time()
    with ThreadPoolExecutor(2) as threads:
        assert sum(len(sets[0]) for sets in threads.map(read, paths)) == 100
    assert process_time() - begin < 0.5  # of computing: 1000 files in 5 s


def test_reading_text_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(two_column_text())
    script = (
        "import sys, pathlib; from ramanstudio.formats.registry import read; read(pathlib.Path(sys.argv[1]));"
        "print([m for m in ('pandas', 'scipy', 'h5py', 'spc_io', 'jcamp', 'wdf', 'torch', 'matplotlib', 'PySide6')"
        " if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.txt")], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
