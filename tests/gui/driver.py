"""Drives the window as a user would; builders of files to open; a fake engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised, apply_to_finite, is_finite, warn_non_finite
from ramanstudio.gui.shell.main_window import MainWindow
from ramanstudio.gui.spectra_list.entry_model import STATE


class SmoothingEngine:
    """A fake engine: denoises by a running mean of five points; reports a gain of two, of four for a set."""

    device_name = "CPU · test"

    def __init__(self, seconds_each: float = 0.0, name: str = "test") -> None:
        self.seconds_each = seconds_each
        self.may_continue = threading.Event()  # cleared by a test that acts while the engine is busy
        self.may_continue.set()
        self.order: list[str] = []
        self.stopped = threading.Event()
        self.card = _Card(name)

    def denoise_each(
        self,
        sets: Sequence[SpectrumSet],
        progress: Progress = SILENT,
        together: Sequence[int] = (),
        search: bool = True,
    ) -> list[Any]:
        results: list[Any] = []
        for index, spectra in enumerate(sets):
            self.order.append(Path(str(spectra.about.get("source", ""))).name)
            results.append(self._denoise(spectra, progress, bool(together and together[index])))
            progress.show((index, results[-1]))
        return results

    def _denoise(self, spectra: SpectrumSet, progress: Progress, together: bool) -> Denoised | StudioError:
        if not is_finite(spectra).any():
            return StudioError("The spectrum holds values that are not numbers.", remedy="Leave it out.")
        if not is_finite(spectra).all():
            warn_non_finite([spectra], progress)
            return apply_to_finite(spectra, lambda whole: self._smoothed(whole, together))
        try:
            for row in range(len(spectra)):
                progress(row, len(spectra), "spectra")
                time.sleep(self.seconds_each)
                self.may_continue.wait(10)
        except BaseException:
            self.stopped.set()
            raise
        return self._smoothed(spectra, together)

    def _smoothed(self, spectra: SpectrumSet, together: bool) -> Denoised:
        smooth = np.stack([np.convolve(row, np.ones(5) / 5, mode="same") for row in spectra.values])
        ones = np.ones(len(spectra), dtype=np.float32)
        after = (24 if together else 12) * ones
        return Denoised(spectra.with_values(smooth), np.full_like(spectra.values, 0.5), 6 * ones, after)


class _Card:
    def __init__(self, name: str) -> None:
        self.name = name

    def text(self) -> str:
        return "test: a running mean of five points.\n0 million parameters."


class Window:
    """What a user sees in the window and does with it."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.services = window.services

    def drop(self, *paths: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        middle = self.window.rect().center()
        enter = QDragEnterEvent(middle, Qt.DropAction.CopyAction, mime, buttons, keys)
        QApplication.sendEvent(self.window, enter)
        assert enter.isAccepted()
        assert self.window.drop_target.isVisible()
        self.drop_text = self.window.drop_target.text
        drop = QDropEvent(QPointF(middle), Qt.DropAction.CopyAction, mime, buttons, keys)
        QApplication.sendEvent(self.window, drop)
        assert not self.window.drop_target.isVisible()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not true; rows {self.rows()}, message {self.message!r}"
            QApplication.processEvents()
            time.sleep(0.005)
        QApplication.processEvents()

    def wait_settled(self) -> None:
        self.wait_until(lambda: not self.services.workers.busy)

    def rows(self) -> list[tuple[str, str]]:
        model = self.window.entries.model
        return [(model.index(row).data(), model.index(row).data(STATE)) for row in range(model.rowCount())]

    def choose(self, *names: str) -> None:
        wanted = set(names)
        self.services.session.select(e.id for e in self.services.session.project.entries if e.name in wanted)
        for _ in range(3):
            QApplication.processEvents()

    def do(self, action: str) -> None:
        # actions are enabled a moment after the state they depend on has changed
        self.wait_until(self.window.actions_by_id[action].isEnabled)
        self.window.actions_by_id[action].trigger()
        QApplication.processEvents()

    @property
    def message(self) -> str:
        return self.window.message_bar.text

    @property
    def snr(self) -> str:
        return self.window.metadata_panel.snr_text


Starter = Callable[..., Window]


def write_spectrum(path: Path, points: int = 200, seed: int = 0, counts: float = 100.0) -> Path:
    """Write a two-column file: two peaks on a slope, with noise."""
    axis = np.linspace(200.0, 1800.0, points)
    peaks = counts * (np.exp(-(((axis - 600) / 12) ** 2)) + 0.5 * np.exp(-(((axis - 1300) / 15) ** 2)))
    values = peaks + 0.01 * axis + np.random.default_rng(seed).normal(0, 5, points)
    np.savetxt(path, np.column_stack([axis, values]), fmt="%.3f", delimiter="\t")
    return path


def write_spectra(folder: Path, count: int, points: int = 200) -> list[Path]:
    return [write_spectrum(folder / f"spectrum_{number:04d}.txt", points, number) for number in range(count)]


def share_of(path: Path, colour: str) -> float:
    """The share of the pixels of an image that have a colour."""
    from matplotlib.image import imread

    pixels = np.asarray(imread(path)[..., :3] * 255).round()
    wanted = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)])
    return float((np.abs(pixels - wanted).max(axis=-1) <= 12).mean())
