"""One window per user: a second start sends its files to the first window, which comes to the front."""

from __future__ import annotations

import getpass
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ramanstudio.core.paths import user_config

# A window that does not reply in this time hangs, and the second start opens its own. A window that is itself still
# starting, from a cold disk, replies only when it is there.
REPLY_MS: Final = 10_000
MAX_BYTES: Final = 4_000_000  # of paths: some ten thousand files
_ACKNOWLEDGED: Final = b"heard"


def server_name() -> str:
    """The name under which the windows of this user with these settings find each other on this computer."""
    identity = f"{getpass.getuser()} {user_config().resolve()}"
    return f"ramanstudio-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def send_to_first_instance(paths: Sequence[Path], name: str | None = None) -> bool:
    """Send `paths` to the window that is already open; returns whether there was one and it accepted them."""
    socket = QLocalSocket()
    socket.connectToServer(name or server_name())
    if not socket.waitForConnected(REPLY_MS):
        return False
    _allow_foreground()
    message = json.dumps([str(path.absolute()) for path in paths]).encode()
    socket.write(len(message).to_bytes(4, "big") + message)
    reply = b""
    while len(reply) < len(_ACKNOWLEDGED) and socket.waitForReadyRead(REPLY_MS):
        reply += bytes(socket.readAll().data())
    socket.abort()
    return reply == _ACKNOWLEDGED


class SingleInstanceServer(QObject):
    """Receives the files of later starts in the first window; `files_received` has none for a start without files."""

    files_received = Signal(list)  # of Path

    def __init__(self, name: str | None = None) -> None:
        super().__init__()
        self._name = name or server_name()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)  # only this user may connect
        self._server.newConnection.connect(self._accept)
        self._received: dict[QLocalSocket, bytes] = {}

    def start(self) -> bool:
        """Begin to listen; returns whether that was possible. Removes the socket that a crashed window left behind."""
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)
        return self._server.listen(self._name)

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()
        for socket in list(self._received):
            socket.abort()
        self._received.clear()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            self._received[socket] = b""
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(lambda socket=socket: self._forget(socket))

    def _read(self, socket: QLocalSocket) -> None:
        """Read what has arrived; once the message is complete, acknowledge it and emit its paths."""
        if socket not in self._received:
            return
        received = self._received[socket] = self._received[socket] + bytes(socket.readAll().data())
        length = int.from_bytes(received[:4], "big")
        if len(received) < 4 or len(received) < 4 + length <= MAX_BYTES:
            return
        self._received[socket] = b""
        paths = _paths(received[4:]) if 4 + length <= MAX_BYTES else None
        if paths is None:  # not a message of ours
            socket.abort()
            return
        socket.write(_ACKNOWLEDGED)
        socket.flush()
        self.files_received.emit(paths)

    def _forget(self, socket: QLocalSocket) -> None:
        self._received.pop(socket, None)
        socket.deleteLater()


def _paths(message: bytes) -> list[Path] | None:
    """The paths in a message; None where it is not a JSON list of strings."""
    try:
        names = json.loads(message)
    except ValueError:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return None
    return [Path(name) for name in names]


def _allow_foreground() -> None:
    """On Windows a program comes to the front only when the one that was started last allows it."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)  # any process
