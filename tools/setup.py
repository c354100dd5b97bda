"""Make this machine ready for `make`: the system libraries Qt needs, .venv, and the pinned packages in it.

    python3 tools/setup.py run|demo|test|docs|bundle

Only the standard library, in grammar that a Python of 2016 reads, so that an old interpreter gets a sentence instead
of a syntax error. Quick when nothing changed; safe to interrupt and to start again.
"""

import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "set-up.json"
LOG = VENV / "set-up.log"  # all that pip prints
CONSTRAINTS = ROOT / "constraints.txt"

# What each goal needs: the extra of pyproject.toml, and which of the tables below.
GOALS = {
    "run": ("", ("offscreen", "window")),
    "demo": ("", ("offscreen", "window")),  # wished for, not needed: see install_system
    "test": ("dev", ("offscreen",)),
    "docs": ("docs", ()),
    "bundle": ("bundle", ("offscreen", "window", "building")),
}

# What the dynamic linker is asked for, and the Debian package that holds it. The linker knows better than a package
# manager: it finds a library wherever it came from, on any distribution.
LIBRARIES = {
    "offscreen": {
        "libGL.so.1": "libgl1",
        "libEGL.so.1": "libegl1",
        "libxkbcommon.so.0": "libxkbcommon0",
        "libfontconfig.so.1": "libfontconfig1",
        "libglib-2.0.so.0": "libglib2.0-0",
        "libdbus-1.so.3": "libdbus-1-3",
    },
    "window": {
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
        "libwayland-egl.so.1": "libwayland-egl1",
    },
    "building": {
        "objdump": "binutils",
        "zstd": "zstd",
        "Xvfb": "xvfb",
    },
}


class CannotSetUp(Exception):
    """Something is missing; the message tells the user what to do."""


def say(sentence):
    print(f"set-up: {sentence}", flush=True)


def loads(library):
    """Return whether a library can be loaded; for a name without ".so", whether there is such a program."""
    if ".so" not in library:
        return shutil.which(library) is not None
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def lacks_venv():
    """Return whether `python3 -m venv` would fail: Debian ships Python without ensurepip."""
    return importlib.util.find_spec("ensurepip") is None


def missing_packages(tables):
    """Return the names of the Debian packages that this machine lacks; none where the system is not Linux."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [f"python3.{sys.version_info[1]}-venv"] if lacks_venv() else []
    for table in tables:
        missing += [package for library, package in LIBRARIES[table].items() if not loads(library)]
    return missing


def as_root():
    """Return what to put before a command to run it as root; None where that is not possible."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    if sys.stdin is not None and sys.stdin.isatty() and not os.environ.get("CI"):
        return ["sudo"]
    allowed = subprocess.run(["sudo", "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ["sudo", "-n"] if allowed.returncode == 0 else None


def install_system(goal, tables):
    """Install missing system libraries; if that fails, only the demo continues, for it works without Qt."""
    try:
        install_missing(tables)
    except CannotSetUp as error:
        if goal != "demo" or lacks_venv():
            raise
        say(f"{error} Continuing: the demo and the command line need none of them.")


def install_missing(tables):
    missing = missing_packages(tables)
    if not missing:
        return
    names = " ".join(missing)
    ask = f"Ask the administrator of this machine to run: apt-get install {names}."
    if not shutil.which("apt-get"):
        raise CannotSetUp(
            "Some system libraries are missing, and there is no apt-get to install them. Install the packages of"
            f" your distribution that correspond to the Debian packages {names}, then run the same command again."
        )
    root = as_root()
    if root is None:
        raise CannotSetUp(f"Some system packages are missing, and only root or sudo can install them. {ask}")
    say(f"installing the missing system packages: {names}")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    # A list of packages that could not be refreshed may still do, so only the outcome decides.
    subprocess.run([*apt, "update"])
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    output = subprocess.run(install, stdout=subprocess.PIPE, text=True).stdout
    importlib.invalidate_caches()
    missing = missing_packages(tables)
    if missing:
        print(output)
        raise CannotSetUp(f"apt-get could not install {' '.join(missing)}; see its messages above. {ask}")


def fingerprint():
    """Return a digest of all that the installed packages depend on: pins, minor version of Python, folder.

    Not the patch version: packages built for 3.11.2 work with 3.11.9, and a system update must not install them again.
    """
    digest = hashlib.sha256()
    for path in (CONSTRAINTS, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    digest.update(f"{ROOT} {sys.implementation.cache_tag} {platform.machine()} {sys.maxsize}".encode())
    return digest.hexdigest()


def read_stamp():
    """Return the fingerprint and the extras of the last set-up that was completed."""
    try:
        stamp = json.loads(STAMP.read_text())
        return stamp["fingerprint"], set(stamp["extras"])
    except (OSError, ValueError, KeyError):
        return "", set()


def make_venv():
    check = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        if subprocess.run([str(PYTHON), "-c", check], stderr=subprocess.DEVNULL).returncode == 0:
            return
    except OSError:
        pass  # none yet, or one whose interpreter is gone
    say(f"making .venv with Python {sys.version.split()[0]}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        raise CannotSetUp("Python could not make .venv; see its messages above.")


def pip_command(*arguments):
    wheels = ROOT / "wheels"
    links = ["--find-links", str(wheels)] if wheels.is_dir() else []
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--constraint", str(CONSTRAINTS)]
    return [*command, *links, *arguments]


def pip_install(*arguments):
    """Run `pip install`; its output goes to LOG, on a terminal one changing line tells what it is doing."""
    command = pip_command("--progress-bar", "off", *arguments)
    with LOG.open("a", encoding="utf-8", errors="replace") as log:
        log.write(f"$ {' '.join(command)}\n")
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        ) as pip:
            for line in pip.stdout:
                log.write(line)
                if sys.stdout.isatty() and line.split()[:1] in (["Collecting"], ["Downloading"], ["Installing"]):
                    print(f"\r\033[K{line.strip()[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return pip


def last_lines_of_log(count=15):
    lines = LOG.read_text(encoding="utf-8", errors="replace").splitlines() if LOG.exists() else []
    return "\n".join(lines[-count:])


def announce_torch():
    """Announce it when pip is about to download PyTorch with CUDA, the default on Linux."""
    installed = subprocess.run(
        [str(PYTHON), "-c", "import importlib.metadata as m; print(m.version('torch'))"], capture_output=True, text=True
    )
    if not sys.platform.startswith("linux") or installed.returncode == 0:
        return
    command = pip_command("--dry-run", "--no-deps", "--quiet", "--report", "-", "torch")
    plan = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        version = json.loads(plan.stdout)["install"][0]["metadata"]["version"]
    except (ValueError, LookupError):
        return  # the installation will report what is wrong
    if "+cpu" in version:
        say(f"PyTorch {version}, the CPU build, will be used.")
    else:
        say(
            f"PyTorch {version} with CUDA will be downloaded, about 2.7 GB. It also runs without an NVIDIA GPU;"
            " README.md tells how to get the smaller CPU build ('A smaller download')."
        )


def install_packages(extra):
    now = fingerprint()
    before, extras = read_stamp()
    if before == now and extra in extras and PYTHON.exists():
        return
    extras |= {"", extra}  # an update keeps what an earlier goal has brought
    make_venv()
    STAMP.unlink(missing_ok=True)  # after an interruption there is no stamp, and the next start installs again
    LOG.unlink(missing_ok=True)
    announce_torch()
    say(f"installing the packages pinned in constraints.txt, some minutes the first time; details in {LOG}")
    named = ",".join(sorted(extras - {""}))
    project = f"{ROOT}[{named}]" if named else str(ROOT)
    # The build tool is pinned and installed like everything else, so that pip does not fetch one of its own.
    done = pip_install("setuptools").returncode == 0
    done = done and pip_install("--no-build-isolation", "--editable", project).returncode == 0
    if not done:
        print(last_lines_of_log())
        raise CannotSetUp(f"pip could not install the packages; all its messages are in {LOG}. Run the command again.")
    draft = STAMP.with_suffix(".part")
    draft.write_text(json.dumps({"fingerprint": now, "extras": sorted(extras)}))
    draft.replace(STAMP)
    say("done")


def main(goal):
    if sys.version_info < (3, 11):  # noqa: UP036  the reason for the old grammar
        raise CannotSetUp(
            f"RamanStudio needs Python 3.11 or newer, and this is {sys.version.split()[0]}."
            " Choose another one with: make PYTHON=/path/to/python3.11"
        )
    extra, tables = GOALS[goal]
    install_system(goal, tables)
    install_packages(extra)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "run")
    except CannotSetUp as error:
        print(f"set-up: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nset-up: stopped; run the same command to continue", file=sys.stderr)
        sys.exit(130)
