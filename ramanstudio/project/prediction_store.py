"""Predictions of fine-tuned models in a project file: one HDF5 group per entry and model, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.schema import Schema, array, number, text
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.formats import hdf5
from ramanstudio.project.checks import check_arrays, read_texts, require
from ramanstudio.project.project import Predictions

if TYPE_CHECKING:
    import h5py

# Names in the file, which project files that exist have
ROOT: Final = "answered"
_ARRAYS: Final = {"surely": "probabilities", "unknown": "unknown"}  # dataset: field of Predictions
_ATTRIBUTES: Final = {"model": "model", "asked": "model_hash", "problem": "problem", "error": "error"}
_ATTRIBUTES_READ: Final = Schema(
    {"model": text(), "asked": text(), "problem": text(), "error": number(0, allow_nan=True)}
)


def write(file: h5py.File, entry_id: int, predictions: Sequence[Predictions]) -> None:
    """Write the predictions for one entry."""
    for index, prediction in enumerate(predictions):
        group = file.create_group(f"{ROOT}/{entry_id}/{index}")
        labels, codes = np.unique(prediction.labels, return_inverse=True)
        hdf5.write_column(group, "words", labels)
        arrays: dict[str, NDArray[Any]] = {"which": codes}
        arrays |= {dataset: getattr(prediction, field) for dataset, field in _ARRAYS.items()}
        if prediction.values is not None:
            arrays["values"] = prediction.values
        for name, rows in arrays.items():
            group.create_dataset(name, data=rows, compression="lzf" if rows.size > 1000 else None)
        for name, field in _ATTRIBUTES.items():
            hdf5.write_attribute(group, name, getattr(prediction, field))


def read(group: h5py.Group, source: SpectrumSet) -> tuple[Predictions, ...]:
    """Read what `write` wrote for the spectra `source`, a model each. Raises ValueError where an array is wrong."""
    names = sorted((name for name in group if name.isdecimal() and len(name) < 12), key=int)
    predictions = tuple(_read(group[name], source) for name in names)
    require(len({item.model for item in predictions}) == len(predictions), "a model is listed twice")
    return predictions


def _read(group: h5py.Group, source: SpectrumSet) -> Predictions:
    n_spectra = len(source)
    labels = np.array(read_texts(group["words"]), dtype=str)
    names = ("which", *_ARRAYS, *(["values"] if "values" in group else []))
    arrays = {name: np.asarray(group[name][()]) for name in names}
    checks = {
        "which": array("iu", (n_spectra,), 0, len(labels) - 1),
        "surely": array("f", (n_spectra,), 0, 1.001),
        "unknown": array("b", (n_spectra,)),
        "values": array("f", (n_spectra,), allow_nan=True),
    }
    check_arrays(arrays, {name: checks[name] for name in names})
    attributes = _ATTRIBUTES_READ.read(dict(group.attrs), "The prediction")
    return Predictions(
        source,
        attributes["model"],
        attributes["asked"],
        labels[arrays["which"]],
        arrays["surely"].astype(np.float32, copy=False),
        arrays["unknown"],
        arrays.get("values"),
        attributes["error"],
        attributes["problem"],
    )
