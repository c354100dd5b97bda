"""The SMAE paper's protocol on the bacteria of Ho et al. 2019: python -m benchmarks.bacteria_id --data DIR

Pretraining on the 60 000 spectra of X_reference without a label, clusters, fine-tuning on X_finetune in stratified
folds, one answer of each network to X_test; the paper's figures beside ours. What is done is kept in a folder, so that
a killed run goes on. With --synthetic the same path runs on simulated arrays, whose figures say nothing of bacteria.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.bacteria import arrays
from benchmarks.bacteria.clustering import FOUR, SETS, SIX, cluster, components
from benchmarks.bacteria.protocol import Identifications, identify
from benchmarks.bacteria.recipes import RECIPES, Bench, EmbedderClassifier, Settings, ours, quick, smae_autoencoder
from benchmarks.results import machine, table, write_section
from benchmarks.rivals.learning import chosen_device, network_output
from benchmarks.rivals.resnet import between_0_and_1
from ramanstudio.core.errors import StudioError
from ramanstudio.core.paths import user_data

TITLE = "Bacteria of Ho et al. 2019"
# Percent of X_test that the paper says, and what is best of what is published.
PAPER = {
    "ResNet, labels": "83.40",
    "smae-paper": "83.90",
    "smae-paper, then labels": "85.40",
    "smae-paper network, no pretraining": "77.80",
}
BEST = "Best published: 87.5 by a single network, 87.8 by an ensemble"
PAPER_CLUSTERS = "83.8 / 76.2 / 76.1 and 81.3 / 76.8 / 76.7"
SPECTRA, SMAE, OURS = "spectra, principal components", "smae-paper", "ours, hiding and views"
Floats = NDArray[np.floating[Any]]


def learned_features(bench: Bench, values: Floats, rows: Sequence[str]) -> dict[str, Floats]:
    """What networks that have seen no label make of spectra (N, B): (N, D) each."""
    features = {}
    if "smae-paper" in rows:
        features[SMAE] = network_output(
            smae_autoencoder(bench).eval().encoder.features, between_0_and_1(values), bench.device
        )
    if "ours" in rows:
        recipe = ours(bench)
        network = recipe.begin(arrays.ISOLATES).to(bench.device).eval()
        assert isinstance(network, EmbedderClassifier)
        features[OURS] = network_output(network.features, recipe.prepare(values), bench.device)
    return features


def clusters(
    bench: Bench, sets: dict[str, tuple[int, ...]], splits: Sequence[str], rows: Sequence[str]
) -> list[list[object]]:
    """A line for each set, split and features."""
    lines: list[list[object]] = []
    for split in map(bench.bacteria.splits.__getitem__, splits):
        learned = learned_features(bench, split.values, rows)
        for kind, classes in sets.items():
            inside = np.isin(split.labels, classes)
            representations = {SPECTRA: components(split.values[inside])}
            representations |= {name: features[inside] for name, features in learned.items()}
            for name, features in representations.items():
                mean, spread = cluster(features, split.labels[inside], seeds=5)
                pairs = zip(astuple(mean), astuple(spread), strict=True)
                figures = [f"{100 * value:.1f} ± {100 * by:.1f}" for value, by in pairs]
                lines.append([kind, f"X_{split.name}, {inside.sum()}", name, *figures])
                bench.say(" · ".join(map(str, lines[-1])))
    return lines


def percent(shares: Sequence[float]) -> str:
    """Mean ± standard deviation."""
    return f"{100 * np.mean(shares):.2f} ± {100 * np.std(shares):.2f}"


def identified(bench: Bench, rows: Sequence[str], given: str, test: str, seeds: int) -> list[Identifications]:
    """Each row, fine-tuned on the split `given` and asked once about the split `test`."""
    results = []
    for row in rows:
        recipe = RECIPES[row](bench)
        results.append(identify(bench, recipe, bench.bacteria[given], bench.bacteria[test], seeds))
        bench.say(f"{recipe.name} · X_{test} {percent(results[-1].tested)} · together {100 * results[-1].together:.2f}")
    return results


def of_isolates(bench: Bench, results: Sequence[Identifications], seeds: int) -> str:
    """The table of X_test, the paper's figures in its last column."""
    n_fits = bench.settings.folds * seeds
    hiding = bench.settings.smae_hiding
    head = ("network", f"X_test %, {n_fits} networks", "their mean %", "held back %", "the paper %")
    rows = [[*figures_of(result), PAPER.get(result.name, "")] for result in results]
    return (
        f"`python -m benchmarks.bacteria_id`, {machine()}, {bench.device}. Pretrained on the"
        f" {len(bench.bacteria['reference'].labels)} spectra of X_reference without a label, the paper's network by"
        f" {hiding.epochs} epochs of hiding in steps of {hiding.spectra_per_step} spectra; fine-tuned on the"
        f" {len(bench.bacteria['finetune'].labels)} of X_finetune in {bench.settings.folds} stratified folds by {seeds}"
        " seeds, the epoch chosen on what a fold holds back; each network asked once about X_test; mean ± standard"
        " deviation of networks, and their mean probability. *Labels*: it has learned those of X_reference before."
        f" {BEST}.\n\n{table(head, rows)}"
    )


def figures_of(result: Identifications) -> list[object]:
    """Name, accuracy on the test, of the mean probability, and on what was held back."""
    return [result.name, percent(result.tested), f"{100 * result.together:.2f}", percent(result.held_back)]


def of_clusters(lines: Sequence[Sequence[object]]) -> str:
    """The table of clusters."""
    return (
        "Clusters: K-means with the true number of classes, mean ± standard deviation of five seeds, in percent. The"
        f" paper has {PAPER_CLUSTERS}, ACC first. Which isolates its sets of four and six hold could not be found out;"
        " ours are named in `benchmarks/bacteria/clustering.py`, and --four and --six take others.\n\n"
        + table(("set", "split", "features", "ACC", "NMI", "AMI", "ARI"), lines)
    )


def of_treatments(results: Sequence[Identifications]) -> str:
    """The table of the clinical splits."""
    head = ("network", "X_2019clinical %", "their mean %", "held back %")
    rows = [figures_of(result) for result in results]
    return (
        "Treatments of the clinical isolates: fine-tuned on X_2018clinical in the same folds, each network asked once"
        f" about X_2019clinical, by the spectrum and not by the patient.\n\n{table(head, rows)}"
    )


def isolates(text: str) -> tuple[int, ...]:
    """Numbers of isolates with commas between them."""
    numbers = tuple(int(number) for number in text.split(","))
    if not set(numbers) <= set(range(arrays.ISOLATES)):
        raise argparse.ArgumentTypeError(f"isolates are numbered 0 to {arrays.ISOLATES - 1}")
    return numbers


def count(text: str) -> int:
    """A number of one or more."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return int(text)


def share(text: str) -> float:
    """A number above 0, at most 1."""
    if not 0 < float(text) <= 1:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1")
    return float(text)


def asked(words: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks.bacteria_id", description=str(__doc__).split("\n")[0])
    source = ask.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder with the published arrays")
    source.add_argument("--synthetic", action="store_true", help="simulated arrays of the same names and shapes")
    ask.add_argument("--scale", type=share, default=1.0, help="share of the published number of spectra")
    ask.add_argument("--quick", action="store_true", help="tiny networks, to see the path run")
    ask.add_argument("--rows", nargs="+", choices=RECIPES, default=list(RECIPES), help="networks to train")
    ask.add_argument("--splits", nargs="+", choices=arrays.SPLITS, default=["reference"], help="what is clustered")
    ask.add_argument("--four", type=isolates, default=FOUR, help="isolates of the set of four")
    ask.add_argument("--six", type=isolates, default=SIX, help="isolates of the set of six")
    ask.add_argument("--clinical", action="store_true", help="the clinical splits too")
    ask.add_argument("--seeds", type=count, default=5)
    ask.add_argument("--folds", type=count)
    ask.add_argument("--pretraining-epochs", type=count, help="of hiding, in place of the paper's 800")
    ask.add_argument("--pretraining-batch", type=count, help="spectra a step of hiding, in place of the paper's 64")
    ask.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    ask.add_argument("--work", type=Path, default=user_data() / "benchmarks" / "bacteria_id", help="keeps what is done")
    ask.add_argument("--out", type=Path, help="file for the tables, in place of RESULTS.md")
    return ask.parse_args(words)


def settings_of(wanted: argparse.Namespace) -> Settings:
    """The published sizes and trainings but for what was asked for otherwise."""
    settings = quick() if wanted.quick else Settings()
    hiding = settings.smae_hiding
    hiding = replace(
        hiding,
        epochs=wanted.pretraining_epochs or hiding.epochs,
        spectra_per_step=wanted.pretraining_batch or hiding.spectra_per_step,
    )
    return replace(settings, smae_hiding=hiding, folds=wanted.folds or settings.folds)


def bench_of(wanted: argparse.Namespace) -> Bench:
    """Raises StudioError when the arrays are not there as published, or cannot be parted in so many folds."""
    bacteria = arrays.load(wanted.data, wanted.scale) if wanted.data else arrays.simulated(wanted.scale)
    settings = settings_of(wanted)
    fewest = int(np.bincount(bacteria["finetune"].labels).min())
    if not 2 <= settings.folds <= fewest:
        raise StudioError(
            f"X_finetune, with {fewest} spectra of a class, cannot be parted in {settings.folds} folds.",
            remedy=f"Give --folds from 2 to {fewest}.",
        )
    mark = f"{bacteria.fingerprint:08x}-{zlib.crc32(repr(settings).encode()):08x}"
    return Bench(
        bacteria, settings, chosen_device(wanted.device), wanted.work / mark, lambda note: print(note, flush=True)
    )


def run(wanted: argparse.Namespace) -> None:
    """Everything that was asked for. Raises StudioError when the arrays are not there as published."""
    bench = bench_of(wanted)
    bench.folder.mkdir(parents=True, exist_ok=True)
    sets = {**SETS, "4 classes": wanted.four, "6 classes": wanted.six}
    results = identified(bench, wanted.rows, "finetune", "test", wanted.seeds)
    parts = [
        of_isolates(bench, results, wanted.seeds),
        of_clusters(clusters(bench, sets, wanted.splits, wanted.rows)),
    ]
    if wanted.clinical:
        parts.append(of_treatments(identified(bench, wanted.rows, "2018clinical", "2019clinical", wanted.seeds)))
    if not bench.bacteria.real:
        parts.insert(0, "Simulated spectra, not bacteria: these figures show that the path runs, and nothing else.")
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    if wanted.out is None and bench.bacteria.real and not wanted.quick:
        write_section(TITLE, text)
        return
    if wanted.out is not None:
        wanted.out.write_text(text, encoding="utf-8")
    print(text)


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 after a sentence that says what is missing."""
    wanted = asked(words)
    torch.set_float32_matmul_precision("high")
    try:
        run(wanted)
    except StudioError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
