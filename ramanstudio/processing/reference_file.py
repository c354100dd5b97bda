"""Spectra in files that a step refers to: a background, or one whose axis is taken; read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet


def read_reference(file: str) -> SpectrumSet:
    """Return the first set of spectra in a file. Raises StudioError when it cannot be read."""
    path = Path(file)
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise StudioError(f"The file '{path.name}' is not there.", remedy="Choose the file again.") from error
    return _read(str(path), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(file: str, _changed_ns: int, _size: int) -> SpectrumSet:
    from ramanstudio.formats.registry import read

    return read(Path(file))[0]
