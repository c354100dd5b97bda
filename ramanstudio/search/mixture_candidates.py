"""Find references that a mixture may consist of: similar ones, and those similar to what one or two others leave.

A search for one substance ranks by similarity to the whole spectrum, which the weaker components of a mixture lack;
benchmarks/mixtures.py measures how often each of the two finds all components.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.fingerprints import AS_MEASURED, GRID, Fingerprints
from ramanstudio.search.mixture_fit import MISMATCH
from ramanstudio.search.mixture_ranges import band_heights, misfit_weights, smooth_terms
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]

N_SUBSTANCES: Final = 30
REFERENCES_EACH: Final = 5  # of one substance: specimens and lasers differ
N_PARTNERS: Final = 6  # best references, and best pairs, that others are combined with
MOST_REFERENCES: Final = 5000  # that are combined with others; the best of a larger library
LEAST_NEW: Final = 0.05  # of a reference's square that the others must leave unexplained
REFERENCES_PER_BLOCK: Final = 4096
LEAST_COVERED: Final = 0.3  # of the squares of the query's band heights
FEWEST_SAMPLES: Final = 16  # of the grid


class NamedReferences(Protocol):
    """References (R) by `names`, with their fingerprints: a library as far as mixtures need it."""

    @property
    def names(self) -> NDArray[Any]: ...
    @property
    def fingerprints(self) -> Fingerprints: ...


def mixture_candidates(
    spectrum: SpectrumSet,
    sigma: float,
    libraries: Sequence[NamedReferences],
    n_substances: int = N_SUBSTANCES,
    each: int = REFERENCES_EACH,
) -> list[tuple[int, int]]:
    """Return references that `unmix` should choose from for one spectrum with noise `sigma`.

    They are (library, reference) indices, of up to `n_substances` substances the `each` most similar references.
    Raises StudioError when no reference covers enough of the spectrum's range.
    """
    pool = _ReferencePool.for_query(spectrum, sigma, libraries)
    names = pool.best_substances(pool.projections, n_substances // 3, [])
    gain = np.full(len(pool.indices), -1.0)
    pairs: list[tuple[float, tuple[int, int]]] = []
    for first in pool.best_references(pool.projections, N_PARTNERS):
        gain_with_first = pool.gain((first,))
        gain = np.maximum(gain, gain_with_first)
        partners = pool.best_references(gain_with_first, N_PARTNERS)
        pairs += [(float(gain_with_first[second]), (first, second)) for second in partners]
    names += pool.best_substances(gain, n_substances // 3, names)
    for pair in pool.distinct(pairs)[:N_PARTNERS]:
        gain = np.maximum(gain, pool.gain(pair))
    names += pool.best_substances(gain, n_substances - len(names), names)
    return [pool.indices[row] for name in names for row in pool.references_of(name, each)]


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A spectrum on the samples `low` to `high` of the grid, n of them.

    `values` (n,) are weighted by `weights` (n,), one over the expected misfit, and without the smooth `terms` (n, K);
    `squares` (n,) are those of the heights of its bands.
    """

    low: int
    high: int
    weights: Floats
    terms: Floats
    values: Floats
    squares: Floats

    @classmethod
    def from_spectrum(cls, spectrum: SpectrumSet, sigma: float) -> _Query:
        """Of a set of one; raises StudioError when too little of it is on the grid or it is constant."""
        values, measured = resample_to_grid(GRID, spectrum.axis, spectrum.values)
        inside = np.flatnonzero(measured)
        if len(inside) < FEWEST_SAMPLES:
            raise StudioError(
                f"Too little of the spectrum, {spectrum.axis[0]:.0f} to {spectrum.axis[-1]:.0f} cm⁻¹, can be compared.",
                remedy=f"Libraries are searched from {GRID.centres_cm[0]:.0f} to {GRID.centres_cm[-1]:.0f} cm⁻¹.",
            )
        if np.ptp(values[0, inside]) == 0:
            raise StudioError("The spectrum is flat: there is nothing to analyse.", remedy="Measure it again.")
        low, high = int(inside[0]), int(inside[-1]) + 1
        axis, query = GRID.centres_cm[low:high], values[0, low:high].astype(np.float64)
        noise = max(sigma, 1e-6 * float(np.ptp(query)), 1e-30)
        heights = band_heights(axis, query)
        weights = misfit_weights(noise, heights, MISMATCH)
        weights /= weights.max()
        terms = np.linalg.qr(smooth_terms(axis, axis) * weights[:, None])[0]
        query = query * weights
        squares = np.maximum(heights**2 - noise**2, 0) + 1e-12 * max(float(heights.max()) ** 2, 1e-30)
        return cls(low, high, weights, terms, query - terms @ (terms.T @ query), squares)

    def unit_rows(self, library: NamedReferences, which: NDArray[np.intp]) -> NDArray[np.float32]:
        """References of a library, weighted and without the terms like the query, of unit length -> (R, n)."""
        terms = self.terms.astype(np.float32)
        rows = library.fingerprints[AS_MEASURED][which, self.low : self.high] * self.weights.astype(np.float32)
        rows = rows - (rows @ terms) @ terms.T
        unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit

    def covering(self, library: NamedReferences) -> NDArray[np.intp]:
        """The references that cover enough of the query's bands."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.squares)])
        first = np.clip(library.fingerprints["first"].astype(np.intp), self.low, self.high) - self.low
        last = np.clip(library.fingerprints["last"].astype(np.intp), self.low, self.high) - self.low
        covered = cumulated[last] - cumulated[np.minimum(first, last)]
        return np.flatnonzero((last - first >= FEWEST_SAMPLES) & (covered >= LEAST_COVERED * cumulated[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class _ReferencePool:
    """References as unit `rows` (R, n), and their `projections` (R,) on the query.

    `names` (R,) are their substances, `indices` (R) their (library, reference) indices.
    """

    rows: NDArray[np.float32]
    projections: NDArray[np.float64]
    names: NDArray[Any]
    indices: list[tuple[int, int]]

    @classmethod
    def for_query(cls, spectrum: SpectrumSet, sigma: float, libraries: Sequence[NamedReferences]) -> _ReferencePool:
        """The MOST_REFERENCES references most similar to the query of all that cover enough of its range."""
        query = _Query.from_spectrum(spectrum, sigma)
        pool = cls(np.zeros((0, query.high - query.low), np.float32), np.zeros(0), np.zeros(0, str), [])
        for number, library in enumerate(libraries):
            covering = query.covering(library)
            for start in range(0, len(covering), REFERENCES_PER_BLOCK):
                which = covering[start : start + REFERENCES_PER_BLOCK]
                rows = query.unit_rows(library, which)
                names = np.asarray(library.names)[which]
                indices = [(number, int(reference)) for reference in which]
                pool = pool._best_of_both(cls(rows, (rows @ query.values).astype(np.float64), names, indices))
        if not pool.indices:
            raise StudioError(
                f"No reference covers this spectrum, {spectrum.axis[0]:.0f} to {spectrum.axis[-1]:.0f} cm⁻¹.",
                remedy="Analyse a range of it that a library covers.",
            )
        return pool

    def _best_of_both(self, other: _ReferencePool) -> _ReferencePool:
        """The MOST_REFERENCES best of two pools."""
        projections = np.concatenate([self.projections, other.projections])
        best = np.sort(np.argsort(-projections, kind="stable")[:MOST_REFERENCES])
        indices = self.indices + other.indices
        rows = np.concatenate([self.rows, other.rows])[best]
        names = np.concatenate([self.names, other.names])[best]
        return _ReferencePool(rows, projections[best], names, [indices[row] for row in best])

    def _ordered(self, score: NDArray[np.float64]) -> Iterator[int]:
        """The best reference of each substance by `score` (R,), the best first, while it is positive."""
        seen: set[str] = set()
        for row in np.argsort(-score, kind="stable").tolist():
            if score[row] <= 0:
                return
            if (name := str(self.names[row])) not in seen:
                seen.add(name)
                yield row

    def best_references(self, score: NDArray[np.float64], n: int) -> list[int]:
        """The best reference of each of the `n` best substances by `score` (R,)."""
        return list(islice(self._ordered(score), n))

    def best_substances(self, score: NDArray[np.float64], n: int, without: list[str]) -> list[str]:
        """The `n` best substances by `score` (R,) that are not among `without`."""
        names = (str(self.names[row]) for row in self._ordered(score))
        return list(islice((name for name in names if name not in without), n))

    def references_of(self, name: str, n: int) -> list[int]:
        """The `n` references of a substance that are most similar to the query."""
        rows = np.flatnonzero(self.names == name)
        return [int(row) for row in rows[np.argsort(-self.projections[rows], kind="stable")][:n]]

    def distinct(self, pairs: list[tuple[float, tuple[int, int]]]) -> list[tuple[int, int]]:
        """`pairs` of references with their gain, the best first, each pair of substances once."""
        best: dict[frozenset[str], tuple[int, int]] = {}
        for _, (first, second) in sorted(pairs, reverse=True):
            best.setdefault(frozenset((str(self.names[first]), str(self.names[second]))), (first, second))
        return list(best.values())

    def gain(self, partners: tuple[int, ...]) -> NDArray[np.float64]:
        """What each reference explains of the query together with its `partners`, all factors positive -> (R,).

        It is -1 where that is not possible.
        """
        chosen = list(partners)
        products = (self.rows @ self.rows[chosen].T).astype(np.float64)
        inverse = np.linalg.inv(products[chosen] + 1e-9 * np.eye(len(chosen)))
        weights = products @ inverse
        new = np.maximum(1 - np.einsum("ra,ra->r", weights, products), 1e-9)
        rest = self.projections - weights @ self.projections[chosen]
        heights = inverse @ self.projections[chosen]
        possible = (rest > 0) & (new > LEAST_NEW) & (heights - weights * (rest / new)[:, None] > 0).all(axis=1)
        for row in chosen:
            possible &= self.names != self.names[row]
        return np.where(possible, rest**2 / new + float(heights @ self.projections[chosen]), -1.0)
