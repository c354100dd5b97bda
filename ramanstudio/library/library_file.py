"""The file format of libraries: one HDF5 file of contiguous arrays, which are memory-mapped instead of read.

`spectra` has `axis`, `values` and `offsets` (spectrum i is `axis[offsets[i]:offsets[i + 1]]`, …) and a column for each
text, so that any reader of HDF5 spectra reads a library. The group "prints" holds the fingerprints that a model has
computed, "printed" flags the references that have one, and the attribute "made_by" names that model and its version.
Nothing is pickled, and every offset and size is checked against the length of the file before it is used.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import SILENT, Progress
from ramanstudio.formats.safe_hdf5 import create_file, open_file
from ramanstudio.library.reference import AxisAndValues, Reference, single_precision

if TYPE_CHECKING:
    import h5py

SUFFIX: Final = ".ramanlib"
VERSION: Final = 1
TEXTS: Final = ("name", "group", "formula", "source", "licence", "sample", "note")
LONGEST_TEXT: Final = 300  # characters kept of a name or a source
_FORMAT: Final = "RamanStudio library"
_LABEL: Final = "label"  # the name of the column of substances in HDF5 files of spectra
_POINTS_PER_BLOCK: Final = 2_000_000  # written at once
_ROWS_PER_BLOCK: Final = 4096  # fingerprints written at once
_LONGEST_ATTRIBUTE: Final = 4096  # bytes
_LONGEST_NM: Final = 100_000.0
_MOST_FINGERPRINTS: Final = 64  # arrays
_LONGEST_FINGERPRINT: Final = 2**20  # numbers for each reference, in one array
_ALIGNMENT: Final = 64  # bytes; products with a mapped array that is not aligned are slow


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n references to be written to a file.

    `texts` {column: n texts}, `laser_nm` and `lengths` (n,); `spectra()` iterates over their axes and intensities. The
    fingerprints of those that are `fingerprinted` (n,), computed by the model `fingerprint_version`, are the rows
    `which` (n,) of `fingerprints` {name: (N, …)}.
    """

    texts: Mapping[str, Sequence[str]]
    laser_nm: NDArray[np.float64]
    lengths: NDArray[np.int64]
    spectra: Callable[[], Iterator[AxisAndValues]]
    which: NDArray[np.intp]
    fingerprints: Mapping[str, NDArray[Any]]
    fingerprinted: NDArray[np.bool_]
    fingerprint_version: str

    def __len__(self) -> int:
        return len(self.lengths)

    @classmethod
    def of(cls, references: Sequence[Reference]) -> Rows:
        """Rows without fingerprints; raises StudioError when a reference is not a single finite spectrum."""
        spectra = [single_precision(reference) for reference in references]
        return cls(
            {column: [_shortened(str(getattr(reference, column))) for reference in references] for column in TEXTS},
            np.array([reference.laser_nm for reference in references], dtype=np.float64),
            np.array([len(axis) for axis, _ in spectra], dtype=np.int64),
            lambda: iter(spectra),
            np.arange(len(references)),
            {},
            np.zeros(len(references), dtype=bool),
            "",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The contents of the library file `path`; `axis` and `values` (P,) and `fingerprints` are memory-mapped.

    Spectrum i is `axis[offsets[i]:offsets[i + 1]]` and the same of `values`; `fingerprinted` (N,) says which
    references have fingerprints.
    """

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
        """Return the references with indices `which` (N,), to be written again."""
        begins, ends = self.offsets[which], self.offsets[which + 1]

        def spectra() -> Iterator[AxisAndValues]:
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


def _shortened(text: str) -> str:
    """`text` on one line, of at most LONGEST_TEXT characters."""
    text = text.encode("utf-8", "replace").decode()  # names of files may hold what is not UTF-8
    text = " ".join(text.replace("\0", " ").split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


# Writing


def write(path: Path, title: str, parts: Sequence[Rows], progress: Progress = SILENT) -> None:
    """Write all references of `parts`, in order, as one library; a crash leaves the old file as it was.

    Of fingerprints by several models, those of the model that has most are kept. Raises StudioError when there is no
    reference or the file cannot be written, Cancelled when asked to stop.
    """
    import h5py

    if not sum(map(len, parts)):
        raise StudioError("A library needs at least one reference.", remedy="Choose spectra whose substance is known.")
    aligned = {"alignment_threshold": _ALIGNMENT, "alignment_interval": _ALIGNMENT}
    with create_file(path, **aligned) as file:
        _write_attribute(file, "format", _FORMAT)
        _write_attribute(file, "version", str(VERSION))
        _write_attribute(file, "title", _shortened(title) or path.stem)
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
        _write_spectra(group, parts, int(lengths.sum()), digest.update, progress)
        _write_fingerprints(file, parts)
        _write_attribute(file, "sha256", digest.hexdigest())


def _write_spectra(
    group: h5py.Group, parts: Sequence[Rows], points: int, update_hash: Callable[[bytes], object], progress: Progress
) -> None:
    """Write all axes and intensities in blocks, and pass the bytes of each to `update_hash`."""
    datasets = [group.create_dataset(name, (points,), np.float32) for name in ("axis", "values")]
    total, done, begin, block, n_points = sum(map(len, parts)), 0, 0, list[AxisAndValues](), 0
    for part in parts:
        for spectrum in part.spectra():
            block.append(spectrum)
            n_points, done = n_points + len(spectrum[0]), done + 1
            if n_points >= _POINTS_PER_BLOCK or done == total:
                progress(done, total, "references written")
                for dataset, arrays in zip(datasets, zip(*block, strict=True), strict=True):
                    joined = np.concatenate(arrays).astype(np.float32, copy=False)
                    dataset[begin : begin + n_points] = joined
                    update_hash(joined.tobytes())
                begin, block, n_points = begin + n_points, [], 0


def _write_fingerprints(file: h5py.File, parts: Sequence[Rows]) -> None:
    """Write the fingerprints of the model that has most; those by other models are left out."""
    with_some = [part for part in parts if part.fingerprinted.any()]
    if not with_some:
        return
    counts = Counter[str]()
    for part in with_some:
        counts[part.fingerprint_version] += int(part.fingerprinted.sum())
    version = max(counts, key=lambda name: counts[name])
    template = next(part.fingerprints for part in with_some if part.fingerprint_version == version)
    total, group = sum(map(len, parts)), file.create_group("prints")
    fingerprinted = np.zeros(total, dtype=bool)
    for name, like in template.items():
        dataset, begin = group.create_dataset(name, (total, *like.shape[1:]), like.dtype), 0
        for part in parts:
            compatible = part.fingerprint_version == version and part.fingerprinted.any()
            if compatible and row_types(part.fingerprints) == row_types(template):
                for start in range(0, len(part), _ROWS_PER_BLOCK):  # they may be larger than memory
                    rows = part.which[start : start + _ROWS_PER_BLOCK]
                    dataset[begin + start : begin + start + len(rows)] = part.fingerprints[name][rows]
                fingerprinted[begin : begin + len(part)] = part.fingerprinted
            begin += len(part)
    file.create_dataset("printed", data=fingerprinted.astype(np.uint8))
    _write_attribute(file, "made_by", version)


def _write_attribute(file: h5py.File, name: str, text: str) -> None:
    # Of a fixed length: where a file is damaged, HDF5 ends the whole process over a text of variable length.
    file.attrs[name] = np.bytes_(text.encode())


def row_types(fingerprints: Mapping[str, NDArray[Any]]) -> dict[str, tuple[Any, ...]]:
    """Return type and shape of one row of each array of fingerprints (N, …)."""
    return {name: (array.dtype, array.shape[1:]) for name, array in fingerprints.items()}


# Reading


def read(path: Path) -> Stored:
    """Open a library without reading its spectra; raises StudioError when it is missing, damaged or not a library."""
    if not path.is_file():
        raise StudioError(f"There is no library '{path.name}'.", remedy="Choose it again; it may have been moved.")
    with open_file(path, "the library is damaged or cut short", "Use a copy of it, or build it again.") as file:
        _check(path, file)
        return _stored(path, file)


def _check(path: Path, file: h5py.File) -> None:
    if _attribute(file, "format") != _FORMAT:
        raise StudioError(f"'{path.name}' is not a library of RamanStudio.", remedy="Open it as spectra.")
    version = _attribute(file, "version")
    if not version.isascii() or not version.isdecimal() or len(version) > 9:
        raise StudioError(
            f"The library '{path.name}' is damaged: it states no version.",
            remedy="Use a copy of it, or build it again.",
        )
    if int(version) > VERSION:
        raise StudioError(
            f"'{path.name}' was made by a newer RamanStudio.", remedy="Use that version, or update this one."
        )


def _attribute(file: h5py.File, name: str) -> str:
    """A short text attribute of the file; empty where there is none of fixed length."""
    if name not in file.attrs:
        return ""
    attribute = file.attrs.get_id(name)
    if attribute.dtype.kind != "S" or math.prod(attribute.shape) * attribute.dtype.itemsize > _LONGEST_ATTRIBUTE:
        return ""
    return _shortened(bytes(file.attrs[name]).decode("utf-8", "replace"))


def _stored(path: Path, file: h5py.File) -> Stored:
    """The contents of an open library; raises StudioError, KeyError, … when it is damaged."""
    mapped = _MappedFile(path, path.stat().st_size)
    group = file["spectra"]
    axis, values = mapped.array(group, "axis", "f", 1), mapped.array(group, "values", "f", 1)
    offsets = np.array(mapped.array(group, "offsets", "iu", 1), dtype=np.int64)
    n_references = len(offsets) - 1
    mapped.require(axis.shape == values.shape, "axes and intensities differ in number")
    mapped.require(
        n_references >= 1
        and offsets[0] == 0
        and offsets[-1] == len(axis)
        and bool(np.all((offsets >= 0) & (offsets <= len(axis))))
        and bool(np.all(np.diff(offsets) >= 2)),
        "'offsets' does not match the spectra",
    )
    with np.errstate(invalid="ignore"):  # of signalling NaN
        laser_nm = np.array(mapped.array(group, "laser_nm", "f", 1), dtype=np.float64)
    laser_nm[~((laser_nm > 0) & (laser_nm < _LONGEST_NM))] = np.nan
    texts = {name: _texts(mapped.array(group, _LABEL if name == "name" else name, "S", 1)) for name in TEXTS}
    for name, column in [*texts.items(), ("laser_nm", laser_nm)]:
        mapped.require(len(column) == n_references, f"'{name}' has {len(column)} entries for {n_references} references")
    fingerprints, fingerprinted = _fingerprints(mapped, file, n_references)
    version = _attribute(file, "made_by") if fingerprints else ""
    title, digest = _attribute(file, "title") or path.stem, _attribute(file, "sha256")
    columns = MappingProxyType(texts)
    return Stored(path, title, digest, columns, laser_nm, offsets, axis, values, fingerprints, fingerprinted, version)


def _fingerprints(
    mapped: _MappedFile, file: h5py.File, n_references: int
) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.bool_]]:
    """The fingerprints, arrays (N, …) by name, and which references have them (N,)."""
    if "prints" not in file:
        return MappingProxyType({}), np.zeros(n_references, dtype=bool)
    names = list(file["prints"])
    mapped.require(len(names) <= _MOST_FINGERPRINTS, "it has too many fingerprints")
    # plain arrays over the mapped file: taking a view of an np.memmap is slow
    fingerprints = {name: np.asarray(mapped.array(file["prints"], name, "fiu")) for name in names}
    fingerprinted = np.array(mapped.array(file, "printed", "iub", 1), dtype=bool)
    for name, array in [*fingerprints.items(), ("printed", fingerprinted)]:
        mapped.require(
            array.ndim >= 1 and len(array) == n_references and math.prod(array.shape[1:]) <= _LONGEST_FINGERPRINT,
            f"the fingerprints '{name}' do not match the references",
        )
    return MappingProxyType(fingerprints), fingerprinted


@dataclass(frozen=True, slots=True)
class _MappedFile:
    """A library file of `length` bytes, whose arrays are memory-mapped after they were checked."""

    path: Path
    length: int

    def require(self, condition: bool, problem: str) -> None:
        """Raise StudioError, which states the `problem`, unless `condition` holds."""
        if not condition:
            raise StudioError(
                f"The library '{self.path.name}' is damaged: {problem}.", remedy="Use a copy of it, or build it again."
            )

    def array(self, group: h5py.Group, name: str, kinds: str, ndim: int | None = None) -> NDArray[Any]:
        """Return an array, memory-mapped read-only, of one of numpy's `kinds` of numbers or fixed-length text.

        Raises StudioError when there is none, or it is not contiguous within this file.
        """
        import h5py

        is_array = isinstance(group.get(name, getlink=True), h5py.HardLink) and isinstance(group[name], h5py.Dataset)
        self.require(is_array, f"there is no array '{name}'")
        dataset = group[name]
        shape, begin, dtype = dataset.shape, dataset.id.get_offset(), dataset.dtype
        self.require(
            shape is not None and dtype.kind in kinds and (ndim is None or len(shape) == ndim),
            f"'{name}' is {dtype} of shape {shape}",
        )
        if math.prod(shape) == 0:
            return np.zeros(shape, dtype)
        is_inside = (
            begin is not None and dtype.itemsize > 0 and begin + math.prod(shape) * dtype.itemsize <= self.length
        )
        self.require(is_inside, f"'{name}' does not lie in the file")
        return np.memmap(self.path, np.dtype(dtype.str), "r", begin, shape)


def _texts(entries: NDArray[Any]) -> NDArray[Any]:
    """Decode a column of UTF-8 bytes -> (N,) str objects, equal ones shared: thousands have the same source."""
    raw = entries.tolist()
    decoded = {entry: _shortened(entry.decode("utf-8", "replace")) for entry in set(raw)}
    texts = np.empty(len(raw), dtype=object)
    texts[:] = [decoded[entry] for entry in raw]
    return texts
