"""Frame times of panning and hovering the scatter plot of 100 000 points."""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.explore.scatter_view import ScatterView, TooltipContent

WIDTH, HEIGHT = 1000, 640
FRAMES = 60
GROUPS = 14


def points(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 2) in overlapping clouds, and the cloud (N,) of each."""
    draw = np.random.default_rng(0)
    groups = draw.integers(0, GROUPS, count)
    return draw.normal(0, 10, (GROUPS, 2))[groups] + draw.normal(0, 1.6, (count, 2)), groups


def pan(view: ScatterView) -> list[float]:
    """Milliseconds of each frame of a pan by a third of the width and back, each painted completely."""
    frames = []
    for frame in range(FRAMES):
        begin = time.perf_counter()
        view.move_by(0.011 if frame < FRAMES // 2 else -0.011)
        view.repaint()
        QApplication.processEvents()
        frames.append(1000 * (time.perf_counter() - begin))
        time.sleep(max(0.0, 0.016 - (time.perf_counter() - begin)))
    return frames


def hover(view: ScatterView) -> list[float]:
    """Milliseconds from a mouse move until point, circle and tooltip are painted, at many positions."""
    draw = np.random.default_rng(1)
    pane, none = view.focusProxy(), Qt.MouseButton.NoButton
    times_ms = []
    for index in draw.integers(0, 100_000, FRAMES).tolist():
        position = QPointF(view.position_of(index))
        begin = time.perf_counter()
        move = QMouseEvent(
            QEvent.Type.MouseMove, position, pane.mapToGlobal(position), none, none, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(pane, move)
        QApplication.processEvents()
        times_ms.append(1000 * (time.perf_counter() - begin))
    return times_ms


def measure() -> dict[str, float]:
    """Figures of the scatter plot, in milliseconds."""
    app = QApplication.instance() or QApplication([])
    view = ScatterView()
    view.resize(WIDTH, HEIGHT)
    view.show()
    app.processEvents()
    figures: dict[str, float] = {}
    curve = np.sin(np.linspace(0, 60, 1000))
    view.set_tooltip_source(lambda index: TooltipContent(f"spectrum {index}", "Group 1", np.arange(1000.0), curve))
    for count in (100_000, 300_000):
        xy, groups = points(count)
        begin = time.perf_counter()
        view.show_points(xy)
        view.set_categories(groups, [f"Group {number + 1}" for number in range(GROUPS)], range(GROUPS))
        view.finish_drawing()
        drawn = 1000 * (time.perf_counter() - begin)
        view.zoom_by(0.7)
        view.finish_drawing()
        frames = pan(view)
        first, *times_ms = hover(view)
        name = f"{count} points"
        figures |= {
            f"{name}: picture": drawn,
            f"{name}: pan, median frame": float(np.median(frames)),
            f"{name}: pan, 95 % of frames": float(np.percentile(frames, 95)),
            f"{name}: first hover": first,
            f"{name}: hover, median": float(np.median(times_ms)),
            f"{name}: hover, 95 %": float(np.percentile(times_ms, 95)),
        }
        view.show_all()
    view.stop()
    view.close()
    view.deleteLater()
    app.processEvents()
    return figures


if __name__ == "__main__":
    for name, milliseconds in measure().items():
        print(f"{name:<48}{milliseconds:8.1f} ms")
