"""Models as folders: a card that says what a model is, and its weights. Knows files and hashes, never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import bundled_path, user_data
from ramanstudio.core.writing import atomic_write
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.config import EmbedderConfig, NetworkConfig

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from ramanstudio.mae.embedder import Embedder
    from ramanstudio.mae.network import SpectrumAutoencoder

CARD, WEIGHTS, EMBEDDER = "card.json", "weights.safetensors", "embedder.safetensors"
DEFAULT_MODEL = "smae-base"
LARGEST_WEIGHTS = 2**31  # bytes; no model of ours comes near it, so a larger header is damage


@dataclass(frozen=True, slots=True)
class EmbedderCard:
    """What is known of the half of a model that gives features: its size, what it learned from, its checksum."""

    plan: EmbedderConfig
    parameters: int
    steps: int
    trained_on: Mapping[str, int]
    metrics: Mapping[str, float] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, what it learned from and how well it does; stored beside its weights as card.json.

    `error_scale` turns the spread that the network predicts into the expected error (measured on spectra held apart);
    `calibration` does so by how large the spread is, and goes before it.
    `embedder` tells of the half that gives features, in a file of its own; None where there is none.
    """

    name: str
    description: str
    network: NetworkConfig
    parameters: int
    steps: int
    spectra_seen: int
    trained_on: Mapping[str, int]
    error_scale: float = 1.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    licence: str = "MIT"
    cite: str = ""
    software: str = ""
    sha256: str = ""
    embedder: EmbedderCard | None = None
    calibration: Calibration | None = None

    @property
    def error_calibration(self) -> Calibration:
        """The factors from predicted spread to expected error; one for all where the model has not been calibrated."""
        return self.calibration or Calibration.flat(self.error_scale)

    @property
    def fingerprint(self) -> str:
        """What tells this model's weights, of both halves, from those of any other."""
        return hashlib.sha256(f"{self.sha256} {self.embedder.sha256 if self.embedder else ''}".encode()).hexdigest()

    def text(self) -> str:
        """The card in sentences, for a person to read."""
        learned = ", ".join(f"{group} {count}" for group, count in self.trained_on.items())
        lines = [
            f"{self.name}: {self.description}",
            f"{self.parameters / 1e6:.2f} million parameters, {self.steps} steps, {self.spectra_seen} spectra seen.",
            f"Learned from: {learned}.",
            *self._told_of_features(),
            *(f"{metric}: {value:g}" for metric, value in self.metrics.items()),
            f"Licence {self.licence}. {self.cite}".strip(),
            f"SHA-256 {self.sha256}",
        ]
        return "\n".join(lines)

    def _told_of_features(self) -> list[str]:
        if self.embedder is None:
            return []
        note = self.embedder
        learned = ", ".join(f"{group} {count}" for group, count in note.trained_on.items())
        size = f"{note.parameters / 1e6:.2f} million parameters, {note.steps} steps"
        return [f"Features: {size}, learned without labels from: {learned}."]


def find(model: str | Path) -> Path:
    """The folder of a model given by name (the user's before the shipped) or by path.

    Raises StudioError when there is none.
    """
    for folder in (Path(model), user_data() / "models" / model, bundled_path("models", str(model))):
        if (folder / CARD).is_file():
            return folder
    raise StudioError(
        f"There is no model '{model}'.",
        remedy=f"Models that are here: {', '.join(available()) or 'none; install RamanStudio again'}.",
    )


def available() -> tuple[str, ...]:
    """The names of the models that can be loaded."""
    places = (bundled_path("models"), user_data() / "models")
    return tuple(sorted({card.parent.name for place in places for card in place.glob(f"*/{CARD}")}))


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`. Raises StudioError when it is damaged."""
    try:
        row = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = {one.name for one in fields(ModelCard)}
        row = {key: value for key, value in row.items() if key in known}
        note = row.get("embedder")
        if note is not None:
            note = EmbedderCard(**{**note, "plan": EmbedderConfig(**note["plan"])})
        scales = row.get("calibration")
        if scales is not None:
            scales = Calibration(tuple(scales["spread"]), tuple(scales["scale"]))
        rooms = {"network": NetworkConfig(**row["network"]), "embedder": note, "calibration": scales}
        return ModelCard(**{**row, **rooms})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StudioError(
            f"The card of the model in '{folder}' cannot be read.", remedy="Install or import the model again."
        ) from error


def load(folder: Path) -> tuple[ModelCard, SpectrumAutoencoder]:
    """A model's card and its network, ready to use on the CPU.

    Raises StudioError when the weights are missing, damaged or not those of the card.
    """
    from ramanstudio.mae.network import SpectrumAutoencoder

    card = read_card(folder)
    weights = _weights(folder / WEIGHTS, card.sha256, card.name, card.network)
    network = SpectrumAutoencoder(card.network)
    _fill(network, weights, card.name)
    return card, network


def load_embedder(folder: Path) -> Embedder | None:
    """The half of a model that gives features, ready to use on the CPU; None where its card tells of none.

    Raises StudioError when the weights are missing, damaged or not those of the card.
    """
    from ramanstudio.mae.embedder import Embedder

    card = read_card(folder)
    if card.embedder is None:
        return None
    weights = _weights(folder / EMBEDDER, card.embedder.sha256, card.name, card.embedder.plan)
    network = Embedder(card.embedder.plan)
    _fill(network, weights, card.name)
    return network


def _weights(path: Path, sha256: str, name: str, plan: NetworkConfig | EmbedderConfig) -> bytes:
    """The weights whose hash is `sha256`, read where the file is as large as a network of that `plan` makes it.

    Only then is memory taken for the network: a card may state a billion layers.
    """
    try:
        if not plan.minimum_bytes <= path.stat().st_size <= LARGEST_WEIGHTS:
            raise ValueError("absurd size")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("hash")
    except (OSError, ValueError) as error:
        raise _damaged(name) from error
    return content


def _fill(network: Module, weights: bytes, name: str) -> None:
    """Load `weights` into a network and make it ready to use."""
    from safetensors import SafetensorError
    from safetensors.torch import load as tensors_from

    try:
        network.load_state_dict(tensors_from(weights))
    except (ValueError, RuntimeError, SafetensorError) as error:
        raise _damaged(name) from error
    network.eval()


def _damaged(name: str) -> StudioError:
    return StudioError(
        f"The weights of the model '{name}' are missing or damaged.", remedy="Install or import the model again."
    )


def save(folder: Path, card: ModelCard, weights: Mapping[str, Tensor]) -> ModelCard:
    """Write a model into `folder`, weights first; returns the card with their hash. Features that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    if card.embedder is None and (folder / CARD).is_file():
        card = replace(card, embedder=read_card(folder).embedder)
    return _written(folder, replace(card, sha256=_keep(folder / WEIGHTS, weights)))


def save_embedder(folder: Path, note: EmbedderCard, weights: Mapping[str, Tensor]) -> ModelCard:
    """Write the half that gives features beside the model in `folder`; returns the card that tells of both.

    Raises StudioError when there is no model in `folder`.
    """
    card = read_card(folder)
    return _written(folder, replace(card, embedder=replace(note, sha256=_keep(folder / EMBEDDER, weights))))


def save_calibration(folder: Path, calibration: Calibration) -> ModelCard:
    """Write into the card of the model in `folder` how its claims compare with its errors; returns that card.

    Raises StudioError when there is no model in `folder`.
    """
    return _written(folder, replace(read_card(folder), calibration=calibration))


def _keep(path: Path, weights: Mapping[str, Tensor]) -> str:
    """Write `weights` as safetensors; returns the hash of the file."""
    from safetensors.torch import save as bytes_of

    content = bytes_of({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    atomic_write(path, content)
    return hashlib.sha256(content).hexdigest()


def _written(folder: Path, card: ModelCard) -> ModelCard:
    row: dict[str, Any] = asdict(card)
    atomic_write(folder / CARD, json.dumps(row, indent=2, ensure_ascii=False) + "\n")
    return card
