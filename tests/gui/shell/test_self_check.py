"""`ramanstudio --check`: says that all is well only where it is, in words for whoever installed the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from ramanstudio.core.errors import StudioError
from ramanstudio.gui.shell import self_check
from ramanstudio.gui.shell import splash as starting
from tests.gui.driver import SmoothingEngine, write_spectrum


@pytest.fixture(autouse=True)
def no_window_left(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAMANSTUDIO_HOME", "")  # the check sets it; put back when the test is over


def test_the_check_reports_the_snr_of_a_file_and_saves_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, picture = write_spectrum(tmp_path / "mine.txt"), tmp_path / "window.png"
    assert self_check.main([str(file), "--picture", str(picture)], lambda *_: SmoothingEngine()) == 0
    told, complained = capsys.readouterr()
    assert complained == ""
    lines = {line[:22].strip(): line[22:] for line in told.splitlines()}
    assert lines["read"] == "mine.txt"
    assert lines["SNR"].startswith("6.0 → 12")
    assert lines["computed on"] == "CPU · test"
    assert lines["window painted after"].endswith(" s")
    assert picture.stat().st_size > 10_000


def test_the_check_of_an_unreadable_file_fails_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.wdf"
    broken.write_bytes(b"WDF1" + bytes(40))
    assert self_check.main([str(broken)], lambda *_: SmoothingEngine()) == 1
    assert "broken.wdf" in capsys.readouterr().err


def test_the_check_without_a_model_fails_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(*_: str) -> SmoothingEngine:
        raise StudioError("The model 'smae-base' is not there.", remedy="Install RamanStudio again.")

    assert self_check.main([str(write_spectrum(tmp_path / "mine.txt"))], missing) == 1
    told = capsys.readouterr().err
    assert "The model could not be loaded" in told
    assert "smae-base" in told


def test_the_splash_screen_is_shown_only_when_the_start_is_slow(qapp: QApplication) -> None:
    assert starting.splash_if_slow(0.3) is None
    splash = starting.splash_if_slow(5.0)
    assert splash is not None
    assert splash.isVisible()
    assert splash.is_painted
    assert splash.size() == starting.SIZE
    splash.close()
    splash.deleteLater()
