"""No verb writes over inputs, links, devices, pipes, or another program's files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.cli.outputs import is_own_output, require_writable
from ramanstudio.core.errors import StudioError
from ramanstudio.library import library
from ramanstudio.library.library import Library, Reference
from tests.cli.identify_samples import StubSearch, spectrum_of, write_spectrum

TABLE_VERBS = ("identify", "library export")
RAW = "200\t1\n210\t2\n220\t3\n"


def arguments(verb: str, folder: Path, out: Path) -> list[str]:
    """A run of a verb that writes a table."""
    if verb == "library export":
        return ["library", "export", "minerals", "--out", str(out)]
    return [verb, str(folder), "--out", str(out)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two spectra."""
    for name in ("quartz", "rutile"):
        write_spectrum(tmp_path / "data" / f"{name}.txt", name)
    return tmp_path / "data"


@pytest.mark.parametrize("verb", TABLE_VERBS)
def test_raw_files_are_not_replaced_by_a_table(
    folder: Path, stub_search: StubSearch, minerals: Library, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = folder / "raw.csv"
    raw.write_text(RAW)
    assert main.main(arguments(verb, folder, raw)) == exit_codes.NOTHING_DONE
    assert raw.read_text() == RAW
    assert "raw.csv" in capsys.readouterr().err
    assert stub_search.batch_sizes == [], "refused before any work"


def test_inputs_are_not_replaced_even_with_overwrite(
    folder: Path, stub_search: StubSearch, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = folder / "raw.csv"
    raw.write_text(RAW)
    assert main.main([*arguments("identify", folder, raw), "--overwrite"]) == exit_codes.NOTHING_DONE
    assert "never overwritten" in capsys.readouterr().err
    assert raw.read_text() == RAW


@pytest.mark.parametrize("verb", TABLE_VERBS)
def test_files_of_other_programs_are_replaced_with_overwrite_only(
    tmp_path: Path,
    folder: Path,
    stub_search: StubSearch,
    minerals: Library,
    verb: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "notes.csv"
    out.write_text("my,notes\n1,2\n")
    assert main.main(arguments(verb, folder, out)) == exit_codes.NOTHING_DONE
    assert "'notes.csv' exists, and RamanStudio did not write it." in capsys.readouterr().err
    assert out.read_text() == "my,notes\n1,2\n"
    assert main.main([*arguments(verb, folder, out), "--overwrite"]) == exit_codes.DONE
    assert "my,notes" not in out.read_text()


def test_a_table_of_an_earlier_run_is_replaced(
    tmp_path: Path, folder: Path, stub_search: StubSearch, minerals: Library
) -> None:
    out = folder / "identified.csv"
    (folder / "log.csv").write_text("file,status,reason\r\na.txt,done,\r\n")  # of a batch
    for _ in range(2):
        assert main.main(arguments("identify", folder, out)) == exit_codes.DONE
    assert stub_search.batch_sizes == [2, 2], "the table of the first run is no input of the second"


@pytest.mark.parametrize("verb", TABLE_VERBS)
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_links_and_pipes_are_refused(
    tmp_path: Path,
    folder: Path,
    stub_search: StubSearch,
    minerals: Library,
    verb: str,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    target, out = tmp_path / "target.csv", tmp_path / "out.csv"
    if kind == "pipe":
        os.mkfifo(out)
    else:
        if kind == "link":
            target.write_text(RAW)
        out.symlink_to(target)
    for more in ([], ["--overwrite"]):
        assert main.main([*arguments(verb, folder, out), *more]) == exit_codes.NOTHING_DONE
        assert "'out.csv' is a " in capsys.readouterr().err
    assert out.is_fifo() if kind == "pipe" else out.is_symlink()
    assert target.exists() == (kind == "link")
    assert kind != "link" or target.read_text() == RAW


def test_devices_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "null"
    device.write_text("")
    real = Path.lstat

    def lstat(self: Path) -> os.stat_result:
        status = real(self)
        if self != device:
            return status
        return os.stat_result((stat.S_IFCHR | 0o666, *status[1:]))

    monkeypatch.setattr(Path, "lstat", lstat)
    with pytest.raises(StudioError, match="a device or a pipe"):
        require_writable(device, overwrite=True)


def test_a_library_is_never_merged_over_itself_and_replaces_libraries_only(
    tmp_path: Path, minerals: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    before = minerals.path.read_bytes()
    given = ["library", "merge", "minerals", "--out"]
    assert main.main([*given, str(minerals.path), "--overwrite"]) == exit_codes.NOTHING_DONE
    assert "is one of the files to read" in capsys.readouterr().err
    assert minerals.path.read_bytes() == before
    other = tmp_path / "other.ramanlib"
    other.write_text("a letter")
    assert main.main([*given, str(other)]) == exit_codes.NOTHING_DONE
    assert other.read_text() == "a letter"
    other.unlink()
    for _ in range(2):
        assert main.main([*given, str(other)]) == exit_codes.DONE


def test_own_files_are_recognised(tmp_path: Path) -> None:
    library.write(tmp_path / "a.ramanlib", [Reference("quartz", spectrum_of("quartz"))], "A")
    assert is_own_output(tmp_path / "a.ramanlib")
    for name, text, is_own in (
        ("labels.csv", "file,spectrum,label\na.txt,1,quartz\n", False),
        ("features.csv", "file,spectrum,f1,f2\n", True),
        ("plane.csv", "file,spectrum,plane_x,plane_y,f1\n", True),
        ("old.csv", "file,spectrum,rank,name,chance,HQI\n", True),
        ("classes.csv", "file,spectrum,label,probability,unknown,a,b\n", True),
        ("empty.csv", "", False),
    ):
        (tmp_path / name).write_text(text)
        assert is_own_output(tmp_path / name) == is_own, name


def test_denoise_keeps_a_summary_of_another_program(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_spectrum(tmp_path / "data" / "quartz.txt", "quartz")
    (tmp_path / "out").mkdir()
    summary = tmp_path / "out" / "summary.csv"
    summary.write_text("my,summary\n")
    given = ["denoise", str(file), "--out", str(tmp_path / "out")]
    assert main.main(given) == exit_codes.NOTHING_DONE
    assert "was not written by RamanStudio" in capsys.readouterr().err
    assert summary.read_text() == "my,summary\n"
    assert main.main([*given, "--overwrite"]) == exit_codes.DONE
    assert summary.read_text().startswith("file,spectrum,points")


def test_denoise_follows_no_link_and_replaces_no_input(tmp_path: Path, smoother: None) -> None:
    out = tmp_path / "out"
    out.mkdir()
    raw = write_spectrum(tmp_path / "quartz.txt", "quartz")
    named = write_spectrum(out / "quartz-denoised.csv", "rutile")
    before = named.read_bytes()
    (out / "quartz-2-denoised.csv").symlink_to(tmp_path / "elsewhere.csv")
    given = ["denoise", str(raw), str(named), "--out", str(out), "--overwrite"]
    assert main.main(given) == exit_codes.DONE
    assert named.read_bytes() == before
    assert (out / "quartz-3-denoised.csv").is_file()
    assert not (tmp_path / "elsewhere.csv").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_outputs_have_the_permissions_of_the_umask(
    tmp_path: Path, folder: Path, stub_search: StubSearch, minerals: Library, smoother: None
) -> None:
    before = os.umask(0o027)
    try:
        assert main.main(["denoise", str(folder), "--out", str(tmp_path / "out"), "--format", "h5"]) == exit_codes.DONE
        assert main.main(["library", "export", "minerals", "--out", str(tmp_path / "out" / "l.csv")]) == exit_codes.DONE
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "out").iterdir()}
    assert modes == {0o640}
    assert np.array([file.name for file in (tmp_path / "out").iterdir()]).size == 5
