"""Requests of the system to end: SIGTERM, SIGINT and SIGHUP, and the end of the desktop session."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType
from typing import Any, Final

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Signal
from PySide6.QtGui import QGuiApplication, QSessionManager

SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class ShutdownRequests(QObject):
    """Turns requests of the system into Qt signals, emitted on the GUI thread.

    `end_requested`: the process has to end in order. `session_ending`: the desktop session may end at once after this,
    so save now what must survive; the process goes on, for the user can still cancel the logout.
    """

    end_requested = Signal()
    session_ending = Signal()

    def __init__(self, application: QGuiApplication) -> None:
        super().__init__()
        self._application = application
        # Python runs signal handlers only between bytecodes, of which an idle event loop executes none. Through the
        # wake-up socket the signal wakes the event loop.
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old_handlers: dict[int, Any] = {number: signal.signal(number, self._handle) for number in SIGNALS}
        application.commitDataRequest.connect(self._commit, Qt.ConnectionType.DirectConnection)

    def stop(self) -> None:
        """Restore the signal handlers that were there before."""
        self._application.commitDataRequest.disconnect(self._commit)
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._notifier.setEnabled(False)
        self._reader.close()
        self._writer.close()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        """Nothing to do here: `_read` follows, on the event loop."""

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if set(self._reader.recv(64)) & {int(number) for number in SIGNALS}:
                self.end_requested.emit()

    def _commit(self, _manager: QSessionManager) -> None:
        self.session_ending.emit()
