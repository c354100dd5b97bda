"""`ramanstudio process` and `ramanstudio recipe`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.formats.registry import read
from ramanstudio.processing.recipe import Recipe, find_recipe
from tests.cli.denoise_samples import write_spectrum

RECIPE = 'version = 1\n[[step]]\nstep = "baseline"\nmethod = "snip"\n[[step]]\nstep = "normalise"\nmethod = "vector"\n'


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(RECIPE)
    return tmp_path / "mine.toml"


def test_process_writes_what_python_gives_with_a_table_and_the_recipe(
    tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "quartz.txt", tmp_path / "out"
    write_spectrum(file)
    (tmp_path / "empty.txt").write_text("")
    arguments = ["process", str(file), str(tmp_path / "empty.txt"), "--recipe", str(recipe), "--out", str(out)]
    assert main.main(arguments) == exit_codes.SOME_FAILED
    printed = capsys.readouterr()
    assert "Processed 1 of 2 files" in printed.out and "empty.txt" in printed.err
    expected = Recipe.load(recipe).apply(read(file)[0])
    np.testing.assert_array_equal(read(out / "quartz-processed.csv")[0].values, expected.spectra.values)
    assert main.main(arguments) == exit_codes.NOTHING_DONE
    assert "--resume" in capsys.readouterr().err
    assert main.main([*arguments, "--resume"]) == exit_codes.SOME_FAILED
    assert "1 of them earlier" in capsys.readouterr().out


def test_a_name_that_is_wrong_leaves_no_folder_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["process", str(tmp_path / "quarz.txt"), "--out", str(tmp_path / "out")]
    assert main.main([*arguments, "--recipe", str(tmp_path / "none.toml")]) == exit_codes.NOTHING_DONE
    assert "There is no file" in capsys.readouterr().err
    assert main.main([*arguments, "--recipe", "Quantitative"]) == exit_codes.NOTHING_DONE
    assert "quarz.txt" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_watching_ends_with_a_count(tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    write_spectrum(tmp_path / "in" / "quartz.txt")
    arguments = ["watch", str(tmp_path / "in"), "--recipe", str(recipe), "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit):
        main.main([*arguments, "--idle", "-1"])
    assert "not a number of seconds" in capsys.readouterr().err
    assert main.main([*arguments, "--settle", "0", "--idle", "0"]) == exit_codes.DONE
    assert "Ended. Processed 1 of 1 file." in capsys.readouterr().err


def test_recipes_are_listed_shown_and_checked(tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["recipe", "list"]) == exit_codes.DONE
    assert "SERS map" in capsys.readouterr().out
    assert main.main(["recipe", "show", "sers-map"]) == exit_codes.DONE
    assert Recipe.from_text(capsys.readouterr().out) == find_recipe("SERS map")
    (tmp_path / "wrong.toml").write_text('[[step]]\nstep = "background"\nfile = "/nowhere/glass.txt"\n')
    assert main.main(["recipe", "check", str(recipe), str(tmp_path / "wrong.toml")]) == exit_codes.SOME_FAILED
    printed = capsys.readouterr()
    assert "baseline, normalise" in printed.out and "glass.txt" in printed.err
    (tmp_path / "wrong.toml").write_text('[[step]]\nstep = "crop"\nlow_cm = 900\nhigh_cm = 100\n')
    assert main.main(["recipe", "check", str(tmp_path / "wrong.toml")]) == exit_codes.NOTHING_DONE
    assert "low_cm below high_cm" in capsys.readouterr().err
    assert main.main(["recipe", "show", "nothing"]) == exit_codes.NOTHING_DONE
    assert "'Routine'" in capsys.readouterr().err
