"""A library: references whose substance is known, in one file that is mapped, and written anew by every edit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any, Final, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.spectra import Plain, SpectrumSet
from ramanstudio.library import library_file
from ramanstudio.library.library_file import SUFFIX, TEXTS, Rows, Stored
from ramanstudio.library.reference import Reference, measured

__all__ = ["SUFFIX", "Fingerprinter", "Library", "Reference", "duplicates", "measured", "merged", "open", "write"]

AT_ONCE: Final = 64  # references that a model looks at between two reports
_SAME: Final = 0.99995  # correlation of two copies of one spectrum, which rounding alone tells apart


class Fingerprinter(Protocol):
    """Computes the fingerprints that a search compares (the engine); `fingerprint_version` names model and version."""

    @property
    def fingerprint_version(self) -> str: ...

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[Any]]:
        """Arrays by name, whose first dimension counts `spectra` (sets of one)."""


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """N references in the file `path`.

    `names`, `groups`, `formulas`, `sources`, `licences`, `samples` and `notes` are texts (N,), `laser_nm` (N,) is NaN
    where it is not known; `hash` is of spectra and texts. Several references of one name are one substance. Every edit
    writes the file anew, atomically, and gives the library opened again; this one still shows the old file.
    """

    path: Path
    title: str
    names: NDArray[Any]
    groups: NDArray[Any]
    formulas: NDArray[Any]
    laser_nm: NDArray[np.float64]
    sources: NDArray[Any]
    licences: NDArray[Any]
    samples: NDArray[Any]
    notes: NDArray[Any]
    hash: str
    stored: Stored

    def __len__(self) -> int:
        return len(self.stored)

    @property
    def fingerprint_version(self) -> str:
        """Which model made the `fingerprints`; empty unless it has seen every reference."""
        return self.stored.fingerprint_version if self.stored.fingerprinted.all() else ""

    @property
    def fingerprints(self) -> Mapping[str, NDArray[Any]]:
        """What a search compares, arrays (N, …) by name, mapped from the file; none before the library is prepared."""
        return self.stored.fingerprints if self.fingerprint_version else MappingProxyType({})

    @property
    def features(self) -> NDArray[np.float32] | None:
        """What each reference is of, rows of unit length (N, D); None before the library is prepared."""
        return self.fingerprints.get("features")

    def spectrum(self, index: int) -> SpectrumSet:
        """Reference `index` as a set of one, mapped from the file; raises StudioError when it is damaged."""
        index = range(len(self))[index]
        begin, end = self.stored.offsets[index : index + 2].tolist()
        about: dict[str, Plain] = {}
        if np.isfinite(self.laser_nm[index]):
            about["laser_nm"] = float(self.laser_nm[index])
        if self.samples[index]:
            about["sample"] = self.samples[index]
        values = np.asarray(self.stored.values[begin:end])[None]
        try:
            axis = self.stored.axis[begin:end].astype(np.float64)
            return SpectrumSet(axis, values, {"name": np.array([self.names[index]], dtype=str)}, about)
        except StudioError as error:
            raise StudioError(
                f"Reference {index + 1} of the library '{self.title}', '{self.names[index]}', is damaged.",
                remedy="Remove it, or make the library again.",
            ) from error

    def reference(self, index: int) -> Reference:
        """Reference `index` with all that is known of it."""
        texts = {column: str(self.stored.texts[column][index]) for column in TEXTS}
        return Reference(spectrum=self.spectrum(index), laser_nm=float(self.laser_nm[index]), **texts)

    def added(self, references: Sequence[Reference], progress: Progress = SILENT) -> Library:
        """With `references` at the end."""
        return self._written([self._rows(), Rows.of(references)], progress=progress)

    def removed(self, which: ArrayLike, progress: Progress = SILENT) -> Library:
        """Without the references numbered `which`; raises StudioError when none would be left."""
        kept = np.setdiff1d(np.arange(len(self)), np.asarray(which, dtype=np.intp))
        return self._written([self.stored.rows(kept)], progress=progress)

    def renamed(self, which: ArrayLike, name: str, progress: Progress = SILENT) -> Library:
        """With another substance's name for the references numbered `which`."""
        return self.edited(which, progress, name=name)

    def edited(self, which: ArrayLike, progress: Progress = SILENT, **texts: str) -> Library:
        """With other texts (name, group, formula, source, licence, sample, note) for those numbered `which`."""
        if "name" in texts and not texts["name"].strip():
            raise StudioError("A reference needs the name of its substance.", remedy="Type a name.")
        rows = self._rows()
        changed = {column: list(rows.texts[column]) for column in texts}
        for index in np.asarray(which, dtype=np.intp).ravel().tolist():
            for column, text in texts.items():
                changed[column][index] = " ".join(text.split())
        return self._written([replace(rows, texts={**rows.texts, **changed})], progress=progress)

    def titled(self, title: str, progress: Progress = SILENT) -> Library:
        """With another title; the file keeps its name."""
        return self._written([self._rows()], title, progress)

    def with_fingerprints(self, engine: Fingerprinter, progress: Progress = SILENT) -> Library:
        """With what the model of `engine` compares; references that this model has seen already are left alone.

        Raises StudioError when the file cannot be written, Cancelled when asked to stop.
        """
        if self.fingerprint_version == engine.fingerprint_version:
            return self
        with library_file.writing(self.path), ExitStack() as scratch:
            fingerprints = self._printed(engine, scratch, progress)
            seen = np.ones(len(self), dtype=bool)
            rows = replace(
                self._rows(),
                fingerprints=fingerprints,
                fingerprinted=seen,
                fingerprint_version=engine.fingerprint_version,
            )
            return self._written([rows], progress=progress)

    def _printed(self, engine: Fingerprinter, scratch: ExitStack, progress: Progress) -> dict[str, NDArray[Any]]:
        """What `engine` makes of all references, in files of `scratch`: of many it is larger than memory."""
        stored = self.stored
        kept = stored.fingerprinted & (stored.fingerprint_version == engine.fingerprint_version)
        done, total, files = 0, int((~kept).sum()), dict[str, IO[bytes]]()
        kinds: dict[str, NDArray[Any]] = dict(stored.fingerprints) if kept.any() else {}
        for start in range(0, len(self), AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, len(self)))
            missing = rows[~kept[rows]]
            progress(done, total, f"references of '{self.title}' prepared")
            made = (
                engine.compute_fingerprints([self.spectrum(index) for index in missing.tolist()])
                if len(missing)
                else {}
            )
            kinds = kinds or dict(made)
            for name, kind in kinds.items():
                block = np.zeros((len(rows), *kind.shape[1:]), dtype=kind.dtype)
                if len(missing) < len(rows):
                    block[kept[rows]] = stored.fingerprints[name][rows[kept[rows]]]
                if len(missing):
                    block[~kept[rows]] = made[name]
                if name not in files:
                    files[name] = scratch.enter_context(TemporaryFile(dir=self.path.parent))  # noqa: SIM115
                files[name].write(block.tobytes())
            done += len(missing)
        for file in files.values():
            file.flush()
        return {name: _read_again(file, len(self), kinds[name]) for name, file in files.items()}

    def _rows(self) -> Rows:
        return self.stored.rows(np.arange(len(self)))

    def _written(self, parts: Sequence[Rows], title: str = "", progress: Progress = SILENT) -> Library:
        library_file.write(self.path, title or self.title, parts, progress)
        return open(self.path)


def _read_again(file: IO[bytes], many: int, kind: NDArray[Any]) -> NDArray[Any]:
    """The `many` rows, of the kind of the rows `kind`, that were written to a file."""
    shape = (many, *kind.shape[1:])
    return np.memmap(file, kind.dtype, "r", shape=shape) if file.tell() else np.zeros(shape, kind.dtype)


def open(path: Path) -> Library:
    """Open a library; its spectra stay in the file until they are looked at.

    Raises StudioError, which names the file, where it is missing, damaged, or no library.
    """
    stored = library_file.read(Path(path))
    texts = {f"{column}s": entries for column, entries in stored.texts.items()}
    return Library(
        path=stored.path, title=stored.title, laser_nm=stored.laser_nm, hash=stored.hash, stored=stored, **texts
    )


def write(path: Path, references: Sequence[Reference], title: str = "", progress: Progress = SILENT) -> Library:
    """Make a library of `references`; its title is the file's name where none is given.

    Raises StudioError when there is none, one is not a single finite spectrum, or the file cannot be written.
    """
    library_file.write(path, title or path.stem, [Rows.of(references)], progress)
    return open(path)


def merged(path: Path, libraries: Sequence[Library], title: str = "", progress: Progress = SILENT) -> Library:
    """One library of all references of `libraries`; what one model made of several of them is kept."""
    parts = [one.stored.rows(np.arange(len(one))) for one in libraries]
    library_file.write(path, title or path.stem, parts, progress)
    return open(path)


def duplicates(library: Library) -> tuple[tuple[int, ...], ...]:
    """References that are one spectrum, whatever its scale and its name: tuples of two or more of their numbers."""
    stored = library.stored
    alike: dict[tuple[float, ...], list[list[int]]] = defaultdict(list)
    for index, (begin, end) in enumerate(zip(stored.offsets[:-1].tolist(), stored.offsets[1:].tolist(), strict=True)):
        key = (end - begin, round(float(stored.axis[begin]), 1), round(float(stored.axis[end - 1]), 1))
        row = _scaled(stored.values[begin:end])
        for copies in alike[key]:
            first = stored.offsets[copies[0]]
            if float(row @ _scaled(stored.values[first : first + end - begin])) > _SAME:
                copies.append(index)
                break
        else:
            alike[key].append([index])
    found = [tuple(copies) for groups in alike.values() for copies in groups if len(copies) > 1]
    return tuple(sorted(found))


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Intensities (B,) without mean and scale, so that the product of two is their correlation."""
    row = np.asarray(values, dtype=np.float64)
    row = row - row.mean()
    return cast("NDArray[np.float64]", row / (np.linalg.norm(row) or 1.0))
