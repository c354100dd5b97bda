"""Opening and writing HDF5 files, as all formats that are stored in HDF5 do: spectra, projects and libraries.

**Reading.** A damaged or hostile HDF5 file can make libhdf5 loop for ever, crash or fill the memory, and can refer to
other files of the computer. A file is therefore read as a whole in a process of its own first (`hdf5_probe`: what it
allows, and its limits of time and memory), and opened here only when that went well. A good file of a few megabytes
takes 20 ms that way; the first one 0.4 s more, for the start of the process, which then waits for others.

**Files of this program** open directly: `create_file` ends them with a keyed hash of their content, whose key never
leaves the user's data folder, so that nobody else can make one. Damage, or an edit by another program, breaks the hash,
and the file is probed like any other. Hashing takes 1 s for a gigabyte; a file that was found good is remembered until
it changes.

**Writing.** libhdf5 ends the process when the disk is full as a file is closed. It therefore writes to a draft that
takes whatever it is given, and keeps in memory what the disk did not take; the error is raised once the file is closed.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Cancelled
from ramanstudio.core.writing import atomic_path
from ramanstudio.formats import hdf5_probe
from ramanstudio.formats.validation import file_size, read_error

if TYPE_CHECKING:
    import h5py

DAMAGED: Final = hdf5_probe.DAMAGED
COPY_AGAIN: Final = "Copy it again, or use another copy."
PROBE_OPTION: Final = "--probe-hdf5"  # of the program, where it is a bundle
WALL_SECONDS: Final = 8.0  # for a small file, on a machine that does other things as well
_MAGIC: Final = b"RSHDF5\0\1"
_DIGEST_BYTES: Final = 32
_MAX_REMEMBERED: Final = 1000
_BLOCK: Final = 2**22


@contextmanager
def open_file(path: Path, damaged: str = DAMAGED, remedy: str = COPY_AGAIN) -> Iterator[h5py.File]:
    """Open an HDF5 file of any origin for reading.

    Raises StudioError when it is not allowed (links, other files, filters, size), and for whatever an unexpected or
    damaged content raises while it is open: "Could not read '<file>': <damaged>." with the remedy.
    """
    check_file(path, remedy)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            yield file
    except (StudioError, Cancelled):
        raise
    except MemoryError as error:
        raise read_error(path, "there is not enough memory", "Close other programs and try again.") from error
    except Exception as error:  # whatever h5py raises for a damaged file, and numpy for what is in it
        raise read_error(path, damaged, remedy) from error


def check_file(path: Path, remedy: str = COPY_AGAIN) -> None:
    """Raise StudioError unless an HDF5 file can be opened safely: it is of this program, or passes the probe."""
    file_size(path)
    state = _state(path)
    if state in _good_files or _has_own_hash(path):
        _remember(state)
        return
    reason = _probe.ask(path)
    if reason:
        raise read_error(path, reason, remedy)
    _remember(state)


@contextmanager
def create_file(path: Path, **options: Any) -> Iterator[h5py.File]:
    """Write an HDF5 file whole or not at all; `options` are those of h5py.File.

    Raises StudioError when it cannot be written; the file that was there stays.
    """
    import h5py

    with atomic_path(path) as draft:
        with _DraftFile(draft) as storage:
            with h5py.File(storage, "w", **options) as file:
                yield file
            storage.finish()
        with contextlib.suppress(OSError):
            _append_own_hash(draft)
        with h5py.File(draft, "r"):  # raises when it is not whole
            pass
    _remember(_state(path))


# Files of this program ----------------------------------------------------------------------------------------------

_good_files: dict[tuple[Any, ...], None] = {}


def _state(path: Path) -> tuple[Any, ...]:
    """Return what changes whenever a file does."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ino)


def _remember(state: tuple[Any, ...]) -> None:
    """Note that a file is good."""
    if state:
        _good_files[state] = None
        while len(_good_files) > _MAX_REMEMBERED:
            _good_files.pop(next(iter(_good_files)))


def _key() -> bytes | None:
    """Return the secret key of this user, made at first use; None where it cannot be kept."""
    try:
        path = paths.user_data() / "hdf5.key"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(_DIGEST_BYTES))
        key = path.read_bytes()
    except (OSError, StudioError):
        return None
    return key if len(key) == _DIGEST_BYTES else None


def _digest(file: BinaryIO, size: int, key: bytes) -> bytes:
    """Return the keyed hash of the first `size` bytes of a file."""
    total = hashlib.blake2b(key=key, digest_size=_DIGEST_BYTES)
    left = size
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        total.update(block)
        left -= len(block)
    return total.digest()


def _append_own_hash(draft: Path) -> None:
    """End a file with its hash; HDF5 readers ignore what follows its end."""
    key = _key()
    if key is None:
        return
    with draft.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        digest = _digest(file, size, key)
        file.seek(size)
        file.write(_MAGIC + digest)


def _has_own_hash(path: Path) -> bool:
    """Return whether a file ends with its hash under this user's key."""
    end = len(_MAGIC) + _DIGEST_BYTES
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END) - end
            if size <= 0:
                return False
            file.seek(size)
            trailer = file.read(end)
            key = _key() if trailer.startswith(_MAGIC) else None
            if key is None:
                return False
            file.seek(0)
            return hmac.compare_digest(_digest(file, size, key), trailer[len(_MAGIC) :])
    except OSError:
        return False


# The probe ----------------------------------------------------------------------------------------------------------


class _Probe:
    """The process that reads files of others first; started at first use, and again when one has ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._owner = 0

    def ask(self, path: Path) -> str:
        """Return why a file may not be opened; empty when it may."""
        request = json.dumps({"path": os.fspath(path.absolute())}).encode() + b"\n"
        seconds = WALL_SECONDS - hdf5_probe.SECONDS + hdf5_probe.seconds_of_computing(path.stat().st_size)
        with self._lock:
            try:
                reply = self._exchange(request, seconds)
            except OSError:
                return "the process that checks HDF5 files could not be started"
            if reply is None:
                return "it takes too long to read or ends the program that reads it; it is probably damaged"
        return str(json.loads(reply)["reason"])

    def _exchange(self, request: bytes, seconds: float) -> bytes | None:
        """Send a request and return the reply; None when the process was ended or has ended itself over the file."""
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        timer = threading.Timer(seconds, process.kill)
        try:
            process.stdin.write(request)
            process.stdin.flush()
        except BrokenPipeError:  # it was idle, and has just ended
            self._start()
            return self._exchange(request, seconds)
        timer.daemon = True
        timer.start()
        try:
            reply = process.stdout.readline()
        finally:
            timer.cancel()
        if not reply.endswith(b"\n"):
            self.close()
            return None
        return reply

    def _start(self) -> None:
        self.close()
        if getattr(sys, "frozen", False):
            command = [sys.executable, PROBE_OPTION]
        else:
            command = [sys.executable, "-P", str(Path(hdf5_probe.__file__))]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._owner = os.getpid()

    def close(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        with process, contextlib.suppress(OSError):
            process.wait()


_probe = _Probe()


def close_probe() -> None:
    """End the process that probes files; it starts again when it is needed. It also ends with this one."""
    with _probe._lock:
        _probe.close()


atexit.register(close_probe)


# Writing ------------------------------------------------------------------------------------------------------------


class _DraftFile(io.RawIOBase):
    """A file that takes every write: what the disk refuses is kept in memory, and `finish` raises the error.

    h5py ends the process when a write fails while a file is closed.
    """

    PAGE: Final = 2**16

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb+", buffering=0)
        self._path = path
        self._offset = 0
        self._size = 0
        self._pages: dict[int, bytearray] = {}
        self._error: OSError | None = None

    def readable(self) -> bool:
        """True."""
        return True

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the place of the next read or write."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._size}[whence]
        self._offset = start + offset
        return self._offset

    def tell(self) -> int:
        """Return the place of the next read or write."""
        return self._offset

    def write(self, data: Any) -> int:
        """Write all of `data`, to memory once the disk has refused some."""
        view = memoryview(data).cast("B")
        if self._error is None:
            try:
                self._write_to_disk(view)
            except OSError as error:
                self._error = error
        if self._error is not None:
            self._write_to_pages(view)
        self._offset += len(view)
        self._size = max(self._size, self._offset)
        return len(view)

    def _write_to_disk(self, view: memoryview) -> None:
        self._file.seek(self._offset)
        done = 0
        while done < len(view):
            done += self._file.write(view[done:]) or 0

    def _write_to_pages(self, view: memoryview) -> None:
        done = 0
        while done < len(view):
            page, start = divmod(self._offset + done, self.PAGE)
            count = min(self.PAGE - start, len(view) - done)
            self._page(page)[start : start + count] = view[done : done + count]
            done += count

    def _page(self, page: int) -> bytearray:
        """Return a page in memory, taken from the disk at first."""
        if page not in self._pages:
            self._pages[page] = bytearray(self._read_disk(page * self.PAGE, self.PAGE).ljust(self.PAGE, b"\0"))
        return self._pages[page]

    def _read_disk(self, offset: int, count: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(count) or b""

    def readinto(self, buffer: Any) -> int:
        """Read from the disk or the memory; what was never written is zeros, as in a file."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._offset))
        if not self._pages:
            view[:count] = self._read_disk(self._offset, count).ljust(count, b"\0")
        done = 0
        while self._pages and done < count:
            page, start = divmod(self._offset + done, self.PAGE)
            part = min(self.PAGE - start, count - done)
            content = self._pages.get(page)
            if content is None:
                content = bytearray(self._read_disk(page * self.PAGE, self.PAGE).ljust(self.PAGE, b"\0"))
            view[done : done + part] = content[start : start + part]
            done += part
        self._offset += count
        return count

    def truncate(self, size: int | None = None) -> int:
        """Set the size of the file."""
        self._size = self._offset if size is None else size
        if self._error is None:
            try:
                self._file.truncate(self._size)
            except OSError as error:
                self._error = error
        return self._size

    def finish(self) -> None:
        """Raise OSError when the disk did not take everything."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Close the file; an error of that is one of writing."""
        if not self.closed:
            try:
                self._file.close()
            except OSError as error:
                self._error = self._error or error
        super().close()
