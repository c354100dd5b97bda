"""Models as folders: a card that says what a model is, and its weights. Knows files and hashes, never pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ramanstudio.errors import StudioError
from ramanstudio.mae.plan import NetworkPlan
from ramanstudio.paths import replace_atomically, shipped, user_data

if TYPE_CHECKING:
    from torch import Tensor

    from ramanstudio.mae.network import SpectrumAutoencoder

CARD, WEIGHTS = "card.json", "weights.safetensors"
LARGEST_WEIGHTS = 2**31  # bytes; no model of ours comes near it, so a larger header is damage


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is, what it learned from and how well it does; stored beside its weights as card.json.

    `error_scale` turns the spread that the network predicts into the expected error (measured on spectra held apart).
    """

    name: str
    description: str
    network: NetworkPlan
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

    def text(self) -> str:
        """The card in sentences, for a person to read."""
        learned = ", ".join(f"{group} {count}" for group, count in self.trained_on.items())
        lines = [
            f"{self.name}: {self.description}",
            f"{self.parameters / 1e6:.2f} million parameters, {self.steps} steps, {self.spectra_seen} spectra seen.",
            f"Learned from: {learned}.",
            *(f"{metric}: {value:g}" for metric, value in self.metrics.items()),
            f"Licence {self.licence}. {self.cite}".strip(),
            f"SHA-256 {self.sha256}",
        ]
        return "\n".join(lines)


def find(model: str | Path) -> Path:
    """The folder of a model given by name (the user's before the shipped) or by path.

    Raises StudioError when there is none.
    """
    for folder in (Path(model), user_data() / "models" / model, shipped("models", str(model))):
        if (folder / CARD).is_file():
            return folder
    raise StudioError(
        f"There is no model '{model}'.",
        remedy=f"Models that are here: {', '.join(available()) or 'none; install RamanStudio again'}.",
    )


def available() -> tuple[str, ...]:
    """The names of the models that can be loaded."""
    places = (shipped("models"), user_data() / "models")
    return tuple(sorted({card.parent.name for place in places for card in place.glob(f"*/{CARD}")}))


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`. Raises StudioError when it is damaged."""
    try:
        row = json.loads((folder / CARD).read_text(encoding="utf-8"))
        known = {one.name for one in fields(ModelCard)}
        row = {key: value for key, value in row.items() if key in known}
        return ModelCard(**{**row, "network": NetworkPlan(**row["network"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StudioError(
            f"The card of the model in '{folder}' cannot be read.", remedy="Install or import the model again."
        ) from error


def load(folder: Path) -> tuple[ModelCard, SpectrumAutoencoder]:
    """A model's card and its network, ready to use on the CPU.

    Raises StudioError when the weights are missing, damaged or not those of the card.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load as tensors_from

    from ramanstudio.mae.network import SpectrumAutoencoder

    card = read_card(folder)
    weights = folder / WEIGHTS
    try:
        if weights.stat().st_size > LARGEST_WEIGHTS:
            raise ValueError("absurd size")
        content = weights.read_bytes()
        if hashlib.sha256(content).hexdigest() != card.sha256:
            raise ValueError("hash")
        network = SpectrumAutoencoder(card.network)
        network.load_state_dict(tensors_from(content))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise StudioError(
            f"The weights of the model '{card.name}' are missing or damaged.",
            remedy="Install or import the model again.",
        ) from error
    return card, network.eval()


def save(folder: Path, card: ModelCard, weights: Mapping[str, Tensor]) -> ModelCard:
    """Write a model into `folder`, weights first; returns the card with their hash."""
    from dataclasses import replace

    from safetensors.torch import save as bytes_of

    folder.mkdir(parents=True, exist_ok=True)
    content = bytes_of({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})
    card = replace(card, sha256=hashlib.sha256(content).hexdigest())
    replace_atomically(folder / WEIGHTS, content)
    row: dict[str, Any] = asdict(card)
    replace_atomically(folder / CARD, json.dumps(row, indent=2, ensure_ascii=False) + "\n")
    return card
