"""Every test runs without a screen and never sees the settings of whoever runs it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt
# Two threads that wait for each other crawl where another program holds a core; the tests' networks are small.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home for settings, logs and models; no test sees the user's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("RAMANSTUDIO_HOME", str(home))
    return home
