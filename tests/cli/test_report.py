"""`ramanstudio report` writes the report of the window."""

from __future__ import annotations

from pathlib import Path

import pytest

from ramanstudio import engine
from ramanstudio.cli import exit_codes, main
from tests.cli.identify_samples import write_spectrum
from tests.gui.driver import SmoothingEngine


@pytest.fixture
def smoothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Denoiser(SmoothingEngine):
        def denoise(self, spectra, together=False, progress=None, replaced=None):  # type: ignore[no-untyped-def]
            return self._smoothed(spectra, together)

    monkeypatch.setattr(engine.Engine, "load", lambda *_: Denoiser())


@pytest.mark.parametrize("suffix", [".html", ".pdf"])
def test_a_report_of_files(tmp_path: Path, smoothing: None, suffix: str) -> None:
    spectrum, out = write_spectrum(tmp_path / "quartz.txt", "quartz"), tmp_path / f"report{suffix}"
    assert main.main(["report", str(spectrum), "--out", str(out), "--title", "Sand"]) == exit_codes.DONE
    content = out.read_bytes()
    assert content.startswith(b"%PDF") if suffix == ".pdf" else b"<h1>Sand</h1>" in content


def test_another_suffix_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spectrum = write_spectrum(tmp_path / "quartz.txt", "quartz")
    assert main.main(["report", str(spectrum), "--out", str(tmp_path / "report.docx")]) == exit_codes.NOTHING_DONE
    assert ".pdf or .html" in capsys.readouterr().err
