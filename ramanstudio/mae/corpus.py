"""Real spectra to learn from: read from HDF5 corpora, graded by how clean they are, drawn on any axis."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.mae.corruption import line_height
from ramanstudio.signal.snr import noise_sigma

CLEAN_ENOUGH = 60.0  # a target's own noise must be well below the noise that is added to it
HEADROOM = 4.0  # added noise is at least this many times the target's own
HELD_APART = 25  # one sample in so many is kept for validation
MINIMUM_POINTS = 256
MEMORY = 2**30  # bytes of spectra kept at hand


Place = tuple[Path, str, int]  # corpus, group, row


class SpectrumCache:
    """Spectra of corpora at hand: what was read last, as much as `memory` bytes hold; the rest is read again."""

    def __init__(self, memory: int) -> None:
        self._room = memory
        self._kept: OrderedDict[Place, tuple[NDArray[Any], NDArray[Any]]] = OrderedDict()
        self._files: dict[Path, Any] = {}
        self._layouts: dict[tuple[Path, str], tuple[Any, Any]] = {}

    def put(self, place: Place, axis: NDArray[Any], values: NDArray[Any]) -> None:
        """Keep a spectrum, in place of those that were asked for longest ago."""
        self._kept[place] = axis, values
        self._room -= axis.nbytes + values.nbytes
        while self._room < 0 and len(self._kept) > 1:
            _, (axis, values) = self._kept.popitem(last=False)
            self._room += axis.nbytes + values.nbytes

    def take(self, place: Place) -> tuple[NDArray[Any], NDArray[Any]]:
        """Axis (B,) cm⁻¹ and intensities (B,) of a spectrum."""
        if place not in self._kept:
            self.put(place, *self._read(place))
        self._kept.move_to_end(place)
        return self._kept[place]

    def _read(self, place: Place) -> tuple[NDArray[Any], NDArray[Any]]:
        import h5py

        path, name, row = place
        if path not in self._files:
            self._files[path] = h5py.File(path)
        group = self._files[path][name]
        if (path, name) not in self._layouts:
            pieces = _pieces(group)
            self._layouts[path, name] = pieces, group["axis"][:].astype(np.float64) if pieces is None else None
        return _spectrum(group, row, *self._layouts[path, name])


@dataclass(frozen=True, slots=True)
class Target:
    """A real spectrum that is clean enough to be a target: where it lies, and its signal over its noise."""

    shelf: SpectrumCache
    place: Place
    snr: float

    @property
    def spectrum(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Axis (B,) cm⁻¹ and intensities (B,)."""
        return self.shelf.take(self.place)


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
    shifts, intensities = target.spectrum
    span = shifts[-1] - shifts[0]
    native = span / (len(shifts) - 1)
    widest = span / points
    step = widest if widest < native else np.exp(random.uniform(np.log(native), np.log(widest)))
    start = shifts[0] + random.random() * (span - step * points)
    edges = start + step * np.arange(points + 1)
    running = np.concatenate([[0.0], np.cumsum((intensities[1:] + intensities[:-1]) / 2 * np.diff(shifts))])
    values = np.diff(np.interp(edges, shifts, running)) / step
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


Found = tuple[str, NDArray[Any], NDArray[Any]]  # the sample, axis and intensities of a spectrum


def _pieces(group: Any) -> list[slice] | None:
    """Where each spectrum of an HDF5 group lies when they lie one after the other; None when they share an axis."""
    if "offsets" not in group:
        return None
    ends = group["offsets"][:].tolist()
    return [slice(*ends[row : row + 2]) for row in range(len(ends) - 1)]


def _spectrum(group: Any, row: int, pieces: list[slice] | None, axis: NDArray[Any] | None) -> tuple[Any, Any]:
    """Axis and intensities, 64 bits, of one spectrum of a group."""
    if pieces is None:
        return axis, group["values"][row].astype(np.float64)
    return group["axis"][pieces[row]].astype(np.float64), group["values"][pieces[row]].astype(np.float64)


def _spectra_of(group: Any) -> Iterator[Found]:
    """Each spectrum of an HDF5 group, read one after the other: a corpus need not fit into memory.

    Raises KeyError, ValueError, IndexError or TypeError when it is of another layout.
    """
    pieces = _pieces(group)
    many = len(group["values"]) if pieces is None else len(pieces)
    fits = (many, len(group["axis"])) if pieces is None else group["axis"].shape
    if group["values"].shape != fits:
        raise ValueError(f"an axis of {group['axis'].shape} points does not fit values of {group['values'].shape}")
    column = next((group[name][()] for name in ("sample", "label") if name in group), range(many))
    samples = [entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in column]
    axis = group["axis"][:].astype(np.float64) if pieces is None else None
    for row in range(many):
        yield samples[row], *_spectrum(group, row, pieces, axis)


def every_spectrum(
    path: Path, leave_out: Sequence[str] = ()
) -> Iterator[tuple[str, int, str, NDArray[Any], NDArray[Any]]]:
    """The group, row, sample, axis (B,) cm⁻¹ and intensities (B,) of each spectrum of a corpus, however noisy.

    Those that are too short or have gaps are passed over. Raises StudioError when the file cannot be read.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            groups = {name: group for name, group in file.items() if isinstance(group, h5py.Group)}
            for name, group in groups.items():
                if name in leave_out or "values" not in group:
                    continue
                for row, (sample, axis, values) in enumerate(_spectra_of(group)):
                    gaps = not (np.isfinite(values).all() and np.isfinite(axis).all())
                    if len(axis) < MINIMUM_POINTS or gaps or np.any(np.diff(axis) <= 0):
                        continue
                    yield name, row, sample, axis, values
    except (OSError, RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        # What h5py raises for a damaged file is any of these, and so is what another layout leads to.
        raise StudioError(
            f"'{path}' could not be read as an HDF5 corpus ({error}).",
            remedy="Check the path, that the file is whole, and that each group has 'axis' and 'values' that fit.",
        ) from error


def load(paths: Sequence[Path], leave_out: Sequence[str] = (), memory: int = MEMORY) -> tuple[Corpus, Corpus]:
    """The clean spectra of HDF5 corpora, for training and held apart for validation (split by sample).

    A group holds `values` and `axis`, (N, B) and (B,), or one after the other with `offsets`. Spectra with too few
    points, gaps or too much noise are passed over. Of the others at most `memory` bytes are kept, the rest is read
    when it is drawn. Raises StudioError when nothing is left or a file is no such corpus.
    """
    shelf = SpectrumCache(memory)
    train: dict[str, list[Target]] = {}
    apart: dict[str, list[Target]] = {}
    for path in paths:
        for name, row, sample, axis, values in every_spectrum(path, leave_out):
            snr = own_snr(values)
            if CLEAN_ENOUGH < snr < 1e6:
                place = (path, name, row)
                shelf.put(place, axis, values)
                side = apart if _is_held_apart(sample) else train
                side.setdefault(name, []).append(Target(shelf, place, snr))
    if not train:
        raise StudioError(
            "None of the corpora holds a spectrum clean enough to learn from.",
            remedy=f"Give spectra of {MINIMUM_POINTS} points or more, with an SNR over {CLEAN_ENOUGH:g}.",
        )
    return (
        Corpus({name: tuple(targets) for name, targets in train.items()}),
        Corpus({name: tuple(targets) for name, targets in apart.items()}),
    )
