"""Metadata and columns that our writers put into files as one line of JSON, and how readers restore them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import Plain, SpectrumSet

LABEL: Final = "RamanStudio metadata"
_NOT_WRITTEN: Final = ("source", "format")  # where the spectra came from is another file
MAX_CHARACTERS: Final = 2**24


def to_json(spectra: SpectrumSet, columns: bool = True, limit: int = MAX_CHARACTERS) -> str:
    """Return metadata and `columns` of a set as one line of ASCII; without the columns where it is over the `limit`."""
    content: dict[str, Any] = {"about": written_about(spectra)}
    if columns:
        content["table"] = {name: np.asarray(entries).tolist() for name, entries in spectra.table.items()}
    text = json.dumps(content, allow_nan=True).replace("$", "\\u0024").replace("=", "\\u003d")
    return text if len(text) <= limit or not columns else to_json(spectra, columns=False)


def written_about(spectra: SpectrumSet) -> dict[str, Plain]:
    """Return the metadata of a set that are written."""
    return {name: value for name, value in spectra.about.items() if name not in _NOT_WRITTEN}


def from_json(text: str, count: int) -> tuple[dict[str, Plain], dict[str, NDArray[Any]]]:
    """Return metadata and columns (N,) for `count` spectra; what is damaged or does not fit is left out."""
    if not text.startswith("{") or len(text) > MAX_CHARACTERS:
        return {}, {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}, {}
    if not isinstance(content, dict):
        return {}, {}
    return _about(content.get("about")), _table(content.get("table"), count)


def _about(content: object) -> dict[str, Plain]:
    if not isinstance(content, Mapping):
        return {}
    return {
        name: value
        for name, value in content.items()
        if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))
    }


def _table(content: object, count: int) -> dict[str, NDArray[Any]]:
    if not isinstance(content, Mapping):
        return {}
    table = {}
    for name, entries in content.items():
        if not isinstance(entries, list) or len(entries) != count:
            continue
        if all(isinstance(entry, str) for entry in entries):
            table[name] = np.array(entries, dtype=str)
        elif all(isinstance(entry, int | float) for entry in entries):
            table[name] = np.array(entries)
    return table
