"""Watch a folder: files that are new or were replaced, once they have stopped growing; on network drives by polling.

The folder is looked at every `poll_s` seconds, which works everywhere; where the system reports changes, watchdog wakes
the watcher earlier. A folder that disappears is waited for.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ramanstudio.batch.journal import state_of
from ramanstudio.core.errors import StudioError

SETTLE_S: Final = 3.0  # without a change, after which a file counts as whole
POLL_S: Final = 1.0


class FolderWatcher:
    """Finds files below a folder that are new or were replaced, once they have stopped growing."""

    def __init__(
        self,
        folder: Path,
        settle_s: float = SETTLE_S,
        poll_s: float = POLL_S,
        stop: threading.Event | None = None,
        on_note: Callable[[str], None] = lambda _: None,
        is_wanted: Callable[[Path], bool] = lambda _: True,
        on_look: Callable[[], None] = lambda: None,
        known: Iterable[Path] = (),
    ) -> None:
        """`stop` ends the watch; `on_note` is told when the folder disappears and returns.

        `on_look` is called before each look and may raise to end the watch; files that are `known` are given only once
        they have been replaced.

        Raises StudioError when the folder does not exist.
        """
        if not folder.is_dir():
            raise StudioError(f"There is no folder '{folder}'.", remedy="Choose a folder that exists.")
        self.folder = folder
        self._settle_s, self._poll_s = settle_s, poll_s
        self._stop, self._on_note, self._is_wanted = stop or threading.Event(), on_note, is_wanted
        self._wake = threading.Event()
        self._on_look = on_look
        self._given: dict[Path, str] = {file: state_of(file) for file in known}  # the state in which a file was given
        self._seen: dict[Path, tuple[str, float]] = {}  # the last state, and since when
        self._is_there = True
        self._observer: Any = None

    def stop(self) -> None:
        """End the watch; may be called from another thread."""
        self._stop.set()
        self._wake.set()

    def files(self, idle_s: float | None = None) -> Iterator[list[Path]]:
        """Yield files that are whole, as they come; ends when stopped, or after `idle_s` seconds without a new file."""
        last = time.monotonic()
        try:
            while not self._stop.is_set():
                self._on_look()
                ready = self._look(time.monotonic())
                if ready:
                    yield ready
                    last = time.monotonic()
                elif idle_s is not None and not self._growing() and time.monotonic() - last > idle_s:
                    return
                self._wait()
        finally:
            self._end_observer()

    def _wait(self) -> None:
        """Wait for the next look: less where something changed, but some time, so that a busy folder costs little."""
        self._wake.clear()
        if self._stop.wait(min(0.2, self._poll_s)):
            return
        self._wake.wait(max(0.0, self._poll_s - 0.2))

    def _growing(self) -> bool:
        """Whether a file has been seen that is not whole yet."""
        return any(self._given.get(file) != state for file, (state, _) in self._seen.items())

    def _look(self, now: float) -> list[Path]:
        """The files that have become whole; where the folder is not there, none."""
        from ramanstudio.formats import registry

        if not self.folder.is_dir():
            if self._is_there:
                self._on_note(f"The folder '{self.folder}' is not there. Waiting until it returns.")
                self._end_observer()
            self._is_there = False
            return []
        if not self._is_there:
            self._on_note(f"The folder '{self.folder}' is back.")
        self._is_there = True
        self._start_observer()
        suffixes = set(registry.readable_suffixes())
        ready = []
        with contextlib.suppress(OSError):  # it may disappear meanwhile
            for file in registry.find_files([self.folder]):
                if file.suffix.lower() not in suffixes or not self._is_wanted(file):
                    continue
                state = state_of(file)
                if not state or state.startswith("0|") or self._given.get(file) == state:
                    continue
                known, since = self._seen.get(file, ("", now))
                if known != state:
                    self._seen[file] = (state, now)
                elif now - since >= self._settle_s:
                    self._given[file] = state
                    ready.append(file)
        return ready

    def _start_observer(self) -> None:
        """Let the system wake the watcher, where it can."""
        if self._observer is not None:
            return
        try:
            from watchdog.events import FileSystemEventHandler
            from watchdog.observers import Observer

            watcher = self

            class _Waker(FileSystemEventHandler):
                def on_any_event(self, event: Any) -> None:
                    watcher._wake.set()

            observer = Observer()
            observer.schedule(_Waker(), str(self.folder), recursive=True)
            observer.daemon = True
            observer.start()
            self._observer = observer
        except Exception:  # no watches left, a drive that cannot report, watchdog missing: polling is enough
            self._observer = False

    def _end_observer(self) -> None:
        if self._observer:
            with contextlib.suppress(Exception):
                self._observer.stop()
                self._observer.join(2)
        self._observer = None
