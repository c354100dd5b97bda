"""The start of the window: arguments, settings, the window shown, and only then the model and all that is slow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.denoising import EngineLoader, load_engine
from ramanstudio.gui.single_instance import Doorbell, hand_over
from ramanstudio.gui.studio import Studio, leave
from ramanstudio.gui.theme import appearance


def start(arguments: Sequence[str] = (), engine_loader: EngineLoader = load_engine) -> Studio:
    """Show the window with the files named in `arguments`; the model is loaded once it has been painted."""
    appearance().dress(_application())
    studio = Studio(engine_loader)
    studio.show([Path(argument) for argument in arguments])
    return studio


def main(arguments: Sequence[str] = (), engine_loader: EngineLoader = load_engine) -> int:
    """Run the window until it is closed; returns the exit code. Ends the process where a thread cannot be stopped.

    Where this user's window is open already, it comes to the front with the files, and this start ends.
    """
    _application()
    if hand_over([Path(argument) for argument in arguments]):
        return 0
    doorbell = Doorbell()
    doorbell.hang_up()
    studio = start(arguments, engine_loader)
    doorbell.rung.connect(partial(come_forward, studio))
    code = QApplication.exec()
    doorbell.take_down()
    if not studio.end():
        leave(code)
    return code


def come_forward(studio: Studio, paths: Sequence[Path]) -> None:
    """Bring the window to the front, and open in it what another start was given."""
    window = studio.window
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    if paths:
        studio.opening.open(paths)


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([sys.argv[0]])
    QCoreApplication.setApplicationName("RamanStudio")
    QGuiApplication.setApplicationDisplayName("RamanStudio")
    QGuiApplication.setDesktopFileName("ramanstudio")
    return app
