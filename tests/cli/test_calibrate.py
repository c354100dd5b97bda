"""`ramanstudio calibrate` makes profiles and verifies them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.simulated_axes import Distortion, spectrum_of
from ramanstudio import calibration
from ramanstudio.cli import exit_codes, main
from ramanstudio.core.spectra import SpectrumSet


def write(path: Path, spectra: SpectrumSet) -> Path:
    rows = (f"{x:.4f}\t{y:.6f}" for x, y in zip(spectra.axis, spectra.values[0], strict=True))
    path.write_text("Raman shift (cm-1)\tIntensity\n" + "\n".join(rows))
    return path


def simulated(substance: str, offset_cm: float, laser_nm: float = 785.0) -> SpectrumSet:
    rng = np.random.default_rng(4)
    distortion = Distortion(offset_cm, 0, 0, 150, 3300)
    return spectrum_of(calibration.find_substance(substance), rng, 100.0, distortion, laser_nm=laser_nm)


def test_a_profile_is_learned_applied_and_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silicon = write(tmp_path / "si.txt", simulated("silicon", 3.0))
    calcite = write(tmp_path / "calcite.txt", simulated("calcite", 3.0))
    out = tmp_path / "p.toml"
    assert main.main(["calibrate", str(silicon), "--substance", "silicon", "--out", str(out)]) == exit_codes.DONE
    assert "Shifts by −3.0 cm⁻¹" in capsys.readouterr().out
    verify = ["calibrate", "verify", str(out), str(calcite), "--substance", "calcite"]
    assert main.main(verify) == exit_codes.DONE
    assert "every line within 1 cm⁻¹" in capsys.readouterr().out
    assert len(calibration.Profile.load(out).checks) == 1
    again = ["calibrate", str(silicon), "--substance", "silicon", "--out", str(out)]
    assert main.main(again) == exit_codes.NOTHING_DONE
    assert "1 verification, which would be lost" in capsys.readouterr().err
    right = write(tmp_path / "right.txt", simulated("calcite", 0.0))
    assert main.main([*verify[:3], str(right), "--substance", "calcite"]) == exit_codes.SOME_FAILED
    assert "makes it worse" in capsys.readouterr().out


def test_lamp_then_silicon_and_intensity(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lamp = write(tmp_path / "neon.txt", simulated("neon", 4.0))
    silicon = write(tmp_path / "si.txt", simulated("silicon", 6.0))
    first, second = tmp_path / "lamp.toml", tmp_path / "both.toml"
    laser = ["--laser-nm", "785"]
    assert main.main(["calibrate", str(lamp), "--substance", "neon", "--out", str(first), *laser]) == exit_codes.DONE
    after = ["calibrate", str(silicon), "--substance", "silicon", "--after", str(first), "--out", str(second), *laser]
    assert main.main(after) == exit_codes.DONE
    assert calibration.Profile.load(second).substances == ("neon", "silicon")
    axis = np.arange(150.0, 3500.0, 2.0)
    glass = calibration.intensity_standards()["srm2241"].intensity(axis)
    standard = write(tmp_path / "glass.txt", SpectrumSet.of(axis, glass * np.exp(-axis / 3000)))
    out = tmp_path / "i.toml"
    assert main.main(["calibrate", str(standard), "--intensity", "srm2241", "--out", str(out), *laser]) == 0
    assert "outside nothing is corrected" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--out", "p.toml"], "what was measured"),
    (["--substance", "silicon"], "no file for the profile"),
    (["--substance", "gold", "--out", "p.toml"], "no calibration substance 'gold'"),
    (["--substance", "calcite", "--out", "p.toml"], "not a spectrum of calcite"),
])  # fmt: skip
def test_what_cannot_be_done_is_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    silicon = write(tmp_path / "si.txt", simulated("silicon", 0.0))
    assert main.main(["calibrate", str(silicon), *arguments]) == exit_codes.NOTHING_DONE
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "p.toml").exists()


def test_another_file_is_not_replaced_but_a_profile_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    silicon = write(tmp_path / "si.txt", simulated("silicon", 1.0))
    out = tmp_path / "p.toml"
    out.write_text("mine = true")
    command = ["calibrate", str(silicon), "--substance", "silicon", "--out", str(out)]
    assert main.main(command) == exit_codes.NOTHING_DONE
    assert out.read_text() == "mine = true"
    out.unlink()
    assert main.main(command) == main.main(command) == exit_codes.DONE
