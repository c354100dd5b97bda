"""Where what we ship lies, and where the user's own things go."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def bundled_path(*parts: str) -> Path:
    """The path of a file or folder that comes with the program, such as `bundled_path("models", "smae-base")`."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parents[2]
    return root.joinpath(*parts)


def _user_folder(kind: str) -> Path:
    # RAMANSTUDIO_HOME puts everything in one place: portable installs, and tests that must not see the user's settings.
    home = os.environ.get("RAMANSTUDIO_HOME")
    if home:
        folder = Path(home) / kind
    else:
        import platformdirs

        folder = Path(getattr(platformdirs, f"user_{kind}_dir")("RamanStudio", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def user_config() -> Path:
    """The folder of the user's settings; made when missing."""
    return _user_folder("config")


def user_data() -> Path:
    """The folder of the user's models and libraries; made when missing."""
    return _user_folder("data")


def user_cache() -> Path:
    """The folder of what may be deleted at any time; made when missing."""
    return _user_folder("cache")


def user_libraries() -> Path:
    """The folder of the user's libraries of references; made when missing."""
    folder = user_data() / "libraries"
    folder.mkdir(exist_ok=True)
    return folder


def user_log() -> Path:
    """The folder of logs and crash reports; made when missing."""
    return _user_folder("log")
