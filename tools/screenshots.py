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

sys.path.insert(0, str(ROOT))
if sys.platform.startswith("linux"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # the same picture with and without a display

from PySide6.QtGui import QPainter, QPixmap  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from ramanstudio.gui.shell import app  # noqa: E402
from ramanstudio.gui.shell.studio import Studio  # noqa: E402


def wait(studio: Studio, until: Callable[[], bool], seconds: float = 120.0) -> None:
    """Let the window work until something is true; ends the program where it never comes."""
    deadline = time.monotonic() + seconds
    while not until():
        if time.monotonic() > deadline:
            sys.exit(f"screenshots: waited {seconds:g} s in vain; the window says {studio.window.message_bar.words!r}")
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 0.8) -> None:
    """Let the window draw."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        QApplication.processEvents()
        time.sleep(0.01)


def take(studio: Studio, name: str, over: QWidget | None = None) -> None:
    """Write a picture of the window, with what lies over it."""
    settle()
    if studio.window.page.view is not None:
        studio.window.page.view.settle()
        settle(0.2)
    picture: QPixmap = studio.window.grab()
    if over is not None:
        painter = QPainter(picture)
        painter.drawPixmap(over.pos() - studio.window.pos(), over.grab())
        painter.end()
    picture.save(str(FOLDER / f"{name}.png"))
    print(FOLDER / f"{name}.png")


def select(studio: Studio, *names: str) -> None:
    """Select the entries of these names."""
    chosen = [entry.id for entry in studio.session.project.entries if entry.name in names]
    if len(chosen) != len(names):
        sys.exit(f"screenshots: not all of {names} are among the demo spectra")
    studio.session.select(chosen)


def main() -> int:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RAMANSTUDIO_HOME"] = home
        os.environ["HOME"] = home  # the pictures show no path of whoever takes them
        spectra = Path(home) / "Spectra"
        shutil.copytree(ROOT / "resources" / "demo", spectra)
        studio = app.start()
        window = studio.window
        window.resize(*SIZE)  # the offscreen screen is smaller, and the window began no larger than that
        window.spread_panels()
        wait(studio, lambda: studio.denoising.engine is not None)
        window.acts["theme_light"].trigger()
        take(studio, "empty")
        studio.opening.open([spectra])
        wait(studio, lambda: len(studio.session.project.results) > 30 and not studio.workers.busy)
        select(studio, "paracetamol-0.1s.csv")
        take(studio, "main-light")
        window.acts["theme_dark"].trigger()
        select(studio, "quartz-0.1s.csv")
        window.acts["show_residual"].setChecked(True)
        take(studio, "main-dark")
        window.acts["show_residual"].setChecked(False)
        window.acts["theme_light"].trigger()
        select(
            studio, next(e.name for e in studio.session.project.entries if e.source is not None and len(e.source) > 9)
        )
        take(studio, "many")
        window.pages.choose("explore")
        wait(studio, lambda: studio.session.groups is not None and not studio.workers.busy)
        page = window.middle.shown
        page.choose_layout("neighbours")
        wait(studio, lambda: not studio.exploring.settling and not studio.workers.busy)
        take(studio, "explore")
        window.pages.choose("map")
        take(studio, "map")
        select(studio, "calcite-1.0s.txt")
        window.pages.choose("identify")
        wait(studio, lambda: bool(studio.session.project.identifications) and not studio.workers.busy, 300)
        take(studio, "identify")
        window.pages.choose("spectrum")
        select(studio, "calcite-1.0s.txt")
        settle()
        window.commands.search()
        palette = next(one for one in QApplication.topLevelWidgets() if type(one).__name__ == "CommandPalette")
        palette.words.setText("export")
        take(studio, "palette", over=palette)
        palette.close()
        window.close()
        return 0 if studio.end() else 1


if __name__ == "__main__":
    sys.exit(main())
