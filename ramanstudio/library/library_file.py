"""How a library lies on disk: one HDF5 file of contiguous arrays, which are mapped where they lie instead of read.

`spectra` has `axis`, `values` and `offsets` (spectrum i is `axis[offsets[i]:offsets[i + 1]]`, …) and a column for each
text, so that any reader of HDF5 spectra reads a library. The group "prints" holds the fingerprints that a model has
computed, "printed" flags the references that have one, and the attribute "made_by" names that model and its version.
Nothing is pickled, and every offset and size is checked against the length of the file before it is used.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.core.writing import atomic_path
from ramanstudio.library.reference import Reference, Spectrum, plain

if TYPE_CHECKING:
    import h5py

SUFFIX: Final = ".ramanlib"
VERSION: Final = 1
TEXTS: Final = ("name", "group", "formula", "source", "licence", "sample", "note")
LONGEST_TEXT: Final = 300  # characters kept of a name or a source
_MARK: Final = "RamanStudio library"
_LABEL: Final = "label"  # what a column of substances is called in every HDF5 file of spectra
_BLOCK: Final = 2_000_000  # points written at once
_AT_ONCE: Final = 4096  # rows of prints written at once
_ALIGNED: Final = 64  # bytes; a mapped array that begins anywhere is slow to multiply


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n references on their way into a file.

    `texts` {column: n texts}, `laser_nm` and `lengths` (n,); `spectra()` gives them one after the other. The
    fingerprints of those that are `fingerprinted` (n,), computed by the model `fingerprint_version`, are the rows
    `which` (n,) of `fingerprints` {name: (N, …)}.
    """

    texts: Mapping[str, Sequence[str]]
    laser_nm: NDArray[np.float64]
    lengths: NDArray[np.int64]
    spectra: Callable[[], Iterator[Spectrum]]
    which: NDArray[np.intp]
    fingerprints: Mapping[str, NDArray[Any]]
    fingerprinted: NDArray[np.bool_]
    fingerprint_version: str

    def __len__(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, references: Sequence[Reference]) -> Rows:
        """References that no model has seen yet; raises StudioError where one is no single, finite spectrum."""
        spectra = [plain(reference) for reference in references]
        return cls(
            {column: [_short(str(getattr(one, column))) for one in references] for column in TEXTS},
            np.array([one.laser_nm for one in references], dtype=np.float64),
            np.array([len(axis) for axis, _ in spectra], dtype=np.int64),
            lambda: iter(spectra),
            np.arange(len(references)),
            {},
            np.zeros(len(references), dtype=bool),
            "",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A library as it lies in the file `path`; `axis` and `values` (P,) and the `fingerprints` are mapped, not read."""

    path: Path
    title: str
    hash: str
    texts: Mapping[str, NDArray[Any]]
    laser_nm: NDArray[np.float64]
    offsets: NDArray[np.int64]
    axis: NDArray[np.float32]
    values: NDArray[np.float32]
    fingerprints: Mapping[str, NDArray[Any]]
    fingerprinted: NDArray[np.bool_]
    fingerprint_version: str

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def rows(self, which: NDArray[np.intp]) -> Rows:
        """Some of the references, to be written again."""
        begins, ends = self.offsets[which], self.offsets[which + 1]

        def spectra() -> Iterator[Spectrum]:
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
                yield self.axis[begin:end], self.values[begin:end]

        return Rows(
            {column: entries[which].tolist() for column, entries in self.texts.items()},
            self.laser_nm[which],
            ends - begins,
            spectra,
            which,
            self.fingerprints,
            self.fingerprinted[which],
            self.fingerprint_version,
        )


def _short(text: str) -> str:
    text = " ".join(text.replace("\0", " ").split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


# Writing


def write(path: Path, title: str, parts: Sequence[Rows], progress: Progress = SILENT) -> None:
    """Write a library of all references of `parts`, in order and atomically: a crash leaves the file as it was.

    What a model made of references is kept of that model which has seen most of them. Raises StudioError when there is
    no reference or the file cannot be written, Cancelled when asked to stop.
    """
    import h5py

    if not sum(map(len, parts)):
        raise StudioError("A library needs at least one reference.", remedy="Give spectra whose substance is known.")
    aligned = {"alignment_threshold": _ALIGNED, "alignment_interval": _ALIGNED}
    with writing(path), atomic_path(path) as draft, h5py.File(draft, "w", **aligned) as file:
        _put_fact(file, "format", _MARK)
        _put_fact(file, "version", str(VERSION))
        _put_fact(file, "title", _short(title) or path.stem)
        digest = hashlib.sha256()
        group = file.create_group("spectra")
        for column in TEXTS:
            texts = [text.encode() for part in parts for text in part.texts[column]]
            utf8 = h5py.string_dtype("utf-8", max(1, *map(len, texts)))
            group.create_dataset(_LABEL if column == "name" else column, data=np.array(texts, dtype=utf8))
            digest.update("\0".join(map(bytes.decode, texts)).encode())
        lasers = np.concatenate([part.laser_nm for part in parts])
        group.create_dataset("laser_nm", data=lasers)
        lengths = np.concatenate([part.lengths for part in parts])
        group.create_dataset("offsets", data=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        digest.update(lasers.tobytes() + lengths.tobytes())
        _put_spectra(group, parts, int(lengths.sum()), digest.update, progress)
        _put_prints(file, parts)
        _put_fact(file, "sha256", digest.hexdigest())


def _put_spectra(
    group: h5py.Group, parts: Sequence[Rows], points: int, seen: Callable[[bytes], None], progress: Progress
) -> None:
    """Write all axes and intensities, many at a time, and say to `seen` what was written."""
    into = [group.create_dataset(name, (points,), np.float32) for name in ("axis", "values")]
    total, done, at, some, held = sum(map(len, parts)), 0, 0, list[Spectrum](), 0
    for part in parts:
        for spectrum in part.spectra():
            some.append(spectrum)
            held, done = held + len(spectrum[0]), done + 1
            if held >= _BLOCK or done == total:
                progress(done, total, "references written")
                for dataset, arrays in zip(into, zip(*some, strict=True), strict=True):
                    block = np.concatenate(arrays).astype(np.float32, copy=False)
                    dataset[at : at + held] = block
                    seen(block.tobytes())
                at, some, held = at + held, [], 0


def _put_prints(file: h5py.File, parts: Sequence[Rows]) -> None:
    """Write what one model made of the references: the one that has seen most; the others are made again when asked."""
    makers = [part.fingerprint_version for part in parts if part.fingerprinted.any()]
    if not makers:
        return
    maker = max(
        makers, key=lambda one: sum(int(part.fingerprinted.sum()) for part in parts if part.fingerprint_version == one)
    )
    alike = next(part.fingerprints for part in parts if part.fingerprint_version == maker and part.fingerprinted.any())
    total, group = sum(map(len, parts)), file.create_group("prints")
    fingerprinted = np.zeros(total, dtype=bool)
    for name, model in alike.items():
        dataset, at = group.create_dataset(name, (total, *model.shape[1:]), model.dtype), 0
        for part in parts:
            if (
                part.fingerprint_version == maker
                and part.fingerprinted.any()
                and _kinds(part.fingerprints) == _kinds(alike)
            ):
                for start in range(0, len(part), _AT_ONCE):  # they may be larger than memory
                    rows = part.which[start : start + _AT_ONCE]
                    dataset[at + start : at + start + len(rows)] = part.fingerprints[name][rows]
                fingerprinted[at : at + len(part)] = part.fingerprinted
            at += len(part)
    file.create_dataset("printed", data=fingerprinted.astype(np.uint8))
    _put_fact(file, "made_by", maker)


def _put_fact(file: h5py.File, name: str, text: str) -> None:
    # Of a fixed length: where a file is damaged, HDF5 ends the whole process over a text of variable length.
    file.attrs[name] = np.bytes_(text.encode())


def _kinds(fingerprints: Mapping[str, NDArray[Any]]) -> dict[str, tuple[Any, ...]]:
    return {name: (one.dtype, one.shape[1:]) for name, one in fingerprints.items()}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Where the system will not write, say so in a StudioError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(
            f"Could not write the library '{path.name}': {reason}.",
            remedy="Choose another folder, or make room on the disk.",
        ) from error


# Reading


def read(path: Path) -> Stored:
    """Open a library without reading its spectra; raises StudioError where it is none, or is damaged."""
    import h5py

    if not path.is_file():
        raise StudioError(f"There is no library '{path.name}'.", remedy="Choose it again; it may have been moved.")
    try:
        with h5py.File(path, "r") as file:
            _check(path, file)
            return _stored(path, file)
    except StudioError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError, MemoryError) as error:
        reason = "you may not open it" if isinstance(error, PermissionError) else "it is damaged or cut short"
        raise StudioError(
            f"Could not open the library '{path.name}': {reason}.", remedy="Use a copy of it, or make it again."
        ) from error


def _check(path: Path, file: h5py.File) -> None:
    if _fact(file, "format") != _MARK:
        raise StudioError(f"'{path.name}' is not a library of RamanStudio.", remedy="Open it as spectra.")
    if int(_fact(file, "version")) > VERSION:
        raise StudioError(
            f"'{path.name}' was made by a newer RamanStudio.", remedy="Use that version, or update this one."
        )


def _fact(file: h5py.File, name: str) -> str:
    """A text about the whole library; empty where there is none of a fixed length."""
    kind = file.attrs.get_id(name).dtype.kind if name in file.attrs else ""
    return bytes(file.attrs[name]).decode("utf-8", "replace") if kind == "S" else ""


def _stored(path: Path, file: h5py.File) -> Stored:
    length = path.stat().st_size
    group = file["spectra"]
    offsets = np.array(_mapped(path, group, "offsets", length), dtype=np.int64)
    many = len(offsets) - 1
    axis, values = _mapped(path, group, "axis", length), _mapped(path, group, "values", length)
    laser = np.array(_mapped(path, group, "laser_nm", length), dtype=np.float64)
    texts = {one: _texts(_mapped(path, group, _LABEL if one == "name" else one, length)) for one in TEXTS}
    if offsets.ndim != 1 or many < 1 or offsets[0] != 0 or np.any(np.diff(offsets) < 2) or axis.ndim != 1:
        raise ValueError("the offsets do not rise")
    if axis.shape != values.shape or offsets[-1] != len(axis) or laser.shape != (many,):
        raise ValueError("the spectra do not fit together")
    if any(column.shape != (many,) for column in texts.values()):
        raise ValueError("a column has another length")
    fingerprints, fingerprinted = _prints(path, file, length, many)
    maker = _fact(file, "made_by") if fingerprints else ""
    title, digest = _fact(file, "title"), _fact(file, "sha256")
    return Stored(
        path, title, digest, MappingProxyType(texts), laser, offsets, axis, values, fingerprints, fingerprinted, maker
    )


def _prints(
    path: Path, file: h5py.File, length: int, many: int
) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.bool_]]:
    """What a model made of the references, and of which (N,)."""
    if "prints" not in file:
        return MappingProxyType({}), np.zeros(many, dtype=bool)
    # plain arrays over the mapped file: a view of np.memmap costs more than much of what a search does
    fingerprints = {name: np.asarray(_mapped(path, file["prints"], name, length)) for name in file["prints"]}
    fingerprinted = np.array(_mapped(path, file, "printed", length), dtype=bool)
    if fingerprinted.shape != (many,) or any(one.shape[:1] != (many,) for one in fingerprints.values()):
        raise ValueError("what was made of the references does not fit them")
    return MappingProxyType(fingerprints), fingerprinted


def _mapped(path: Path, group: h5py.Group, name: str, length: int) -> NDArray[Any]:
    """An array of the file, mapped read-only; raises ValueError when it does not lie whole within this file."""
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(group[name], h5py.Dataset):
        raise ValueError(f"there is no array '{name}'")
    dataset = group[name]
    shape, begin, dtype = dataset.shape, dataset.id.get_offset(), dataset.dtype
    if math.prod(shape) == 0 and dtype.kind in "fiu":
        return np.zeros(shape, dtype)
    if dtype.kind not in "fiuS" or begin is None or begin + math.prod(shape) * dtype.itemsize > length:
        raise ValueError(f"'{name}' does not lie in the file as an array")
    return np.memmap(path, np.dtype(dtype.str), "r", begin, shape)


def _texts(entries: NDArray[Any]) -> NDArray[Any]:
    """A column of UTF-8 bytes as texts (N,) of Python, each kept once: a source is the same for thousands."""
    raw = entries.tolist()
    known = {one: one.decode("utf-8", "replace") for one in set(raw)}
    texts = np.empty(len(raw), dtype=object)
    texts[:] = [known[one] for one in raw]
    return texts
