"""Fine-tuned models on disk: a card with training data and figures, and the arrays of the classifier. Never pickle."""

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

CARD, WEIGHTS, SUFFIX = "card.json", "weights.safetensors", ".ramanmodel"
FOLDER: Final = "taught"  # in the user's data folder; its name before the feature was called fine-tuning
MAX_BYTES: Final = 2**30  # no fine-tuned model comes near it
CLASSES, QUANTITY = "classes", "quantity"
TUNED: Final = "tuned."  # prefix of the arrays of fine-tuned features
RMSE: Final = "cross-validated RMSE"  # the figure that is the error of a predicted quantity
OLD_RMSE: Final = "RMSE held out"
MAX_NAME_LENGTH: Final = 80
Arrays = Mapping[str, NDArray[Any]]
# Keys of cards written by earlier versions, and their present names.
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

    @property
    def rmse(self) -> float:
        """The cross-validated error of a model of a quantity; NaN where it was not measured."""
        return float(self.figures.get(RMSE, self.figures.get(OLD_RMSE, np.nan)))

    def text(self) -> str:
        """Return the card in sentences, for a person to read."""
        of_classes = self.kind == CLASSES
        task = f"classifies spectra into {len(self.classes)} classes" if of_classes else "predicts a quantity"
        counts = ", ".join(f"{name} {count}" for name, count in zip(self.classes, self.counts, strict=of_classes))
        figures = (
            f"{figure}: {100 * value:.3g} %" if of_classes else f"{figure}: {value:.3g}"
            for figure, value in self.figures.items()
        )
        return "\n".join(
            [
                f"{self.name}: {task}. Trained on {sum(self.counts)} labelled spectra.",
                f"Range: {self.axis_cm[0]:.0f} to {self.axis_cm[1]:.0f} cm⁻¹.",
                f"Representation: {REPRESENTATION_TITLES.get(self.representation, self.representation)}.",
                f"{'Classifier' if of_classes else 'Regressor'}: {self.estimator}.",
                *self.notes,
                *(f"{figure[0].upper()}{figure[1:]}" for figure in figures),
                f"Fine-tuned from {self.parent} on {self.made} by {self.software}.",
                *([f"SHA-256 {self.sha256}"] if self.sha256 else []),
                *([f"Labelled spectra of each class: {counts}."] if of_classes else []),
            ]
        )


@dataclass(frozen=True, slots=True, eq=False)
class FineTunedModel:
    """A fine-tuned model: its card, the arrays of its classifier and the training rows for novelty detection."""

    card: FineTunedModelCard
    arrays: Arrays


def models_folder() -> Path:
    """Return the folder of the user's fine-tuned models; it is made when missing."""
    folder = user_data() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def list_names() -> tuple[str, ...]:
    """Return the names of the saved models, sorted."""
    return tuple(sorted(card.parent.name for card in models_folder().glob(f"*/{CARD}")))


def save(model: FineTunedModel, name: str) -> FineTunedModel:
    """Save a model under `name`; return it with the card that was written.

    Raises StudioError when the name is invalid or taken, or the folder cannot be written.
    """
    folder = _unused_folder(name)
    content = _to_bytes(model.arrays)
    card = replace(model.card, name=name.strip(), sha256=hashlib.sha256(content).hexdigest())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / WEIGHTS, content)
        atomic_write(folder / CARD, _to_json(card))
    except OSError as error:
        raise _write_error(name, error) from error
    return FineTunedModel(card, model.arrays)


def require_unused_name(name: str) -> None:
    """Raise StudioError when a model cannot be saved under `name`, so that nothing is trained in vain."""
    _unused_folder(name)


def load(name: str | Path) -> FineTunedModel:
    """Return a saved model by name, or by the path of its folder or of an exported file.

    Raises StudioError when there is none, or it is damaged.
    """
    path = Path(name)
    if path.is_file():
        return _read_exported(path)
    folder = path if (path / CARD).is_file() else models_folder() / str(name)
    if not (folder / CARD).is_file():
        available = ", ".join(list_names()) or "none yet"
        raise StudioError(f"There is no fine-tuned model '{name}'.", remedy=f"Saved models: {available}.")
    try:
        card = _parse_card((folder / CARD).read_text(encoding="utf-8"))
        content = _read_limited(folder / WEIGHTS)
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise ValueError("hash")
        return FineTunedModel(card, _parse_arrays(content))
    except _READ_ERRORS as error:
        raise _damage_error(str(name)) from error


def read_card(name: str) -> FineTunedModelCard:
    """Return the card of a saved model, without its arrays. Raises StudioError when there is none, or it is damaged."""
    try:
        return _parse_card(_read_limited(models_folder() / name / CARD).decode("utf-8"))
    except _READ_ERRORS as error:
        raise _damage_error(name) from error


def rename(name: str, new_name: str) -> None:
    """Rename a saved model. Raises StudioError when there is none, or the new name is invalid or taken."""
    model, folder = load(name), _unused_folder(new_name)
    try:
        (models_folder() / name).rename(folder)
        atomic_write(folder / CARD, _to_json(replace(model.card, name=new_name.strip())))
    except OSError as error:
        raise _write_error(new_name, error) from error


def delete(name: str) -> None:
    """Delete a saved model. Raises StudioError when there is none."""
    if name not in list_names():
        raise StudioError(f"There is no fine-tuned model '{name}'.", remedy="It may have been deleted already.")
    shutil.rmtree(models_folder() / name)


def export_model(name: str, out: Path) -> None:
    """Write a saved model to one file, whose name ends in `.ramanmodel`. Raises StudioError when that fails."""
    from safetensors.numpy import save as to_safetensors

    model = load(name)
    card = _to_json(model.card)
    metadata = {"card": card, "card_sha256": hashlib.sha256(card.encode()).hexdigest()}
    try:
        atomic_write(out, to_safetensors(dict(model.arrays), metadata))
    except OSError as error:
        raise _write_error(str(out), error) from error


def import_model(file: Path, name: str = "") -> FineTunedModel:
    """Save the model in an exported `file`, under its own name or `name`.

    Raises StudioError when it is damaged, its name is taken, or the model that it was fine-tuned from is not here.
    """
    model = _read_exported(file)
    card = model.card
    try:
        parent = model_store.read_card(model_store.find(card.parent))
    except StudioError as error:
        raise StudioError(
            f"'{file.name}' was fine-tuned from the model '{card.parent}', which is not installed.",
            f"Install '{card.parent}'.",
        ) from error
    require_parent(card, parent.name, parent.weights_hash)
    return save(model, name or card.name)


def require_parent(card: FineTunedModelCard, parent: str, fingerprint: str) -> None:
    """Raise StudioError when the model `parent` with that `fingerprint` is not the one that was fine-tuned."""
    if fingerprint == card.parent_sha256:
        return
    model = f"'{card.name}'" if card.name else "This model"
    if parent == card.parent:
        sentence = f"{model} was fine-tuned from another version of {parent}."
        raise StudioError(sentence, remedy="Train it again on this version.")
    raise StudioError(
        f"{model} was fine-tuned from {card.parent}, not from {parent}.", remedy=f"Load {card.parent} first."
    )


_READ_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError)


def _read_exported(file: Path) -> FineTunedModel:
    """Return the model in an exported file, its hashes checked. Raises StudioError when it is damaged."""
    try:
        content = _read_limited(file)
        header_size = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + header_size])["__metadata__"]
        text = metadata["card"]
        if hashlib.sha256(text.encode()).hexdigest() != metadata["card_sha256"]:
            raise ValueError("hash of the card")
        card, arrays = _parse_card(text), _parse_arrays(content)
        if hashlib.sha256(_to_bytes(arrays)).hexdigest() != card.sha256:
            raise ValueError("hash of the arrays")
        return FineTunedModel(card, arrays)
    except _READ_ERRORS as error:
        raise _damage_error(file.name) from error


def _read_limited(path: Path) -> bytes:
    """Return the bytes of a file. Raises ValueError when there are too many for a model."""
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("absurd size")
    return path.read_bytes()


def _parse_card(text: str) -> FineTunedModelCard:
    """Return a card from JSON. Raises ValueError, TypeError or KeyError when it is damaged."""
    row = {OLD_KEYS.get(key, key): value for key, value in json.loads(text).items()}
    known = {each.name for each in fields(FineTunedModelCard)}
    row = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items() if key in known}
    card = FineTunedModelCard(**row)
    if len(card.axis_cm) != 2 or card.kind not in (CLASSES, QUANTITY) or not isinstance(card.name, str):
        raise ValueError("not the card of a fine-tuned model")
    return card


def _to_json(card: FineTunedModelCard) -> str:
    return json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"


def _to_bytes(arrays: Arrays) -> bytes:
    from safetensors.numpy import save as to_safetensors

    return bytes(to_safetensors({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}))


def _parse_arrays(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays in safetensors `content`. Raises ValueError when it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_safetensors

    try:
        return dict(from_safetensors(content))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _unused_folder(name: str) -> Path:
    """Return the folder for a new model. Raises StudioError when its name is invalid or taken."""
    name = name.strip()
    if not name or len(name) > MAX_NAME_LENGTH or name.startswith(".") or re.search(r'[<>:"/\\|?*\x00-\x1f]', name):
        raise StudioError(
            f"'{name}' is not a valid model name.",
            remedy=f'Use up to {MAX_NAME_LENGTH} characters, none of < > : " / \\ | ? *, and no leading full stop.',
        )
    folder = models_folder() / name
    if (folder / CARD).exists():
        raise StudioError(f"There is already a model '{name}'.", remedy="Choose another name, or delete that model.")
    return folder


def _damage_error(name: str) -> StudioError:
    return StudioError(f"The fine-tuned model '{name}' is damaged.", remedy="Import it again, or train it again.")


def _write_error(name: str, error: OSError) -> StudioError:
    reason = error.strerror or str(error)
    return StudioError(f"Could not write '{name}': {reason}.", remedy="Choose a folder that you can write to.")
