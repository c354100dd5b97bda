"""What taught models say of spectra, on disk: a group for each model beneath that of each entry, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.project.project import Entry, Predictions

if TYPE_CHECKING:
    import h5py

_ROOT: Final = "answered"
_ARRAYS: Final = ("which", "surely", "unknown")


def put(file: h5py.File, entry_id: int, answers: Sequence[Predictions]) -> None:
    """Write what models say of one entry."""
    import h5py

    for number, one in enumerate(answers):
        group = file.create_group(f"{_ROOT}/{entry_id}/{number}")
        words, which = np.unique(one.words, return_inverse=True)
        group.create_dataset("words", data=words.tolist(), dtype=h5py.string_dtype(), shape=words.shape)
        arrays: dict[str, NDArray[Any]] = {"which": which, "surely": one.probabilities, "unknown": one.unknown}
        if one.values is not None:
            arrays["values"] = one.values
        for name, array in arrays.items():
            group.create_dataset(name, data=array, compression="lzf" if array.size > 1000 else None)
        for name in ("model", "asked", "problem", "error"):
            group.attrs[name] = getattr(one, name)


def read(path: Path, file: h5py.File, entries: Sequence[Entry]) -> Mapping[int, tuple[Predictions, ...]]:
    """What `put` wrote, by entry id. Raises ValueError where it does not fit the entries."""
    there = file.get(_ROOT, {})
    found = {}
    for entry in entries:
        if entry.source is not None and str(entry.id) in there:
            groups = there[str(entry.id)]
            found[entry.id] = tuple(_read(path, groups[name], entry.source) for name in sorted(groups, key=int))
    return MappingProxyType(found)


def _read(path: Path, group: h5py.Group, source: SpectrumSet) -> Predictions:
    names = (*_ARRAYS, *(["values"] if "values" in group else []))
    hdf5.check_dataset_size(path, group["words"], *(group[name] for name in names))
    which, probabilities, unknown, *values = (group[name][()] for name in names)
    words = np.array([str(word) for word in group["words"].asstr()[()]], dtype=str)
    if any(len(array) != len(source) for array in (which, probabilities, unknown, *values)):
        raise ValueError("the answers of a taught model do not fit their spectra")
    return Predictions(
        source,
        str(group.attrs["model"]),
        str(group.attrs["asked"]),
        words[which],
        probabilities,
        unknown.astype(bool),
        values[0] if values else None,
        float(group.attrs["error"]),
        str(group.attrs["problem"]),
    )
