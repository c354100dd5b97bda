"""What features learn from hiding, from two views, from simulated spectra: python -m benchmarks.ablation

Five trainings of the same few steps each, judged by the features alone: 1-NN and discriminants at few labels, K-means.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.fewshot import cluster, score
from benchmarks.labelled_sets import LabelledSpectra, labelled_sets
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from benchmarks.rivals import classifiers
from ramanstudio.core.progress import Progress
from ramanstudio.mae.calibration import Calibration
from ramanstudio.mae.config import FeaturePretrainingConfig, NetworkConfig
from ramanstudio.mae.embedder import Embedder
from ramanstudio.mae.feature_pretraining import train_embedder
from ramanstudio.mae.network import SpectrumAutoencoder
from ramanstudio.mae.predictor import Predictor

LEFT_OUT = "exposure_mixture_01,power_series_a,minerals_raw_test"
SIMULATED = FeaturePretrainingConfig().simulated_share
WEIGHTS = {
    "hiding only": {"contrastive_weight": 0.0, "reconstruction_weight": 1.0},
    "views only": {"contrastive_weight": 1.0, "reconstruction_weight": 0.0},
    "both": {},
}


def plans(steps: int) -> dict[str, FeaturePretrainingConfig]:
    """What is compared, each of so many steps."""
    base = FeaturePretrainingConfig(steps=steps, leave_out=LEFT_OUT)
    with_simulated = {name: replace(base, **weights) for name, weights in WEIGHTS.items()}
    without = {
        f"{name}, no simulated spectra": replace(plan, simulated_share=0.0) for name, plan in with_simulated.items()
    }
    return {**{f"{name}, {SIMULATED:.0%} simulated": plan for name, plan in with_simulated.items()}, **without}


def features_of(embedder: Embedder, labelled: LabelledSpectra) -> NDArray[np.float32]:
    """The features of a set (N, D), through the same door as Engine.embed."""
    predictor = Predictor(SpectrumAutoencoder(NetworkConfig()), Calibration.constant(1.0), "cpu", embedder)
    return predictor.features(labelled.spectra.axis, labelled.spectra.values)


def cells(embedder: Embedder) -> list[str]:
    """How well the features of one training tell substances apart."""
    rows = []
    for labelled in labelled_sets():
        features = features_of(embedder, labelled)
        budgets = slice(0, 2)
        for judge in (classifiers.nearest_neighbour, classifiers.shrinkage_lda):
            few = replace(labelled, budgets=labelled.budgets[budgets])
            rows.append(" / ".join(f"{accuracy.mean:.3f}" for accuracy in score(few, features, judge)))
        if labelled.name == "single_cells":
            groups = cluster(labelled, features, starts=5)
            rows.append(f"{groups.accuracy:.3f} / {groups.mutual:.3f}")
    return rows


HEAD = (
    "learned by", "single_cells 1 / 5 labels, 1-NN", "discriminants", "K-means ACC / AMI",
    "minerals_raw 1 / 5 labels, 1-NN", "discriminants",
)  # fmt: skip


def main() -> None:
    """Train each, measure each, write the section."""
    ask = argparse.ArgumentParser(description="Measure what features are learned from.")
    ask.add_argument("--corpus", type=Path, nargs="+", default=[CORPUS])
    ask.add_argument("--steps", type=int, default=300)
    ask.add_argument("--threads", type=int, default=1)
    arguments = ask.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = []
    for name, plan in plans(arguments.steps).items():
        progress = Progress(lambda done, total, note: print(f"\r{done} of {total} {note}", end="", flush=True))
        rows.append([name, *cells(train_embedder(plan, arguments.corpus, progress)[0])])
        print("\r", *rows[-1], flush=True)
    write_section(
        "Features: what they are learned from",
        f"`python -m benchmarks.ablation --steps {arguments.steps}`, {machine()}. {arguments.steps} steps of"
        f" {FeaturePretrainingConfig().spectra_per_step} spectra each, from the same start, without labels; a"
        " twentieth of what the shipped features had, so they compare with each other only. Features of the raw"
        " spectra, nothing"
        " beside them.\n\n" + table(HEAD, rows),
    )


if __name__ == "__main__":
    main()
