"""Writing files: whole or not at all, whatever happens; drafts of killed processes are deleted at the next start."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ramanstudio.core import writing
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_cache
from ramanstudio.core.writing import atomic_path, atomic_write, remove_stale_drafts

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals, links and permissions of POSIX systems")


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def drafts_in(folder: Path) -> list[str]:
    return [name for name in files_in(folder) if name.endswith(".part")]


def started(script: str, path: Path, first_line: bytes) -> subprocess.Popen[bytes]:
    """Run a script in a process of its own until it has printed its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == first_line + b"\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    with process:
        process.kill()


@pytest.mark.parametrize("content", ["Prüfkörper\n", "Prüfkörper\n".encode(), [b"Pr", "üfkörper\n".encode()]])
def test_text_bytes_and_blocks_are_written(tmp_path: Path, content: object) -> None:
    atomic_write(tmp_path / "a.txt", content)  # type: ignore[arg-type]
    assert (tmp_path / "a.txt").read_bytes() == "Prüfkörper\n".encode()
    assert files_in(tmp_path) == ["a.txt"]
    assert not list((user_cache() / "drafts").iterdir())


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt()])
def test_an_error_while_writing_leaves_the_old_file_and_no_draft(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), atomic_path(path) as draft:
        draft.write_text("half")
        raise error
    assert path.read_text() == "old" and files_in(tmp_path) == ["a.txt"]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EACCES, "you do not have permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "the disk reports an error"),
        (errno.EAGAIN, "the system reports"),
    ],
)
def test_errors_of_the_system_are_sentences_and_leave_the_old_file(tmp_path: Path, number: int, says: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(StudioError, match=rf"Could not write 'a\.txt': .*{says}"), atomic_path(path) as draft:
        draft.write_text("half")
        raise OSError(number, os.strerror(number))
    assert path.read_text() == "old" and not drafts_in(tmp_path)


def test_a_failed_rename_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise PermissionError(errno.EACCES, "open in another program")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StudioError, match="permission"):
        atomic_write(path, "new")
    assert path.read_text() == "old" and not drafts_in(tmp_path)


def test_the_draft_is_on_the_disk_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (events.append("fsync"), fsync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (events.append("rename"), rename(self, to))[1])
    atomic_write(tmp_path / "a.txt", "x")
    assert events[:2] == ["fsync", "rename"] and (os.name != "posix" or events[2:] == ["fsync"])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing/a.txt", "the folder does not exist"),
        ("file/a.txt", "does not exist|not a folder"),
        ("folder", "a folder with this name"),
        ("x" * 300, "the name is too long"),
        ("null\0.txt", "Could not write"),
    ],
)
def test_places_that_cannot_be_written_are_sentences(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudioError, match=says):
        atomic_write(tmp_path / name, "x")


def test_a_name_of_the_full_length_can_be_written(tmp_path: Path) -> None:
    for name in ("x" * 255, "é" * 127, "石" * 85):
        atomic_write(tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"


@posix_only
def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("pipe", "null"):
        with pytest.raises(StudioError, match=rf"'{name}': it is a device or a pipe"):
            atomic_write(tmp_path / name, "x")
    assert (tmp_path / "pipe").is_fifo() and Path("/dev/null").is_char_device()


@posix_only
def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "a.txt")
    atomic_write(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "new"


@posix_only
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_new_files_have_the_permissions_of_the_users_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        atomic_write(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode


@posix_only
def test_the_permissions_of_a_replaced_file_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    atomic_write(path, "new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_two_drafts_of_one_file_do_not_collide(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.txt") as first, atomic_path(tmp_path / "a.txt") as second:
        first.write_text("1")
        second.write_text("2")
        assert first != second
    assert (tmp_path / "a.txt").read_text() == "1"  # the inner one ends first


def test_without_a_cache_folder_files_are_written_all_the_same(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own_home / "cache").write_text("no folder")
    atomic_write(tmp_path / "a.txt", "x")
    remove_stale_drafts()
    assert (tmp_path / "a.txt").read_text() == "x"


KILLED = """
    import sys
    from pathlib import Path
    from ramanstudio.core.writing import atomic_path
    with atomic_path(Path(sys.argv[1])) as draft:
        draft.write_text("half")
        print("writing", flush=True)
        sys.stdin.read()
"""


@posix_only
def test_the_draft_of_a_killed_process_is_deleted_at_the_next_start_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    killed, living = (started(KILLED, path, b"writing") for _ in range(2))
    kill(killed)
    with atomic_path(tmp_path / "mine.txt") as mine:
        mine.write_text("x")
        assert len(drafts_in(tmp_path)) == 3
        remove_stale_drafts()
        assert sorted(drafts_in(tmp_path)) == sorted(
            [mine.name, *(name for name in drafts_in(tmp_path) if f".{living.pid}-" in name)]
        )
        assert len(drafts_in(tmp_path)) == 2
    with living:
        living.communicate()
    assert path.read_text() == "half" and not drafts_in(tmp_path)
    assert not list((user_cache() / "drafts").iterdir())


def test_a_damaged_journal_deletes_nothing_but_drafts(tmp_path: Path) -> None:
    victim = tmp_path / "thesis.txt"
    victim.write_text("x")
    folder = user_cache() / "drafts"
    folder.mkdir()
    dead = 4_000_000_000
    journal = folder / f"{writing._computer()}-{dead}"
    journal.write_text(f"{victim}\0\0\0{tmp_path}\0{tmp_path}/.a.{dead}-1.part/..")
    remove_stale_drafts()
    assert victim.exists() and tmp_path.is_dir()


ENDLESS = """
    import sys
    from pathlib import Path
    from ramanstudio.core.writing import atomic_write
    blocks = [bytes([65 + i]) * 100_000 for i in range(20)]
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        atomic_write(Path(sys.argv[1]), [b"%06d" % number, *blocks, b"%06d" % number])
"""


@posix_only
def test_a_file_is_never_torn_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for attempt in range(6):
        process = started(ENDLESS, path, b"ready")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.02 + 0.013 * attempt)
        kill(process)
        if path.exists():
            content = path.read_bytes()
            assert len(content) == 2_000_012 and content[:6] == content[-6:]
    remove_stale_drafts()
    assert not drafts_in(tmp_path)


FULL_DISK = """
    import resource, signal, sys
    from pathlib import Path
    from ramanstudio.core.errors import StudioError
    from ramanstudio.core.writing import atomic_write
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    try:
        atomic_write(Path(sys.argv[1]), b"x" * 60_000)
    except StudioError as error:
        print(error)
"""


@posix_only
def test_a_file_that_the_disk_cannot_take_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(path)]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=True)
    assert "Could not write 'a.bin': the file is larger than this disk allows." in done.stdout
    assert path.read_bytes() == b"old" and not drafts_in(tmp_path)
