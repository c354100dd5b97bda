"""What goes into the bundle and what does not: the packages, the files left out, the icon, what systems are told."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
ICONS = ROOT / "build" / "icons"

# Packages that torch, scikit-learn and others ask for, and the program never imports (see UNUSED in ramanstudio.spec).
LEFT_OUT = {"networkx", "setuptools", "fsspec", "pandas"}

# Files by their place in the bundle. Nothing here is read by the program on any path that the bundle's test takes.
UNWANTED = re.compile(
    r"""
      ^torch/(?:include|share|test)/            # headers, and tests of torch itself
    | ^torch/bin/(?!torch_shm_manager)          # its C++ tests and compilers
    | ^torch/(?:onnx|contrib|utils/benchmark|utils/model_dump|utils/hipify)/
    | /(?:tests?|testing_data|sample_data|examples|benchmarks)/
    | \.(?:pyi|pxd|h|hpp|lib|a|cmake|c|cpp|pyx)$
    | ^PySide6/(?:Qt/)?(?:translations|qml|typesystems|glue|include|scripts)/
    | plugins/(?:tls|networkinformation|qmltooling|qmllint|sqldrivers|designer|printsupport|vectorimageformats)/
    | plugins/(?:egldeviceintegrations|wayland-graphics-integration-server|generic)/
    | plugins/platforms/libq(?:eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl|wayland-egl)
    | plugins/platforminputcontexts/.*virtualkeyboard
    | plugins/platformthemes/.*gtk3             # drags GTK in from the machine that builds
    | (?:lib)?Qt6?(?:Qml|Quick|VirtualKeyboard|Pdf|Designer|EglF[Ss]|Sql|Help|Labs|WaylandCompositor)\w*
    | plugins/imageformats/.*(?:qpdf|qtiff|qwebp|qtga|qwbmp|qicns|qgif)
    | ^matplotlib/mpl-data/(?:fonts/(?:afm|pdfcorefonts|ttf/(?:STIX|cm))|images|plot_directive|stylelib)
    | \.dist-info/(?:RECORD|INSTALLER|REQUESTED|WHEEL|direct_url\.json)
    | ^sklearn/datasets/(?:data|images|descr)/
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One package in the bundle."""

    name: str
    version: str
    licence: str
    summary: str
    package: Distribution


def distributions() -> list[Part]:
    """The packages the program needs to run, direct or not, without those left out; sorted by name."""
    wanted, seen = ["ramanstudio"], dict[str, Part]()
    while wanted:
        name = canonicalize_name(wanted.pop())
        if name in seen or name in LEFT_OUT:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            sys.exit(f"bundle: the package '{name}' is not installed here. Run: make bundle")
        seen[name] = _part(package)
        requirements = [Requirement(line) for line in package.requires or []]
        wanted += [
            requirement.name
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    return sorted(seen.values(), key=lambda part: part.name.lower())


def _part(package: Distribution) -> Part:
    facts = package.metadata
    licence = facts.get("License-Expression") or ""
    if not licence:
        kinds = [line.rpartition(" :: ")[2] for line in facts.get_all("Classifier") or [] if line.startswith("License")]
        licence = ", ".join(kinds) or (facts.get("License") or "").strip().partition("\n")[0]
    return Part(facts["Name"], package.version, licence, facts.get("Summary") or "", package)


def is_wanted(target: str) -> bool:
    """Whether a file belongs in the bundle, by its place there."""
    return UNWANTED.search(target.replace("\\", "/")) is None


def needed(binaries: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The libraries (place, path, kind) without those of the system that nothing in the list asks for any more."""
    from PyInstaller.depend.bindepend import get_imports

    targets = {Path(target).name: target for target, _, _ in binaries}
    of_system = {target for target, _, _ in binaries if "/" not in target.replace("\\", "/") and ".so" in target}
    wanted = [row for row in binaries if row[0] not in of_system or "libpython" in row[0]]
    kept = {target for target, _, _ in wanted}
    paths = {target: path for target, path, _ in binaries}
    waiting = [path for _, path, kind in wanted if kind in ("BINARY", "EXTENSION")]
    while waiting:
        for name, _ in get_imports(waiting.pop()):
            target = targets.get(Path(name).name)
            if target in of_system and target not in kept:
                kept.add(target)
                waiting.append(paths[target])
    return [row for row in binaries if row[0] in kept]


def icon_file() -> str | None:
    """The icon in the form that this system's programs carry; none on Linux, where the desktop entry names it."""
    kind = {"win32": "ico", "darwin": "icns"}.get(sys.platform)
    return str(ICONS / f"ramanstudio.{kind}") if kind else None


def windows_version(version: str) -> object:
    """What the properties of the program say on Windows."""
    from PyInstaller.utils.win32 import versioninfo as win

    numbers = (*(int(part) for part in version.split(".")[:3]), 0)
    words = {
        "CompanyName": "RamanStudio",
        "FileDescription": "RamanStudio: Raman spectra denoised, with the signal-to-noise ratio before and after",
        "FileVersion": version,
        "InternalName": "ramanstudio",
        "OriginalFilename": "RamanStudio.exe",
        "ProductName": "RamanStudio",
        "ProductVersion": version,
    }
    table = win.StringTable("040904B0", [win.StringStruct(key, value) for key, value in words.items()])
    return win.VSVersionInfo(
        ffi=win.FixedFileInfo(filevers=numbers, prodvers=numbers),
        kids=[win.StringFileInfo([table]), win.VarFileInfo([win.VarStruct("Translation", [1033, 1200])])],
    )


def document_types() -> dict[str, object]:
    """What Finder is told of the files that the program opens."""
    return {
        "NSHighResolutionCapable": True,
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "RamanStudio",
                "CFBundleTypeExtensions": ["ramanstudio", "ramanlib"],
                "CFBundleTypeRole": "Editor",
                "LSHandlerRank": "Owner",
            },
            {
                "CFBundleTypeName": "Spectra",
                "CFBundleTypeExtensions": ["wdf", "spc", "jdx", "dx"],
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
            },
        ],
    }
