"""Paths of the files that come with the program, and of the user's folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ramanstudio.core.errors import StudioError


def bundled_path(*parts: str) -> Path:
    """Return the path of a file or folder that comes with the program, like `bundled_path("models")`."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parents[2]
    return root.joinpath(*parts)


def _user_folder(kind: str) -> Path:
    """Return the folder for `kind` of files: config, data, cache or log."""
    # RAMANSTUDIO_HOME holds everything in one folder: portable installations, and tests.
    home = os.environ.get("RAMANSTUDIO_HOME")
    if home:
        folder = Path(home) / kind
    else:
        import platformdirs

        folder = Path(getattr(platformdirs, f"user_{kind}_dir")("RamanStudio", appauthor=False))
    return _created(folder)


def _created(folder: Path) -> Path:
    """Return a folder, created when missing; raises StudioError when it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            f"The folder '{folder}' cannot be created: {error.strerror or error}.",
            remedy="Make its parent folder writable, or set RAMANSTUDIO_HOME to a folder that is.",
        ) from error
    return folder


def user_config() -> Path:
    """Return the folder of the user's settings, created when missing."""
    return _user_folder("config")


def user_data() -> Path:
    """Return the folder of the user's models and libraries, created when missing."""
    return _user_folder("data")


def user_cache() -> Path:
    """Return the folder of files that may be deleted at any time, created when missing."""
    return _user_folder("cache")


def user_libraries() -> Path:
    """Return the folder of the user's spectral libraries, created when missing."""
    return _created(user_data() / "libraries")


def user_log() -> Path:
    """Return the folder of logs and crash reports, created when missing."""
    return _user_folder("log")
