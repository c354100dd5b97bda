"""Corpora of real spectra for training: HDF5 files, of which clean spectra are selected and drawn on any axis."""

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

MIN_SNR = 60.0  # a target's own noise must be well below the noise that is added to it
NOISE_RATIO = 4.0  # added noise is at least this many times the target's own
VALIDATION_PERIOD = 25  # one sample in so many is used for validation
MIN_POINTS = 256
CACHE_BYTES = 2**30


Location = tuple[Path, str, int]  # corpus, group, row


class SpectrumCache:
    """A cache of the spectra of corpora: those read last, up to `memory` bytes; the others are read again."""

    def __init__(self, memory: int) -> None:
        self._free_bytes = memory
        self._spectra: OrderedDict[Location, tuple[NDArray[Any], NDArray[Any]]] = OrderedDict()
        self._files: dict[Path, Any] = {}
        self._layouts: dict[tuple[Path, str], tuple[Any, Any]] = {}

    def put(self, location: Location, axis: NDArray[Any], values: NDArray[Any]) -> None:
        """Keep a spectrum, `axis` and `values` (B,), in place of the least recently used."""
        self._spectra[location] = axis, values
        self._free_bytes -= axis.nbytes + values.nbytes
        while self._free_bytes < 0 and len(self._spectra) > 1:
            _, (axis, values) = self._spectra.popitem(last=False)
            self._free_bytes += axis.nbytes + values.nbytes

    def get(self, location: Location) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return axis (B,) cm⁻¹ and intensities (B,) of a spectrum."""
        if location not in self._spectra:
            self.put(location, *self._read(location))
        self._spectra.move_to_end(location)
        return self._spectra[location]

    def _read(self, location: Location) -> tuple[NDArray[Any], NDArray[Any]]:
        import h5py

        path, name, row = location
        if path not in self._files:
            self._files[path] = h5py.File(path)
        group = self._files[path][name]
        if (path, name) not in self._layouts:
            pieces = _slices(group)
            self._layouts[path, name] = pieces, group["axis"][:].astype(np.float64) if pieces is None else None
        return _spectrum(group, row, *self._layouts[path, name])


@dataclass(frozen=True, slots=True)
class Target:
    """A real spectrum that is clean enough to be a target: its location and its signal-to-noise ratio."""

    cache: SpectrumCache
    location: Location
    snr: float

    @property
    def spectrum(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Axis (B,) cm⁻¹ and intensities (B,)."""
        return self.cache.get(self.location)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Clean real spectra by group."""

    groups: dict[str, tuple[Target, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """The number of spectra of each group."""
        return {name: len(targets) for name, targets in self.groups.items()}

    def draw(
        self, random: np.random.Generator, n_spectra: int, points: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Draw `n_spectra`: axis (N, B) cm⁻¹, values (N, B), and the highest SNR (N, 1) that each may be given.

        A group weighs as the square root of its size. Each spectrum is resampled to a random sampling step, averaging
        over the new sample as a detector's pixel does.
        """
        names = list(self.groups)
        weight = np.sqrt([len(self.groups[name]) for name in names])
        axis, values = np.empty((n_spectra, points)), np.empty((n_spectra, points), dtype=np.float32)
        snr = np.empty((n_spectra, 1), dtype=np.float32)
        for row, name in enumerate(random.choice(len(names), n_spectra, p=weight / weight.sum())):
            targets = self.groups[names[name]]
            target = targets[random.integers(len(targets))]
            axis[row], values[row] = _resample(random, target, points)
            snr[row] = target.snr / NOISE_RATIO
        return axis, values / line_height(values), snr


def _resample(
    random: np.random.Generator, target: Target, points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average `target` over `points` samples of a random step and range, as pixels do."""
    shifts, intensities = target.spectrum
    span = shifts[-1] - shifts[0]
    native = span / (len(shifts) - 1)
    widest = span / points
    step = widest if widest < native else np.exp(random.uniform(np.log(native), np.log(widest)))
    start = shifts[0] + random.random() * (span - step * points)
    edges = start + step * np.arange(points + 1)
    integral = np.concatenate([[0.0], np.cumsum((intensities[1:] + intensities[:-1]) / 2 * np.diff(shifts))])
    values = np.diff(np.interp(edges, shifts, integral)) / step
    # On a stretched axis the same lines have other widths: the network must not memorise them.
    stretch = np.exp(random.uniform(np.log(0.7), np.log(1.6)))
    return start + stretch * step * (np.arange(points) + 0.5), values


def own_snr(values: NDArray[Any]) -> float:
    """Return the SNR of a spectrum (B,); noise that interpolation spread over neighbours is found at wider strides."""
    rows = values[None]
    sigma = max(float(noise_sigma(rows[:, ::stride])[0]) for stride in (1, 2, 4))
    return float(line_height(rows)[0, 0]) / (sigma + 1e-12)


def _is_validation(sample: str) -> bool:
    return zlib.crc32(sample.encode()) % VALIDATION_PERIOD == 0


SampleSpectrum = tuple[str, NDArray[Any], NDArray[Any]]  # sample, axis and intensities


def _slices(group: Any) -> list[slice] | None:
    """The slice of each spectrum when an HDF5 group holds them one after the other; None when they share an axis."""
    if "offsets" not in group:
        return None
    ends = group["offsets"][:].tolist()
    return [slice(*ends[row : row + 2]) for row in range(len(ends) - 1)]


def _spectrum(group: Any, row: int, pieces: list[slice] | None, axis: NDArray[Any] | None) -> tuple[Any, Any]:
    """Axis and intensities, float64, of one spectrum of a group."""
    if pieces is None:
        return axis, group["values"][row].astype(np.float64)
    return group["axis"][pieces[row]].astype(np.float64), group["values"][pieces[row]].astype(np.float64)


def _spectra_of(group: Any) -> Iterator[SampleSpectrum]:
    """Yield each spectrum of an HDF5 group, read one by one: a corpus need not fit into memory.

    Raises KeyError, ValueError, IndexError or TypeError when it is of another layout.
    """
    pieces = _slices(group)
    n_spectra = len(group["values"]) if pieces is None else len(pieces)
    fits = (n_spectra, len(group["axis"])) if pieces is None else group["axis"].shape
    if group["values"].shape != fits:
        raise ValueError(f"an axis of {group['axis'].shape} points does not fit values of {group['values'].shape}")
    column = next((group[name][()] for name in ("sample", "label") if name in group), range(n_spectra))
    samples = [entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry) for entry in column]
    axis = group["axis"][:].astype(np.float64) if pieces is None else None
    for row in range(n_spectra):
        yield samples[row], *_spectrum(group, row, pieces, axis)


def every_spectrum(
    path: Path, leave_out: Sequence[str] = ()
) -> Iterator[tuple[str, int, str, NDArray[Any], NDArray[Any]]]:
    """Yield group, row, sample, axis (B,) cm⁻¹ and intensities (B,) of each spectrum of a corpus, however noisy.

    Those that are too short or not finite are skipped. Raises StudioError when the file cannot be read.
    """
    import h5py

    from ramanstudio.formats.safe_hdf5 import check_file

    check_file(path)
    try:
        with h5py.File(path) as file:
            groups = {name: group for name, group in file.items() if isinstance(group, h5py.Group)}
            for name, group in groups.items():
                if name in leave_out or "values" not in group:
                    continue
                for row, (sample, axis, values) in enumerate(_spectra_of(group)):
                    gaps = not (np.isfinite(values).all() and np.isfinite(axis).all())
                    if len(axis) < MIN_POINTS or gaps or np.any(np.diff(axis) <= 0):
                        continue
                    yield name, row, sample, axis, values
    except (OSError, RuntimeError, KeyError, ValueError, IndexError, TypeError) as error:
        # h5py raises any of these for a damaged file, and so does another layout.
        raise StudioError(
            f"'{path}' could not be read as an HDF5 corpus ({error}).",
            remedy="Check the path, that the file is whole, and that each group has 'axis' and 'values' that fit.",
        ) from error


def load(paths: Sequence[Path], leave_out: Sequence[str] = (), memory: int = CACHE_BYTES) -> tuple[Corpus, Corpus]:
    """Load the clean spectra of HDF5 corpora for training and for validation, split by sample.

    A group holds `values` and `axis`, (N, B) and (B,), or one after the other with `offsets`. Spectra with too few
    points, gaps or too much noise are skipped. Of the others at most `memory` bytes are kept, the rest is read when it
    is drawn. Raises StudioError when nothing is left or a file is no such corpus.
    """
    cache = SpectrumCache(memory)
    train: dict[str, list[Target]] = {}
    validation: dict[str, list[Target]] = {}
    for path in paths:
        for name, row, sample, axis, values in every_spectrum(path, leave_out):
            snr = own_snr(values)
            if MIN_SNR < snr < 1e6:
                location = (path, name, row)
                cache.put(location, axis, values)
                part = validation if _is_validation(sample) else train
                part.setdefault(name, []).append(Target(cache, location, snr))
    if not train:
        raise StudioError(
            "None of the corpora holds a spectrum clean enough to train on.",
            remedy=f"Give spectra of {MIN_POINTS} points or more, with an SNR over {MIN_SNR:g}.",
        )
    return (
        Corpus({name: tuple(targets) for name, targets in train.items()}),
        Corpus({name: tuple(targets) for name, targets in validation.items()}),
    )
