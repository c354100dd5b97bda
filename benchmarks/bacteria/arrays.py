"""The published arrays of Ho et al. 2019: read and checked, or simulated in the same names and shapes."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.mae import corruption

Floats = NDArray[np.floating[Any]]

POINTS = 1000
ISOLATES = 30
CLINICAL = (0, 2, 3, 5, 6)  # the labels there are in the two clinical splits: treatments, not isolates
SPLITS = {"reference": 60_000, "finetune": 3000, "test": 3000, "2018clinical": 10_000, "2019clinical": 2500}
AXIS_CM = (1792.4, 381.98)  # the first and last of wavenumbers.npy
SPECIES, OWN_SHARE = 8, 0.3  # of simulated isolates, and what tells those of a species apart
FEWEST_A_CLASS = 5  # when simulated at a small scale, so that five folds can be made


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Spectra (N, B) between 0 and 1 and the class of each (N,)."""

    name: str
    values: NDArray[np.float32]
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Bacteria:
    """The five splits on one axis (B,) in increasing cm⁻¹. `real` says whether they were measured."""

    axis: NDArray[np.float64]
    splits: Mapping[str, Split]
    real: bool

    def __getitem__(self, name: str) -> Split:
        return self.splits[name]

    @property
    def fingerprint(self) -> int:
        """A number that differs for other spectra or labels."""
        mark = zlib.crc32(self.axis.tobytes())
        for split in self.splits.values():
            mark = zlib.crc32(split.labels.tobytes(), zlib.crc32(split.values.tobytes(), mark))
        return mark


def predicted_classes(name: str) -> tuple[int, ...]:
    """The labels that a split holds."""
    return CLINICAL if name.endswith("clinical") else tuple(range(ISOLATES))


def shapes(scale: float = 1.0) -> dict[str, tuple[int, ...]]:
    """The shape of each file, the spectra of each class made fewer by `scale`."""
    expected: dict[str, tuple[int, ...]] = {}
    for name, published in SPLITS.items():
        classes = len(predicted_classes(name))
        n_spectra = published if scale == 1 else classes * max(FEWEST_A_CLASS, round(scale * published / classes))
        expected[f"X_{name}.npy"] = (n_spectra, POINTS)
        expected[f"y_{name}.npy"] = (n_spectra,)
    return expected | {"wavenumbers.npy": (POINTS,)}


def load(folder: Path, scale: float = 1.0) -> Bacteria:
    """The arrays in `folder`, the axis put in increasing order.

    Raises StudioError with the name and shape of all that is missing or of another shape, or of what is damaged.
    """
    wrong, arrays = [], {}
    for name, shape in shapes(scale).items():
        wanted = f"{name} {shape}"
        if not (folder / name).is_file():
            wrong.append(f"{wanted} is missing")
            continue
        arrays[name] = _read(folder / name)
        if arrays[name].shape != shape:
            wrong.append(f"{wanted} has the shape {arrays[name].shape}")
    if wrong:
        raise StudioError(
            f"The folder '{folder}' does not hold the published arrays: {'; '.join(wrong)}.",
            remedy="Download the data that the bacteria-ID repository of Ho et al. 2019 links to, and put all files"
            " into one folder; or try the whole path with --synthetic.",
        )
    return _put_right(folder, arrays, real=scale == 1)


def _read(path: Path) -> Floats:
    """Raises StudioError when the file is not an array of finite numbers."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StudioError(
            f"'{path}' could not be read as a NumPy array ({error}).", remedy="Download the file again."
        ) from error
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise StudioError(f"'{path}' holds something other than finite numbers.", remedy="Download the file again.")
    numbers: Floats = array.astype(np.float32 if array.ndim == 2 else np.float64)
    return numbers


def _put_right(folder: Path, arrays: Mapping[str, Floats], real: bool) -> Bacteria:
    """Raises StudioError when the axis neither falls nor rises, or a split lacks a class or has one too many."""
    axis = arrays["wavenumbers.npy"].astype(np.float64)
    steps = np.diff(axis)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise StudioError(
            f"The wavenumbers in '{folder / 'wavenumbers.npy'}' neither fall nor rise throughout.",
            remedy="Download the file again; as published, they fall from 1792 to 382 cm⁻¹.",
        )
    order = slice(None) if steps[0] > 0 else slice(None, None, -1)
    splits = {}
    for name in SPLITS:
        labels, classes = arrays[f"y_{name}.npy"], predicted_classes(name)
        if not np.array_equal(np.unique(labels), classes):
            raise StudioError(
                f"The labels in '{folder / f'y_{name}.npy'}' are not the {len(classes)} of the published split.",
                remedy=f"They should be {', '.join(map(str, classes))}: check that X and y were not interchanged.",
            )
        values = np.ascontiguousarray(arrays[f"X_{name}.npy"][:, order])
        splits[name] = Split(name, values, labels.astype(np.int64))
    return Bacteria(axis[order].copy(), splits, real)


def synthetic(scale: float = 1.0, seed: int = 0) -> dict[str, Floats]:
    """Arrays of the published names, in the published order; each class is a sum of lines of its own, under noise.

    Every eighth isolate is of one species, and has most lines in common with it, as the published ones have. The
    splits differ as the published ones do: each was measured on another day, with a little more or less baseline.
    """
    axis = np.linspace(*AXIS_CM, POINTS)
    random = np.random.default_rng(seed)
    rising = np.broadcast_to(axis[::-1], (ISOLATES, POINTS))
    own, of_species = (corruption.simulated_lines(random, rising)[:, ::-1] for _ in range(2))
    pure = OWN_SHARE * own + (1 - OWN_SHARE) * of_species[np.arange(ISOLATES) % SPECIES]
    arrays: dict[str, Floats] = {"wavenumbers.npy": axis}
    for name in SPLITS:
        classes = predicted_classes(name)
        n_spectra = shapes(scale)[f"y_{name}.npy"][0]
        labels = np.repeat(classes, n_spectra // len(classes))
        day = random.normal(0, 0.1, (1, POINTS // 100 + 1))
        bend = np.interp(np.arange(POINTS), np.arange(day.shape[1]) * 100, day[0])
        arrays[f"X_{name}.npy"] = np.concatenate(
            [_measured(random, pure[block], bend) for block in np.array_split(labels, max(1, n_spectra // 2000))]
        )
        arrays[f"y_{name}.npy"] = labels.astype(np.float64)
    return arrays


def _measured(random: np.random.Generator, lines: Floats, bend: Floats) -> NDArray[np.float32]:
    """`lines` (N, B) at random heights over a slope of their own and the day's `bend` (B,), with noise, from 0 to 1."""
    n_spectra, points = lines.shape
    slope = random.uniform(0, 0.5, (n_spectra, 1)) * np.linspace(1, 0, points)
    rows = lines * random.uniform(0.7, 1.3, (n_spectra, 1)) + slope + bend
    rows = rows + 0.08 * corruption.white_or_resampled(random, (n_spectra, points))
    low, high = rows.min(axis=1, keepdims=True), rows.max(axis=1, keepdims=True)
    scaled: NDArray[np.float32] = ((rows - low) / (high - low)).astype(np.float32)
    return scaled


def write(arrays: Mapping[str, Floats], folder: Path) -> None:
    """Put each array into a file of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / name, array)


def simulated(scale: float = 1.0, seed: int = 0) -> Bacteria:
    """What `load` would give of `synthetic` arrays."""
    return _put_right(Path("synthetic"), synthetic(scale, seed), real=False)
