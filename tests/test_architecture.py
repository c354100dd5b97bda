"""What must not be imported early, what must not be pickled, and how big a file may grow.

Which package may import which is checked by import-linter (`[tool.importlinter]` in pyproject.toml, `make lint`).
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ramanstudio"

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


def test_slow_libraries_are_imported_where_they_are_used() -> None:
    early = [
        f"ramanstudio.{name}:{one.line} imports {one.module}"
        for name in modules()
        for one in imports(name)
        if one.top in SLOW_LIBRARIES
        and one.at_start
        and not one.for_types
        and (one.top, name) != ("sklearn", "estimators")  # subclasses of its classes; no other module imports that one
        # Classes of networks need torch as they are defined; nobody imports those files early, see the next tests.
        and not (one.top == "torch" and name.startswith("mae") and name not in {"mae", "mae.config", "mae.model_store"})
    ]
    assert early == []


def loaded_by(module: str) -> set[str]:
    """The top-level names of all modules that a fresh Python holds after `import module`."""
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_window_starts_without_the_slow_libraries() -> None:
    assert loaded_by("ramanstudio.gui.shell.main_window") & SLOW_LIBRARIES == set()


def test_the_engine_starts_without_qt_and_without_torch() -> None:
    assert loaded_by("ramanstudio.engine") & (SLOW_LIBRARIES | WINDOW_LIBRARIES) == set()


def test_the_command_line_starts_without_qt_and_without_torch() -> None:
    assert loaded_by("ramanstudio.cli.main") & (SLOW_LIBRARIES | WINDOW_LIBRARIES) == set()


def test_importing_the_package_imports_none_of_its_modules() -> None:
    assert {one.module for one in imports("") if one.at_start and not one.for_types} == {"importlib", "typing"}
    code = "import sys, ramanstudio; print([name for name in sys.modules if name.startswith('ramanstudio.')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


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


def test_what_is_long_has_its_reason_in_the_architecture() -> None:
    # Length is a question, not a limit: a chain of base classes that keeps a file short is worse than a long file.
    reasons = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    long = []
    for name, tree in modules().items():
        path = name.replace(".", "/")
        for node in ast.walk(tree):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > (300 if isinstance(node, ast.ClassDef) else 60):
                    long.append((f"{path}.py: {node.name}", lines))
    for file in PACKAGE.rglob("*.py"):
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            long.append((file.relative_to(PACKAGE).as_posix(), lines))
    assert [f"{what} has {lines} lines" for what, lines in long if f"`{what}`" not in reasons] == []


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
