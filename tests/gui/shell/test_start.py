"""How the program starts: which words go where, without a display, and what is not yet loaded at the first paint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ramanstudio.__main__ import _is_verb

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_starting_without_a_display_fails_with_one_sentence() -> None:
    started = run("-m", "ramanstudio", DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
    assert started.returncode == 2
    assert "display" in started.stderr
    assert started.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "verb"),
    [("denoise", True), ("--version", True), ("demo", True), ("a.txt", False), ("/tmp", False), ("some folder", False)],
)
def test_a_bare_word_is_a_verb_and_a_path_a_file(word: str, verb: bool) -> None:
    assert _is_verb(word) is verb


def test_slow_libraries_are_not_imported_before_the_first_paint() -> None:
    program = """
        import json, sys
        from ramanstudio.gui.shell import app
        from ramanstudio.gui.shell.main_window import MainWindow

        def painted(self, event, before=MainWindow.paintEvent):
            before(self, event)
            slow = ["torch", "scipy", "sklearn", "h5py", "pandas", "matplotlib", "pyqtgraph", "qtawesome"]
            print(json.dumps([name for name in slow if name in sys.modules]), flush=True)
            MainWindow.paintEvent = before
            self.close()

        MainWindow.paintEvent = painted
        sys.exit(app.main([], lambda model, device: None))
    """
    started = run("-c", textwrap.dedent(program))
    assert started.returncode == 0, started.stderr
    assert json.loads(started.stdout.splitlines()[0]) == []
