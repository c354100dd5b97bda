"""The walls of the house: who may import whom, what may not be imported early, and how big a room may grow."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ramanstudio"

# The floor that every room stands on, and what each floor stone may lie on in turn.
FLOOR = {"errors": set(), "progress": set(), "paths": set(), "spectra": {"errors"}, "groups": {"errors"}}
# A room and what it may import besides itself and the floor: "formats" is the whole room, "formats.registry" its door.
MAY_IMPORT: dict[str, set[str]] = {
    "__main__": {"gui", "cli", "settings"},
    "gui": {"engine", "explore", "project", "settings", "demo", "export", "pictures", "map_files", "project_file"}
    | {"overlay_picture", "plane_picture"}
    | {"formats.registry", "mae.plan", "analysis.maps", "library_making", "teaching"}
    | {
        f"analysis.{door}"
        for door in ("library", "library_shelf", "lines", "mixture_candidates", "mixtures", "search", "snr")
    },
    "cli": {"cli_features", "cli_files", "cli_identify", "cli_library", "cli_pretrain", "cli_teach"}
    | {"engine", "demo", "export"}
    | {"pictures", "terminal"}
    | {"formats", "mae", "analysis"},
    "cli_features": {"cli_files", "engine", "export", "terminal"} | {"analysis"},
    "cli_files": {"formats", "terminal"},
    "cli_identify": {"cli_features", "cli_files", "cli_library", "engine", "export", "terminal"} | {"analysis"},
    "cli_library": {"cli_features", "library_making", "library_tables", "terminal"} | {"analysis"},
    "cli_teach": {"cli_features", "cli_files", "engine", "export", "teaching", "terminal"},
    "cli_pretrain": {"cli_files", "pictures", "terminal"} | {"formats", "mae"},
    "terminal": set(),
    "demo": {"engine"},
    "explore": {"engine", "project"} | {"analysis"},
    "project_file": {"answered_file", "engine", "identified_file", "project"} | {"formats.hdf5"},
    "answered_file": {"project", "formats.hdf5"},
    "identified_file": {"project"} | {"analysis.search", "formats.hdf5"},
    "map_files": {"analysis.maps"},
    "library_making": {"library_tables", "library_zip"} | {"formats", "analysis"},
    "library_tables": {"analysis"},
    "library_zip": {"formats", "analysis"},
    "export": {"engine", "formats", "project"},
    "pictures": {"engine"},
    "overlay_picture": {"pictures"},
    "plane_picture": {"pictures"},
    "project": {"engine", "formats"} | {"analysis.search"},
    "settings": set(),
    "engine": {"mae", "analysis", "batches", "denoised", "identify", "teaching"},
    "identify": {"analysis", "batches", "denoised"},
    "batches": {"denoised"},
    "teaching": {"analysis", "mae"},
    "denoised": {"analysis"},
    "mae": {"analysis"},
    "analysis": set(),
    "formats": set(),
    **FLOOR,
}
WINDOW_LIBRARIES = {"PySide6", "shiboken6", "pyqtgraph", "qtawesome"}
# Each takes from a tenth of a second to seconds to import, which the first paint must not wait for.
SLOW_LIBRARIES = {
    "torch", "sklearn", "scipy", "h5py", "matplotlib", "pandas", "pydantic", "spc_io", "jcamp", "openTSNE",
    "renishawWiRE",
}  # fmt: skip
PICKLERS = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


@dataclass(frozen=True)
class Import:
    """One imported module, as written at `line` of a module of ours."""

    module: str
    line: int
    at_start: bool  # runs when the module is imported, not inside a function
    for_types: bool  # under TYPE_CHECKING, so it never runs

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name below the package; the package itself is ''."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return found


def imports(name: str) -> Iterator[Import]:
    """What the module `name` imports, with ours told apart from packages: `from ramanstudio.formats import registry`
    is the module ramanstudio.formats.registry."""

    def walk(node: ast.AST, at_start: bool, for_types: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, child.lineno, at_start, for_types)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{name}:{child.lineno}: a relative import; write it out"
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    ours = whole.removeprefix("ramanstudio.") in modules()
                    yield Import(whole if ours else child.module or "", child.lineno, at_start, for_types)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                yield from walk(child, False, for_types)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from walk(child, at_start, True)
            else:
                yield from walk(child, at_start, for_types)

    yield from walk(modules()[name], True, False)


def room(name: str) -> str:
    return name.partition(".")[0]


def ours(name: str) -> Iterator[tuple[Import, str]]:
    """The imports of `name` that stay in the package, with the dotted name below it."""
    for one in imports(name):
        if one.top == "ramanstudio":
            yield one, one.module.removeprefix("ramanstudio").removeprefix(".")


def test_every_room_is_in_the_layer_table() -> None:
    assert {room(name) for name in modules()} - {""} <= set(MAY_IMPORT)


def test_arrows_run_down_only() -> None:
    upward = []
    for name in modules():
        mine = room(name)
        allowed = MAY_IMPORT.get(mine, set()) | (set() if mine in FLOOR else set(FLOOR)) | {mine, ""}
        for one, target in ours(name):
            if not any(target == door or target.startswith(f"{door}.") for door in allowed if door or not target):
                upward.append(f"ramanstudio.{name}:{one.line} imports {one.module}")
    assert upward == []


def test_the_layer_table_itself_has_no_circle() -> None:
    TopologicalSorter({mine: {room(door) for door in doors} for mine, doors in MAY_IMPORT.items()}).prepare()


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {name: {target for one, target in ours(name) if not one.for_types and target != name} for name in modules()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_only_the_window_knows_qt() -> None:
    strangers = [
        f"ramanstudio.{name}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.top in WINDOW_LIBRARIES and room(name) != "gui"
    ]
    assert strangers == []


def test_only_the_model_and_the_engine_know_torch() -> None:
    # __main__ too: on Windows torch has to be loaded before Qt, and the order of the start lives there.
    strangers = [
        f"ramanstudio.{name}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.top == "torch" and not one.for_types and room(name) not in {"mae", "engine", "__main__"}
    ]
    assert strangers == []


def test_slow_libraries_are_imported_where_they_are_used() -> None:
    early = [
        f"ramanstudio.{name}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.top in SLOW_LIBRARIES
        and one.at_start
        and not one.for_types
        # Classes of networks need torch as they are defined; nobody imports those files early, see the next tests.
        and not (one.top == "torch" and room(name) == "mae" and name not in {"mae", "mae.plan", "mae.zoo"})
    ]
    assert early == []


def loaded_by(module: str) -> set[str]:
    """The top-level names of all modules that a fresh Python holds after `import module`."""
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_window_starts_without_the_slow_libraries() -> None:
    assert loaded_by("ramanstudio.gui.main_window") & SLOW_LIBRARIES == set()


def test_the_engine_starts_without_qt_and_without_torch() -> None:
    assert loaded_by("ramanstudio.engine") & (SLOW_LIBRARIES | WINDOW_LIBRARIES) == set()


def test_the_command_line_starts_without_qt_and_without_torch() -> None:
    assert loaded_by("ramanstudio.cli") & (SLOW_LIBRARIES | WINDOW_LIBRARIES) == set()


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports("")) == []


def test_pyside_is_older_than_the_release_that_corrupts_reference_counts() -> None:
    assert tuple(int(part) for part in version("PySide6_Essentials").split(".")[:2]) < (6, 12)


def test_signals_do_not_lose_references_to_none_and_true() -> None:
    # In a Python of its own: where references are lost, the interpreter aborts after some hundreds of signals.
    code = """
import sys
from PySide6.QtCore import QObject, Signal

class Speaker(QObject):
    said = Signal(object)
    told = Signal(object, bool)

heard = []
speaker = Speaker()
speaker.said.connect(heard.append)
speaker.told.connect(lambda what, whether: None)
before = sys.getrefcount(None), sys.getrefcount(True)
for _ in range(2000):
    speaker.said.emit(None)
    speaker.said.emit(True)
    speaker.told.emit(None, True)
    heard.clear()
after = sys.getrefcount(None), sys.getrefcount(True)
print(min(now - then for now, then in zip(after, before)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > -50


def test_no_room_grows_too_big() -> None:
    # A class is asked to stay at about 250; the margin is for rows of one-line verbs that nothing is gained by parting.
    too_big = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > (260 if isinstance(node, ast.ClassDef) else 40):
                    too_big.append(f"ramanstudio.{name}: {node.name} has {lines} lines")
    for path in PACKAGE.rglob("*.py"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 350:
            too_big.append(f"{path.relative_to(ROOT)} has {lines} lines")
    assert too_big == []


def shipped_texts() -> Iterator[tuple[Path, str]]:
    for folder in ("ramanstudio", "resources", "models", "tools", "docs", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".toml", ".json", ".md", ".csv", ".txt", ".qss", ".svg", ".sh"}:
                yield path, path.read_text(encoding="utf-8")
            elif path.suffix == ".safetensors":  # a header of JSON, its length in the first eight bytes
                content = path.read_bytes()
                yield path, content[8 : 8 + int.from_bytes(content[:8], "little")].decode("utf-8")


def test_nothing_shipped_names_a_folder_of_the_machine_that_built_it() -> None:
    folder = re.compile(r"(?<![\w.~])/(?:work|root|home|Users|farm|tmp|opt)/\w|(?<!\w)[A-Z]:\\\\?Users")
    assert [
        f"{path.relative_to(ROOT)}: {found[0]}" for path, text in shipped_texts() if (found := folder.search(text))
    ] == []


def test_nothing_is_pickled() -> None:
    # A pickle from a stranger runs the stranger's code; torch.save and torch.load are pickles too.
    pickled = [
        f"ramanstudio.{name}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.top in PICKLERS
    ]
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"torch.load", "torch.save", "pd.read_pickle"}:
                pickled.append(f"ramanstudio.{name}:{node.lineno} uses {ast.unparse(node)}")
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
                pickled.append(f"ramanstudio.{name}:{node.value.lineno} allows pickles")
    assert pickled == []
