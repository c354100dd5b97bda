"""How networks are built and trained, as plain numbers. Imports no torch, so that any package may read them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError


def _check(owner: str, name: str, value: float, is_valid: bool, valid: str) -> None:
    """Raise StudioError when the number `name` of `owner` is not valid; `valid` says what would be."""
    if not is_valid:
        raise StudioError(f"The {name.replace('_', ' ')} of a {owner} cannot be {value}.", f"Give {valid}.")


def _renamed(default: Any, formerly: str) -> Any:
    """A field that had another name: under that it is still a flag of the command line, and stored in checkpoints."""
    return field(default=default, metadata={"formerly": formerly})


def stored_settings(config: NetworkConfig | PretrainingConfig | EmbedderConfig | FeaturePretrainingConfig) -> str:
    """Return the settings as checkpoints store them, under the names that fields had when the first were written."""
    numbers = (f"{one.metadata.get('formerly', one.name)}={getattr(config, one.name)!r}" for one in fields(config))
    return f"{config.stored_as}({', '.join(numbers)})"


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The size of a spectrum autoencoder; `window` and `stride` in samples of the spectrum."""

    stored_as: ClassVar = "NetworkPlan"

    window: int = 32
    stride: int = 16
    width: int = 128
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 1

    def __post_init__(self) -> None:
        """Raises StudioError when no network can be built with these numbers."""
        for name, least in (("window", 2), ("stride", 1), ("width", 2), ("heads", 1), ("encoder_layers", 1)):
            _check("network", name, getattr(self, name), getattr(self, name) >= least, f"{least} or more")
        _check("network", "decoder_layers", self.decoder_layers, self.decoder_layers >= 0, "0 or more")
        of_strides = f"a multiple of the stride, which is {self.stride}"
        _check("network", "window", self.window, self.window % self.stride == 0, of_strides)
        of_heads = f"a multiple of twice the heads, of which there are {self.heads}"
        _check("network", "width", self.width, self.width % (2 * self.heads) == 0, of_heads)

    @property
    def minimum_bytes(self) -> int:
        """A lower bound of the size of the weights in bytes; a file that holds them is no smaller."""
        layers = self.encoder_layers + self.decoder_layers
        return 4 * self.width * (4 * self.window + layers * self.width)


@dataclass(frozen=True, slots=True)
class PretrainingConfig:
    """How an autoencoder is pretrained. The same numbers, corpora and machine give the same weights.

    `masking_probability` is the share of steps in which windows are masked, `mask_ratio` of them in such a step.
    """

    stored_as: ClassVar = "PretrainPlan"

    steps: int = 24_000
    samples_per_step: int = _renamed(65_536, "samples_a_step")
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    weight_decay: float = 0.02
    real_share: float = 0.5
    masking_probability: float = _renamed(0.25, "hiding_steps")
    mask_ratio: float = _renamed(0.5, "hidden_share")
    average_over: int = 1000
    checkpoint_every: int = 250
    leave_out: str = ""
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises StudioError when a number is out of its range."""
        minimum = {
            "steps": 1,
            "samples_per_step": 1,
            "warmup_steps": 0,
            "average_over": 1,
            "checkpoint_every": 1,
            "seed": 0,
        }
        for name, least in minimum.items():
            _check("training", name, getattr(self, name), getattr(self, name) >= least, f"{least} or more")
        for name in ("real_share", "masking_probability", "mask_ratio"):
            _check("training", name, getattr(self, name), 0 <= getattr(self, name) <= 1, "a number from 0 to 1")
        rate, decay = self.learning_rate, self.weight_decay
        _check("training", "learning_rate", rate, 0 < rate < math.inf, "a number above 0, such as 0.001")
        _check("training", "weight_decay", decay, 0 <= decay < math.inf, "0 or more")


@dataclass(frozen=True, slots=True)
class EmbedderConfig:
    """The size of an embedder: a grid in cm⁻¹, cut into `tokens` of `token` samples each, and `features` to give."""

    stored_as: ClassVar = "EmbedderPlan"

    low_cm: float = 100.0
    step_cm: float = 2.5
    tokens: int = 40
    token: int = 32
    width: int = 128
    heads: int = 4
    layers: int = 3
    features: int = 128

    def __post_init__(self) -> None:
        """Raises StudioError when no network can be built with these numbers."""
        for name in ("tokens", "token", "width", "heads", "layers", "features"):
            _check("network of features", name, getattr(self, name), getattr(self, name) >= 1, "1 or more")

    @property
    def samples(self) -> int:
        """The number of samples of the grid."""
        return self.tokens * self.token

    @property
    def high_cm(self) -> float:
        """The end of the grid in cm⁻¹."""
        return self.low_cm + self.samples * self.step_cm

    @property
    def minimum_bytes(self) -> int:
        """A lower bound of the size of the weights in bytes; a file that holds them is no smaller."""
        projection = self.heads * self.features
        return 4 * self.width * (3 * self.token + self.tokens + self.layers * self.width + projection)

    def overlap_cm(self, axis: NDArray[np.float64]) -> float:
        """Return how many cm⁻¹ of an `axis` (B,) lie on the grid; negative when it lies beside the grid."""
        return float(min(axis[-1], self.high_cm) - max(axis[0], self.low_cm))


@dataclass(frozen=True, slots=True)
class FeaturePretrainingConfig:
    """How an embedder is trained without labels: by contrasting augmented spectra and by reconstructing masked tokens.

    `paired_groups` names the groups of a corpus in which all spectra of one `sample` are of one substance.
    """

    stored_as: ClassVar = "FeaturePlan"

    steps: int = 7000
    spectra_per_step: int = _renamed(128, "spectra_a_step")
    groups_per_step: int = _renamed(8, "groups_a_step")
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    weight_decay: float = 0.05
    temperature: float = 0.1
    simulated_share: float = 0.1
    mask_ratio: float = _renamed(0.25, "hidden_share")
    contrastive_weight: float = _renamed(1.0, "views_weight")
    reconstruction_weight: float = _renamed(0.3, "hiding_weight")
    average_over: int = 200
    checkpoint_every: int = 250
    paired_groups: str = _renamed("rruff", "twins")
    leave_out: str = ""
    seed: int = 1
