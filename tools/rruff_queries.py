"""Queries to train and measure the search: spectra of RRUFF, as they are and corrupted, against other specimens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.engine import Engine
from ramanstudio.library import library as libraries
from ramanstudio.library.library import Library, Reference
from ramanstudio.search.candidate_features import N_CANDIDATES, stack_features
from ramanstudio.search.library_search import compare_queries

Floats = NDArray[np.floating[Any]]
Random = np.random.Generator
Corrupt = Callable[[Random, Floats, Floats], tuple[Floats, Floats]]

FOLDS = 5
COMMON = 3  # specimens, from which on a species is common
QUERIES_PER_BLOCK = 64
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "data" / "corpus.h5"
CACHE = Path("build") / "identify"  # of fingerprints, which take minutes


@dataclass(frozen=True, slots=True, eq=False)
class Minerals:
    """The N spectra of RRUFF as sets of one, with `species`, `specimens` and `laser_nm` (N,).

    `folds` (N,) assigns each specimen to one of FOLDS folds.
    """

    spectra: tuple[SpectrumSet, ...]
    species: NDArray[Any]
    specimens: NDArray[Any]
    laser_nm: Floats
    folds: NDArray[np.intp]

    @property
    def queries(self) -> NDArray[np.intp]:
        """Indices (Q,) of the spectra whose species has another specimen, so that they can be found."""
        return np.flatnonzero(self._specimen_counts() > 1)

    @property
    def common(self) -> NDArray[np.bool_]:
        """Which of the queries (Q,) are of species with at least COMMON specimens."""
        common: NDArray[np.bool_] = self._specimen_counts()[self.queries] >= COMMON
        return common

    def _specimen_counts(self) -> NDArray[np.intp]:
        """The number of specimens of each spectrum's species, (N,)."""
        names, species = np.unique(self.species, return_inverse=True)
        pairs = np.unique(np.stack([species, np.unique(self.specimens, return_inverse=True)[1]]), axis=1)
        return np.bincount(pairs[0], minlength=len(names))[species]

    def other_specimens(self, queries: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which spectra (Q, N) are of other specimens than each of the `queries` (Q,)."""
        others: NDArray[np.bool_] = self.specimens[queries][:, None] != self.specimens[None]
        return others


VARIANTS = ("whole", "lacking", "small", "small and lacking")


@dataclass(frozen=True, slots=True, eq=False)
class QueryFeatures:
    """The candidates of the queries of one condition in four libraries.

    `features` (4, Q, K, D) and `names` (4, Q, K) for each of VARIANTS: a library of all other specimens; the same
    without any spectrum of the query's species; and the two with a random part of the other species (from 10 to all),
    as in a user's own library.
    """

    features: NDArray[np.float32]
    names: NDArray[Any]


def minerals(corpus: Path = CORPUS) -> Minerals:
    """Read RRUFF, and assign its specimens at random to FOLDS folds."""
    with h5py.File(corpus) as file:
        group = file["rruff"]
        starts, shifts, values = (group[name][:] for name in ("offsets", "axis", "values"))
        species, specimens = (group[name].asstr()[:].astype(str) for name in ("label", "sample"))
        lasers = group["laser_nm"][:]
    pieces = [slice(*starts[row : row + 2]) for row in range(len(species))]
    spectra = tuple(SpectrumSet.of(shifts[piece], values[piece]) for piece in pieces)
    names, specimen = np.unique(specimens, return_inverse=True)
    folds = np.random.default_rng(0).permutation(len(names)) % FOLDS
    return Minerals(spectra, species, specimens, lasers, folds[specimen])


def rruff_library(engine: Engine, minerals: Minerals, folder: Path) -> Library:
    """Return all of RRUFF as a library with fingerprints by `engine`, cached in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rruff.ramanlib"
    if path.is_file():
        return libraries.open(path).with_fingerprints(engine)
    columns = minerals.species, minerals.spectra, minerals.specimens, minerals.laser_nm.tolist()
    references = [
        Reference(str(name), spectrum, sample=str(sample), laser_nm=laser_nm)
        for name, spectrum, sample, laser_nm in zip(*columns, strict=True)
    ]
    return libraries.write(path, references, "rruff").with_fingerprints(engine)


def _height(values: Floats) -> float:
    return float(values.max() - np.median(values))


def _with_noise(snr: float) -> Corrupt:
    def corrupt(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
        return axis, values + _height(values) / snr * random.standard_normal(len(values))

    return corrupt


def _with_fluorescence(snr: float) -> Corrupt:
    """Fluorescence from a thirtieth to thirty times the strongest line, then noise."""

    def corrupt(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
        position = (axis - axis[0]) / (axis[-1] - axis[0])
        fluorescence = random.uniform(-0.3, 0.3) * position
        for _ in range(random.integers(1, 4)):
            centre, width = random.uniform(-0.5, 1.5), random.uniform(0.25, 1.0)
            fluorescence = fluorescence + random.uniform(0.3, 1) * np.exp(-0.5 * ((position - centre) / width) ** 2)
        strength = np.exp(random.uniform(np.log(1 / 30), np.log(30)))
        height = _height(values)
        noise = height / snr * random.standard_normal(len(values))
        return axis, values + height * strength * fluorescence / max(np.ptp(fluorescence), 1e-9) + noise

    return corrupt


def _shifted(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """All bands up to 4 cm⁻¹ off."""
    return axis + random.uniform(-4, 4), values


def _broadened(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Bands as an instrument with a resolution of 3 to 6 cm⁻¹ (standard deviation) shows them, sampled every 3 cm⁻¹."""
    from scipy.ndimage import gaussian_filter1d

    step = float(np.median(np.diff(axis)))
    broad = gaussian_filter1d(values, random.uniform(3, 6) / step)
    coarse = np.arange(axis[0], axis[-1], 3.0)
    return coarse, np.interp(coarse, axis, broad)


def _weathered(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A weathered sample: foreign bands, heights halved or doubled over the range, noise."""
    height = _height(values)
    knots = np.linspace(axis[0], axis[-1], 8)
    gain = np.exp(np.interp(axis, knots, random.normal(0, 0.5, len(knots))))
    low = np.median(values)
    weathered = low + gain * (values - low)
    for _ in range(random.integers(1, 6)):
        centre, width = random.uniform(axis[0], axis[-1]), np.exp(random.uniform(np.log(10), np.log(120)))
        weathered = weathered + height * random.uniform(0.05, 0.6) * np.exp(-0.5 * ((axis - centre) / width) ** 2)
    snr = np.exp(random.uniform(np.log(8), np.log(60)))
    return axis, weathered + height / snr * random.standard_normal(len(values))


def _half(random: Random, axis: Floats, values: Floats) -> tuple[Floats, Floats]:
    """A random half of the range."""
    start = random.uniform(axis[0], (axis[0] + axis[-1]) / 2)
    inside = (axis >= start) & (axis <= start + (axis[-1] - axis[0]) / 2)
    return axis[inside], values[inside]


CONDITIONS: dict[str, Corrupt] = {
    "clean": lambda random, axis, values: (axis, values),
    "SNR 5": _with_noise(5),
    "fluorescence, SNR 20": _with_fluorescence(20),
    "fluorescence, SNR 5": _with_fluorescence(5),
    "shifted up to 4 cm⁻¹": _shifted,
    "other resolution": _broadened,
    "half the range": _half,
    "worn, with foreign bands": _weathered,
}


def corrupted(minerals: Minerals, condition: str) -> list[SpectrumSet]:
    """Return all queries of a condition, corrupted the same way whenever it is called."""
    seed = list(CONDITIONS).index(condition)
    random = np.random.default_rng(100 + seed)
    queries = []
    for index in minerals.queries:
        spectrum = minerals.spectra[index]
        axis, values = CONDITIONS[condition](random, spectrum.axis, spectrum.values[0].astype(np.float64))
        queries.append(SpectrumSet.of(axis, values.astype(np.float32)))
    return queries


def query_features(engine: Engine, library: Library, minerals: Minerals, condition: str, folder: Path) -> QueryFeatures:
    """Return the features of the candidates of all queries of a condition; fingerprints are cached in `folder`."""
    fingerprints = _fingerprints(engine, minerals, condition, folder)
    random = np.random.default_rng(200 + list(CONDITIONS).index(condition))
    variants = [_candidates(fingerprints, library, allowed) for allowed in _allowed_references(random, minerals)]
    return QueryFeatures(*(np.stack(parts) for parts in zip(*variants, strict=True)))


def minerals_and_queries(
    engine: Engine, corpus: Path = CORPUS, folder: Path = CACHE
) -> tuple[Minerals, list[QueryFeatures]]:
    """Return RRUFF, and the features of the candidates of its queries in each of CONDITIONS."""
    rruff = minerals(corpus)
    library = rruff_library(engine, rruff, folder)
    return rruff, [query_features(engine, library, rruff, condition, folder) for condition in CONDITIONS]


def _fingerprints(engine: Engine, minerals: Minerals, condition: str, folder: Path) -> dict[str, NDArray[Any]]:
    """The fingerprints of all queries of a condition, cached in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"prints-{list(CONDITIONS).index(condition)}-{engine.fingerprint_version[:12]}.npz"
    if not path.is_file():
        np.savez(path, **engine.compute_fingerprints(corrupted(minerals, condition)))
    with np.load(path) as cached:
        return {name: cached[name] for name in cached.files}


def _allowed_references(random: Random, minerals: Minerals) -> list[NDArray[np.bool_]]:
    """Which references (Q, N) each query may be compared with, for each of VARIANTS."""
    queries = minerals.queries
    others = minerals.other_specimens(queries)
    same = minerals.species[queries][:, None] == minerals.species[None]
    names, species = np.unique(minerals.species, return_inverse=True)
    share = np.exp(random.uniform(np.log(10 / len(names)), 0, len(queries)))
    part = (random.random((len(queries), len(names))) < share[:, None])[:, species]
    return [others, others & ~same, others & (part | same), others & part & ~same]


def _candidates(
    fingerprints: dict[str, NDArray[Any]], library: Library, allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Features and names of the candidates where each query is compared with its `allowed` references (Q, N) only."""
    features, names = [], []
    for start in range(0, len(allowed), QUERIES_PER_BLOCK):
        rows = {name: array[start : start + QUERIES_PER_BLOCK] for name, array in fingerprints.items()}
        compared = compare_queries(rows, [library], excluded=~allowed[start : start + QUERIES_PER_BLOCK])
        candidates = [query.candidates for query in compared]
        features.append(stack_features(candidates))
        names += [[*candidate.names, *[""] * (N_CANDIDATES - len(candidate.names))] for candidate in candidates]
    return np.concatenate(features), np.array(names, dtype=str)
