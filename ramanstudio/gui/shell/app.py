"""The start of the window: arguments, settings, the window shown, and only then the model and all that is slow."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from ramanstudio.core.writing import remove_stale_drafts
from ramanstudio.gui.shell.single_instance import Doorbell, hand_over
from ramanstudio.gui.shell.splash import seconds_since_start, splash_if_slow

if TYPE_CHECKING:  # the window's parts are imported by `start`: a second start, and the splash, do not wait for them
    from ramanstudio.gui.document.denoising import EngineLoader
    from ramanstudio.gui.shell.main_window import MainWindow


def start(arguments: Sequence[str] = (), engine_loader: EngineLoader | None = None) -> MainWindow:
    """Show the window and open the files named in `arguments`; the model is loaded once it has been painted."""
    app = _application()
    from ramanstudio.gui.common.theme import appearance
    from ramanstudio.gui.document.denoising import load_engine
    from ramanstudio.gui.shell.main_window import MainWindow
    from ramanstudio.gui.shell.services import Services

    appearance().dress(app)
    remove_stale_drafts()
    window = MainWindow(Services(engine_loader or load_engine))
    window.show()
    if arguments:
        window.services.opening.open([Path(argument) for argument in arguments])
    return window


def main(arguments: Sequence[str] = (), engine_loader: EngineLoader | None = None) -> int:
    """Run the window until it is closed; returns the exit code. Ends the process where a thread cannot be stopped.

    Where this user's window is open already, it comes to the front with the files, and this start ends.
    """
    application = _application()
    if hand_over([Path(argument) for argument in arguments]):
        return 0
    doorbell = Doorbell()
    doorbell.hang_up()
    splash = splash_if_slow(seconds_since_start())
    window = start(arguments, engine_loader)
    if splash is not None:
        window.painted.connect(splash.close)
    doorbell.rung.connect(partial(come_forward, window))
    if isinstance(application, Application):
        application.give_files_to(partial(come_forward, window))
    code = QApplication.exec()
    doorbell.take_down()
    if not window.end():
        leave(code)
    return code


def come_forward(window: MainWindow, paths: Sequence[Path]) -> None:
    """Bring the window to the front, and open in it what another start was given."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    if paths:
        window.services.opening.open(paths)


class Application(QApplication):
    """The application; on macOS files that are double-clicked come to it as events, and not as arguments."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self._early: list[Path] = []
        self._take: Callable[[Sequence[Path]], None] = self._early.extend

    def give_files_to(self, take: Callable[[Sequence[Path]], None]) -> None:
        """Call `take` with the files that the desktop asks to open, those first that it asked for already."""
        self._take = take
        if self._early:
            take(self._early)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self._take([Path(event.file())])
            return True
        return super().event(event)


def _application() -> QApplication:
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = Application([sys.argv[0]])
    QCoreApplication.setApplicationName("RamanStudio")
    QGuiApplication.setApplicationDisplayName("RamanStudio")
    QGuiApplication.setDesktopFileName("ramanstudio")
    return app


def leave(code: int) -> None:
    """End the process at once, when a thread hangs that cannot be stopped."""
    sys.stdout.flush()
    sys.stderr.flush()
    QApplication.quit()
    os._exit(code)
