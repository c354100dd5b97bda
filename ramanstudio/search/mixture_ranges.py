"""Where a mixture and its references can be compared: a range that holds its lines and that many of them cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.errors import StudioError
from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import spectral_features

Floats = NDArray[np.floating[Any]]

FEWEST_POINTS: Final = 32
MOST_POINTS: Final = 800  # of a query that are fitted; more only cost time, lines are wider
LEAST_COVERED: Final = 0.9  # of the squares of the lines in a range, which a reference has to cover to be used there
MOST_RANGES: Final = 3  # that are tried
SAME_RANGE: Final = 0.1  # of a range's length, by which another may differ and be no other
BETWEEN: Final = 0.15  # of what is expected of a misfit at the highest line, the least that is expected elsewhere
SMOOTH_CM: Final = 150.0  # the finest turn of the baseline: the hump of a glass vial is as narrow
SMOOTHING_CM: Final = 3.0  # before a query's lines are taken for their height


@dataclass(frozen=True, slots=True, eq=False)
class SampledSpectrum:
    """What was measured of a spectrum from `low` to `high` cm⁻¹, in means of neighbours: `axis`, `values`, `noise`,
    and how high lines stand above the baseline there, `heights`; (n,) each."""

    axis: Floats
    values: Floats
    noise: Floats
    heights: Floats
    low: float
    high: float

    @classmethod
    def of(cls, axis: Floats, values: Floats, sigma: Floats | float, most: int = MOST_POINTS) -> SampledSpectrum:
        """A spectrum (B,) with noise `sigma` of each sample, in at most `most` points."""
        block = max(1, -(-len(axis) // most))
        places, means = _means(axis, block), _means(values, block)
        noise = np.sqrt(_means(np.broadcast_to(np.square(sigma), np.shape(axis)), block) / block)
        noise = np.maximum(noise, 1e-6 * np.ptp(means) + 1e-30)
        return cls(places, means, noise, line_heights(places, means), float(axis[0]), float(axis[-1]))

    def weights(self, mismatch: float) -> Floats:
        """One over the misfit to expect where references differ from the lines by a share `mismatch`, (n,)."""
        return weights(self.noise, self.heights, mismatch)


def weights(noise: Floats | float, heights: Floats, mismatch: float) -> Floats:
    """One over the misfit to expect at each sample, (n,), of lines that are `heights` (n,) above the baseline.

    Between the lines it is the noise, but never less than a share of the highest line: nothing is known so well that
    what lies between strong lines should decide alone.
    """
    between = np.maximum(noise, BETWEEN * mismatch * float(heights.max()))
    return np.asarray(1 / np.hypot(between, mismatch * heights))


@dataclass(frozen=True, slots=True, eq=False)
class FitRange:
    """From where to where a query is fitted, and the numbers of the references that are used there."""

    low: float
    high: float
    usable: NDArray[np.intp]


def ranges(query: SampledSpectrum, references: Sequence[SpectrumSet]) -> list[FitRange]:
    """Up to MOST_RANGES ranges to fit a query in: those of the references most like it, each cut to where the others
    are that cover its lines too; where they differ, also all of the query's, references beyond whose range count as
    flat there. Raises StudioError when there is none."""
    ends = np.array([(max(query.low, one.axis[0]), min(query.high, one.axis[-1])) for one in references]).reshape(-1, 2)
    squares = np.maximum(query.heights**2 - query.noise**2, 0) + 1e-12 * max(float(query.heights.max()) ** 2, 1e-30)
    running = np.concatenate([[0.0], np.cumsum(squares)])
    found: list[FitRange] = []
    tried: list[NDArray[Any]] = []
    for one in np.argsort([-_likeness(query, reference) for reference in references], kind="stable"):
        low, high = ends[one]
        if high - low <= 0 or any(np.abs(ends[one] - other).sum() < SAME_RANGE * (high - low) for other in tried):
            continue
        tried.append(ends[one])
        inside = np.clip(ends, low, high)
        first, last = np.searchsorted(query.axis, inside[:, 0]), np.searchsorted(query.axis, inside[:, 1], "right")
        covered = np.where(inside[:, 1] > inside[:, 0], running[last] - running[np.minimum(first, last)], 0.0)
        usable = np.flatnonzero(covered >= LEAST_COVERED * covered[one])
        span = FitRange(float(ends[usable, 0].max()), float(ends[usable, 1].min()), usable)
        if ((query.axis >= span.low) & (query.axis <= span.high)).sum() >= FEWEST_POINTS:
            found.append(span)
        if len(tried) == MOST_RANGES:
            break
    if found and len(tried) > 1:
        found.append(FitRange(query.low, query.high, np.flatnonzero(ends[:, 1] > ends[:, 0])))
    if not found:
        raise _too_little(query, references)
    return found


def _likeness(query: SampledSpectrum, reference: SpectrumSet) -> float:
    """The cosine of a query's lines and a reference, which counts for nothing beyond its range."""
    inside = (query.axis >= reference.axis[0]) & (query.axis <= reference.axis[-1])
    if inside.sum() < FEWEST_POINTS:
        return 0.0
    values = np.interp(query.axis[inside], reference.axis, reference.values[0])
    values, heights = values - values.mean(), query.heights[inside] - query.heights[inside].mean()
    length = np.linalg.norm(values) * np.linalg.norm(query.heights - query.heights.mean())
    return float(values @ heights / max(float(length), 1e-30))


def smooth_terms(axis: Floats, whole: Floats) -> Floats:
    """A baseline's terms at `axis` (n,) -> (n, K): Legendre polynomials over the range of `whole`, which turn at most
    every SMOOTH_CM."""
    low, high = whole[0], whole[-1]
    degree = int(np.clip(round((high - low) / SMOOTH_CM), 2, 24))
    return np.asarray(np.polynomial.legendre.legvander(2 * (axis - low) / (high - low) - 1, degree))


def line_heights(axis: Floats, values: Floats) -> Floats:
    """How high the lines of a spectrum stand above its baseline, (n,)."""
    from scipy.ndimage import gaussian_filter1d

    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    smoothed: Floats = gaussian_filter1d(values, SMOOTHING_CM / step)
    heights: Floats = np.maximum(smoothed - spectral_features.baseline(axis, smoothed[None])[0], 0)
    return heights


def _too_little(query: SampledSpectrum, references: Sequence[SpectrumSet]) -> StudioError:
    if not len(references):
        return StudioError("There are no references to make a mixture of.", remedy="Open a library first.")
    low, high = min(one.axis[0] for one in references), max(one.axis[-1] for one in references)
    return StudioError(
        f"The spectrum, {query.low:.0f} to {query.high:.0f} cm⁻¹, shares too little of its range with the references,"
        f" {low:.0f} to {high:.0f} cm⁻¹.",
        remedy="Use references that were measured over the same Raman shifts.",
    )


def _means(values: Floats, block: int) -> Floats:
    """The means of every `block` neighbours; what is left at the end is dropped."""
    whole = len(values) // block * block
    means: Floats = np.asarray(values[:whole], dtype=np.float64).reshape(-1, block).mean(axis=1)
    return means
