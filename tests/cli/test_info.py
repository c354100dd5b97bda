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
