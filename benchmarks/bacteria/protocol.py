"""Fine-tuning in stratified folds, chosen on what a fold holds back, and each network's one answer to the test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from torch import nn

from benchmarks.bacteria.arrays import Split
from benchmarks.bacteria.recipes import Bench, Recipe
from benchmarks.rivals.learning import Learning, accuracy, network_output
from ramanstudio.core.writing import atomic_write

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Identifications:
    """Accuracies, one a network: on what its fold held back, and on the test; and that of their mean probability."""

    name: str
    held_back: tuple[float, ...]
    tested: tuple[float, ...]
    together: float


def folds(labels: NDArray[Any], n_folds: int, seeds: int) -> Iterator[tuple[int, int, Indices, Indices]]:
    """Seed, fold, the rows learned from and the rows held back, stratified by `labels` (N,)."""
    for seed in range(seeds):
        parts = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(labels, labels)
        for fold, (learn, held) in enumerate(parts):
            yield seed, fold, learn, held


def fine_tuned(
    bench: Bench, recipe: Recipe, given: Split, part: tuple[int, int, Indices, Indices]
) -> tuple[nn.Module, float]:
    """A network fine-tuned on a fold of `given`, its accuracy on what the fold held back. It sees no other split."""
    seed, fold, learn, held = part
    names, classes = np.unique(given.labels, return_inverse=True)
    rows = recipe.prepare(given.values)
    torch.manual_seed(100 * seed + fold)
    network = recipe.begin(len(names)).to(bench.device)
    judge = partial(accuracy, network, rows[held], classes[held], bench.device)
    how = replace(recipe.how, seed=100 * seed + fold)
    learning = Learning(network, how, rows[learn], classes[learn], judge, recipe.vary)
    return learning.run(), learning.best


def probabilities(scores: Floats) -> Floats:
    """The softmax of `scores` (N, K)."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def identify(bench: Bench, recipe: Recipe, given: Split, test: Split, seeds: int) -> Identifications:
    """Every fold of every seed on `given`; what is done is kept, so that a killed run goes on with the next fold."""
    names = np.unique(given.labels)
    held_back, answers = [], []
    for part in folds(given.labels, bench.settings.folds, seeds):
        seed, fold = part[:2]
        kept = bench.folder / recipe.name / f"{given.name} seed {seed} fold {fold}.safetensors"
        if not kept.exists():
            network, right = fine_tuned(bench, recipe, given, part)
            _keep(kept, right, network_output(network, recipe.prepare(test.values), bench.device))
            bench.say(f"{recipe.name} · {given.name} · seed {seed} · fold {fold} · held back {right:.4f}")
        right, scores = _kept(kept)
        held_back.append(right)
        answers.append(probabilities(scores))
    tested = tuple(float(np.mean(names[answer.argmax(axis=1)] == test.labels)) for answer in answers)
    together = float(np.mean(names[np.mean(answers, axis=0).argmax(axis=1)] == test.labels))
    return Identifications(recipe.name, tuple(held_back), tested, together)


def _keep(path: Path, held_back: float, scores: NDArray[np.float32]) -> None:
    from safetensors.numpy import save

    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, save({"scores": scores}, {"held_back": repr(held_back)}))


def _kept(path: Path) -> tuple[float, Floats]:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        return float((file.metadata() or {})["held_back"]), file.get_tensor("scores")
