"""A library: reference spectra of known substances in one memory-mapped file, rewritten whole by every edit."""

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
from ramanstudio.core.writing import write_error
from ramanstudio.library import library_file
from ramanstudio.library.library_file import SUFFIX, TEXTS, Rows, Stored, row_types
from ramanstudio.library.reference import Reference

__all__ = ["SUFFIX", "Fingerprinter", "Library", "Reference", "duplicates", "merged", "open", "write"]

BATCH_SIZE: Final = 64  # references fingerprinted between two progress reports
_DUPLICATE_CORRELATION: Final = 0.99995  # two copies of one spectrum differ by rounding alone


class Fingerprinter(Protocol):
    """Computes the fingerprints that a search compares (the engine); `fingerprint_version` names model and version."""

    @property
    def fingerprint_version(self) -> str: ...

    def compute_fingerprints(self, spectra: Sequence[SpectrumSet]) -> Mapping[str, NDArray[Any]]:
        """Fingerprints of `spectra` (N sets of one): arrays (N, …) by name."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Library:
    """N references in the file `path`.

    `names`, `groups`, `formulas`, `sources`, `licences`, `samples` and `notes` are texts (N,); `laser_nm` (N,) is NaN
    where it is unknown; `hash` is the SHA-256 of spectra and texts. References with the same name are one substance.
    Every edit rewrites the file atomically and returns the library opened anew; this object still shows the old file.
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
        """Model and version that computed the `fingerprints`; empty unless every reference has them."""
        return self.stored.fingerprint_version if self.stored.fingerprinted.all() else ""

    @property
    def fingerprints(self) -> Mapping[str, NDArray[Any]]:
        """Fingerprints that a search compares, arrays (N, …) by name, memory-mapped; empty before they are computed."""
        return self.stored.fingerprints if self.fingerprint_version else MappingProxyType({})

    @property
    def features(self) -> NDArray[np.float32] | None:
        """Embeddings of the references, rows of unit length (N, D); None before they are computed."""
        return self.fingerprints.get("features")

    def spectrum(self, index: int) -> SpectrumSet:
        """Return reference `index` as a set of one; raises StudioError when it is damaged."""
        index = range(len(self))[index]
        begin, end = self.stored.offsets[index : index + 2].tolist()
        about: dict[str, Plain] = {}
        if np.isfinite(self.laser_nm[index]):
            about["laser_nm"] = float(self.laser_nm[index])
        if self.samples[index]:
            about["sample"] = self.samples[index]
        values = np.asarray(self.stored.values[begin:end])[None]
        try:
            with np.errstate(invalid="ignore"):  # a damaged file may hold signalling NaN
                axis = self.stored.axis[begin:end].astype(np.float64)
            return SpectrumSet(axis, values, {"name": np.array([self.names[index]], dtype=str)}, about)
        except StudioError as error:
            raise StudioError(
                f"Reference {index + 1} of the library '{self.title}', '{self.names[index]}', is damaged.",
                remedy="Remove it, or make the library again.",
            ) from error

    def reference(self, index: int) -> Reference:
        """Return reference `index` with its metadata; raises StudioError when its spectrum is damaged."""
        texts = {column: str(self.stored.texts[column][index]) for column in TEXTS}
        return Reference(spectrum=self.spectrum(index), laser_nm=float(self.laser_nm[index]), **texts)

    def added(self, references: Sequence[Reference], progress: Progress = SILENT) -> Library:
        """Append `references`."""
        return self._written([self._rows(), Rows.of(references)], progress=progress)

    def removed(self, which: ArrayLike, progress: Progress = SILENT) -> Library:
        """Remove the references with indices `which` (M,); raises StudioError when none would be left."""
        kept = np.setdiff1d(np.arange(len(self)), np.asarray(which, dtype=np.intp))
        return self._written([self.stored.rows(kept)], progress=progress)

    def renamed(self, which: ArrayLike, name: str, progress: Progress = SILENT) -> Library:
        """Give the references with indices `which` (M,) another substance name."""
        return self.edited(which, progress, name=name)

    def edited(self, which: ArrayLike, progress: Progress = SILENT, **texts: str) -> Library:
        """Replace texts (name, group, formula, source, licence, sample, note) of the references `which` (M,).

        Raises StudioError when a name is empty.
        """
        if "name" in texts and not texts["name"].strip():
            raise StudioError("A reference needs the name of its substance.", remedy="Type a name.")
        rows = self._rows()
        changed = {column: list(rows.texts[column]) for column in texts}
        for index in np.asarray(which, dtype=np.intp).ravel().tolist():
            for column, text in texts.items():
                changed[column][index] = " ".join(text.split())
        return self._written([replace(rows, texts={**rows.texts, **changed})], progress=progress)

    def titled(self, title: str, progress: Progress = SILENT) -> Library:
        """Give the library another title; the file keeps its name."""
        return self._written([self._rows()], title, progress)

    def with_fingerprints(self, engine: Fingerprinter, progress: Progress = SILENT) -> Library:
        """Compute the fingerprints that `engine` is missing and store them; those it made before are kept.

        Raises StudioError when the file cannot be written, Cancelled when asked to stop.
        """
        if self.fingerprint_version == engine.fingerprint_version:
            return self
        with ExitStack() as scratch:
            try:
                fingerprints = self._compute_fingerprints(engine, scratch, progress)
            except OSError as error:  # of the temporary files
                raise write_error(self.path, error) from error
            rows = replace(
                self._rows(),
                fingerprints=fingerprints,
                fingerprinted=np.ones(len(self), dtype=bool),
                fingerprint_version=engine.fingerprint_version,
            )
            return self._written([rows], progress=progress)

    def _compute_fingerprints(
        self, engine: Fingerprinter, scratch: ExitStack, progress: Progress
    ) -> dict[str, NDArray[Any]]:
        """Fingerprints of all references by `engine`, in temporary files: those of many are larger than memory."""
        stored = self.stored
        known = stored.fingerprinted & (stored.fingerprint_version == engine.fingerprint_version)
        done, total, files = 0, int((~known).sum()), dict[str, IO[bytes]]()
        templates: dict[str, NDArray[Any]] = dict(stored.fingerprints) if known.any() else {}
        for start in range(0, len(self), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(self)))
            missing = rows[~known[rows]]
            progress(done, total, f"references of '{self.title}' prepared")
            spectra = [self.spectrum(index) for index in missing.tolist()]
            computed = engine.compute_fingerprints(spectra) if spectra else {}
            templates = templates or dict(computed)
            if computed and row_types(computed) != row_types(templates):
                raise StudioError(
                    f"The library '{self.title}' is damaged: its fingerprints are incomplete.",
                    remedy="Use a copy of it, or build it again.",
                )
            for name, template in templates.items():
                block = np.zeros((len(rows), *template.shape[1:]), dtype=template.dtype)
                if len(missing) < len(rows):
                    block[known[rows]] = stored.fingerprints[name][rows[known[rows]]]
                if len(missing):
                    block[~known[rows]] = computed[name]
                if name not in files:
                    files[name] = scratch.enter_context(TemporaryFile(dir=self.path.parent))  # noqa: SIM115
                files[name].write(block.tobytes())
            done += len(missing)
        for file in files.values():
            file.flush()
        return {name: _mapped_rows(file, len(self), templates[name]) for name, file in files.items()}

    def _rows(self) -> Rows:
        return self.stored.rows(np.arange(len(self)))

    def _written(self, parts: Sequence[Rows], title: str = "", progress: Progress = SILENT) -> Library:
        library_file.write(self.path, title or self.title, parts, progress)
        return open(self.path)


def _mapped_rows(file: IO[bytes], n_rows: int, template: NDArray[Any]) -> NDArray[Any]:
    """The rows written to a file, memory-mapped; `template` (N, …) has their type and shape."""
    shape = (n_rows, *template.shape[1:])
    return np.memmap(file, template.dtype, "r", shape=shape) if file.tell() else np.zeros(shape, template.dtype)


def open(path: Path) -> Library:
    """Open a library; its spectra stay in the file until they are used.

    Raises StudioError, which names the file, when it is missing, damaged or not a library.
    """
    stored = library_file.read(Path(path))
    texts = {f"{column}s": entries for column, entries in stored.texts.items()}
    return Library(
        path=stored.path, title=stored.title, laser_nm=stored.laser_nm, hash=stored.hash, stored=stored, **texts
    )


def write(path: Path, references: Sequence[Reference], title: str = "", progress: Progress = SILENT) -> Library:
    """Write `references` as the library `path`, whose title is the file's name unless it is given.

    Raises StudioError when there are none, one is not a single finite spectrum, or the file cannot be written.
    """
    library_file.write(path, title or path.stem, [Rows.of(references)], progress)
    return open(path)


def merged(path: Path, libraries: Sequence[Library], title: str = "", progress: Progress = SILENT) -> Library:
    """Write all references of `libraries` as one library; fingerprints by the same model are kept."""
    parts = [library.stored.rows(np.arange(len(library))) for library in libraries]
    library_file.write(path, title or path.stem, parts, progress)
    return open(path)


def duplicates(library: Library) -> tuple[tuple[int, ...], ...]:
    """Return groups of references that are copies of one spectrum, whatever their scale and name, as their indices."""
    stored = library.stored
    groups: dict[tuple[float, ...], list[list[int]]] = defaultdict(list)  # by number of points and range
    for index, (begin, end) in enumerate(zip(stored.offsets[:-1].tolist(), stored.offsets[1:].tolist(), strict=True)):
        key = (end - begin, round(float(stored.axis[begin]), 1), round(float(stored.axis[end - 1]), 1))
        row = _standardised(stored.values[begin:end])
        for copies in groups[key]:
            first = stored.offsets[copies[0]]
            if float(row @ _standardised(stored.values[first : first + end - begin])) > _DUPLICATE_CORRELATION:
                copies.append(index)
                break
        else:
            groups[key].append([index])
    return tuple(sorted(tuple(copies) for in_range in groups.values() for copies in in_range if len(copies) > 1))


def _standardised(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Intensities (B,) less their mean, of unit length: the product of two such rows is their correlation."""
    row = np.nan_to_num(np.asarray(values, dtype=np.float64), posinf=0, neginf=0)  # a damaged file may hold any
    row = row - row.mean()
    return cast("NDArray[np.float64]", row / (np.linalg.norm(row) or 1.0))
