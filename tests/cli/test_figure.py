"""`ramanstudio figure` draws what the window draws, in the style that was saved there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from ramanstudio.cli import exit_codes, main
from ramanstudio.cli.outputs import is_own_output
from ramanstudio.export.figure_options import FigureOptions, save_style
from tests.cli.identify_samples import write_spectrum


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write_spectrum(tmp_path / f"{name}.txt", name) for name in ("quartz", "rutile")]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".svg", ".pdf"])
def test_a_figure_is_written_again_without_asking_but_never_over_another_file(
    tmp_path: Path, files: list[Path], suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"figure{suffix}"
    command = ["figure", *map(str, files), "--measured", "--out", str(out), "--width-mm", "60", "--height-mm", "40"]
    assert main.main(command) == exit_codes.DONE
    assert is_own_output(out)
    assert main.main(command) == exit_codes.DONE
    out.write_text("mine")
    assert main.main(command) == exit_codes.NOTHING_DONE
    assert "did not write it" in capsys.readouterr().err


def test_the_style_of_the_window_is_used_and_an_option_wins_over_it(tmp_path: Path, files: list[Path]) -> None:
    style, out = tmp_path / "s.figure.toml", tmp_path / "figure.png"
    save_style(FigureOptions(width_mm=101.6, height_mm=76.2, dpi=100), style)
    command = ["figure", *map(str, files), "--measured", "--style", str(style), "--out", str(out)]
    assert main.main(command) == exit_codes.DONE
    with Image.open(out) as image:
        assert image.size == (400, 300)
    assert main.main([*command, "--dpi", "50"]) == exit_codes.DONE
    with Image.open(out) as image:
        assert image.size == (200, 150)


@pytest.mark.parametrize(("option", "number", "sentence"), [
    ("--height-mm", "20", "too small for its text"),
    ("--width-mm", "-5", "width mm cannot be -5.0"),
    ("--dpi", "1e9", "Give a number from 30 to 2400"),
])  # fmt: skip
def test_a_size_that_cannot_be_is_a_sentence(
    tmp_path: Path, files: list[Path], capsys: pytest.CaptureFixture[str], option: str, number: str, sentence: str
) -> None:
    command = ["figure", *map(str, files), "--measured", "--out", str(tmp_path / "a.png"), option, number]
    assert main.main(command) == exit_codes.NOTHING_DONE
    assert sentence in capsys.readouterr().err


def test_an_unknown_kind_of_figure_is_refused_before_any_work(
    tmp_path: Path, files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["figure", str(files[0]), "--out", str(tmp_path / "a.bmp")]) == exit_codes.NOTHING_DONE
    assert "ending in .png" in capsys.readouterr().err
