"""Predictions of fine-tuned models in a project file: one HDF5 group per entry and model, written and read."""

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

# Names in the file, which project files that exist have
_ROOT: Final = "answered"
_ARRAYS: Final = {"surely": "probabilities", "unknown": "unknown"}  # dataset: field of Predictions
_ATTRIBUTES: Final = {"model": "model", "asked": "model_hash", "problem": "problem", "error": "error"}


def write(file: h5py.File, entry_id: int, predictions: Sequence[Predictions]) -> None:
    """Write the predictions for one entry."""
    import h5py

    for number, prediction in enumerate(predictions):
        group = file.create_group(f"{_ROOT}/{entry_id}/{number}")
        labels, codes = np.unique(prediction.labels, return_inverse=True)
        group.create_dataset("words", data=labels.tolist(), dtype=h5py.string_dtype(), shape=labels.shape)
        arrays: dict[str, NDArray[Any]] = {"which": codes}
        arrays |= {dataset: getattr(prediction, field) for dataset, field in _ARRAYS.items()}
        if prediction.values is not None:
            arrays["values"] = prediction.values
        for name, array in arrays.items():
            group.create_dataset(name, data=array, compression="lzf" if array.size > 1000 else None)
        for name, field in _ATTRIBUTES.items():
            group.attrs[name] = getattr(prediction, field)


def read(path: Path, file: h5py.File, entries: Sequence[Entry]) -> Mapping[int, tuple[Predictions, ...]]:
    """Read what `write` wrote, by entry id. Raises ValueError where it does not match the spectra of the entries."""
    stored = file.get(_ROOT, {})
    predictions = {}
    for entry in entries:
        if entry.source is not None and str(entry.id) in stored:
            groups = stored[str(entry.id)]
            predictions[entry.id] = tuple(_read(path, groups[name], entry.source) for name in sorted(groups, key=int))
    return MappingProxyType(predictions)


def _read(path: Path, group: h5py.Group, source: SpectrumSet) -> Predictions:
    names = ("which", *_ARRAYS, *(["values"] if "values" in group else []))
    hdf5.check_dataset_size(path, group["words"], *(group[name] for name in names))
    codes, probabilities, unknown, *values = (group[name][()] for name in names)
    labels = np.array([str(label) for label in group["words"].asstr()[()]], dtype=str)
    if any(len(array) != len(source) for array in (codes, probabilities, unknown, *values)):
        raise ValueError("the predictions do not match their spectra")
    return Predictions(
        source,
        str(group.attrs["model"]),
        str(group.attrs["asked"]),
        labels[codes],
        probabilities,
        unknown.astype(bool),
        values[0] if values else None,
        float(group.attrs["error"]),
        str(group.attrs["problem"]),
    )
