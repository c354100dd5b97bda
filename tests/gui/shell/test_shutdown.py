"""The window ends in order when the system asks for it, and never before a file that is being saved is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import tomllib
from pathlib import Path

import pytest
from PySide6.QtGui import QSessionManager

from ramanstudio.gui.shell import app
from ramanstudio.gui.shell.shutdown import ShutdownRequests
from ramanstudio.project import project_file
from tests.gui.driver import Starter, write_spectra

ROOT = Path(__file__).resolve().parents[3]

RUN_UNTIL_ASKED = """
    import sys
    from ramanstudio.gui.shell import app

    class Idle:
        device_name = "CPU"
        card = type("Card", (), {"name": "idle"})

    begin = app.start
    def start(*arguments):
        window = begin(*arguments)
        window.services.settings["theme"] = "dark"
        window.services.persisting.connect(lambda: print("persisting", flush=True))
        window.painted.connect(lambda: print("painted", flush=True))
        return window
    app.start = start
    code = app.main([], lambda model, device: Idle())
    print("ended", flush=True)
    sys.exit(code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_window_in_order_and_saves_the_settings(own_home: Path, number: signal.Signals) -> None:
    program = textwrap.dedent(RUN_UNTIL_ASKED)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as run:
        watchdog = threading.Timer(250, run.kill)
        watchdog.start()
        assert run.stdout is not None
        assert run.stdout.readline() == "painted\n"
        run.send_signal(number)
        printed = run.stdout.read().split()
        code = run.wait()
        watchdog.cancel()
        watchdog.join()
    assert code == 0
    assert printed[0] == "persisting" and printed[-1] == "ended"
    assert tomllib.loads((own_home / "config" / "settings.toml").read_text())["theme"] == "dark"


def test_the_end_of_the_desktop_session_saves_and_asks_nothing(start: Starter, own_home: Path) -> None:
    window = start()
    requests = ShutdownRequests(app._application())
    requests.session_ending.connect(window.window.persist)
    window.services.settings["theme"] = "dark"
    requests._commit(None)  # type: ignore[arg-type]  # a QSessionManager cannot be made
    assert tomllib.loads((own_home / "config" / "settings.toml").read_text())["theme"] == "dark"
    assert window.window.isVisible()
    requests.stop()
    assert issubclass(QSessionManager, object)


def test_closing_right_after_saving_waits_until_the_project_is_written(
    start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, save = threading.Event(), project_file.save

    def slow_save(*arguments: object) -> None:
        may_write.wait(60)
        save(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(project_file, "save", slow_save)
    window = start(*write_spectra(tmp_path, 2))
    window.wait_settled()
    path = tmp_path / "work.ramanstudio"
    window.services.project_files.save(path)
    window.window.close()
    assert window.window.isVisible() and not path.exists()
    window.window.close()  # once more: nothing else happens
    may_write.set()
    window.wait_until(lambda: not window.window.isVisible())
    assert len(project_file.load(path).entries) == 2


def test_a_failed_save_keeps_the_window_open(start: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_write = threading.Event()

    def failing_save(*_: object) -> None:
        may_write.wait(60)
        raise OSError("The disk is full.")

    monkeypatch.setattr(project_file, "save", failing_save)
    window = start(*write_spectra(tmp_path, 1))
    window.wait_settled()
    job = window.services.project_files.save(tmp_path / "work.ramanstudio")
    window.window.close()
    may_write.set()
    window.wait_until(lambda: job.settled)
    assert window.window.isVisible()
    monkeypatch.setattr(project_file, "save", lambda *_: None)
