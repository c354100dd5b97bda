"""Find the bands of spectra, and match those of a query with those of a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import GRID

Floats = NDArray[np.floating[Any]]

TOLERANCE_CM: Final = 8.0  # between matching bands: lasers, crystals and calibrations move them by a few cm⁻¹
_LEAST_ROOT, _STRONG_ROOT = 0.22, 0.40  # of the strongest band's root: a twentieth and a sixth of its height
_CENTRES_CM: Final = GRID.centres_cm
_MOST_BANDS: Final = 12  # strongest bands that are reported


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Bands at `positions` (K,) cm⁻¹, and the square `roots` (K,) of their heights relative to the strongest.

    `samples` (K,) are the samples of the grid that they lie in.
    """

    positions: NDArray[np.float64]
    roots: NDArray[np.float64]
    samples: NDArray[np.intp]

    def __getitem__(self, which: NDArray[np.bool_]) -> Bands:
        return Bands(self.positions[which], self.roots[which], self.samples[which])


def find_bands(roots: Floats) -> Bands:
    """Find the bands of a spectrum in the `roots` (G,) of its fingerprint, of at least a twentieth of the strongest."""
    from scipy.signal import find_peaks

    heights: NDArray[np.float64] = np.asarray(roots, dtype=np.float64)
    if not np.isfinite(heights).all() or float(np.ptp(heights)) <= 0:  # not finite: of a damaged library
        return Bands(np.empty(0), np.empty(0), np.empty(0, dtype=np.intp))
    base = _median(heights)
    scaled = (heights - base) / max(heights.max() - base, 1e-12)
    peaks = find_peaks(scaled, height=_LEAST_ROOT, prominence=_LEAST_ROOT / 2)[0]
    left, centre, right = scaled[peaks - 1], scaled[peaks], scaled[peaks + 1]
    curvature = left - 2 * centre + right
    # vertex of the parabola through the three samples
    offset = np.divide(0.5 * (left - right), curvature, out=np.zeros_like(curvature), where=curvature < 0)
    positions = _CENTRES_CM[peaks] + offset * GRID.step_cm
    samples = np.clip((positions - GRID.low_cm) / GRID.step_cm, 0, GRID.samples - 1).astype(np.intp)
    return Bands(positions, centre, samples)


def _median(values: NDArray[np.float64]) -> float:
    """The median of an even number of values, faster than numpy's."""
    half = len(values) // 2
    below, above = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((below + above) / 2)


def match_bands(
    query: Bands,
    reference: Bands,
    compared: NDArray[np.bool_],
    first: int,
    last: int,
    tolerance_cm: float = TOLERANCE_CM,
) -> tuple[tuple[float, ...], ...]:
    """Return the matched, missing and extra bands in cm⁻¹, each in ascending order.

    Only bands among the `compared` samples (G,) count, from `first` to `last`. A band of the query is matched when the
    reference has one within `tolerance_cm`; only strong bands count as missing from the query or extra in it.
    """
    query, reference = (
        bands[np.asarray(compared[bands.samples] & (bands.samples >= first) & (bands.samples < last))]
        for bands in (query, reference)
    )
    near = np.abs(query.positions[:, None] - reference.positions) <= tolerance_cm
    is_matched, is_found = np.asarray(near.any(axis=1)), np.asarray(near.any(axis=0))
    matched, missing, extra = (
        bands.positions[np.argsort(-bands.roots)][:_MOST_BANDS]
        for bands in (
            query[is_matched],
            reference[~is_found & (reference.roots >= _STRONG_ROOT)],
            query[~is_matched & (query.roots >= _STRONG_ROOT)],
        )
    )
    return tuple(tuple(np.sort(positions).round(1).tolist()) for positions in (matched, missing, extra))
