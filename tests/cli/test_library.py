"""`ramanstudio library`: libraries are built, listed, merged and exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.core import paths
from ramanstudio.formats import registry
from ramanstudio.library import library
from tests.cli.denoise_samples import read_rows
from tests.cli.identify_samples import write_spectrum


def test_a_library_is_built_listed_merged_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("quartz", "rutile"):
        write_spectrum(tmp_path / "data" / name / "scan.txt", name)
    given = [
        "library",
        "build",
        str(tmp_path / "data"),
        "--name-from",
        "folder",
        "--title",
        "Field work",
        "--licence",
        "CC0",
    ]
    assert main.main(given) == exit_codes.DONE
    assert "2 references of 2 substances" in capsys.readouterr().out
    mine = library.open(paths.user_libraries() / "Field work.ramanlib")
    assert list(mine.names) == ["quartz", "rutile"]
    assert set(mine.licences) == {"CC0"}

    barite = write_spectrum(tmp_path / "b.txt", "barite")
    assert (
        main.main(["library", "build", str(barite), "--name", "Barite", "--out", str(tmp_path / "b.ramanlib")])
        == exit_codes.DONE
    )
    both = tmp_path / "both.ramanlib"
    given = ["library", "merge", "field work", str(tmp_path / "b.ramanlib"), "--out", str(both), "--title", "Both"]
    assert main.main(given) == exit_codes.DONE
    assert main.main(["library", "list", str(both), "--names"]) == exit_codes.DONE
    assert main.main(["library", "list"]) == exit_codes.DONE
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("Both", "Barite", "quartz", "rutile", "Field work", "Starter library"))

    assert main.main(["library", "export", str(both), "--out", str(tmp_path / "both.csv")]) == exit_codes.DONE
    assert [row["spectrum_identity"] for row in read_rows(tmp_path / "both_metadata.csv")] == [
        "quartz",
        "rutile",
        "Barite",
    ]
    assert main.main(["library", "export", str(both), "--out", str(tmp_path / "both.h5")]) == exit_codes.DONE
    (back,) = registry.read(tmp_path / "both.h5")
    assert back.table["label"].tolist() == ["quartz", "rutile", "Barite"]


def test_files_that_cannot_be_read_are_named_and_the_library_has_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_spectrum(tmp_path / "data" / "quartz.txt", "quartz")
    (tmp_path / "data" / "holiday.txt").write_text("we went to the sea")
    out = tmp_path / "x.ramanlib"
    assert main.main(["library", "build", str(tmp_path / "data"), "--out", str(out)]) == exit_codes.SOME_FAILED
    assert "holiday.txt" in capsys.readouterr().err
    assert list(library.open(out).names) == ["quartz"]
    empty = str(tmp_path / "data" / "holiday.txt")
    assert main.main(["library", "build", empty, "--out", str(tmp_path / "y.ramanlib")]) == exit_codes.NOTHING_DONE
    assert (
        main.main(["library", "build", str(tmp_path / "data"), "--out", str(tmp_path / "y.h5")])
        == exit_codes.NOTHING_DONE
    )
    assert "does not end in .ramanlib" in capsys.readouterr().err
    assert not (tmp_path / "y.h5").exists()
