"""The papers of the bundle: the licence of every part in it, and its parts list (SBOM, CycloneDX 1.5)."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path

from bundle_parts import ROOT, Part, distributions

LICENCE_FILE = re.compile(
    r"(?:^|/)(?:licen[cs]es?/.+|(?:licen[cs]e|copying|notice|authors|lgpl|gpl)[^/]*)$", re.IGNORECASE
)
COMMON_LICENCES = ROOT / "bundle" / "licences"  # what the texts of the parts refer to
# Of the fields of the packages none says what the library inside is under.
QT = ("LGPL-3.0-only", "https://www.qt.io")


@dataclass(frozen=True, slots=True)
class SystemLibrary:
    """A library that came from the machine which built the bundle, and the package it is from."""

    file: str
    package: str
    version: str


def write_papers(folder: Path, version: str) -> None:
    """Write licences/ and sbom.cdx.json into the folder of a bundle."""
    parts, libraries = distributions(), system_libraries(folder)
    missing = write_licences(folder / "licences", parts, libraries)
    if missing:
        sys.exit(f"bundle: no licence text was found for {', '.join(missing)}.")
    sbom = parts_list(parts, libraries, version)
    (folder / "sbom.cdx.json").write_text(json.dumps(sbom, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def system_libraries(folder: Path) -> list[SystemLibrary]:
    """The libraries of the bundle that no Python package brought, where dpkg can say what they are from."""
    rows = []
    if not shutil.which("dpkg-query"):
        return rows
    inside = folder / "_internal"
    for file in sorted(path.name for path in inside.glob("lib*.so*") if not path.is_symlink() and path.is_file()):
        if file.startswith("libpython"):  # has a line of its own, and need not be the system's
            continue
        package = _dpkg("--search", f"*/{file}").partition("\n")[0]
        package = package.partition(": ")[0].partition(", ")[0]
        if package:
            rows.append(SystemLibrary(file, package, _dpkg("--show", "--showformat=${Version}", package)))
    return rows


def _dpkg(*arguments: str) -> str:
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False).stdout.strip()


def write_licences(folder: Path, parts: Iterable[Part], libraries: Iterable[SystemLibrary]) -> list[str]:
    """Write the licence texts of all parts and an index of them; returns the parts that have none."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows, missing = [], []
    for part in parts:
        count = _copy_licences(part.package, folder / f"{part.name}-{part.version}")
        rows.append((f"{part.name} {part.version}", part.licence))
        if not count and part.name.lower() != "ramanstudio":
            missing.append(part.name)
    rows += [_python(folder), _bootloader(folder)]
    for library in libraries:
        name = library.package.partition(":")[0]
        paper = Path("/usr/share/doc") / name / "copyright"
        if paper.is_file():
            target = folder / "system" / f"{name}.txt"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(paper, target)
        rows.append((f"{library.file} (Debian {name} {library.version})", f"system/{name}.txt"))
    for text in COMMON_LICENCES.glob("*.txt"):
        shutil.copyfile(text, folder / text.name)
    shutil.copyfile(ROOT / "LICENSE", folder / "RamanStudio.txt")
    width = max(len(name) for name, _ in rows) + 2
    lines = [
        "What is in this bundle, and under which licence.",
        "",
        *(f"{name:{width}}{licence}" for name, licence in rows),
    ]
    (folder / "README.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return missing


def _copy_licences(package: Distribution, folder: Path) -> int:
    count = 0
    for file in package.files or []:
        inside = file.as_posix()
        if not LICENCE_FILE.search(inside) or file.suffix in {".py", ".pyc", ".pyi", ".so", ".html"} or ".." in inside:
            continue
        path = Path(str(package.locate_file(file)))
        if path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / re.sub(r"^.*\.dist-info/(?:licenses/)?", "", inside).replace("/", "-"))
            count += 1
    if not count and (folder_of := _known(package)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "LICENSE.txt").write_text(folder_of, encoding="utf-8")
        count = 1
    return count


def _known(package: Distribution) -> str:
    """The text for packages whose wheel carries none: Qt for Python, whose licence is the LGPL; else what it says."""
    name = package.metadata["Name"].lower()
    if name.startswith(("pyside6", "shiboken6")):
        return (
            f"Under the GNU Lesser General Public License, version 3: see LGPL-3.txt and GPL-3.txt. Source: {QT[1]}\n"
        )
    return package.metadata.get("License") or ""


def _python(folder: Path) -> tuple[str, str]:
    version = platform.python_version()
    candidates = (Path(sys.base_prefix) / "LICENSE.txt", Path(sysconfig_stdlib()) / "LICENSE.txt")
    for candidate in candidates:
        if candidate.is_file():
            shutil.copyfile(candidate, folder / "Python.txt")
    return f"Python {version}", "PSF-2.0"


def sysconfig_stdlib() -> str:
    """The folder of Python's own library."""
    import sysconfig

    return sysconfig.get_path("stdlib")


def _bootloader(folder: Path) -> tuple[str, str]:
    package = distribution("pyinstaller")
    _copy_licences(package, folder / f"PyInstaller-{package.version}")
    return f"bootloader of PyInstaller {package.version}", "GPL-2.0-or-later WITH Bootloader-exception"


def parts_list(parts: Iterable[Part], libraries: Iterable[SystemLibrary], version: str) -> dict[str, object]:
    """The parts list as CycloneDX 1.5 has it (https://cyclonedx.org/docs/1.5/json)."""
    components = [_component(part) for part in parts if part.name.lower() != "ramanstudio"]
    python = platform.python_version()
    components.append(_plain("Python", python, f"pkg:generic/python@{python}", "PSF-2.0"))
    seen = set()
    for library in libraries:
        name, _, architecture = library.package.partition(":")
        if name not in seen:
            seen.add(name)
            address = f"pkg:deb/debian/{name}@{library.version}" + (f"?arch={architecture}" if architecture else "")
            components.append(_plain(name, library.version, address, ""))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": _plain("RamanStudio", version, f"pkg:generic/ramanstudio@{version}", "MIT", "application"),
        },
        "components": components,
    }


def _component(part: Part) -> dict[str, object]:
    address = f"pkg:pypi/{part.name.lower().replace('_', '-')}@{part.version.partition('+')[0]}"
    licence = QT[0] if part.name.lower().startswith(("pyside6", "shiboken6")) else part.licence
    return {**_plain(part.name, part.version, address, licence), "description": part.summary}


def _plain(name: str, version: str, address: str, licence: str, kind: str = "library") -> dict[str, object]:
    component: dict[str, object] = {"type": kind, "bom-ref": address, "name": name, "version": version, "purl": address}
    if licence:
        # An SPDX expression has no spaces but around its words; anything else is a name.
        is_expression = re.fullmatch(r"[\w.+()-]+(?: (?:AND|OR|WITH) [\w.+()-]+)*", licence) is not None
        component["licenses"] = [{"expression": licence}] if is_expression else [{"license": {"name": licence}}]
    return component
