"""Where a verb writes its table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ramanstudio.cli.files import find_files
from ramanstudio.core.errors import StudioError
from ramanstudio.export.text_table import make_folder


def find_files_for_table(given: Sequence[Path], out: Path) -> list[Path]:
    """Return the files to read, once it is certain that a table can be written to `out`.

    Raises StudioError when `out` is a folder or one of the files, or there is no file.
    """
    if out.is_dir():
        raise StudioError(f"'{out}' is a folder.", remedy="Give the name of the table: --out results.csv.")
    files = find_files(given, out)
    if out.exists() and any(out.samefile(file) for file in files if file.exists()):
        raise StudioError(
            f"'{out.name}' is one of the files to read, and raw data is never overwritten.",
            remedy="Choose another name for the table.",
        )
    make_folder(out.parent)
    return files
