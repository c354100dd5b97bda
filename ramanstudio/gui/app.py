"""The start of the window: arguments, settings, the window shown, and only then the model and all that is slow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from ramanstudio.gui.denoising import EngineLoader, load_engine
from ramanstudio.gui.studio import Studio, leave
from ramanstudio.gui.theme import appearance


def start(arguments: Sequence[str] = (), engine_loader: EngineLoader = load_engine) -> Studio:
    """Show the window with the files named in `arguments`; the model is loaded once it has been painted."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([sys.argv[0]])
    QCoreApplication.setApplicationName("RamanStudio")
    QGuiApplication.setApplicationDisplayName("RamanStudio")
    QGuiApplication.setDesktopFileName("ramanstudio")
    appearance().dress(app)
    studio = Studio(engine_loader)
    studio.show([Path(argument) for argument in arguments])
    return studio


def main(arguments: Sequence[str] = (), engine_loader: EngineLoader = load_engine) -> int:
    """Run the window until it is closed; returns the exit code. Ends the process where a thread cannot be stopped."""
    studio = start(arguments, engine_loader)
    code = QApplication.exec()
    if not studio.end():
        leave(code)
    return code
