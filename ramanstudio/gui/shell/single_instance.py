"""One window for each user: a second start hands its files to the first window, which comes to the front."""

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

# A window that does not answer in this time hangs; the second start then opens its own. One that is itself just
# starting, from a cold disk, answers only when it is there.
ANSWER_MS: Final = 10_000
LONGEST: Final = 4_000_000  # bytes of paths: some ten thousand files
_HEARD: Final = b"heard"


def place() -> str:
    """The name under which the windows of this user, with these settings, find each other on this computer."""
    whose = f"{getpass.getuser()} {user_config().resolve()}"
    return f"ramanstudio-{hashlib.sha256(whose.encode()).hexdigest()[:16]}"


def hand_over(paths: Sequence[Path], name: str | None = None) -> bool:
    """Give `paths` to the window that is open; whether there was one, and it took them."""
    socket = QLocalSocket()
    socket.connectToServer(name or place())
    if not socket.waitForConnected(ANSWER_MS):
        return False
    _let_it_come_forward()
    said = json.dumps([str(path.absolute()) for path in paths]).encode()
    socket.write(len(said).to_bytes(4, "big") + said)
    heard = b""
    while len(heard) < len(_HEARD) and socket.waitForReadyRead(ANSWER_MS):
        heard += bytes(socket.readAll().data())
    socket.abort()
    return heard == _HEARD


class Doorbell(QObject):
    """What the first window listens at; `rung` says which files another start was given, none for a bare start."""

    rung = Signal(list)  # of Path

    def __init__(self, name: str | None = None) -> None:
        super().__init__()
        self._name = name or place()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)  # nobody else may ring
        self._server.newConnection.connect(self._answer)
        self._read: dict[QLocalSocket, bytes] = {}

    def hang_up(self) -> bool:
        """Begin to listen; whether that was possible. What a window that crashed left behind is taken away first."""
        if self._server.listen(self._name):
            return True
        QLocalServer.removeServer(self._name)
        return self._server.listen(self._name)

    def take_down(self) -> None:
        """Listen no more."""
        self._server.close()
        for socket in list(self._read):
            socket.abort()
        self._read.clear()

    def _answer(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            self._read[socket] = b""
            socket.readyRead.connect(lambda socket=socket: self._listen(socket))
            socket.disconnected.connect(lambda socket=socket: self._forget(socket))

    def _listen(self, socket: QLocalSocket) -> None:
        if socket not in self._read:
            return
        heard = self._read[socket] = self._read[socket] + bytes(socket.readAll().data())
        length = int.from_bytes(heard[:4], "big")
        if len(heard) < 4 or len(heard) < 4 + length <= LONGEST:
            return
        self._read[socket] = b""
        paths = _paths(heard[4:]) if 4 + length <= LONGEST else None
        if paths is None:  # not one of us
            socket.abort()
            return
        socket.write(_HEARD)
        socket.flush()
        self.rung.emit(paths)

    def _forget(self, socket: QLocalSocket) -> None:
        self._read.pop(socket, None)
        socket.deleteLater()


def _paths(said: bytes) -> list[Path] | None:
    try:
        told = json.loads(said)
    except ValueError:
        return None
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        return None
    return [Path(one) for one in told]


def _let_it_come_forward() -> None:
    """Windows lets a program come to the front only when the one that was started last allows it."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)  # whoever asks next
