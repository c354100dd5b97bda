"""Classifiers as named arrays: how a fine-tuned model stores them, one or the members of an ensemble."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.finetuning.classifier_ensemble import EnsembleClassifier
from ramanstudio.finetuning.classifiers import (
    AnyClassifier,
    KernelClassifier,
    LinearClassifier,
    NearestNeighbourClassifier,
)
from ramanstudio.finetuning.model_card import MEMBER_TEMPERATURES, MEMBER_WEIGHTS, FineTunedModelCard, member_prefix

Arrays = Mapping[str, NDArray[Any]]


def to_arrays(classifier: AnyClassifier | EnsembleClassifier, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Return a classifier of rows of a representation as arrays; their names begin with `prefix`."""
    if isinstance(classifier, EnsembleClassifier):
        arrays: dict[str, NDArray[Any]] = {
            MEMBER_WEIGHTS: np.asarray(classifier.weights),
            MEMBER_TEMPERATURES: np.asarray(classifier.inverse_temperatures),
        }
        for number, member in enumerate(classifier.classifiers):
            arrays |= to_arrays(member, member_prefix(number))
        return arrays
    if isinstance(classifier, NearestNeighbourClassifier):
        return {f"{prefix}rows": classifier.rows.astype(np.float32), f"{prefix}which": classifier.targets.astype("i4")}
    offset = {f"{prefix}offset": classifier.offset.astype(np.float32)}
    if isinstance(classifier, LinearClassifier):
        return {f"{prefix}weights": classifier.weights.astype(np.float32)} | offset
    return offset | {
        f"{prefix}rows": classifier.rows.astype(np.float32),
        f"{prefix}dual": classifier.dual.astype(np.float32),
        f"{prefix}length": np.array([classifier.length]),
    }


def from_arrays(card: FineTunedModelCard, arrays: Arrays) -> AnyClassifier | EnsembleClassifier:
    """Return the classifier in the `arrays` of a model with this card. Raises KeyError when one is missing."""
    if not card.members:
        return _single(card, arrays, "")
    members = tuple(_single(card, arrays, member_prefix(number)) for number in range(len(card.members)))
    return EnsembleClassifier(card.members, members, arrays[MEMBER_WEIGHTS], arrays[MEMBER_TEMPERATURES])


def _single(card: FineTunedModelCard, arrays: Arrays, prefix: str) -> AnyClassifier:
    if f"{prefix}weights" in arrays:
        return LinearClassifier(arrays[f"{prefix}weights"], arrays[f"{prefix}offset"])
    if f"{prefix}dual" in arrays:
        length = float(arrays[f"{prefix}length"][0])
        return KernelClassifier(arrays[f"{prefix}rows"], arrays[f"{prefix}dual"], arrays[f"{prefix}offset"], length)
    targets = arrays[f"{prefix}which"].astype(np.intp)
    return NearestNeighbourClassifier(arrays[f"{prefix}rows"], targets, len(card.classes))
