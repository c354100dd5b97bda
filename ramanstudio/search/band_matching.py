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
_MOST_BANDS: Final = 12  # strongest bands that are reported


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Bands at `positions` (K,) cm⁻¹, and the square `roots` (K,) of their heights relative to the strongest."""

    positions: NDArray[np.float64]
    roots: NDArray[np.float64]


def find_bands(roots: Floats) -> Bands:
    """Find the bands of a spectrum in the `roots` (G,) of its fingerprint, of at least a twentieth of the strongest."""
    from scipy.signal import find_peaks

    heights: NDArray[np.float64] = np.asarray(roots, dtype=np.float64)
    if not np.isfinite(heights).all() or float(np.ptp(heights)) <= 0:  # not finite: of a damaged library
        return Bands(np.empty(0), np.empty(0))
    base = _median(heights)
    scaled = (heights - base) / max(heights.max() - base, 1e-12)
    peaks = find_peaks(scaled, height=_LEAST_ROOT, prominence=_LEAST_ROOT / 2)[0]
    left, centre, right = scaled[peaks - 1], scaled[peaks], scaled[peaks + 1]
    curvature = left - 2 * centre + right
    # vertex of the parabola through the three samples
    offset = np.divide(0.5 * (left - right), curvature, out=np.zeros_like(curvature), where=curvature < 0)
    return Bands(GRID.centres_cm[peaks] + offset * GRID.step_cm, centre)


def _median(values: NDArray[np.float64]) -> float:
    """The median of an even number of values, faster than numpy's."""
    half = len(values) // 2
    below, above = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float((below + above) / 2)


def match_bands(query: Bands, reference: Bands, compared: NDArray[np.bool_]) -> tuple[tuple[float, ...], ...]:
    """Return the matched, missing and extra bands in cm⁻¹, each in ascending order, among the `compared` samples (G,).

    A band of the query is matched when the reference has one within TOLERANCE_CM; only strong bands count as missing
    from the query or extra in it.
    """
    query, reference = _inside(query, compared), _inside(reference, compared)
    in_reference = _has_neighbour(query.positions, reference.positions)
    in_query = _has_neighbour(reference.positions, query.positions)
    matched = query.positions[in_reference][np.argsort(-query.roots[in_reference])][:_MOST_BANDS]
    missing = _strongest(reference, ~in_query)
    extra = _strongest(query, ~in_reference)
    return tuple(tuple(np.sort(positions).round(1).tolist()) for positions in (matched, missing, extra))


def _strongest(bands: Bands, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    strong = which & (bands.roots >= _STRONG_ROOT)
    positions: NDArray[np.float64] = bands.positions[strong][np.argsort(-bands.roots[strong])][:_MOST_BANDS]
    return positions


def _inside(bands: Bands, compared: NDArray[np.bool_]) -> Bands:
    samples = np.clip((bands.positions - GRID.low_cm) / GRID.step_cm, 0, GRID.samples - 1).astype(np.intp)
    return Bands(bands.positions[compared[samples]], bands.roots[compared[samples]])


def _has_neighbour(positions: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of `positions` (K,) have one of `others` (L,) within TOLERANCE_CM -> (K,)."""
    if not len(others):
        return np.zeros(len(positions), dtype=bool)
    near: NDArray[np.bool_] = np.abs(positions[:, None] - others[None]).min(axis=1) <= TOLERANCE_CM
    return near
