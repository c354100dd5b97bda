"""The supervised residual network of Ho et al. 2019, trained from scratch on the labels there are.

Nature Communications 10, 4927, with the sizes and the training of its public code: one convolution of five samples to
64 channels, then six layers of two residual blocks with 100 channels, the first block of every layer but the first at a
stride of two, everything that is left into one linear layer. Adam, the loss of the classes, spectra between 0 and 1.
Which epoch is kept is chosen on a fifth of the labels where there are enough of them, else the last one is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedShuffleSplit
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

Floats = NDArray[np.floating[Any]]
Labels = NDArray[Any]
SPECTRA_A_BATCH = 512  # of inference
FEWEST_TO_CHOOSE = 5  # labels in every class; with fewer, none is held back to choose the epoch by


@dataclass(frozen=True, slots=True)
class ResNetPlan:
    """The size of the network, as published."""

    channels_in: int = 64
    channels: int = 100
    layers: int = 6
    blocks: int = 2
    kernel: int = 5


@dataclass(frozen=True, slots=True)
class ResNetTraining:
    """How a network is trained; the step of the optimizer, its momentum and the patience are the public code's.

    `fewest_steps` makes the epochs more where labels are few: the published 30 epochs of 3000 spectra are many steps.
    """

    epochs: int = 30
    fewest_steps: int = 300
    spectra_a_step: int = 10
    learning_rate: float = 1e-3
    momentum: float = 0.5
    patience: int = 5
    seed: int = 0


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


def chosen_device(name: str = "auto") -> torch.device:
    """`name`, or for "auto" a GPU of NVIDIA where there is one, else the CPU."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def between_0_and_1(values: Floats) -> NDArray[np.float32]:
    """Each spectrum of `values` (N, B) from its lowest to its highest point, as the published arrays are."""
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = ((values - low) / np.maximum(high - low, 1e-12)).astype(np.float32)
    return scaled


@torch.inference_mode()
def scores(network: nn.Module, rows: NDArray[np.float32], device: torch.device) -> NDArray[np.float32]:
    """What `network` says of `rows` (N, B) -> (N, K)."""
    network.eval()
    told = []
    for some in torch.split(torch.from_numpy(rows), SPECTRA_A_BATCH):
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            told.append(network(some.to(device)).float().cpu())
    result: NDArray[np.float32] = torch.cat(told).numpy()
    return result


def accuracy(network: nn.Module, rows: NDArray[np.float32], classes: Labels, device: torch.device) -> float:
    """The share of `rows` (N, B) that `network` gives their class (N,)."""
    return float(np.mean(scores(network, rows, device).argmax(axis=1) == classes))


def one_epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    rows: Tensor,
    classes: Tensor,
    spectra_a_step: int,
    random: torch.Generator,
    before_step: Callable[[], None] = lambda: None,
) -> None:
    """One pass over `rows` (N, B) and their `classes` (N,), which lie on the device of `network`, in a random order."""
    network.train()
    kind = rows.device.type
    for some in torch.randperm(len(rows), generator=random).split(spectra_a_step):
        if len(some) < 2:  # a batch of one has no spread to be normalised by
            continue
        before_step()
        here = some.to(rows.device)
        with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
            told = network(rows[here])
        loss = cross_entropy(told.float(), classes[here])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def train(
    network: nn.Module,
    rows: NDArray[np.float32],
    classes: Labels,
    held: tuple[NDArray[np.float32], Labels] | None,
    how: ResNetTraining,
    device: torch.device,
) -> float | None:
    """Train on `rows` (n, B) and `classes` (n,); keep the epoch that does best on `held`, whose accuracy is returned.

    Of epochs alike the last is kept. It stops when so many epochs in a row bring nothing better, but not before its
    fewest steps, as the means of the batch normalisation are not yet of use then. Without `held` the last is kept.
    """
    random = torch.Generator().manual_seed(how.seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=how.learning_rate, betas=(how.momentum, 0.999))
    inputs, targets = torch.from_numpy(rows).to(device), torch.from_numpy(classes).to(device)
    epochs = max(how.epochs, -(-how.fewest_steps * how.spectra_a_step // len(rows)))
    best, since, weights = -1.0, 0, None
    for epoch in range(epochs):
        one_epoch(network, optimizer, inputs, targets, how.spectra_a_step, random)
        if held is None:
            continue
        right = accuracy(network, *held, device)
        since = 0 if right > best else since + 1
        if right >= best:
            best, weights = right, copy.deepcopy(network.state_dict())
        steps = (epoch + 1) * len(rows) // how.spectra_a_step
        if since >= how.patience and steps >= how.fewest_steps:
            break
    if weights is not None:
        network.load_state_dict(weights)
    return None if held is None else best


def classify(
    train_values: Floats,
    train_labels: Labels,
    test_values: Floats,
    how: ResNetTraining | None = None,
    plan: ResNetPlan | None = None,
    device: str = "auto",
) -> Labels:
    """ResNet from scratch: spectra (n, B) with labels (n,), spectra (M, B) -> labels (M,).

    The epoch is chosen on a fifth of the labels given, drawn by class, where every class has enough.
    """
    how = how or ResNetTraining()
    names, classes = np.unique(train_labels, return_inverse=True)
    where = chosen_device(device)
    torch.manual_seed(how.seed)
    network = ResNet(train_values.shape[1], len(names), plan).to(where)
    rows, held = between_0_and_1(train_values), None
    if np.bincount(classes).min() >= FEWEST_TO_CHOOSE:
        learn, apart = next(StratifiedShuffleSplit(1, test_size=0.2, random_state=how.seed).split(rows, classes))
        held = rows[apart], classes[apart]
        rows, classes = rows[learn], classes[learn]
    train(network, rows, classes, held, how, where)
    told = scores(network, between_0_and_1(test_values), where).argmax(axis=1)
    return np.asarray(names[told])
