"""Plain rows that say how a network is built and how it is trained. Free of torch, so that anyone may read them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError


def _check(whose: str, name: str, value: float, is_right: bool, range_of_it: str) -> None:
    if not is_right:
        raise StudioError(f"The {name.replace('_', ' ')} of a {whose} cannot be {value}.", f"Give {range_of_it}.")


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The size of a spectrum autoencoder; lengths in samples of the spectrum."""

    window: int = 32
    stride: int = 16
    width: int = 128
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 1

    def __post_init__(self) -> None:
        """Raises StudioError when no network can be built so."""
        for name, least in (("window", 2), ("stride", 1), ("width", 2), ("heads", 1), ("encoder_layers", 1)):
            _check("network", name, getattr(self, name), getattr(self, name) >= least, f"{least} or more")
        _check("network", "decoder_layers", self.decoder_layers, self.decoder_layers >= 0, "0 or more")
        of_strides = f"a multiple of the stride, which is {self.stride}"
        _check("network", "window", self.window, self.window % self.stride == 0, of_strides)
        of_heads = f"a multiple of twice the heads, of which there are {self.heads}"
        _check("network", "width", self.width, self.width % (2 * self.heads) == 0, of_heads)

    @property
    def minimum_bytes(self) -> int:
        """What the largest parts of its weights take; a file that holds them is no smaller."""
        layers = self.encoder_layers + self.decoder_layers
        return 4 * self.width * (4 * self.window + layers * self.width)


@dataclass(frozen=True, slots=True)
class PretrainingConfig:
    """How a network is pretrained. The same plan, corpora and machine give the same weights."""

    steps: int = 24_000
    samples_a_step: int = 65_536
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    weight_decay: float = 0.02
    real_share: float = 0.5
    hiding_steps: float = 0.25
    hidden_share: float = 0.5
    average_over: int = 1000
    checkpoint_every: int = 250
    leave_out: str = ""
    seed: int = 1

    def __post_init__(self) -> None:
        """Raises StudioError when a number is out of its range."""
        counts = {
            "steps": 1,
            "samples_a_step": 1,
            "warmup_steps": 0,
            "average_over": 1,
            "checkpoint_every": 1,
            "seed": 0,
        }
        shares = ("real_share", "hiding_steps", "hidden_share")
        for name, least in counts.items():
            _check("training", name, getattr(self, name), getattr(self, name) >= least, f"{least} or more")
        for name in shares:
            _check("training", name, getattr(self, name), 0 <= getattr(self, name) <= 1, "a number from 0 to 1")
        rate, decay = self.learning_rate, self.weight_decay
        _check("training", "learning_rate", rate, 0 < rate < math.inf, "a number above 0, such as 0.001")
        _check("training", "weight_decay", decay, 0 <= decay < math.inf, "0 or more")


@dataclass(frozen=True, slots=True)
class EmbedderConfig:
    """The size of a network that says what a spectrum is of: a grid in cm⁻¹, tokens of so many of its samples."""

    low_cm: float = 100.0
    step_cm: float = 2.5
    tokens: int = 40
    token: int = 32
    width: int = 128
    heads: int = 4
    layers: int = 3
    features: int = 128

    def __post_init__(self) -> None:
        """Raises StudioError when no network can be built so."""
        for name in ("tokens", "token", "width", "heads", "layers", "features"):
            _check("network of features", name, getattr(self, name), getattr(self, name) >= 1, "1 or more")

    @property
    def samples(self) -> int:
        """How many samples the grid has."""
        return self.tokens * self.token

    @property
    def high_cm(self) -> float:
        """Where the grid ends."""
        return self.low_cm + self.samples * self.step_cm

    @property
    def minimum_bytes(self) -> int:
        """What the largest parts of its weights take; a file that holds them is no smaller."""
        of_features = self.heads * self.features
        return 4 * self.width * (3 * self.token + self.tokens + self.layers * self.width + of_features)

    def reach(self, axis: NDArray[np.float64]) -> float:
        """How many cm⁻¹ of an `axis` (B,) lie on the grid; below zero when it lies beside it."""
        return float(min(axis[-1], self.high_cm) - max(axis[0], self.low_cm))


@dataclass(frozen=True, slots=True)
class FeaturePretrainingConfig:
    """How features are learned without a label: by what is hidden, and by two corrupted views of each spectrum.

    `twins` names the groups of a corpus in which several spectra of one `sample` are of one substance.
    """

    steps: int = 7000
    spectra_a_step: int = 128
    groups_a_step: int = 8
    learning_rate: float = 1e-3
    warmup_steps: int = 100
    weight_decay: float = 0.05
    temperature: float = 0.1
    simulated_share: float = 0.1
    hidden_share: float = 0.25
    views_weight: float = 1.0
    hiding_weight: float = 0.3
    average_over: int = 200
    checkpoint_every: int = 250
    twins: str = "rruff"
    leave_out: str = ""
    seed: int = 1
