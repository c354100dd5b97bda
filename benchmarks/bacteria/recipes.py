"""The networks that are held against each other: what each begins from, and how it is fine-tuned."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedShuffleSplit
from torch import Tensor, nn

from benchmarks.bacteria.arrays import Bacteria
from benchmarks.rivals.learning import Learning, LearningPlan, Rows, Vary, accuracy, read_tensors
from benchmarks.rivals.resnet import ResNet, ResNetPlan, between_0_and_1
from benchmarks.rivals.smae_paper import SmaeClassifier, SmaePaper, SmaePlan, loss_of_hidden, varied
from ramanstudio.core.writing import atomic_write
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig
from ramanstudio.mae.embedder import Embedder, scale_to_lines
from ramanstudio.mae.feature_pretraining import FeaturePretraining, load_feature_corpus
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]
Prepare = Callable[[Floats], Rows]  # spectra (N, B) -> what the network is given (N, G)

SMAE = LearningPlan(
    epochs=100,
    spectra_per_step=16,
    learning_rate=1e-4,
    momentum=0.9,
    second_momentum=0.95,
    weight_decay=1e-5,
    patience=20,
)
SPECTRA_AT_ONCE = 4096  # on our grid, where each takes a few copies of 64 bits
STEPS_A_CHECKPOINT = 500
SHARPNESS = 10.0  # what features of unit length are multiplied by before classes are told from them


HIDING = LearningPlan(
    epochs=800, spectra_per_step=64, momentum=0.9, second_momentum=0.95, weight_decay=0.01, decay=0.99, fewest_steps=0
)
HO = LearningPlan()
FEATURES = FeaturePretrainingConfig(steps=20_000)


@dataclass(frozen=True, slots=True)
class Settings:
    """The sizes and the training of everything; the defaults are those of the published codes."""

    smae: SmaePlan = field(default_factory=SmaePlan)
    smae_hiding: LearningPlan = HIDING
    smae_labels: LearningPlan = field(default_factory=lambda: replace(SMAE, spectra_per_step=64))
    smae_fine: LearningPlan = SMAE
    resnet: ResNetPlan = field(default_factory=ResNetPlan)
    resnet_labels: LearningPlan = field(default_factory=lambda: replace(HO, spectra_per_step=64))
    resnet_fine: LearningPlan = HO
    embedder: EmbedderConfig = field(default_factory=EmbedderConfig)
    features: FeaturePretrainingConfig = FEATURES
    embedder_fine: LearningPlan = field(default_factory=lambda: replace(SMAE, learning_rate=3e-4))
    folds: int = 5


def quick() -> Settings:
    """Networks and trainings so small that the whole path runs in seconds; their figures mean nothing."""
    few = LearningPlan(epochs=2, fewest_steps=0, spectra_per_step=32)
    return Settings(
        smae=SmaePlan(width=16, depth=1, heads=2, inner_width=16),
        resnet=ResNetPlan(channels_in=4, channels=4, layers=3, blocks=1),
        embedder=EmbedderConfig(width=16, heads=2, layers=1, features=16),
        features=FeaturePretrainingConfig(steps=2, spectra_per_step=16, warmup_steps=1),
        smae_hiding=few,
        smae_labels=few,
        smae_fine=few,
        resnet_labels=few,
        resnet_fine=few,
        embedder_fine=few,
        folds=2,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """The spectra, how everything is done with them, where it is computed, and the folder that keeps what is done."""

    bacteria: Bacteria
    settings: Settings
    device: torch.device
    folder: Path
    say: Callable[[str], None]

    def saying(self, what: str) -> Callable[[str], None]:
        return lambda note: self.say(f"{what} · {note}")


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A row of the table: what it begins from for so many classes, what it is given, how it is fine-tuned."""

    name: str
    begin: Callable[[int], nn.Module]
    prepare: Prepare
    how: LearningPlan
    vary: Vary | None = None


def load_fitting(network: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """`network` with `weights`; its last layer stays as it is where it tells another number of classes apart."""
    own = network.state_dict()
    fitting = {name: part for name, part in weights.items() if name in own and part.shape == own[name].shape}
    missing = [name for name in own if name not in fitting and not name.startswith("head.")]
    if missing:
        raise ValueError(f"no weights for {', '.join(missing)}")
    network.load_state_dict({**own, **fitting})
    return network


def learned_from_labels(bench: Bench, name: str, recipe: Recipe, how: LearningPlan) -> dict[str, Tensor]:
    """The weights of `recipe` after it has learned the labels of X_reference; a tenth of them chooses the epoch."""
    split = bench.bacteria["reference"]
    rows, classes = recipe.prepare(split.values), split.labels
    n_classes = len(np.unique(classes))
    tenth = max(n_classes, len(classes) // 10)
    learn, apart = next(StratifiedShuffleSplit(1, test_size=tenth, random_state=how.seed).split(rows, classes))
    torch.manual_seed(how.seed)
    network = recipe.begin(n_classes).to(bench.device)
    judge = partial(accuracy, network, rows[apart], classes[apart], bench.device)
    learning = Learning(network, how, rows[learn], classes[learn], judge, recipe.vary)
    learning.run(bench.folder / f"{name}.safetensors", bench.saying(name))
    return network.state_dict()


def smae_autoencoder(bench: Bench) -> SmaePaper:
    """The paper's autoencoder after it has rebuilt hidden patches of the spectra of X_reference, without a label."""
    values = bench.bacteria["reference"].values
    how = bench.settings.smae_hiding
    torch.manual_seed(how.seed)
    network = SmaePaper(values.shape[1], bench.settings.smae).to(bench.device)
    learning = Learning(network, how, between_0_and_1(values), vary=varied, loss=loss_of_hidden)
    learning.run(bench.folder / "smae-paper hiding.safetensors", bench.saying("smae-paper hiding"))
    return network


def smae(bench: Bench, hiding: bool, labels: bool = False) -> Recipe:
    """The paper's network: after hiding, after hiding and the labels of X_reference, or from scratch."""
    points, plan = bench.bacteria["reference"].values.shape[1], bench.settings.smae
    name = "smae-paper" if hiding else "smae-paper network, no pretraining"
    scratch = Recipe(
        name, lambda classes: SmaeClassifier(points, classes, plan), between_0_and_1, bench.settings.smae_fine, varied
    )
    if not hiding:
        return scratch
    encoder = {f"encoder.{part}": weight for part, weight in smae_autoencoder(bench).encoder.state_dict().items()}
    hidden = replace(scratch, begin=lambda classes: load_fitting(scratch.begin(classes), encoder))
    if not labels:
        return hidden
    weights = learned_from_labels(bench, "smae-paper labels", hidden, bench.settings.smae_labels)
    return replace(
        hidden, name=f"{name}, then labels", begin=lambda classes: load_fitting(scratch.begin(classes), weights)
    )


def resnet(bench: Bench, labels: bool) -> Recipe:
    """The ResNet of Ho et al. 2019, after the labels of X_reference or from scratch."""
    points, plan = bench.bacteria["reference"].values.shape[1], bench.settings.resnet
    scratch = Recipe(
        "ResNet, no pretraining",
        lambda classes: ResNet(points, classes, plan),
        between_0_and_1,
        bench.settings.resnet_fine,
    )
    if not labels:
        return scratch
    weights = learned_from_labels(bench, "ResNet labels", scratch, bench.settings.resnet_labels)
    return replace(scratch, name="ResNet, labels", begin=lambda classes: load_fitting(scratch.begin(classes), weights))


def our_embedder(bench: Bench) -> Embedder:
    """Our own embedder after it has learned from the spectra of X_reference, hidden and in two views, no label."""
    import h5py
    from safetensors.torch import save

    plan, kept = bench.settings.embedder, bench.folder / "ours.safetensors"
    if kept.exists():
        network = Embedder(plan)
        network.load_state_dict(read_tensors(kept)[1])
        return network.eval()
    how = bench.settings.features
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "bacteria.h5"
        with h5py.File(corpus, "w") as file:
            group = file.create_group("bacteria_reference")
            group["axis"], group["values"] = bench.bacteria.axis, bench.bacteria["reference"].values
        learning = FeaturePretraining(how, load_feature_corpus([corpus], plan, how), plan, bench.device)
    checkpoint = bench.folder / "ours checkpoint.safetensors"
    if checkpoint.exists():
        learning.resume(checkpoint)
    while learning.step < how.steps:
        loss = learning.take_step()
        if learning.step % STEPS_A_CHECKPOINT == 0 or learning.step == how.steps:
            learning.save(checkpoint)
            bench.say(f"ours · step {learning.step} of {how.steps} · loss {loss:.3f}")
    network = learning.averaged_network().cpu()
    atomic_write(kept, save({name: part.contiguous() for name, part in network.state_dict().items()}))
    return network


class EmbedderClassifier(nn.Module):
    """Our embedder with a linear layer on its features: rows on its grid (N, G) -> scores of the classes (N, K)."""

    measured: Tensor

    def __init__(self, embedder: Embedder, measured: NDArray[Any], classes: int) -> None:
        super().__init__()
        self.embedder = embedder
        self.head = nn.Linear(embedder.plan.features, classes)
        self.register_buffer("measured", torch.from_numpy(measured.astype(np.float32)))

    def features(self, rows: Tensor) -> Tensor:
        features: Tensor = self.embedder(rows, self.measured.expand_as(rows))[0]
        return features

    def forward(self, rows: Tensor) -> Tensor:
        scores: Tensor = self.head(SHARPNESS * self.features(rows))
        return scores


def noisier(rows: Tensor) -> Tensor:
    """`rows` (n, G), their strong lines one high, with as much noise as the paper adds, in half of them."""
    deviation = torch.empty(len(rows), 1, device=rows.device).uniform_(0.01, 0.05)
    return rows + (torch.rand_like(deviation) < 0.5) * deviation * torch.randn_like(rows)


def ours(bench: Bench) -> Recipe:
    """Our embedder, fine-tuned as the paper's network is."""
    plan, axis = bench.settings.embedder, bench.bacteria.axis
    weights = our_embedder(bench).state_dict()
    measured = resample_to_grid(plan, axis, np.zeros((1, len(axis))))[1]

    def begin(classes: int) -> nn.Module:
        embedder = Embedder(plan)
        embedder.load_state_dict(weights)
        return EmbedderClassifier(embedder, measured, classes)

    def prepare(values: Floats) -> Rows:
        parts = np.array_split(values, -(-len(values) // SPECTRA_AT_ONCE))
        return np.concatenate([scale_to_lines(resample_to_grid(plan, axis, part)[0]) for part in parts])

    return Recipe("ours, hiding and views", begin, prepare, bench.settings.embedder_fine, noisier)


RECIPES: dict[str, Callable[[Bench], Recipe]] = {
    "resnet": partial(resnet, labels=True),
    "resnet-scratch": partial(resnet, labels=False),
    "smae-paper": partial(smae, hiding=True),
    "smae-paper-labels": partial(smae, hiding=True, labels=True),
    "smae-paper-scratch": partial(smae, hiding=False),
    "ours": ours,
}
