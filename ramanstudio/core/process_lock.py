"""A lock on a folder that one process holds as long as it lives, however it ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO, Final

_NAME: Final = "lock"


class ProcessLock:
    """Held from `acquire` to `release`; the operating system releases it when the process ends or is killed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock of a folder that exists; returns False where another process has it, or it cannot be locked."""
        try:
            file = self._path.open("ab")
        except OSError:
            return False
        try:
            _lock(file)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                self._path.unlink()


def _lock(file: IO[bytes]) -> None:
    """Lock an open file for this process alone; raises OSError where another one has it."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
