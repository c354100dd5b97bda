"""Cosmic rays while denoising: the network sees spectra without them, and they are neither signal nor noise."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet
from ramanstudio.signal import snr
from ramanstudio.signal.cosmic_rays import find_cosmic_rays

Floats = NDArray[np.floating[Any]]

BLOCK: Final = 512  # spectra searched at once
# The network takes off a spike as noise: only spectra where it took off so much at one point are searched.
NO_SPIKES: Final = (np.zeros(0, dtype=np.intp), np.zeros((0, 0), dtype=bool))
NOTICEABLE: Final = 5.5  # standard deviations of the noise


def find_spikes(
    axis: NDArray[np.float64], values: Floats, removed: Floats, sigma: Floats
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return which rows of `values` (N, B) hold cosmic rays (K,), and which of their points (K, B).

    Each spectrum is searched by itself. `removed` (N, B) is what denoising took off, `sigma` (N,) the white noise.
    """
    rows, masks = [np.zeros(0, dtype=np.intp)], [np.zeros((0, len(axis)), dtype=bool)]
    for start in range(0, len(values) if len(axis) >= snr.FEWEST_POINTS else 0, BLOCK):
        block = slice(start, start + BLOCK)
        suspect = start + np.flatnonzero(removed[block].max(axis=1) > NOTICEABLE * sigma[block])
        if len(suspect):
            mask = find_cosmic_rays(SpectrumSet(axis, values[suspect].astype(np.float32)))
            hit = mask.any(axis=1)
            rows.append(suspect[hit])
            masks.append(mask[hit])
    return np.concatenate(rows), np.concatenate(masks)
