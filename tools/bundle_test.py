"""Try the bundle as somebody has it who downloaded it: no Python, no network, nothing set; says what went wrong.

    python tools/bundle_test.py [ARCHIVE or FOLDER] [--file SPECTRUM] [--bare ROOT] [--pictures FOLDER]

Takes the newest archive in dist/, else dist/ramanstudio. With --bare it runs inside that root file system (made by
`debootstrap --variant=minbase --include=libegl1,libgl1,libfontconfig1 bookworm ROOT`), which has no Python at all.
Ends with 0 when everything ran, ended with 0, and said nothing on stderr.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
SIGNATURE = ROOT.parent / "shared" / "data" / "formats"  # real files of instruments, where the checkout has them
PATIENCE_S = 300
WINDOW_S = 60
PROGRESS = re.compile(r"^[A-Z][\w ]* \d+ of \d+")  # how far a verb is goes to stderr by intention: "Denoising 3 of 37"
# What a bare system lacks that every running one has: /proc, and the socket of the screen. Gone with the namespace.
ENTER = """
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p "$0/proc" "$0/tmp/.X11-unix" /tmp/.X11-unix
mount --bind /proc "$0/proc" && mount --bind /tmp/.X11-unix "$0/tmp/.X11-unix" || exit 1
exec env PATH= /usr/sbin/chroot "$0" "$@"
"""


class Broken(Exception):
    """A sentence: what the bundle did not do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bundle is tried: its folder as seen from inside, and what is put before each command."""

    program: str
    home: Path  # as seen from here
    seen_home: str  # as seen from inside
    before: tuple[str, ...]

    def environment(self, display: str = "") -> dict[str, str]:
        """All that is set: a home, and a display where there is to be one."""
        environment = {"HOME": self.seen_home, "PATH": "", "LANG": "C.UTF-8"}
        if sys.platform == "win32":  # without these Windows starts nothing
            environment |= {
                name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "TMP", "USERPROFILE", "LOCALAPPDATA")
            }
        if "OMP_NUM_THREADS" in os.environ:  # two threads that wait for each other crawl where others hold a core
            environment["OMP_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
        return {**environment, "DISPLAY": display} if display else environment

    def run(self, *arguments: str, display: str = "", patience_s: float = PATIENCE_S) -> str:
        """What a command of the program says; raises Broken when it fails or complains."""
        begun = time.monotonic()
        try:
            done = subprocess.run(
                [*self.before, self.program, *arguments],
                env=self.environment(display),
                cwd=None if self.before else self.home,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=patience_s,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Broken(f"'ramanstudio {' '.join(arguments)}' took longer than {patience_s:g} s.") from late
        words = " ".join(arguments)
        if done.returncode:
            raise Broken(f"'ramanstudio {words}' ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}")
        if complaints := [line for line in done.stderr.splitlines() if line.strip() and not PROGRESS.match(line)]:
            raise Broken(f"'ramanstudio {words}' said on stderr:\n" + "\n".join(complaints))
        print(f"  ramanstudio {words}  ({time.monotonic() - begun:.1f} s)", flush=True)
        return done.stdout


def main() -> int:
    """Try one bundle."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", type=Path, help="archive or folder (the newest in dist/)")
    parser.add_argument("--file", type=Path, help="the spectrum to drop on the window")
    parser.add_argument("--bare", type=Path, help="a root file system without Python to run in (as root)")
    parser.add_argument("--pictures", type=Path, default=ROOT / "build", help="where the picture of the window goes")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console that has no → shows ? instead of failing
    bundle = arguments.bundle or newest()
    print(f"bundle-test: {bundle}", flush=True)
    try:
        # Windows may hold a program for a moment after it has ended.
        inside = arguments.bare / "tmp" if arguments.bare else None
        with tempfile.TemporaryDirectory(dir=inside, ignore_cleanup_errors=sys.platform == "win32") as there:
            folder = unpack(bundle, Path(there))
            try_all(place_for(folder, Path(there), arguments.bare), arguments.file or a_real_file(), arguments.pictures)
    except Broken as trouble:
        print(f"bundle-test: {trouble}", file=sys.stderr)
        return 1
    print("bundle-test: all is well", flush=True)
    return 0


def newest() -> Path:
    """The newest archive in dist/, or the folder there."""
    archives = [*DIST.glob("ramanstudio-*.tar.zst"), *DIST.glob("ramanstudio-*.zip")]
    latest = max(archives, key=lambda path: path.stat().st_mtime, default=DIST / "ramanstudio")
    if not latest.exists():
        sys.exit("bundle-test: there is no bundle in dist/. Make one with: make bundle")
    return latest


def a_real_file() -> Path:
    """A file of an instrument where there is one here, else a demo spectrum."""
    files = sorted(SIGNATURE.rglob("*.wdf"), key=lambda path: path.stat().st_size) if SIGNATURE.is_dir() else []
    return files[0] if files else ROOT / "resources" / "demo" / "sulfur-0.1s.csv"


def unpack(bundle: Path, there: Path) -> Path:
    """The folder of the program, unpacked (or copied) to `there`."""
    if bundle.is_dir():
        shutil.copytree(bundle, there / "ramanstudio", symlinks=True)
    elif bundle.suffix == ".zip" and sys.platform == "darwin":
        subprocess.run(["ditto", "-x", "-k", str(bundle), str(there)], check=True)
    elif bundle.suffix == ".zip":
        shutil.unpack_archive(bundle, there)
    else:
        subprocess.run(["tar", "--zstd", "-xf", str(bundle), "-C", str(there)], check=True)
    app = there / "RamanStudio" / "RamanStudio.app" / "Contents" / "MacOS"
    return app if app.is_dir() else there / "ramanstudio"


def place_for(folder: Path, there: Path, bare: Path | None) -> Place:
    """How to run the program of `folder` cut off from this machine, as far as this machine allows."""
    name = "ramanstudio-console.exe" if sys.platform == "win32" else "ramanstudio"
    home = there / "home"
    home.mkdir()
    offline = ("unshare", "--net") if sys.platform.startswith("linux") and _can("unshare", "--net", "true") else ()
    print(f"  network: {'none' if offline else 'as here'}; Python: {'none' if bare else 'not on the path'}", flush=True)
    if bare is None:
        return Place(str(folder / name), home, str(home), tuple(_whole_path(offline)))
    inside = Path("/") / there.relative_to(bare)
    if _can("chroot", str(bare), "/usr/bin/find", "/usr/bin/python3"):
        raise Broken(f"'{bare}' has a Python, so it proves nothing.")
    seen = str(inside / folder.relative_to(there) / name)
    before = (*_whole_path(("unshare", "--mount")), *_whole_path(offline), "/bin/sh", "-c", ENTER, str(bare))
    return Place(seen, home, str(inside / "home"), before)


def _can(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _whole_path(command: Sequence[str]) -> list[str]:
    return [shutil.which(command[0]) or command[0], *command[1:]] if command else []


def try_all(bundle: Place, file: Path, pictures: Path) -> None:
    """Every thing that the bundle has to do."""
    if not re.fullmatch(r"RamanStudio \d+\.\d+\S*", bundle.run("--version").strip()):
        raise Broken("'--version' did not say the version.")
    out = f"{bundle.seen_home}/demo"
    if "mean" not in (output := bundle.run("demo", "--out", out)) and "×" not in output:
        raise Broken(f"The demo did not say what was gained:\n{output}")
    if not list((bundle.home / "demo").glob("*.csv")):
        raise Broken("The demo wrote no tables.")
    shutil.copyfile(file, bundle.home / file.name)
    demo = ROOT / "resources" / "demo" / "gypsum-on-marble-map.h5"
    shutil.copyfile(demo, bundle.home / demo.name)
    groups = f"{bundle.seen_home}/groups.csv"
    bundle.run("cluster", f"{bundle.seen_home}/{demo.name}", "--out", groups, "--plane", "neighbours")
    try_training(bundle)
    with a_display() as display:
        try_window(bundle, file, pictures, display)


def try_training(bundle: Place) -> None:
    """A step of learning, which takes parts of torch that denoising does not."""
    folder = bundle.home / "corpus"
    folder.mkdir()
    for spectrum in sorted((ROOT / "resources" / "demo").glob("*-10s.*")):
        shutil.copyfile(spectrum, folder / spectrum.name)
    tiny = ["--steps", "2", "--width", "16", "--heads", "2", "--encoder-layers", "1", "--samples-per-step", "4096"]
    bundle.run("pretrain", f"{bundle.seen_home}/corpus", "--out", f"{bundle.seen_home}/tiny", *tiny, "--device", "cpu")
    if not list((bundle.home / "tiny").glob("*.safetensors")):
        raise Broken("Training left no weights.")


def try_window(bundle: Place, file: Path, pictures: Path, display: str) -> None:
    """The window opens, takes the file, shows its ratio, and is pictured; a second start opens no second window."""
    output = bundle.run(
        "--check", f"{bundle.seen_home}/{file.name}", "--picture", f"{bundle.seen_home}/w.png", display=display
    )
    print("    " + output.strip().replace("\n", "\n    "), flush=True)
    if not re.search(r"^SNR +[\d.]+ → [\d.]+", output, re.MULTILINE):
        raise Broken(f"The window showed no SNR:\n{output}")
    picture = bundle.home / "w.png"
    if not picture.is_file() or picture.stat().st_size < 20_000:
        raise Broken("There is no picture of the window, or an empty one.")
    pictures.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(picture, pictures / "bundle-window.png")
    if sys.platform.startswith("linux"):
        try_second_start(bundle, file, display)


def try_second_start(bundle: Place, file: Path, display: str) -> None:
    """A second start hands its file to the first window and ends."""
    first = subprocess.Popen([*bundle.before, bundle.program], env=bundle.environment(display))
    try:
        deadline = time.monotonic() + WINDOW_S
        log = bundle.home / ".local" / "state" / "RamanStudio" / "log"
        while not list(log.glob("running-*.log")):  # what a window that is open leaves until it is closed
            if time.monotonic() > deadline or first.poll() is not None:
                raise Broken("The first window did not open.")
            time.sleep(0.2)
        time.sleep(1.0)
        bundle.run(f"{bundle.seen_home}/{file.name}", display=display, patience_s=WINDOW_S)
        if first.poll() is not None:
            raise Broken("The first window closed as a second start came.")
    finally:
        first.terminate()
        first.wait(30)


class a_display:  # noqa: N801  (used like a function)
    """A screen for the window: the one that is here on Windows and macOS, one of Xvfb's own elsewhere."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        if not sys.platform.startswith("linux"):
            return ""
        if not shutil.which("Xvfb"):
            raise Broken("There is no Xvfb here. Install xvfb, or run: make bundle-test")
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1440x900x24", "-nolisten", "tcp"]
        self._server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as number:
            return f":{number.readline().strip()}"

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait(10)


if __name__ == "__main__":
    sys.exit(main())
