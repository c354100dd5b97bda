"""Writing files whole or not at all: to a draft beside the target, synchronised to disk, then renamed over it.

A crash, a full disk or a lost connection leaves the old file as it was. What a killed process leaves behind is a draft;
each process lists its drafts in the cache folder, so that the next start can delete them (`remove_stale_drafts`).
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import platform
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zlib import crc32

from ramanstudio.core import paths
from ramanstudio.core.errors import StudioError

MAX_NAME_BYTES: Final = 255  # of a file name, on every common file system
_DRAFT_NAME: Final = re.compile(r"\..*\.\d+-\d+\.part", re.DOTALL)
_REASONS: Final = {
    errno.ENOSPC: ("the disk is full", "Free some space, or choose another folder."),
    getattr(errno, "EDQUOT", -1): ("your disk quota is used up", "Delete some files, or choose another folder."),
    errno.EFBIG: ("the file is larger than this disk allows", "Choose a folder on another disk."),
    errno.EACCES: ("you do not have permission to write there", "Choose another folder."),
    errno.EPERM: ("you do not have permission to write there", "Choose another folder."),
    errno.EROFS: ("the disk is read-only", "Choose a folder on another disk."),
    errno.ENOENT: ("the folder does not exist", "Choose a folder that exists."),
    errno.ENOTDIR: ("part of its path is a file, not a folder", "Choose another folder."),
    errno.EISDIR: ("there is a folder with this name", "Choose another name."),
    errno.EEXIST: ("there is a file with this name", "Choose another name."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    errno.EIO: ("the disk reports an error", "Check the disk or the network drive, or choose another folder."),
}
_draft_numbers = itertools.count()
_journal_lock = threading.Lock()


def write_error(path: Path, error: BaseException) -> StudioError:
    """Return the error "Could not write '<file>': <reason>." with a remedy, for an error of the operating system."""
    if isinstance(error, MemoryError):
        reason, remedy = "there is not enough memory", "Close other programs and try again."
    else:
        system = getattr(error, "strerror", None) or str(error) or type(error).__name__
        other = (f"the system reports: {system}", "Choose another folder.")
        reason, remedy = _REASONS.get(getattr(error, "errno", None) or 0, other)
    return StudioError(f"Could not write '{path.name}': {reason}.", remedy=remedy)


def atomic_write(path: Path, content: bytes | str | Iterable[bytes]) -> None:
    """Write a file as a whole; text as UTF-8, an iterable of blocks one after the other.

    Raises StudioError when it cannot be written; the file that was there stays.
    """
    blocks = (content.encode(),) if isinstance(content, str) else (content,) if isinstance(content, bytes) else content
    with atomic_path(path) as draft, draft.open("wb") as file:
        for block in blocks:
            file.write(block)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield the path of a draft to write to; it replaces `path` at the end, unless an error is raised.

    Links are followed, the permissions of an existing file are kept, a new one gets those of the user's umask. Raises
    StudioError when the file cannot be written, or `path` is a device or a folder.
    """
    try:
        target = _target(path)
        draft = _new_draft(target)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise write_error(path, error) from error
    try:
        yield draft
        _synchronise(draft)
        _keep_permissions(target, draft)
        draft.replace(target)
        _synchronise_folder(target.parent)
    except (OSError, MemoryError) as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        _journal(draft, is_done=True)


def remove_stale_drafts() -> None:
    """Delete the drafts that processes of this computer left behind when they were killed."""
    for journal in _journals():
        pid = _process_of(journal)
        if pid is None or _is_running(pid):
            continue
        with contextlib.suppress(OSError, ValueError):
            for line in journal.read_text(encoding="utf-8", errors="surrogateescape").split("\0"):
                draft = Path(line)
                if _DRAFT_NAME.fullmatch(draft.name) and f".{pid}-" in draft.name:
                    draft.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            journal.unlink(missing_ok=True)


def _target(path: Path) -> Path:
    """Return the file behind links; raises OSError when it is a folder, and StudioError when it is a device or pipe."""
    target = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise StudioError(
                f"Could not write '{path.name}': it is a device or a pipe, not a file.", remedy="Choose another name."
            )
    return target


def _new_draft(target: Path) -> Path:
    """Return a new name beside `target`, and list it in the journal of this process."""
    suffix = f".{os.getpid()}-{next(_draft_numbers)}.part"
    name = os.fsencode(target.name)
    if len(name) > MAX_NAME_BYTES:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    stem = name[: MAX_NAME_BYTES - len(suffix) - 1].decode(errors="ignore")  # never half a letter
    draft = target.with_name(f".{stem}{suffix}")
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    _journal(draft, is_done=False)
    return draft


def _synchronise(draft: Path) -> None:
    """Wait until the content of a draft is on the disk."""
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _synchronise_folder(folder: Path) -> None:
    """Wait until a rename in a folder is on the disk, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):  # some network drives cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _keep_permissions(target: Path, draft: Path) -> None:
    """Give a draft the permissions of the file that it replaces."""
    with contextlib.suppress(OSError):
        draft.chmod(stat.S_IMODE(target.stat().st_mode))


# The journal of a process: the drafts that it is writing, separated by null characters. -----------------------------

_open_drafts: set[str] = set()


def _journal_folder() -> Path:
    """Return the folder of the journals, one file per running process."""
    return paths.user_cache() / "drafts"


def _computer() -> str:
    """Return a short name of this computer: a home folder may be shared by several."""
    return f"{crc32(platform.node().encode()):08x}"


def _journal(draft: Path, is_done: bool) -> None:
    """Add a draft to the journal of this process or remove it; where the cache cannot be written, there is none."""
    with _journal_lock:
        if is_done:
            _open_drafts.discard(str(draft))
        else:
            _open_drafts.add(str(draft))
        with contextlib.suppress(OSError, StudioError):
            journal = _journal_folder() / f"{_computer()}-{os.getpid()}"
            if not _open_drafts:
                journal.unlink(missing_ok=True)
                return
            journal.parent.mkdir(exist_ok=True)
            journal.write_text("\0".join(sorted(_open_drafts)), encoding="utf-8", errors="surrogateescape")


def _journals() -> list[Path]:
    """Return the journals of all processes on this computer."""
    try:
        return list(_journal_folder().glob(f"{_computer()}-*"))
    except (OSError, StudioError):
        return []


def _process_of(journal: Path) -> int | None:
    """Return the process id in the name of a journal."""
    number = journal.name.rpartition("-")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else None


def _is_running(pid: int) -> bool:
    """Return whether a process of this id runs; true where that cannot be known."""
    if pid == os.getpid():
        return True
    if os.name != "posix":
        return _is_running_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _is_running_on_windows(pid: int) -> bool:
    """The same by the Windows interface."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return bool(kernel.GetLastError() != 87)  # ERROR_INVALID_PARAMETER: there is no such process
    try:
        code = ctypes.c_ulong()
        return not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value == 259  # STILL_ACTIVE
    finally:
        kernel.CloseHandle(handle)
