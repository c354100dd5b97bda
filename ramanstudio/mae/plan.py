"""Plain rows that say how a network is built and how it is trained. Free of torch, so that anyone may read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """The size of a spectrum autoencoder; lengths in samples of the spectrum."""

    window: int = 32
    stride: int = 16
    width: int = 128
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 1


@dataclass(frozen=True, slots=True)
class PretrainPlan:
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
