"""Build the bundle: a folder, and an archive of it, that runs where there is no Python.

    python tools/bundle.py              # dist/ramanstudio and dist/ramanstudio-<version>-<system>.tar.zst (or .zip)
    python tools/bundle.py --no-archive

`make bundle` sets up what it needs first. ramanstudio.spec says what goes in; tools/bundle_test.py tries it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / "build"
FOLDER = DIST / "ramanstudio"

sys.path[:0] = [str(ROOT), str(ROOT / "tools")]


def main() -> int:
    """Build, and say how large it became."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-archive", action="store_true", help="leave it at the folder")
    arguments = parser.parse_args()
    import bundle_papers
    import icons

    import ramanstudio

    begun = time.monotonic()
    say("drawing the icons")
    icons.draw(WORK / "icons")
    say("collecting the program (some minutes; the log is build/bundle.log)")
    collect()
    strip(FOLDER)
    furnish(FOLDER)
    say("writing licences and parts list")
    bundle_papers.write_papers(FOLDER, ramanstudio.__version__)
    check_no_trace(FOLDER)
    say(f"{FOLDER.relative_to(ROOT)}: {size_of(FOLDER) / 1e6:.0f} MB")
    if not arguments.no_archive:
        archive = pack(FOLDER, DIST / f"ramanstudio-{ramanstudio.__version__}-{system()}")
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        archive.with_name(f"{archive.name}.sha256").write_bytes(f"{digest}  {archive.name}\n".encode())
        shutil.copyfile(FOLDER / "sbom.cdx.json", DIST / f"{archive.name}.cdx.json")
        say(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1e6:.0f} MB")
    say(f"done in {time.monotonic() - begun:.0f} s")
    return 0


def say(sentence: str) -> None:
    """Tell whoever waits."""
    print(f"bundle: {sentence}", flush=True)


def system() -> str:
    """The system and processor that this bundle is for: linux-x86_64, windows-amd64, macos-arm64."""
    name = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    return f"{name}-{platform.machine().lower()}"


def collect() -> None:
    """Run PyInstaller in a process of its own, which keeps its many lines out of the way."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean"]
    command += ["--distpath", str(DIST), "--workpath", str(WORK / "pyinstaller"), str(ROOT / "ramanstudio.spec")]
    log = WORK / "bundle.log"
    with log.open("w", encoding="utf-8") as file:
        # A hash seed of its own choice would order the archives of modules anew in each build.
        done = subprocess.run(
            command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONHASHSEED": "1"}
        )
    if done.returncode:
        print("\n".join(log.read_text(encoding="utf-8").splitlines()[-25:]), file=sys.stderr)
        sys.exit("bundle: PyInstaller could not build it; above is why.")


def strip(folder: Path) -> None:
    """Take the symbols for debuggers off the libraries; on Linux, where they make up a twentieth of the bundle.

    A library whose strip does not load any more is put back: some were patched in ways that strip does not expect.
    """
    if not sys.platform.startswith("linux") or not shutil.which("strip"):
        return
    draft = WORK / "stripped.so"
    for path in sorted(folder.rglob("*.so*")):
        if path.is_symlink() or not path.is_file():
            continue
        shutil.copy2(path, draft)
        done = subprocess.run(["strip", "--strip-unneeded", str(draft)], capture_output=True)
        if done.returncode == 0 and draft.stat().st_size < path.stat().st_size and _is_sound(draft):
            shutil.copy2(draft, path)
    draft.unlink(missing_ok=True)


def _is_sound(library: Path) -> bool:
    """Whether the loader accepts the file: what it would load lies where a page may begin."""
    listing = subprocess.run(["objdump", "-p", str(library)], capture_output=True, text=True).stdout
    for line in listing.splitlines():
        words = line.split()
        if words[:2] == ["LOAD", "off"]:
            offset, address = int(words[2], 16), int(words[4], 16)
            page = 2 ** int(words[-1].rpartition("**")[2])
            if offset % page != address % page:
                return False
    return "LOAD" in listing


def furnish(folder: Path) -> None:
    """Put what a person looks for beside the program: a note to read, and on Linux the entry for the menu."""
    shutil.copyfile(ROOT / "bundle" / "README.txt", folder / "README.txt")
    if not sys.platform.startswith("linux"):
        return
    desktop = folder / "desktop"
    desktop.mkdir()
    for name in ("ramanstudio.desktop", "ramanstudio-mime.xml"):
        shutil.copyfile(ROOT / "bundle" / "linux" / name, desktop / name)
    shutil.copy2(ROOT / "bundle" / "linux" / "install.sh", folder / "install.sh")
    for picture in (WORK / "icons").glob("ramanstudio-*.png"):
        shutil.copyfile(picture, desktop / picture.name)


def check_no_trace(folder: Path) -> None:
    """End where a file of ours or of the papers names a folder of this machine."""
    here = [str(ROOT).encode(), str(Path.home()).encode()]
    texts = (path for path in folder.rglob("*") if path.suffix in {".txt", ".json", ".toml", ".desktop", ".sh", ".py"})
    named = [
        path for path in texts if any(path_bytes in path.read_bytes() for path_bytes in here if len(path_bytes) > 5)
    ]
    if named:
        sys.exit(f"bundle: {named[0]} names a folder of this machine.")


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def pack(folder: Path, name: Path) -> Path:
    """The folder as one archive: .tar.zst on Linux, .zip elsewhere (with ditto on a Mac, which keeps its links)."""
    if sys.platform.startswith("linux"):
        archive = name.with_name(f"{name.name}.tar.zst")
        say("packing (zstd, level 19)")
        tar = ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-C", str(folder.parent), "-c"]
        with subprocess.Popen([*tar, folder.name], stdout=subprocess.PIPE) as packed:
            zstd = ["zstd", "-19", "--long=27", "-T0", "-q", "-f", "-o", str(archive)]
            if subprocess.run(zstd, stdin=packed.stdout).returncode or packed.wait():
                sys.exit("bundle: the archive could not be written.")
        return archive
    archive = name.with_name(f"{name.name}.zip")
    say("packing (zip)")
    if sys.platform == "darwin":
        # What is put into a program once it is signed breaks its seal, so the papers lie beside it.
        whole = WORK / "RamanStudio"
        shutil.rmtree(whole, ignore_errors=True)
        shutil.copytree(folder.parent / "RamanStudio.app", whole / "RamanStudio.app", symlinks=True)
        shutil.copytree(folder / "licences", whole / "licences")
        for name in ("README.txt", "sbom.cdx.json"):
            shutil.copyfile(folder / name, whole / name)
        subprocess.run(["ditto", "-c", "-k", "--keepParent", str(whole), str(archive)], check=True)
        return archive
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder.parent))
    return archive


if __name__ == "__main__":
    sys.exit(main())
