"""Real spectra to learn from: read from HDF5 corpora, graded by how clean they are, drawn on any axis."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.analysis.snr import noise_sigma
from ramanstudio.errors import StudioError
from ramanstudio.mae.corruption import line_height

CLEAN_ENOUGH = 60.0  # a target's own noise must be well below the noise that is added to it
HEADROOM = 4.0  # added noise is at least this many times the target's own
HELD_APART = 25  # one sample in so many is kept for validation
MINIMUM_POINTS = 256


@dataclass(frozen=True, slots=True)
class Target:
    """One real spectrum that is clean enough to be a target: axis (B,) cm⁻¹, intensities (B,), signal over noise."""

    axis: NDArray[np.float64]
    values: NDArray[np.float64]
    snr: float


@dataclass(frozen=True, slots=True)
class Corpus:
    """Clean real spectra by group. `counts` says how many of each group were taken."""

    groups: dict[str, tuple[Target, ...]]

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(targets) for name, targets in self.groups.items()}

    def draw(
        self, random: np.random.Generator, many: int, points: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """`many` spectra at random: axis (N, B) cm⁻¹, values (N, B), and the best SNR (N, 1) that suits each target.

        A group counts by the square root of its size. Each spectrum is resampled to a sampling step of its own,
        averaging over the new sample as a detector's pixel does.
        """
        names = list(self.groups)
        weight = np.sqrt([len(self.groups[name]) for name in names])
        axis, values = np.empty((many, points)), np.empty((many, points), dtype=np.float32)
        snr = np.empty((many, 1), dtype=np.float32)
        for row, name in enumerate(random.choice(len(names), many, p=weight / weight.sum())):
            targets = self.groups[names[name]]
            target = targets[random.integers(len(targets))]
            axis[row], values[row] = _resampled(random, target, points)
            snr[row] = target.snr / HEADROOM
        return axis, values / line_height(values), snr


def _resampled(
    random: np.random.Generator, target: Target, points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`target` on `points` samples of a random step and window, as a pixel would average it."""
    span = target.axis[-1] - target.axis[0]
    native = span / (len(target.axis) - 1)
    widest = span / points
    step = widest if widest < native else np.exp(random.uniform(np.log(native), np.log(widest)))
    start = target.axis[0] + random.random() * (span - step * points)
    edges = start + step * np.arange(points + 1)
    running = np.concatenate([[0.0], np.cumsum((target.values[1:] + target.values[:-1]) / 2 * np.diff(target.axis))])
    values = np.diff(np.interp(edges, target.axis, running)) / step
    # The same lines on a stretched axis are the lines of another grating: the network must not know widths by heart.
    stretch = np.exp(random.uniform(np.log(0.7), np.log(1.6)))
    return start + stretch * step * (np.arange(points) + 0.5), values


def own_snr(values: NDArray[Any]) -> float:
    """How clean a spectrum (B,) is; noise that interpolation spread over neighbours is found at wider strides."""
    rows = values[None]
    sigma = max(float(noise_sigma(rows[:, ::stride])[0]) for stride in (1, 2, 4))
    return float(line_height(rows)[0, 0]) / (sigma + 1e-12)


def _is_held_apart(sample: str) -> bool:
    return zlib.crc32(sample.encode()) % HELD_APART == 0


def _spectra_of(group: Any) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
    """The sample, axis and intensities of each spectrum of an HDF5 group.

    Raises KeyError, ValueError, IndexError or TypeError when it is of another layout.
    """
    values, axis = group["values"][:], group["axis"][:].astype(np.float64)
    many = len(group["offsets"]) - 1 if "offsets" in group else len(values)
    if values.shape != (axis.shape if "offsets" in group else (many, len(axis))):
        raise ValueError(f"an axis of {axis.shape} points does not fit values of shape {values.shape}")
    column = next((group[name][()] for name in ("sample", "label") if name in group), range(many))
    samples = [entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in column]
    for row in range(many):
        if "offsets" in group:
            piece = slice(*group["offsets"][row : row + 2])
            yield samples[row], axis[piece], values[piece].astype(np.float64)
        else:
            yield samples[row], axis, values[row].astype(np.float64)


def _spectra(path: Path, leave_out: Sequence[str]) -> Iterator[tuple[str, str, NDArray[Any], NDArray[Any]]]:
    """The group, sample, axis and intensities of each spectrum of a corpus that is long enough and has no gaps.

    Raises StudioError when the file cannot be read.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            groups = {name: group for name, group in file.items() if isinstance(group, h5py.Group)}
            for name, group in groups.items():
                if name in leave_out or "values" not in group:
                    continue
                for sample, axis, values in _spectra_of(group):
                    gaps = not (np.isfinite(values).all() and np.isfinite(axis).all())
                    if len(axis) < MINIMUM_POINTS or gaps or np.any(np.diff(axis) <= 0):
                        continue
                    yield name, sample, axis, values
    except (OSError, RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        # What h5py raises for a damaged file is any of these, and so is what another layout leads to.
        raise StudioError(
            f"'{path}' could not be read as an HDF5 corpus ({error}).",
            remedy="Check the path, that the file is whole, and that each group has 'axis' and 'values' that fit.",
        ) from error


def every_spectrum(path: Path, leave_out: Sequence[str] = ()) -> Iterator[tuple[str, str, NDArray[Any], NDArray[Any]]]:
    """The group, sample, axis (B,) cm⁻¹ and intensities (B,) of each spectrum of a corpus, however noisy.

    Raises StudioError when the file cannot be read.
    """
    return _spectra(path, leave_out)


def _clean_spectra(path: Path, leave_out: Sequence[str]) -> Iterator[tuple[str, str, Target]]:
    """The group, sample and spectrum of each target of a corpus."""
    for name, sample, axis, values in _spectra(path, leave_out):
        snr = own_snr(values)
        if CLEAN_ENOUGH < snr < 1e6:
            yield name, sample, Target(axis, values, snr)


def load(paths: Sequence[Path], leave_out: Sequence[str] = ()) -> tuple[Corpus, Corpus]:
    """The clean spectra of HDF5 corpora, for training and held apart for validation (split by sample).

    A group holds `values` and `axis`, (N, B) and (B,), or one after the other with `offsets`. Spectra with too few
    points, gaps or too much noise are passed over. Raises StudioError when nothing is left or a file is no such corpus.
    """
    train: dict[str, list[Target]] = {}
    apart: dict[str, list[Target]] = {}
    for path in paths:
        for name, sample, target in _clean_spectra(path, leave_out):
            side = apart if _is_held_apart(sample) else train
            side.setdefault(name, []).append(target)
    if not train:
        raise StudioError(
            "None of the corpora holds a spectrum clean enough to learn from.",
            remedy=f"Give spectra of {MINIMUM_POINTS} points or more, with an SNR over {CLEAN_ENOUGH:g}.",
        )
    return (
        Corpus({name: tuple(targets) for name, targets in train.items()}),
        Corpus({name: tuple(targets) for name, targets in apart.items()}),
    )
