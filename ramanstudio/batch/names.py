"""Names of the results of a batch: after their source, below the folder that was given, never two of one name."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

MAX_STEM_BYTES: Final = 180  # of 255 bytes of a file name
SUFFIX: Final = "-processed"


class OutputNames:
    """Gives every input names below an output folder that nobody else has."""

    def __init__(self, out: Path, given: Iterable[Path], taken: Collection[str] = ()) -> None:
        """`given` are the files and folders of the run, `taken` names relative to `out` that are spoken for."""
        self._out = out
        self._folders = [path.absolute() for path in given if path.is_dir()]
        self._taken = {name.casefold() for name in taken}

    def forbid(self, files: Iterable[Path]) -> None:
        """Reserve the names of `files` that lie in the output folder: inputs are never replaced."""
        out = self._out.absolute()
        self._taken |= {
            str(file.absolute().relative_to(out)).casefold() for file in files if out in file.absolute().parents
        }

    def choose(self, file: Path, n_sets: int, extension: str, overwrite: bool) -> list[str]:
        """Return a name for each of the `n_sets` sets of a file, relative to the output folder, and reserve them.

        Names that files of somebody else have are left out, unless they may be overwritten.
        """
        folder = self._folder(file)
        stem = _short(file.stem)
        names = list[str]()
        number = 1
        while len(names) < n_sets:
            name = str(folder / f"{stem}{'' if number == 1 else f'-{number}'}{SUFFIX}.{extension}")
            number += 1
            if name.casefold() in self._taken or (not overwrite and os.path.lexists(self._out / name)):
                continue
            self._taken.add(name.casefold())
            names.append(name)
        return names

    def _folder(self, file: Path) -> Path:
        """Where a result lies: as its source below the folder that was given."""
        absolute = file.absolute()
        for folder in self._folders:
            if folder in absolute.parents:
                return absolute.parent.relative_to(folder)
        return Path()


def _short(stem: str) -> str:
    encoded = os.fsencode(stem)
    return stem if len(encoded) <= MAX_STEM_BYTES else encoded[:MAX_STEM_BYTES].decode(errors="ignore")
