"""Start the window for a test, close it after, and watch for what is left over."""

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
        engine, asked = SmoothingEngine(), list[str]()

        def load(model: str, device: str) -> Any:
            asked.append(model)
            return loader(model, device) if loader else engine

        window = Window(app.start([str(path) for path in arguments], load))
        opened.append(window)
        window.wait_until(lambda: bool(asked) and not window.services.denoising.loading)
        return window

    yield begin
    for window in opened:
        window.window.close()
        assert window.window.end(), "a thread did not come to rest"
        window.window.deleteLater()
        window.services.deleteLater()
    opened.clear()
    # the offscreen platform keeps what was copied until after Python has ended, and crashes as it lets go of it
    qapp.clipboard().clear()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


@pytest.fixture(autouse=True)
def nothing_left_over(qapp: QApplication) -> Iterator[None]:
    """Fail where a test leaves a window, a running timer or a thread behind."""
    windows = set(map(id, qapp.topLevelWidgets()))
    threads = set(threading.enumerate())
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    qapp.processEvents()
    left = [widget for widget in qapp.topLevelWidgets() if id(widget) not in windows and widget.isVisible()]
    assert not left, f"windows left open: {left}"
    ours = [one for one in gc.get_objects() if issubclass(type(one), QTimer) and _runs(one)]
    assert not ours, f"timers left running: {[(one.interval(), one.parent()) for one in ours]}"
    new = [one for one in threading.enumerate() if one not in threads and not isinstance(one, threading._DummyThread)]
    assert not new, f"threads left running: {new}"
    assert not [one for one in gc.get_objects() if issubclass(type(one), QThread) and _runs(one)]


def _runs(one: QTimer | QThread) -> bool:
    try:
        return one.isActive() if isinstance(one, QTimer) else one.isRunning() and one is not QThread.currentThread()
    except RuntimeError:  # its C++ half is gone
        return False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked before something is lost; answered with yes."""
    found: list[str] = []
    yes = QMessageBox.StandardButton.Yes
    monkeypatch.setattr(QMessageBox, "question", lambda *words: found.append(words[2]) or yes)
    return found
