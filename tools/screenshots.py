"""Take the README's pictures: drives the real window on the demo spectra and writes docs/screenshots/*.png.

Needs no display (it draws offscreen where there is none), and touches no settings of the user's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
SIZE = (1440, 900)
N_DEMO_FILES = 37

sys.path.insert(0, str(ROOT))
if sys.platform.startswith("linux"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # the same picture with and without a display

from PySide6.QtGui import QPainter, QPixmap  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from ramanstudio.gui.shell import app  # noqa: E402
from ramanstudio.gui.shell.main_window import MainWindow  # noqa: E402


def wait(window: MainWindow, until: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the window work until something is true; ends the program where it never comes."""
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            sys.exit(f"screenshots: waited {seconds:g} s in vain; the window says {window.message_bar.text!r}")
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 0.8) -> None:
    """Let the window draw."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)


def take(window: MainWindow, name: str, over: QWidget | None = None) -> None:
    """Write a picture of the window, with what lies over it."""
    settle()
    if window.page.view is not None:
        window.page.view.finish_drawing()
        settle(0.2)
    picture: QPixmap = window.grab()
    if over is not None:
        painter = QPainter(picture)
        painter.drawPixmap(over.pos() - window.pos(), over.grab())
        painter.end()
    picture.save(str(FOLDER / f"{name}.png"))
    print(FOLDER / f"{name}.png")


def select(window: MainWindow, *names: str) -> None:
    """Select the entries of these names."""
    chosen = [entry.id for entry in window.services.session.project.entries if entry.name in names]
    if len(chosen) != len(names):
        sys.exit(f"screenshots: not all of {names} are among the demo spectra")
    window.services.session.select(chosen)


def main() -> int:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RAMANSTUDIO_HOME"] = home
        os.environ["HOME"] = home  # the pictures show no path of whoever takes them
        spectra = Path(home) / "Spectra"
        shutil.copytree(ROOT / "resources" / "demo", spectra)
        window = app.start()
        services = window.services
        window.resize(*SIZE)  # the offscreen screen is smaller, and the window began no larger than that
        window.reset_panel_widths()
        wait(window, lambda: services.denoising.engine is not None)
        window.actions_by_id["theme_light"].trigger()
        take(window, "empty")
        services.opening.open([spectra])
        wait(window, lambda: len(services.session.project.results) == N_DEMO_FILES and not services.workers.busy)
        select(window, "paracetamol-0.1s.csv")
        take(window, "main-light")
        window.actions_by_id["theme_dark"].trigger()
        select(window, "quartz-0.1s.csv")
        window.actions_by_id["show_residual"].setChecked(True)
        take(window, "main-dark")
        window.actions_by_id["show_residual"].setChecked(False)
        window.actions_by_id["theme_light"].trigger()
        select(
            window,
            next(e.name for e in services.session.project.entries if e.source is not None and len(e.source) > 9),
        )
        take(window, "many")
        select(window, "quartz-1.0s.csv")
        window.tabs.show_tab("peaks")
        for action in ("find_peaks", "fit_peaks"):
            window.actions_by_id[action].trigger()
            wait(window, lambda: not services.workers.busy)
            settle()
        take(window, "peaks")
        window.tabs.show_tab("explore")
        wait(window, lambda: services.session.groups is not None and not services.workers.busy)
        page = window.tabs.current_page
        page.choose_layout("neighbours")
        wait(window, lambda: not services.exploring.computing_layout and not services.workers.busy)
        take(window, "explore")
        window.tabs.show_tab("map")
        take(window, "map")
        select(window, "calcite-1.0s.txt")
        window.tabs.show_tab("identify")
        wait(
            window,
            lambda: bool(services.session.project.identifications) and not services.workers.busy,
            300,
        )
        take(window, "identify")
        window.tabs.show_tab("spectrum")
        select(window, "calcite-1.0s.txt")
        settle()
        window.actions_by_id["search"].trigger()
        palette = next(dialog for dialog in QApplication.topLevelWidgets() if type(dialog).__name__ == "CommandPalette")
        palette.query.setText("export")
        take(window, "palette", over=palette)
        palette.close()
        window.close()
        return 0 if window.end() else 1


if __name__ == "__main__":
    sys.exit(main())
