"""What the command line knows of a verb."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """A row of the command line: `ramanstudio NAME`, with its help, its arguments and what it runs.

    `run` returns the exit code and raises StudioError for what the user can put right.
    """

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
