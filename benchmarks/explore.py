"""Groups found without labels, and how fast: python -m benchmarks.explore [groups] [speed] [large]

What only `large` measures takes some ten minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from benchmarks.fewshot import raw, unit
from benchmarks.labelled_sets import labelled_sets
from benchmarks.repeats import CORPUS
from benchmarks.results import machine, table, write_section
from ramanstudio.clustering import clusters, projection
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.denoising.denoised import Denoised
from ramanstudio.engine import Engine
from ramanstudio.mae.model_store import DEFAULT_MODEL

SEEDS = range(5)
COMPONENTS = 32
SPECIES = 30  # of rruff, the largest
ROOT = Path(__file__).resolve().parent.parent
PIXELS, POINTS = 100_000, 1000
MEASURES = ("ACC", "NMI", "AMI", "ARI")

Labels = NDArray[Any]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Spectra in `sets`, each on its own axis, whose substances are known: `labels` (N,) in the order of the sets."""

    name: str
    sets: tuple[SpectrumSet, ...]
    labels: Labels

    def on_one_axis(self) -> SpectrumSet:
        """All spectra in the range that they share, interpolated where axes differ."""
        first = self.sets[0]
        if len(self.sets) == 1:
            return first
        low, high = (max(spectra.axis[0] for spectra in self.sets), min(spectra.axis[-1] for spectra in self.sets))
        axis = np.arange(low, high, np.median([np.median(np.diff(spectra.axis)) for spectra in self.sets]))
        return SpectrumSet.of(
            axis, [np.interp(axis, spectra.axis, row) for spectra in self.sets for row in spectra.values]
        )


def largest_of_rruff(corpus: Path = CORPUS, species: int = SPECIES) -> Known:
    """The spectra of the species of which rruff has most, as measured: at four lasers, each on its own axis."""
    with h5py.File(corpus) as file:
        group = file["rruff"]
        starts, shifts, values = (group[name][:] for name in ("offsets", "axis", "values"))
        labels = group["label"].asstr()[:].astype(str)
    names, counts = np.unique(labels, return_counts=True)
    kept = np.flatnonzero(np.isin(labels, names[np.argsort(-counts, kind="stable")[:species]]))
    pieces = [slice(*starts[row : row + 2]) for row in kept]
    sets = tuple(SpectrumSet.of(shifts[piece], values[piece], source="rruff") for piece in pieces)
    return Known("rruff, its 30 largest species", sets, labels[kept])


def known_sets() -> list[Known]:
    """The three sets that groups are held against."""
    cells, minerals = (Known(labelled.name, (labelled.spectra,), labelled.labels) for labelled in labelled_sets())
    return [cells, largest_of_rruff(), minerals]


def agreement(groups: Labels, labels: Labels) -> tuple[float, ...]:
    """ACC, NMI, AMI and ARI of `groups` against `labels` (N,); an outlier (-1) is never accurate, and else one group.

    Each group counts for one class, matched by the Hungarian method.
    """
    inside = groups >= 0
    of, classes = np.unique(groups, return_inverse=True)[1], np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((of.max() + 1, classes.max() + 1), dtype=int)
    np.add.at(counts, (of[inside], classes[inside]), 1)
    matched = counts[linear_sum_assignment(-counts)].sum()
    return (
        float(matched / len(labels)),
        float(normalized_mutual_info_score(labels, groups)),
        float(adjusted_mutual_info_score(labels, groups)),
        float(adjusted_rand_score(labels, groups)),
    )


def coordinates(engine: Engine, known: Known) -> Floats:
    """What the program compares the spectra by, (N, K)."""
    denoised = engine.denoise_each(known.sets)
    return engine.compare(
        [denoised_set.spectra for denoised_set in denoised if isinstance(denoised_set, Denoised)]
    ).coordinates


def _k_means(rows: Floats, count: int, seed: int) -> Labels:
    return KMeans(count, n_init=20, random_state=seed).fit_predict(rows)


def _spectral(rows: Floats, count: int, seed: int) -> Labels:
    way = SpectralClustering(count, affinity="nearest_neighbors", n_neighbors=10, random_state=seed)
    return way.fit_predict(rows)


def rivals(spectra: SpectrumSet) -> dict[str, tuple[Floats, Callable[[Floats, int, int], Labels]]]:
    """What a user would otherwise do: rows (N, D) and how they are grouped, by name."""
    rows = raw(spectra)
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    few = (left * sizes)[:, :COMPONENTS]
    return {
        "K-means of raw spectra, of unit length": (unit(spectra.values), _k_means),
        "K-means of raw spectra without baseline": (rows, _k_means),
        f"K-means of {COMPONENTS} principal components": (few, _k_means),
        "spectral clustering of raw spectra without baseline": (rows, _spectral),
        f"spectral clustering of {COMPONENTS} principal components": (few, _spectral),
    }


def measure_groups(engine: Engine, known: Known) -> tuple[list[list[object]], list[str]]:
    """The rows of a set's table, and where a rival is ahead of the program told the same number."""
    rows, by_method = coordinates(engine, known), dict[str, tuple[float, ...]]()
    n_classes = len(np.unique(known.labels))
    lines: list[list[object]] = []
    for count in (n_classes, None):
        for method in clusters.METHODS:
            if method.key == "density" and count is not None:
                continue
            begun = time.perf_counter()
            groups = clusters.cluster(rows, count, method.key)
            seconds = time.perf_counter() - begun
            name = f"ours, {method.name}, {'told the number' if count else 'number found'}"
            by_method[name] = agreement(groups.labels, known.labels)
            outliers = int((groups.labels < 0).sum())
            lines.append(_line(name, groups.n_clusters, outliers, by_method[name], seconds))
    best = by_method[f"ours, {clusters.METHODS[0].name}, told the number"]
    behind = []
    for name, (features, way) in rivals(known.on_one_axis()).items():
        begun = time.perf_counter()
        runs = np.array([agreement(way(features, n_classes, seed), known.labels) for seed in SEEDS])
        scores = tuple(runs.mean(axis=0).tolist())
        lines.append(_line(name, n_classes, 0, scores, (time.perf_counter() - begun) / len(SEEDS)))
        behind += [
            f"{measure} of {name}" for measure, ours, his in zip(MEASURES, best, scores, strict=True) if his >= ours
        ]
    return lines, behind


def _line(name: str, count: int, outliers: int, scores: Sequence[float], seconds: float) -> list[object]:
    shown = f"**{name}**" if name == f"ours, {clusters.METHODS[0].name}, told the number" else name
    return [shown, count, outliers, *(f"{score:.3f}" for score in scores), f"{seconds:.1f}"]


def write_groups(model: str = DEFAULT_MODEL) -> None:
    """Measure and write the table of each set."""
    engine = Engine.load(model, device="cpu")
    for known in known_sets():
        lines, behind = measure_groups(engine, known)
        word = "Ahead of every rival in each measure." if not behind else f"Behind: {'; '.join(behind)}."
        head = ("way", "groups", "outliers", *MEASURES, "s")
        write_section(
            f"Groups: {known.name}",
            f"`python -m benchmarks.explore groups`, {machine()}. {len(known.labels)} spectra of"
            f" {len(np.unique(known.labels))} substances. ACC: accuracy by the Hungarian method, an outlier counting as"
            " wrong; normalised and adjusted mutual information; adjusted Rand index. Rivals are told the true number;"
            f" the mean of {len(SEEDS)} seeds, K-means of 20 starts each. Where axes differ they see the range that all"
            " spectra share. How spectra are drawn to their likes, and that k-means starts from a tree, was chosen"
            " while looking at these sets and their labels, so ours are not blind figures; the rivals have their usual"
            f" settings. *s*: of the grouping alone. Ours: {engine.card.name}, model {engine.card.sha256[:12]}."
            f" {word}\n\n" + table(head, lines),
        )


def measure() -> dict[str, float]:
    """Seconds: both planes of 10 000 embeddings, and cell_map from raw spectra to groups and plane."""
    scores = {}
    engine = Engine.load(device="cpu")
    embeddings = ten_thousand()
    begun = time.perf_counter()
    plane = projection.pca_layout(embeddings)
    scores["components"] = time.perf_counter() - begun
    shown: list[float] = []
    begun = time.perf_counter()
    projection.tsne_layout(embeddings, plane, Progress(on_show=lambda _: shown.append(time.perf_counter())))
    scores["settled"] = time.perf_counter() - begun
    scores["first step"], scores["steps shown"] = shown[0] - begun, len(shown)
    with h5py.File(CORPUS) as file:
        raw_map = SpectrumSet.of(file["cell_map/axis"][:], file["cell_map/values"][:])
    engine.denoise(raw_map[:64])
    stages: list[tuple[str, Callable[[Any], Any]]] = [
        ("denoised", lambda _: engine.denoise(raw_map).spectra),
        ("compared", lambda denoised: engine.compare([denoised]).coordinates),
        ("in a plane", lambda rows: (projection.pca_layout(rows), rows)[1]),
        ("grouped", clusters.cluster),
    ]
    value: Any = None
    for name, stage in stages:
        begun = time.perf_counter()
        value = stage(value)
        scores[name] = time.perf_counter() - begun
    scores["groups"] = value.n_clusters
    return scores


def ten_thousand() -> Floats:
    """Simulated embeddings (10 000, 96) of unit length: sixty substances that each vary."""
    random = np.random.default_rng(0)
    kinds = random.normal(0, 1, (60, 96))
    rows = kinds[random.integers(0, 60, 10_000)] + 0.6 * random.normal(0, 1, (10_000, 96))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def write_speed() -> None:
    """Measure in a process of its own, and write the section."""
    from benchmarks.speed import alone

    figures = alone("explore")
    whole = sum(figures[name] for name in ("denoised", "compared", "in a plane", "grouped"))
    parts = ", ".join(f"{name} {figures[name]:.1f}" for name in ("denoised", "compared", "in a plane", "grouped"))
    shown = f"first step shown after {figures['first step']:.1f} s, {figures['steps shown']:.0f} shown"
    rows = [
        ("10 000 simulated embeddings of 96: plane of components", f"{figures['components']:.2f} s", "≤ 1 s"),
        (f"the same, settled by neighbours ({shown})", f"{figures['settled']:.1f} s", "≤ 25 s"),
        (
            f"cell_map, 1600 × 500, from raw to {figures['groups']:.0f} groups in a plane: {parts}",
            f"{whole:.1f} s",
            "≤ 12 s",
        ),
    ]
    write_section(
        "Exploring: speed",
        f"`python -m benchmarks.explore speed`, {machine()}, one run, the model loaded before.\n\n"
        + table(("what", "measured", "bar"), rows),
    )


def measure_large(pixels: int = PIXELS) -> dict[str, float]:
    """Seconds and the most memory (GB) of a simulated map, raw and results held as the window holds them."""
    engine = Engine.load("smae-small", device="cpu")
    raw_map = simulated_map(pixels)
    start, seconds, last = time.perf_counter(), dict[str, float](), [(0, 1)]
    progress = Progress(lambda done, total, _note: last.append((done, total)))
    (denoised,) = engine.denoise_each([raw_map], progress)
    assert isinstance(denoised, Denoised)
    seconds["denoised"] = time.perf_counter() - start
    compared = engine.compare([denoised.spectra], progress)
    seconds["compared"] = time.perf_counter() - start - seconds["denoised"]
    seconds["memory before grouping"] = _most_memory()
    begun = time.perf_counter()
    groups = clusters.cluster(compared.coordinates, progress=progress)
    projection.pca_layout(compared.coordinates)
    seconds["grouped"] = time.perf_counter() - begun
    seconds["groups"], seconds["memory"] = groups.n_clusters, _most_memory()
    seconds["progress"] = float(all(0 <= done <= total for done, total in last))
    seconds["reports"] = len(last)
    return seconds


def simulated_map(pixels: int, points: int = POINTS) -> SpectrumSet:
    """A map of five substances that change from place to place, with fluorescence and noise; made in blocks."""
    random = np.random.default_rng(0)
    axis = np.linspace(200, 3200, points)
    lines = [random.uniform(300, 3100, 8) for _ in range(5)]
    pure = np.stack([sum(np.exp(-0.5 * ((axis - at) / 9) ** 2) for at in own) for own in lines])
    side = int(np.sqrt(pixels))
    positions = np.stack([np.arange(pixels) // side, np.arange(pixels) % side], axis=1)
    centres = random.uniform(0, side, (40, 2))
    of = np.argmin(((positions[:, None] - centres) ** 2).sum(axis=2), axis=1) % 5
    values = np.empty((pixels, points), dtype=np.float32)
    glow = np.exp(-(((axis - 1200) / 1200) ** 2))
    for at in range(0, pixels, 5000):
        block = of[at : at + 5000]
        strength = random.uniform(60, 140, (len(block), 1))
        values[at : at + 5000] = strength * pure[block] + random.uniform(0, 200, (len(block), 1)) * glow
        values[at : at + 5000] += 12 * random.standard_normal((len(block), points), dtype=np.float32)
    return SpectrumSet(axis, values, {"x": positions[:, 1], "y": positions[:, 0]})


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def write_large() -> None:
    """Measure in a process of its own, and write the section."""
    code = "import json; from benchmarks.explore import measure_large; print(json.dumps(measure_large()))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    figures = json.loads(run.stdout.splitlines()[-1])
    rows = [
        ("denoised", f"{figures['denoised']:.0f} s", ""),
        ("features, lines and slopes compared", f"{figures['compared']:.0f} s", ""),
        (f"grouped ({figures['groups']:.0f} groups), laid out", f"{figures['grouped']:.0f} s", ""),
        ("most memory of the process", f"{figures['memory']:.2f} GB", "≤ 4 GB"),
        ("the same until grouped", f"{figures['memory before grouping']:.2f} GB", ""),
        (
            f"progress within its total in all {figures['reports']:.0f} reports",
            "yes" if figures["progress"] else "no",
            "yes",
        ),
    ]
    write_section(
        "Exploring: a map of 100 000 pixels",
        f"`python -m benchmarks.explore large`, {machine()}, one run, smae-small; {PIXELS} simulated spectra of"
        f" {POINTS} points of five substances. The process holds them raw (0.4 GB), denoised, and with their expected"
        " error, as the window does.\n\n" + table(("what", "measured", "bar"), rows),
    )


if __name__ == "__main__":
    ask = argparse.ArgumentParser(description="Measure groups and their speed.")
    ask.add_argument("what", nargs="*", choices=["groups", "speed", "large"], default=["groups", "speed"])
    for what in ask.parse_args().what:
        {"groups": write_groups, "speed": write_speed, "large": write_large}[what]()
