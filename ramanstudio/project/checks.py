"""Checks of what a project file holds, beside those of core.schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import Check, array, integer

MAX_ID: Final = 2**31 - 1  # Members put an id and a row into one integer
ID: Final = integer(0, MAX_ID)
INDEX: Final = integer(0, 2**40)


def require(condition: bool, message: str) -> None:
    """Raise ValueError with `message` unless `condition` holds."""
    if not condition:
        raise ValueError(message)


def check_arrays(arrays: Mapping[str, NDArray[Any]], checks: Mapping[str, Check]) -> None:
    """Raise ValueError, of schema, for the first array that does not pass its check."""
    for name, check in checks.items():
        check(arrays[name])


def check_members(
    entry_ids: NDArray[Any], rows: NDArray[Any], sizes: Mapping[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return `entry_ids` and `rows` (N,) as references to spectra, each once, of entries with `sizes`.

    Entries that are not in `sizes` may be referred to: groups remember those of closed files. Raises ValueError.
    """
    check = array("iu", (len(entry_ids),), 0, MAX_ID)
    ids, positions = check(entry_ids).astype(np.int64), check(rows).astype(np.int64)
    require(len(np.unique((ids << 32) | positions)) == len(ids), "a spectrum is listed twice")
    for entry_id in np.unique(ids).tolist():
        if entry_id in sizes:
            inside = positions[ids == entry_id].max() < sizes[entry_id]
            require(bool(inside), "a row is beyond the spectra of its entry")
    return ids, positions


def read_texts(dataset: Any) -> list[str]:
    """Return the texts (N,) of a dataset; bytes that are not UTF-8 are replaced."""
    require(dataset.ndim == 1, "texts are not a list")
    return [str(text) for text in dataset.asstr(errors="replace")[()]]
