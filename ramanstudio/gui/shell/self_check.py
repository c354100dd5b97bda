"""`ramanstudio --check`: opens the window, drops a spectrum on it, waits for its SNR, and reports what happened."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

import ramanstudio
from ramanstudio.demo import demo_files
from ramanstudio.gui.document.denoising import EngineLoader, load_engine
from ramanstudio.gui.shell import app
from ramanstudio.gui.shell.main_window import MainWindow
from ramanstudio.gui.shell.splash import seconds_since_start
from ramanstudio.project.project import Result

TIMEOUT_S: Final = 120.0  # of each step; loading torch alone may take half a minute from a slow disk
SETTLE_S: Final = 0.8  # until all is drawn for the picture


class CheckFailed(Exception):
    """A step did not work; the message says which."""


def main(arguments: Sequence[str], engine_loader: EngineLoader = load_engine) -> int:
    """Check this installation with one file, a demo spectrum unless another is named; returns the exit code."""
    parser = argparse.ArgumentParser(prog="ramanstudio --check", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="the file to drop (a demo spectrum)")
    parser.add_argument("--picture", type=Path, help="where to write a picture of the window (PNG)")
    options = parser.parse_args(arguments)
    # On Windows a file that another thread still holds open cannot be removed; that is no fault of the program.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["RAMANSTUDIO_HOME"] = home  # the user's own settings are neither read nor written
        window = app.start(engine_loader=engine_loader)
        try:
            _check(window, (options.file or demo_files()[0]).absolute(), options.picture)
            code = 0
        except CheckFailed as failure:
            print(failure, file=sys.stderr)
            code = 1
        window.close()
        if not window.end():
            app.leave(code)
    return code


def _check(window: MainWindow, file: Path, picture: Path | None) -> None:
    painted: list[float] = []
    unexpected: list[str] = []
    window.services.messages.unexpected.connect(lambda sentence, _: unexpected.append(sentence))
    window.painted.connect(lambda: painted.append(seconds_since_start()))
    _wait(lambda: bool(painted), "the window was not painted")
    _report(f"RamanStudio {ramanstudio.__version__}", "")
    _report("window painted after", f"{painted[0]:.2f} s")
    _drop(window, file)
    _wait(lambda: bool(window.services.session.project.entries), f"'{file.name}' was not read")
    entry = window.services.session.project.entries[0]
    if entry.problem:
        raise CheckFailed(f"{entry.problem} {entry.remedy}")
    _report("read", file.name)
    _wait(lambda: window.metadata_panel.snr_text != "" or _gave_up(window), "there was no SNR")
    if window.services.denoising.engine is None:
        raise CheckFailed(f"The model could not be loaded. {window.message_bar.text}")
    result = window.services.session.project.result(window.services.session.project.entries[0])
    if result is None or result.denoised is None:
        raise CheckFailed(f"'{file.name}' was not denoised: {result.problem if result else window.message_bar.text}")
    _wait(lambda: window.page.view is not None or bool(unexpected), "the spectrum was not drawn")
    if unexpected:
        raise CheckFailed(f"Something unexpected happened: {unexpected[0]}")
    _report("SNR", window.metadata_panel.snr_text.replace("\n", " "))
    _report("computed on", window.services.denoising.engine.device_name)
    _report("done after", f"{seconds_since_start():.1f} s")
    if picture is not None:
        settled = time.monotonic() + SETTLE_S
        _wait(lambda: time.monotonic() > settled, "")
        if not window.grab().save(str(picture)):
            raise CheckFailed(f"The picture could not be written to '{picture}'.")
        _report("picture", str(picture))


def _drop(window: MainWindow, file: Path) -> None:
    """Drop a file on the window, as a user would."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    middle = window.rect().center()
    event_data = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(middle, *event_data))
    QApplication.sendEvent(window, QDropEvent(QPointF(middle), *event_data))


def _gave_up(window: MainWindow) -> bool:
    """Whether nothing is running any more: the model could not be loaded, or the spectrum was not denoised."""
    denoising = window.services.denoising
    return (
        not window.services.workers.busy
        and not denoising.loading
        and (denoising.engine is None or bool(_results(window)))
    )


def _results(window: MainWindow) -> list[Result]:
    project = window.services.session.project
    return [result for entry in project.entries if (result := project.result(entry)) is not None]


def _wait(until: Callable[[], bool], failure: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not until():
        if time.monotonic() > deadline:
            raise CheckFailed(f"This took longer than {TIMEOUT_S:.0f} s: {failure}.")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.005)


def _report(step: str, outcome: str) -> None:
    print(f"{step:22}{outcome}".rstrip(), flush=True)
