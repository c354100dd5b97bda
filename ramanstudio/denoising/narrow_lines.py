"""Tops of narrow lines: where the network expects to err by as much as a measured point does, the point is kept.

A line two or three points wide looks like a cosmic ray to the network, which takes off its top, and says so: its
expected error there is several times the noise. The measured point errs by the noise alone. What may be a cosmic ray is
not kept.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal.cosmic_rays import classify_spikes, local_noise
from ramanstudio.signal.snr import GAUSSIAN_MAD

Floats = NDArray[np.floating[Any]]

STANDS_OUT: Final = 8.0  # standard deviations of the noise above its feet
WIDEST: Final = 4.0  # points at half height
CLAIMED: Final = 0.9  # expected error of the network over the noise, from which the measured point is as good
REACH: Final = 21  # points in which the feet of a line lie
BESIDE: Final = (4, 12)  # points from the top, between which the noise beside a line is measured
BLOCK: Final = 512  # spectra at once


def keep_narrow_tops(axis: NDArray[np.float64], values: Floats, noise: Floats, error: Floats, sigma: Floats) -> None:
    """Set `noise` (N, B) to zero where the tops of narrow lines are kept, and `error` (N, B) to the noise, in place.

    `values` (N, B) are measured, cosmic rays replaced; `noise` and `error` are what the network says of them; `sigma`
    (N,) is their white noise.
    """
    for start in range(0, len(values) if len(axis) >= REACH else 0, BLOCK):
        block = slice(start, start + BLOCK)
        unsure = (error[block] > CLAIMED * sigma[block, None]) & (sigma[block, None] > 0)
        is_top = np.zeros_like(unsure)
        inside = values[block][:, 1:-1]
        is_top[:, 1:-1] = (inside >= values[block][:, :-2]) & (inside >= values[block][:, 2:])
        rows = start + np.flatnonzero((unsure & is_top).any(axis=1))
        if len(rows):
            # around each point: where shot noise follows the intensity, a line is no place for narrow lines
            around = local_noise(values[rows].astype(np.float64))
            kept = _tops(axis, values[rows], error[rows] > CLAIMED * around, around)
            noise[rows] = np.where(kept, 0, noise[rows])
            error[rows] = np.where(kept, around, error[rows])


def _tops(axis: NDArray[np.float64], values: Floats, unsure: NDArray[np.bool_], around: Floats) -> NDArray[np.bool_]:
    """The points (n, B) that are kept, of those where the network is `unsure`; `around` is the local noise."""
    kept = np.zeros(values.shape, dtype=bool)
    row, top = _narrow_peaks(values.astype(np.float64), around)
    points = np.clip(top[:, None] + np.arange(-1, 2), 0, values.shape[1] - 1)
    kept[row[:, None], points] = True
    kept &= unsure
    rows = np.flatnonzero(kept.any(axis=1))
    if len(rows):
        found = classify_spikes(SpectrumSet(axis, values[rows].astype(np.float32)))
        beside = np.pad(found.doubtful | found.spikes, ((0, 0), (1, 1)))
        kept[rows] &= ~(beside[:, :-2] | beside[:, 1:-1] | beside[:, 2:])
    return kept


def _narrow_peaks(values: Floats, around: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and tops of the peaks of `values` (n, B) that stand out and are narrow.

    All spectra are searched as one long row, separated by infinite points: a call for each takes ten times as long.
    """
    from scipy.signal import find_peaks, peak_widths

    points = values.shape[1]
    separated = np.full((len(values), points + 1), np.inf)
    separated[:, :-1] = values
    flat = separated.ravel()
    position, properties = find_peaks(flat, plateau_size=(None, 3), prominence=0, wlen=REACH)
    row, top = np.divmod(position, points + 1)
    high = np.flatnonzero(top < points)
    high = high[properties["prominences"][high] > STANDS_OUT * around[row[high], top[high]]]
    measured = [properties[name][high] for name in ("prominences", "left_bases", "right_bases")]
    narrow = peak_widths(flat, position[high], 0.5, tuple(measured))[0] <= WIDEST
    high, prominence = high[narrow], measured[0][narrow]
    # on a broad line of few photons, an excursion stands no higher above the others there
    beside = _noise_beside(values, row[high], top[high])
    high = high[prominence > STANDS_OUT * beside]
    return row[high], top[high]


def _noise_beside(values: Floats, row: NDArray[np.intp], top: NDArray[np.intp]) -> Floats:
    """The noise of the points beside each peak, from their median absolute second difference (M,)."""
    offsets = np.concatenate([np.arange(-BESIDE[1], -BESIDE[0]), np.arange(BESIDE[0] + 1, BESIDE[1] + 1)])
    points = np.clip(top[:, None] + offsets, 1, values.shape[1] - 2)
    bends = values[row[:, None], points - 1] - 2 * values[row[:, None], points] + values[row[:, None], points + 1]
    noise: Floats = np.median(np.abs(bends), axis=1) / (GAUSSIAN_MAD * np.sqrt(6))
    return noise
