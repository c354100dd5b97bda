"""A second start: the first window comes to the front and opens the files; a crashed one is not in the way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from ramanstudio.gui.shell import app, single_instance
from ramanstudio.gui.shell.single_instance import SingleInstanceServer
from tests.gui.driver import Starter, Window, write_spectrum

# The start of a second program, whose window would say so.
SECOND = """
    import sys
    from ramanstudio.gui.shell import app
    app.start = lambda *_: sys.exit("a second window opened")
    sys.exit(app.main(sys.argv[1:], None))
"""


@pytest.fixture
def server() -> Iterator[SingleInstanceServer]:
    server = SingleInstanceServer()
    assert server.start()
    yield server
    server.stop()


def start_again(window: Window, *paths: Path | str, cwd: Path | None = None) -> str:
    """What a second start says, while the first window goes on working."""
    second = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SECOND), *map(str, paths)],
        cwd=cwd,
        env=dict(os.environ),
        stderr=subprocess.PIPE,
        text=True,
    )
    window.wait_until(lambda: second.poll() is not None)
    _, said = second.communicate()
    assert (second.returncode == 0) == (said == "")
    return said


def test_a_second_start_opens_its_files_in_the_first_window(
    start: Starter, server: SingleInstanceServer, tmp_path: Path
) -> None:
    window = start()
    server.files_received.connect(lambda paths: app.come_forward(window.window, paths))
    window.window.showMinimized()
    write_spectrum(tmp_path / "später.txt")
    assert start_again(window, "später.txt", cwd=tmp_path) == ""
    window.wait_until(lambda: [name for name, _ in window.rows()] == ["später.txt"])
    assert not window.window.windowState() & Qt.WindowState.WindowMinimized
    window.wait_settled()


def test_a_second_start_without_files_brings_the_first_window_to_the_front(
    start: Starter, server: SingleInstanceServer
) -> None:
    window = start()
    server.files_received.connect(lambda paths: app.come_forward(window.window, paths))
    window.window.showMinimized()
    assert start_again(window) == ""
    window.wait_until(lambda: not window.window.isMinimized())
    assert window.rows() == []


def test_files_from_macos_open_events_are_opened(tmp_path: Path) -> None:
    # There a double click is an event: one may come before the window is there, another while it is.
    program = """
        import sys
        from PySide6.QtCore import QCoreApplication, QTimer, QUrl
        from PySide6.QtGui import QFileOpenEvent
        from ramanstudio.gui.shell import app
        def ask(name):
            QCoreApplication.sendEvent(QCoreApplication.instance(), QFileOpenEvent(QUrl.fromLocalFile(name)))
        begin = app.start
        def start(*told):
            ask(sys.argv[1])
            window = begin(*told)
            QTimer.singleShot(100, lambda: ask(sys.argv[2]))
            window.services.opening.opened.connect(opened)
            return window
        names = []
        def opened(entries, first):
            names.extend(entry.name for entry in entries)
            if len(names) == 2:
                print(*names, flush=True)
                QCoreApplication.quit()
        app.start = start
        app.main([], lambda *_: sys.exit("no model is needed here"))
    """
    files = [str(write_spectrum(tmp_path / name)) for name in ("early.txt", "later.txt")]
    command = [sys.executable, "-c", textwrap.dedent(program), *files]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=280, check=False)
    assert sorted(done.stdout.split()) == ["early.txt", "later.txt"], done.stderr


def test_windows_with_other_settings_are_separate(
    start: Starter, server: SingleInstanceServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start()
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(tmp_path))
    assert "a second window opened" in start_again(window)


def test_the_socket_of_a_crashed_window_is_replaced(qapp: QObject) -> None:
    program = """
        import os
        from PySide6.QtWidgets import QApplication
        from ramanstudio.gui.shell.single_instance import SingleInstanceServer
        app = QApplication([])
        server = SingleInstanceServer()
        assert server.start()
        os._exit(1)
    """
    crashed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], env=dict(os.environ), check=False)
    assert crashed.returncode == 1
    assert not single_instance.send_to_first_instance([])
    server = SingleInstanceServer()
    assert server.start()
    server.stop()


def test_a_hanging_window_does_not_block_a_second_start(qapp: QObject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_instance, "REPLY_MS", 50)
    deaf = QLocalServer()
    assert deaf.listen(single_instance.server_name())
    assert not single_instance.send_to_first_instance([Path("a.txt")])
    deaf.close()


@pytest.mark.parametrize("said", [b"\x00\x00\x00\x02hi", b"\xff\xff\xff\xff", b"\x00\x00\x00\x03[1]"])
def test_foreign_messages_are_rejected(qtbot: object, server: SingleInstanceServer, said: bytes) -> None:
    received: list[object] = []
    server.files_received.connect(received.append)
    stranger = QLocalSocket()
    stranger.connectToServer(single_instance.server_name())
    assert stranger.waitForConnected(1000)
    stranger.write(said)
    qtbot.waitUntil(lambda: stranger.state() == QLocalSocket.LocalSocketState.UnconnectedState)  # type: ignore[attr-defined]
    assert received == []


posix = pytest.mark.skipif(sys.platform == "win32", reason="a named pipe there")


@posix
def test_the_socket_lies_in_the_runtime_folder_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tempfile.mkdtemp(prefix="run-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert Path(single_instance.server_name()).parent == folder
    folder.chmod(0o755)  # others can enter it
    assert Path(single_instance.server_name()).parent == Path(tempfile.gettempdir()) / f"ramanstudio-{os.getuid()}"
    folder.rmdir()


@posix
def test_without_a_runtime_folder_the_socket_lies_in_a_private_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = Path(single_instance.server_name()).parent
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700


@posix
@pytest.mark.parametrize("planted", ["folder", "link", "file"])
def test_a_folder_that_somebody_else_planted_is_not_used_and_the_window_starts_all_the_same(
    qapp: QObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder, elsewhere = tmp_path / f"ramanstudio-{os.getuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if planted == "folder":
        folder.mkdir()
        folder.chmod(0o777)
    elif planted == "link":
        folder.symlink_to(elsewhere)
    else:
        folder.touch()
    assert not single_instance.send_to_first_instance([Path("a.txt")])
    server = SingleInstanceServer()
    assert not server.start()
    server.stop()
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell the user of the other end")
def test_processes_of_other_users_are_rejected_on_both_sides(
    qtbot: object, server: SingleInstanceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[object] = []
    server.files_received.connect(received.append)
    monkeypatch.setattr(single_instance.os, "getuid", lambda: 12345)  # from here the other end is another user's
    stranger = QLocalSocket()
    stranger.connectToServer(server._server.fullServerName())
    assert stranger.waitForConnected(1000)
    assert not single_instance._is_same_user(stranger)
    qtbot.waitUntil(lambda: stranger.state() == QLocalSocket.LocalSocketState.UnconnectedState)  # type: ignore[attr-defined]
    assert not single_instance.send_to_first_instance([Path("a.txt")], server._server.fullServerName())
    assert received == []
