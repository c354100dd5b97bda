"""Mixtures whose components are known: real ones of reagents, simulated ones of minerals, and libraries for both.

A simulated mixture is the sum of real spectra of two or three minerals, each without its baseline and of unit area,
with white noise. The library has other specimens of the same minerals, never the ones that were mixed.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.repeats import CORPUS
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.library.starter_library import peak_tables
from ramanstudio.search.confusable import MOST_REFERENCES, SubstanceReferences, are_confusable
from ramanstudio.search.fingerprints import AS_MEASURED, GRID, fingerprints
from ramanstudio.signal.resampling import resample_to_grid
from ramanstudio.signal.snr import noise_sigma
from ramanstudio.signal.spectral_features import baseline, subtract_baseline

Floats = NDArray[np.floating[Any]]

SNR = 20
LEAST_SHARE = 0.15  # of a component, so that it is visible
LOW_CM, HIGH_CM, LEAST_RANGE_CM = 150.0, 1250.0, 800.0
SHIFT_CM, DRIFT = 1.0, 0.1  # by which another day's spectrum is moved, and its response differs from end to end


@dataclass(frozen=True, slots=True, eq=False)
class KnownMixture:
    """A spectrum (1, B), its noise `sigma`, and the share of each substance.

    `without` are samples not to be used as references, `components` the indices of the spectra that were mixed.
    """

    spectrum: SpectrumSet
    sigma: float
    shares: Mapping[str, float]
    without: frozenset[str] = frozenset()
    components: tuple[int, ...] = ()


class References:
    """N spectra of known substances: `names`, `samples` and `lasers` (N,), and the fingerprints that mixtures need."""

    def __init__(self, spectra: Sequence[SpectrumSet], names: Sequence[str], samples: Sequence[str], lasers: Floats):
        self.spectra, self.names, self.samples = list(spectra), np.array(names), np.array(samples)
        self.lasers = lasers
        self._confusable = dict[frozenset[str], bool]()

    @cached_property
    def fingerprints(self) -> dict[str, NDArray[Any]]:
        """The fingerprints that candidates of mixtures are found by, as search/fingerprints.py computes them."""
        rows, ends = np.zeros((len(self.spectra), GRID.samples), np.float32), np.zeros((len(self.spectra), 2), int)
        for row, end, spectrum in zip(rows, ends, self.spectra, strict=True):
            values, measured = resample_to_grid(GRID, spectrum.axis, spectrum.values)
            row[:] = values[0] / max(float(np.linalg.norm(values[0])), 1e-12)
            inside = np.flatnonzero(measured)
            end[:] = inside[0], inside[-1] + 1
        return {AS_MEASURED: rows.astype(np.float16), "first": ends[:, 0], "last": ends[:, 1]}

    def are_confusable(self, first: str, second: str) -> bool:
        """Tell whether the references of two substances are as similar as specimens of one."""
        if (key := frozenset((first, second))) not in self._confusable:
            self._confusable[key] = are_confusable(
                self._references_of(first), self._references_of(second), np.ones(GRID.samples, dtype=bool)
            )
        return self._confusable[key]

    def _references_of(self, name: str) -> SubstanceReferences:
        """The references of one substance as measured, not denoised."""
        rows = np.flatnonzero(self.names == name)[:MOST_REFERENCES]
        spectra = [self.spectra[row] for row in rows]
        each = [fingerprints(spectrum, spectrum, subtract_baseline(spectrum)) for spectrum in spectra]
        joint = {key: np.concatenate([arrays[key] for arrays in each]) for key in ("roots", "first", "last")}
        return SubstanceReferences.from_fingerprints(joint, self.samples[rows], np.arange(len(rows)))

    def only(self, which: NDArray[Any]) -> References:
        """Return those `which` (N,) is true for, with their fingerprints."""
        rows = np.flatnonzero(which)
        subset = self.rows(rows)
        subset.__dict__["fingerprints"] = {name: value[rows] for name, value in self.fingerprints.items()}
        return subset

    def rows(self, rows: Sequence[int] | NDArray[np.intp]) -> References:
        """Return some references in a given order."""
        spectra = [self.spectra[row] for row in rows]
        return References(spectra, self.names[rows], self.samples[rows], self.lasers[rows])


def reagents(corpus: Path = CORPUS) -> tuple[References, list[KnownMixture]]:
    """Return the pure reagents, and the mixtures of two whose label states their shares of volume."""
    with h5py.File(corpus) as file:
        part = file["reagents"]
        labels, offsets = part["label"].asstr()[:], part["offsets"][:]
        axis, values = part["axis"][:], part["values"][:]
    pieces = [slice(*ends) for ends in pairwise(offsets)]
    sets = [SpectrumSet.of(axis[piece], values[piece]) for piece in pieces]
    shares = [{name: int(share) / 100 for name, share in re.findall(r"([^\d%+ ]+)(\d+)%", label)} for label in labels]
    pure = [row for row, label in enumerate(labels) if not re.search(r"[\d%]", label)]
    library = References([sets[row] for row in pure], labels[pure], labels[pure], np.full(len(pure), np.nan))
    mixtures = [
        KnownMixture(sets[row], float(noise_sigma(sets[row].values)[0]), known)
        for row, known in enumerate(shares)
        if known
    ]
    return library, mixtures


def minerals(corpus: Path = CORPUS) -> References:
    """Return the processed spectra of RRUFF that cover most of 150 to 1250 cm⁻¹."""
    with h5py.File(corpus) as file:
        part = file["rruff"]
        names, samples, kinds = (part[column].asstr()[:] for column in ("label", "sample", "kind"))
        offsets, lasers, axis, values = (part[column][:] for column in ("offsets", "laser_nm", "axis", "values"))
    covered = np.minimum(axis[offsets[1:] - 1], HIGH_CM) - np.maximum(axis[offsets[:-1]], LOW_CM)
    rows = np.flatnonzero((kinds == "processed") & (covered > 0.85 * (HIGH_CM - LOW_CM)))
    sets = [
        SpectrumSet.of(axis[slice(*offsets[[row, row + 1]])], values[slice(*offsets[[row, row + 1]])]) for row in rows
    ]
    return References(sets, names[rows], samples[rows], lasers[rows])


def starter_minerals(library: References) -> References:
    """Return the measured spectra of the minerals that the starter library has."""
    ours = {table.label for table in peak_tables() if table.collection == "rruff"}
    return library.only(np.isin(library.names, sorted(ours)))


def half(name: str) -> int:
    """Return 0 for species that rules are fitted on, 1 for those that they are measured on."""
    return zlib.crc32(name.encode()) % 2


def simulated(
    library: References, n_components: int, n_mixtures: int, which: int | None, seed: int
) -> list[KnownMixture]:
    """Return mixtures of minerals that have two specimens or more, of one half of the species (`which`) or of all."""
    random = np.random.default_rng(seed)
    rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, (name, sample) in enumerate(zip(library.names, library.samples, strict=True)):
        if which is None or half(name) == which:
            rows[name][sample].append(row)
    pool = [name for name in rows if len(rows[name]) > 1]
    mixtures: list[KnownMixture] = []
    while len(mixtures) < n_mixtures:
        laser = random.choice([532, 780, 785])
        chosen = []
        for name in random.choice(pool, n_components, replace=False):
            specimen = rows[name][random.choice(sorted(rows[name]))]
            same = [row for row in specimen if library.lasers[row] == laser]
            chosen.append(int(random.choice(same or specimen)))
        mixtures += _simulate(random, library, chosen)
    return mixtures


def simulated_reagents(pure: References, n_components: int, n_mixtures: int, seed: int) -> list[KnownMixture]:
    """Return mixtures of the pure reagents, which have one recording each.

    The recordings that are mixed are the references too, but moved by up to SHIFT_CM and with a response that drifts by
    up to DRIFT from end to end, as on another day.
    """
    random = np.random.default_rng(seed)
    mixtures: list[KnownMixture] = []
    while len(mixtures) < n_mixtures:
        rows = [int(row) for row in random.choice(len(pure.spectra), n_components, replace=False)]
        shift, tilt = random.uniform(-SHIFT_CM, SHIFT_CM), random.uniform(-DRIFT, DRIFT)
        other_day = References(
            [_drifted(spectrum, shift, tilt) for spectrum in pure.spectra], pure.names, pure.samples, pure.lasers
        )
        simulated = _simulate(random, other_day, rows, (0.0, 4000.0))
        mixtures += [replace(mixture, without=frozenset()) for mixture in simulated]
    return mixtures


def _drifted(spectrum: SpectrumSet, shift_cm: float, tilt: float) -> SpectrumSet:
    response = 1 + tilt * np.linspace(-1, 1, spectrum.points)
    return SpectrumSet.of(spectrum.axis + shift_cm, spectrum.values[0] * response)


def _simulate(
    random: np.random.Generator,
    library: References,
    chosen: list[int],
    span: tuple[float, float] = (LOW_CM, HIGH_CM),
) -> list[KnownMixture]:
    """One mixture of the chosen spectra; none where they share too little of their range."""
    low = max(span[0], *(library.spectra[row].axis[0] for row in chosen))
    high = min(span[1], *(library.spectra[row].axis[-1] for row in chosen))
    if high - low < LEAST_RANGE_CM:
        return []
    axis = np.arange(np.ceil(low), high)
    shares = np.zeros(1)
    while shares.min() < (LEAST_SHARE if len(chosen) > 1 else 1e-9):
        shares = random.dirichlet(np.ones(len(chosen)))
    values = shares @ np.stack([band_profile(library.spectra[row], axis) for row in chosen])
    sigma = float(values.max()) / SNR
    noisy = values + random.normal(0, sigma, len(axis))
    named = {str(library.names[row]): float(share) for row, share in zip(chosen, shares, strict=True)}
    without = frozenset(str(library.samples[row]) for row in chosen)
    return [KnownMixture(SpectrumSet.of(axis, noisy), sigma, named, without, tuple(chosen))]


def band_profile(spectrum: SpectrumSet, axis: Floats) -> Floats:
    """Return a spectrum without its baseline at `axis` (B,), its area 1."""
    values = np.interp(axis, spectrum.axis, spectrum.values[0])
    values = values - baseline(axis, values[None])[0]
    return np.asarray(values / np.maximum(values, 0).sum())
