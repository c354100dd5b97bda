"""The card of a fine-tuned model: what it was trained on and how good it is, checked field by field when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core import schema
from ramanstudio.core.schema import Schema, WrongValue, optional
from ramanstudio.finetuning.config import (
    CLASSIFIERS,
    ENSEMBLE,
    FALSE_UNKNOWN_RATE,
    REGRESSORS,
    REPRESENTATION_TITLES,
    REPRESENTATIONS,
)

CLASSES, QUANTITY = "classes", "quantity"
TUNED: Final = "tuned."  # prefix of the arrays of fine-tuned features
COMPONENTS: Final = ("line components", "slope components")  # principal components, three arrays of each
RMSE: Final = "cross-validated RMSE"  # the figure that is the error of a predicted quantity
OLD_RMSE: Final = "RMSE held out"
LOWEST, HIGHEST = "lowest value learned", "highest value learned"  # figures of a quantity: the calibrated range
MAX_NAME_LENGTH: Final = 80
MAX_CLASSES: Final = 10_000
MAX_MEMBERS: Final = 100  # of an ensemble
MEMBER_WEIGHTS, MEMBER_TEMPERATURES = "member weights", "member inverse temperatures"
MAX_NOTE: Final = 2000  # characters
MAX_SAMPLES: Final = 1_000_000  # of the axis
MAX_CARD_BYTES: Final = 2**22
# Keys of cards written by earlier versions, and their present names.
OLD_KEYS: Final = {
    "reading": "representation",
    "head": "estimator",
    "sharpness": "inverse_temperature",
    "stranger_distance": "novelty_threshold",
}
CARD_SCHEMA: Final = Schema(
    {
        "name": schema.text(MAX_NAME_LENGTH),
        "kind": schema.text(choices=(CLASSES, QUANTITY)),
        "classes": schema.list_of(schema.text(1000), MAX_CLASSES),
        "counts": schema.list_of(schema.integer(0, 10**9), MAX_CLASSES),
        "parent": schema.text(200),
        "parent_sha256": schema.text(64),
        "representation": schema.text(choices=REPRESENTATIONS),
        "estimator": schema.text(choices=(*CLASSIFIERS, *REGRESSORS, ENSEMBLE)),
        "axis_cm": schema.list_of(schema.number(-1e6, 1e6), length=2),
        "inverse_temperature": optional(schema.number(0, 1e12), 1.0),
        "novelty_threshold": optional(schema.number(0, 1e12), 0.0),
        "settings": optional(schema.mapping_of(optional(schema.plain_value(200)), 100), {}),
        "figures": optional(schema.mapping_of(schema.number(allow_nan=True), 100), {}),
        "members": optional(schema.list_of(schema.text(choices=REPRESENTATIONS), MAX_MEMBERS), ()),
        "notes": optional(schema.list_of(schema.text(MAX_NOTE), 100), ()),
        "software": optional(schema.text(200), ""),
        "made": optional(schema.text(200), ""),
        "sha256": optional(schema.text(64), ""),
    }
)


@dataclass(frozen=True, slots=True)
class FineTunedModelCard:
    """What a model was fine-tuned on, from which model, and how good it is; stored beside its arrays as card.json.

    `parent` is the model that denoises and gives features, `parent_sha256` its fingerprint; `axis_cm` (low, high) is
    the range of the training spectra in cm⁻¹. `inverse_temperature` scales scores to calibrated probabilities. A
    spectrum farther than `novelty_threshold` from all training spectra is unknown. `figures` were measured by
    cross-validation. `members` are the representations of the members of an ensemble, whose arrays are named
    `member_prefix`; empty for a single classifier or regressor.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    parent: str
    parent_sha256: str
    representation: str
    estimator: str
    axis_cm: tuple[float, float]
    inverse_temperature: float = 1.0
    novelty_threshold: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    software: str = ""
    made: str = ""
    sha256: str = ""

    @classmethod
    def from_json(cls, text: str, what: str, remedy: str) -> FineTunedModelCard:
        """Return the card in `text`.

        Raises StudioError, which begins with `what`, when a field is missing, has another type or is out of range;
        ValueError or RecursionError when it is not JSON.
        """
        fields = CARD_SCHEMA.read(_parse_json(text), what, remedy)
        schema.read_value(_check_consistency, fields, what, remedy)
        return cls(**fields)

    def to_json(self) -> str:
        """Return the card as JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @property
    def is_classifier(self) -> bool:
        """Whether the model predicts classes; otherwise it predicts a quantity."""
        return self.kind == CLASSES

    @property
    def rmse(self) -> float:
        """The cross-validated error of a model of a quantity; NaN where it was not measured."""
        return float(self.figures.get(RMSE, self.figures.get(OLD_RMSE, np.nan)))

    @property
    def calibrated_range(self) -> tuple[float, float]:
        """The lowest and the highest value of a quantity that was learned; NaN where the card does not say."""
        return float(self.figures.get(LOWEST, np.nan)), float(self.figures.get(HIGHEST, np.nan))

    @property
    def false_unknown_rate(self) -> float:
        """The share of spectra like those learned that novelty detection calls unknown."""
        rate = self.settings.get("false_unknown_rate", FALSE_UNKNOWN_RATE)
        return rate if isinstance(rate, float) and 0 < rate < 0.5 else FALSE_UNKNOWN_RATE

    def text(self) -> str:
        """Return the card in sentences, for a person to read."""
        task = f"classifies spectra into {len(self.classes)} classes" if self.is_classifier else "predicts a quantity"
        counts = ", ".join(f"{name} {count}" for name, count in zip(self.classes, self.counts, strict=False))
        figures = (
            f"{figure}: {100 * value:.3g} %" if self.is_classifier else f"{figure}: {value:.3g}"
            for figure, value in self.figures.items()
        )
        return "\n".join(
            [
                f"{self.name}: {task}. Trained on {sum(self.counts)} labelled spectra.",
                f"Range: {self.axis_cm[0]:.0f} to {self.axis_cm[1]:.0f} cm⁻¹.",
                f"Representation: {REPRESENTATION_TITLES.get(self.representation, self.representation)}.",
                f"{'Classifier' if self.is_classifier else 'Regressor'}: {self.estimator}.",
                *self.notes,
                *(f"{figure[:1].upper()}{figure[1:]}" for figure in figures),
                f"Fine-tuned from {self.parent} on {self.made} by {self.software}.",
                *([f"SHA-256 {self.sha256}"] if self.sha256 else []),
                *([f"Labelled spectra of each class: {counts}."] if self.is_classifier else []),
            ]
        )


def check_arrays(card: FineTunedModelCard, arrays: Mapping[str, NDArray[Any]], what: str, remedy: str) -> None:
    """Check the arrays of a model by type, shape and range, against each other and the card.

    Raises StudioError, which begins with `what` and names the array that is wrong.
    """
    fields = _array_schema(card, arrays).read(dict(arrays), what, remedy)
    schema.read_value(_ArrayConsistency(card), fields, what, remedy)


def _parse_json(text: str) -> Any:
    """Return the record in `text` with the present names of its keys; raises ValueError where it is not JSON."""
    if len(text) > MAX_CARD_BYTES:
        raise ValueError("absurd size")
    record = json.loads(text)
    return {OLD_KEYS.get(key, key): value for key, value in record.items()} if isinstance(record, dict) else record


def _check_consistency(fields: dict[str, Any]) -> dict[str, Any]:
    """Check the fields of a card against each other."""
    classes, counts, (low, high) = fields["classes"], fields["counts"], fields["axis_cm"]
    if not low < high:
        raise WrongValue("a range from low to high", list(fields["axis_cm"]), ".axis_cm")
    if (fields["estimator"] == ENSEMBLE) != (len(fields["members"]) > 1):
        raise WrongValue("two or more members of an ensemble, none else", list(fields["members"]), ".members")
    if fields["kind"] == QUANTITY:
        if classes or len(counts) != 1:
            raise WrongValue("one number, as a quantity has no classes", list(counts), ".counts")
        if fields["estimator"] not in (*REGRESSORS, ENSEMBLE):
            raise WrongValue("a regressor", fields["estimator"], ".estimator")
    elif len(classes) < 2 or len(set(classes)) != len(classes):
        raise WrongValue("two or more different classes", list(classes), ".classes")
    elif len(counts) != len(classes):
        raise WrongValue(f"{len(classes)} numbers, one for each class", list(counts), ".counts")
    elif fields["estimator"] not in (*CLASSIFIERS, ENSEMBLE):
        raise WrongValue("a classifier", fields["estimator"], ".estimator")
    return fields


def _array_schema(card: FineTunedModelCard, arrays: Mapping[str, NDArray[Any]]) -> Schema:
    """Return the schema of the arrays that a model of this card has."""
    checks: dict[str, schema.Check] = {
        "axis": schema.array(low=-1e6, high=1e6),
        "kept": schema.array(shape=(None, None), low=-1e3, high=1e3),
    }
    n_samples = len(arrays["axis"]) if "axis" in arrays and arrays["axis"].ndim == 1 else 0
    for name in COMPONENTS:
        if f"{name}.axes" in arrays:
            checks[f"{name}.mean"] = schema.array(shape=(n_samples,), low=-1e6, high=1e6)
            checks[f"{name}.axes"] = schema.array(shape=(None, n_samples), low=-1e6, high=1e6)
            checks[f"{name}.scale"] = schema.array(low=0, high=1e18)
    for prefix in _prefixes(card):
        checks |= _classifier_schema(card, prefix, arrays) if card.is_classifier else _regressor_schema(prefix, arrays)
    if card.members:
        checks[MEMBER_WEIGHTS] = schema.array(shape=(len(card.members),), low=0, high=1)
        if card.is_classifier:
            checks[MEMBER_TEMPERATURES] = schema.array(shape=(len(card.members),), low=0, high=1e12)
    return Schema(checks | {name: _check_weights for name in arrays if name.startswith(TUNED)})


def member_prefix(number: int) -> str:
    """Return what the names of the arrays of a member of an ensemble begin with."""
    return f"member {number}."


def _prefixes(card: FineTunedModelCard) -> list[str]:
    """Return what the names of the arrays of each classifier or regressor of a model begin with."""
    return [member_prefix(number) for number in range(len(card.members))] or [""]


def _classifier_schema(
    card: FineTunedModelCard, prefix: str, arrays: Mapping[str, NDArray[Any]]
) -> dict[str, schema.Check]:
    """Return the checks of the arrays of one classifier, by name."""
    n_classes = len(card.classes)
    offset = {f"{prefix}offset": schema.array(shape=(n_classes,), low=-1e30, high=1e30)}
    if f"{prefix}weights" in arrays:
        return {f"{prefix}weights": schema.array(shape=(None, n_classes), low=-1e30, high=1e30)} | offset
    rows = {f"{prefix}rows": schema.array(shape=(None, None), low=-1e3, high=1e3)}
    if f"{prefix}dual" in arrays:
        dual = schema.array(shape=(None, n_classes), low=-1e30, high=1e30)
        length = schema.array(shape=(1,), low=1e-12, high=1e12)
        return rows | {f"{prefix}dual": dual, f"{prefix}length": length} | offset
    return rows | {f"{prefix}which": schema.array("iu", low=0, high=n_classes - 1)}


def _regressor_schema(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, schema.Check]:
    """Return the checks of the arrays of one regressor, by name."""
    checks: dict[str, schema.Check] = {
        f"{prefix}span.mean": schema.array(low=-1e6, high=1e6),
        f"{prefix}span.basis": schema.array(shape=(None, None), low=-1e6, high=1e6),
        f"{prefix}curve.mean": schema.array(shape=(1,), low=-1e300, high=1e300),
        f"{prefix}curve.weights": schema.array(low=-1e300, high=1e300),
    }
    if f"{prefix}curve.rows" in arrays:
        checks[f"{prefix}curve.rows"] = schema.array(shape=(None, None), low=-1e6, high=1e6)
        checks[f"{prefix}curve.length"] = schema.array(shape=(1,), low=1e-12, high=1e12)
    if f"{prefix}curve.slope" in arrays:
        checks[f"{prefix}curve.slope"] = schema.array(low=-1e300, high=1e300)
    return checks


def _check_weights(value: Any) -> NDArray[Any]:
    """Check an array of network weights, of any shape."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not np.isfinite(value).all():
        raise WrongValue("an array of finite numbers", value)
    return value


@dataclass(frozen=True, slots=True)
class _ArrayConsistency:
    """The check of the arrays of one model against each other and its card."""

    card: FineTunedModelCard

    def __call__(self, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        axis, (low, high) = arrays["axis"], self.card.axis_cm
        if not 2 <= len(axis) <= MAX_SAMPLES or not np.all(np.diff(axis) > 0):
            raise WrongValue("two or more increasing Raman shifts", axis, ".axis")
        if not np.allclose((axis[0], axis[-1]), (low, high), rtol=0, atol=1e-3 * (high - low)):
            raise WrongValue(f"Raman shifts from {low:g} to {high:g}", axis, ".axis")
        self._require_rows(arrays, "kept")
        for name in COMPONENTS:
            if f"{name}.axes" in arrays:
                self._require_length(arrays, f"{name}.scale", len(arrays[f"{name}.axes"]))
        for prefix in _prefixes(self.card):
            if not self.card.is_classifier:
                self._require_regressor(arrays, prefix)
            elif f"{prefix}rows" in arrays:
                self._require_rows(arrays, f"{prefix}rows")
                per_row = f"{prefix}dual" if f"{prefix}dual" in arrays else f"{prefix}which"
                self._require_length(arrays, per_row, len(arrays[f"{prefix}rows"]))
        return arrays

    def _require_regressor(self, arrays: dict[str, NDArray[Any]], prefix: str) -> None:
        basis, process_rows = arrays[f"{prefix}span.basis"], arrays.get(f"{prefix}curve.rows")
        self._require_length(arrays, f"{prefix}span.mean", basis.shape[1])
        if process_rows is not None and process_rows.shape[1] != len(basis):
            raise WrongValue(f"rows of {len(basis)} numbers", process_rows, f".{prefix}curve.rows")
        self._require_length(arrays, f"{prefix}curve.weights", len(basis if process_rows is None else process_rows))
        if f"{prefix}curve.slope" in arrays:
            self._require_length(arrays, f"{prefix}curve.slope", len(basis))

    @staticmethod
    def _require_rows(arrays: dict[str, NDArray[Any]], name: str) -> None:
        if not arrays[name].size:
            raise WrongValue("one or more rows", arrays[name], f".{name}")

    @staticmethod
    def _require_length(arrays: dict[str, NDArray[Any]], name: str, length: int) -> None:
        if len(arrays[name]) != length:
            raise WrongValue(f"{length} numbers", arrays[name], f".{name}")
