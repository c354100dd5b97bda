"""*Process > Batch…* runs beside the window, can be stopped, and never replaces results unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton

from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.gui.batch.batch_window import BatchWindow
from tests.gui.driver import SmoothingEngine, Starter, Window, write_spectra
from tests.gui.layout import layout_problems


class BatchEngine(SmoothingEngine):
    """Denoises in the lane of the batch too."""

    def __init__(self) -> None:
        super().__init__()
        self.card.weights_hash = "0" * 12  # type: ignore[attr-defined]

    def denoise(
        self, spectra: SpectrumSet, together: bool = False, progress: Progress = SILENT, replaced: Any = None
    ) -> Denoised:
        denoised = self._denoise(spectra, progress, together)
        assert isinstance(denoised, Denoised)
        return denoised


def batch_window(window: Window, source: Path, out: Path) -> BatchWindow:
    window.do("batch")
    dialog = window.window.findChildren(BatchWindow)[-1]
    dialog.source.line.setText(str(source))
    dialog.out.line.setText(str(out))
    return dialog


def press_in_question(window: Window, text: str) -> None:
    window.wait_until(lambda: bool(window.window.findChildren(QMessageBox)))
    (box,) = window.window.findChildren(QMessageBox)
    next(button for button in box.findChildren(QPushButton) if button.text() == text).click()


def test_a_batch_processes_a_folder_and_names_what_failed(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_spectra(tmp_path / "in", 3)
    (tmp_path / "in" / "notes.txt").write_text("not a spectrum")
    engine = BatchEngine()
    window = start(loader=lambda *_: engine)
    dialog = batch_window(window, tmp_path / "in", tmp_path / "out")
    window.wait_until(lambda: dialog.n_files.text().startswith("4 readable files"))
    dialog.template.add_file(Path("resources/peaks/silicon.toml").absolute())
    dialog.start_button.click()
    window.wait_until(lambda: window.window.batch_commands.job.state == "done")
    assert dialog.status.text() == "3 files were processed, 1 failed."
    assert "notes.txt" in dialog.failures.toPlainText() and "The results are in" in window.message
    assert len(list((tmp_path / "out").glob("*-processed.csv"))) == 3
    assert "Si position / cm⁻¹" in (tmp_path / "out" / "results.csv").read_text()
    assert not window.window.batch_bar.isVisible() and window.rows() == []

    stamp = (tmp_path / "out" / "spectrum_0000-processed.csv").stat().st_mtime_ns
    dialog.start_button.click()
    press_in_question(window, "Cancel")
    assert window.window.batch_commands.job.counts.earlier == 0
    dialog.start_button.click()
    window.wait_until(lambda: not window.window.findChildren(QMessageBox)[1:])
    press_in_question(window, "Continue")
    window.wait_until(lambda: window.window.batch_commands.job.counts.earlier == 3)
    window.wait_settled()
    assert (tmp_path / "out" / "spectrum_0000-processed.csv").stat().st_mtime_ns == stamp
    dialog.close()


def test_a_batch_leaves_the_window_usable_and_can_be_stopped(start: Starter, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    files = write_spectra(tmp_path / "in", 3)
    slow, engines = BatchEngine(), list[SmoothingEngine]()
    slow.may_continue.clear()

    def load(*_: str) -> SmoothingEngine:
        engines.append(slow if engines else SmoothingEngine())
        return engines[-1]

    window = start(loader=load)
    dialog = batch_window(window, tmp_path / "in", tmp_path / "out")
    dialog.start_button.click()
    window.wait_until(lambda: window.window.batch_bar.isVisible() and len(engines) == 2)
    dialog.close()
    window.drop(files[0])  # is denoised by the window's own engine while the batch waits
    window.wait_until(lambda: window.rows() == [(files[0].name, "denoised")])
    assert window.window.batch_commands.job.state == "running"
    window.window.batch_bar.stop_button.click()
    slow.may_continue.set()
    window.wait_until(lambda: window.window.batch_commands.job.state == "stopped")
    assert not window.window.batch_bar.isVisible()


@pytest.mark.parametrize("size", [(1440, 900), (720, 450)])
def test_everything_in_the_windows_can_be_read(start: Starter, tmp_path: Path, size: tuple[int, int]) -> None:
    from ramanstudio.gui.batch.watch_dialog import WatchDialog

    window = start()
    window.window.resize(*size)
    dialog = batch_window(window, tmp_path, tmp_path / "out")
    dialog.resize(min(640, size[0] - 40), min(560, size[1] - 60))
    window.do("watch_folder")
    (watch,) = window.window.findChildren(WatchDialog)
    watch.writes.setChecked(True)
    watch.resize(min(600, size[0] - 40), min(500, size[1] - 60))
    window.wait_settled()
    assert layout_problems(dialog) == [] and layout_problems(watch) == []
    watch.reject()
    dialog.close()
