"""A reference laid over a spectrum: scaled by least squares, on a smooth baseline. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ramanstudio.core.spectra import SpectrumSet

if TYPE_CHECKING:
    from ramanstudio.core.ranges import Region

Floats = NDArray[np.floating[Any]]

DEGREE: Final = 6  # of the polynomial that stands for the difference of the two baselines
FEWEST: Final = 16  # points that both have


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """`reference` (B,) as it lies over the spectrum and `difference` (B,), spectrum minus reference; NaN where the
    reference has nothing. `share` (0 to 1) of the spectrum's own points that both have."""

    reference: Floats
    difference: Floats
    share: float


def laid_over(axis: Floats, values: Floats, reference: SpectrumSet, within: Region | None = None) -> Overlay | None:
    """The first spectrum of `reference` over `values` (B,) at `axis` (B,) in cm⁻¹, scaled by least squares.

    Fitted are the scale, never below zero, and a polynomial of degree 6; where `within` is given, only there. None
    where both share too few points.
    """
    there = (axis >= reference.axis[0]) & (axis <= reference.axis[-1]) & np.isfinite(values)
    other = np.interp(axis, reference.axis, np.nan_to_num(reference.values[0].astype(np.float64)))
    fitted = there & inside(axis, within)
    if fitted.sum() < FEWEST:
        return None
    spread = float(np.ptp(axis)) or 1.0
    powers = np.polynomial.legendre.legvander(2 * (axis - axis[0]) / spread - 1, DEGREE)
    height = float(np.ptp(other[fitted])) or 1.0
    columns = np.column_stack([other / height, powers])
    target = values.astype(np.float64)
    solved = np.linalg.lstsq(columns[fitted], target[fitted], rcond=None)[0]
    if solved[0] < 0:  # a spectrum is no negative amount of anything
        solved = np.concatenate([[0.0], np.linalg.lstsq(powers[fitted], target[fitted], rcond=None)[0]])
    drawn = np.where(there, columns @ solved, np.nan)
    return Overlay(drawn, np.where(there, target - drawn, np.nan), float(there.mean()))


def inside(axis: Floats, within: Region | None) -> NDArray[np.bool_]:
    """Which points of an axis (B,) in cm⁻¹ are compared."""
    return np.ones(len(axis), dtype=bool) if within is None else within.contains(axis)
