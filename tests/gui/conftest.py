"""Fixtures: start the window for a test, close it afterwards, and fail on what the test leaves behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from ramanstudio.gui.shell import app
from tests.gui.driver import SmoothingEngine, Starter, Window


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if "gui" in Path(str(item.fspath)).parts:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture
def start(qapp: QApplication) -> Iterator[Starter]:
    """Start the window, with an engine that smooths unless `loader` gives another."""
    opened: list[Window] = []

    def begin(*arguments: Path, loader: Any = None) -> Window:
        engine, requested = SmoothingEngine(), list[str]()

        def load(model: str, device: str) -> Any:
            requested.append(model)
            return loader(model, device) if loader else engine

        window = Window(app.start([str(path) for path in arguments], load))
        opened.append(window)
        window.wait_until(lambda: bool(requested) and not window.services.denoising.loading)
        return window

    yield begin
    for window in opened:
        window.window.close()
        assert window.window.end(), "a thread did not end"
        window.window.deleteLater()
        window.services.deleteLater()
    opened.clear()
    # the offscreen platform keeps the clipboard until after Python has ended, and crashes when it frees it
    qapp.clipboard().clear()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture(autouse=True)
def leaves_nothing_behind(qapp: QApplication) -> Iterator[None]:
    """Fail where a test leaves a window, a running timer or a thread behind."""
    gc.freeze()  # what was there before the test need not be looked through after it: up to 5 s of each test
    frozen = gc.get_freeze_count()
    windows = set(map(id, qapp.topLevelWidgets()))
    threads = set(threading.enumerate())
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if gc.get_freeze_count() > frozen:  # the window froze its own objects too
        gc.unfreeze()
    gc.collect()
    qapp.processEvents()
    left = [widget for widget in qapp.topLevelWidgets() if id(widget) not in windows and widget.isVisible()]
    assert not left, f"windows left open: {left}"
    running = [item for item in gc.get_objects() if issubclass(type(item), QTimer | QThread) and _is_running(item)]
    timers = [(item.interval(), item.parent()) for item in running if isinstance(item, QTimer)]
    assert not timers, f"timers left running: {timers}"
    started = [
        thread
        for thread in threading.enumerate()
        if thread not in threads and not isinstance(thread, threading._DummyThread)
    ]
    assert not started, f"threads left running: {started}"
    assert not running, f"threads left running: {running}"


def _is_running(item: QTimer | QThread) -> bool:
    try:
        if isinstance(item, QTimer):
            return item.isActive()
        return item.isRunning() and item is not QThread.currentThread()
    except RuntimeError:  # its C++ object has been deleted
        return False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The questions that were asked; each is answered with Yes."""
    questions: list[str] = []
    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *arguments: questions.append(arguments[2]) or yes)
    return questions
