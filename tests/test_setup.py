"""The set-up behind `make`: quick when done, completed after an interruption, and clear about what is missing."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """tools/setup.py on a copy of the project, on a machine with every library, with a fake pip that records calls."""
    spec = importlib.util.spec_from_file_location("setup_under_test", ROOT / "tools" / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    venv = tmp_path / ".venv"
    python = venv / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    paths = {
        "ROOT": tmp_path,
        "VENV": venv,
        "PYTHON": python,
        "STAMP": venv / "set-up.json",
        "LOG": venv / "set-up.log",
        "CONSTRAINTS": tmp_path / "constraints.txt",
    }
    for name, path in paths.items():
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(module, "loads", lambda library: True)
    monkeypatch.setattr(module, "make_venv", lambda: None)
    monkeypatch.setattr(module, "announce_torch", lambda: None)
    module.pip_install_for_real = module.pip_install  # type: ignore[attr-defined]
    module.installed = []  # type: ignore[attr-defined]

    def pip_install(*arguments: str) -> SimpleNamespace:
        module.installed.append(arguments[-1])  # type: ignore[attr-defined]
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(module, "pip_install", pip_install)
    return module


def test_the_second_run_installs_nothing(setup: ModuleType, tmp_path: Path) -> None:
    setup.main("run")
    assert setup.installed == ["setuptools", str(tmp_path)]
    setup.main("run")
    setup.main("demo")
    assert len(setup.installed) == 2


def test_testing_adds_the_dev_extra_and_a_later_update_keeps_it(setup: ModuleType, tmp_path: Path) -> None:
    setup.main("run")
    setup.main("test")
    assert setup.installed[-1] == f"{tmp_path}[dev]"
    (tmp_path / "constraints.txt").write_text("numpy==0\n")
    setup.main("run")
    assert setup.installed[-1] == f"{tmp_path}[dev]"


def test_building_the_bundle_asks_for_the_programs_it_needs(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("system packages are installed on Linux only")
    monkeypatch.setattr(setup, "loads", lambda name: name != "zstd")
    assert setup.missing_packages(setup.GOALS["bundle"][1]) == ["zstd"]
    assert setup.missing_packages(setup.GOALS["run"][1]) == []


@pytest.mark.parametrize("changed", ["constraints.txt", "pyproject.toml"])
def test_changed_pins_are_installed(setup: ModuleType, tmp_path: Path, changed: str) -> None:
    setup.main("run")
    with (tmp_path / changed).open("a") as file:
        file.write("\n# changed\n")
    setup.main("run")
    assert len(setup.installed) == 4


def test_an_interrupted_update_is_completed_later(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup.main("run")
    (tmp_path / "constraints.txt").write_text("numpy==0\n")

    def interrupted(*_: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(setup, "pip_install", interrupted)
        setup.main("run")
    # even with the earlier pins again it is not complete: pip may have stopped half-way
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    setup.main("run")
    assert len(setup.installed) == 4


def test_a_failed_installation_is_not_complete_and_shows_the_end_of_the_log(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: str) -> SimpleNamespace:
        setup.LOG.write_text("".join(f"line {number}\n" for number in range(200)) + "ERROR: no such version\n")
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(setup, "pip_install", failing)
    with pytest.raises(setup.CannotSetUp, match="pip could not"):
        setup.main("run")
    assert not setup.STAMP.exists()
    printed = capsys.readouterr().out
    assert "ERROR: no such version" in printed and "line 100" not in printed


def test_a_patch_release_of_python_does_not_install_again(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.main("run")
    monkeypatch.setattr(setup.sys, "version", "3.11.99 (main, after an apt upgrade)")
    monkeypatch.setattr(setup.sys, "executable", "/usr/bin/python3.11")
    setup.main("run")
    assert len(setup.installed) == 2
    changed = SimpleNamespace(cache_tag="cpython-399")
    monkeypatch.setattr(setup.sys, "implementation", changed)
    setup.main("run")
    assert len(setup.installed) == 4


def test_the_output_of_pip_goes_to_the_log(setup: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    assert setup.pip_install_for_real("--help").returncode == 0
    log = setup.LOG.read_text(encoding="utf-8")
    assert log.startswith("$ ") and "Usage:" in log
    assert capfd.readouterr() == ("", "")


def test_without_root_the_message_names_the_missing_packages(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not sys.platform.startswith("linux") or not shutil.which("apt-get"):
        pytest.skip("names Debian's packages, so only where there is apt-get")
    monkeypatch.setattr(setup, "loads", lambda library: "EGL" not in library)
    monkeypatch.setattr(setup, "as_root", lambda: None)
    with pytest.raises(setup.CannotSetUp, match=r"only root or sudo.*apt-get install libegl1"):
        setup.main("run")
    assert setup.installed == []
    setup.main("demo")  # needs no Qt, so it goes on
    assert "Continuing" in capsys.readouterr().out
    assert len(setup.installed) == 2


def test_only_missing_packages_are_installed_and_they_are_named(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("system packages are installed on Linux only")
    loaded = {"libEGL.so.1": False}
    commands = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        loaded["libEGL.so.1"] = "install" in command
        return SimpleNamespace(returncode=0, stdout="")

    monkeypatch.setattr(setup, "loads", lambda library: loaded.get(library, True))
    monkeypatch.setattr(setup, "as_root", lambda: ["sudo"])
    monkeypatch.setattr(setup.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(setup, "subprocess", SimpleNamespace(run=run, PIPE=subprocess.PIPE))
    setup.install_system("run", ("offscreen", "window"))
    assert "installing the missing system packages: libegl1\n" in capsys.readouterr().out
    assert [command[-1] for command in commands] == ["update", "libegl1"]
    assert all(command[0] == "sudo" for command in commands)


def test_every_package_is_pinned_to_what_the_tests_run_with() -> None:
    """Everything that ramanstudio[dev] installs is pinned in constraints.txt, in the installed version."""
    pins = {
        canonicalize_name(requirement.name): requirement.specifier
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if (requirement := Requirement(line) if re.match(r"\w", line) else None)
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]
    seen: set[str] = set()
    wrong = []
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        try:
            installed = version(name)
        except PackageNotFoundError:
            wrong.append(f"{name} is not installed")
            continue
        if name not in pins or not pins[name].contains(installed, prereleases=True):
            wrong.append(f"{name} {installed} is installed, constraints.txt has {pins.get(name, 'nothing')}")
        wanted += [Requirement(line) for line in requires(name) or []]
    assert wrong == []
    assert pins["torch"] == "==2.13.0"
