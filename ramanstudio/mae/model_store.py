"""Models on disk: a folder with a model card and weights as safetensors, checked by their hashes; never pickle."""

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
MAX_WEIGHTS_BYTES = 2**31  # far above any model of ours; a larger file is damaged


@dataclass(frozen=True, slots=True)
class EmbedderCard:
    """The part of a model card on its embedder: size, training data, checksum. `plan` is its name in card.json."""

    plan: EmbedderConfig
    parameters: int
    steps: int
    trained_on: Mapping[str, int]
    metrics: Mapping[str, float] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, what it was trained on and how well it does; stored beside its weights as card.json.

    `error_scale` is the factor from the standard deviation that the network predicts to the expected error, measured on
    validation spectra; `calibration`, a factor by how large that deviation is, takes precedence over it. `embedder`
    describes the network for features, whose weights are a file of their own; None where there is none.
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
    licence: str = ""
    cite: str = ""
    software: str = ""
    sha256: str = ""
    embedder: EmbedderCard | None = None
    calibration: Calibration | None = None

    @property
    def error_calibration(self) -> Calibration:
        """The calibration of the expected error; one factor for all where the model has no calibration."""
        return self.calibration or Calibration.constant(self.error_scale)

    @property
    def weights_hash(self) -> str:
        """A hash of the weights of both networks, which identifies the model."""
        return hashlib.sha256(f"{self.sha256} {self.embedder.sha256 if self.embedder else ''}".encode()).hexdigest()

    def text(self) -> str:
        """The card as text for a person to read."""
        trained_on = _counts_text(self.trained_on)
        lines = [
            f"{self.name}: {self.description}",
            f"{self.parameters / 1e6:.2f} million parameters, {self.steps} steps, {self.spectra_seen} spectra seen.",
            f"Trained on: {trained_on}.",
            *self._embedder_text(),
            *(f"{metric}: {value:g}" for metric, value in self.metrics.items()),
            *([f"Licence {self.licence}. {self.cite}".strip()] if self.licence else [self.cite] if self.cite else []),
            f"SHA-256 {self.sha256}",
        ]
        return "\n".join(lines)

    def _embedder_text(self) -> list[str]:
        if self.embedder is None:
            return []
        size = f"{self.embedder.parameters / 1e6:.2f} million parameters, {self.embedder.steps} steps"
        return [f"Features: {size}, trained without labels on: {_counts_text(self.embedder.trained_on)}."]


def _counts_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{group} {count}" for group, count in counts.items())


def find(model: str | Path) -> Path:
    """Return the folder of a model given by name (the user's models first) or by path.

    Raises StudioError when there is none.
    """
    for folder in (Path(model), *(models / model for models in _folders())):
        if (folder / CARD).is_file():
            return folder
    raise StudioError(
        f"There is no model '{model}'.",
        remedy=f"Models that are here: {', '.join(available()) or 'none; install RamanStudio again'}.",
    )


def available() -> tuple[str, ...]:
    """Return the names of the models that can be loaded."""
    return tuple(sorted({card.parent.name for folder in _folders() for card in folder.glob(f"*/{CARD}")}))


def _folders() -> tuple[Path, ...]:
    """The folders of models, the user's first; only that of the program where there can be none of the user's."""
    try:
        return (user_data() / "models", bundled_path("models"))
    except StudioError:  # a home that cannot be written; the models of the program work all the same
        return (bundled_path("models"),)


def read_card(folder: Path) -> ModelCard:
    """Read the card of the model in `folder`; unknown keys are ignored. Raises StudioError when it is damaged."""
    try:
        row = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = {field.name for field in fields(ModelCard)}
        row = {key: value for key, value in row.items() if key in known}
        embedder = row.get("embedder")
        if embedder is not None:
            embedder = EmbedderCard(**{**embedder, "plan": EmbedderConfig(**embedder["plan"])})
        calibration = row.get("calibration")
        if calibration is not None:
            calibration = Calibration(tuple(calibration["spread"]), tuple(calibration["scale"]))
        parts = {"network": NetworkConfig(**row["network"]), "embedder": embedder, "calibration": calibration}
        return ModelCard(**{**row, **parts})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StudioError(
            f"The card of the model in '{folder}' cannot be read.", remedy="Install or import the model again."
        ) from error


def load(folder: Path) -> tuple[ModelCard, SpectrumAutoencoder]:
    """Load a model's card and its autoencoder onto the CPU, ready to use.

    Raises StudioError when the weights are missing, damaged or not those of the card.
    """
    from ramanstudio.mae.network import SpectrumAutoencoder

    card = read_card(folder)
    weights = _read_weights(folder / WEIGHTS, card.sha256, card.name, card.network)
    network = SpectrumAutoencoder(card.network)
    _load_weights(network, weights, card.name)
    return card, network


def load_embedder(folder: Path) -> Embedder | None:
    """Load a model's embedder onto the CPU, ready to use; None where its card has none.

    Raises StudioError when the weights are missing, damaged or not those of the card.
    """
    from ramanstudio.mae.embedder import Embedder

    card = read_card(folder)
    if card.embedder is None:
        return None
    weights = _read_weights(folder / EMBEDDER, card.embedder.sha256, card.name, card.embedder.plan)
    network = Embedder(card.embedder.plan)
    _load_weights(network, weights, card.name)
    return network


def _read_weights(path: Path, sha256: str, name: str, config: NetworkConfig | EmbedderConfig) -> bytes:
    """Read weights whose hash is `sha256`, if the file is as large as a network of that `config` makes it.

    Only then is memory taken for the network: a damaged card may state a billion layers.
    """
    try:
        if not config.minimum_bytes <= path.stat().st_size <= MAX_WEIGHTS_BYTES:
            raise ValueError("absurd size")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("hash")
    except (OSError, ValueError) as error:
        raise _damaged(name) from error
    return content


def _load_weights(network: Module, weights: bytes, name: str) -> None:
    """Load `weights` into a network and set it to evaluation."""
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
    """Write a model into `folder`, weights first, and return the card with their hash. An existing embedder stays."""
    folder.mkdir(parents=True, exist_ok=True)
    if card.embedder is None and (folder / CARD).is_file():
        card = replace(card, embedder=read_card(folder).embedder)
    return _write_card(folder, replace(card, sha256=_write_weights(folder / WEIGHTS, weights)))


def save_embedder(folder: Path, embedder: EmbedderCard, weights: Mapping[str, Tensor]) -> ModelCard:
    """Write an embedder beside the model in `folder`, and return the card of both.

    Raises StudioError when there is no model in `folder`.
    """
    card = read_card(folder)
    sha256 = _write_weights(folder / EMBEDDER, weights)
    return _write_card(folder, replace(card, embedder=replace(embedder, sha256=sha256)))


def save_calibration(folder: Path, calibration: Calibration) -> ModelCard:
    """Write the calibration of the expected error into the card of the model in `folder`, and return that card.

    Raises StudioError when there is no model in `folder`.
    """
    return _write_card(folder, replace(read_card(folder), calibration=calibration))


def _write_weights(path: Path, weights: Mapping[str, Tensor]) -> str:
    """Write `weights` as safetensors, and return the hash of the file."""
    from safetensors.torch import save as bytes_of

    content = bytes_of({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    atomic_write(path, content)
    return hashlib.sha256(content).hexdigest()


def _write_card(folder: Path, card: ModelCard) -> ModelCard:
    row: dict[str, Any] = asdict(card)
    atomic_write(folder / CARD, json.dumps(row, indent=2, ensure_ascii=False) + "\n")
    return card
