"""The queries: spectra of rruff against those of all other specimens, as they are and as corrupted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.repeats import CORPUS
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.search.candidate_features import CANDIDATES, side_by_side
from ramanstudio.search.library_search import weighed

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator
Corrupt = Callable[[Random, Floats, Floats], tuple[Floats, Floats]]

FOLDS = 5
COMMON = 3  # specimens, from which on a species is common
AT_ONCE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Minerals:
    """rruff: spectra of one each, their `species` and `specimens` (N,) as texts, and the fold of each specimen (N,)."""

    spectra: tuple[SpectrumSet, ...]
    species: NDArray[Any]
    specimens: NDArray[Any]
    laser_nm: Floats
    folds: NDArray[np.intp]

    @property
    def queries(self) -> NDArray[np.intp]:
        """The spectra (Q,) whose species has another specimen: those that can be found."""
        return np.flatnonzero(self._many_specimens() > 1)

    @property
    def common(self) -> NDArray[np.bool_]:
        """Which of the queries (Q,) are of species with at least COMMON specimens."""
        common: NDArray[np.bool_] = self._many_specimens()[self.queries] >= COMMON
        return common

    def _many_specimens(self) -> NDArray[np.intp]:
        kinds, of = np.unique(self.species, return_inverse=True)
        pairs = np.unique(np.stack([of, np.unique(self.specimens, return_inverse=True)[1]]), axis=1)
        return np.bincount(pairs[0], minlength=len(kinds))[of]

    def apart(self, queries: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which spectra (Q, N) are of other specimens than each of the `queries` (Q,): what it may be compared with."""
        others: NDArray[np.bool_] = self.specimens[queries][:, None] != self.specimens[None]
        return others


VARIANTS = ("whole", "lacking", "small", "small and lacking")


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """What spoke for whom in four libraries, for the queries of one condition.

    `evidence` (4, Q, K, D) and `names` (4, Q, K) of the candidates, for each of VARIANTS: a library of all other
    specimens; the same without any spectrum of the query's species; and the two with a random part of the other
    species only, as a user's own library may have (from 10 to all).
    """

    evidence: NDArray[np.float32]
    names: NDArray[Any]


def minerals(corpus: Path = CORPUS) -> Minerals:
    """Read rruff, and part its specimens at random into five folds."""
    with h5py.File(corpus) as file:
        group = file["rruff"]
        starts, shifts, values = (group[name][:] for name in ("offsets", "axis", "values"))
        species, specimens = (group[name].asstr()[:].astype(str) for name in ("label", "sample"))
        lasers = group["laser_nm"][:]
    pieces = [slice(*starts[row : row + 2]) for row in range(len(species))]
    spectra = tuple(SpectrumSet.of(shifts[piece], values[piece]) for piece in pieces)
    each, of = np.unique(specimens, return_inverse=True)
    folds = np.random.default_rng(0).permutation(len(each)) % FOLDS
    return Minerals(spectra, species, specimens, lasers, folds[of])


def rruff_library(engine: Engine, found: Minerals, folder: Path) -> Library:
    """All of rruff as a library that the model of `engine` has seen, kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rruff.ramanlib"
    if path.is_file():
        return libraries.open(path).with_fingerprints(engine)
    rows = zip(found.species, found.spectra, found.specimens, found.laser_nm.tolist(), strict=True)
    references = [Reference(str(name), one, sample=str(sample), laser_nm=nm) for name, one, sample, nm in rows]
    return libraries.write(path, references, "rruff").with_fingerprints(engine)


def _height(values: Floats) -> float:
    return float(values.max() - np.median(values))


def _with_noise(snr: float) -> Corrupt:
    def corrupt(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
        return axis, values + _height(values) / snr * random.standard_normal(len(values))

    return corrupt


def _glowing(snr: float) -> Corrupt:
    """Fluorescence from a thirtieth to thirty times the strongest line, then noise."""

    def corrupt(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
        place = (axis - axis[0]) / (axis[-1] - axis[0])
        glow = random.uniform(-0.3, 0.3) * place
        for _ in range(random.integers(1, 4)):
            centre, width = random.uniform(-0.5, 1.5), random.uniform(0.25, 1.0)
            glow = glow + random.uniform(0.3, 1) * np.exp(-0.5 * ((place - centre) / width) ** 2)
        strength = np.exp(random.uniform(np.log(1 / 30), np.log(30)))
        height = _height(values)
        noise = height / snr * random.standard_normal(len(values))
        return axis, values + height * strength * glow / max(np.ptp(glow), 1e-9) + noise

    return corrupt


def _shifted(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """All lines up to 4 cm⁻¹ off."""
    return axis + random.uniform(-4, 4), values


def _broadened(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Lines as an instrument of 3 to 6 cm⁻¹ (standard deviation) would show them, sampled every 3 cm⁻¹."""
    from scipy.ndimage import gaussian_filter1d

    step = float(np.median(np.diff(axis)))
    broad = gaussian_filter1d(values, random.uniform(3, 6) / step)
    few = np.arange(axis[0], axis[-1], 3.0)
    return few, np.interp(few, axis, broad)


def _worn(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A sample from outside: bands of what clings to it, heights changed over the range by half or double, noise."""
    height = _height(values)
    knots = np.linspace(axis[0], axis[-1], 8)
    gain = np.exp(np.interp(axis, knots, random.normal(0, 0.5, len(knots))))
    low = np.median(values)
    worn = low + gain * (values - low)
    for _ in range(random.integers(1, 6)):
        centre, width = random.uniform(axis[0], axis[-1]), np.exp(random.uniform(np.log(10), np.log(120)))
        worn = worn + height * random.uniform(0.05, 0.6) * np.exp(-0.5 * ((axis - centre) / width) ** 2)
    snr = np.exp(random.uniform(np.log(8), np.log(60)))
    return axis, worn + height / snr * random.standard_normal(len(values))


def _half(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A random half of the range."""
    start = random.uniform(axis[0], (axis[0] + axis[-1]) / 2)
    inside = (axis >= start) & (axis <= start + (axis[-1] - axis[0]) / 2)
    return axis[inside], values[inside]


CONDITIONS: dict[str, Corrupt] = {
    "clean": lambda random, axis, values: (axis, values),
    "SNR 5": _with_noise(5),
    "fluorescence, SNR 20": _glowing(20),
    "fluorescence, SNR 5": _glowing(5),
    "shifted up to 4 cm⁻¹": _shifted,
    "other resolution": _broadened,
    "half the range": _half,
    "worn, with foreign bands": _worn,
}


def corrupted(found: Minerals, condition: str) -> list[SpectrumSet]:
    """What is asked in a condition: all queries, corrupted the same way whenever it is called."""
    seed = list(CONDITIONS).index(condition)
    random = np.random.default_rng(100 + seed)
    asked = []
    for query in found.queries:
        one = found.spectra[query]
        axis, values = CONDITIONS[condition](random, one.axis, one.values[0].astype(np.float64))
        asked.append(SpectrumSet.of(axis, values.astype(np.float32)))
    return asked


def trials(engine: Engine, library: Library, found: Minerals, condition: str, folder: Path) -> Trials:
    """What speaks for whom in all queries of a condition."""
    fingerprints = _prints(engine, found, condition, folder)
    random = np.random.default_rng(200 + list(CONDITIONS).index(condition))
    found_here = [_candidates(fingerprints, library, one) for one in _seen(random, found)]
    return Trials(*(np.stack(parts) for parts in zip(*found_here, strict=True)))


def _prints(engine: Engine, found: Minerals, condition: str, folder: Path) -> dict[str, NDArray[Any]]:
    """The prints of all queries of a condition; kept in `folder`, as they take minutes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"prints-{list(CONDITIONS).index(condition)}-{engine.fingerprint_version[:12]}.npz"
    if not path.is_file():
        np.savez(path, **engine.compute_fingerprints(corrupted(found, condition)))
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def _seen(random: Random, found: Minerals) -> list[NDArray[np.bool_]]:
    """Which references (Q, N) each query may be compared with, for each of VARIANTS."""
    queries = found.queries
    others = found.apart(queries)
    same = found.species[queries][:, None] == found.species[None]
    kinds, of = np.unique(found.species, return_inverse=True)
    share = np.exp(random.uniform(np.log(10 / len(kinds)), 0, len(queries)))
    part = (random.random((len(queries), len(kinds))) < share[:, None])[:, of]
    return [others, others & ~same, others & (part | same), others & part & ~same]


def _candidates(
    fingerprints: dict[str, NDArray[Any]], library: Library, seen: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Evidence and names of the candidates where each query may compare itself with the references `seen` only."""
    evidence, names = [], []
    for start in range(0, len(seen), AT_ONCE):
        some = {name: rows[start : start + AT_ONCE] for name, rows in fingerprints.items()}
        batch = [one.found for one in weighed(some, [library], apart=~seen[start : start + AT_ONCE])]
        evidence.append(side_by_side(batch))
        names += [[*one.names, *[""] * (CANDIDATES - len(one.names))] for one in batch]
    return np.concatenate(evidence), np.array(names, dtype=str)
