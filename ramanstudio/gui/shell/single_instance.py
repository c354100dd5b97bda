"""One window per user: a second start sends its files to the first window, which comes to the front.

The socket lies in a folder that only this user can enter, and each side checks that the other runs as the same user:
nobody else can read the names of the files, open files here, or keep the window from starting.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import socket as sockets
import stat
import struct
import sys
import tempfile
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
MAX_SOCKET_PATH: Final = 100  # characters; Linux allows 107, macOS 103
_ACKNOWLEDGED: Final = b"heard"

log = logging.getLogger("ramanstudio")


def server_name() -> str:
    """Where the windows of this user with these settings find each other: a socket path, on Windows a pipe's name.

    Raises OSError when there is no folder that only this user can enter.
    """
    if sys.platform == "win32":
        identity = f"{os.environ.get('USERNAME', '')} {user_config().resolve()}"
        return f"ramanstudio-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    name = f"ramanstudio-{hashlib.sha256(str(user_config().resolve()).encode()).hexdigest()[:16]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and _is_private(Path(runtime)) and len(runtime) + len(name) < MAX_SOCKET_PATH:
        return str(Path(runtime) / name)
    folder = Path(tempfile.gettempdir()) / f"ramanstudio-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_private(folder):
        raise OSError(f"'{folder}' is not a folder that only this user can enter")
    return str(folder / name)


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a real folder of this user that nobody else can enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _is_same_user(socket: QLocalSocket) -> bool:
    """Whether the other end of `socket` runs as this user; True where the system does not tell."""
    option = getattr(sockets, "SO_PEERCRED", None)
    if option is None:
        return True
    with sockets.socket(fileno=os.dup(int(socket.socketDescriptor()))) as copy:
        credentials = copy.getsockopt(sockets.SOL_SOCKET, option, struct.calcsize("3i"))
    _pid, uid, _gid = struct.unpack("3i", credentials)
    return bool(uid == os.getuid())


def send_to_first_instance(paths: Sequence[Path], name: str | None = None) -> bool:
    """Send `paths` to the window that is already open; returns whether there was one and it accepted them."""
    socket = QLocalSocket()
    try:
        socket.connectToServer(name or server_name())
        if not socket.waitForConnected(REPLY_MS):
            return False
        if not _is_same_user(socket):
            log.warning("a window of another user listens at %s", socket.fullServerName())
            socket.abort()
            return False
    except OSError as error:
        log.warning("the first window cannot be found: %s", error)
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
        self._name = name
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)  # only this user may connect
        self._server.newConnection.connect(self._accept)
        self._received: dict[QLocalSocket, bytes] = {}

    def start(self) -> bool:
        """Begin to listen; returns whether that was possible. Removes the socket that a crashed window left behind."""
        try:
            name = self._name or server_name()
        except OSError as error:
            log.warning("later starts cannot find this window: %s", error)
            return False
        if self._server.listen(name):
            return True
        QLocalServer.removeServer(name)
        is_listening = self._server.listen(name)
        if not is_listening:
            log.warning("later starts cannot find this window: %s", self._server.errorString())
        return is_listening

    def stop(self) -> None:
        """Stop listening."""
        self._server.close()
        for socket in list(self._received):
            socket.abort()
        self._received.clear()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            if not _is_same_user(socket):
                log.warning("a process of another user connected")
                socket.abort()
                socket.deleteLater()
                continue
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
