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


def test_each_spectrum_gets_a_report_or_a_row(tmp_path: Path, smoothing: None) -> None:
    spectra = [write_spectrum(tmp_path / f"{name}.txt", name) for name in ("quartz", "calcite")]
    out = tmp_path / "report.html"
    arguments = ["report", *map(str, spectra), "--out", str(out)]
    assert main.main([*arguments, "--each"]) == main.main([*arguments, "--each"]) == exit_codes.DONE
    assert "quartz.txt" in (tmp_path / "report-quartz.html").read_text()
    assert "quartz.txt" not in (tmp_path / "report-calcite.html").read_text() and not out.exists()
    (tmp_path / "report-calcite.html").write_text("mine")
    assert main.main([*arguments, "--each"]) == exit_codes.NOTHING_DONE
    assert (tmp_path / "report-calcite.html").read_text() == "mine"
    assert main.main([*arguments, "--summary", "--recipe", "quantitative"]) == exit_codes.DONE
    assert "2 entries" in out.read_text() and "<img" not in out.read_text()


def test_another_suffix_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spectrum = write_spectrum(tmp_path / "quartz.txt", "quartz")
    assert main.main(["report", str(spectrum), "--out", str(tmp_path / "report.docx")]) == exit_codes.NOTHING_DONE
    assert ".pdf or .html" in capsys.readouterr().err
