"""Find ranges in which a mixture and its references can be compared, and sample a spectrum there."""

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
MOST_POINTS: Final = 800  # of a query that are fitted; more only cost time, bands are wider
LEAST_COVERED: Final = 0.9  # of the squares of the band heights in a range, which a reference must cover to be used
MOST_RANGES: Final = 3  # that are tried
SAME_RANGE: Final = 0.1  # of a range's length, by which a second range may differ and count as the same
LEAST_MISFIT: Final = 0.15  # of the misfit expected at the highest band, the least that is expected elsewhere
SMOOTH_CM: Final = 150.0  # the finest turn of the baseline: the hump of a glass vial is as narrow
SMOOTHING_CM: Final = 3.0  # Gaussian smoothing of a query before its band heights are measured


@dataclass(frozen=True, slots=True, eq=False)
class SampledSpectrum:
    """The part of a spectrum between `low` and `high` cm⁻¹, neighbouring samples averaged.

    `axis`, `values`, `noise` (standard deviation) and `heights` (of the bands above the baseline), (n,) each.
    """

    axis: Floats
    values: Floats
    noise: Floats
    heights: Floats
    low: float
    high: float

    @classmethod
    def from_spectrum(
        cls, axis: Floats, values: Floats, sigma: Floats | float, most: int = MOST_POINTS
    ) -> SampledSpectrum:
        """Average a spectrum (B,), whose samples have noise `sigma`, to at most `most` points."""
        block = max(1, -(-len(axis) // most))
        shifts, means = _block_means(axis, block), _block_means(values, block)
        noise = np.sqrt(_block_means(np.broadcast_to(np.square(sigma), np.shape(axis)), block) / block)
        noise = np.maximum(noise, 1e-6 * np.ptp(means) + 1e-30)
        return cls(shifts, means, noise, band_heights(shifts, means), float(axis[0]), float(axis[-1]))

    def weights(self, mismatch: float) -> Floats:
        """Return one over the expected misfit when references are off by a share `mismatch` of the heights, (N,)."""
        return misfit_weights(self.noise, self.heights, mismatch)


def misfit_weights(noise: Floats | float, heights: Floats, mismatch: float) -> Floats:
    """Return one over the expected misfit of bands with `heights` (N,) above the baseline, (N,).

    Between bands it is the noise, but at least a share of the misfit at the highest band: what lies between strong
    bands must not decide alone.
    """
    between = np.maximum(noise, LEAST_MISFIT * mismatch * float(heights.max()))
    return np.asarray(1 / np.hypot(between, mismatch * heights))


@dataclass(frozen=True, slots=True, eq=False)
class FitRange:
    """A range in cm⁻¹ in which a query is fitted, and the indices of the references that are `usable` there."""

    low: float
    high: float
    usable: NDArray[np.intp]


def fit_ranges(query: SampledSpectrum, references: Sequence[SpectrumSet]) -> list[FitRange]:
    """Return up to MOST_RANGES ranges to fit a query in.

    They are those of the most similar references, each cut to what the other references that cover its bands share;
    where they differ also the whole query, in which references count as zero outside of their range. Raises
    StudioError when there is none.
    """
    ends = np.array([(max(query.low, ref.axis[0]), min(query.high, ref.axis[-1])) for ref in references]).reshape(-1, 2)
    squares = np.maximum(query.heights**2 - query.noise**2, 0) + 1e-12 * max(float(query.heights.max()) ** 2, 1e-30)
    cumulated = np.concatenate([[0.0], np.cumsum(squares)])
    ranges: list[FitRange] = []
    tried: list[NDArray[Any]] = []
    for index in np.argsort([-_similarity(query, reference) for reference in references], kind="stable"):
        low, high = ends[index]
        if high - low <= 0 or any(np.abs(ends[index] - other).sum() < SAME_RANGE * (high - low) for other in tried):
            continue
        tried.append(ends[index])
        inside = np.clip(ends, low, high)
        first, last = np.searchsorted(query.axis, inside[:, 0]), np.searchsorted(query.axis, inside[:, 1], "right")
        covered = np.where(inside[:, 1] > inside[:, 0], cumulated[last] - cumulated[np.minimum(first, last)], 0.0)
        usable = np.flatnonzero(covered >= LEAST_COVERED * covered[index])
        span = FitRange(float(ends[usable, 0].max()), float(ends[usable, 1].min()), usable)
        if ((query.axis >= span.low) & (query.axis <= span.high)).sum() >= FEWEST_POINTS:
            ranges.append(span)
        if len(tried) == MOST_RANGES:
            break
    if ranges and len(tried) > 1:
        ranges.append(FitRange(query.low, query.high, np.flatnonzero(ends[:, 1] > ends[:, 0])))
    if not ranges:
        raise _shares_too_little(query, references)
    return ranges


def _similarity(query: SampledSpectrum, reference: SpectrumSet) -> float:
    """The cosine of the bands of a query and a reference, which counts as zero outside of its range."""
    inside = (query.axis >= reference.axis[0]) & (query.axis <= reference.axis[-1])
    if inside.sum() < FEWEST_POINTS:
        return 0.0
    values = np.interp(query.axis[inside], reference.axis, reference.values[0])
    values, heights = values - values.mean(), query.heights[inside] - query.heights[inside].mean()
    length = np.linalg.norm(values) * np.linalg.norm(query.heights - query.heights.mean())
    return float(values @ heights / max(float(length), 1e-30))


def smooth_terms(axis: Floats, whole: Floats) -> Floats:
    """Return the terms of a baseline at `axis` (N,) -> (N, K).

    They are Legendre polynomials over the range of `whole`, of a degree that allows a turn every SMOOTH_CM.
    """
    low, high = whole[0], whole[-1]
    degree = int(np.clip(round((high - low) / SMOOTH_CM), 2, 24))
    return np.asarray(np.polynomial.legendre.legvander(2 * (axis - low) / (high - low) - 1, degree))


def band_heights(axis: Floats, values: Floats) -> Floats:
    """Return the height of the bands of a spectrum (N,) above its baseline, (N,)."""
    from scipy.ndimage import gaussian_filter1d

    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    smoothed: Floats = gaussian_filter1d(values, SMOOTHING_CM / step)
    heights: Floats = np.maximum(smoothed - spectral_features.baseline(axis, smoothed[None])[0], 0)
    return heights


def _shares_too_little(query: SampledSpectrum, references: Sequence[SpectrumSet]) -> StudioError:
    if not len(references):
        return StudioError("There are no references for a mixture.", remedy="Open a library first.")
    low, high = min(ref.axis[0] for ref in references), max(ref.axis[-1] for ref in references)
    return StudioError(
        f"The spectrum, {query.low:.0f} to {query.high:.0f} cm⁻¹, shares too little of its range with the references,"
        f" {low:.0f} to {high:.0f} cm⁻¹.",
        remedy="Use references that were measured over the same Raman shifts.",
    )


def _block_means(values: Floats, block: int) -> Floats:
    """The means of every `block` neighbours; an incomplete block at the end is dropped."""
    whole = len(values) // block * block
    means: Floats = np.asarray(values[:whole], dtype=np.float64).reshape(-1, block).mean(axis=1)
    return means
