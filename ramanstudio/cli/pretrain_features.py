"""`ramanstudio pretrain-features`: train the part of a model that computes features."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ramanstudio.cli import training
from ramanstudio.cli.verb import Verb
from ramanstudio.core.progress import Progress
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `pretrain-features`."""
    training.add_arguments(parser, FeaturePretrainingConfig, EmbedderConfig)


def run(arguments: Namespace) -> int:
    """Train the features of a denoising model, or go on with them; returns the exit code."""
    from ramanstudio.mae import feature_pretraining

    plan = training.plan_from(arguments, FeaturePretrainingConfig)
    embedder_plan = training.plan_from(arguments, EmbedderConfig)

    def train(corpora: Sequence[Path], progress: Progress, device: str) -> Any:
        return feature_pretraining.pretrain_features(plan, corpora, arguments.out, progress, embedder_plan, device)

    return training.run_training(arguments, plan.steps, train)


VERB: Final = Verb(
    "pretrain-features", "Train the features of a denoising model; goes on where it was stopped.", add_arguments, run
)
