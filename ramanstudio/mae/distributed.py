"""Train one network in several processes, as torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """The number of this process among those that train together, and the device it computes on."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def wrap(self, network: nn.Module) -> Any:
        """Return `network` such that a backward pass averages the gradients of all processes."""
        if self.size == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        # which windows are masked in a step, and so which weights have gradients, differs between processes
        return DistributedDataParallel(network, find_unused_parameters=True)


def world_size() -> int:
    """Return how many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def process_rank() -> int:
    """Return the number of this process among those that torchrun started; 0 without it."""
    return int(os.environ.get("RANK", "0"))


@contextmanager
def process_group(device: str) -> Iterator[ProcessGroup]:
    """Join the processes that torchrun started, and leave them at the end; on CUDA each has a GPU of its own."""
    if world_size() == 1:
        yield ProcessGroup(0, 1, torch.device(device))
        return
    own = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if device == "cuda" else torch.device(device)
    if device == "cuda":
        torch.cuda.set_device(own)
    torch.distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield ProcessGroup(torch.distributed.get_rank(), torch.distributed.get_world_size(), own)
    finally:
        torch.distributed.destroy_process_group()
