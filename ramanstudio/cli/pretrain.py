"""`ramanstudio pretrain`: train the part of a model that denoises."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ramanstudio.cli import training
from ramanstudio.cli.outputs import is_own_output
from ramanstudio.cli.verb import Verb
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.mae.config import NetworkConfig, PretrainingConfig


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `pretrain`."""
    training.add_arguments(parser, PretrainingConfig, NetworkConfig)


def run(arguments: Namespace) -> int:
    """Pretrain a model, or go on with one; returns the exit code."""
    from ramanstudio.export.loss_figure import draw_loss_curve
    from ramanstudio.mae import pretraining

    plan = training.plan_from(arguments, PretrainingConfig)
    network_plan = training.plan_from(arguments, NetworkConfig)

    picture = arguments.out / "loss.png"
    if picture.is_symlink() or (picture.exists() and not is_own_output(picture)):
        raise StudioError(
            f"'{picture}' exists, and RamanStudio did not write it.", remedy="Choose another folder with --out."
        )

    def show(rows: Sequence[Mapping[str, float]]) -> None:
        if rows:
            draw_loss_curve(picture, rows)

    def train(corpora: Sequence[Path], progress: Progress, device: str) -> Any:
        return pretraining.pretrain(plan, corpora, arguments.out, progress, network_plan, device)

    return training.run_training(arguments, plan.steps, train, show)


VERB: Final = Verb(
    "pretrain", "Train a denoising model from scratch; goes on where it was stopped.", add_arguments, run
)
