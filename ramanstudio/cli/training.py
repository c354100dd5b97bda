"""What both pretraining verbs share: flags from plans, corpora from folders of spectrum files, and the run itself."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from ramanstudio.cli import options
from ramanstudio.cli.exit_codes import DONE
from ramanstudio.cli.files import find_files
from ramanstudio.cli.terminal import ProgressBar
from ramanstudio.core.errors import StudioError
from ramanstudio.core.progress import Progress
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.mae.config import EmbedderConfig, FeaturePretrainingConfig, NetworkConfig, PretrainingConfig

Plan = TypeVar("Plan", NetworkConfig, PretrainingConfig, EmbedderConfig, FeaturePretrainingConfig)
_CORPUS_NAME: Final = "corpus.h5"  # of a folder of spectrum files, beside the model
_TYPES: Final = {"int": int, "float": float, "str": str}
_CHUNK: Final = 16_384  # values


def add_arguments(parser: ArgumentParser, *plans: type) -> None:
    """Add the arguments of a training, with a flag for each field of its `plans`."""
    parser.add_argument(
        "corpora", nargs="+", type=options.path, metavar="CORPUS", help="HDF5 corpus, or folder of spectrum files"
    )
    parser.add_argument("--out", type=options.path, required=True, metavar="models/NAME", help="folder of the model")
    options.add_device(parser)
    for plan in plans:
        for field in dataclasses.fields(plan):
            flag, kind = f"--{field.name.replace('_', '-')}", str(field.type)
            default = f"({field.default})" if field.default != "" else "(none)"
            parser.add_argument(flag, type=_TYPES[kind], default=field.default, metavar=kind.upper(), help=default)
            if formerly := field.metadata.get("formerly"):
                former_flag = f"--{formerly.replace('_', '-')}"
                parser.add_argument(former_flag, type=_TYPES[kind], dest=field.name, action=_FormerFlag)


class _FormerFlag(argparse.Action):
    """A flag that got another name: it still works, names its successor, and is not listed in the help."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **kwargs)

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: Any, option_string: Any = None) -> None:
        """Store the value under the new name."""
        print(f"{option_string} is deprecated: use --{self.dest.replace('_', '-')}.", file=sys.stderr)
        setattr(namespace, self.dest, values)


def plan_from(arguments: Namespace, kind: type[Plan]) -> Plan:
    """Return the plan that the flags describe."""
    return kind(**{field.name: getattr(arguments, field.name) for field in dataclasses.fields(kind)})


def run_training(
    arguments: Namespace,
    steps: int,
    train: Callable[[Sequence[Path], Progress, str], Any],
    show: Callable[[Any], None] = lambda _: None,
) -> int:
    """Find the corpora and train with a progress bar; print the card of the model and return the exit code."""
    from ramanstudio.mae import distributed, predictor

    device = predictor.choose_device(arguments.device)
    bar = ProgressBar("Step", steps)
    try:
        progress = Progress(lambda done, _total, note: bar(done, note), show, bar.say)
        corpora = [_find_corpus(path, arguments.out, progress) for path in arguments.corpora]
        card = train(corpora, progress, device)
    finally:
        bar.clear()
    if distributed.process_rank() == 0:
        print(card.text())
    return DONE


def _find_corpus(path: Path, out: Path, progress: Progress) -> Path:
    """The HDF5 corpus at `path`; of a folder of spectrum files one is made beside the model first."""
    from ramanstudio.mae import distributed

    if not path.is_dir():
        return path
    inside = out.absolute()
    files = find_files([path], skip=lambda file: inside in file.absolute().parents)
    state = hashlib.sha256("\n".join(f"{file} {file.stat().st_mtime_ns}" for file in files).encode()).hexdigest()
    corpus = out / f"{state[:12]}-{_CORPUS_NAME}"
    while distributed.process_rank() > 0 and not corpus.exists():
        time.sleep(1)  # the first process gathers for all; should it fail, torchrun ends this one
    try:
        out.mkdir(parents=True, exist_ok=True)
        return gather_corpus(path, files, corpus, progress)
    except OSError as error:
        raise StudioError(
            f"Could not write '{error.filename or out}': {error.strerror or error}.",
            remedy="Choose a folder that may be written, on a disk with room.",
        ) from error


def gather_corpus(folder: Path, files: Sequence[Path], corpus: Path, progress: Progress) -> Path:
    """Write the spectra of `files` into an HDF5 corpus, file after file, with a group per subfolder of `folder`.

    A file that cannot be read is reported and skipped; an existing corpus of the same files is used again. Raises
    StudioError when none can be read.
    """
    from ramanstudio.formats import registry
    from ramanstudio.formats.safe_hdf5 import create_file

    if corpus.exists():
        return corpus
    n_spectra = 0
    with create_file(corpus) as out:
        for index, file in enumerate(files, start=1):
            progress(0, 1, f"reading file {index} of {len(files)}")
            try:
                sets = registry.read(file)
            except StudioError as error:
                progress.warn(str(error))
                continue
            parent = file.parent.relative_to(folder).as_posix()
            for spectra in sets:
                _append(out, folder.name if parent == "." else parent.replace("/", " "), file.stem, spectra)
                n_spectra += len(spectra)
        if not n_spectra:
            raise StudioError(
                f"No file in '{folder}' could be read as spectra.",
                remedy="Give a folder of spectrum files, or a corpus.",
            )
    return corpus


def _append(file: Any, name: str, sample: str, spectra: SpectrumSet) -> None:
    """Append `spectra` to the group `name`: concatenated `axis` and `values`, with the `offsets` of each spectrum."""
    import h5py

    if name not in file:
        group = file.create_group(name)
        for column, kind in (("axis", "f8"), ("values", "f4"), ("sample", h5py.string_dtype())):
            group.create_dataset(column, (0,), kind, maxshape=(None,), chunks=(_CHUNK,))
        group.create_dataset("offsets", data=[0], maxshape=(None,), dtype="i8")
    group = file[name]
    ends = group["offsets"][-1] + spectra.points * np.arange(1, len(spectra) + 1)
    for column, rows in (
        ("axis", np.tile(spectra.axis, len(spectra))),
        ("values", spectra.values.ravel()),
        ("sample", np.array([sample] * len(spectra), dtype=object)),
        ("offsets", ends),
    ):
        length = len(group[column])
        group[column].resize(length + len(rows), axis=0)
        group[column][length:] = rows
