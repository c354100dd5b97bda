"""The tables of standards that come with the program, in resources/calibration."""

from __future__ import annotations

import tomllib
from typing import Any

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path
from ramanstudio.core.schema import Schema

_REMEDY = "Install RamanStudio again."


def read_table(file: str, key: str, row: Schema, what: str) -> list[dict[str, Any]]:
    """Return the rows `key` of a file, each checked by `row`; `what` begins the sentence of an error.

    Raises StudioError when the file cannot be read, or a row is not what it has to be.
    """
    try:
        rows = tomllib.loads(bundled_path("resources", "calibration", file).read_text(encoding="utf-8"))[key]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise StudioError(f"{what} cannot be read.", remedy=_REMEDY) from error
    return [row.read(each, what, _REMEDY) for each in rows]
