"""Which bands a spectrum and a reference share, and which only one of them has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.search.fingerprints import GRID

Floats = NDArray[np.floating[Any]]

NEAR_CM: Final = 8.0  # two bands so near are one: lasers, crystals and calibrations differ by a few cm⁻¹
_SEEN, _STRONG = 0.22, 0.40  # of the root of the strongest band's height: a twentieth and a sixth of its height
_MOST: Final = 12  # strongest bands that are told of


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Bands at `places` (K,) cm⁻¹, and the `roots` (K,) of their heights over that of the strongest."""

    places: NDArray[np.float64]
    roots: NDArray[np.float64]


def find_bands(roots: Floats) -> Bands:
    """The bands of one spectrum by the `roots` (G,) of its print, those of at least a twentieth of the strongest."""
    from scipy.signal import find_peaks

    heights = np.asarray(roots, dtype=np.float64)
    top = float(np.ptp(heights))
    if top <= 0:
        return Bands(np.empty(0), np.empty(0))
    low = np.median(heights)
    scaled = (heights - low) / max(heights.max() - low, 1e-12)
    peaks = find_peaks(scaled, height=_SEEN, prominence=_SEEN / 2)[0]
    left, middle, right = scaled[peaks - 1], scaled[peaks], scaled[peaks + 1]
    bend = left - 2 * middle + right
    aside = np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend < 0)
    return Bands(GRID.places[peaks] + aside * GRID.step_cm, middle)


def compared(query: Bands, reference: Bands, both: NDArray[np.bool_]) -> tuple[tuple[float, ...], ...]:
    """The bands that are matched, missing and extra, in cm⁻¹, each in order, where `both` (G,) were looked at.

    A band is matched where the other has any near it; only strong ones are missing or extra.
    """
    query, reference = _inside(query, both), _inside(reference, both)
    seen, known = _near(query.places, reference.places), _near(reference.places, query.places)
    matched = query.places[seen][np.argsort(-query.roots[seen])][:_MOST]
    missing = _strongest(reference, ~known)
    extra = _strongest(query, ~seen)
    return tuple(tuple(np.sort(places).round(1).tolist()) for places in (matched, missing, extra))


def _strongest(bands: Bands, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    strong = which & (bands.roots >= _STRONG)
    found: NDArray[np.float64] = bands.places[strong][np.argsort(-bands.roots[strong])][:_MOST]
    return found


def _inside(bands: Bands, both: NDArray[np.bool_]) -> Bands:
    samples = np.clip((bands.places - GRID.low_cm) / GRID.step_cm, 0, GRID.samples - 1).astype(np.intp)
    return Bands(bands.places[both[samples]], bands.roots[both[samples]])


def _near(places: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    if not len(others):
        return np.zeros(len(places), dtype=bool)
    near: NDArray[np.bool_] = np.abs(places[:, None] - others[None]).min(axis=1) <= NEAR_CM
    return near
