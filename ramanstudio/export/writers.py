"""The table of formats that spectra are written in, WRITERS, and `write`, the front door for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.export.source_files import refuse_source

WriteSet = Callable[[Path, SpectrumSet], None]


@dataclass(frozen=True, slots=True)
class Writer:
    """A format that is written: the `key` that options name, its name for people, suffixes, and the module's `write`.

    `module` is imported when the first file is written.
    """

    key: str
    name: str
    suffixes: tuple[str, ...]
    module: str

    def write(self, path: Path, spectra: SpectrumSet) -> None:
        """Write one set; raises StudioError when the file cannot be written."""
        from importlib import import_module

        import_module(self.module).write(path, spectra)


_FORMATS: Final = "ramanstudio.formats"
WRITERS: Final = (
    Writer("csv", "CSV", (".csv", ".txt", ".tsv"), f"{_FORMATS}.text.writer"),
    Writer("jdx", "JCAMP-DX", (".jdx", ".dx"), f"{_FORMATS}.writers.jcamp_writer"),
    Writer("spc", "Galactic SPC", (".spc",), f"{_FORMATS}.writers.spc_writer"),
    Writer("nxs", "NeXus NXraman", (".nxs",), f"{_FORMATS}.writers.nexus_writer"),
    Writer("h5", "HDF5", (".h5", ".hdf5"), f"{_FORMATS}.hdf5"),
    Writer("xlsx", "Excel", (".xlsx",), f"{_FORMATS}.writers.xlsx_writer"),
)
WRITER_KEYS: Final = tuple(writer.key for writer in WRITERS)


def writer_for(path: Path, key: str | None = None) -> Writer:
    """Return the writer of this `key`, else of the suffix of `path`; raises StudioError where there is none."""
    writer = next(
        (row for row in WRITERS if (row.key == key if key is not None else path.suffix.lower() in row.suffixes)), None
    )
    if writer is None:
        known = ", ".join(suffix for row in WRITERS for suffix in row.suffixes)
        what = f"'{key}' is not a format" if key is not None else f"'{path.name}' has no suffix of a format"
        raise StudioError(f"{what} that spectra are written in.", remedy=f"Choose one of {known}.")
    return writer


def write(spectra: SpectrumSet, path: Path, format: str | None = None, overwrite: bool = False) -> Path:
    """Write a set of spectra to one file, with its metadata and the columns of its table; return the file.

    `format` is a key of WRITERS; without it the suffix of `path` decides. Raises StudioError when the file exists,
    unless `overwrite` says that it may be replaced; when the format is not known, the spectra came from this file, or
    it cannot be written.
    """
    path = Path(path)
    writer = writer_for(path, format)
    refuse_source(path, spectra)
    if not overwrite and os.path.lexists(path):
        raise StudioError(f"'{path.name}' exists already.", remedy="Choose another name, or give overwrite=True.")
    writer.write(path, spectra)
    return path
