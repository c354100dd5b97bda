"""How fast the viewer pans, and how long it keeps the window from answering while it draws thousands of spectra."""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.gui.viewer.spectrum_view import SpectrumView

WIDTH, HEIGHT = 1000, 640
FRAMES = 60


def spectra(count: int, points: int = 1000) -> SpectrumSet:
    """Noisy simulated spectra with a few lines that vary."""
    draw = np.random.default_rng(0)
    axis = np.linspace(100, 3200, points)
    values = draw.normal(0, 20, (count, points)).astype(np.float32)
    for centre in draw.uniform(200, 3100, 12):
        line = np.exp(-0.5 * ((axis - centre) / 9) ** 2).astype(np.float32)
        values += draw.uniform(50, 900, (count, 1)).astype(np.float32) * line
    return SpectrumSet(axis, values)


def pan(view: SpectrumView) -> list[float]:
    """Milliseconds of each frame of a pan that goes a third of the picture and back; a frame is painted whole."""
    frames = []
    for frame in range(FRAMES):
        begin = time.perf_counter()
        view.move_by(0.011 if frame < FRAMES // 2 else -0.011)
        view.repaint()
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - begin))
        time.sleep(max(0.0, 0.016 - (time.perf_counter() - begin)))
    return frames


def build(view: SpectrumView, shown: SpectrumSet) -> tuple[float, float, float]:
    """Milliseconds to the first picture, to the finished one, and of the longest stretch without an answer."""
    begin = last = time.perf_counter()
    view.show_set(shown)
    view.repaint()
    QApplication.processEvents()
    first = last = time.perf_counter()
    longest = 0.0
    while view.drawing:
        QApplication.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return 1000 * (first - begin), 1000 * (last - begin), 1000 * longest


def measure() -> dict[str, float]:
    """Figures of the viewer, in milliseconds."""
    app = QApplication.instance() or QApplication([])
    view = SpectrumView()
    view.resize(WIDTH, HEIGHT)
    view.show()
    app.processEvents()
    figures: dict[str, float] = {}
    for count in (20, 500, 10_000):
        shown = spectra(count)
        first, finished, longest = build(view, shown)
        view.zoom_by(0.5)
        view.finish_drawing()
        frames = pan(view)
        name = f"{count} spectra"
        figures |= {
            f"{name}: first picture": first,
            f"{name}: finished picture": finished,
            f"{name}: longest wait for an event": longest,
            f"{name}: pan, median frame": float(np.median(frames)),
            f"{name}: pan, 95 % of frames": float(np.percentile(frames, 95)),
        }
    view.close()
    view.deleteLater()
    app.processEvents()
    return figures


if __name__ == "__main__":
    for name, milliseconds in measure().items():
        print(f"{name:<48}{milliseconds:8.1f} ms")
