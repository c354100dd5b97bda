"""Smoothers of single spectra, each with the grid from which the benchmark picks the setting, told the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter

from benchmarks.rivals.wavelets import LEVELS, WAVELETS, shrink

Floats = NDArray[np.floating[Any]]


def _bands(points: int, smoothness: float) -> NDArray[np.float64]:
    """I + `smoothness` D'D with second differences D, as the upper bands (3, B) that solveh_banded takes."""
    bands = np.zeros((3, points))
    bands[2] = 6.0
    bands[2, [0, -1]], bands[2, [1, -2]] = 1.0, 5.0
    bands[1, 1:] = -4.0
    bands[1, [1, -1]] = -2.0
    bands[0, 2:] = 1.0
    bands *= smoothness
    bands[2] += 1.0
    return bands


def whittaker(values: Floats, smoothness: float) -> Floats:
    """Penalised least squares (Eilers 2003): `values` (N, B) with their second differences kept small -> (N, B)."""
    smoothed: Floats = solveh_banded(_bands(values.shape[1], smoothness), values.T.astype(float)).T
    return smoothed


def baseline(values: Floats, smoothness: float = 1e6, asymmetry: float = 0.01, rounds: int = 12) -> Floats:
    """What lies under the lines of `values` (N, B): asymmetric least squares (Eilers and Boelens 2005) -> (N, B)."""
    under = np.empty(values.shape)
    for row, spectrum in zip(under, values.astype(float), strict=True):
        weight = np.ones(len(spectrum))
        for _ in range(rounds):
            bands = _bands(len(spectrum), smoothness)
            bands[2] += weight - 1.0
            row[:] = solveh_banded(bands, weight * spectrum)
            weight = np.where(spectrum > row, asymmetry, 1 - asymmetry)
    return under


@dataclass(frozen=True, slots=True)
class Smoother:
    """A smoother and its settings; `smooth(values, *setting)` takes (N, B) to (N, B)."""

    name: str
    smooth: Callable[..., Floats]
    settings: tuple[tuple[Any, ...], ...]

    def results(self, values: Floats) -> Iterator[Floats]:
        """What each setting makes of `values`."""
        return (self.smooth(values, *setting) for setting in self.settings)


SMOOTHERS: Final = (
    Smoother(
        "Savitzky-Golay",  # window in samples, degree
        partial(savgol_filter, axis=1),
        ((5, 2), (7, 2), (9, 2), (11, 2), (11, 3), (15, 2), (15, 3), (21, 3), (31, 3), (41, 3), (61, 3)),
    ),
    Smoother(
        "Gaussian",  # standard deviation in samples
        partial(gaussian_filter1d, axis=1),
        tuple((sigma,) for sigma in (0.4, 0.5, 0.6, 0.8, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)),
    ),
    Smoother("Whittaker", whittaker, tuple((10.0**power,) for power in np.arange(-1.5, 5.1, 0.5))),
    Smoother("wavelets", shrink, tuple((name, level) for name in WAVELETS for level in LEVELS)),
)
