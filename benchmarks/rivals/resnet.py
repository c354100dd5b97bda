"""The supervised residual network of Ho et al. 2019, trained from scratch on the labels there are.

Nature Communications 10, 4927, with the sizes and the training of its public code: one convolution of five samples to
64 channels, then six layers of two residual blocks with 100 channels, the first block of every layer but the first at a
stride of two, everything that is left into one linear layer. Adam, the loss of the classes, spectra between 0 and 1.
Which epoch is kept is chosen on a fifth of the labels where there are enough of them, else the last one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedShuffleSplit
from torch import Tensor, nn
from torch.nn.functional import relu

from benchmarks.rivals.learning import Learning, LearningPlan, accuracy, chosen_device, network_output

Floats = NDArray[np.floating[Any]]
Labels = NDArray[Any]
MIN_LABELS_TO_SELECT = 5  # labels in every class; with fewer, none is held back to choose the epoch by
PUBLISHED_POINTS = 1000  # of a spectrum; longer ones are averaged down to what the network was made for


@dataclass(frozen=True, slots=True)
class ResNetPlan:
    """The size of the network, as published."""

    channels_in: int = 64
    channels: int = 100
    layers: int = 6
    blocks: int = 2
    kernel: int = 5


class ResidualBlock(nn.Module):
    """Two convolutions beside a skip, (N, C, B) -> (N, C', B / stride)."""

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        pad = kernel // 2
        self.first = nn.Conv1d(before, after, kernel, stride, pad, bias=False)
        self.second = nn.Conv1d(after, after, kernel, 1, pad, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm1d(after), nn.BatchNorm1d(after)])
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.skip = nn.Sequential(nn.Conv1d(before, after, 1, stride, bias=False), nn.BatchNorm1d(after))

    def forward(self, values: Tensor) -> Tensor:
        inner = relu(self.norms[0](self.first(values)))
        return relu(self.norms[1](self.second(inner)) + self.skip(values))


class ResNet(nn.Module):
    """Spectra (N, B) -> scores of the classes (N, K)."""

    def __init__(self, points: int, classes: int, plan: ResNetPlan | None = None) -> None:
        super().__init__()
        plan = plan or ResNetPlan()
        self.first = nn.Conv1d(1, plan.channels_in, plan.kernel, padding=plan.kernel // 2, bias=False)
        self.norm = nn.BatchNorm1d(plan.channels_in)
        blocks, before, left = [], plan.channels_in, points
        for layer in range(plan.layers):
            for block in range(plan.blocks):
                stride = 2 if layer > 0 and block == 0 else 1
                blocks.append(ResidualBlock(before, plan.channels, plan.kernel, stride))
                before, left = plan.channels, -(-left // stride)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(plan.channels * left, classes)

    def encode(self, spectra: Tensor) -> Tensor:
        """What the last linear layer sees (N, channels × points left)."""
        encoded: Tensor = self.blocks(relu(self.norm(self.first(spectra[:, None])))).flatten(1)
        return encoded

    def forward(self, spectra: Tensor) -> Tensor:
        scores: Tensor = self.head(self.encode(spectra))
        return scores


def between_0_and_1(values: Floats) -> NDArray[np.float32]:
    """Each spectrum of `values` (N, B) from its lowest to its highest point, as the published arrays are."""
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = ((values - low) / np.maximum(high - low, 1e-12)).astype(np.float32)
    return scaled


def of_published_length(values: Floats) -> Floats:
    """Spectra (N, B) with so many neighbouring samples averaged that about PUBLISHED_POINTS or fewer are left."""
    n_points = -(-values.shape[1] // PUBLISHED_POINTS)
    whole = values.shape[1] // n_points * n_points
    return values[:, :whole].reshape(len(values), -1, n_points).mean(axis=2)


def classify(
    train_values: Floats,
    train_labels: Labels,
    test_values: Floats,
    how: LearningPlan | None = None,
    plan: ResNetPlan | None = None,
    device: str = "auto",
) -> Labels:
    """ResNet from scratch: spectra (n, B) with labels (n,), spectra (M, B) -> labels (M,).

    The epoch is chosen on a fifth of the labels given, drawn by class, where every class has enough.
    """
    how = how or LearningPlan()
    names, classes = np.unique(train_labels, return_inverse=True)
    where = chosen_device(device)
    torch.manual_seed(how.seed)
    network = ResNet(train_values.shape[1], len(names), plan).to(where)
    rows, judge = between_0_and_1(train_values), None
    if np.bincount(classes).min() >= MIN_LABELS_TO_SELECT:
        learn, apart = next(StratifiedShuffleSplit(1, test_size=0.2, random_state=how.seed).split(rows, classes))
        judge = partial(accuracy, network, rows[apart], classes[apart], where)
        rows, classes = rows[learn], classes[learn]
    Learning(network, how, rows, classes, judge).run()
    return np.asarray(names[network_output(network, between_0_and_1(test_values), where).argmax(axis=1)])
