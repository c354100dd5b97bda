"""One bad file, name or number never ends a batch, and whatever is typed gives a sentence and an exit code."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.core.csv_cells import escape_formula, unescape_formula
from ramanstudio.engine import Engine
from ramanstudio.formats import registry
from tests.cli.denoise_samples import Smoother, read_rows, write_spectrum

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(sys.platform != "linux", reason="needs names that are not UTF-8")


def run_program(*arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment}
    command = [sys.executable, "-m", "ramanstudio", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )


@POSIX
def test_odd_names_are_denoised_and_listed(tmp_path: Path, smoother: None) -> None:
    content = write_spectrum(tmp_path / "data" / "plain.txt").read_bytes()
    names = [
        b"caf\xe9.txt",
        b"x" * 241 + b".txt",
        b"=cmd.txt",
        b"-1 + 2.txt",
        b"a\nb.txt",
        "\u00e9".encode() * 118 + b".txt",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path / "data") + b"/" + name)).write_bytes(content)
    for _ in range(2):  # the second run finds its results again
        assert main.main(["denoise", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == exit_codes.DONE
        rows = read_rows(tmp_path / "out" / "summary.csv")
        assert len(rows) == 7
        assert len({row["result"] for row in rows}) == 7
        assert len(list((tmp_path / "out").iterdir())) == 8
        assert all(not row["result"].startswith(("=", "-")) for row in rows)


def test_an_unexpected_error_of_one_file_does_not_end_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    files = [write_spectrum(tmp_path / f"{name}.txt", height) for name, height in (("a", 10), ("bad", 777), ("c", 30))]
    smooth = Smoother.denoise

    class Fragile(Smoother):
        def denoise(self, spectra):  # type: ignore[no-untyped-def]
            if spectra.values.max() > 500:
                raise ValueError("array must not contain infs or NaNs")
            return smooth(self, spectra)

    monkeypatch.setattr(Engine, "load", classmethod(lambda cls, *_, **__: Fragile()))
    assert main.main(["denoise", *map(str, files), "--out", str(tmp_path / "out")]) == exit_codes.SOME_FAILED
    assert {row["result"] for row in read_rows(tmp_path / "out" / "summary.csv")} == {
        "a-denoised.csv",
        "c-denoised.csv",
    }
    printed = capsys.readouterr().err
    assert "'bad.txt': Something unexpected happened: ValueError: array must not contain infs or NaNs." in printed
    assert printed.count("\n") == 1
    assert "Traceback" in (own_home / "log" / "command-line-crash.txt").read_text()


def test_an_unexpected_error_of_a_reader_does_not_end_the_batch(
    tmp_path: Path, smoother: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [write_spectrum(tmp_path / f"{name}.txt") for name in ("a", "bad", "c")]
    read = registry.read

    def read_or_fail(path, laser_nm=None):  # type: ignore[no-untyped-def]
        if path.name == "bad.txt":
            raise KeyError("nobody thought of this")
        return read(path, laser_nm)

    monkeypatch.setattr(registry, "read", read_or_fail)
    assert main.main(["denoise", *map(str, files), "--out", str(tmp_path / "out")]) == exit_codes.SOME_FAILED
    assert len(read_rows(tmp_path / "out" / "summary.csv")) == 2
    assert "'bad.txt': Something unexpected happened: KeyError" in capsys.readouterr().err
    assert main.main(["info", *map(str, files)]) == exit_codes.SOME_FAILED


def test_a_name_too_long_for_any_file_does_not_end_the_batch(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_spectrum(tmp_path / "good.txt")
    given = [str(tmp_path / f"{'a' * 300}.txt"), str(good)]
    assert main.main(["denoise", *given, "--out", str(tmp_path / "out")]) == exit_codes.SOME_FAILED
    assert "aaaa.txt" in capsys.readouterr().err
    assert len(read_rows(tmp_path / "out" / "summary.csv")) == 1


def test_an_output_with_a_name_too_long_is_refused_before_any_work(
    tmp_path: Path, smoother: None, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_spectrum(tmp_path / "good.txt")
    out = tmp_path / f"{'a' * 300}.csv"
    assert main.main(["embed", str(good), "--out", str(out)]) == exit_codes.NOTHING_DONE
    assert "the name is too long" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["denoise", "", "--out", "o"], ["denoise", "a.txt", "--out", ""], ["info", " "]])
def test_empty_arguments_are_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main.main(given)
    assert stopped.value.code == exit_codes.NOTHING_DONE
    assert "it is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "escaped"),
    [
        ("=1+1", "'=1+1"), ("+a", "'+a"), ("-a", "'-a"), ("@a", "'@a"), ("\ta", "'\ta"),
        ("-1.5", "-1.5"), ("+2e-4", "+2e-4"), ("-inf", "-inf"), ("quartz", "quartz"), ("", ""),
    ],
)  # fmt: skip
def test_formulas_are_escaped_and_numbers_are_not(cell: str, escaped: str) -> None:
    assert escape_formula(cell) == escaped
    assert unescape_formula(escaped) == cell


def test_tables_of_results_escape_formulas(tmp_path: Path, smoother: None) -> None:
    file = write_spectrum(tmp_path / "=HYPERLINK(1).txt")
    assert main.main(["denoise", str(file), "--out", str(tmp_path / "out")]) == exit_codes.DONE
    with (tmp_path / "out" / "summary.csv").open(newline="") as table:
        assert next(reversed(list(csv.reader(table))))[-1] == "'=HYPERLINK(1)-denoised.csv"


@pytest.mark.parametrize(
    "arguments",
    [
        ["a" * 300],
        ["a" * 300 + ".txt"],
        [""],
        ["denoise", "a" * 300 + ".txt", "--out", "o"],
        ["info", "nowhere.txt"],
        ["demo", "--model", "a" * 300],
        ["classify", "a.txt", "--model", "a" * 300, "--out", "x.csv"],
        ["library", "list", "a" * 300],
        ["library", "build", "nowhere", "--out", "x.csv"],
        ["identify", "README.md", "--out", "x.csv", "--library", "a\x01" * 100],
        ["finetune", "README.md", "--out", "a/b", "--labels", "nowhere.csv"],
    ],
)
def test_whatever_is_typed_gives_a_sentence_and_an_exit_code(tmp_path: Path, arguments: list[str]) -> None:
    if len(arguments) == 1 and arguments != [""] and arguments[0].endswith(".txt"):
        pytest.skip("opens the window, which says so")
    arguments = [str(tmp_path / word) if word in ("o", "x.csv") else word for word in arguments]
    result = run_program(*arguments)
    assert result.returncode == exit_codes.NOTHING_DONE
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_a_home_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    spectrum = write_spectrum(tmp_path / "a.txt")
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path / "file" / "home"))  # a folder below a file cannot be made
    assert main.main(["info", str(spectrum)]) == exit_codes.DONE
    assert capsys.readouterr().err == ""
    for arguments in (["library", "build", str(spectrum)], ["library", "list"]):
        assert main.main(arguments) == exit_codes.NOTHING_DONE
        errors = capsys.readouterr().err
        assert "cannot be created" in errors
        assert "RAMANSTUDIO_HOME" in errors


def test_the_shipped_model_denoises_in_a_home_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    spectrum = write_spectrum(tmp_path / "a.txt")
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path / "file" / "home"))
    arguments = ["denoise", str(spectrum), "--out", str(tmp_path / "out"), "--device", "cpu", "--model", "smae-small"]
    assert main.main(arguments) == exit_codes.DONE
    assert "cannot be created" not in capsys.readouterr().err
    assert (tmp_path / "out" / "a-denoised.csv").exists()
    arguments[-1] = "no-such-model"
    assert main.main(arguments) == exit_codes.NOTHING_DONE
    assert "Models that are here: smae-base, smae-small" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("delay", [0.15, 0.4, 0.9])
def test_ctrl_c_in_the_first_second_is_no_traceback(tmp_path: Path, delay: float) -> None:
    spectrum = write_spectrum(tmp_path / "a.txt")
    command = [sys.executable, "-m", "ramanstudio", "denoise", str(spectrum), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    if process.returncode == -signal.SIGINT or "runpy" in errors or "site" in errors:
        # Before Python has put its own handler in place, the signal simply ends the process.
        assert "ramanstudio" not in errors
        pytest.skip("the interpreter itself was still starting")
    assert process.returncode in (exit_codes.CANCELLED, exit_codes.DONE)
    assert "Traceback" not in errors
