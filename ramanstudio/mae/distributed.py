"""Several processes that train one network, as torchrun starts them; a process by itself is a team of one."""

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
    """Which process of how many this is, and the device it works on."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def shared(self, network: nn.Module) -> Any:
        """`network` such that a backward pass averages the gradients of all processes; itself in a team of one."""
        if self.size == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        # what is hidden in a step, and so which weights have gradients, differs between processes
        return DistributedDataParallel(network, find_unused_parameters=True)


def world_size() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def process_rank() -> int:
    """Which process of those that torchrun started this is; 0 without it."""
    return int(os.environ.get("RANK", "0"))


@contextmanager
def team(device: str) -> Iterator[ProcessGroup]:
    """This process's place in the team that torchrun started, left at the end; on CUDA each has a GPU of its own."""
    if world_size() == 1:
        yield ProcessGroup(0, 1, torch.device(device))
        return
    place = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if device == "cuda" else torch.device(device)
    if device == "cuda":
        torch.cuda.set_device(place)
    torch.distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield ProcessGroup(torch.distributed.get_rank(), torch.distributed.get_world_size(), place)
    finally:
        torch.distributed.destroy_process_group()
