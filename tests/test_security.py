"""Files from others run no code, and the program uses no network: in its source, and in a window without one."""

from __future__ import annotations

import ast
import os
import shutil
import struct
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest

from ramanstudio.core.errors import StudioError
from ramanstudio.formats import registry

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ramanstudio"

RUNS_CODE = {"eval", "exec", "compile", "__import__"}
NETWORK_MODULES = {
    "socket", "ssl", "http", "urllib", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc", "socketserver",
    "asyncio", "requests", "httpx", "aiohttp", "urllib3", "websockets", "webbrowser", "huggingface_hub", "fsspec",
}  # fmt: skip
# A second start talks to the first window through a local socket, for this user only.
LOCAL_SOCKETS = {"QLocalServer", "QLocalSocket"}
# These use the module socket for a pair within the process and to ask who is at the other end of a local socket.
LOCAL_SOCKET_FILES = {"ramanstudio/gui/shell/shutdown.py", "ramanstudio/gui/shell/single_instance.py"}
# Functions of our libraries that download at run time.
DOWNLOADS = {"load_state_dict_from_url", "fetch_openml", "download_url_to_file", "urlopen", "urlretrieve"}


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Return every syntax node of the package with the name of its file."""
    all_nodes = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        all_nodes += [(name, node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), name))]
    return tuple(all_nodes)


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Yield every call with its file and the name of the function."""
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield path, node, node.func.id if isinstance(node.func, ast.Name) else node.func.attr


def test_no_text_is_run_as_code() -> None:
    violations = [
        f"{path}:{call.lineno} calls {name}"
        for path, call, name in calls()
        if isinstance(call.func, ast.Name) and name in RUNS_CODE
    ]
    assert violations == []


def test_no_shell_is_started() -> None:
    violations = [
        f"{path}:{call.lineno} {name}"
        for path, call, name in calls()
        if (isinstance(call.func, ast.Attribute) and ast.unparse(call.func) in {"os.system", "os.popen"})
        or any(word.arg == "shell" for word in call.keywords)
    ]
    assert violations == []


def test_no_network_module_is_imported() -> None:
    violations = []
    for path, node in nodes():
        if isinstance(node, ast.Import):
            violations += [
                f"{path}:{node.lineno} {alias.name}"
                for alias in node.names
                if _is_network_module(alias.name) and not (alias.name == "socket" and path in LOCAL_SOCKET_FILES)
            ]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported = {alias.name for alias in node.names}
            if _is_network_module(node.module) or (node.module == "PySide6.QtNetwork" and imported - LOCAL_SOCKETS):
                violations.append(f"{path}:{node.lineno} {node.module}")
        elif isinstance(node, (ast.Attribute, ast.Name)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in DOWNLOADS or (name == "hub" and ast.unparse(node) == "torch.hub"):
                violations.append(f"{path}:{node.lineno} {ast.unparse(node)}")
    assert violations == []


def _is_network_module(module: str) -> bool:
    return module.partition(".")[0] in NETWORK_MODULES and module != "urllib.parse"


@pytest.mark.timeout(400)  # a window and a model: seconds, or minutes where others hold the machine
def test_the_window_works_without_a_network(own_home: Path, tmp_path: Path) -> None:
    without_network = (
        ["unshare", "--net"] if os.name == "posix" and os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    )
    if not shutil.which("unshare") or subprocess.run([*without_network, "true"], capture_output=True).returncode:
        pytest.skip("a namespace without a network cannot be made here (unshare --net)")
    proof = "import socket; socket.create_connection(('192.0.2.1', 9), 1)"  # a documentation address: RFC 5737
    attempt = subprocess.run([*without_network, sys.executable, "-c", proof], capture_output=True, text=True)
    assert "Network is unreachable" in attempt.stderr
    picture = tmp_path / "window.png"
    command = [*without_network, sys.executable, "-m", "ramanstudio", "--check", "--picture", str(picture)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert " → " in next(line for line in done.stdout.splitlines() if line.startswith("SNR"))
    assert picture.stat().st_size > 20_000


# A program that prints at its end which files and folders Python wrote, created, renamed or deleted.
AUDIT = """
    import atexit, os, sys
    sys.modules["dill"] = None  # no dependency of ours; where it is installed torch imports it, and it tries TMPDIR
    written = set()
    def watch(event, args):
        if event == "open" and isinstance(args[0], str) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            written.add(args[0])
        elif event in {"os.mkdir", "os.remove", "os.rmdir"}:  # a folder that is deleted as a whole: names in it
            folder = os.readlink(f"/proc/self/fd/{args[-1]}") if args[-1] >= 0 else os.getcwd()
            written.add(os.path.join(folder, os.fspath(args[0])))
        elif event in {"os.rename", "os.link", "os.symlink"}:
            written.update(os.path.abspath(path) for path in args[:2] if isinstance(path, (str, os.PathLike)))
    sys.addaudithook(watch)
    atexit.register(lambda: print("written", *sorted(written), sep=chr(10)))
"""
WINDOW_SESSION = """
    import time
    from pathlib import Path
    from PySide6.QtWidgets import QApplication
    from ramanstudio.gui.shell import app
    window = app.start([sys.argv[1]])
    def wait(until):
        while not until():
            QApplication.processEvents()
            time.sleep(0.01)
    wait(lambda: window.metadata_panel.snr_text != "")
    window.services.settings["theme"] = "dark"
    window.services.project_files.save(Path.home() / "mine.ramanstudio")
    wait((Path.home() / "mine.ramanstudio").exists)
    wait(lambda: not window.services.workers.busy)
    window.close()
    window.end()
"""
PRETRAINING = """
    from pathlib import Path
    from ramanstudio.__main__ import main
    tiny = "--steps 2 --width 16 --heads 2 --encoder-layers 1 --samples-per-step 4096 --device cpu".split()
    assert main(["pretrain", str(Path(sys.argv[1]).parent), "--out", str(Path.home() / "tiny"), *tiny]) == 0
"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("program", [WINDOW_SESSION, PRETRAINING], ids=["window", "training"])
def test_nothing_is_written_outside_the_users_folders(tmp_path: Path, program: str) -> None:
    if sys.platform != "linux":
        pytest.skip("where a user's own folders lie is told by HOME, and open folders have names, on Linux only")
    home, beside = tmp_path / "home", tmp_path / "beside"
    for folder in (home, beside / "here", beside / "temporary", beside / "spectra"):
        folder.mkdir(parents=True)
    for demo in (ROOT / "resources" / "demo").glob("*-10s.*"):
        shutil.copyfile(demo, beside / "spectra" / demo.name)
    before = sorted(beside.rglob("*"))
    command = [sys.executable, "-B", "-c", textwrap.dedent(AUDIT) + textwrap.dedent(program)]
    done = subprocess.run(
        [*command, str(beside / "spectra" / "gypsum-10s.txt")],
        cwd=beside / "here",
        env={"HOME": str(home), "TMPDIR": str(beside / "temporary"), "PATH": os.environ["PATH"],
             "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = done.stdout.rpartition("written\n")[2].splitlines()
    assert any(Path(path).is_relative_to(home) for path in written)
    assert [path for path in written if not Path(path).is_relative_to(home) and not path.startswith("/dev/")] == []
    assert sorted(beside.rglob("*")) == before, "compiled libraries wrote something"


# A header that states more than the file holds is refused before memory is allocated for it.
MEMORY_PROBE = """
    import resource, sys
    from pathlib import Path
    from ramanstudio.core.errors import StudioError
    from ramanstudio.formats import registry
    import numpy, h5py
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    try:
        registry.read(Path(sys.argv[1]), None)
    except StudioError as error:
        print(error.sentence)
"""


def huge_hdf5(path: Path) -> Path:
    """40 GB of nothing in a file of some kilobytes."""
    with h5py.File(path, "w") as file:
        file.create_dataset("axis", data=np.linspace(100, 3000, 1000))
        file.create_dataset("values", shape=(10_000_000, 1000), dtype=np.float32, chunks=(1000, 1000))
    return path


def huge_wdf(path: Path) -> Path:
    """A WiRE header that states 2³¹ spectra of 2³¹ points."""
    header = bytearray(512)
    header[:4] = b"WDF1"
    struct.pack_into("<IQ", header, 4, 1, 512)
    for offset in (60, 64, 72, 80):
        struct.pack_into("<I", header, offset, 0x7FFFFFFF)
    path.write_bytes(bytes(header))
    return path


def huge_spc(path: Path) -> Path:
    """An SPC header that states 2³¹ points."""
    header = bytearray(512)
    header[:4] = bytes((0x00, 0x4B, 0x00, 0x80))
    struct.pack_into("<I", header, 4, 0x7FFFFFFF)
    struct.pack_into("<ddI", header, 8, 100.0, 3000.0, 0x7FFFFFFF)
    path.write_bytes(bytes(header))
    return path


@pytest.mark.parametrize(
    ("make", "name"), [(huge_hdf5, "huge.h5"), (huge_wdf, "huge.wdf"), (huge_spc, "huge.spc")], ids=["h5", "wdf", "spc"]
)
def test_a_header_that_states_too_much_takes_no_memory(make: object, name: str, tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of memory are set by Linux's setrlimit")
    path = make(tmp_path / name)  # type: ignore[operator]
    command = [sys.executable, "-c", textwrap.dedent(MEMORY_PROBE), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert name in done.stdout


def test_pickles_are_refused_under_any_suffix(tmp_path: Path) -> None:
    pickle = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
    for suffix in (".h5", ".txt", ".csv", ".wdf", ".spc", ".jdx", ".ramanstudio", ".ramanlib"):
        path = tmp_path / f"pickle{suffix}"
        path.write_bytes(pickle)
        with pytest.raises(StudioError):
            registry.read(path)
