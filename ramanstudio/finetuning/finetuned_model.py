"""Taught models on disk: a card that says what one was taught and how good it is, and its arrays. Never pickle."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_data
from ramanstudio.core.writing import atomic_write
from ramanstudio.finetuning.config import REPRESENTATION_TITLES
from ramanstudio.mae import model_store

CARD, WEIGHTS, EXPORTED = "card.json", "weights.safetensors", ".ramanmodel"
LARGEST: Final = 2**30  # bytes; no taught model comes near it
CLASSES, QUANTITY = "classes", "quantity"
TUNED: Final = "tuned."  # in front of the names of weights that were learned anew
LONGEST_NAME: Final = 80
Arrays = Mapping[str, NDArray[Any]]
# Keys of cards written before version 0.9, and their present names.
OLD_KEYS: Final = {
    "reading": "representation",
    "head": "estimator",
    "sharpness": "inverse_temperature",
    "stranger_distance": "novelty_threshold",
}


@dataclass(frozen=True, slots=True)
class FineTunedModelCard:
    """What a model was fine-tuned on, from which model, and how good it is; stored beside its arrays as card.json.

    `parent` is the model that denoises and gives features, `parent_sha256` its fingerprint; `axis_cm` (low, high) is
    the range of the training spectra in cm⁻¹. `inverse_temperature` scales scores to calibrated probabilities. A
    spectrum farther than `novelty_threshold` from all training spectra is unknown. `figures` were measured by
    cross-validation.
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
    notes: tuple[str, ...] = ()
    software: str = ""
    made: str = ""
    sha256: str = ""

    def text(self) -> str:
        """The card in sentences, for a person to read."""
        of_classes = self.kind == CLASSES
        what = f"Names {len(self.classes)} classes" if of_classes else "Predicts a quantity"
        each = ", ".join(f"{name} {count}" for name, count in zip(self.classes, self.counts, strict=of_classes))
        return "\n".join(
            [
                f"{self.name}: {what}, learned from {sum(self.counts)} spectra.",
                f"Sees {self.axis_cm[0]:.0f} to {self.axis_cm[1]:.0f} cm⁻¹.",
                f"Representation: {REPRESENTATION_TITLES.get(self.representation, self.representation)}.",
                f"{'Classifier' if of_classes else 'Regressor'}: {self.estimator}.",
                *self.notes,
                *(
                    f"{figure}: {100 * value:.3g} %" if of_classes else f"{figure}: {value:.3g}"
                    for figure, value in self.figures.items()
                ),
                f"Made for {self.parent} on {self.made} by {self.software}.",
                *([f"SHA-256 {self.sha256}"] if self.sha256 else []),
                *([f"Spectra of each class: {each}."] if of_classes else []),
            ]
        )


@dataclass(frozen=True, slots=True, eq=False)
class FineTunedModel:
    """A taught model: its card, and the arrays of its head and of what it compares new spectra with."""

    card: FineTunedModelCard
    arrays: Arrays


def folder() -> Path:
    """Where the user's taught models lie; made when missing."""
    place = user_data() / "taught"
    place.mkdir(parents=True, exist_ok=True)
    return place


def names() -> tuple[str, ...]:
    """The names of the models that are kept."""
    return tuple(sorted(card.parent.name for card in folder().glob(f"*/{CARD}")))


def keep(model: FineTunedModel, name: str) -> FineTunedModel:
    """Put a model beside the others under `name`; returns it with the card that was written.

    Raises StudioError when the name cannot be one or is taken, or nothing can be written there.
    """
    place = _free_place(name)
    content = _bytes_of(model.arrays)
    card = replace(model.card, name=name.strip(), sha256=hashlib.sha256(content).hexdigest())
    try:
        place.mkdir(parents=True, exist_ok=True)
        atomic_write(place / WEIGHTS, content)
        atomic_write(place / CARD, _text_of(card))
    except OSError as error:
        raise _not_written(name, error) from error
    return FineTunedModel(card, model.arrays)


def require_free(name: str) -> None:
    """Raises StudioError when a model cannot be kept under `name`, so that nothing is learned in vain."""
    _free_place(name)


def load(name: str | Path) -> FineTunedModel:
    """A kept model by name, or by the path of its folder or of an exported file.

    Raises StudioError when there is none, or it is damaged.
    """
    path = Path(name)
    if path.is_file():
        return _of_file(path)
    place = path if (path / CARD).is_file() else folder() / str(name)
    if not (place / CARD).is_file():
        here = ", ".join(names()) or "none yet"
        raise StudioError(f"There is no taught model '{name}'.", remedy=f"Models that are here: {here}.")
    try:
        card = _card_of((place / CARD).read_text(encoding="utf-8"))
        content = _read_whole(place / WEIGHTS)
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise ValueError("hash")
        return FineTunedModel(card, _arrays_of(content))
    except _DAMAGE as error:
        raise _damaged(str(name)) from error


def card_of(name: str) -> FineTunedModelCard:
    """The card of a kept model, without its arrays. Raises StudioError when there is none, or it is damaged."""
    place = folder() / name
    try:
        return _card_of(_read_whole(place / CARD).decode("utf-8"))
    except _DAMAGE as error:
        raise _damaged(name) from error


def rename(name: str, other: str) -> None:
    """Call a kept model by another name. Raises StudioError when there is none, or the name cannot be used."""
    model, place = load(name), _free_place(other)
    try:
        (folder() / name).rename(place)
        atomic_write(place / CARD, _text_of(replace(model.card, name=other.strip())))
    except OSError as error:
        raise _not_written(other, error) from error


def delete(name: str) -> None:
    """Take a kept model away. Raises StudioError when there is none."""
    if name not in names():
        raise StudioError(f"There is no taught model '{name}'.", remedy="It may have been deleted already.")
    shutil.rmtree(folder() / name)


def export(name: str, out: Path) -> None:
    """Write a kept model to one file, whose name ends in `.ramanmodel`. Raises StudioError when that fails."""
    from safetensors.numpy import save

    model = load(name)
    text = _text_of(model.card)
    note = {"card": text, "card_sha256": hashlib.sha256(text.encode()).hexdigest()}
    try:
        atomic_write(out, save(dict(model.arrays), note))
    except OSError as error:
        raise _not_written(str(out), error) from error


def bring_in(file: Path, name: str = "") -> FineTunedModel:
    """Keep a model from an exported `file`, under its own name unless told otherwise.

    Raises StudioError when it is damaged, made for a parent that is not here or has changed, or its name is taken.
    """
    model = _of_file(file)
    card = model.card
    try:
        parent = model_store.read_card(model_store.find(card.parent))
    except StudioError as error:
        raise StudioError(
            f"'{file.name}' was made for the model '{card.parent}', which is not here.", f"Install '{card.parent}'."
        ) from error
    require_parent(card, parent.name, parent.fingerprint)
    return keep(model, name or card.name)


def require_parent(card: FineTunedModelCard, parent: str, fingerprint: str) -> None:
    """Raises StudioError when a model with that `fingerprint` is not the one that `card` was made for."""
    if fingerprint == card.parent_sha256:
        return
    called = f"'{card.name}'" if card.name else "This model"
    if parent == card.parent:
        sentence = f"{called} was made for another version of {parent}."
        raise StudioError(sentence, remedy="Teach it again on this version.")
    raise StudioError(f"{called} was made for {card.parent}, not for {parent}.", remedy=f"Load {card.parent} first.")


_DAMAGE = (OSError, ValueError, TypeError, KeyError, IndexError)


def _of_file(file: Path) -> FineTunedModel:
    try:
        content = _read_whole(file)
        size = int.from_bytes(content[:8], "little")
        note = json.loads(content[8 : 8 + size])["__metadata__"]
        text = note["card"]
        if hashlib.sha256(text.encode()).hexdigest() != note["card_sha256"]:
            raise ValueError("hash of the card")
        card, arrays = _card_of(text), _arrays_of(content)
        if hashlib.sha256(_bytes_of(arrays)).hexdigest() != card.sha256:
            raise ValueError("hash of the arrays")
        return FineTunedModel(card, arrays)
    except _DAMAGE as error:
        raise _damaged(file.name) from error


def _read_whole(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise ValueError("absurd size")
    return path.read_bytes()


def _card_of(text: str) -> FineTunedModelCard:
    row = {OLD_KEYS.get(key, key): value for key, value in json.loads(text).items()}
    known = {one.name for one in fields(FineTunedModelCard)}
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items() if key in known}
    card = FineTunedModelCard(**row)
    if len(card.axis_cm) != 2 or card.kind not in (CLASSES, QUANTITY) or not isinstance(card.name, str):
        raise ValueError("not a card of a taught model")
    return card


def _text_of(card: FineTunedModelCard) -> str:
    return json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"


def _bytes_of(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    return bytes(save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}))


def _arrays_of(content: bytes) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as arrays_from

    try:
        return dict(arrays_from(content))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _free_place(name: str) -> Path:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or name.startswith(".") or re.search(r'[<>:"/\\|?*\x00-\x1f]', name):
        raise StudioError(
            f"'{name}' cannot be the name of a model.",
            remedy=f'Give up to {LONGEST_NAME} characters, none of them < > : " / \\ | ? *, and no point in front.',
        )
    place = folder() / name
    if (place / CARD).exists():
        raise StudioError(f"There is a model '{name}' already.", remedy="Choose another name, or delete that one.")
    return place


def _damaged(name: str) -> StudioError:
    return StudioError(f"The taught model '{name}' is damaged.", remedy="Import it again, or teach it again.")


def _not_written(name: str, error: OSError) -> StudioError:
    reason = error.strerror or str(error)
    return StudioError(f"Could not write '{name}': {reason}.", remedy="Choose a place that may be written to.")
