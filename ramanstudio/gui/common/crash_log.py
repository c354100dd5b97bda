"""The log file, and the report of a crash, which is offered at the next start."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

import ramanstudio
from ramanstudio.core.paths import user_log

log = logging.getLogger("ramanstudio")


class CrashLog:
    """Writes one file per run, which is deleted when the run ends in order; one that is left reports a crash."""

    def __init__(self, show_error: Callable[[BaseException], None] | None = None) -> None:
        self._show_error = show_error
        self._file: IO[str] | None = None
        self._path = user_log() / f"running-{os.getpid()}.log"
        self._hooks = (sys.excepthook, threading.excepthook)
        self._handler: logging.Handler | None = None
        self._faults_before = faulthandler.is_enabled()

    @property
    def log_path(self) -> Path:
        """The log of all runs."""
        return user_log() / "ramanstudio.log"

    def start(self) -> str:
        """Begin to record crashes; returns the report that an earlier run left behind, or an empty string."""
        earlier = self._collect()
        with contextlib.suppress(OSError):
            self._handler = RotatingFileHandler(
                self.log_path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
            )
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            log.addHandler(self._handler)
            log.setLevel(logging.INFO)
            self._file = self._path.open("w", encoding="utf-8")
            if not self._faults_before:
                faulthandler.enable(self._file)
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        return earlier

    def end(self) -> None:
        """The run ends in order: stop recording, and delete its file."""
        sys.excepthook, threading.excepthook = self._hooks
        if self._file is not None:
            if not self._faults_before:
                faulthandler.disable()
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                self._path.unlink()
        if self._handler is not None:
            log.removeHandler(self._handler)
            self._handler.close()

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._hooks[0](kind, error, trace)
            return
        self._write("".join(traceback.format_exception(kind, error, trace)))
        if self._show_error is not None:
            self._show_error(error)
        else:
            self._hooks[0](kind, error, trace)

    def _thread_hook(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            text = "".join(traceback.format_exception(arguments.exc_value))
            log.error("unexpected, on a thread\n%s", text)
            self._write(text)

    def _write(self, text: str) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.write(f"RamanStudio {ramanstudio.__version__}, Python {sys.version}\n{text}\n")
                self._file.flush()

    def _collect(self) -> str:
        """The reports that ended runs have left behind, newest first; also written to crash.log."""
        reports: list[str] = []
        for path in sorted(user_log().glob("running-*.log"), key=lambda report: report.stat().st_mtime, reverse=True):
            if _is_running(path):
                continue
            with contextlib.suppress(OSError):
                reports.append(path.read_text(encoding="utf-8", errors="replace").strip())
                path.unlink()
        text = "\n\n".join(part for part in reports if part)
        if text:
            with contextlib.suppress(OSError):
                (user_log() / "crash.log").write_text(text, encoding="utf-8")
        return text


def _is_running(path: Path) -> bool:
    digits = path.stem.removeprefix("running-")
    if not digits.isdigit() or int(digits) == os.getpid():
        return False
    if sys.platform == "win32":
        return False  # a file that another run holds open cannot be removed there; kill(pid, 0) would end that run
    try:
        os.kill(int(digits), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
