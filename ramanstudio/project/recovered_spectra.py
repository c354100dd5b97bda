"""The spectra of recovered entries: read again from the files they came from, or from those written for recovery."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ramanstudio.core.errors import StudioError
from ramanstudio.core.schema import integer, optional, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.project.project import Entry


def digest_of(source: SpectrumSet) -> str:
    """Return the hash of Raman shifts and intensities."""
    total = hashlib.blake2b(digest_size=16)
    for array in (source.axis, source.values):
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


@dataclass(slots=True)
class SourceReader:
    """Reads the spectra of entries from the files they came from, each file once, or from the packs."""

    folder: Path
    moved_to: Path | None
    missing: list[Path] = field(default_factory=list)
    changed: list[Path] = field(default_factory=list)
    _last_file: tuple[Path, float | None] | None = None
    _last_sets: Sequence[SpectrumSet] = ()
    _packed: dict[str, Path] | None = None

    def read(self, entry: Entry, origin: Mapping[str, Any], about: Mapping[str, Any]) -> SpectrumSet | tuple[str, str]:
        """Return the spectra with the metadata `about`, or the problem and remedy why there are none."""
        digest = text(64)(origin.get("digest"))
        index = optional(integer(0, 2**40))(origin.get("file_index"))
        source = self._from_pack(digest) if index is None else self._from_file(entry, index, digest, about)
        return replace(source, about=about) if isinstance(source, SpectrumSet) else source

    def _from_file(
        self, entry: Entry, index: int, digest: str, about: Mapping[str, Any]
    ) -> SpectrumSet | tuple[str, str]:
        path = self._present_path(entry.path)
        if path is None:
            if entry.path not in self.missing:
                self.missing.append(entry.path)
            return f"'{entry.path.name}' is no longer in '{entry.path.parent}'.", "Put it back, and open it again."
        laser_nm = about.get("laser_nm")
        others: list[SpectrumSet] = []
        # An axis that was converted with the user's laser wavelength needs that wavelength again.
        for laser in (None, float(laser_nm)) if isinstance(laser_nm, int | float) else (None,):
            sets = self._sets(path, laser)
            if index < len(sets):
                if digest_of(sets[index]) == digest:
                    return sets[index]
                others.append(sets[index])
        if not others:
            return f"'{entry.path.name}' has changed and cannot be read as before.", "Open the file again."
        if entry.path not in self.changed:
            self.changed.append(entry.path)
        return others[0]

    def _sets(self, path: Path, laser_nm: float | None) -> Sequence[SpectrumSet]:
        from ramanstudio.formats import registry

        if self._last_file != (path, laser_nm):
            sets: Sequence[SpectrumSet] = ()
            with contextlib.suppress(StudioError):
                sets = [spectra for spectra in registry.read(path, laser_nm) if len(spectra)]
            self._last_file, self._last_sets = (path, laser_nm), sets
        return self._last_sets

    def _present_path(self, path: Path) -> Path | None:
        """Where the file is now: where it was, or below `moved_to` under the longest end of its path that exists."""
        if path.is_file() or self.moved_to is None:
            return path if path.is_file() else None
        parts = path.parts[1:]
        candidates = (self.moved_to.joinpath(*parts[start:]) for start in range(len(parts)))
        return next((candidate for candidate in candidates if candidate.is_file()), None)

    def _from_pack(self, digest: str) -> SpectrumSet | tuple[str, str]:
        from ramanstudio.formats import hdf5, safe_hdf5

        if self._packed is None:
            self._packed = {}
            for path in self.folder.glob("spectra-*.h5"):
                with contextlib.suppress(StudioError), safe_hdf5.open_file(path) as file:
                    self._packed.update(dict.fromkeys(file, path))
        if digest not in self._packed:
            return "Its spectra could not be recovered.", "Make it again from the spectra it came from."
        path = self._packed[digest]
        with safe_hdf5.open_file(path) as file:
            group = file[digest]
            values = group["values"][()]
            table = hdf5.read_columns(path, group["table"], len(values)) if "table" in group else {}
            return SpectrumSet(group["axis"][()], values, table)
