"""The verbs that train: corpora or folders of spectrum files in, a model out."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ramanstudio.cli import files as cli_files
from ramanstudio.cli.terminal import ProgressBar
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.core.writing import atomic_path
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig, NetworkConfig, PretrainingConfig

Plan = TypeVar("Plan", NetworkConfig, PretrainingConfig, EmbedderConfig, FeaturePretrainingConfig)
GATHERED = "corpus.h5"  # what folders of spectrum files become, beside the model


def add_arguments(parser: argparse.ArgumentParser, *plans: type) -> None:
    """What every training asks for, and a flag for each number of its `plans`."""
    parser.add_argument(
        "corpora", nargs="+", type=Path, metavar="CORPUS", help="HDF5 corpus, or folder of spectrum files"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="models/NAME", help="folder of the model")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to compute (auto)"
    )
    kinds = {"int": int, "float": float, "str": str}
    for plan in plans:
        for field in dataclasses.fields(plan):
            flag, kind = f"--{field.name.replace('_', '-')}", str(field.type)
            shown = f"({field.default})" if field.default != "" else "(none)"
            parser.add_argument(flag, type=kinds[kind], default=field.default, metavar=kind.upper(), help=shown)


def pretrain(arguments: argparse.Namespace) -> int:
    """`ramanstudio pretrain`: the half of a model that denoises."""
    from ramanstudio.export import figures
    from ramanstudio.mae import pretraining

    plan, network_plan = _plan(PretrainingConfig, arguments), _plan(NetworkConfig, arguments)

    def show(rows: Sequence[Mapping[str, float]]) -> None:
        if rows:
            figures.draw_loss_curve(arguments.out / "loss.png", rows)

    def train(corpora: Sequence[Path], progress: Progress, device: str) -> Any:
        return pretraining.pretrain(plan, corpora, arguments.out, progress, network_plan, device)

    return _train(arguments, plan.steps, train, show)


def pretrain_features(arguments: argparse.Namespace) -> int:
    """`ramanstudio pretrain-features`: the half of a model that gives features."""
    from ramanstudio.mae import feature_pretraining

    how, plan = _plan(FeaturePretrainingConfig, arguments), _plan(EmbedderConfig, arguments)

    def train(corpora: Sequence[Path], progress: Progress, device: str) -> Any:
        return feature_pretraining.pretrain_features(how, corpora, arguments.out, progress, plan, device)

    return _train(arguments, how.steps, train)


def _plan(kind: type[Plan], arguments: argparse.Namespace) -> Plan:
    return kind(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(kind)})


def _train(
    arguments: argparse.Namespace,
    steps: int,
    train: Callable[[Sequence[Path], Progress, str], Any],
    show: Callable[[Any], None] = lambda _: None,
) -> int:
    """Find the corpora and train, with a bar that says how far it is; prints the card of the model."""
    from ramanstudio.mae import distributed, predictor

    device = predictor.choose_device(arguments.device)
    bar = ProgressBar("Step", steps)
    try:
        progress = Progress(lambda done, _total, note: bar(done, note), show, bar.say)
        corpora = [_corpus(place, arguments.out, progress) for place in arguments.corpora]
        card = train(corpora, progress, device)
    finally:
        bar.clear()
    if distributed.process_rank() == 0:
        print(card.text())
    return 0


def _corpus(place: Path, out: Path, progress: Progress) -> Path:
    """The HDF5 corpus at `place`; a folder of spectrum files is made into one beside the model first."""
    from ramanstudio.mae import distributed

    if not place.is_dir():
        return place
    files = cli_files.find([place], out)
    state = hashlib.sha256("\n".join(f"{file} {file.stat().st_mtime_ns}" for file in files).encode()).hexdigest()
    corpus = out / f"{state[:12]}-{GATHERED}"
    while distributed.process_rank() > 0 and not corpus.exists():
        time.sleep(1)  # the first process of the team gathers for all; should it fail, torchrun ends this one
    try:
        out.mkdir(parents=True, exist_ok=True)
        return gather(place, files, corpus, progress)
    except OSError as error:
        raise StudioError(
            f"Could not write '{error.filename or out}': {error.strerror or error}.",
            remedy="Choose a folder that may be written, on a disk with room.",
        ) from error


def gather(folder: Path, files: Sequence[Path], corpus: Path, progress: Progress) -> Path:
    """Write the spectra of `files` into an HDF5 corpus, one file after the other; a group for each folder below.

    A file that cannot be read is told of and passed over. What was gathered of the same files before is taken again.
    Raises StudioError when none can be read.
    """
    import h5py

    from ramanstudio.formats import registry

    if corpus.exists():
        return corpus
    gathered = 0
    with atomic_path(corpus) as draft:
        with h5py.File(draft, "w") as out:
            for done, file in enumerate(files):
                progress(0, 1, f"gathering file {done + 1} of {len(files)}")
                try:
                    sets = registry.read(file)
                except StudioError as error:
                    progress.warn(str(error))
                    continue
                parent = file.parent.relative_to(folder).as_posix()
                for spectra in sets:
                    _append(out, folder.name if parent == "." else parent.replace("/", " "), file.stem, spectra)
                    gathered += len(spectra)
        if not gathered:
            raise StudioError(
                f"No file in '{folder}' could be read as spectra.",
                remedy="Give a folder of spectrum files, or a corpus.",
            )
    return corpus


def _append(file: Any, name: str, sample: str, spectra: SpectrumSet) -> None:
    """Put `spectra` after the others of the group `name`: axis and values one after the other, with `offsets`."""
    import h5py

    if name not in file:
        group = file.create_group(name)
        for column, kind in (("axis", "f8"), ("values", "f4"), ("sample", h5py.string_dtype())):
            group.create_dataset(column, (0,), kind, maxshape=(None,), chunks=(16_384,))
        group.create_dataset("offsets", data=[0], maxshape=(None,), dtype="i8")
    group = file[name]
    ends = group["offsets"][-1] + spectra.points * np.arange(1, len(spectra) + 1)
    for column, rows in (
        ("axis", np.tile(spectra.axis, len(spectra))),
        ("values", spectra.values.ravel()),
        ("sample", np.array([sample] * len(spectra), dtype=object)),
        ("offsets", ends),
    ):
        before = len(group[column])
        group[column].resize(before + len(rows), axis=0)
        group[column][before:] = rows
