"""A second start: the first window comes to the front and opens the files; a crashed one is not in the way."""

from __future__ import annotations

import os
import subprocess
import sys
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
    assert done.stdout.split() == ["early.txt", "later.txt"], done.stderr


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
    rung: list[object] = []
    server.files_received.connect(rung.append)
    stranger = QLocalSocket()
    stranger.connectToServer(single_instance.server_name())
    assert stranger.waitForConnected(1000)
    stranger.write(said)
    qtbot.waitUntil(lambda: stranger.state() == QLocalSocket.LocalSocketState.UnconnectedState)  # type: ignore[attr-defined]
    assert rung == []
