"""Fine-tuned models on disk: a card with training data and figures, and the arrays of the classifier. Never pickle."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_data
from ramanstudio.core.writing import atomic_write, write_error
from ramanstudio.finetuning.model_card import MAX_CARD_BYTES, MAX_NAME_LENGTH, FineTunedModelCard, check_arrays
from ramanstudio.mae import model_store

CARD, WEIGHTS, SUFFIX = "card.json", "weights.safetensors", ".ramanmodel"
FOLDER: Final = "taught"  # in the user's data folder; its name before the feature was called fine-tuning
MAX_BYTES: Final = 2**28  # no fine-tuned model comes near it; reading takes three times as much memory
MAX_HEADER_BYTES: Final = 2**24
REMEDY: Final = "Import it again, or train it again."
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class FineTunedModel:
    """A fine-tuned model: its card, the arrays of its classifier and the training rows for novelty detection."""

    card: FineTunedModelCard
    arrays: Arrays


def models_folder() -> Path:
    """Return the folder of the user's fine-tuned models; it is made when missing.

    Raises StudioError when it cannot be.
    """
    folder = user_data() / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
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
        atomic_write(folder / CARD, card.to_json())
    except OSError as error:
        raise write_error(folder, error) from error
    return FineTunedModel(card, model.arrays)


def require_unused_name(name: str) -> None:
    """Raise StudioError when a model cannot be saved under `name`, so that nothing is trained in vain."""
    _unused_folder(name)


def load(name: str | Path) -> FineTunedModel:
    """Return a saved model by name, or by the path of its folder or of an exported file.

    Raises StudioError when there is none, or it is damaged.
    """
    path = Path(name)
    if _is_file(path):
        return _read_exported(path)
    folder = path if _is_file(path / CARD) else models_folder() / str(name)
    if not _is_file(folder / CARD):
        available = ", ".join(list_names()) or "none yet"
        raise StudioError(f"There is no fine-tuned model '{_shorten(name)}'.", remedy=f"Saved models: {available}.")
    what = f"The fine-tuned model '{_shorten(name)}'"
    with _damage_as_sentence(what):
        card = FineTunedModelCard.from_json(_read_text(folder / CARD), what, REMEDY)
        content = _read_limited(folder / WEIGHTS)
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise ValueError("hash")
        return _checked(FineTunedModel(card, _parse_arrays(content)), what)


def read_card(name: str) -> FineTunedModelCard:
    """Return the card of a saved model, without its arrays. Raises StudioError when there is none, or it is damaged."""
    what = f"The fine-tuned model '{name}'"
    with _damage_as_sentence(what):
        return FineTunedModelCard.from_json(_read_text(models_folder() / name / CARD), what, REMEDY)


def rename(name: str, new_name: str) -> None:
    """Rename a saved model. Raises StudioError when there is none, or the new name is invalid or taken."""
    model, folder = load(name), _unused_folder(new_name)
    try:
        (models_folder() / name).rename(folder)
        atomic_write(folder / CARD, replace(model.card, name=new_name.strip()).to_json())
    except OSError as error:
        raise write_error(folder, error) from error


def delete(name: str) -> None:
    """Delete a saved model. Raises StudioError when there is none."""
    if name not in list_names():
        raise StudioError(f"There is no fine-tuned model '{name}'.", remedy="It may have been deleted already.")
    shutil.rmtree(models_folder() / name)


def export_model(name: str, out: Path) -> None:
    """Write a saved model to one file, whose name ends in `.ramanmodel`. Raises StudioError when that fails."""
    from safetensors.numpy import save as to_safetensors

    model = load(name)
    card = model.card.to_json()
    metadata = {"card": card, "card_sha256": hashlib.sha256(card.encode()).hexdigest()}
    atomic_write(out, to_safetensors(dict(model.arrays), metadata))


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


def _read_exported(file: Path) -> FineTunedModel:
    """Return the model in an exported file, its hashes checked. Raises StudioError when it is damaged."""
    what = f"The fine-tuned model '{file.name}'"
    with _damage_as_sentence(what):
        content = _read_limited(file)
        header_size = int.from_bytes(content[:8], "little")
        if header_size > MAX_HEADER_BYTES:
            raise ValueError("absurd header")
        metadata = json.loads(content[8 : 8 + header_size])["__metadata__"]
        text = metadata["card"]
        if hashlib.sha256(text.encode()).hexdigest() != metadata["card_sha256"]:
            raise ValueError("hash of the card")
        card, arrays = FineTunedModelCard.from_json(text, what, REMEDY), _parse_arrays(content)
        if hashlib.sha256(_to_bytes(arrays)).hexdigest() != card.sha256:
            raise ValueError("hash of the arrays")
        return _checked(FineTunedModel(card, arrays), what)


def _checked(model: FineTunedModel, what: str) -> FineTunedModel:
    """Return `model` if its arrays fit its card. Raises StudioError, which names the array, when they do not."""
    check_arrays(model.card, model.arrays, what, REMEDY)
    return model


@contextmanager
def _damage_as_sentence(what: str) -> Iterator[None]:
    """Turn whatever a damaged file makes fail into a StudioError about `what`."""
    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise StudioError(f"{what} is damaged.", remedy=REMEDY) from error


def _is_file(path: Path) -> bool:
    """Return whether `path` is a file; names that cannot be one are not."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def _shorten(name: str | Path) -> str:
    """Return a name as it is quoted in a sentence."""
    text = str(name)
    return text if len(text) <= MAX_NAME_LENGTH else f"{text[: MAX_NAME_LENGTH - 1]}…"


def _read_text(path: Path) -> str:
    """Return the text of a card. Raises ValueError when it is too long or not UTF-8."""
    return _read_limited(path, MAX_CARD_BYTES).decode("utf-8")


def _read_limited(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of a file. Raises ValueError when there are too many, or it is not a regular file."""
    if not path.is_file() or path.stat().st_size > max_bytes:
        raise ValueError("absurd size")
    return path.read_bytes()


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
            f"'{_shorten(name)}' is not a valid model name.",
            remedy=f'Use up to {MAX_NAME_LENGTH} characters, none of < > : " / \\ | ? *, and no leading full stop.',
        )
    folder = models_folder() / name
    if (folder / CARD).exists():
        raise StudioError(f"There is already a model '{name}'.", remedy="Choose another name, or delete that model.")
    return folder
