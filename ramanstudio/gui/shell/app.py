"""Start of the window: single instance, splash screen, main window; the model is loaded after the first paint."""

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
from ramanstudio.gui.shell.shutdown import ShutdownRequests
from ramanstudio.gui.shell.single_instance import SingleInstanceServer, send_to_first_instance
from ramanstudio.gui.shell.splash import seconds_since_start, splash_if_slow

if TYPE_CHECKING:  # imported by `start`: neither the splash screen nor a second start waits for them
    from ramanstudio.gui.document.denoising import EngineLoader
    from ramanstudio.gui.shell.main_window import MainWindow


def start(arguments: Sequence[str] = (), engine_loader: EngineLoader | None = None) -> MainWindow:
    """Show the window and open the files named in `arguments`; the model is loaded once it has been painted."""
    app = _application()
    from ramanstudio.gui.common.theme import appearance
    from ramanstudio.gui.document.denoising import load_engine
    from ramanstudio.gui.shell.main_window import MainWindow
    from ramanstudio.gui.shell.services import Services

    appearance().apply_to(app)
    remove_stale_drafts()
    window = MainWindow(Services(engine_loader or load_engine))
    window.show()
    if arguments:
        window.services.opening.open([Path(argument) for argument in arguments])
    return window


def main(arguments: Sequence[str] = (), engine_loader: EngineLoader | None = None) -> int:
    """Run the window until it is closed; returns the exit code. Ends the process where a thread cannot be stopped.

    If a window of this user is already open, it opens the files and comes to the front, and this process ends.
    """
    application = _application()
    if send_to_first_instance([Path(argument) for argument in arguments]):
        return 0
    server = SingleInstanceServer()
    server.start()
    splash = splash_if_slow(seconds_since_start())
    window = start(arguments, engine_loader)
    if splash is not None:
        window.painted.connect(splash.close)
    server.files_received.connect(partial(come_forward, window))
    if isinstance(application, Application):
        application.open_files_with(partial(come_forward, window))
    requests = ShutdownRequests(application)
    requests.end_requested.connect(window.end_in_order)
    requests.session_ending.connect(window.persist)
    code = QApplication.exec()
    requests.stop()
    server.stop()
    if not window.end():
        leave(code)
    return code


def come_forward(window: MainWindow, paths: Sequence[Path]) -> None:
    """Bring the window to the front and open `paths`."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    if paths:
        window.services.opening.open(paths)


class Application(QApplication):
    """The application; on macOS it receives double-clicked files as events, not as arguments."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__(list(arguments))
        self._early_paths: list[Path] = []
        self._open_paths: Callable[[Sequence[Path]], None] = self._early_paths.extend

    def open_files_with(self, open_paths: Callable[[Sequence[Path]], None]) -> None:
        """Call `open_paths` with the files that the desktop requests, at once with those requested already."""
        self._open_paths = open_paths
        if self._early_paths:
            open_paths(self._early_paths)

    def event(self, event: QEvent) -> bool:
        """Take the files that the desktop asks to open."""
        if isinstance(event, QFileOpenEvent):
            self._open_paths([Path(event.file())])
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
    """End the process at once, because a thread hangs that cannot be stopped."""
    sys.stdout.flush()
    sys.stderr.flush()
    QApplication.quit()
    os._exit(code)
