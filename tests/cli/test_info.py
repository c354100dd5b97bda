"""`ramanstudio info` describes files as the reader sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ramanstudio.cli import exit_codes, main
from ramanstudio.core.spectra import SpectrumSet
from tests.cli.denoise_samples import write_spectrum


def test_info_lists_axis_and_snr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_spectrum(tmp_path / "quartz.txt")
    assert main.main(["info", str(tmp_path / "quartz.txt")]) == exit_codes.DONE
    printed = capsys.readouterr().out
    assert "200 points, 200.0 to 1800.0 cm⁻¹, every 8.04" in printed
    assert "SNR" in printed
    (tmp_path / "empty.txt").write_text("")
    assert main.main(["info", str(tmp_path / "quartz.txt"), str(tmp_path / "empty.txt")]) == exit_codes.SOME_FAILED


def test_info_of_a_folder_without_spectra_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["info", str(tmp_path)]) == exit_codes.NOTHING_DONE
    assert "There is no spectrum in" in capsys.readouterr().err


def test_info_of_a_spectrum_of_nan_shows_no_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ramanstudio.formats import hdf5

    hdf5.write(tmp_path / "dead.h5", SpectrumSet(np.arange(200.0), np.full((1, 200), np.nan)))
    assert main.main(["info", str(tmp_path / "dead.h5")]) == exit_codes.DONE
    assert "no numbers" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["info", "denoise", "library build"])
def test_the_remedy_for_an_unknown_laser_is_an_option_of_the_verb(
    tmp_path: Path, smoother: None, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nm.txt"
    values = np.random.default_rng(0).normal(100, 5, 200)
    rows = [f"{shift:.3f}\t{value:.3f}\n" for shift, value in zip(np.linspace(535, 640, 200), values, strict=True)]
    file.write_text("Wavelength [nm]\tIntensity\n" + "".join(rows))
    out = {"info": [], "denoise": ["--out", str(tmp_path / "out")]}.get(verb, ["--out", str(tmp_path / "x.ramanlib")])
    assert main.main([*verb.split(), str(file), *out]) == exit_codes.NOTHING_DONE
    assert "--laser-nm 785" in capsys.readouterr().err
    assert main.main([*verb.split(), str(file), *out, "--laser-nm", "532"]) == exit_codes.DONE


def test_info_says_what_the_checks_of_measured_spectra_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ramanstudio.formats import hdf5

    hdf5.write(tmp_path / "full.h5", SpectrumSet(np.linspace(200, 1800, 400), np.full((1, 400), 65535.0)))
    assert main.main(["info", str(tmp_path / "full.h5")]) == exit_codes.DONE
    assert "The detector was saturated at 400 points" in capsys.readouterr().out
