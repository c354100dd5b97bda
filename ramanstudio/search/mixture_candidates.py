"""Which references a mixture may be made of: those like it, and those like what is left of it beside one or two others.

A search for one substance ranks what the whole spectrum is like, which the weaker parts of a mixture are not;
benchmarks/mixtures.py says how often each of the two finds all parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.search.fingerprints import AS_MEASURED, GRID
from ramanstudio.search.mixture_fit import MISMATCH
from ramanstudio.search.mixture_ranges import line_heights, smooth_terms, weights
from ramanstudio.signal.resampling import resample_to_grid

Floats = NDArray[np.floating[Any]]

MANY: Final = 30  # substances
EACH: Final = 5  # references of one substance: specimens and lasers differ
BESIDE: Final = 6  # of the best, beside which others are looked for; and of the best pairs
ENOUGH: Final = 5000  # references that are looked at beside others; the best of a larger library
LEAST_NEW: Final = 0.05  # of a reference's square that the others must not explain
BLOCK: Final = 4096
LEAST_COVERED: Final = 0.3  # of the squares of the lines of the query
FEWEST_SAMPLES: Final = 16  # of the grid


class Prepared(Protocol):
    """A library whose prints were made."""

    @property
    def names(self) -> NDArray[Any]: ...
    @property
    def fingerprints(self) -> Mapping[str, NDArray[Any]]: ...


def mixture_candidates(
    spectrum: SpectrumSet, sigma: float, libraries: Sequence[Prepared], many: int = MANY, each: int = EACH
) -> list[tuple[int, int]]:
    """What `unmix` should choose from for one spectrum with noise `sigma`: (library, reference), of up to `many`
    substances the `each` references most like it. Raises StudioError when no reference covers enough of its range."""
    search = _Search.of(spectrum, sigma, libraries)
    found = search.substances(search.towards, many // 3, [])
    beside = np.full(len(search.places), -1.0)
    pairs: list[tuple[float, tuple[int, int]]] = []
    for one in search.best(search.towards, BESIDE):
        gain = search.gain((one,))
        beside = np.maximum(beside, gain)
        pairs += [(float(gain[other]), (one, other)) for other in search.best(gain, BESIDE)]
    found += search.substances(beside, many // 3, found)
    for pair in search.distinct(pairs)[:BESIDE]:
        beside = np.maximum(beside, search.gain(pair))
    found += search.substances(beside, many - len(found), found)
    return [search.places[one] for name in found for one in search.of_substance(name, each)]


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    """A spectrum (n,) on the samples `low` to `high` of the grid, weighted by one over the expected misfit (n,), and
    without the smooth `terms` (n, K). `squares` (n,) are those of the heights of its lines."""

    low: int
    high: int
    weights: Floats
    terms: Floats
    values: Floats
    squares: Floats

    @classmethod
    def of(cls, spectrum: SpectrumSet, sigma: float) -> _Query:
        """Of a set of one; raises StudioError where too little of it is on the grid, or it is flat."""
        values, measured = resample_to_grid(GRID, spectrum.axis, spectrum.values)
        inside = np.flatnonzero(measured)
        if len(inside) < FEWEST_SAMPLES:
            raise StudioError(
                f"Of {spectrum.axis[0]:.0f} to {spectrum.axis[-1]:.0f} cm⁻¹ too little can be compared.",
                remedy=f"Libraries are searched from {GRID.places[0]:.0f} to {GRID.places[-1]:.0f} cm⁻¹.",
            )
        if np.ptp(values[0, inside]) == 0:
            raise StudioError("The spectrum is flat: there is nothing to take apart.", remedy="Measure it again.")
        low, high = int(inside[0]), int(inside[-1]) + 1
        axis, query = GRID.places[low:high], values[0, low:high].astype(np.float64)
        noise = max(sigma, 1e-6 * float(np.ptp(query)), 1e-30)
        heights = line_heights(axis, query)
        trust = weights(noise, heights, MISMATCH)
        trust /= trust.max()
        terms = np.linalg.qr(smooth_terms(axis, axis) * trust[:, None])[0]
        query = query * trust
        squares = np.maximum(heights**2 - noise**2, 0) + 1e-12 * max(float(heights.max()) ** 2, 1e-30)
        return cls(low, high, trust, terms, query - terms @ (terms.T @ query), squares)

    def rows(self, library: Prepared, which: NDArray[np.intp]) -> NDArray[np.float32]:
        """References of a library, weighted and without the terms as the query is, of unit length -> (R, n)."""
        terms = self.terms.astype(np.float32)
        rows = library.fingerprints[AS_MEASURED][which, self.low : self.high] * self.weights.astype(np.float32)
        rows = rows - (rows @ terms) @ terms.T
        unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit

    def covering(self, library: Prepared) -> NDArray[np.intp]:
        """The references that cover enough of the query's lines."""
        running = np.concatenate([[0.0], np.cumsum(self.squares)])
        first = np.clip(library.fingerprints["first"].astype(np.intp), self.low, self.high) - self.low
        last = np.clip(library.fingerprints["last"].astype(np.intp), self.low, self.high) - self.low
        shared = running[last] - running[np.minimum(first, last)]
        return np.flatnonzero((last - first >= FEWEST_SAMPLES) & (shared >= LEAST_COVERED * running[-1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The references that a query is compared with as `rows` (R, n), and their products with it, `towards` (R,).
    `names` (R,) and `places` (R: library, reference) say what each row is."""

    rows: NDArray[np.float32]
    towards: NDArray[np.float64]
    names: NDArray[Any]
    places: list[tuple[int, int]]

    @classmethod
    def of(cls, spectrum: SpectrumSet, sigma: float, libraries: Sequence[Prepared]) -> _Search:
        """The ENOUGH references most like the query of all that cover enough of its range."""
        query = _Query.of(spectrum, sigma)
        kept = cls(np.zeros((0, query.high - query.low), np.float32), np.zeros(0), np.zeros(0, str), [])
        for number, library in enumerate(libraries):
            covering = query.covering(library)
            for start in range(0, len(covering), BLOCK):
                which = covering[start : start + BLOCK]
                rows = query.rows(library, which)
                names = np.asarray(library.names)[which]
                places = [(number, int(one)) for one in which]
                kept = kept._joined(cls(rows, (rows @ query.values).astype(np.float64), names, places))
        if not kept.places:
            raise StudioError(
                f"No reference covers this spectrum, {spectrum.axis[0]:.0f} to {spectrum.axis[-1]:.0f} cm⁻¹.",
                remedy="Take apart a part of it that a library covers.",
            )
        return kept

    def _joined(self, other: _Search) -> _Search:
        """The ENOUGH best of both."""
        towards = np.concatenate([self.towards, other.towards])
        best = np.sort(np.argsort(-towards, kind="stable")[:ENOUGH])
        places = self.places + other.places
        rows = np.concatenate([self.rows, other.rows])[best]
        names = np.concatenate([self.names, other.names])[best]
        return _Search(rows, towards[best], names, [places[one] for one in best])

    def _by(self, score: NDArray[np.float64]) -> Iterator[int]:
        """The best reference of each substance, the best first, while there is any good in them."""
        seen: set[str] = set()
        for one in np.argsort(-score, kind="stable").tolist():
            if score[one] <= 0:
                return
            if (name := str(self.names[one])) not in seen:
                seen.add(name)
                yield one

    def best(self, score: NDArray[np.float64], many: int) -> list[int]:
        """The best references of the best substances by `score` (R,)."""
        return list(islice(self._by(score), many))

    def substances(self, score: NDArray[np.float64], many: int, without: list[str]) -> list[str]:
        """The best substances by `score` (R,) that are not among `without`."""
        return list(islice((name for one in self._by(score) if (name := str(self.names[one])) not in without), many))

    def of_substance(self, name: str, many: int) -> list[int]:
        """The references of a substance that are most like the query."""
        ours = np.flatnonzero(self.names == name)
        return [int(one) for one in ours[np.argsort(-self.towards[ours], kind="stable")][:many]]

    def distinct(self, pairs: list[tuple[float, tuple[int, int]]]) -> list[tuple[int, int]]:
        """`pairs` of references, the best first, each pair of substances once."""
        best: dict[frozenset[str], tuple[int, int]] = {}
        for _, (one, other) in sorted(pairs, reverse=True):
            best.setdefault(frozenset((str(self.names[one]), str(self.names[other]))), (one, other))
        return list(best.values())

    def gain(self, beside: tuple[int, ...]) -> NDArray[np.float64]:
        """What each reference explains of the query together with those `beside` it, all factors positive -> (R,);
        -1 where it cannot be."""
        chosen = list(beside)
        products = (self.rows @ self.rows[chosen].T).astype(np.float64)
        inverse = np.linalg.inv(products[chosen] + 1e-9 * np.eye(len(chosen)))
        shares = products @ inverse
        new = np.maximum(1 - np.einsum("ra,ra->r", shares, products), 1e-9)
        rest = self.towards - shares @ self.towards[chosen]
        heights = inverse @ self.towards[chosen]
        possible = (rest > 0) & (new > LEAST_NEW) & (heights - shares * (rest / new)[:, None] > 0).all(axis=1)
        for one in chosen:
            possible &= self.names != self.names[one]
        return np.where(possible, rest**2 / new + float(heights @ self.towards[chosen]), -1.0)
