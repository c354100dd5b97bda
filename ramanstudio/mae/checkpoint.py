"""Checkpoints of training runs: everything needed to resume to the same weights, as safetensors, never pickle."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_cache
from ramanstudio.core.writing import atomic_write

CHECKPOINT = "checkpoint.safetensors"


def adam(
    network: nn.Module, learning_rate: float, weight_decay: float, betas: tuple[float, float] = (0.9, 0.999)
) -> torch.optim.Optimizer:
    """Return AdamW for all weights of a network.

    The first optimizer of a process creates torch's folder for compiled code: among the user's own files, not in the
    temporary folder that all users of a computer share.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(user_cache() / "torch"))
    return torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=weight_decay, betas=betas)


class AveragedWeights:
    """The exponential moving average of the weights of a network over its last steps."""

    def __init__(self, network: nn.Module, over: int) -> None:
        self.weights = {name: weight.detach().clone() for name, weight in network.state_dict().items()}
        self._over = over

    def add(self, network: nn.Module, step: int) -> None:
        """Include the weights after `step`; with a short memory at first, to forget the random start."""
        keep = min(1 - 1 / self._over, (1 + step) / (10 + step))
        for name, weight in network.state_dict().items():
            self.weights[name].lerp_(weight, 1 - keep)


def write(
    path: Path, network: nn.Module, averaged: AveragedWeights, optimizer: torch.optim.Optimizer, note: Mapping[str, str]
) -> None:
    """Write a run; `note` holds its step and its settings."""
    from safetensors.torch import save

    tensors = {f"network.{name}": weight for name, weight in network.state_dict().items()}
    tensors |= {f"averaged.{name}": weight for name, weight in averaged.weights.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": torch.as_tensor(value) for key, value in state.items()}
    atomic_write(path, save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, dict(note)))


def resume(
    path: Path, network: nn.Module, averaged: AveragedWeights, optimizer: torch.optim.Optimizer, settings: str
) -> dict[str, str]:
    """Restore a run as it was written, and return its note.

    Raises StudioError when the file is damaged, of another network or of other `settings`.
    """
    from safetensors import SafetensorError, safe_open

    device = next(network.parameters()).device
    try:
        with safe_open(path, "pt") as file:
            note = file.metadata() or {}
            tensors = {name: file.get_tensor(name).to(device) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise StudioError(f"The checkpoint '{path}' is damaged.", remedy="Delete it to start again.") from error
    weights = _under("network.", tensors)
    own = {name: weight.shape for name, weight in network.state_dict().items()}
    if note.get("settings") != settings or own != {name: weight.shape for name, weight in weights.items()}:
        raise StudioError(
            f"The checkpoint '{path}' was made with other settings.",
            remedy="Give the same settings, or delete it to start again.",
        )
    network.load_state_dict(weights)
    averaged.weights = _under("averaged.", tensors)
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _under("optimizer.", tensors).items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = tensor.cpu() if key == "step" else tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return note


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
