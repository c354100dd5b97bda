"""Verbs, options and exit codes of the command line; what is unexpected is a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ramanstudio import demo
from ramanstudio.cli import exit_codes, main
from ramanstudio.cli.verb import Verb


def test_an_unexpected_error_is_a_sentence_and_a_log_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_home: Path
) -> None:
    def fall_over() -> list[Path]:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(demo, "demo_files", fall_over)
    assert main.main(["demo"]) == exit_codes.NOTHING_DONE
    printed = capsys.readouterr().err
    assert "ZeroDivisionError: nobody thought of this" in printed
    assert "Traceback" not in printed
    assert "fall_over" in (own_home / "log" / "command-line-crash.txt").read_text()


@pytest.mark.parametrize("wrong", [["denoise"], ["dance"], [], ["denoise", "a.txt", "--out", "o", "--format", "docx"]])
def test_wrong_arguments_show_the_usage(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main.main(wrong)
    assert left.value.code == 2
    assert "usage: ramanstudio" in capsys.readouterr().err


def test_version_and_help_in_a_process_of_their_own() -> None:
    for given, text in ((["--version"], "RamanStudio "), (["--help"], "exit codes")):
        code = "import sys; from ramanstudio.cli.main import main; sys.exit(main())"
        done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0
        assert text in done.stdout


def test_options_of_earlier_versions_are_accepted_and_name_their_successors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [
        "finetune",
        "a.txt",
        "--out",
        "x",
        "--reading",
        "lines",
        "--head",
        "LDA",
        "--full",
        "never",
        "--laser",
        "532",
    ]
    arguments = main._parser().parse_args(given)
    assert (arguments.representation, arguments.classifier, arguments.tune_features) == ("lines", "LDA", "never")
    assert arguments.laser_nm == 532
    assert capsys.readouterr().err.splitlines() == [
        "--reading is now --representation.",
        "--head is now --classifier.",
        "--full is now --tune-features.",
    ]
    arguments = main._parser().parse_args(["embed", "a.txt", "--out", "x.csv", "--plane", "neighbours"])
    assert arguments.plane == "tsne"
    assert "--plane neighbours is now --plane tsne." in capsys.readouterr().err


@pytest.mark.parametrize("verb", [verb for verb in main.VERBS if verb.name not in ("demo", "library", "recipe")])
@pytest.mark.parametrize("option", ["--laser", "--laser-nm"])
def test_every_verb_that_reads_files_takes_the_laser_wavelength(verb: Verb, option: str) -> None:
    if verb.name.startswith("pretrain"):
        pytest.skip("reads corpora")
    more = {"info": [], "classify": ["--model", "m", "--out", "x"]}.get(verb.name, ["--out", "x"])
    assert main._parser().parse_args([verb.name, "a.txt", option, "633", *more]).laser_nm == 633
