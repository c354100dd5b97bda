"""The file that spectra were read from, which is never written to."""

from __future__ import annotations

from pathlib import Path

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet


def source_path(spectra: SpectrumSet) -> Path | None:
    """Return the absolute path of the file that `spectra` were read from, or None."""
    source = spectra.about.get("source")
    return Path(str(source)).absolute() if source else None


def refuse_source(path: Path, raw: SpectrumSet) -> None:
    """Raise StudioError when `path` is the file that `raw` was read from."""
    source = source_path(raw)
    if source and path.exists() and source.exists() and path.samefile(source):
        raise StudioError(
            f"'{path.name}' is the file the raw spectra came from, and raw data is never overwritten.",
            remedy="Choose another name or another folder.",
        )
