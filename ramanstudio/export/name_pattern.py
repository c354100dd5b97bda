"""Names of exported files from a pattern such as `{name}-{content}`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final

from ramanstudio.core.errors import StudioError

PLACEHOLDERS: Final = {
    "name": "name in the list, without the suffix of its file",
    "file": "name of the file it was read from",
    "folder": "folder of that file",
    "number": "number in the order of the list: 01, 02, …",
    "content": "raw, denoised or processed",
    "sample": "sample of the metadata",
    "date": "date of the metadata",
}
DEFAULT_PATTERN: Final = "{name}-{content}"
_MAX_BYTES: Final = 180  # of 255 bytes of a file name
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*\u2028\u2029]+')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows


def check_pattern(pattern: str) -> None:
    """Raise StudioError where a pattern is empty or names a placeholder that does not exist."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    unknown = [name for name in _FIELD.findall(pattern) if name not in PLACEHOLDERS]
    if unknown:
        raise StudioError(f"'{{{unknown[0]}}}' is no placeholder of file names.", remedy=f"Use {known}.")
    if set("{}") & set(_FIELD.sub("", pattern)):
        raise StudioError("A brace in the names has no partner.", remedy=f"Use {known}.")
    if not pattern.strip():
        raise StudioError("The files need names.", remedy=f"Write a pattern such as {DEFAULT_PATTERN}.")


def fill_pattern(pattern: str, values: Mapping[str, str]) -> str:
    """Return the stem of a file name: `pattern` with its placeholders filled, and what no system allows replaced."""
    filled = _FIELD.sub(lambda match: values.get(match[1], ""), pattern)
    stem = _FORBIDDEN.sub("_", filled).strip(" .") or "spectrum"
    if _RESERVED.fullmatch(stem):
        stem = f"_{stem}"
    encoded = os.fsencode(stem)
    return stem if len(encoded) <= _MAX_BYTES else encoded[:_MAX_BYTES].decode(errors="ignore").rstrip(" .")
