"""A full disk and a killed process leave whole files and no drafts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, and limits on the size of files")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("kind", "count"), [("full-disk", 12), ("kill", 15)])
def test_old_files_stay_whole(tmp_path: Path, kind: str, count: int) -> None:
    command = [sys.executable, "-m", "tests.project.writing_faults", kind, str(tmp_path), str(count)]
    result = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=250, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]
