"""What goes into the bundle: nothing the program needs is left out, every part has its licence, the menu entry is true.

The bundle itself takes minutes to build; `make bundle bundle-test` does that.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from ramanstudio.project.project import SUFFIX

ROOT = Path(__file__).resolve().parents[1]
LINUX = ROOT / "bundle" / "linux"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    yield import_module("bundle_parts")


@pytest.fixture
def papers(parts: ModuleType) -> ModuleType:
    return import_module("bundle_papers")


def unused() -> list[str]:
    """The modules that ramanstudio.spec leaves out."""
    tree = ast.parse((ROOT / "ramanstudio.spec").read_text(encoding="utf-8"))
    table = next(
        node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "UNUSED"
    )
    found: list[str] = ast.literal_eval(table.value)
    return found


def imported() -> Iterator[str]:
    """All that the package imports, by whole names."""
    for path in (ROOT / "ramanstudio").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (one.name for one in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)
                yield from (f"{node.module}.{one.name}" for one in node.names)


def test_nothing_that_the_program_imports_is_left_out() -> None:
    out = unused()
    missing = {name for name in imported() if any(name == one or name.startswith(f"{one}.") for one in out)}
    assert missing == set()


def test_a_spectrum_is_denoised_grouped_and_drawn_without_what_is_left_out(tmp_path: Path) -> None:
    # What torch, scipy and scikit-learn import in turn is found out only by running them without it.
    program = f"""
        import sys
        out = {unused()!r}
        class LeftOut:
            def find_spec(self, name, path=None, target=None):
                if any(name == one or name.startswith(one + ".") for one in out):
                    raise ModuleNotFoundError(name, name=name)
        sys.meta_path.insert(0, LeftOut())
        import numpy as np, pyqtgraph, qtawesome
        from ramanstudio.engine import Engine
        from ramanstudio.formats import registry
        from pathlib import Path
        spectra = registry.read(Path("resources/demo/gypsum-1.0s.txt"))[0]
        rows = np.repeat(spectra.values, 6, axis=0) + np.random.default_rng(1).normal(0, 9, (6, len(spectra.axis)))
        many = type(spectra)(spectra.axis, rows.astype(np.float32), {{}}, {{}})
        engine = Engine.load("smae-small", "cpu", 1)
        print(len(engine.denoise(many).snr_after), engine.cluster(many, 2).n_clusters)
    """
    lines = "\n".join(line[8:] for line in program.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["6", "2"]


def test_nobody_is_asked_how_many_cores_there_are(tmp_path: Path) -> None:
    # In the bundle: another program's window would flash up on Windows, and one that is missing is complained about.
    program = """
        import runpy
        runpy.run_path("bundle/hooks/start_joblib.py")
        import subprocess
        subprocess.run = None
        import numpy as np
        from ramanstudio.clustering import clusters
        rows = np.random.default_rng(1).normal(size=(40, 5)).astype("f4") + np.repeat([0, 9], 20)[:, None]
        print(np.bincount(clusters.cluster(rows, 2).labels).tolist())
        from joblib import cpu_count
        assert 1 <= cpu_count(only_physical_cores=True) <= cpu_count()
    """
    lines = "\n".join(line[8:] for line in program.splitlines())
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, env={**environment, "PATH": ""}, capture_output=True, text=True,
        timeout=110, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "[20, 20]\n"


@pytest.mark.parametrize(
    "place",
    [
        "models/smae-base/weights.safetensors",
        "resources/theme.toml",
        "resources/icons/ramanstudio.svg",
        "resources/demo/.truth.npz",
        "torch/lib/libtorch_cpu.so",
        "torch/bin/torch_shm_manager",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/plugins/platforms/qwindows.dll",
        "PySide6/Qt/plugins/platforms/libqcocoa.dylib",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/iconengines/libqsvgicon.so",
        "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
        "torch-2.13.0.dist-info/METADATA",
    ],
)
def test_what_the_program_reads_is_wanted(parts: ModuleType, place: str) -> None:
    assert parts.is_wanted(place)
    assert parts.is_wanted(place.replace("/", "\\"))


@pytest.mark.parametrize(
    "place",
    ["torch/test/test_nn.py", "torch/include/ATen/ATen.h", "torch/bin/protoc", "ramanstudio-0.1.0.dist-info/RECORD"],
)
def test_what_it_does_not_is_not(parts: ModuleType, place: str) -> None:
    assert not parts.is_wanted(place)


def test_all_resources_and_models_are_wanted(parts: ModuleType) -> None:
    files = [path for folder in ("resources", "models") for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert [path.name for path in files if not parts.is_wanted(path.relative_to(ROOT).as_posix())] == []


def test_the_licences_that_others_refer_to_are_in_the_bundle_of_every_system(
    papers: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "_bootloader", lambda _: ("bootloader", ""))
    papers.write_licences(tmp_path, [], [])
    for name in ("LGPL-3.txt", "GPL-3.txt"):
        assert "GNU" in (tmp_path / name).read_text(encoding="utf-8")[:200], "of Qt and PySide6"


def test_every_part_has_its_licence_and_none_is_gpl(
    papers: ModuleType, parts: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not _has("pyinstaller"):  # make bundle brings it; its licence is the one that is not looked at then
        monkeypatch.setattr(papers, "_bootloader", lambda _: ("bootloader", "GPL-2.0-or-later WITH an exception"))
    found = parts.distributions()
    assert papers.write_licences(tmp_path, found, []) == []
    index = (tmp_path / "README.txt").read_text(encoding="utf-8")
    for part in found:
        assert f"{part.name} {part.version}" in index
        assert part.licence
        choices = part.licence.split(" OR ")
        assert any("GPL" not in one or "LGPL" in one for one in choices), f"{part.name}: {part.licence}"


def _has(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def test_the_parts_list_is_as_cyclonedx_has_it(papers: ModuleType, parts: ModuleType) -> None:
    library = papers.SystemLibrary("libz.so.1", "zlib1g:amd64", "1:1.2.13")
    told = json.loads(json.dumps(papers.parts_list(parts.distributions(), [library], "1.2.3")))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    assert told["metadata"]["component"]["version"] == "1.2.3"
    by_name = {one["name"]: one for one in told["components"]}
    assert by_name["torch"]["purl"].startswith("pkg:pypi/torch@2.")
    assert by_name["zlib1g"]["purl"] == "pkg:deb/debian/zlib1g@1:1.2.13?arch=amd64"
    assert by_name["numpy"]["licenses"]
    assert len({one["bom-ref"] for one in told["components"]}) == len(told["components"])
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", told["serialNumber"])


def test_the_menu_entry_opens_the_files_that_the_system_is_told_of() -> None:
    entry = (LINUX / "ramanstudio.desktop").read_text(encoding="utf-8")
    told = re.search(r"^MimeType=(.+);$", entry, re.MULTILINE)
    assert told is not None
    tree = ElementTree.parse(LINUX / "ramanstudio-mime.xml")
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    assert {one.get("type") for one in tree.iter(f"{space}mime-type")} == set(told[1].split(";"))
    patterns = {str(one.get("pattern")) for one in tree.iter(f"{space}glob")}
    assert f"*{SUFFIX}" in patterns
    from ramanstudio.formats import registry

    known = {*registry.readable_suffixes(), SUFFIX, ".ramanlib"}
    assert {pattern.removeprefix("*") for pattern in patterns} <= known


def test_installing_writes_into_the_users_own_folders_and_takes_it_all_away_again(tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("install.sh is for Linux")
    folder, home = tmp_path / "a folder & more", tmp_path / "home"
    (folder / "desktop").mkdir(parents=True)
    home.mkdir()
    (folder / "install.sh").write_bytes((LINUX / "install.sh").read_bytes())
    for name in ("ramanstudio.desktop", "ramanstudio-mime.xml"):
        (folder / "desktop" / name).write_bytes((LINUX / name).read_bytes())
    for size in (16, 512):
        (folder / "desktop" / f"ramanstudio-{size}.png").write_bytes(b"a picture")
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    script = ["sh", str(folder / "install.sh")]
    subprocess.run(script, env=environment, check=True, capture_output=True)
    entry = (home / ".local/share/applications/ramanstudio.desktop").read_text(encoding="utf-8")
    assert f'Exec="{folder}/ramanstudio" %F' in entry
    assert (home / ".local/share/icons/hicolor/512x512/apps/ramanstudio.png").exists()
    subprocess.run([*script, "--remove"], env=environment, check=True, capture_output=True)
    assert [path for path in home.rglob("*ramanstudio*") if path.is_file()] == []


@pytest.mark.parametrize("size", [16, 512])
def test_the_icon_is_sharp_and_stands_out_on_light_and_dark(parts: ModuleType, tmp_path: Path, size: int) -> None:
    from PySide6.QtGui import QColor, QImage
    from PySide6.QtWidgets import QApplication

    from ramanstudio.gui.common import icons

    app = QApplication.instance() or QApplication(["icon"])  # the tests of the window go on with it
    assert {each.width() for each in icons.program_icon().availableSizes()} >= {16, 24, 32, 256}
    import_module("icons").draw(tmp_path)
    picture = QImage(str(tmp_path / f"ramanstudio-{size}.png"))
    assert (picture.width(), picture.height()) == (size, size)
    shades = [QColor(picture.pixel(x, y)) for x in range(size) for y in range(size)]
    lit = sum(shade.blue() > 180 and shade.lightness() > 140 for shade in shades) / len(shades)
    assert 0.04 < lit < 0.5, "the curve is there"
    line = [QColor.fromRgba(picture.pixel(size // 2, y)) for y in range(size)]
    edge = next(shade for shade in line if shade.alpha() > 200)
    assert 60 < edge.lightness() < 160, "the edge stands out from a white and from a black desk"
    del app
